/*
 * The space of keys that is walked: for each key of RFC 7143, section 13 its result function, its
 * range and the edges of it. A round is one point: a value for each key, some at edges, some
 * inside, all decided by a seed and the round's number. Pure.
 */
#ifndef DVT_SPACE_H
#define DVT_SPACE_H

#include <stdbool.h>
#include <stdint.h>

#define SPACE_KEYS      16
#define SPACE_VALUE_MAX 24 /* bytes of a value with the ending zero */
#define SPACE_LINES_MAX 1024

/* How the outcome of an offer is found (RFC 7143, 6.2.1, 6.2.2, and each key's section). */
enum space_rule {
	SPACE_MIN,     /* numbers: the lesser */
	SPACE_MAX,     /* numbers: the greater */
	SPACE_OR,      /* Yes where one says Yes */
	SPACE_AND,     /* No where one says No */
	SPACE_LIST,    /* the first of the offer that the target takes */
	SPACE_DECLARE, /* no outcome: each says its own */
	SPACE_AUTH,    /* no key: who proves himself */
};

struct space_key {
	const char *name;
	const char *const *edges; /* ended by NULL; a number's ascend */
	enum space_rule rule;
	uint32_t least, most; /* a number's range, also that of what is tried inside */
	bool each;            /* also sent on connections after the first */
};

/* SPACE_AUTH's edges. */
enum space_auth { SPACE_NO_AUTH, SPACE_ONE_WAY, SPACE_MUTUAL };

extern const struct space_key space_keys[SPACE_KEYS];

/* The index of a key; -1: there is none of that name. */
int space_find(const char *name);

/* What may be varied. */
struct space {
	uint32_t keys; /* a bit for each key; the others are not offered */
	bool has_chap;
	bool always_chap; /* in every round */
	bool has_mutual;
	uint64_t seed;
};

struct round {
	uint64_t number;                         /* from 1 */
	char value[SPACE_KEYS][SPACE_VALUE_MAX]; /* "": not offered */
	int8_t edge[SPACE_KEYS];                 /* its place in edges; -1: inside */
	uint64_t salt;                           /* for what else the round decides */
};

/* The round of that number. */
void space_round(const struct space *s, uint64_t number, struct round *r);

/*
 * The keys that are offered, a line "Key=value" each, as ini_login takes them. each: only those of
 * every connection.
 */
void space_lines(const struct round *r, bool each, char dst[static SPACE_LINES_MAX]);

/* All of the round's values on one line, for people. */
void space_describe(const struct round *r, char dst[static SPACE_LINES_MAX]);

/* A step of a generator of numbers that look random; the same everywhere. */
uint64_t space_next(uint64_t *state);

#endif
