/* itgtd: what is started in which order, and stopped in the reverse one. */
#include "base/buf.h"
#include "base/regular.h"
#include "base/units.h"
#include "config/build.h"
#include "control/metrics.h"
#include "control/server.h"
#include "daemon/args.h"
#include "daemon/background.h"
#include "daemon/change.h"
#include "daemon/load.h"
#include "daemon/loop.h"
#include "daemon/notify.h"
#include "daemon/pidfile.h"
#include "daemon/portal.h"
#include "daemon/privs.h"
#include "daemon/ready.h"
#include "daemon/statedir.h"
#include "daemon/stop.h"
#include "iscsi/server.h"
#include "scsi/core.h"

#include <errno.h>
#include <ev.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum exit_code {
	EXIT_DONE = 0,
	EXIT_FAILED = 1, /* while running */
	EXIT_USAGE = 2,
	EXIT_CONFIG = 3,
	EXIT_START = 4,
};

#define STORE_DEPTH   1024 /* requests in the kernel at a time */
#define STORE_WORKERS 8    /* threads for what Linux offers only blocking */

struct daemon {
	struct args args;
	struct buf_pool pool;
	struct scsi_core core;
	struct config config;
	struct running running; /* config is its model */
	char *state_dir;        /* owns; NULL: there is none */
	struct pidfile pidfile;
	struct store_env *env;
	struct listeners listeners;
	struct ev_loop *loop;
	struct iscsi_server *server;
	struct control_server *control; /* NULL: there is none */
	struct metrics *metrics;        /* NULL: likewise */
	struct notify notify;
	struct turn turn;
	struct stop stop;
	struct change change;
	int report; /* to the parent of the background process; -1: none */
};

/* The exit code: EXIT_DONE goes on. */
static int load(struct daemon *d)
{
	int err;

	d->running.config = &d->config;
	err = load_start(&d->running, &d->args, &d->core);
	if (err == -EINVAL)
		return d->args.serve.nspecs > 0 ? EXIT_USAGE : EXIT_CONFIG;
	return err ? EXIT_START : EXIT_DONE;
}

/* --check: it was all read, so say that it is good. */
static int say_checked(const struct daemon *d)
{
	const struct config_lun *l;
	char ntargets[COUNT_TEXT_MAX], nluns[COUNT_TEXT_MAX];
	size_t luns = 0;

	STAILQ_FOREACH (l, &d->config.luns, link)
		luns++;
	printf("%s: no faults, %s, %s\n", d->args.serve.nspecs ? "--serve" : d->args.config,
	       count_format(ntargets, d->config.world.ntargets, "target"),
	       count_format(nluns, luns, "LUN"));
	return EXIT_DONE;
}

static int start_pidfile(struct daemon *d)
{
	pid_t holder = 0;
	int err;

	if (!d->args.pidfile)
		return 0;
	err = pidfile_open(&d->pidfile, d->args.pidfile, &holder);
	if (err == -EEXIST)
		log_error("pidfile: %s: process %d has it", d->args.pidfile, (int)holder);
	else if (err)
		log_error("pidfile: %s: %s", d->args.pidfile, regular_error(err));
	return err;
}

/*
 * Without a file there is no state: what --serve serves is made anew each time. The
 * built-in directory need not be there; one that was asked for must.
 */
static int start_state(struct daemon *d)
{
	const char *path = d->args.state_directory;
	int err;

	if (!path && d->args.serve.nspecs > 0)
		return 0;
	if (!path)
		path = d->config.settings.state_directory;
	err = statedir_make(path);
	if (!err) {
		d->state_dir = strdup(path); /* the configuration's own goes with a reload */
		d->core.state_dir = d->state_dir;
		d->running.state_dir = d->state_dir;
		if (!d->state_dir)
			return -ENOMEM;
		return d->running.path ? load_saved(&d->running) : 0;
	}
	if (d->args.state_directory ||
	    conf_node_is_given(d->running.tree->root, "state-directory")) {
		log_error("state-directory: %s: %s", path, strerror(-err));
		return err;
	}
	log_notice("state-directory: %s: %s; reservations cannot persist", path, strerror(-err));
	return 0;
}

static int start_stores(struct daemon *d)
{
	char why[CONFIG_WHY_MAX];
	int err = store_env_new(STORE_DEPTH, STORE_WORKERS, &d->env);

	if (err) {
		log_error("asynchronous I/O: %s", strerror(-err));
		return err;
	}
	store_env_stamp(d->env, &d->core.now_ns);
	err = config_build(&d->config, d->env, why);
	if (err)
		log_error("%s", why);
	return err;
}

static int start_portals(struct daemon *d)
{
	char why[LISTENERS_WHY_MAX];
	int err = listeners_open(&d->listeners, &d->config.world, why);

	if (err)
		log_error("%s", why);
	return err;
}

static int start_server(struct daemon *d)
{
	const struct conf_settings *s = &d->config.settings;
	struct iscsi_options options = {
		.max_connections = s->max_connections,
		.login_timeout_ms = s->login_timeout_ms,
	};

	d->loop = ev_default_loop(0);
	if (!d->loop) {
		log_error("no event loop: libev supports none of this system's");
		return -ENOSYS;
	}
	return iscsi_server_new(d->loop, &d->config.world, &d->core, &d->pool, &options,
				&d->server);
}

static int start_changes(struct daemon *d)
{
	d->change = (struct change){ .loop = d->loop,
				     .server = d->server,
				     .listeners = &d->listeners,
				     .pool = &d->pool,
				     .stop = &d->stop,
				     .running = &d->running,
				     .env = d->env,
				     .keeps_log_level = d->args.has_log_level };
	return change_start(&d->change);
}

static void on_shutdown(void *user)
{
	struct daemon *d = user;

	stop_begin(&d->stop);
}

/* What the control socket and the page of metrics look at. */
static struct control_env env_of(struct daemon *d)
{
	return (struct control_env){
		.loop = d->loop,
		.config = &d->config,
		.world = &d->config.world,
		.server = d->server,
		.core = &d->core,
		.pool = &d->pool,
		.apply = d->change.apply,
		.running = &d->running,
		.lag = &d->turn.lag,
		.started_ms = iscsi_server_now_ms(d->server),
		.shutdown = on_shutdown,
		.user = d,
	};
}

/*
 * The built-in socket cannot always be made: by a user without rights in /run, by a second
 * daemon. One that was asked for must be.
 */
static int start_control(struct daemon *d)
{
	const struct conf_settings *s = &d->config.settings;
	const char *path = d->args.control_socket;
	const struct control_env env = env_of(d);
	char why[CONTROL_WHY_MAX];
	int err;

	if (!path)
		path = d->args.serve.nspecs > 0 ? "" : s->control_socket;
	if (!*path)
		return 0;
	err = control_open(&d->control, &env, path, s->control_group, why);
	if (!err)
		return 0;
	if (d->args.control_socket || conf_node_is_given(d->running.tree->root, "control-socket") ||
	    conf_node_is_given(d->running.tree->root, "control-group")) {
		log_error("%s", why);
		return err;
	}
	log_warning("%s; itgtctl cannot reach this daemon", why);
	return 0;
}

/* It is there where it was asked for, or the daemon does not start. */
static int start_metrics(struct daemon *d)
{
	const char *address = d->args.metrics ? d->args.metrics : d->config.settings.metrics;
	const struct control_env env = env_of(d);
	char why[METRICS_WHY_MAX];
	int err;

	if (!address)
		return 0;
	err = metrics_open(&d->metrics, &env, address, why);
	if (err)
		log_error("%s", why);
	else
		log_notice("metrics: port %u, /metrics", (unsigned int)metrics_port(d->metrics));
	return err;
}

static bool on_turn(struct turn *t)
{
	struct daemon *d = t->user;
	bool moved = change_turn(&d->change);

	return stop_turn(&d->stop) || moved;
}

static void on_cut(struct stop *s)
{
	struct daemon *d = s->user;

	listeners_close(&d->listeners);
}

static bool is_changing(const struct stop *s)
{
	const struct daemon *d = s->user;

	return change_is_busy(&d->change);
}

static void start_loop(struct daemon *d)
{
	d->turn = (struct turn){ .loop = d->loop,
				 .env = d->env,
				 .core = &d->core,
				 .pool = &d->pool,
				 .server = d->server,
				 .busy_poll_us = d->config.settings.busy_poll_us,
				 .ended = on_turn,
				 .user = d };
	d->stop = (struct stop){ .loop = d->loop,
				 .server = d->server,
				 .world = &d->config.world,
				 .pidfile = &d->pidfile,
				 .cut = on_cut,
				 .is_busy = is_changing,
				 .user = d,
				 .timeout_ms = d->config.settings.shutdown_timeout_ms };
	turn_start(&d->turn);
	stop_start(&d->stop);
	notify_start(&d->notify, d->loop);
	listeners_start(&d->listeners, d->loop, d->server);
}

/* Tell everybody who waits for it. */
static int say_ready(struct daemon *d)
{
	char *line = ready_line(&d->config, d->args.serve.nspecs > 0);

	if (!line) {
		log_error("%s", strerror(ENOMEM));
		return -ENOMEM;
	}
	ready_tell(line, d->args.ready_fd);
	notify_ready(line);
	if (d->report >= 0)
		background_ready(d->report);
	d->report = -1;
	free(line);
	return 0;
}

/* What start() has made, in the reverse order. Nothing is in flight. */
static void finish(struct daemon *d)
{
	metrics_close(d->metrics);
	control_close(d->control);
	listeners_close(&d->listeners);
	iscsi_server_free(d->server);
	change_stop(&d->change);
	load_fini(&d->running);
	free(d->state_dir);
	store_env_free(d->env);
	buf_pool_fini(&d->pool);
	pidfile_close(&d->pidfile);
	if (d->loop)
		ev_loop_destroy(d->loop);
	args_fini(&d->args);
}

static int serve(struct daemon *d)
{
	privs_raise_nofile();
	/* Ports before stores: a port that is taken must not leave a new disk behind. */
	if (start_pidfile(d) || start_state(d) || start_portals(d) || start_stores(d) ||
	    start_server(d) || start_changes(d) || start_control(d) || start_metrics(d))
		return EXIT_START;
	start_loop(d);
	if (say_ready(d) == 0)
		ev_run(d->loop, 0);
	control_close(d->control);
	d->control = NULL;
	metrics_close(d->metrics);
	d->metrics = NULL;
	notify_stop(&d->notify);
	stop_stop(&d->stop);
	turn_stop(&d->turn);
	if (d->stop.state == STOP_DONE && d->stop.is_clean)
		return EXIT_DONE;
	if (!iscsi_server_idle(d->server) || change_is_busy(&d->change)) {
		/* A store still works on what it was asked: its memory cannot be freed. */
		pidfile_close(&d->pidfile);
		_exit(EXIT_FAILED);
	}
	return EXIT_FAILED;
}

/* From the arguments to the exit code. */
static int run(struct daemon *d)
{
	int code;

	buf_pool_init(&d->pool, 0, 0);
	scsi_core_init(&d->core, &d->pool);
	code = load(d);
	if (code != EXIT_DONE)
		return code;
	if (d->args.check)
		return say_checked(d);
	if (!d->args.has_log_level)
		log_set_level((enum log_level)d->config.settings.log_level);
	/* As much again for data that initiators were promised room for. */
	buf_pool_limit(&d->pool, d->config.settings.buffer_memory,
		       d->config.settings.buffer_memory);
	return serve(d);
}

int main(int argc, char **argv)
{
	pid_t parent = getppid();
	struct daemon d = { .report = -1 };
	enum args_verdict verdict;
	int code, err;

	verdict = args_parse(&d.args, argc, argv, stdout, stderr);
	if (verdict != ARGS_RUN) {
		args_fini(&d.args);
		return verdict == ARGS_DONE ? EXIT_DONE : EXIT_USAGE;
	}
	log_set_journal(notify_is_journal());
	if (d.args.has_log_level)
		log_set_level(d.args.log_level);
	/* A peer or a file system that takes no more says so by errno, too. */
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGXFSZ, SIG_IGN);
	err = d.args.exit_with_parent ? privs_exit_with_parent(parent) : 0;
	if (!err && d.args.background && !d.args.check)
		err = background_start(&d.report);
	if (err) {
		log_error("cannot start: %s", strerror(-err));
		args_fini(&d.args);
		return EXIT_START;
	}
	code = run(&d);
	finish(&d);
	return code;
}
