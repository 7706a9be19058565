#include "iscsi/param.h"

#include "unit.h"

#include <string.h>

/* RFC 7143, section 13: "Default is". */
static void every_key_begins_with_its_default(void)
{
	struct param p;

	memset(&p, 0xff, sizeof(p));
	param_init(&p);
	CU_ASSERT_STRING_EQUAL(p.InitiatorName, "");
	CU_ASSERT_STRING_EQUAL(p.InitiatorAlias, "");
	CU_ASSERT_STRING_EQUAL(p.TargetName, "");
	CU_ASSERT_EQUAL(p.SessionType, SESSION_NORMAL);
	CU_ASSERT_EQUAL(p.MaxConnections, 1);
	CU_ASSERT_EQUAL(p.FirstBurstLength, 65536);
	CU_ASSERT_EQUAL(p.MaxBurstLength, 262144);
	CU_ASSERT_EQUAL(p.DefaultTime2Wait, 2);
	CU_ASSERT_EQUAL(p.DefaultTime2Retain, 20);
	CU_ASSERT_EQUAL(p.MaxOutstandingR2T, 1);
	CU_ASSERT_EQUAL(p.ErrorRecoveryLevel, 0);
	CU_ASSERT_EQUAL(p.iSCSIProtocolLevel, 1);
	CU_ASSERT_EQUAL(p.TaskReporting, TASK_REPORTING_RFC3720);
	CU_ASSERT_TRUE(p.InitialR2T);
	CU_ASSERT_TRUE(p.ImmediateData);
	CU_ASSERT_TRUE(p.DataPDUInOrder);
	CU_ASSERT_TRUE(p.DataSequenceInOrder);
	CU_ASSERT_FALSE(p.HeaderDigest);
	CU_ASSERT_FALSE(p.DataDigest);
	CU_ASSERT_EQUAL(p.peer_MaxRecvDataSegmentLength, 8192);
}

static const struct unit_test tests[] = {
	{ "every key begins with its default", every_key_begins_with_its_default },
};

UNIT_MAIN("iscsi/param", tests)
