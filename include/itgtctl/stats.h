/* What the method stats gives, as a table; and what happened between two such results. */
#ifndef ITGTCTL_STATS_H
#define ITGTCTL_STATS_H

#include <jansson.h>
#include <stdio.h>

/* Of one direction of a logical unit, or of a session, in a time. */
struct stats_rate {
	double ops;     /* in a second */
	double bytes;   /* likewise */
	double errors;  /* likewise */
	double mean_ns; /* of a command; 0: there was none */
	double depth;   /* commands at a time, on average */
};

/*
 * now and before are objects with the members ops, bytes, errors and time_ns; before NULL counts
 * from zero. s: seconds between them.
 */
void stats_rate(struct stats_rate *r, const json_t *now, const json_t *before, double s);

/* The object of before that has the same values of both members as o; NULL: there is none. */
const json_t *stats_same(const json_t *before, const json_t *o, const char *a, const char *b);

/* All since the start, or, when before is not NULL, what happened in the s seconds since it. */
void stats_print(FILE *out, const json_t *now, const json_t *before, double s);

#endif
