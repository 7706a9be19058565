/* itgtctl: one command for a running itgtd, by its control socket. */
#include "base/clock.h"
#include "itgtctl/help.h"
#include "itgtctl/line.h"
#include "itgtctl/print.h"
#include "itgtctl/remote.h"
#include "itgtctl/stats.h"
#include "itgtctl/top.h"

#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum exit_code {
	EXIT_DONE = 0,
	EXIT_REFUSED = 1,
	EXIT_USAGE = 2,
	EXIT_NO_DAEMON = 3,
};

static const char *socket_of(const struct line *l)
{
	return l->socket ? l->socket : REMOTE_SOCKET;
}

static int say_unreachable(const struct line *l, int err)
{
	const char *hint = err == -EACCES ? " (be root, or in the group of control-group)"
			   : err == -ENOENT || err == -ECONNREFUSED ? " (does itgtd run?)"
								    : "";

	fprintf(stderr, "itgtctl: %s: %s%s\n", socket_of(l), strerror(-err), hint);
	return EXIT_NO_DAEMON;
}

/* The last result of a command that is repeated, and when it came. */
struct last {
	json_t *result; /* owns; NULL: there was none */
	uint64_t ns;
};

/* What the daemon gave, for people or for programs. */
static void show(const struct line *l, json_t *result, struct last *last)
{
	uint64_t now = clock_ns();

	if (l->json) {
		json_dumpf(result, stdout, JSON_INDENT(2) | JSON_ENCODE_ANY);
		fputc('\n', stdout);
	} else if (!strcmp(l->method->name, "stats")) {
		stats_print(stdout, result, last->result, (double)(now - last->ns) / 1e9);
	} else {
		print_result(stdout, l->method->name, result);
	}
	json_decref(last->result);
	last->result = json_incref(result);
	last->ns = now;
}

/* What a call came to, told. An exit code. */
static int tell(const struct line *l, enum remote_verdict verdict, json_t *result,
		struct last *last)
{
	int err = errno;

	switch (verdict) {
	case REMOTE_OK: show(l, result, last); return fflush(stdout) ? EXIT_REFUSED : EXIT_DONE;
	case REMOTE_REFUSED:
	case REMOTE_WRONG:
		fprintf(stderr, "itgtctl: %s\n", json_string_value(result));
		return verdict == REMOTE_WRONG ? EXIT_USAGE : EXIT_REFUSED;
	case REMOTE_LOST: break;
	}
	fprintf(stderr, "itgtctl: %s: no answer: %s\n", socket_of(l),
		err ? strerror(err) : "the daemon hung up");
	return EXIT_NO_DAEMON;
}

static void wait_s(double s)
{
	struct timespec t = { .tv_sec = (time_t)s };

	t.tv_nsec = (long)((s - (double)t.tv_sec) * 1e9);
	while (nanosleep(&t, &t) && errno == EINTR)
		;
}

static int call(const struct line *l)
{
	struct last last = { .result = NULL };
	enum remote_verdict verdict;
	struct remote r;
	json_t *result;
	int code, err = remote_open(&r, socket_of(l));

	if (err) {
		remote_close(&r);
		return say_unreachable(l, err);
	}
	for (;;) {
		verdict = remote_call(&r, l->method->name, l->params, &result);
		code = tell(l, verdict, result, &last);
		json_decref(result);
		if (code != EXIT_DONE || l->watch_s <= 0)
			break;
		wait_s(l->watch_s);
		if (!l->json)
			printf("\n");
	}
	json_decref(last.result);
	remote_close(&r);
	return code;
}

#define TOP_EVERY_S 1.

static int top(const struct line *l)
{
	struct remote r;
	int err = remote_open(&r, socket_of(l));

	if (err) {
		remote_close(&r);
		return say_unreachable(l, err);
	}
	err = top_run(&r, l->watch_s > 0 ? l->watch_s : TOP_EVERY_S);
	remote_close(&r);
	switch (err) {
	case 0: return EXIT_DONE;
	case -ENOTTY:
		fprintf(stderr, "itgtctl: top needs a terminal: see stats --watch\n");
		return EXIT_USAGE;
	case -EPIPE:
		fprintf(stderr, "itgtctl: %s: the daemon hung up\n", socket_of(l));
		return EXIT_NO_DAEMON;
	default: fprintf(stderr, "itgtctl: %s\n", strerror(-err)); return EXIT_REFUSED;
	}
}

/* The names of the targets there are; NULL: nobody knows. */
static json_t *target_names(const struct line *l)
{
	json_t *params = json_object(), *list = NULL, *names = json_array();
	char path[256];
	const char *named = help_socket(path, sizeof(path), l->text);
	struct remote r;
	size_t i;

	if (!remote_open(&r, named ? named : socket_of(l)) &&
	    remote_call(&r, "target.list", params, &list) == REMOTE_OK) {
		for (i = 0; i < json_array_size(list); i++)
			json_array_append(names, json_object_get(json_array_get(list, i), "name"));
	}
	remote_close(&r);
	json_decref(params);
	json_decref(list);
	return names;
}

static int complete(const struct line *l)
{
	json_t *names = target_names(l);

	help_complete(stdout, l->text, names);
	json_decref(names);
	return EXIT_DONE;
}

static int help(const struct line *l)
{
	if (l->method)
		help_command(stdout, l->method);
	else
		help_all(stdout, l->noun);
	return EXIT_DONE;
}

/* Where a command was named, its own help is shorter. */
static int say_wrong(const struct line *l)
{
	char words[64] = "";

	if (l->method)
		line_words(words, sizeof(words), l->method);
	fprintf(stderr, "itgtctl: %s\nTry 'itgtctl %s%s--help'.\n", l->why, words,
		*words ? " " : "");
	return EXIT_USAGE;
}

static int run(const struct line *l)
{
	switch (l->verdict) {
	case LINE_CALL: return call(l);
	case LINE_TOP: return top(l);
	case LINE_HELP: return help(l);
	case LINE_COMPLETE: return complete(l);
	case LINE_VERSION: printf("itgtctl %s\n", ITGTD_VERSION); return EXIT_DONE;
	case LINE_WRONG: break;
	}
	return say_wrong(l);
}

int main(int argc, char **argv)
{
	struct line l;
	int code;

	setlocale(LC_ALL, "");
	setvbuf(stdout, NULL, _IOFBF, 0);
	line_parse(&l, argc - 1, argv + 1);
	code = run(&l);
	line_fini(&l);
	return code;
}
