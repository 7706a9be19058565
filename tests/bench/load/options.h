/* What the load generator is asked to do. */
#ifndef LOAD_OPTIONS_H
#define LOAD_OPTIONS_H

#include "base/histogram.h"
#include "initiator/ini_url.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define OPTIONS_JOBS_MAX 4

/* Sessions that do the same, and what came of it in the measured time. */
struct job {
	uint32_t sessions;
	uint32_t depth;        /* commands of each session in flight */
	uint32_t len;          /* bytes of a command */
	uint32_t read_percent; /* of the commands; the others write */
	bool sequential; /* each session from a place of its own on; else random, aligned to len */
	bool single;     /* each command is sent by itself; else all of a turn together */

	uint64_t ios;
	uint64_t bytes;
	uint64_t refused; /* ended with BUSY or TASK SET FULL, and repeated */
	struct histogram latency_ns;
};

struct options {
	struct ini_url url;
	const char *initiator;
	struct job jobs[OPTIONS_JOBS_MAX];
	size_t njobs;
	uint32_t idle;        /* more sessions that only answer pings */
	uint64_t time_ms;     /* measured */
	uint64_t warm_up_ms;  /* before */
	uint64_t range_bytes; /* so much of the logical unit is used; 0: all of it */
	uint32_t seed;
	pid_t pid; /* the target's, whose processor time is told; 0: none */
	bool header_digest;
	bool data_digest;
	bool lenient; /* with a target that breaks harmless rules */
	bool verify;
	bool json;
	bool progress;
};

/* Exit status to leave with at once, or -1: go on. Help and errors have been written. */
int options_parse(struct options *o, int argc, char **argv);

#endif
