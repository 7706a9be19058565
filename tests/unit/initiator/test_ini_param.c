#include "initiator/ini_param.h"
#include "unit.h"

#include <stddef.h>

static void answers_are_taken(void)
{
	struct ini_param p;

	ini_param_init(&p);
	CU_ASSERT_TRUE(p.InitialR2T);
	CU_ASSERT_EQUAL(p.MaxRecvDataSegmentLength, 8192);
	CU_ASSERT_TRUE(ini_param_set(&p, "InitialR2T", "No"));
	CU_ASSERT_TRUE(ini_param_set(&p, "HeaderDigest", "CRC32C"));
	CU_ASSERT_TRUE(ini_param_set(&p, "DataDigest", "None"));
	CU_ASSERT_TRUE(ini_param_set(&p, "MaxBurstLength", "0x10000"));
	CU_ASSERT_TRUE(ini_param_set(&p, "FirstBurstLength", "512"));
	CU_ASSERT_FALSE(p.InitialR2T);
	CU_ASSERT_TRUE(p.HeaderDigest);
	CU_ASSERT_FALSE(p.DataDigest);
	CU_ASSERT_EQUAL(p.MaxBurstLength, 65536);
	CU_ASSERT_EQUAL(p.FirstBurstLength, 512);
}

static void others_change_nothing(void)
{
	static const struct {
		const char *key, *value;
	} cases[] = {
		{ "MaxBurstLength", "Reject" },
		{ "MaxBurstLength", "-1" },
		{ "MaxBurstLength", "" },
		{ "MaxBurstLength", "4294967296" },
		{ "InitialR2T", "Irrelevant" },
		{ "InitialR2T", "yes" },
		{ "HeaderDigest", "CRC32C,None" },
		{ "X-org.itgtd.key", "1" },
		{ "own_MaxRecvDataSegmentLength", "512" },
	};
	struct ini_param p;
	size_t i;

	ini_param_init(&p);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		CU_ASSERT_FALSE(ini_param_set(&p, cases[i].key, cases[i].value));
	CU_ASSERT_EQUAL(p.MaxBurstLength, 262144);
	CU_ASSERT_TRUE(p.InitialR2T);
	CU_ASSERT_EQUAL(p.own_MaxRecvDataSegmentLength, 8192);
}

static const struct unit_test tests[] = {
	{ "a target's answers settle the values", answers_are_taken },
	{ "refusals, malformed values and other keys change nothing", others_change_nothing },
};

UNIT_MAIN("initiator/ini_param", tests)
