#include "daemon/args.h"

#include "target/portal.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

/* Switches without a letter. */
enum {
	SWITCH_CHAP = 256,
	SWITCH_CHECK,
	SWITCH_CONTROL_SOCKET,
	SWITCH_EXIT_WITH_PARENT,
	SWITCH_HELP,
	SWITCH_PORTAL,
	SWITCH_METRICS,
	SWITCH_READ_ONLY,
	SWITCH_READY_FD,
	SWITCH_SERVE,
	SWITCH_STATE_DIRECTORY,
	SWITCH_TARGET,
	SWITCH_VERSION,
};

/* In the order of --help. */
const struct args_switch args_switches[] = {
	{ "config", 'c', "FILE", "serve what FILE says (default: " ARGS_CONFIG ")" },
	{ "foreground", 'f', NULL, "stay in the foreground (the default)" },
	{ "daemon", 'd', NULL, "go into the background once it serves" },
	{ "pidfile", 'p', "FILE", "write the process id to FILE" },
	{ "log-level", 'l', "LEVEL", "error, warning, notice, info or debug" },
	{ "control-socket", SWITCH_CONTROL_SOCKET, "PATH",
	  "where itgtctl reaches it (with --serve: nowhere, unless given)" },
	{ "metrics", SWITCH_METRICS, "ADDR:PORT",
	  "where the page of metrics is, http://ADDR:PORT/metrics" },
	{ "state-directory", SWITCH_STATE_DIRECTORY, "PATH",
	  "for what outlives it (with --serve: nothing, unless given)" },
	{ "check", SWITCH_CHECK, NULL, "say every fault in the configuration, serve nothing" },
	{ "serve", SWITCH_SERVE, "SPEC",
	  "serve SPEC without a file: PATH[,size=10G], ram,size=1G, null,size=1T, "
	  "cdrom,path=x.iso" },
	{ "portal", SWITCH_PORTAL, "ADDR[:PORT]",
	  "with --serve: listen there (default: " CONF_SERVE_PORTAL ")" },
	{ "target", SWITCH_TARGET, "IQN",
	  "with --serve: the target's name (default: " CONF_SERVE_TARGET ")" },
	{ "chap", SWITCH_CHAP, "USER:SECRET-FILE", "with --serve: ask initiators for a secret" },
	{ "read-only", SWITCH_READ_ONLY, NULL, "with --serve: refuse writes" },
	{ "ready-fd", SWITCH_READY_FD, "N", "write the ready line to descriptor N, too" },
	{ "exit-with-parent", SWITCH_EXIT_WITH_PARENT, NULL, "end when the parent process ends" },
	{ "version", SWITCH_VERSION, NULL, "say the version" },
	{ "help", SWITCH_HELP, NULL, "say this" },
};
const size_t args_nswitches = sizeof(args_switches) / sizeof(args_switches[0]);

#define NSWITCHES (sizeof(args_switches) / sizeof(args_switches[0]))

/* The parser at work. */
struct parser {
	struct args *args;
	FILE *out, *err;
	const char *with_serve; /* a switch that was given and needs --serve */
	bool foreground;
	bool given[NSWITCHES]; /* by row of args_switches */
};

static enum args_verdict wrong(const struct parser *p, const char *what, const char *value)
{
	char quoted[CONF_QUOTED_MAX];

	if (value)
		fprintf(p->err, "itgtd: %s: %s\n", what, conf_quote(quoted, value));
	else
		fprintf(p->err, "itgtd: %s\n", what);
	fprintf(p->err, "Try 'itgtd --help'.\n");
	return ARGS_WRONG;
}

static enum args_verdict help(const struct parser *p)
{
	size_t i;

	fprintf(p->out, "itgtd: an iSCSI target\n\n"
			"  itgtd [-f] [-c FILE] [-p PIDFILE] [-l LEVEL]\n"
			"  itgtd --check [-c FILE]\n"
			"  itgtd --serve SPEC [--serve SPEC ...] [--portal ADDR[:PORT]]...\n"
			"        [--target IQN] [--chap USER:SECRET-FILE] [--read-only]\n\n");
	for (i = 0; i < NSWITCHES; i++) {
		const struct args_switch *s = &args_switches[i];
		char left[48];

		snprintf(left, sizeof(left), "%c%c%c --%s %s", s->letter < 256 ? '-' : ' ',
			 s->letter < 256 ? s->letter : ' ', s->letter < 256 ? ',' : ' ', s->name,
			 s->argument ? s->argument : "");
		fprintf(p->out, "  %-30s %s\n", left, s->meaning);
	}
	fprintf(p->out, "\nitgtd(8) and itgtd.conf(5) say more.\n");
	return ARGS_DONE;
}

/* Append to a list that the command line cannot make longer than argc. */
static void append(const char *const *list, size_t *n, const char *text)
{
	const char **l = (const char **)list;

	l[(*n)++] = text;
}

static bool parse_fd(const char *text, int *fd)
{
	char *end;
	long n;

	if (!*text || strspn(text, "0123456789") != strlen(text))
		return false;
	n = strtol(text, &end, 10);
	*fd = (int)n;
	return n <= 1 << 20;
}

/*
 * A switch that says one thing cannot say two: nobody could tell which one holds. The
 * lists may grow, and a switch without an argument says the same again.
 */
static enum args_verdict once(struct parser *p, int letter)
{
	char message[64];
	size_t i = 0;

	while (args_switches[i].letter != letter) /* getopt_long() knows no other */
		i++;
	if (!p->given[i] || !args_switches[i].argument || letter == SWITCH_SERVE ||
	    letter == SWITCH_PORTAL) {
		p->given[i] = true;
		return ARGS_RUN;
	}
	if (letter < 256)
		snprintf(message, sizeof(message), "-%c, --%s is given twice", letter,
			 args_switches[i].name);
	else
		snprintf(message, sizeof(message), "--%s is given twice", args_switches[i].name);
	return wrong(p, message, NULL);
}

static enum args_verdict take_serve(struct parser *p, int letter, const char *name)
{
	struct conf_serve *s = &p->args->serve;

	switch (letter) {
	case SWITCH_SERVE: append(s->specs, &s->nspecs, optarg); return ARGS_RUN;
	case SWITCH_PORTAL: append(s->portals, &s->nportals, optarg); break;
	case SWITCH_TARGET: s->target = optarg; break;
	case SWITCH_CHAP: s->chap = optarg; break;
	default: s->read_only = true; break; /* SWITCH_READ_ONLY */
	}
	p->with_serve = name;
	return ARGS_RUN;
}

static enum args_verdict take(struct parser *p, int letter, const char *name)
{
	struct args *a = p->args;
	struct portal_addr metrics;

	switch (letter) {
	case 'c':
		a->config = optarg;
		a->has_config = true;
		break;
	case 'f': p->foreground = true; break;
	case 'd': a->background = true; break;
	case 'p': a->pidfile = optarg; break;
	case 'l':
		if (log_level_parse(optarg, &a->log_level))
			return wrong(p, "-l: not error, warning, notice, info or debug", optarg);
		a->has_log_level = true;
		break;
	case SWITCH_CHECK: a->check = true; break;
	case SWITCH_CONTROL_SOCKET: a->control_socket = optarg; break;
	case SWITCH_METRICS:
		if (portal_addr_parse_whole(optarg, &metrics))
			return wrong(p, "--metrics: not an address and port (write 127.0.0.1:9814)",
				     optarg);
		a->metrics = optarg;
		break;
	case SWITCH_STATE_DIRECTORY: a->state_directory = optarg; break;
	case SWITCH_EXIT_WITH_PARENT: a->exit_with_parent = true; break;
	case SWITCH_READY_FD:
		/* It must be open now: later its number may be that of a disk. */
		if (!parse_fd(optarg, &a->ready_fd) || fcntl(a->ready_fd, F_GETFD) < 0)
			return wrong(p, "--ready-fd: not an open descriptor", optarg);
		break;
	case SWITCH_HELP: return help(p);
	case SWITCH_VERSION: fprintf(p->out, "itgtd %s\n", ITGTD_VERSION); return ARGS_DONE;
	default: return take_serve(p, letter, name);
	}
	return ARGS_RUN;
}

/* Switches that do not go together. */
static enum args_verdict check(struct parser *p)
{
	struct args *a = p->args;
	char message[128];

	if (a->has_config && a->serve.nspecs)
		return wrong(p, "-c and --serve: serve what a file says, or without one", NULL);
	if (p->with_serve && !a->serve.nspecs) {
		snprintf(message, sizeof(message),
			 "--%s goes with --serve only (the configuration file has options for it)",
			 p->with_serve);
		return wrong(p, message, NULL);
	}
	if (a->background && p->foreground)
		return wrong(p, "-d and -f: in the background, or in the foreground", NULL);
	if (a->background && a->exit_with_parent)
		return wrong(p, "-d and --exit-with-parent: in the background there is no parent",
			     NULL);
	return ARGS_RUN;
}

/* The rows as getopt_long() wants them. */
static void fill_options(struct option options[static NSWITCHES + 1], char letters[static 64])
{
	size_t i, n = 0;

	letters[n++] = ':'; /* tell a missing argument from an unknown switch */
	for (i = 0; i < NSWITCHES; i++) {
		const struct args_switch *s = &args_switches[i];

		options[i] =
			(struct option){ s->name, s->argument ? required_argument : no_argument,
					 NULL, s->letter };
		if (s->letter >= 256)
			continue;
		letters[n++] = (char)s->letter;
		if (s->argument)
			letters[n++] = ':';
	}
	options[NSWITCHES] = (struct option){ 0 };
	letters[n] = '\0';
}

enum args_verdict args_parse(struct args *a, int argc, char **argv, FILE *out, FILE *err)
{
	struct parser p = { .args = a, .out = out, .err = err };
	struct option options[NSWITCHES + 1];
	enum args_verdict v = ARGS_RUN;
	char letters[64];
	int letter, index;

	*a = (struct args){ .config = ARGS_CONFIG, .ready_fd = -1 };
	a->serve.specs = calloc((size_t)argc + 1, sizeof(char *));
	a->serve.portals = calloc((size_t)argc + 1, sizeof(char *));
	if (!a->serve.specs || !a->serve.portals)
		return wrong(&p, "no memory", NULL);
	fill_options(options, letters);
	opterr = 0;
	optind = 0; /* start anew: a test calls this often */
	while (v == ARGS_RUN) {
		const char *at = optind > 0 && optind < argc ? argv[optind] : argv[argc > 1];

		index = -1;
		letter = getopt_long(argc, argv, letters, options, &index);
		if (letter < 0)
			break;
		if (letter == '?')
			return wrong(&p, "there is no such switch", at);
		if (letter == ':')
			return wrong(&p, "this switch needs an argument", at);
		v = once(&p, letter);
		if (v == ARGS_RUN)
			v = take(&p, letter, index >= 0 ? options[index].name : NULL);
	}
	if (v == ARGS_RUN && optind < argc)
		return wrong(&p, "what is this? (write --serve before what to serve)",
			     argv[optind]);
	return v == ARGS_RUN ? check(&p) : v;
}

void args_fini(struct args *a)
{
	free((void *)a->serve.specs);
	free((void *)a->serve.portals);
	a->serve.specs = NULL;
	a->serve.portals = NULL;
}
