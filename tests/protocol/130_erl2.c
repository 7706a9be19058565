/* Error recovery level 2 (RFC 7143, 6.3.4, 7.2.2, 7.5, 7.6, 11.14.1): tasks outlive their
 * connection. */
#include "erl.h"
#include "mcs.h"

#include "base/bytes.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#define LEN    32768u
#define PIECE  4096u
#define BLOCKS (LEN / FIXTURE_BLOCK)
#define PDUS   (LEN / PIECE)

#define KEYS                                                    \
	"ErrorRecoveryLevel=2\nMaxRecvDataSegmentLength=4096\n" \
	"MaxBurstLength=16384\nFirstBurstLength=16384\n"        \
	"InitialR2T=Yes\nImmediateData=No\n"
#define LATER "MaxRecvDataSegmentLength=4096\n"

static struct mcs m;
static uint8_t data[LEN], in[LEN];
static struct erl_pdu pdu;

static void open_session(const char *more)
{
	char keys[512];

	(void)snprintf(keys, sizeof(keys), "%s%s", KEYS, more);
	mcs_open(&m, keys);
	CHECK_NUM(m.s[0].param.ErrorRecoveryLevel, 2);
}

static void check_disk(unsigned int i)
{
	struct ini_task t;

	memset(in, 0, LEN);
	ini_scsi_read(&t, fixture_lun(), 0, BLOCKS, in, LEN);
	mcs_good(&m, i, &t);
	CHECK_THAT(memcmp(in, data, LEN) == 0, "other data is on the disk");
}

static void fill(unsigned int i, uint32_t seed)
{
	struct ini_task t;

	fixture_fill(data, LEN, seed);
	ini_scsi_write(&t, fixture_lun(), 0, BLOCKS, data, LEN);
	mcs_good(&m, i, &t);
}

static uint8_t log_out(unsigned int i, enum pdu_logout_reason reason, uint16_t cid)
{
	uint8_t response = 0xee;

	CHECK_OK(&m.s[i], ini_request_logout(mcs_at(&m, i), reason, cid, &response));
	return response;
}

/* Ask for t on connection i; the response comes before anything else. */
static uint8_t reassign(unsigned int i, const struct ini_task *t, uint32_t expdatasn)
{
	struct pdu_tmf_req req = { .immediate = true,
				   .function = PDU_TMF_TASK_REASSIGN,
				   .rtt = t->itt,
				   .expdatasn = expdatasn };
	struct ini_session *s = mcs_at(&m, i);
	uint8_t bhs[PDU_BHS_LEN];
	uint32_t itt;

	pdu_put_tmf_req(bhs, &req);
	CHECK_OK(s, ini_session_post(s, bhs, NULL, 0, &itt));
	erl_expect(s, &pdu, PDU_TMF_RSP);
	CHECK_NUM(pdu.itt, itt);
	erl_got(s, &pdu);
	return pdu.bhs[2];
}

/* Have what connection 0 left taken over: by itself anew, or by another one. */
static unsigned int take_over(bool reinstated)
{
	if (reinstated) {
		mcs_join(&m, 0, LATER); /* the same CID: an implicit logout for recovery */
		return 0;
	}
	if (!m.is_up[1])
		mcs_join(&m, 1, LATER);
	CHECK_NUM(log_out(1, PDU_LOGOUT_RECOVERY, 0), PDU_LOGOUT_DONE);
	return 1;
}

/* Answer R2Ts until the status comes, which it does once. */
static void finish_write(unsigned int i, const struct ini_task *t)
{
	struct ini_session *s = &m.s[i];
	struct pdu_r2t r2t;

	for (;;) {
		erl_recv(s, &pdu);
		CHECK_NUM(pdu.itt, t->itt);
		if (pdu.opcode == PDU_SCSI_RSP)
			break;
		CHECK(pdu_get_r2t(pdu.bhs, &r2t) == PDU_OK);
		erl_answer(s, t, &r2t, PIECE);
	}
	CHECK_NUM(pdu.bhs[3], 0);
	erl_got(s, &pdu);
	erl_silence(s);
}

/* Begin a write on connection 0, and send n PDUs of its data. */
static void begin_write(struct ini_task *t, uint32_t n)
{
	struct ini_session *s = mcs_at(&m, 0);
	struct pdu_r2t r2t = { .len = 0 };
	struct pdu_data_out out;
	uint32_t i;

	ini_scsi_write(t, fixture_lun(), 0, BLOCKS, data, LEN);
	erl_command(s, t);
	for (i = 0; i < n; i++) {
		if (i % 4 == 0)
			r2t = erl_r2t(s);
		out = (struct pdu_data_out){ .ttt = r2t.ttt,
					     .datasn = i % 4,
					     .offset = i * PIECE,
					     .data_len = PIECE,
					     .final = i % 4 == 3 };
		erl_data(s, t, &out, 0);
	}
}

/* A write whose connection is cut behind any PDU ends once, with all its data. */
static void writes_are_cut(void)
{
	struct ini_task t;
	unsigned int by;
	uint32_t n;

	for (n = 0; n <= 2 * PDUS + 1; n++) {
		open_session("");
		fill(0, n);
		fixture_fill(data, LEN, 1000 + n);
		begin_write(&t, n / 2);
		mcs_cut(&m, 0);
		by = take_over(n % 2);
		CHECK_NUM(reassign(by, &t, 0), PDU_TMF_COMPLETE);
		finish_write(by, &t);
		check_disk(by);
		mcs_leave(&m, by);
	}
}

/* A read whose connection is cut behind any PDU goes on there, and its status comes once. */
static void reads_are_cut(void)
{
	struct ini_session *s;
	struct ini_task t;
	unsigned int by;
	uint32_t n, i;

	for (n = 0; n <= 2 * PDUS + 1; n++) {
		bool ended = false;

		open_session("");
		fill(0, 50 + n);
		s = mcs_at(&m, 0);
		memset(in, 0, LEN);
		ini_scsi_read(&t, fixture_lun(), 0, BLOCKS, in, LEN);
		erl_command(s, &t);
		for (i = 0; i < n / 2; i++) {
			erl_expect(s, &pdu, PDU_DATA_IN);
			memcpy(in + be32(pdu.bhs + 40), pdu.data, pdu.data_len);
		}
		mcs_cut(&m, 0);
		by = take_over(n % 2);
		CHECK_NUM(reassign(by, &t, n / 2), PDU_TMF_COMPLETE);
		s = &m.s[by];
		for (i = n / 2; i < PDUS; i++) {
			erl_expect(s, &pdu, PDU_DATA_IN);
			CHECK_NUM(pdu.itt, t.itt);
			CHECK_NUM(be32(pdu.bhs + 36), i);
			memcpy(in + be32(pdu.bhs + 40), pdu.data, pdu.data_len);
			ended |= pdu.bhs[1] & PDU_DATA_IN_STATUS;
		}
		if (ended)
			erl_got(s, &pdu);
		else
			erl_good(s, &t);
		erl_silence(s);
		CHECK_THAT(memcmp(in, data, LEN) == 0, "other data was read");
		mcs_leave(&m, by);
	}
}

/* A status that was said, but not acknowledged, is given again; also in other pieces. */
static void statuses_are_given_again(void)
{
	struct ini_session *s;
	struct ini_task t;
	uint32_t i;

	open_session("");
	fill(0, 200);
	s = mcs_at(&m, 0);
	ini_scsi_test_unit_ready(&t, 99);
	erl_command(s, &t);
	erl_expect(s, &pdu, PDU_SCSI_RSP);
	CHECK_NUM(pdu.bhs[3], 2);
	mcs_cut(&m, 0);
	mcs_join(&m, 0, "MaxRecvDataSegmentLength=2048\n");
	CHECK_NUM(reassign(0, &t, 0), PDU_TMF_COMPLETE);
	s = &m.s[0];
	erl_expect(s, &pdu, PDU_SCSI_RSP);
	CHECK(pdu.itt == t.itt && pdu.bhs[3] == 2 && pdu.data_len > 8);
	erl_got(s, &pdu);
	erl_silence(s);
	CHECK_NUM(reassign(0, &t, 0), PDU_TMF_NO_TASK); /* it is acknowledged */
	/* a read in pieces of 2048 bytes goes on in pieces of 4096 */
	ini_scsi_read(&t, fixture_lun(), 0, BLOCKS, in, LEN);
	erl_command(mcs_at(&m, 0), &t);
	for (i = 0; i < 6; i++) {
		erl_expect(&m.s[0], &pdu, PDU_DATA_IN);
		CHECK_NUM(pdu.data_len, 2048);
	}
	mcs_cut(&m, 0);
	mcs_join(&m, 1, LATER);
	CHECK_NUM(log_out(1, PDU_LOGOUT_RECOVERY, 0), PDU_LOGOUT_DONE);
	CHECK_NUM(reassign(1, &t, 6), PDU_TMF_COMPLETE);
	for (i = 0; i < (LEN - 6 * 2048) / 4096; i++) {
		erl_expect(&m.s[1], &pdu, PDU_DATA_IN);
		CHECK_NUM(be32(pdu.bhs + 36), 6 + i);
		CHECK_NUM(be32(pdu.bhs + 40), 6 * 2048 + i * 4096);
		CHECK(memcmp(pdu.data, data + 6 * 2048 + i * 4096, 4096) == 0);
	}
	CHECK(pdu.bhs[1] & PDU_DATA_IN_STATUS);
	erl_got(&m.s[1], &pdu);
	mcs_leave(&m, 1);
}

/* 7.2.2, 11.6.1 */
static void response_codes(void)
{
	struct ini_task t, none = { .itt = 0x7777 };

	mcs_open(&m, "ErrorRecoveryLevel=1\n");
	CHECK_NUM(reassign(0, &none, 0), PDU_TMF_NO_REASSIGN);
	mcs_leave(&m, 0);
	open_session("");
	fill(0, 300);
	mcs_join(&m, 1, LATER);
	begin_write(&t, 2);
	CHECK_NUM(reassign(1, &none, 0), PDU_TMF_NO_TASK);
	CHECK_NUM(reassign(1, &t, 0), PDU_TMF_STILL_ALLEGIANT);
	mcs_cut(&m, 0);
	CHECK_NUM(reassign(1, &t, 0), PDU_TMF_STILL_ALLEGIANT); /* no logout yet */
	CHECK_NUM(log_out(1, PDU_LOGOUT_RECOVERY, 5), PDU_LOGOUT_NO_CID);
	CHECK_NUM(log_out(1, PDU_LOGOUT_RECOVERY, 0), PDU_LOGOUT_DONE);
	CHECK_NUM(reassign(1, &t, 0), PDU_TMF_COMPLETE);
	finish_write(1, &t);
	check_disk(1);
	mcs_leave(&m, 1);
}

/* 11.14.1, reason 2, of a connection that lives: another one's, and its own. */
static void logged_out_for_recovery(void)
{
	struct ini_task t;

	open_session("");
	fill(0, 400);
	mcs_join(&m, 1, LATER);
	fixture_fill(data, LEN, 401);
	begin_write(&t, 3);
	CHECK_NUM(log_out(1, PDU_LOGOUT_RECOVERY, 0), PDU_LOGOUT_DONE);
	mcs_ends(&m, 0);
	CHECK_NUM(reassign(1, &t, 0), PDU_TMF_COMPLETE);
	finish_write(1, &t);
	check_disk(1);
	mcs_join(&m, 0, LATER);
	fixture_fill(data, LEN, 402);
	begin_write(&t, 6);
	erl_silence(&m.s[0]);
	CHECK_NUM(log_out(0, PDU_LOGOUT_RECOVERY, 0), PDU_LOGOUT_DONE);
	mcs_ends(&m, 0);
	CHECK_NUM(reassign(1, &t, 0), PDU_TMF_COMPLETE);
	finish_write(1, &t);
	check_disk(1);
	mcs_leave(&m, 1);
}

/* Who asks twice for the same is answered twice. */
static void asked_twice(void)
{
	const struct pdu_logout_req req = { .immediate = true, .reason = PDU_LOGOUT_RECOVERY };
	struct ini_session *s;
	uint8_t bhs[PDU_BHS_LEN];
	struct ini_task t;
	uint32_t itt[2];
	int i;

	open_session("");
	fill(0, 450);
	mcs_join(&m, 1, LATER);
	fixture_fill(data, LEN, 451);
	begin_write(&t, 3);
	s = mcs_at(&m, 1);
	for (i = 0; i < 2; i++) {
		pdu_put_logout_req(bhs, &req);
		CHECK_OK(s, ini_session_post(s, bhs, NULL, 0, &itt[i]));
	}
	for (i = 0; i < 2; i++) {
		erl_expect(s, &pdu, PDU_LOGOUT_RSP);
		CHECK(pdu.itt == itt[0] || pdu.itt == itt[1]);
		CHECK_NUM(pdu.bhs[2], PDU_LOGOUT_DONE);
		erl_got(s, &pdu);
	}
	mcs_ends(&m, 0);
	CHECK_NUM(reassign(1, &t, 0), PDU_TMF_COMPLETE);
	finish_write(1, &t);
	check_disk(1);
	mcs_leave(&m, 1);
}

/* The tag of a task whose status waits to be given again is used for another command. */
static void a_tag_is_used_anew(void)
{
	struct ini_task t, next;

	open_session("");
	fill(0, 480);
	mcs_join(&m, 1, LATER);
	ini_scsi_test_unit_ready(&t, fixture_lun());
	erl_command(mcs_at(&m, 0), &t);
	erl_expect(&m.s[0], &pdu, PDU_SCSI_RSP);
	mcs_cut(&m, 0);
	mcs_at(&m, 1)->itt = t.itt;
	ini_scsi_test_unit_ready(&next, fixture_lun());
	erl_command(&m.s[1], &next);
	CHECK_NUM(next.itt, t.itt);
	erl_good(&m.s[1], &next);
	CHECK_NUM(log_out(1, PDU_LOGOUT_RECOVERY, 0), PDU_LOGOUT_DONE);
	CHECK_NUM(reassign(1, &t, 0), PDU_TMF_NO_TASK);
	mcs_leave(&m, 1);
}

/* 7.6 a): a logout that closes the lost connection ends its tasks, which is told. */
static void closed_for_good(void)
{
	struct ini_task t;

	open_session("");
	fill(0, 500);
	mcs_join(&m, 1, LATER);
	begin_write(&t, 3);
	mcs_cut(&m, 0);
	CHECK_NUM(log_out(1, PDU_LOGOUT_CONNECTION, 0), PDU_LOGOUT_DONE);
	CHECK_NUM(reassign(1, &t, 0), PDU_TMF_NO_TASK);
	mcs_told(&m, 1);
	check_disk(1);
	mcs_leave(&m, 1);
}

/* A task that waits can be aborted. */
static void aborted_meanwhile(void)
{
	struct pdu_tmf_req req = { .immediate = true, .function = PDU_TMF_ABORT_TASK };
	struct ini_task t;
	uint8_t response;

	open_session("");
	fill(0, 600);
	mcs_join(&m, 1, LATER);
	begin_write(&t, 3);
	mcs_cut(&m, 0);
	req.rtt = t.itt;
	req.refcmdsn = t.cmdsn;
	CHECK_OK(&m.s[1], ini_request_tmf(mcs_at(&m, 1), &req, &response));
	CHECK_NUM(response, PDU_TMF_COMPLETE);
	CHECK_NUM(reassign(1, &t, 0), PDU_TMF_NO_TASK);
	check_disk(1);
	mcs_leave(&m, 1);
}

/*
 * ABORT TASK SET when one task of the set has lost its connection, and so has the status of a
 * command that is over: that one is not of the set, and is given again. The function is answered
 * when the other connection has acknowledged what was said there, and what comes after waits for
 * that.
 */
static void a_set_is_aborted(void)
{
	struct pdu_tmf_req req = { .immediate = true,
				   .function = PDU_TMF_ABORT_TASK_SET,
				   .rtt = PDU_TAG_RESERVED };
	struct ini_task t, over, later;
	uint8_t bhs[PDU_BHS_LEN];
	struct ini_pdu answer;
	uint32_t itt, i;

	open_session("");
	mcs_join(&m, 1, LATER);
	mcs_join(&m, 2, LATER);
	fill(0, 1000);
	fixture_fill(data, LEN, 1001);
	ini_scsi_test_unit_ready(&over, fixture_lun());
	erl_command(mcs_at(&m, 0), &over);
	erl_expect(&m.s[0], &pdu, PDU_SCSI_RSP); /* it is not acknowledged */
	begin_write(&t, 3);
	mcs_cut(&m, 0);
	ini_scsi_lun(req.lun, fixture_lun());
	pdu_put_tmf_req(bhs, &req);
	CHECK_OK(&m.s[1], ini_session_post(mcs_at(&m, 1), bhs, NULL, 0, &itt));
	CHECK_OK(&m.s[1], ini_conn_flush(&m.s[1].conn, m.s[1].timeout_ms));
	(void)erl_ping(&m.s[2], m.s[2].timeout_ms);
	CHECK_OK(&m.s[2], ini_request_nop(mcs_at(&m, 2), true, NULL, 0, NULL));
	CHECK_OK(&m.s[1], ini_request_wait(&m.s[1], itt, PDU_TMF_RSP, &answer));
	CHECK_NUM(answer.bhs[2], PDU_TMF_COMPLETE);
	ini_scsi_test_unit_ready(&later, fixture_lun());
	CHECK_OK(&m.s[2], ini_task_submit(mcs_at(&m, 2), &later));
	for (i = 0; i < 3; i++)
		CHECK_OK(&m.s[2], ini_request_nop(&m.s[2], true, NULL, 0, NULL));
	CHECK_NUM(later.outcome, INI_IN_FLIGHT);
	CHECK_OK(&m.s[1], ini_request_nop(mcs_at(&m, 1), true, NULL, 0, NULL));
	CHECK_OK(&m.s[2], ini_task_wait(&m.s[2], &later));
	CHECK_NUM(later.status, 0);
	CHECK_NUM(log_out(1, PDU_LOGOUT_RECOVERY, 0), PDU_LOGOUT_DONE);
	CHECK_NUM(reassign(1, &t, 0), PDU_TMF_NO_TASK);
	CHECK_NUM(reassign(1, &over, 0), PDU_TMF_COMPLETE);
	erl_good(&m.s[1], &over);
	fixture_fill(data, LEN, 1000);
	check_disk(2);
	mcs_leave(&m, 2);
}

static void wait_for(const char *text)
{
	unsigned int before = fixture_log_count(text);

	while (fixture_log_count(text) == before)
		fixture_settle();
}

/* 7.6 c): time is over: the tasks end, which is told; the session ends with its last connection. */
static void time_is_over(void)
{
	struct ini_task t;

	open_session("DefaultTime2Wait=0\nDefaultTime2Retain=1\n");
	fill(0, 700);
	mcs_join(&m, 1, LATER);
	begin_write(&t, 3);
	mcs_cut(&m, 0);
	wait_for("was not recovered in time");
	CHECK_NUM(reassign(1, &t, 0), PDU_TMF_NO_TASK);
	mcs_told(&m, 1);
	check_disk(1);
	mcs_cut(&m, 1);
	wait_for("was not recovered in time");
	CHECK_ERR(&m.s[1], mcs_try(&m, 1, LATER), -EACCES);
	CHECK_NUM(m.s[1].login_status, PDU_LOGIN_NO_SESSION);
	fixture_expect_end(&m.s[1]);
	fixture_serves();
}

/* The time begins when the connection is lost, however long nothing was said before. */
static void a_line_that_was_silent(void)
{
	/* 2 s until the daemon has looked whether it waits for something, then more than it keeps
	 */
	const struct timespec silence = { .tv_sec = 5, .tv_nsec = 500000000 };
	struct pdu_nop_out nop = { .immediate = true,
				   .itt = PDU_TAG_RESERVED,
				   .ttt = PDU_TAG_RESERVED };
	struct ini_pdu ack = { 0 };
	struct ini_session *s;

	open_session("DefaultTime2Wait=0\nDefaultTime2Retain=1\n");
	s = mcs_at(&m, 0);
	erl_silence(s);
	nop.cmdsn = s->cmdsn;
	nop.expstatsn = s->expstatsn;
	pdu_put_nop_out(ack.bhs, &nop);
	CHECK_OK(s, ini_conn_send(&s->conn, &ack, s->timeout_ms)); /* nothing is left to wait for */
	nanosleep(&silence, NULL);
	CHECK_NUM(shutdown(s->conn.fd, SHUT_WR), 0); /* no other connection wakes the daemon */
	mcs_ends(&m, 0);
	mcs_join(&m, 0, LATER); /* the session is still there */
	mcs_leave(&m, 0);
}

#define HEAVY_LEN (4u << 20)
#define HEAVY     80 /* more than buffer-memory has room for */

/* Tasks that wait for an hour do not keep others from all the memory there is. */
static void others_need_the_memory(void)
{
	static uint8_t heavy[HEAVY_LEN];
	struct ini_session s;
	struct ini_task t;
	int i;

	open_session("DefaultTime2Wait=3600\n");
	fill(0, 750);
	for (i = 0; i < HEAVY; i++) {
		ini_scsi_write(&t, fixture_lun(), 0, HEAVY_LEN / FIXTURE_BLOCK, heavy, HEAVY_LEN);
		erl_command(mcs_at(&m, 0), &t);
	}
	mcs_cut(&m, 0);
	fixture_login_as(&s, 77, NULL);
	fixture_ready(&s, 0);
	memset(in, 0, LEN);
	ini_scsi_read(&t, fixture_lun(), 0, BLOCKS, in, LEN);
	CHECK_GOOD(&s, &t);
	CHECK_THAT(memcmp(in, data, LEN) == 0, "other data is on the disk");
	fixture_leave(&s);
}

/* Who agrees on no time has none. */
static void no_time(void)
{
	open_session("DefaultTime2Retain=0\n");
	mcs_cut(&m, 0);
	CHECK_ERR(&m.s[0], mcs_try(&m, 0, LATER), -EACCES);
	CHECK_NUM(m.s[0].login_status, PDU_LOGIN_NO_SESSION);
	fixture_expect_end(&m.s[0]);
}

/* A new session of the same initiator port takes the place of one that waits. */
static void replaced_while_it_waits(void)
{
	struct ini_session s;
	struct ini_task t;

	open_session("");
	fill(0, 800);
	begin_write(&t, 3);
	mcs_cut(&m, 0);
	fixture_login(&s, NULL);
	CHECK(s.tsih != m.past.tsih);
	fixture_leave(&s);
}

/* The daemon's end does not wait for those who might come back. */
static void left_behind(void)
{
	struct ini_task t;

	open_session("");
	fill(0, 900);
	begin_write(&t, 3);
	mcs_cut(&m, 0);
}

static const struct unit_test tests[] = {
	{ "7.2.2: writes are cut anywhere, and go on", writes_are_cut },
	{ "7.2.2: reads are cut anywhere, and go on", reads_are_cut },
	{ "7.2.2: statuses are given again", statuses_are_given_again },
	{ "11.6.1: response codes", response_codes },
	{ "11.14.1: logged out for recovery", logged_out_for_recovery },
	{ "11.14.1: asked for twice", asked_twice },
	{ "a tag is used anew", a_tag_is_used_anew },
	{ "7.6: closed for good", closed_for_good },
	{ "11.5.1: aborted while it waits", aborted_meanwhile },
	{ "4.2.3.3: a set is aborted while some of it waits", a_set_is_aborted },
	{ "7.6: time is over", time_is_over },
	{ "7.5: time begins with the loss", a_line_that_was_silent },
	{ "7.5: others need the memory", others_need_the_memory },
	{ "13.16: DefaultTime2Retain is 0", no_time },
	{ "6.3.5: replaced while it waits", replaced_while_it_waits },
	{ "the daemon ends while a session waits", left_behind },
};

PROTOCOL_MAIN("protocol/erl2", NULL, tests)
