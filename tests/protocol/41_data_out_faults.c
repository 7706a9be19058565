/*
 * Data from the initiator that breaks the rules (RFC 7143, 4.2.5, 7.9, 11.4.7.2, 11.7).
 * Whatever the target does about it (an error status, a Reject, the end of the
 * connection), such a write does not end GOOD and nothing beside it changes.
 */
#include "fixture.h"

#include "base/bytes.h"

#include <errno.h>
#include <string.h>

#define LBA    64u /* where the faulty writes go */
#define LEN    16384u
#define BLOCKS (LEN / FIXTURE_BLOCK)

static const struct fixture_options options = {
	.conf = FIXTURE_CONF "target \"iqn.2026-11.org.itgtd:test\" {\n"
			     "  portal-groups = { \"1\" }\n"
			     "  auth-group = \"no-authentication\"\n"
			     "  MaxRecvDataSegmentLength = 8192\n"
			     "  lun \"0\" { backend = \"ram\" size = \"8M\" }\n"
			     "}\n",
	.target = "iqn.2026-11.org.itgtd:test",
};

static const char solicited[] = "InitialR2T=Yes\nImmediateData=No\nMaxBurstLength=8192\n"
				"FirstBurstLength=8192\n";
static const char unsolicited[] = "InitialR2T=No\nImmediateData=Yes\nFirstBurstLength=8192\n";
static uint8_t old[3 * LEN], new[3 * LEN], in[3 * LEN];

/* Write what must not change: the place of the write, and as much before and behind. */
static void prepare(struct ini_session *s, const char *keys)
{
	struct ini_task t;

	fixture_login(s, keys);
	fixture_fill(old, sizeof(old), 1);
	fixture_fill(new, sizeof(new), 2);
	ini_scsi_write(&t, fixture_lun(), LBA - BLOCKS, 3 * BLOCKS, old, sizeof(old));
	CHECK_GOOD(s, &t);
}

/* In a new session: nothing around the place has changed; all says nothing in it, either. */
static void check_unchanged(bool all)
{
	struct ini_session s;
	struct ini_task t;

	fixture_login_as(&s, 9, NULL);
	ini_scsi_read(&t, fixture_lun(), LBA - BLOCKS, 3 * BLOCKS, in, sizeof(in));
	CHECK_GOOD(&s, &t);
	CHECK_THAT(memcmp(in, old, LEN) == 0, "blocks before the write changed");
	CHECK_THAT(memcmp(in + 2 * LEN, old + 2 * LEN, LEN) == 0,
		   "blocks behind the write changed");
	CHECK_THAT(!all || memcmp(in + LEN, old + LEN, LEN) == 0, "something was written");
	fixture_leave(&s);
}

/* Start a write of LEN bytes without data, and take its first R2T. */
static void start_write(struct ini_session *s, struct ini_task *t)
{
	ini_scsi_write(t, fixture_lun(), LBA, BLOCKS, new, LEN);
	fixture_start_write(s, t);
	CHECK_NUM(t->r2ts[0].len, 8192);
}

/* A Data-Out for t as the caller wants it; ITT, LUN and ExpStatSN are filled in. */
static void send_data(struct ini_session *s, const struct ini_task *t, struct pdu_data_out d,
		      uint32_t len)
{
	struct ini_pdu pdu = { .data = new, .data_len = len };

	memcpy(d.lun, t->lun, PDU_LUN_LEN);
	d.itt = t->itt;
	d.expstatsn = s->expstatsn;
	pdu_put_data_out(pdu.bhs, &d);
	CHECK_OK(s, ini_conn_queue(&s->conn, &pdu));
}

/* How the target may take a fault. */
enum fate { FATE_STATUS, FATE_REJECT, FATE_END };

/*
 * Wait for what becomes of t; it must not be GOOD. The target may ask for more data
 * before it says so, and gets it.
 */
static enum fate await_fate(struct ini_session *s, struct ini_task *t, const char *what)
{
	enum fate fate = FATE_STATUS;
	struct ini_pdu pdu;
	bool is_other;
	int err;

	t->holds_r2ts = false;
	while (t->outcome == INI_IN_FLIGHT) {
		err = ini_task_step(s, &pdu, &is_other, s->timeout_ms);
		if (err == -ECONNRESET)
			return FATE_END;
		CHECK_OK(s, err);
		if (is_other) {
			CHECK_NUM(pdu_opcode(pdu.bhs), PDU_REJECT);
			fate = FATE_REJECT;
		}
	}
	CHECK_THAT(!ini_task_is_good(t), "%s: the write ends GOOD", what);
	return fate;
}

/* What is wrong with the answer to an R2T: one PDU, whose fields differ from the right ones. */
struct fault {
	const char *what;
	uint32_t datasn; /* 0 is right */
	int32_t offset;  /* off by so many bytes */
	uint32_t len;    /* 8192 is right */
	bool not_final;  /* a second PDU like it follows, with F */
};

static void faulty_answers_to_an_r2t(void)
{
	static const struct fault faults[] = {
		{ "DataSN 1 at first", 1, 0, 8192, false },
		{ "DataSN far off", 0x80000000, 0, 8192, false },
		{ "an offset too high", 0, 512, 8192, false },
		{ "an offset too low", 0, -512, 8192, false },
		{ "an offset beyond all", 0, 0x40000000, 8192, false },
		{ "less than asked for", 0, 0, 4096, false },
		{ "nothing at all", 0, 0, 0, false },
		{ "the same DataSN twice", 0, 0, 4096, true },
		{ "more than asked for", 0, 0, 8192, true },
	};
	struct pdu_data_out d;
	struct ini_session s;
	struct ini_task t;
	size_t i;

	for (i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		prepare(&s, solicited);
		start_write(&s, &t);
		d = (struct pdu_data_out){
			.final = !faults[i].not_final,
			.ttt = t.r2ts[0].ttt,
			.datasn = faults[i].datasn,
			.offset = t.r2ts[0].offset + (uint32_t)faults[i].offset,
		};
		send_data(&s, &t, d, faults[i].len);
		if (faults[i].not_final) {
			d.final = true;
			d.offset += faults[i].len;
			d.datasn += faults[i].len == 8192;
			send_data(&s, &t, d, faults[i].len);
		}
		await_fate(&s, &t, faults[i].what);
		ini_session_close(&s);
		check_unchanged(true);
	}
}

/* A tag that no R2T gave out: dropped or rejected, and the write that goes right is not harmed. */
static void an_unknown_tag(void)
{
	struct ini_session s;
	struct ini_task t;
	struct ini_pdu pdu;
	bool is_other;
	int err;

	prepare(&s, solicited);
	start_write(&s, &t);
	send_data(&s, &t, (struct pdu_data_out){ .final = true, .ttt = t.r2ts[0].ttt ^ 0x5a5a5a5a },
		  8192);
	err = ini_task_answer_r2t(&s, &t, &t.r2ts[0]);
	t.holds_r2ts = false;
	while (!err && t.outcome == INI_IN_FLIGHT) {
		err = ini_task_step(&s, &pdu, &is_other, s.timeout_ms);
		if (!err && is_other)
			CHECK_NUM(pdu_opcode(pdu.bhs), PDU_REJECT);
	}
	CHECK(err == 0 || err == -ECONNRESET);
	ini_session_close(&s);
	check_unchanged(false);
}

/* Data for a task that there never was. */
static void an_unknown_task(void)
{
	struct ini_task t = { .itt = 0x0badcafe };
	struct ini_session s;

	prepare(&s, solicited);
	send_data(&s, &t, (struct pdu_data_out){ .final = true, .ttt = 0x1234 }, 512);
	send_data(&s, &t, (struct pdu_data_out){ .final = true, .ttt = PDU_TAG_RESERVED }, 512);
	(void)ini_conn_flush(&s.conn, s.timeout_ms);
	ini_session_close(&s);
	check_unchanged(true);
}

/* 11.4.7.2: unsolicited data that was not agreed to: ABORTED COMMAND, 0Ch 0Ch. */
static void data_that_nobody_wanted(void)
{
	struct ini_session s;
	struct ini_task t;

	prepare(&s, solicited);
	s.param.ImmediateData = true; /* what the initiator makes of it */
	ini_scsi_write(&t, fixture_lun(), LBA, BLOCKS, new, LEN);
	CHECK_OK(&s, ini_task_submit(&s, &t));
	if (await_fate(&s, &t, "immediate data") == FATE_STATUS && t.outcome == INI_ANSWERED)
		CHECK_NUM(ini_task_sense(&t), SENSE_UNSOLICITED_DATA);
	ini_session_close(&s);
	check_unchanged(true);

	prepare(&s, solicited);
	s.param.InitialR2T = false;
	ini_scsi_write(&t, fixture_lun(), LBA, BLOCKS, new, LEN);
	CHECK_OK(&s, ini_task_submit(&s, &t));
	if (await_fate(&s, &t, "unsolicited data") == FATE_STATUS && t.outcome == INI_ANSWERED)
		CHECK_NUM(ini_task_sense(&t), SENSE_UNSOLICITED_DATA);
	ini_session_close(&s);
	check_unchanged(true);
}

/* 13.14: immediate and unsolicited data together beyond FirstBurstLength. */
static void more_than_the_first_burst(void)
{
	struct ini_session s;
	struct ini_task t;

	prepare(&s, unsolicited);
	s.param.FirstBurstLength = 12288; /* 8192 was agreed */
	ini_scsi_write(&t, fixture_lun(), LBA, BLOCKS, new, LEN);
	CHECK_OK(&s, ini_task_submit(&s, &t));
	await_fate(&s, &t, "too much");
	ini_session_close(&s);
	check_unchanged(true);
}

/* 11.4.7.2: less than FirstBurstLength where more is to come: ABORTED COMMAND, 0Ch 0Dh. */
static void less_than_the_first_burst(void)
{
	struct ini_session s;
	struct ini_task t;

	prepare(&s, unsolicited);
	s.param.FirstBurstLength = 4096;
	ini_scsi_write(&t, fixture_lun(), LBA, BLOCKS, new, LEN);
	t.no_immediate = true;
	CHECK_OK(&s, ini_task_submit(&s, &t));
	s.param.FirstBurstLength = 8192;
	if (await_fate(&s, &t, "too little") == FATE_STATUS && t.outcome == INI_ANSWERED)
		CHECK_NUM(ini_task_sense(&t), SENSE_INCORRECT_AMOUNT);
	ini_session_close(&s);
	check_unchanged(true);
}

/* 13.12: a PDU longer than the target said it takes ends the connection. */
static void a_pdu_too_long(void)
{
	struct ini_session s;
	struct ini_task t;

	prepare(&s, solicited);
	start_write(&s, &t);
	send_data(&s, &t, (struct pdu_data_out){ .final = true, .ttt = t.r2ts[0].ttt }, 8196);
	CHECK_THAT(await_fate(&s, &t, "a PDU too long") == FATE_END, "the connection goes on");
	ini_session_close(&s);
	check_unchanged(true);
}

/* 11.7: data before its command, or for another's tag. */
static void data_of_another_session(void)
{
	struct ini_session s, thief;
	struct ini_task t;

	prepare(&s, solicited);
	start_write(&s, &t);
	fixture_login_as(&thief, 1, solicited);
	send_data(&thief, &t, (struct pdu_data_out){ .final = true, .ttt = t.r2ts[0].ttt }, 8192);
	(void)ini_conn_flush(&thief.conn, thief.timeout_ms);
	fixture_settle();
	ini_session_close(&thief);
	memset(new, 0x77, sizeof(new));
	CHECK_OK(&s, ini_task_answer_r2t(&s, &t, &t.r2ts[0]));
	t.holds_r2ts = false;
	CHECK_OK(&s, ini_task_wait(&s, &t));
	CHECK(ini_task_is_good(&t));
	ini_scsi_read(&t, fixture_lun(), LBA, BLOCKS, in, LEN);
	CHECK_GOOD(&s, &t);
	CHECK(memcmp(in, new, LEN) == 0);
	fixture_leave(&s);
}

/* The connection ends with a write half done: nothing of it is to be seen. */
static void a_connection_lost_in_mid_write(void)
{
	struct ini_session s;
	struct ini_task t;
	int i;

	for (i = 0; i < 3; i++) {
		prepare(&s, solicited);
		start_write(&s, &t);
		send_data(&s, &t, (struct pdu_data_out){ .ttt = t.r2ts[0].ttt }, 4096);
		CHECK_OK(&s, ini_conn_flush(&s.conn, s.timeout_ms));
		if (i == 1)
			ini_conn_reset(&s.conn);
		if (i == 2)
			fixture_settle();
		ini_session_close(&s);
		check_unchanged(true);
	}
}

static const struct unit_test tests[] = {
	{ "7.9: an answer to an R2T that is wrong fails the write", faulty_answers_to_an_r2t },
	{ "11.8.5: data with a tag that no R2T gave out", an_unknown_tag },
	{ "11.7: data for a task that is not there", an_unknown_task },
	{ "11.4.7.2: unsolicited data that was not agreed to", data_that_nobody_wanted },
	{ "13.14: more unsolicited data than FirstBurstLength", more_than_the_first_burst },
	{ "11.4.7.2: less unsolicited data than FirstBurstLength", less_than_the_first_burst },
	{ "13.12: a PDU longer than MaxRecvDataSegmentLength ends the connection", a_pdu_too_long },
	{ "11.7: data of one session does not reach another's task", data_of_another_session },
	{ "a connection lost in the middle of a write", a_connection_lost_in_mid_write },
};

PROTOCOL_MAIN("protocol/data_out_faults", &options, tests)
