/* NOP-Out and NOP-In (RFC 7143, 11.18 and 11.19): pings both ways. */
#include "fixture.h"

#include <errno.h>
#include <string.h>

static const struct fixture_options options = {
	.conf = FIXTURE_CONF "target \"iqn.2026-11.org.itgtd:test\" {\n"
			     "  portal-groups = { \"1\" }\n"
			     "  auth-group = \"no-authentication\"\n"
			     "  MaxRecvDataSegmentLength = 16384\n"
			     "  nop-interval = \"200ms\"\n"
			     "  nop-timeout = \"2s\"\n"
			     "  lun \"0\" { backend = \"ram\" size = \"1M\" }\n"
			     "}\n",
	.target = "iqn.2026-11.org.itgtd:test",
};

static uint8_t data[16384];

static void data_comes_back(void)
{
	static const uint32_t sizes[] = { 0, 1, 2, 3, 4, 5, 511, 512, 4096, 8191, 8192, 16384 };
	struct ini_session s;
	struct ini_pdu echo;
	size_t i;

	fixture_login(&s, "MaxRecvDataSegmentLength=65536\n");
	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		fixture_fill(data, sizes[i], sizes[i]);
		CHECK_OK(&s, ini_request_nop(&s, true, data, sizes[i], &echo));
		CHECK_NUM(echo.data_len, sizes[i]);
		CHECK(memcmp(echo.data, data, sizes[i]) == 0);
	}
	fixture_leave(&s);
}

/* 11.19: more than the initiator takes in a PDU is cut to what it takes. */
static void data_is_cut(void)
{
	struct ini_session s;
	struct ini_pdu echo;

	fixture_login(&s, "MaxRecvDataSegmentLength=512\n");
	fixture_fill(data, 4096, 1);
	CHECK_OK(&s, ini_request_nop(&s, true, data, 4096, &echo));
	CHECK(echo.data_len <= 512);
	CHECK(memcmp(echo.data, data, echo.data_len) == 0);
	fixture_leave(&s);
}

static void in_the_order_of_commands(void)
{
	struct pdu_nop_in in;
	struct ini_session s;
	struct ini_pdu echo;
	uint32_t next;

	fixture_login(&s, NULL);
	next = s.cmdsn;
	CHECK_OK(&s, ini_request_nop(&s, false, "abc", 3, &echo));
	CHECK(pdu_get_nop_in(echo.bhs, &in) == PDU_OK);
	CHECK_NUM(in.sn.expcmdsn, next + 1);
	CHECK_NUM(in.ttt, PDU_TAG_RESERVED);
	fixture_leave(&s);
}

/* 11.18: without a tag of its own a NOP-Out wants no answer, with whatever data. */
static void no_answer_is_wanted(void)
{
	struct pdu_nop_out req = { .immediate = true,
				   .itt = PDU_TAG_RESERVED,
				   .ttt = PDU_TAG_RESERVED };
	struct ini_pdu pdu = { .data = data, .data_len = 100 };
	struct ini_session s;
	int i;

	fixture_login(&s, NULL);
	for (i = 0; i < 3; i++) {
		req.cmdsn = s.cmdsn;
		req.expstatsn = s.expstatsn;
		pdu_put_nop_out(pdu.bhs, &req);
		CHECK_OK(&s, ini_conn_queue(&s.conn, &pdu));
	}
	CHECK_OK(&s, ini_request_nop(&s, true, NULL, 0, NULL));
	fixture_leave(&s);
}

/* An answer to a ping that the target never sent; it may be rejected, and no more. */
static void an_answer_to_nothing(void)
{
	struct pdu_nop_out req = { .immediate = true, .itt = PDU_TAG_RESERVED, .ttt = 0x5a5a5a5a };
	struct ini_pdu pdu = { 0 };
	struct ini_session s;
	bool is_other;
	int err;

	fixture_login(&s, NULL);
	req.cmdsn = s.cmdsn;
	req.expstatsn = s.expstatsn;
	pdu_put_nop_out(pdu.bhs, &req);
	CHECK_OK(&s, ini_conn_queue(&s.conn, &pdu));
	err = ini_request_nop(&s, true, NULL, 0, NULL);
	if (err == -EPROTO) { /* something came before the ping's answer: only a Reject may */
		CHECK_NUM(s.reject_reason != 0, 1);
		s.fault[0] = '\0';
		CHECK_OK(&s, ini_task_step(&s, &pdu, &is_other, s.timeout_ms));
		CHECK_NUM(pdu_opcode(pdu.bhs), PDU_NOP_IN);
	}
	fixture_leave(&s);
}

/* Let the session answer pings until it has seen n of them. */
static void await_pings(struct ini_session *s, unsigned int n)
{
	struct ini_pdu pdu;
	bool is_other;

	while (s->pings < n) {
		CHECK_OK(s, ini_task_step(s, &pdu, &is_other, s->timeout_ms));
		CHECK_THAT(!is_other, "opcode 0x%02x came by itself", pdu_opcode(pdu.bhs));
	}
}

/* The target pings a connection that is idle, again and again. */
static void the_target_pings(void)
{
	struct ini_session s;

	fixture_login(&s, NULL);
	await_pings(&s, 3);
	fixture_ready(&s, fixture_lun());
	fixture_leave(&s);
}

/* Who has answered before and then falls silent is gone. */
static void silence_ends_the_connection(void)
{
	struct ini_session s;

	fixture_login(&s, NULL);
	await_pings(&s, 2);
	CHECK_OK(&s, ini_conn_flush(&s.conn, s.timeout_ms));
	fixture_expect_end(&s);
}

/* Who never answered a ping cannot, and is left alone; another session is the clock. */
static void who_never_answered_is_left_alone(void)
{
	struct ini_session mute;

	fixture_login_as(&mute, 1, NULL);
	mute.ignore_pings = true;
	silence_ends_the_connection(); /* has taken more than interval and limit */
	fixture_ready(&mute, fixture_lun());
	fixture_leave(&mute);
}

static const struct unit_test tests[] = {
	{ "11.18: a ping's data comes back", data_comes_back },
	{ "11.19: as much of it as the initiator takes", data_is_cut },
	{ "11.18: a ping that is not immediate takes a CmdSN", in_the_order_of_commands },
	{ "11.18.1: a NOP-Out without a tag is not answered", no_answer_is_wanted },
	{ "11.18.2: an answer to no ping does no harm", an_answer_to_nothing },
	{ "11.19: the target pings an idle connection", the_target_pings },
	{ "11.19: an initiator that falls silent is gone", silence_ends_the_connection },
	{ "11.19: an initiator that never answers pings is left alone",
	  who_never_answered_is_left_alone },
};

PROTOCOL_MAIN("protocol/nop", &options, tests)
