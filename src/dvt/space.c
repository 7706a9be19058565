#include "dvt/space.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LONGEST ((1u << 24) - 1)

static const char *const auths[] = { "None", "CHAP", "mutual CHAP", NULL };
static const char *const booleans[] = { "No", "Yes", NULL };
static const char *const digests[] = { "None", "CRC32C", "CRC32C,None", "None,CRC32C", NULL };
static const char *const levels[] = { "0", "1", "2", NULL };
static const char *const lengths[] = { "512", "8192", "65536", "262144", "16777215", NULL };
static const char *const odd_lengths[] = {
	"512", "513", "8192", "65536", "262144", "16777215", NULL
};
static const char *const many[] = { "1", "2", "8", "65535", NULL };
static const char *const times[] = { "0", "2", "20", "3600", NULL };

const struct space_key space_keys[SPACE_KEYS] = {
	{ "AuthMethod", auths, SPACE_AUTH, 0, 0, true },
	{ "DataDigest", digests, SPACE_LIST, 0, 0, true },
	{ "DataPDUInOrder", booleans, SPACE_OR, 0, 0, false },
	{ "DataSequenceInOrder", booleans, SPACE_OR, 0, 0, false },
	{ "DefaultTime2Retain", times, SPACE_MIN, 0, 3600, false },
	{ "DefaultTime2Wait", times, SPACE_MAX, 0, 3600, false },
	{ "ErrorRecoveryLevel", levels, SPACE_MIN, 0, 2, false },
	{ "FirstBurstLength", odd_lengths, SPACE_MIN, 512, LONGEST, false },
	{ "HeaderDigest", digests, SPACE_LIST, 0, 0, true },
	{ "ImmediateData", booleans, SPACE_AND, 0, 0, false },
	{ "InitialR2T", booleans, SPACE_OR, 0, 0, false },
	{ "MaxBurstLength", odd_lengths, SPACE_MIN, 512, LONGEST, false },
	{ "MaxConnections", many, SPACE_MIN, 1, 65535, false },
	{ "MaxOutstandingR2T", many, SPACE_MIN, 1, 65535, false },
	{ "MaxRecvDataSegmentLength", odd_lengths, SPACE_DECLARE, 512, LONGEST, true },
	/* What the target declares cannot be chosen, but how much of it is used: RFC 7143, 13.12.
	 */
	{ "SendDataSegmentLength", lengths, SPACE_DECLARE, 512, LONGEST, true },
};

int space_find(const char *name)
{
	int i;

	for (i = 0; i < SPACE_KEYS; i++) {
		if (strcmp(space_keys[i].name, name) == 0)
			return i;
	}
	return -1;
}

uint64_t space_next(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

/* Somewhere between, small numbers as often as large ones. */
static uint32_t inside(uint32_t least, uint32_t most, uint64_t *state)
{
	unsigned int bits = 1 + (unsigned int)(space_next(state) % 24);
	uint64_t n = least + (space_next(state) & ((UINT64_C(1) << bits) - 1));

	return n > most ? most : (uint32_t)n;
}

static uint32_t count(const char *const *edges)
{
	uint32_t n = 0;

	while (edges[n])
		n++;
	return n;
}

static void choose(const struct space *s, int key, uint64_t *state, struct round *r)
{
	const struct space_key *k = &space_keys[key];
	uint32_t n = count(k->edges);

	if (k->rule == SPACE_AUTH)
		n = s->has_mutual ? 3 : s->has_chap ? 2 : 1;
	assert(n);
	r->edge[key] = (int8_t)(space_next(state) % n);
	if (k->rule == SPACE_AUTH && s->always_chap && r->edge[key] == SPACE_NO_AUTH)
		r->edge[key] = SPACE_ONE_WAY;
	if (k->most && space_next(state) % 3 == 0) {
		r->edge[key] = -1;
		(void)snprintf(r->value[key], SPACE_VALUE_MAX, "%u",
			       inside(k->least, k->most, state));
	} else {
		(void)snprintf(r->value[key], SPACE_VALUE_MAX, "%s", k->edges[r->edge[key]]);
	}
}

/* 13.14: FirstBurstLength must not exceed MaxBurstLength; each has a default where it is not
 * offered. */
static void bound_first_burst(struct round *r)
{
	char *first = r->value[space_find("FirstBurstLength")];
	const char *burst = r->value[space_find("MaxBurstLength")];
	unsigned long most = *burst ? strtoul(burst, NULL, 10) : 262144;

	if ((*first ? strtoul(first, NULL, 10) : 65536) <= most)
		return;
	(void)snprintf(first, SPACE_VALUE_MAX, "%lu", most);
	r->edge[space_find("FirstBurstLength")] = -1;
}

void space_round(const struct space *s, uint64_t number, struct round *r)
{
	uint64_t state = s->seed ^ (number * UINT64_C(0xd1342543de82ef95));
	int key;

	*r = (struct round){ .number = number };
	for (key = 0; key < SPACE_KEYS; key++) {
		r->edge[key] = -1;
		if (s->keys & 1u << key)
			choose(s, key, &state, r);
	}
	bound_first_burst(r);
	r->salt = space_next(&state);
}

static bool is_sent(const struct space_key *k)
{
	return k->rule != SPACE_AUTH && strcmp(k->name, "SendDataSegmentLength") != 0;
}

void space_lines(const struct round *r, bool each, char dst[static SPACE_LINES_MAX])
{
	size_t at = 0;
	int key;

	dst[0] = '\0';
	for (key = 0; key < SPACE_KEYS; key++) {
		if (!r->value[key][0] || !is_sent(&space_keys[key]) ||
		    (each && !space_keys[key].each))
			continue;
		at += (size_t)snprintf(dst + at, SPACE_LINES_MAX - at, "%s=%s\n",
				       space_keys[key].name, r->value[key]);
	}
}

void space_describe(const struct round *r, char dst[static SPACE_LINES_MAX])
{
	size_t at = 0;
	int key;

	dst[0] = '\0';
	for (key = 0; key < SPACE_KEYS; key++) {
		if (r->value[key][0])
			at += (size_t)snprintf(dst + at, SPACE_LINES_MAX - at, "%s%s=%s",
					       at ? " " : "", space_keys[key].name, r->value[key]);
	}
}
