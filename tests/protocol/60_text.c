/* Text in full feature phase (RFC 7143, 6.2, 11.10, 11.11). */
#include "fixture.h"

#include "base/bytes.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const struct fixture_options options = {
	.conf = FIXTURE_CONF "target \"iqn.2026-11.org.itgtd:test\" {\n"
			     "  portal-groups = { \"1\" }\n"
			     "  auth-group = \"no-authentication\"\n"
			     "  MaxRecvDataSegmentLength = 8192\n"
			     "  lun \"0\" { backend = \"ram\" size = \"1M\" }\n"
			     "}\n",
	.target = "iqn.2026-11.org.itgtd:test",
};

static uint8_t in[65536];

/* Send lines as text; the result of ini_request_text(). */
static int say(struct ini_session *s, const char *lines)
{
	struct ini_text text;
	int err;

	ini_text_init(&text);
	CHECK(ini_text_add_lines(&text, lines) == 0);
	err = ini_request_text(s, &text);
	ini_text_free(&text);
	return err;
}

static bool is_answered(const struct ini_session *s, const char *key, const char *value)
{
	const char *v = ini_text_get(&s->answer, key, 0);

	return v && strcmp(v, value) == 0;
}

static void nothing_at_all(void)
{
	struct ini_session s;

	fixture_login(&s, NULL);
	CHECK_OK(&s, say(&s, ""));
	CHECK_NUM(s.answer.len, 0);
	fixture_leave(&s);
}

static void unknown_keys(void)
{
	struct ini_session s;

	fixture_login(&s, NULL);
	CHECK_OK(&s, say(&s, "X-org.itgtd.test=1\nFoo=Bar\n"));
	CHECK(is_answered(&s, "X-org.itgtd.test", "NotUnderstood"));
	CHECK(is_answered(&s, "Foo", "NotUnderstood"));
	fixture_leave(&s);
}

/* 13.12: what the initiator takes in a PDU may change at any time; both ways. */
static void a_new_segment_length(void)
{
	static const uint32_t lengths[] = { 512, 65536, 1024, 8192 };
	struct ini_session s;
	struct ini_task t;
	char lines[64];
	size_t i;

	fixture_login(&s, "MaxRecvDataSegmentLength=4096\n");
	for (i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		(void)snprintf(lines, sizeof(lines), "MaxRecvDataSegmentLength=%u\n", lengths[i]);
		CHECK_OK(&s, say(&s, lines));
		s.param.own_MaxRecvDataSegmentLength = lengths[i];
		ini_scsi_read(&t, fixture_lun(), 0, 128, in, sizeof(in));
		CHECK_GOOD(&s, &t);
		CHECK_NUM(t.ndata_in, (sizeof(in) + lengths[i] - 1) / lengths[i]);
	}
	fixture_leave(&s);
}

/* 13: most keys are settled at login and cannot be spoken of again. */
static void keys_of_the_login(void)
{
	static const char *const keys[] = { "MaxBurstLength",     "InitialR2T", "HeaderDigest",
					    "ErrorRecoveryLevel", "AuthMethod", "InitiatorName",
					    "SessionType",        "TargetName", "MaxConnections" };
	static const char *const values[] = { "512",    "Yes",
					      "CRC32C", "0",
					      "None",   FIXTURE_INITIATOR,
					      "Normal", "iqn.2026-11.org.itgtd:test",
					      "1" };
	struct ini_session s;
	struct ini_task t;
	char line[128];
	size_t i;
	int err;

	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		fixture_login(&s, NULL);
		(void)snprintf(line, sizeof(line), "%s=%s\n", keys[i], values[i]);
		err = say(&s, line);
		CHECK_THAT(err == -EREMOTEIO || err == -ECONNRESET ||
				   (!err && is_answered(&s, keys[i], "Reject")),
			   "%s is taken: %d (%s)", line, err, s.fault);
		if (err != -ECONNRESET) { /* and nothing has changed by it */
			s.conn.header_digest = s.conn.data_digest = false;
			ini_scsi_read(&t, fixture_lun(), 0, 128, in, sizeof(in));
			CHECK_GOOD(&s, &t);
		}
		ini_session_close(&s);
	}
}

/* One text request by hand; its response, or the reason of its Reject. */
struct exchange {
	struct pdu_text_req req;
	struct pdu_text_rsp rsp;
	struct ini_pdu pdu;
	bool rejected;
};

static void post(struct ini_session *s, struct exchange *x, const char *data, size_t len)
{
	struct ini_pdu pdu = { .data = (const uint8_t *)data, .data_len = (uint32_t)len };
	uint32_t itt = x->req.itt;
	int err;

	x->req.immediate = true;
	pdu_put_text_req(pdu.bhs, &x->req);
	x->req.itt = ini_session_number(s, pdu.bhs);
	if (itt)
		put_be32(pdu.bhs + 16, x->req.itt = itt);
	CHECK_OK(s, ini_conn_queue(&s->conn, &pdu));
	err = ini_request_wait(s, x->req.itt, PDU_TEXT_RSP, &x->pdu);
	x->rejected = err == -EREMOTEIO;
	if (x->rejected)
		return;
	CHECK_OK(s, err);
	CHECK(pdu_get_text_rsp(x->pdu.bhs, &x->rsp) == PDU_OK);
}

/* 11.10.2: C says that the pair goes on in the next request; the answer waits for its end. */
static void a_request_in_pieces(void)
{
	struct exchange x = { .req = { .cont = true, .ttt = PDU_TAG_RESERVED } };
	struct ini_session s;

	fixture_login(&s, NULL);
	post(&s, &x, "X-org.itgtd.one=1\0X-org.it", 26);
	CHECK(!x.rejected && !x.rsp.final && !x.rsp.cont);
	CHECK_NUM(x.pdu.data_len, 0);
	CHECK(x.rsp.ttt != PDU_TAG_RESERVED);
	x.req.ttt = x.rsp.ttt;
	post(&s, &x, "gtd.tw", 6);
	CHECK(!x.rejected && !x.rsp.final);
	CHECK_NUM(x.pdu.data_len, 0);
	x.req.ttt = x.rsp.ttt;
	x.req.cont = false;
	x.req.final = true;
	post(&s, &x, "o=2\0", 4);
	CHECK(!x.rejected && x.rsp.final);
	CHECK_NUM(x.rsp.ttt, PDU_TAG_RESERVED);
	CHECK_NUM(x.pdu.data_len, sizeof("X-org.itgtd.one=NotUnderstood") +
					  sizeof("X-org.itgtd.two=NotUnderstood"));
	fixture_leave(&s);
}

/* The library cuts what is longer than the target's MaxRecvDataSegmentLength. */
static void long_text_both_ways(void)
{
	char lines[20000], key[32];
	struct ini_session s;
	size_t at = 0;
	int i;

	for (i = 0; i < 500; i++)
		at += (size_t)snprintf(lines + at, sizeof(lines) - at, "X-org.itgtd.k%03d=%015d\n",
				       i, i);
	fixture_login(&s, "MaxRecvDataSegmentLength=512\n");
	CHECK_OK(&s, say(&s, lines));
	for (i = 0; i < 500; i++) {
		(void)snprintf(key, sizeof(key), "X-org.itgtd.k%03d", i);
		CHECK_THAT(is_answered(&s, key, "NotUnderstood"), "%s is not answered", key);
	}
	fixture_leave(&s);
}

/* 11.10.1: F=0 keeps the negotiation open, without C as well. */
static void a_negotiation_left_open(void)
{
	struct exchange x = { .req = { .ttt = PDU_TAG_RESERVED } };
	struct ini_session s;

	fixture_login(&s, NULL);
	post(&s, &x, "X-org.itgtd.one=1", sizeof("X-org.itgtd.one=1"));
	CHECK(!x.rejected && !x.rsp.final);
	CHECK(x.rsp.ttt != PDU_TAG_RESERVED);
	x.req.ttt = x.rsp.ttt;
	x.req.final = true;
	post(&s, &x, NULL, 0);
	CHECK(!x.rejected && x.rsp.final);
	fixture_leave(&s);
}

/* 11.10.4: a tag of no negotiation; 11.10.1: F and C together; 6.1: no text at all. */
static void requests_that_are_wrong(void)
{
	static const struct {
		const char *what;
		struct pdu_text_req req;
		const char *data;
		size_t len;
	} cases[] = {
		{ "an unknown TTT", { .final = true, .ttt = 0x12345678 }, "A=1", 4 },
		{ "F and C", { .final = true, .cont = true, .ttt = PDU_TAG_RESERVED }, "A=1", 4 },
		{ "no '='", { .final = true, .ttt = PDU_TAG_RESERVED }, "A", 2 },
		{ "no zero byte", { .final = true, .ttt = PDU_TAG_RESERVED }, "A=1", 3 },
		{ "no key", { .final = true, .ttt = PDU_TAG_RESERVED }, "=1", 3 },
	};
	struct ini_session s;
	struct exchange x;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		fixture_login(&s, NULL);
		x = (struct exchange){ .req = cases[i].req };
		post(&s, &x, cases[i].data, cases[i].len);
		CHECK_THAT(x.rejected, "%s: not rejected", cases[i].what);
		CHECK_OK(&s, say(&s, "X-org.itgtd.test=1\n"));
		CHECK(is_answered(&s, "X-org.itgtd.test", "NotUnderstood"));
		fixture_leave(&s);
	}
}

/* Commands go on while a negotiation is open. */
static void commands_in_between(void)
{
	struct exchange x = { .req = { .cont = true, .ttt = PDU_TAG_RESERVED } };
	struct ini_session s;

	fixture_login(&s, NULL);
	post(&s, &x, "X-org.itgtd.one=", 16);
	CHECK(!x.rejected);
	fixture_ready(&s, fixture_lun());
	x.req.ttt = x.rsp.ttt;
	x.req.cont = false;
	x.req.final = true;
	post(&s, &x, "1\0", 2);
	CHECK(!x.rejected && x.rsp.final);
	fixture_leave(&s);
}

static const struct unit_test tests[] = {
	{ "11.10: an empty request has an empty answer", nothing_at_all },
	{ "6.2: unknown keys are NotUnderstood", unknown_keys },
	{ "13.12: MaxRecvDataSegmentLength may change", a_new_segment_length },
	{ "13: keys of the login are refused", keys_of_the_login },
	{ "11.10.1: a negotiation stays open until F", a_negotiation_left_open },
	{ "11.10.2: a request may come in pieces", a_request_in_pieces },
	{ "11.11: long text comes in pieces both ways", long_text_both_ways },
	{ "11.10: requests that are wrong are rejected", requests_that_are_wrong },
	{ "11.10: commands go on while a negotiation is open", commands_in_between },
};

PROTOCOL_MAIN("protocol/text", &options, tests)
