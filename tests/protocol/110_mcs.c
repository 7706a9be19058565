/* Many connections in a session (RFC 7143, 4.2.2, 4.2.3.3, 6.3.4, 7.6, 11.14). */
#include "mcs.h"

#include <errno.h>
#include <string.h>

#define LEN    65536u
#define BLOCKS (LEN / FIXTURE_BLOCK)
#define WAITS  "InitialR2T=Yes\nImmediateData=No\n" /* writes wait for an R2T's data */

static uint8_t data[LEN], in[LEN];

static void write_then_read(struct mcs *m, unsigned int writer, unsigned int reader, uint32_t seed)
{
	struct ini_task t;

	fixture_fill(data, LEN, seed);
	ini_scsi_write(&t, fixture_lun(), 0, BLOCKS, data, LEN);
	mcs_good(m, writer, &t);
	memset(in, 0, LEN);
	ini_scsi_read(&t, fixture_lun(), 0, BLOCKS, in, LEN);
	mcs_good(m, reader, &t);
	CHECK_THAT(memcmp(in, data, LEN) == 0, "other data comes back");
}

/* Start a write on connection i that waits for its data. */
static void start_write(struct mcs *m, unsigned int i, struct ini_task *t)
{
	ini_scsi_write(t, fixture_lun(), 0, BLOCKS, data, LEN);
	fixture_start_write(mcs_at(m, i), t);
}

/* ---- login ---- */

/* Each connection has its own digests and lengths; what one writes, any other reads. */
static void as_many_as_agreed(void)
{
	static const char *const keys[MCS_MAX] = {
		NULL,
		"HeaderDigest=CRC32C\n",
		"DataDigest=CRC32C\n",
		"HeaderDigest=CRC32C\nDataDigest=CRC32C\n",
		"MaxRecvDataSegmentLength=512\n",
		"MaxRecvDataSegmentLength=65536\nDataDigest=CRC32C\n",
		"",
		"HeaderDigest=None\n",
	};
	struct mcs m;
	unsigned int i;

	mcs_open(&m, NULL);
	for (i = 1; i < MCS_MAX; i++)
		mcs_join(&m, i, keys[i]);
	CHECK(m.s[3].param.HeaderDigest && m.s[3].param.DataDigest && !m.s[1].param.DataDigest);
	for (i = 0; i < MCS_MAX; i++)
		write_then_read(&m, i, (i + 3) % MCS_MAX, i);
	mcs_leave(&m, 5);
	fixture_serves();
}

static void one_too_many(void)
{
	struct mcs m;
	struct ini_login l = { .initiator = FIXTURE_INITIATOR, .operational = "" };
	struct ini_session more;
	unsigned int i;

	mcs_open(&m, NULL);
	for (i = 1; i < MCS_MAX; i++)
		mcs_join(&m, i, NULL);
	l.target = fixture_target();
	fixture_connect(&more);
	more.tsih = m.s[0].tsih;
	more.cid = MCS_MAX;
	CHECK_ERR(&more, ini_login(&more, &l), -EACCES);
	CHECK_NUM(more.login_status, PDU_LOGIN_TOO_MANY_CONNECTIONS);
	fixture_expect_end(&more);
	mcs_leave(&m, 0);
}

/* 13: keys of the leading login have no place in another. */
static void leading_keys(void)
{
	static const char *const keys[] = { "MaxConnections=2\n", "InitialR2T=No\n",
					    "ErrorRecoveryLevel=0\n", "MaxBurstLength=65536\n" };
	struct mcs m;
	size_t i;

	mcs_open(&m, NULL);
	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		CHECK_ERR(&m.s[1], mcs_try(&m, 1, keys[i]), -EACCES);
		CHECK_NUM(m.s[1].login_status, PDU_LOGIN_INITIATOR_ERROR);
		fixture_expect_end(&m.s[1]);
	}
	mcs_join(&m, 1, NULL);
	mcs_leave(&m, 1);
}

/* 6.3.4: the same CID again takes the place of the old connection, whose tasks end. */
static void reinstatement(void)
{
	struct mcs m;
	struct ini_session old;
	struct ini_task t;

	mcs_open(&m, WAITS);
	mcs_join(&m, 1, NULL);
	write_then_read(&m, 0, 1, 1);
	start_write(&m, 1, &t);
	old = m.s[1];
	mcs_join(&m, 1, NULL);
	fixture_expect_end(&old);
	mcs_told(&m, 1);
	write_then_read(&m, 1, 0, 2);
	mcs_leave(&m, 0);
}

/* ---- order ---- */

/* Commands run in the order of CmdSN, whatever connections they come by, and each is answered on
 * the one that it came by. */
static void order_across_connections(void)
{
	struct ini_session *a, *b;
	struct ini_task first, second;
	struct mcs m;

	mcs_open(&m, NULL);
	mcs_join(&m, 1, NULL);
	write_then_read(&m, 0, 1, 1);
	/* the read of what is to be written comes first */
	a = mcs_at(&m, 0);
	b = mcs_at(&m, 1);
	b->cmdsn++;
	ini_scsi_read(&second, fixture_lun(), 0, BLOCKS, in, LEN);
	CHECK_OK(b, ini_task_submit(b, &second));
	CHECK_OK(b, ini_request_nop(b, true, NULL, 0, NULL));
	CHECK_NUM(second.outcome, INI_IN_FLIGHT);
	CHECK_NUM(b->expcmdsn, b->cmdsn - 2);
	fixture_fill(data, LEN, 7);
	ini_scsi_write(&first, fixture_lun(), 0, BLOCKS, data, LEN);
	CHECK_OK(a, ini_task_submit(a, &first));
	a = mcs_at(&m, 0);
	CHECK_OK(a, ini_task_wait(a, &first));
	CHECK(ini_task_is_good(&first));
	CHECK_OK(b, ini_task_wait(b, &second));
	CHECK(ini_task_is_good(&second));
	CHECK_THAT(memcmp(in, data, LEN) == 0, "the read has overtaken the write");
	mcs_leave(&m, 1);
}

/* 4.2.5.1: data comes by the connection of its command, and no other. */
static void data_on_another_connection(void)
{
	struct ini_session *b;
	struct ini_task t;
	struct ini_pdu pdu;
	bool is_other;
	struct mcs m;

	mcs_open(&m, WAITS);
	mcs_join(&m, 1, NULL);
	fixture_fill(data, LEN, 9);
	start_write(&m, 0, &t);
	b = mcs_at(&m, 1);
	CHECK_OK(b, ini_task_answer_r2t(b, &t, &t.r2ts[0]));
	CHECK_OK(b, ini_task_step(b, &pdu, &is_other, b->timeout_ms));
	CHECK_NUM(pdu_opcode(pdu.bhs), PDU_REJECT);
	CHECK_NUM(pdu.bhs[2], PDU_REJECT_PROTOCOL_ERROR);
	mcs_at(&m, 0);
	CHECK_OK(&m.s[0], ini_task_answer_r2t(&m.s[0], &t, &t.r2ts[0]));
	CHECK_OK(&m.s[0], ini_task_wait(&m.s[0], &t));
	CHECK(ini_task_is_good(&t));
	write_then_read(&m, 0, 0, 9);
	mcs_leave(&m, 0);
}

/* Pings and text go by any connection; what a connection declares is its own. */
static void pings_and_text(void)
{
	struct ini_text text;
	struct ini_task t;
	struct mcs m;
	unsigned int i;

	mcs_open(&m, NULL);
	mcs_join(&m, 1, NULL);
	for (i = 0; i < 4; i++)
		CHECK_OK(&m.s[i % 2], ini_request_nop(mcs_at(&m, i % 2), i < 2, "abc", 3, NULL));
	ini_text_init(&text);
	CHECK_OK(&m.s[1], ini_text_add(&text, "MaxRecvDataSegmentLength", "512"));
	CHECK_OK(&m.s[1], ini_request_text(mcs_at(&m, 1), &text));
	m.s[1].param.own_MaxRecvDataSegmentLength = 512;
	ini_text_free(&text);
	ini_scsi_read(&t, fixture_lun(), 0, 8, in, 4096);
	mcs_good(&m, 1, &t);
	CHECK_NUM(t.ndata_in, 8);
	mcs_good(&m, 0, &t);
	CHECK_NUM(t.ndata_in, 1);
	mcs_leave(&m, 0);
}

/* ---- task management ---- */

static uint8_t manage(struct mcs *m, unsigned int i, uint8_t function, const struct ini_task *t)
{
	struct pdu_tmf_req req = { .immediate = true,
				   .function = function,
				   .rtt = t ? t->itt : PDU_TAG_RESERVED,
				   .refcmdsn = t ? t->cmdsn : 0 };
	uint8_t response = 0xee;

	ini_scsi_lun(req.lun, fixture_lun());
	CHECK_OK(&m->s[i], ini_request_tmf(mcs_at(m, i), &req, &response));
	return response;
}

static void abort_on_another_connection(void)
{
	struct ini_task t;
	struct mcs m;

	mcs_open(&m, WAITS);
	mcs_join(&m, 1, NULL);
	start_write(&m, 0, &t);
	CHECK_NUM(manage(&m, 1, PDU_TMF_ABORT_TASK, &t), PDU_TMF_COMPLETE);
	ini_task_forget(&m.s[0], &t);
	CHECK_OK(&m.s[0], ini_request_nop(mcs_at(&m, 0), true, NULL, 0, NULL));
	CHECK_NUM(t.outcome, INI_IN_FLIGHT);
	write_then_read(&m, 0, 1, 3);
	mcs_leave(&m, 0);
}

/*
 * 4.2.3.3: the answer to a function on many tasks waits until everything that was said on the
 * other connections is acknowledged.
 */
static void answers_are_acknowledged_first(void)
{
	struct pdu_tmf_req req = { .immediate = true,
				   .function = PDU_TMF_ABORT_TASK_SET,
				   .rtt = PDU_TAG_RESERVED };
	struct ini_session *a, *b;
	uint8_t bhs[PDU_BHS_LEN];
	struct ini_task t, later;
	struct ini_pdu pdu;
	bool is_other;
	uint32_t itt;
	struct mcs m;

	mcs_open(&m, WAITS);
	mcs_join(&m, 1, NULL);
	start_write(&m, 0, &t);
	a = mcs_at(&m, 0);
	b = mcs_at(&m, 1);
	ini_scsi_lun(req.lun, fixture_lun());
	pdu_put_tmf_req(bhs, &req);
	CHECK_OK(b, ini_session_post(b, bhs, NULL, 0, &itt));
	CHECK_OK(b, ini_conn_flush(&b->conn, b->timeout_ms));
	a->ignore_pings = true;
	CHECK_OK(a, ini_task_step(a, &pdu, &is_other, a->timeout_ms));
	CHECK_NUM(a->pings, 1);
	fixture_settle();
	CHECK_ERR(b, ini_session_recv(b, &pdu, 0), -ETIMEDOUT);
	/* ExpStatSN says it all, in whatever request it comes; the answers to commands from now on
	 * come when that answer is acknowledged in turn */
	CHECK_OK(a, ini_request_nop(a, true, NULL, 0, NULL));
	CHECK_OK(b, ini_request_wait(b, itt, PDU_TMF_RSP, &pdu));
	CHECK_NUM(pdu.bhs[2], PDU_TMF_COMPLETE);
	ini_scsi_test_unit_ready(&later, fixture_lun());
	CHECK_OK(a, ini_task_submit(mcs_at(&m, 0), &later));
	CHECK_OK(a, ini_conn_flush(&a->conn, a->timeout_ms));
	CHECK_OK(a, ini_request_nop(a, true, NULL, 0, NULL));
	fixture_settle();
	CHECK_ERR(a, ini_session_recv(a, &pdu, 0), -ETIMEDOUT);
	CHECK_OK(b, ini_request_nop(mcs_at(&m, 1), true, NULL, 0, NULL));
	CHECK_OK(a, ini_task_wait(a, &later));
	CHECK_NUM(later.status, 0);
	ini_task_forget(a, &t);
	a->ignore_pings = false;
	CHECK_NUM(t.outcome, INI_IN_FLIGHT);
	write_then_read(&m, 0, 1, 4);
	mcs_leave(&m, 1);
}

/* 4.2.3.3 b): an immediate function waits for commands that other connections still bring. */
static void commands_on_their_way(void)
{
	struct pdu_tmf_req req = { .immediate = true,
				   .function = PDU_TMF_ABORT_TASK_SET,
				   .rtt = PDU_TAG_RESERVED };
	struct ini_session *a, *b;
	uint8_t bhs[PDU_BHS_LEN];
	struct ini_pdu pdu;
	struct ini_task t;
	bool is_other;
	uint32_t itt;
	struct mcs m;

	mcs_open(&m, WAITS);
	mcs_join(&m, 1, NULL);
	a = mcs_at(&m, 0);
	b = mcs_at(&m, 1);
	b->cmdsn++;
	ini_scsi_lun(req.lun, fixture_lun());
	pdu_put_tmf_req(bhs, &req);
	CHECK_OK(b, ini_session_post(b, bhs, NULL, 0, &itt));
	CHECK_OK(b, ini_request_nop(b, true, NULL, 0, NULL));
	ini_scsi_write(&t, fixture_lun(), 0, BLOCKS, data, LEN);
	CHECK_OK(a, ini_task_submit(a, &t));
	while (!a->pings) /* the command is there now, and has ended */
		CHECK_OK(a, ini_task_step(a, &pdu, &is_other, a->timeout_ms));
	CHECK_OK(a, ini_conn_flush(&a->conn, a->timeout_ms));
	CHECK_OK(b, ini_request_wait(b, itt, PDU_TMF_RSP, &pdu));
	CHECK_NUM(pdu.bhs[2], PDU_TMF_COMPLETE);
	CHECK_OK(b, ini_request_nop(b, true, NULL, 0, NULL));
	CHECK_OK(a, ini_request_nop(a, true, NULL, 0, NULL));
	CHECK_NUM(t.outcome, INI_IN_FLIGHT);
	ini_task_forget(a, &t);
	write_then_read(&m, 0, 1, 5);
	mcs_leave(&m, 1);
}

#define FUNCTIONS 2000
#define DEPTH     128 /* queue-depth, unless a target says another */

/*
 * Functions whose answers wait for an acknowledgement that does not come are bounded like those
 * that run; when the connection that owes it goes, all the rest are answered.
 */
static void answers_in_line_are_bounded(void)
{
	struct pdu_tmf_req req = { .immediate = true,
				   .function = PDU_TMF_ABORT_TASK_SET,
				   .rtt = PDU_TAG_RESERVED };
	unsigned int i, rejected = 0;
	struct ini_session *b;
	uint8_t bhs[PDU_BHS_LEN];
	struct ini_pdu pdu;
	struct mcs m;

	mcs_open(&m, NULL);
	mcs_join(&m, 1, NULL);
	b = mcs_at(&m, 1);
	ini_scsi_lun(req.lun, fixture_lun());
	for (i = 0; i < FUNCTIONS; i++) {
		pdu_put_tmf_req(bhs, &req);
		CHECK_OK(b, ini_session_post(b, bhs, NULL, 0, NULL));
	}
	CHECK_OK(b, ini_conn_flush(&b->conn, b->timeout_ms));
	fixture_settle();
	mcs_cut(&m, 0);
	b = mcs_at(&m, 1);
	for (i = 0; i < FUNCTIONS; i++) {
		CHECK_OK(b, ini_session_recv(b, &pdu, b->timeout_ms));
		CHECK_NUM(pdu_opcode(pdu.bhs), PDU_TMF_RSP);
		CHECK(pdu.bhs[2] == PDU_TMF_COMPLETE || pdu.bhs[2] == PDU_TMF_REJECTED);
		rejected += pdu.bhs[2] == PDU_TMF_REJECTED;
	}
	CHECK_NUM(rejected, FUNCTIONS - DEPTH);
	mcs_leave(&m, 1);
}

/* ---- ends ---- */

static uint8_t log_out(struct mcs *m, unsigned int i, uint16_t cid)
{
	uint8_t response = 0xee;

	CHECK_OK(&m->s[i], ini_request_logout(mcs_at(m, i), PDU_LOGOUT_CONNECTION, cid, &response));
	return response;
}

/* 11.14.1, reason 1, of itself: the session goes on, and is told of tasks that ended with it. */
static void a_connection_logs_out(void)
{
	struct ini_task t;
	struct mcs m;

	mcs_open(&m, WAITS);
	mcs_join(&m, 1, NULL);
	mcs_join(&m, 2, NULL);
	start_write(&m, 0, &t);
	CHECK_NUM(log_out(&m, 0, 0), PDU_LOGOUT_DONE);
	CHECK_NUM(t.outcome, INI_IN_FLIGHT);
	mcs_ends(&m, 0);
	mcs_told(&m, 1);
	write_then_read(&m, 2, 1, 6);
	CHECK_NUM(log_out(&m, 1, 1), PDU_LOGOUT_DONE);
	mcs_ends(&m, 1);
	write_then_read(&m, 2, 2, 7); /* nothing was lost: nothing is told */
	mcs_leave(&m, 2);
}

/* … of another one. */
static void a_connection_is_logged_out(void)
{
	struct ini_task t;
	struct mcs m;

	mcs_open(&m, WAITS);
	mcs_join(&m, 1, NULL);
	start_write(&m, 0, &t);
	CHECK_NUM(log_out(&m, 1, 7), PDU_LOGOUT_NO_CID);
	CHECK_NUM(log_out(&m, 1, 0), PDU_LOGOUT_DONE);
	CHECK_NUM(t.outcome, INI_IN_FLIGHT);
	mcs_ends(&m, 0);
	CHECK_NUM(log_out(&m, 1, 0), PDU_LOGOUT_NO_CID);
	mcs_told(&m, 1);
	write_then_read(&m, 1, 1, 8);
	mcs_leave(&m, 1);
}

/*
 * A connection that breaks takes its tasks along. 11.14: what waited for its CmdSN is discarded,
 * and comes again with the number that it had.
 */
static void a_connection_breaks(void)
{
	struct ini_session *a, *b;
	struct ini_task t, held;
	struct mcs m;
	uint32_t next;

	mcs_open(&m, WAITS);
	mcs_join(&m, 1, NULL);
	start_write(&m, 0, &t);
	a = mcs_at(&m, 0);
	a->cmdsn++;
	ini_scsi_test_unit_ready(&held, fixture_lun());
	CHECK_OK(a, ini_task_submit(a, &held));
	CHECK_OK(a, ini_conn_flush(&a->conn, a->timeout_ms));
	next = a->cmdsn;
	mcs_cut(&m, 0);
	/* the gap is filled on the other one, and what was held behind it is sent again */
	b = &m.s[1];
	b->cmdsn = next - 2;
	ini_scsi_test_unit_ready(&t, fixture_lun());
	CHECK_OK(b, ini_task_submit(b, &t));
	CHECK_OK(b, ini_task_wait(b, &t));
	CHECK_NUM(ini_task_sense(&t), SENSE_PROTOCOL_EVENT);
	CHECK_NUM(b->expcmdsn, next - 1);
	ini_scsi_test_unit_ready(&held, fixture_lun());
	CHECK_OK(b, ini_task_submit(b, &held));
	CHECK_OK(b, ini_task_wait(b, &held));
	CHECK(ini_task_is_good(&held));
	CHECK_NUM(b->expcmdsn, next);
	write_then_read(&m, 1, 1, 9);
	mcs_join(&m, 0, NULL);
	write_then_read(&m, 0, 1, 10);
	mcs_leave(&m, 0);
}

/* Reason 0 on any connection ends all, tasks and all. */
static void the_session_logs_out(void)
{
	struct ini_task t[2];
	struct mcs m;

	mcs_open(&m, WAITS);
	mcs_join(&m, 1, NULL);
	mcs_join(&m, 2, NULL);
	start_write(&m, 0, &t[0]);
	start_write(&m, 2, &t[1]);
	mcs_leave(&m, 1);
	CHECK(t[0].outcome == INI_IN_FLIGHT && t[1].outcome == INI_IN_FLIGHT);
	fixture_serves();
}

/* The session is over with its last connection. */
static void the_last_connection(void)
{
	struct mcs m;

	mcs_open(&m, NULL);
	mcs_join(&m, 1, NULL);
	mcs_cut(&m, 0);
	write_then_read(&m, 1, 1, 11);
	mcs_cut(&m, 1);
	m.is_up[0] = true;
	CHECK_ERR(&m.s[1], mcs_try(&m, 1, NULL), -EACCES);
	CHECK_NUM(m.s[1].login_status, PDU_LOGIN_NO_SESSION);
	fixture_expect_end(&m.s[1]);
	fixture_serves();
}

/* A new leading login of the same initiator port ends all connections of the old session. */
static void the_session_is_replaced(void)
{
	struct ini_session s;
	struct mcs m;

	mcs_open(&m, NULL);
	mcs_join(&m, 1, NULL);
	fixture_login(&s, NULL);
	mcs_ends(&m, 0);
	mcs_ends(&m, 1);
	fixture_leave(&s);
}

static const struct unit_test tests[] = {
	{ "13.2: as many connections as agreed, each with its own keys", as_many_as_agreed },
	{ "13.2: one more is refused with 0x0206", one_too_many },
	{ "13: a later connection says no leading key", leading_keys },
	{ "6.3.4: the same CID again replaces the connection", reinstatement },
	{ "4.2.2.1: order is kept over all connections", order_across_connections },
	{ "4.2.5.1: data on another connection is rejected", data_on_another_connection },
	{ "pings and text go by any connection", pings_and_text },
	{ "11.5.1: a task of another connection is aborted", abort_on_another_connection },
	{ "4.2.3.3: answers on other connections are acknowledged first",
	  answers_are_acknowledged_first },
	{ "4.2.3.3: a function waits for commands on other connections", commands_on_their_way },
	{ "answers that wait for others are bounded", answers_in_line_are_bounded },
	{ "11.14.1: a connection logs out", a_connection_logs_out },
	{ "11.14.1: a connection is logged out by another", a_connection_is_logged_out },
	{ "7.6: a connection breaks", a_connection_breaks },
	{ "11.14.1: the session logs out on any connection", the_session_logs_out },
	{ "8.3: the session ends with its last connection", the_last_connection },
	{ "6.3.5: a new session replaces all connections", the_session_is_replaced },
};

PROTOCOL_MAIN("protocol/mcs", NULL, tests)
