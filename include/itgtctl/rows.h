/* The lines of the live view: what each LUN and each session did between two readings. Pure. */
#ifndef ITGTCTL_ROWS_H
#define ITGTCTL_ROWS_H

#include "itgtctl/stats.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#define ROWS_NAME_MAX 320

struct row {
	char name[ROWS_NAME_MAX];
	struct stats_rate read;
	struct stats_rate write;
	struct stats_rate all; /* the two and whatever else there was */
};

enum rows_sort {
	ROWS_BY_NAME,
	ROWS_BY_IOPS,
	ROWS_BY_BYTES,
	ROWS_BY_LATENCY,
	ROWS_BY_DEPTH,
	ROWS_SORTS
};

/* Of a word for the screen: "IOPS". */
const char *rows_sort_name(enum rows_sort by);

struct rows {
	struct row *row; /* owns */
	size_t n;
};

/* From two results of the method stats, s seconds apart; before may be NULL. 0 or -ENOMEM. */
int rows_of_luns(struct rows *r, const json_t *now, const json_t *before, double s);

/* The same from session.list. */
int rows_of_sessions(struct rows *r, const json_t *now, const json_t *before, double s);

/* The busiest first, or, by name, in the order of the alphabet; reverse turns it around. */
void rows_sort(struct rows *r, enum rows_sort by, bool reverse);

/* All of them together. */
void rows_total(const struct rows *r, struct row *total);

void rows_fini(struct rows *r);

#endif
