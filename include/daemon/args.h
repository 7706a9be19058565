/* The command line of itgtd. */
#ifndef DAEMON_ARGS_H
#define DAEMON_ARGS_H

#include "base/log.h"
#include "config/serve.h"

#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>

#define ARGS_CONFIG "/etc/itgtd.conf"

struct args {
	const char *config;          /* borrowed from argv, as all texts here are */
	const char *pidfile;         /* NULL: none */
	bool has_config;             /* else config is ARGS_CONFIG */
	const char *metrics;         /* NULL: as the configuration says */
	const char *control_socket;  /* NULL: as the configuration says, with --serve none */
	const char *state_directory; /* NULL: likewise */
	bool has_log_level;          /* else the configuration says it */
	enum log_level log_level;
	bool background;
	bool check;
	bool exit_with_parent;
	int ready_fd;            /* -1: none */
	struct conf_serve serve; /* nspecs 0: serve what config says; its lists are owned */
};

enum args_verdict {
	ARGS_RUN,
	ARGS_DONE,  /* --help, --version: it is said, leave with 0 */
	ARGS_WRONG, /* what is wrong is said, leave with 2 */
};

/* One switch: its row is what the parser, --help and the test of the manual page read. */
struct args_switch {
	const char *name;
	int letter;           /* the short one's letter, or a number past all letters */
	const char *argument; /* NULL: it takes none */
	const char *meaning;
};
extern const struct args_switch args_switches[];
extern const size_t args_nswitches;

/* help, version → out, complaints → err. args_fini() afterwards in any case. */
enum args_verdict args_parse(struct args *a, int argc, char **argv, FILE *out, FILE *err);
void args_fini(struct args *a);

#endif
