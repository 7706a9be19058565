/* What itgt-dvt tells: progress, failures, the summary. */
#ifndef DVT_REPORT_H
#define DVT_REPORT_H

#include "dvt/options.h"
#include "dvt/walk.h"

#include <stdint.h>

#define REPORT_EDGES 8 /* of a key at most */

struct report {
	const struct options *options; /* borrowed */
	uint64_t begin_ms, told_ms;
	uint64_t rounds, failures;
	/* For each two keys, which pairs of their edges have met: a bit for each. */
	uint64_t met[SPACE_KEYS][SPACE_KEYS];
	void *failed;  /* owns; the list of failures for --json, NULL without */
	bool has_line; /* the progress line stands on the terminal */
};

void report_init(struct report *r, const struct options *o);
void report_fini(struct report *r);

/* A round is over; why is NULL when it held. */
void report_round(struct report *r, const struct round *round, const char *why);

/* Milliseconds since report_init(). */
uint64_t report_ms(const struct report *r);

/* The end. */
void report_summary(struct report *r, const struct walk *w);

#endif
