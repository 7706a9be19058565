#include "dvt/space.h"

#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROUNDS 5000

static const struct space all = {
	.keys = UINT32_MAX, .has_chap = true, .has_mutual = true, .seed = 3
};

static const char *value(const struct round *r, const char *key)
{
	return r->value[space_find(key)];
}

static void keys_are_sorted_and_found(void)
{
	int i;

	for (i = 0; i < SPACE_KEYS; i++) {
		CU_ASSERT_EQUAL(space_find(space_keys[i].name), i);
		if (i)
			CU_ASSERT(strcmp(space_keys[i - 1].name, space_keys[i].name) < 0);
	}
	CU_ASSERT_EQUAL(space_find("TargetName"), -1);
}

static void a_round_is_made_again_by_its_number(void)
{
	struct round a, b, other;

	space_round(&all, 17, &a);
	space_round(&all, 18, &other);
	space_round(&all, 17, &b);
	CU_ASSERT_EQUAL(memcmp(&a, &b, sizeof(a)), 0);
	CU_ASSERT_NOT_EQUAL(memcmp(&a, &other, sizeof(a)), 0);
}

/* Every value offered is legal; with time every edge comes, and values between them. */
static void offers_are_legal_and_reach_every_edge(void)
{
	uint32_t seen[SPACE_KEYS] = { 0 }, want;
	struct round r;
	uint64_t n;
	int key, i;

	for (n = 1; n <= ROUNDS; n++) {
		space_round(&all, n, &r);
		for (key = 0; key < SPACE_KEYS; key++) {
			const struct space_key *k = &space_keys[key];
			unsigned long v = strtoul(r.value[key], NULL, 10);

			CU_ASSERT_FATAL(r.value[key][0] != '\0');
			if (k->most && (v < k->least || v > k->most))
				CU_FAIL("out of its range");
			seen[key] |= r.edge[key] < 0 ? 1u << 31 : 1u << r.edge[key];
		}
		if (strtoul(value(&r, "FirstBurstLength"), NULL, 10) >
		    strtoul(value(&r, "MaxBurstLength"), NULL, 10))
			CU_FAIL("13.14: FirstBurstLength is more than MaxBurstLength");
	}
	for (key = 0; key < SPACE_KEYS; key++) {
		want = space_keys[key].most ? 1u << 31 : 0;
		for (i = 0; space_keys[key].edges[i]; i++)
			want |= 1u << i;
		if (seen[key] != want)
			printf("\n    %s", space_keys[key].name);
		CU_ASSERT_EQUAL(seen[key], want);
	}
}

/* MaxBurstLength's default bounds FirstBurstLength where only that is offered, and the other way
 * round. */
static void defaults_bound_the_first_burst(void)
{
	struct space s = { .keys = 1u << space_find("FirstBurstLength"), .seed = 1 };
	struct round r;
	uint64_t n;

	for (n = 1; n <= 200; n++) {
		space_round(&s, n, &r);
		CU_ASSERT(strtoul(value(&r, "FirstBurstLength"), NULL, 10) <= 262144);
	}
	s.keys = 1u << space_find("MaxBurstLength");
	for (n = 1; n <= 200; n++) {
		space_round(&s, n, &r);
		if (strtoul(value(&r, "MaxBurstLength"), NULL, 10) < 65536)
			CU_ASSERT_STRING_EQUAL(value(&r, "FirstBurstLength"),
					       value(&r, "MaxBurstLength"));
	}
}

static void only_what_may_vary_is_offered(void)
{
	struct space s = { .keys = 1u << space_find("InitialR2T") | 1u << space_find("DataDigest") |
				   1u << space_find("SendDataSegmentLength"),
			   .seed = 9 };
	char lines[SPACE_LINES_MAX], want[SPACE_LINES_MAX];
	struct round r;

	space_round(&s, 1, &r);
	space_lines(&r, false, lines);
	(void)snprintf(want, sizeof(want), "DataDigest=%s\nInitialR2T=%s\n",
		       value(&r, "DataDigest"), value(&r, "InitialR2T"));
	CU_ASSERT_STRING_EQUAL(lines, want);
	space_lines(&r, true, lines); /* of another connection */
	(void)snprintf(want, sizeof(want), "DataDigest=%s\n", value(&r, "DataDigest"));
	CU_ASSERT_STRING_EQUAL(lines, want);
}

static void always_chap_never_goes_without(void)
{
	struct space s = all;
	int key = space_find("AuthMethod");
	struct round r;
	uint64_t n;

	s.always_chap = true;
	for (n = 1; n <= 200; n++) {
		space_round(&s, n, &r);
		CU_ASSERT_NOT_EQUAL(r.edge[key], SPACE_NO_AUTH);
	}
}

static const struct unit_test tests[] = {
	{ "keys are sorted, and found by name", keys_are_sorted_and_found },
	{ "a round is made again by its number", a_round_is_made_again_by_its_number },
	{ "offers are legal, and reach every edge", offers_are_legal_and_reach_every_edge },
	{ "defaults bound the first burst", defaults_bound_the_first_burst },
	{ "only what may vary is offered", only_what_may_vary_is_offered },
	{ "always CHAP never goes without", always_chap_never_goes_without },
};

UNIT_MAIN("dvt/space", tests)
