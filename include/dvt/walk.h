/* One round: log in, hold the outcome against the RFC, move data, log out. */
#ifndef DVT_WALK_H
#define DVT_WALK_H

#include "dvt/expect.h"
#include "dvt/options.h"

#include <stdbool.h>
#include <stdint.h>

#define WALK_WHY_MAX 512

struct walk {
	const struct options *options; /* borrowed */
	struct expect expect;
	uint8_t *out; /* owns; EXERCISE_LEN_MAX bytes each */
	uint8_t *in;
	uint64_t bytes;       /* moved by all rounds */
	uint64_t connections; /* made by all rounds */
};

/* 0 or -ENOMEM. */
int walk_init(struct walk *w, const struct options *o);
void walk_fini(struct walk *w);

/* 0; -errno: the target cannot be reached at all, why says how. */
int walk_reach(struct walk *w, char why[static WALK_WHY_MAX]);

/* False: the round failed, why says why. */
bool walk_round(struct walk *w, const struct round *r, char why[static WALK_WHY_MAX]);

#endif
