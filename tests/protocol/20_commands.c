/* Commands: their order, their window, their tags and their LUNs (RFC 7143, 4.2.2 and 11.3). */
#include "fixture.h"

#include "base/bytes.h"
#include "base/serial.h"

#include <errno.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define QUEUE_DEPTH 16
#define BIG_LUN     300 /* needs flat addressing */

static const struct fixture_options options = {
	.conf = FIXTURE_CONF "target \"iqn.2026-11.org.itgtd:test\" {\n"
			     "  portal-groups = { \"1\" }\n"
			     "  auth-group = \"no-authentication\"\n"
			     "  queue-depth = 16\n"
			     "  lun \"0\" { backend = \"ram\" size = \"8M\" }\n"
			     "  lun \"300\" { backend = \"ram\" size = \"8M\" }\n"
			     "}\n",
	.target = "iqn.2026-11.org.itgtd:test",
};

/* Queue a TEST UNIT READY with that CmdSN; its tag. */
static uint32_t post_command(struct ini_session *s, uint32_t cmdsn, bool immediate)
{
	uint32_t next = s->cmdsn, itt;
	uint8_t bhs[PDU_BHS_LEN];

	pdu_put_scsi_cmd(bhs, &(struct pdu_scsi_cmd){
				      .immediate = immediate,
				      .final = true,
				      .attr = PDU_ATTR_SIMPLE,
			      });
	ini_scsi_lun(bhs + 8, fixture_lun());
	s->cmdsn = cmdsn;
	CHECK_OK(s, ini_session_post(s, bhs, NULL, 0, &itt));
	s->cmdsn = next;
	return itt;
}

/* The next PDU is the SCSI response to itt. */
static void expect_response(struct ini_session *s, uint32_t itt)
{
	struct pdu_scsi_rsp rsp;
	struct ini_pdu pdu;

	CHECK_OK(s, ini_session_recv(s, &pdu, s->timeout_ms));
	CHECK_NUM(pdu_opcode(pdu.bhs), PDU_SCSI_RSP);
	CHECK(pdu_get_scsi_rsp(pdu.bhs, &rsp) == PDU_OK);
	CHECK_NUM(rsp.itt, itt);
	CHECK_NUM(rsp.status, 0);
}

/*
 * Nothing that was sent before is answered: two pings are, one after the other, and
 * nothing between them. Returns the last answer's ExpCmdSN.
 */
static uint32_t expect_silence(struct ini_session *s)
{
	struct pdu_nop_out ping = { .immediate = true, .ttt = PDU_TAG_RESERVED };
	uint8_t bhs[PDU_BHS_LEN];
	struct ini_pdu pdu;
	uint32_t itt;
	int i;

	pdu_put_nop_out(bhs, &ping);
	for (i = 0; i < 2; i++) {
		CHECK_OK(s, ini_session_post(s, bhs, NULL, 0, &itt));
		CHECK_OK(s, ini_session_recv(s, &pdu, s->timeout_ms));
		CHECK_NUM(pdu_opcode(pdu.bhs), PDU_NOP_IN);
		CHECK_NUM(pdu_itt(pdu.bhs), itt);
	}
	return be32(pdu.bhs + 28);
}

static void one_after_the_other(void)
{
	struct ini_session s;
	struct ini_task t;
	uint32_t statsn;
	int i;

	fixture_login(&s, NULL);
	for (i = 0; i < 3; i++) {
		statsn = s.expstatsn;
		ini_scsi_test_unit_ready(&t, fixture_lun());
		CHECK_GOOD(&s, &t);
		CHECK_NUM(s.expstatsn, statsn + 1);
		CHECK_NUM(s.expcmdsn, s.cmdsn);
	}
	fixture_leave(&s);
}

/* 9 comes before 8: it waits, and both are then run in order. */
static void nine_before_eight(void)
{
	uint32_t first, third, second;
	struct ini_session s;

	fixture_login(&s, NULL);
	s.cmdsn += 3; /* two commands and the gap below them are numbered by hand */
	third = post_command(&s, s.cmdsn - 1, false);
	second = post_command(&s, s.cmdsn - 2, false);
	CHECK_NUM(expect_silence(&s), s.cmdsn - 3);
	first = post_command(&s, s.cmdsn - 3, false);
	expect_response(&s, first);
	expect_response(&s, second);
	expect_response(&s, third);
	CHECK_NUM(expect_silence(&s), s.cmdsn);
	fixture_leave(&s);
}

static void outside_of_the_window(void)
{
	static const int32_t beyond[] = { 1, 2, 100, 0x7ffffff0 };
	struct ini_session s;
	uint32_t next;
	size_t i;

	fixture_login(&s, NULL);
	next = s.cmdsn;
	for (i = 0; i < sizeof(beyond) / sizeof(beyond[0]); i++)
		post_command(&s, s.maxcmdsn + (uint32_t)beyond[i], false);
	post_command(&s, next - 1, false);
	post_command(&s, next - 2, false);
	post_command(&s, next - 0x7ffffff0, false);
	CHECK_NUM(expect_silence(&s), next);
	s.cmdsn++;
	expect_response(&s, post_command(&s, next, false));
	fixture_leave(&s);
}

/* A command held back comes again with the same CmdSN: one of them runs. */
static void a_duplicate(void)
{
	uint32_t first, second;
	struct ini_session s;

	fixture_login(&s, NULL);
	s.cmdsn += 2;
	second = post_command(&s, s.cmdsn - 1, false);
	post_command(&s, s.cmdsn - 1, false);
	CHECK_NUM(expect_silence(&s), s.cmdsn - 2);
	first = post_command(&s, s.cmdsn - 2, false);
	expect_response(&s, first);
	expect_response(&s, second);
	post_command(&s, s.cmdsn - 2, false);
	CHECK_NUM(expect_silence(&s), s.cmdsn);
	fixture_leave(&s);
}

static void immediate_commands(void)
{
	struct ini_session s;
	struct ini_task t;
	uint32_t next;
	int i;

	fixture_login(&s, NULL);
	next = s.cmdsn;
	for (i = 0; i < 5; i++) {
		ini_scsi_test_unit_ready(&t, fixture_lun());
		t.immediate = true;
		CHECK_GOOD(&s, &t);
		CHECK_NUM(s.expcmdsn, next);
	}
	/* it does not wait for a gap to close, either */
	s.cmdsn += 2;
	post_command(&s, next + 1, false);
	expect_response(&s, post_command(&s, next, true));
	CHECK_NUM(expect_silence(&s), next);
	post_command(&s, next, false);
	fixture_drop(&s);
}

static void numbers_wrap(void)
{
	struct ini_login l = { .initiator = FIXTURE_INITIATOR,
			       .target = fixture_target(),
			       .operational = "" };
	struct ini_session s;
	struct ini_task t;
	uint32_t first;
	int i;

	fixture_connect(&s);
	s.cmdsn = s.expcmdsn = s.maxcmdsn = 0xfffffff8;
	CHECK_OK(&s, ini_login(&s, &l));
	fixture_ready(&s, fixture_lun());
	for (i = 0; i < 20; i++) {
		ini_scsi_test_unit_ready(&t, fixture_lun());
		CHECK_GOOD(&s, &t);
	}
	CHECK(s.cmdsn < 32);
	s.cmdsn += 2;
	first = post_command(&s, s.cmdsn - 1, false);
	CHECK_NUM(expect_silence(&s), s.cmdsn - 2);
	expect_response(&s, post_command(&s, s.cmdsn - 2, false));
	expect_response(&s, first);
	fixture_leave(&s);
}

/* As many as the window lets through, again and again; each comes back once. */
static void a_full_window(void)
{
	static struct ini_task tasks[4 * QUEUE_DEPTH];
	static uint8_t data[4 * QUEUE_DEPTH][4096];
	const size_t n = sizeof(tasks) / sizeof(tasks[0]);
	size_t sent = 0, back = 0, most = 0;
	struct ini_session s;
	struct ini_task *t;
	int err = 0;

	fixture_login(&s, NULL);
	CHECK_NUM(sn_ahead(s.expcmdsn, s.maxcmdsn) + 1, QUEUE_DEPTH);
	while (back < n) {
		while (sent < n && !err) {
			ini_scsi_read(&tasks[sent], fixture_lun(), sent * 8, 8, data[sent], 4096);
			err = ini_task_submit(&s, &tasks[sent]);
			sent += !err;
		}
		CHECK(!err || err == -EAGAIN);
		most = sent - back > most ? sent - back : most;
		err = ini_task_next(&s, &t, s.timeout_ms);
		CHECK_OK(&s, err);
		CHECK(ini_task_is_good(t));
		back++;
	}
	CHECK(most >= 2 && most <= 2 * QUEUE_DEPTH);
	CHECK_NUM(s.expcmdsn, s.cmdsn);
	fixture_leave(&s);
}

/* Writes that wait for their data hold the window: it closes, and opens again when they end. */
static void a_window_of_waiting_writes(void)
{
	static struct ini_task tasks[2 * QUEUE_DEPTH];
	static uint8_t data[4096];
	struct ini_session s;
	struct ini_pdu pdu;
	size_t n = 0, i, k;
	bool is_other;

	fixture_login(&s, "InitialR2T=Yes\nImmediateData=No\n");
	while (n < sizeof(tasks) / sizeof(tasks[0])) {
		ini_scsi_write(&tasks[n], fixture_lun(), n * 8, 8, data, sizeof(data));
		tasks[n].holds_r2ts = true;
		if (ini_task_submit(&s, &tasks[n]) == -EAGAIN)
			break;
		n++;
	}
	CHECK(n >= QUEUE_DEPTH);
	for (i = 0; i < n; i++) {
		while (!tasks[i].nwaiting) {
			CHECK_OK(&s, ini_task_step(&s, &pdu, &is_other, s.timeout_ms));
			CHECK(!is_other);
		}
		for (k = 0; k < i; k++)
			CHECK(tasks[i].r2ts[0].ttt != tasks[k].r2ts[0].ttt);
	}
	for (i = n; i-- > 0;)
		CHECK_OK(&s, ini_task_answer_r2t(&s, &tasks[i], &tasks[i].r2ts[0]));
	for (i = 0; i < n; i++) {
		CHECK_OK(&s, ini_task_wait(&s, &tasks[i]));
		CHECK(ini_task_is_good(&tasks[i]));
	}
	CHECK(ini_session_has_room(&s));
	fixture_leave(&s);
}

/* 11.17.1: a tag that is in use is refused; the task that has it goes on. */
static void a_tag_in_use(void)
{
	static uint8_t data[4096];
	struct ini_session s;
	struct ini_task t;
	struct ini_pdu pdu;
	uint8_t bhs[PDU_BHS_LEN];
	uint32_t next;

	fixture_login(&s, "InitialR2T=Yes\nImmediateData=No\n");
	ini_scsi_write(&t, fixture_lun(), 0, 8, data, sizeof(data));
	fixture_start_write(&s, &t);
	next = s.itt;
	s.itt = t.itt;
	pdu_put_scsi_cmd(bhs, &(struct pdu_scsi_cmd){ .immediate = true, .final = true });
	CHECK_OK(&s, ini_session_post(&s, bhs, NULL, 0, NULL));
	s.itt = next;
	CHECK_OK(&s, ini_session_recv(&s, &pdu, s.timeout_ms));
	CHECK_NUM(pdu_opcode(pdu.bhs), PDU_REJECT);
	CHECK_NUM(pdu.bhs[2], PDU_REJECT_TASK_IN_PROGRESS);
	CHECK_OK(&s, ini_task_answer_r2t(&s, &t, &t.r2ts[0]));
	CHECK_OK(&s, ini_task_wait(&s, &t));
	CHECK(ini_task_is_good(&t));
	fixture_leave(&s);
}

/* 11.3: the reserved tag names no task. */
static void the_reserved_tag(void)
{
	struct ini_pdu pdu = { 0 };
	struct ini_session s;

	fixture_login(&s, NULL);
	pdu_put_scsi_cmd(pdu.bhs, &(struct pdu_scsi_cmd){ .immediate = true,
							  .final = true,
							  .itt = PDU_TAG_RESERVED,
							  .cmdsn = s.cmdsn,
							  .expstatsn = s.expstatsn });
	CHECK_OK(&s, ini_conn_send(&s.conn, &pdu, s.timeout_ms));
	CHECK_OK(&s, ini_session_recv(&s, &pdu, s.timeout_ms));
	CHECK_NUM(pdu_opcode(pdu.bhs), PDU_REJECT);
	fixture_leave(&s);
}

static void every_attribute(void)
{
	static const uint8_t attrs[] = { PDU_ATTR_UNTAGGED, PDU_ATTR_SIMPLE, PDU_ATTR_ORDERED,
					 PDU_ATTR_HEAD };
	struct ini_session s;
	struct ini_task t;
	size_t i;

	fixture_login(&s, NULL);
	for (i = 0; i < sizeof(attrs); i++) {
		ini_scsi_test_unit_ready(&t, fixture_lun());
		t.attr = attrs[i];
		CHECK_GOOD(&s, &t);
	}
	fixture_leave(&s);
}

/* SAM-5, 4.7: a LUN above 255 has the flat form, in REPORT LUNS and in every header. */
static void luns_above_255(void)
{
	uint8_t out[4096], in[4096], list[64], want[PDU_LUN_LEN];
	struct ini_session s;
	struct ini_task t;

	fixture_login(&s, NULL);
	fixture_ready(&s, BIG_LUN);
	fixture_fill(out, sizeof(out), BIG_LUN);
	ini_scsi_write(&t, BIG_LUN, 0, 8, out, sizeof(out));
	CHECK_GOOD(&s, &t);
	ini_scsi_read(&t, BIG_LUN, 0, 8, in, sizeof(in));
	CHECK_GOOD(&s, &t);
	CHECK(memcmp(in, out, sizeof(in)) == 0);
	ini_scsi_read(&t, 0, 0, 8, in, sizeof(in));
	CHECK_GOOD(&s, &t);
	CHECK(memcmp(in, out, sizeof(in)) != 0);
	ini_scsi_report_luns(&t, list, sizeof(list));
	CHECK_GOOD(&s, &t);
	CHECK_NUM(be32(list), 2 * PDU_LUN_LEN);
	ini_scsi_lun(want, 0);
	CHECK(memcmp(list + 8, want, PDU_LUN_LEN) == 0);
	ini_scsi_lun(want, BIG_LUN);
	CHECK(memcmp(list + 16, want, PDU_LUN_LEN) == 0);
	fixture_leave(&s);
}

/* SPC: INQUIRY says that nothing is there, other commands LOGICAL UNIT NOT SUPPORTED. */
static void luns_that_are_not_here(void)
{
	static const uint16_t luns[] = { 1, 255, 256, 301, INI_LUN_MAX };
	struct ini_session s;
	struct ini_task t;
	uint8_t in[36];
	size_t i;

	fixture_login(&s, NULL);
	for (i = 0; i < sizeof(luns) / sizeof(luns[0]); i++) {
		ini_scsi_inquiry(&t, luns[i], in, sizeof(in));
		CHECK_GOOD(&s, &t);
		CHECK_NUM(in[0], 0x7f);
		ini_scsi_test_unit_ready(&t, luns[i]);
		CHECK_SENSE(&s, &t, SENSE_INVALID_LUN);
	}
	fixture_leave(&s);
}

/* 11.2.2.3: the rest of a long CDB comes in an AHS; what the CDB asks for is SCSI's affair. */
static void a_long_cdb(void)
{
	static const uint16_t lengths[] = { 17, 20, 32, 100, AHS_CDB_MAX };
	struct ini_session s;
	struct ini_task t;
	size_t i;

	fixture_login(&s, NULL);
	for (i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		ini_scsi_test_unit_ready(&t, fixture_lun());
		t.cdb[0] = 0xbf; /* vendor specific or unknown: no such command here */
		t.cdb_len = lengths[i];
		CHECK_SENSE(&s, &t, SENSE_INVALID_OPCODE);
	}
	fixture_leave(&s);
}

/* TCP segments with data that have come so far. */
static uint32_t segments(const struct ini_session *s)
{
	struct tcp_info info = { 0 };
	socklen_t len = sizeof(info);

	CHECK(getsockopt(s->conn.fd, IPPROTO_TCP, TCP_INFO, &info, &len) == 0);
	return info.tcpi_data_segs_in;
}

/*
 * What came together is answered together: one sendmsg, which here is one segment, or one for the
 * first eight and one for the others. A busy machine has TCP repeat a segment now and then, which
 * counts, too; one for each answer would be far more.
 */
static void answers_of_a_turn(void)
{
	static struct ini_task tasks[QUEUE_DEPTH];
	struct ini_session s;
	struct ini_task *t;
	uint32_t before;
	size_t i;

	fixture_login(&s, NULL);
	before = segments(&s);
	for (i = 0; i < QUEUE_DEPTH; i++) {
		ini_scsi_test_unit_ready(&tasks[i], fixture_lun());
		CHECK_OK(&s, ini_task_submit(&s, &tasks[i]));
	}
	CHECK_OK(&s, ini_conn_flush(&s.conn, s.timeout_ms));
	for (i = 0; i < QUEUE_DEPTH; i++) {
		CHECK_OK(&s, ini_task_next(&s, &t, s.timeout_ms));
		CHECK(ini_task_is_good(t));
	}
	CHECK_THAT(segments(&s) - before <= QUEUE_DEPTH / 4, "%u segments bring %u answers",
		   segments(&s) - before, QUEUE_DEPTH);
	fixture_leave(&s);
}

static const struct unit_test tests[] = {
	{ "4.2.2: each command takes a CmdSN, each status a StatSN", one_after_the_other },
	{ "4.2.2.1: a command that comes early waits for those before it", nine_before_eight },
	{ "4.2.2.1: a command outside of the window is dropped without a word",
	  outside_of_the_window },
	{ "4.2.2.1: a command that comes twice runs once", a_duplicate },
	{ "4.2.2.1: immediate commands take no CmdSN and wait for nobody", immediate_commands },
	{ "4.2.2.1: numbers wrap", numbers_wrap },
	{ "4.2.2.1: the window lets queue-depth commands through", a_full_window },
	{ "4.2.2.1: writes that wait for data hold the window", a_window_of_waiting_writes },
	{ "11.17.1: a tag in use is refused with 0x07", a_tag_in_use },
	{ "11.3.5: the reserved tag is refused", the_reserved_tag },
	{ "11.3.1: every task attribute is taken", every_attribute },
	{ "11.3: a LUN above 255 is addressed as any other", luns_above_255 },
	{ "11.3: LUNs that are not here", luns_that_are_not_here },
	{ "11.2.2.3: a CDB longer than 16 bytes comes whole", a_long_cdb },
	{ "answers of one turn leave together", answers_of_a_turn },
};

PROTOCOL_MAIN("protocol/commands", &options, tests)
