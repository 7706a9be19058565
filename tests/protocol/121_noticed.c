/* RFC 7143, 7.9, the other side: our initiator misses what was lost. */
#include "fixture.h"

#include <errno.h>
#include <string.h>

#define LEN 65536u
#define KEYS                                                    \
	"ErrorRecoveryLevel=1\nMaxRecvDataSegmentLength=4096\n" \
	"MaxBurstLength=16384\nFirstBurstLength=16384\n"        \
	"InitialR2T=Yes\nImmediateData=No\nMaxOutstandingR2T=2\n"

static uint8_t data[LEN];

/* The session does not see the PDU that comes next. */
static void lose_one(struct ini_session *s, enum pdu_opcode opcode)
{
	struct ini_pdu pdu;

	CHECK_OK(s, ini_conn_recv(&s->conn, &pdu, s->timeout_ms));
	CHECK_NUM(pdu_opcode(pdu.bhs), opcode);
}

static void expect_noticed(struct ini_session *s, int err, const char *what)
{
	CHECK_NUM(-err, EPROTO);
	CHECK_THAT(strstr(s->fault, what) != NULL, "\"%s\" is noticed, not \"%s\"", s->fault, what);
	ini_session_close(s);
}

static void missing_data_in(void)
{
	struct ini_session s;
	struct ini_task t;

	fixture_login(&s, KEYS);
	ini_scsi_read(&t, fixture_lun(), 0, LEN / FIXTURE_BLOCK, data, LEN);
	CHECK_OK(&s, ini_task_submit(&s, &t));
	CHECK_OK(&s, ini_conn_flush(&s.conn, s.timeout_ms));
	lose_one(&s, PDU_DATA_IN);
	expect_noticed(&s, ini_task_wait(&s, &t), "DataSN 1, not 0");
}

static void missing_r2t(void)
{
	struct ini_session s;
	struct ini_task t;

	fixture_login(&s, KEYS);
	ini_scsi_write(&t, fixture_lun(), 0, LEN / FIXTURE_BLOCK, data, LEN);
	CHECK_OK(&s, ini_task_submit(&s, &t));
	CHECK_OK(&s, ini_conn_flush(&s.conn, s.timeout_ms));
	lose_one(&s, PDU_R2T);
	expect_noticed(&s, ini_task_wait(&s, &t), "R2TSN 1, not 0");
}

static void missing_status(void)
{
	struct pdu_nop_out nop = { .immediate = true, .ttt = PDU_TAG_RESERVED };
	uint8_t bhs[PDU_BHS_LEN];
	struct ini_session s;
	struct ini_pdu pdu;
	int i;

	fixture_login(&s, KEYS);
	pdu_put_nop_out(bhs, &nop);
	for (i = 0; i < 2; i++)
		CHECK_OK(&s, ini_session_post(&s, bhs, NULL, 0, NULL));
	CHECK_OK(&s, ini_conn_flush(&s.conn, s.timeout_ms));
	lose_one(&s, PDU_NOP_IN);
	expect_noticed(&s, ini_session_recv(&s, &pdu, s.timeout_ms), "StatSN");
}

static const struct unit_test tests[] = {
	{ "a Data-In is missed by DataSN", missing_data_in },
	{ "an R2T is missed by R2TSN", missing_r2t },
	{ "a status is missed by StatSN", missing_status },
};

PROTOCOL_MAIN("protocol/noticed", NULL, tests)
