#include "daemon/change.h"

#include "base/buf.h"
#include "base/log.h"
#include "base/units.h"
#include "daemon/notify.h"
#include "daemon/portal.h"
#include "daemon/stop.h"
#include "iscsi/manage.h"
#include "iscsi/server.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TICK_S   0.05 /* how often what is under way is looked at, when nothing else happens */
#define LOGOUT_S 2    /* for initiators to log out of what goes away, as they are told */

/* ---- what changes mean for the rest of the daemon ---- */

static struct iscsi *core(const struct change *c)
{
	return iscsi_server_core(c->server);
}

static int on_listen(void *user, struct portal *p, char why[static COMMIT_WHY_MAX])
{
	struct change *c = user;

	return listeners_add(c->listeners, p, why);
}

static void on_accept(void *user, struct portal *p)
{
	struct change *c = user;

	listeners_accept(c->listeners, p);
}

static void on_unlisten(void *user, struct portal *p)
{
	struct change *c = user;

	listeners_remove(c->listeners, p);
}

static void on_targets_changed(void *user)
{
	manage_targets_changed(core(user), NULL);
}

static void on_luns_changed(void *user, const struct target *t)
{
	manage_luns_changed(core(user), t);
}

static void on_auth_changes(void *user, const struct auth_group *g)
{
	manage_auth_changes(core(user), g);
}

static void on_logout(void *user, const struct target *t, uint16_t tag)
{
	manage_logout(core(user), t, tag, LOGOUT_S);
}

static void on_drop(void *user, const struct target *t, uint16_t tag)
{
	manage_drop(core(user), t, tag, "what it is logged in to was removed");
}

static bool on_uses_target(void *user, const struct target *t)
{
	return manage_is_used(core(user), t);
}

static bool on_uses_group(void *user, const struct portal_group *g)
{
	return manage_uses_group(core(user), g);
}

static bool on_uses_portal(void *user, const struct portal *p)
{
	return manage_uses_portal(core(user), p);
}

/* Only what has changed: itgtctl may have set another log level. */
static void on_settings(void *user, const struct conf_settings *before,
			const struct conf_settings *after)
{
	struct change *c = user;
	const struct iscsi_options options = {
		.max_connections = after->max_connections,
		.login_timeout_ms = after->login_timeout_ms,
	};

	if (before->log_level != after->log_level && !c->keeps_log_level)
		log_set_level((enum log_level)after->log_level);
	buf_pool_limit(c->pool, after->buffer_memory, after->buffer_memory);
	c->stop->timeout_ms = after->shutdown_timeout_ms;
	iscsi_server_limit(c->server, &options);
}

static void on_reloading(void *user, bool begins)
{
	struct change *c = user;
	char status[COUNT_TEXT_MAX];

	if (begins) {
		notify_reloading();
		return;
	}
	notify_ready(count_format(status, c->running->config->world.ntargets, "target"));
}

static const struct commit_ops ops = {
	.listen = on_listen,
	.accept = on_accept,
	.unlisten = on_unlisten,
	.targets_changed = on_targets_changed,
	.luns_changed = on_luns_changed,
	.auth_changes = on_auth_changes,
	.logout = on_logout,
	.drop = on_drop,
	.uses_target = on_uses_target,
	.uses_group = on_uses_group,
	.uses_portal = on_uses_portal,
	.settings = on_settings,
	.reloading = on_reloading,
};

/* ---- SIGHUP ---- */

/* A line each. */
static void log_lines(enum log_level level, char *text)
{
	char *line;

	while (text && (line = strsep(&text, "\n")))
		log_write(level, "%s", line);
}

static void on_reloaded(struct apply_call *call)
{
	char count[COUNT_TEXT_MAX];

	log_lines(LOG_LEVEL_WARNING, call->notes);
	if (call->err) {
		log_lines(LOG_LEVEL_ERROR, call->why);
		log_error("reload: nothing was changed");
	} else {
		log_notice("reload: %s", count_format(count, call->nlines, "change"));
	}
	apply_call_free(call);
}

static void on_hangup(struct ev_loop *loop, ev_signal *w, int events)
{
	struct change *c = w->data;
	struct apply_call *call = calloc(1, sizeof(*call));

	(void)loop;
	(void)events;
	if (!call) {
		log_error("reload: %s", strerror(ENOMEM));
		return;
	}
	call->rq.kind = REQUEST_RELOAD;
	call->done = on_reloaded;
	apply_submit(c->apply, call);
}

/* ---- turns ---- */

/* That it wakes the loop is its purpose. */
static void on_tick(struct ev_loop *loop, ev_timer *w, int events)
{
	(void)loop;
	(void)w;
	(void)events;
}

bool change_turn(struct change *c)
{
	bool moved;

	if (c->stop->state != STOP_NOT)
		apply_stop(c->apply);
	moved = apply_turn(c->apply, iscsi_server_now_ms(c->server));
	if (!apply_is_busy(c->apply))
		ev_timer_stop(c->loop, &c->tick);
	else if (!ev_is_active(&c->tick))
		ev_timer_start(c->loop, &c->tick);
	return moved;
}

bool change_is_busy(const struct change *c)
{
	return apply_is_busy(c->apply);
}

int change_start(struct change *c)
{
	c->apply = apply_new(c->running, c->env, &ops, c);
	if (!c->apply)
		return -ENOMEM;
	ev_timer_init(&c->tick, on_tick, TICK_S, TICK_S);
	ev_signal_init(&c->sighup, on_hangup, SIGHUP);
	c->sighup.data = c;
	ev_signal_start(c->loop, &c->sighup);
	return 0;
}

void change_stop(struct change *c)
{
	if (!c->apply)
		return;
	ev_signal_stop(c->loop, &c->sighup);
	ev_timer_stop(c->loop, &c->tick);
	apply_free(c->apply);
	c->apply = NULL;
}
