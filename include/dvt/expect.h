/*
 * What the target must answer: the RFC's result functions, held against each answer. What it takes
 * itself is not known beforehand, but it is one and the same value in every round: each answer
 * narrows it down, and one that contradicts an earlier one is wrong. Pure.
 */
#ifndef DVT_EXPECT_H
#define DVT_EXPECT_H

#include "dvt/space.h"
#include "initiator/ini_param.h"
#include "initiator/ini_text.h"

#define EXPECT_WHY_MAX 256

/* What is known of the target's own value of a key. */
struct expect_key {
	bool is_known;
	uint32_t value; /* number, or boolean; of a list: a set of bits by place in known words */
	uint32_t at_least; /* of a number */
	uint32_t at_most;
};

struct expect {
	struct expect_key keys[SPACE_KEYS];
};

void expect_init(struct expect *e);

/*
 * Hold the target's keys of a login (heard) against the round's offers, and put into param what was
 * agreed where the answer was rightly left out. False: a rule is broken, why says which.
 */
bool expect_outcome(struct expect *e, const struct round *r, const struct ini_text *heard,
		    struct ini_param *param, char why[static EXPECT_WHY_MAX]);

#endif
