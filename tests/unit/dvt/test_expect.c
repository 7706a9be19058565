#include "dvt/expect.h"

#include "unit.h"

#include <stdio.h>
#include <string.h>

/* A round with these offers ("Key=value" lines), and what is heard of the target. */
static bool outcome(struct expect *e, const char *offers, const char *answers, struct ini_param *p,
		    char why[static EXPECT_WHY_MAX])
{
	struct ini_text offered, heard;
	struct round r = { .number = 1 };
	const char *value;
	bool held;
	int key;

	ini_text_init(&offered);
	ini_text_init(&heard);
	CU_ASSERT_EQUAL_FATAL(ini_text_add_lines(&offered, offers), 0);
	CU_ASSERT_EQUAL_FATAL(ini_text_add_lines(&heard, answers), 0);
	ini_param_init(p);
	for (key = 0; key < SPACE_KEYS; key++) {
		value = ini_text_get(&offered, space_keys[key].name, 0);
		if (value)
			(void)snprintf(r.value[key], SPACE_VALUE_MAX, "%s", value);
		value = ini_text_get(&heard, space_keys[key].name, 0);
		if (value)
			ini_param_set(p, space_keys[key].name, value);
	}
	held = expect_outcome(e, &r, &heard, p, why);
	ini_text_free(&offered);
	ini_text_free(&heard);
	return held;
}

/* Rounds one after the other; the last is judged. */
static const struct {
	const char *what;
	const char *offers[3], *answers[3];
	const char *wrong; /* part of the message; NULL: it holds */
} cases[] = {
	{ "the lesser is the offer",
	  { "MaxBurstLength=8192\n" },
	  { "MaxBurstLength=8192\n" },
	  NULL },
	{ "the lesser is the target's",
	  { "MaxBurstLength=8192\n" },
	  { "MaxBurstLength=4096\n" },
	  NULL },
	{ "more than the lesser",
	  { "MaxBurstLength=8192\n" },
	  { "MaxBurstLength=8193\n" },
	  "lesser" },
	{ "less than there may be",
	  { "MaxBurstLength=8192\n" },
	  { "MaxBurstLength=511\n" },
	  "from 512" },
	{ "no number", { "MaxBurstLength=8192\n" }, { "MaxBurstLength=many\n" }, "no number" },
	{ "no answer", { "MaxBurstLength=8192\n" }, { "" }, "an answer is due" },
	{ "Reject of a legal offer",
	  { "MaxBurstLength=8192\n" },
	  { "MaxBurstLength=Reject\n" },
	  "legal" },
	{ "twice",
	  { "MaxBurstLength=8192\n" },
	  { "MaxBurstLength=8192\nMaxBurstLength=8192\n" },
	  "again" },
	{ "two values of the target's own",
	  { "MaxBurstLength=8192\n", "MaxBurstLength=9000\n" },
	  { "MaxBurstLength=4096\n", "MaxBurstLength=4000\n" },
	  "it took 4096 before" },
	{ "less than it took as an offer",
	  { "MaxBurstLength=8192\n", "MaxBurstLength=9000\n" },
	  { "MaxBurstLength=8192\n", "MaxBurstLength=4096\n" },
	  "it took 8192 before" },
	{ "more than its own",
	  { "MaxBurstLength=8192\n", "MaxBurstLength=9000\n" },
	  { "MaxBurstLength=4096\n", "MaxBurstLength=9000\n" },
	  "it took 4096 before" },
	{ "its own again, and less where less is offered",
	  { "MaxBurstLength=8192\n", "MaxBurstLength=9000\n", "MaxBurstLength=600\n" },
	  { "MaxBurstLength=4096\n", "MaxBurstLength=4096\n", "MaxBurstLength=600\n" },
	  NULL },
	{ "the greater", { "DefaultTime2Wait=2\n" }, { "DefaultTime2Wait=5\n" }, NULL },
	{ "less than the greater",
	  { "DefaultTime2Wait=2\n" },
	  { "DefaultTime2Wait=1\n" },
	  "greater" },
	{ "Yes decides", { "InitialR2T=Yes\n" }, { "InitialR2T=Yes\n" }, NULL },
	{ "Yes decides, without an answer", { "InitialR2T=Yes\n" }, { "" }, NULL },
	{ "No where Yes decides", { "InitialR2T=Yes\n" }, { "InitialR2T=No\n" }, "Yes decides" },
	{ "No does not decide, and needs an answer",
	  { "InitialR2T=No\n" },
	  { "" },
	  "an answer is due" },
	{ "No decides", { "ImmediateData=No\n" }, { "ImmediateData=Yes\n" }, "No decides" },
	{ "No decides, without an answer", { "ImmediateData=No\n" }, { "" }, NULL },
	{ "neither Yes nor No", { "InitialR2T=No\n" }, { "InitialR2T=no\n" }, "Yes or No" },
	{ "now Yes, now No",
	  { "InitialR2T=No\n", "InitialR2T=No\n" },
	  { "InitialR2T=Yes\n", "InitialR2T=No\n" },
	  "Yes before" },
	{ "the first of a list",
	  { "HeaderDigest=CRC32C,None\n" },
	  { "HeaderDigest=CRC32C\n" },
	  NULL },
	{ "the second of a list",
	  { "HeaderDigest=CRC32C,None\n" },
	  { "HeaderDigest=None\n" },
	  NULL },
	{ "what was not offered",
	  { "HeaderDigest=CRC32C\n" },
	  { "HeaderDigest=None\n" },
	  "not offered" },
	{ "half a word",
	  { "HeaderDigest=CRC32C,None\n" },
	  { "HeaderDigest=CRC32\n" },
	  "not offered" },
	{ "the second, where it takes the first",
	  { "HeaderDigest=CRC32C\n", "HeaderDigest=CRC32C,None\n" },
	  { "HeaderDigest=CRC32C\n", "HeaderDigest=None\n" },
	  "first that it can" },
	{ "FirstBurstLength within MaxBurstLength",
	  { "FirstBurstLength=8192\nMaxBurstLength=8192\n" },
	  { "FirstBurstLength=4096\nMaxBurstLength=4096\n" },
	  NULL },
	{ "FirstBurstLength beyond MaxBurstLength",
	  { "FirstBurstLength=8192\nMaxBurstLength=8192\n" },
	  { "FirstBurstLength=8192\nMaxBurstLength=4096\n" },
	  "MaxBurstLength is 4096" },
	{ "FirstBurstLength does not matter",
	  { "FirstBurstLength=8192\nInitialR2T=Yes\nImmediateData=No\n" },
	  { "FirstBurstLength=Irrelevant\nInitialR2T=Yes\nImmediateData=No\n" },
	  NULL },
	{ "FirstBurstLength matters",
	  { "FirstBurstLength=8192\nImmediateData=Yes\n" },
	  { "FirstBurstLength=Irrelevant\nImmediateData=Yes\n" },
	  "legal" },
	{ "a length is declared",
	  { "MaxRecvDataSegmentLength=512\n" },
	  { "MaxRecvDataSegmentLength=262144\n" },
	  NULL },
	{ "none is declared", { "MaxRecvDataSegmentLength=512\n" }, { "" }, NULL },
	{ "a length too short is declared",
	  { "MaxRecvDataSegmentLength=512\n" },
	  { "MaxRecvDataSegmentLength=511\n" },
	  "may be declared" },
	{ "what was not offered is not judged", { "" }, { "MaxBurstLength=1\n" }, NULL },
};

static void results_are_the_rfcs(void)
{
	char why[EXPECT_WHY_MAX];
	struct ini_param p;
	struct expect e;
	bool held, right;
	size_t i, n;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		expect_init(&e);
		for (n = 0, held = true; n < 3 && cases[i].offers[n]; n++) {
			if (!held)
				CU_FAIL("an earlier round failed");
			held = outcome(&e, cases[i].offers[n], cases[i].answers[n], &p, why);
		}
		right = cases[i].wrong ? !held && strstr(why, cases[i].wrong) : held;
		if (!right)
			printf("\n    %s: %s", cases[i].what, held ? "it held" : why);
		CU_ASSERT_TRUE(right);
	}
}

/* An answer left out rightly: what was offered is what holds. */
static void a_missing_answer_is_the_offer(void)
{
	char why[EXPECT_WHY_MAX];
	struct ini_param p;
	struct expect e;

	expect_init(&e);
	CU_ASSERT_TRUE(outcome(&e, "ImmediateData=No\nDataPDUInOrder=Yes\n", "", &p, why));
	CU_ASSERT_FALSE(p.ImmediateData);
	CU_ASSERT_TRUE(p.DataPDUInOrder);
}

static const struct unit_test tests[] = {
	{ "results are those of RFC 7143, 6.2 and 13", results_are_the_rfcs },
	{ "6.2.2: where an answer may be missing, the offer holds", a_missing_answer_is_the_offer },
};

UNIT_MAIN("dvt/expect", tests)
