/*
 * Lengths obeyed to the byte (RFC 7143, 13.12 to 13.14, 13.17): MaxRecvDataSegmentLength
 * both ways, FirstBurstLength, MaxBurstLength, MaxOutstandingR2T, at odd values and at
 * both sides of each limit. The initiator library holds each PDU against what was agreed;
 * here PDUs and R2Ts are counted, so that none is shorter than it may be, either.
 */
#include "fixture.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define NAME(n) "iqn.2026-11.org.itgtd:" n
#define TARGET(n, segment)                                                      \
	"target \"" NAME(n) "\" {\n"                                            \
			    "  portal-groups = { \"1\" }\n"                     \
			    "  auth-group = \"no-authentication\"\n"            \
			    "  MaxRecvDataSegmentLength = " segment "\n"        \
			    "  FirstBurstLength = 16777215\n"                   \
			    "  MaxBurstLength = 16777215\n"                     \
			    "  MaxOutstandingR2T = 8\n"                         \
			    "  lun \"0\" { backend = \"ram\" size = \"2M\" }\n" \
			    "}\n"
#define MOST    (1u << 18) /* bytes of the largest transfer */
#define OURS    8          /* MaxOutstandingR2T of the targets */
#define RANDOMS 40         /* combinations of lengths */

static const struct fixture_options options = {
	.conf = FIXTURE_CONF TARGET("512", "512") TARGET("1021", "1021") TARGET("4099", "4099")
		TARGET("65536", "65536") TARGET("most", "16777215"),
	.target = NAME("512"),
};

static const struct {
	const char *name;
	uint32_t segment;
} targets[] = {
	{ NAME("512"), 512 },     { NAME("1021"), 1021 },     { NAME("4099"), 4099 },
	{ NAME("65536"), 65536 }, { NAME("most"), 16777215 },
};

#define NTARGETS (sizeof(targets) / sizeof(targets[0]))

static uint8_t out[MOST + 4], in[MOST];

static uint32_t least(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static uint32_t pieces(uint32_t len, uint32_t piece)
{
	return len / piece + (len % piece > 0);
}

static void login_to(struct ini_session *s, size_t target, const char *keys)
{
	struct ini_login l = { .initiator = FIXTURE_INITIATOR,
			       .target = targets[target].name,
			       .operational = keys };

	fixture_connect(s);
	CHECK_OK(s, ini_login(s, &l));
	CHECK_NUM(s->param.MaxRecvDataSegmentLength, targets[target].segment);
	fixture_ready(s, 0);
}

/* Data-In PDUs of a read: full ones, but for the last of each sequence. */
static uint32_t data_ins(const struct ini_param *p, uint32_t len)
{
	uint32_t n = 0, burst;

	for (; len; len -= burst) {
		burst = least(len, p->MaxBurstLength);
		n += pieces(burst, p->own_MaxRecvDataSegmentLength);
	}
	return n;
}

/* R2Ts of a write: full ones, but for the last. */
static uint32_t r2ts(const struct ini_param *p, uint32_t len)
{
	uint32_t first = least(len, p->FirstBurstLength), unasked = 0;

	if (p->ImmediateData)
		unasked = least(first, p->MaxRecvDataSegmentLength);
	if (!p->InitialR2T)
		unasked = first;
	return pieces(len - unasked, p->MaxBurstLength);
}

/* Write len bytes and read them back, in as few PDUs and R2Ts as the agreed lengths allow. */
static void write_and_read(struct ini_session *s, uint32_t len, uint32_t seed)
{
	struct ini_task t;

	fixture_fill(out, len, seed);
	ini_scsi_write(&t, 0, 0, len / FIXTURE_BLOCK, out, len);
	CHECK_GOOD(s, &t);
	CHECK_THAT(t.nr2t == r2ts(&s->param, len), "%u R2Ts for %u bytes, not %u", t.nr2t, len,
		   r2ts(&s->param, len));
	ini_scsi_read(&t, 0, 0, len / FIXTURE_BLOCK, in, len);
	CHECK_GOOD(s, &t);
	CHECK_THAT(t.ndata_in == data_ins(&s->param, len), "%u Data-In for %u bytes, not %u",
		   t.ndata_in, len, data_ins(&s->param, len));
	CHECK_THAT(memcmp(in, out, len) == 0, "%u bytes are not what was written", len);
}

/* A number from least to most, more often a small one. */
static uint32_t pick(uint32_t seed, uint32_t from, uint32_t to)
{
	uint8_t r[4];
	uint32_t v;

	fixture_fill(r, sizeof(r), seed);
	v = (uint32_t)r[0] << 16 | (uint32_t)r[1] << 8 | r[2];
	return from + (v >> (r[3] % 10)) % (to - from + 1);
}

/* Lengths that no program would choose, all of them at once. */
static void odd_lengths(void)
{
	struct ini_session s;
	uint32_t seed, i, first, burst;
	char keys[320];

	for (seed = 1; seed <= RANDOMS; seed++) {
		burst = pick(seed * 10, 512, MOST);
		first = pick(seed * 10 + 1, 512, burst);
		(void)snprintf(keys, sizeof(keys),
			       "InitialR2T=%s\nImmediateData=%s\nMaxBurstLength=%u\n"
			       "FirstBurstLength=%u\nMaxRecvDataSegmentLength=%u\n"
			       "MaxOutstandingR2T=%u\n",
			       seed & 1 ? "Yes" : "No", seed & 2 ? "Yes" : "No", burst, first,
			       pick(seed * 10 + 2, 512, MOST), pick(seed * 10 + 3, 1, 12));
		login_to(&s, seed % NTARGETS, keys);
		CHECK_NUM(s.param.MaxBurstLength, burst);
		CHECK_NUM(s.param.FirstBurstLength, first);
		for (i = 0; i < 3; i++)
			write_and_read(&s, pick(seed * 10 + 4 + i, 1, MOST / 512) * 512,
				       seed * 10 + i);
		fixture_leave(&s);
	}
}

/* 13.12: the longest PDU that the target takes is taken; of all kinds. */
static void the_longest_pdu(void)
{
	struct ini_session s;
	struct ini_pdu echo;
	uint32_t len;
	size_t i;

	for (i = 0; i < NTARGETS; i++) {
		len = least(targets[i].segment, MOST);
		login_to(&s, i,
			 "InitialR2T=No\nImmediateData=Yes\nFirstBurstLength=65536\n"
			 "MaxRecvDataSegmentLength=16777215\n");
		fixture_fill(out, len, len);
		CHECK_OK(&s, ini_request_nop(&s, true, out, len, &echo));
		CHECK_NUM(echo.data_len, len);
		CHECK(memcmp(echo.data, out, len) == 0);
		write_and_read(&s, 65536, len);
		fixture_leave(&s);
	}
}

/* And one a byte longer ends the connection, whatever it is. */
static void a_byte_too_long(void)
{
	static const uint8_t opcodes[] = { PDU_NOP_OUT, PDU_SCSI_CMD, PDU_TEXT_REQ, PDU_DATA_OUT };
	struct ini_session s;
	struct ini_pdu pdu;
	size_t i, k;

	for (i = 0; i < 4; i++) {
		for (k = 0; k < sizeof(opcodes); k++) {
			login_to(&s, i, "InitialR2T=No\nImmediateData=Yes\n");
			pdu = (struct ini_pdu){ .bhs = { opcodes[k] | PDU_IMMEDIATE, PDU_FINAL },
						.data = out,
						.data_len = targets[i].segment + 1 };
			ini_session_number(&s, pdu.bhs);
			(void)ini_conn_send(&s.conn, &pdu, s.timeout_ms);
			fixture_expect_end(&s);
		}
	}
	fixture_serves();
}

/* 13.12: the target declares its length at login, and what is left out is 8192 both ways. */
static void what_is_declared(void)
{
	struct ini_session s;
	size_t i;

	for (i = 0; i < NTARGETS; i++) {
		login_to(&s, i, "");
		CHECK_NUM(ini_text_count(&s.answer, "MaxRecvDataSegmentLength"), 1);
		CHECK_NUM(s.param.own_MaxRecvDataSegmentLength, 8192);
		write_and_read(&s, 65536, (uint32_t)i);
		fixture_leave(&s);
	}
}

/* The same data all in one PDU, in a login's own stage a PDU has no more than 8192 bytes. */
static void a_login_pdu_has_8192_bytes(void)
{
	struct ini_pdu pdu = { .data = out, .data_len = 8193 };
	struct pdu_login_req req = { .csg = PDU_STAGE_OPERATIONAL, .cont = true };
	struct pdu_login_rsp rsp;
	struct ini_session s;

	memset(out, 'x', 8192);
	fixture_connect(&s);
	memcpy(req.isid, s.isid, PDU_ISID_LEN);
	pdu_put_login_req(pdu.bhs, &req);
	pdu.data_len = 8192;
	CHECK_OK(&s, ini_conn_send(&s.conn, &pdu, s.timeout_ms));
	CHECK_OK(&s, ini_session_recv(&s, &pdu, s.timeout_ms));
	CHECK(pdu_get_login_rsp(pdu.bhs, &rsp) == PDU_OK && rsp.status == 0);
	pdu = (struct ini_pdu){ .data = out, .data_len = 8193 };
	pdu_put_login_req(pdu.bhs, &req);
	CHECK_OK(&s, ini_conn_send(&s.conn, &pdu, s.timeout_ms));
	fixture_expect_end(&s);
}

/*
 * 13.14: a write of 8 blocks whose first len bytes come unasked, by immediate data and
 * Data-Out or by one of them.
 */
static void send_unasked(struct ini_session *s, struct ini_task *t, uint32_t immediate,
			 uint32_t len)
{
	struct pdu_scsi_cmd cmd = {
		.final = len == immediate, .write = true, .attr = PDU_ATTR_SIMPLE, .edtl = 4096
	};
	struct pdu_data_out d = { .ttt = PDU_TAG_RESERVED, .final = true, .offset = immediate };
	struct ini_pdu pdu = { .data = out, .data_len = immediate };

	ini_scsi_write(t, 0, 0, 8, out, 4096);
	memcpy(cmd.cdb, t->cdb, PDU_CDB_LEN);
	pdu_put_scsi_cmd(pdu.bhs, &cmd);
	t->itt = ini_session_number(s, pdu.bhs);
	t->sent = len;
	CHECK(map_add(&s->tasks, t->itt, t) == 0);
	CHECK_OK(s, ini_conn_queue(&s->conn, &pdu));
	if (cmd.final)
		return;
	d.itt = t->itt;
	d.expstatsn = s->expstatsn;
	pdu = (struct ini_pdu){ .data = out + immediate, .data_len = len - immediate };
	pdu_put_data_out(pdu.bhs, &d);
	CHECK_OK(s, ini_conn_queue(&s->conn, &pdu));
}

static void the_first_burst(void)
{
	static const uint32_t lengths[] = { 512, 513, 1000, 2047, 4095 };
	static const uint32_t parts[] = { 0, 1, 2 }; /* of the burst that is immediate: n / 2 */
	struct ini_session s;
	struct ini_task t;
	char keys[128];
	size_t i, k;

	for (i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		(void)snprintf(keys, sizeof(keys),
			       "InitialR2T=No\nImmediateData=Yes\nFirstBurstLength=%u\n",
			       lengths[i]);
		for (k = 0; k < sizeof(parts) / sizeof(parts[0]); k++) {
			uint32_t immediate = lengths[i] * parts[k] / 2;

			login_to(&s, 3, keys);
			fixture_fill(out, 4096, lengths[i] + parts[k]);
			send_unasked(&s, &t, immediate, lengths[i]);
			CHECK_OK(&s, ini_task_wait(&s, &t));
			CHECK_THAT(ini_task_is_good(&t), "%u bytes, %u of them immediate: 0x%02x",
				   lengths[i], immediate, t.status);
			ini_scsi_read(&t, 0, 0, 8, in, 4096);
			CHECK_GOOD(&s, &t);
			CHECK(memcmp(in, out, 4096) == 0);
			fixture_leave(&s);
		}
	}
}

static void a_byte_beyond_the_first_burst(void)
{
	static const uint32_t lengths[] = { 512, 513, 1000, 2047 };
	static uint8_t old[4096];
	struct ini_session s;
	struct ini_task t;
	struct ini_pdu pdu;
	char keys[128];
	bool is_other;
	size_t i, k;

	for (i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		(void)snprintf(keys, sizeof(keys),
			       "InitialR2T=No\nImmediateData=Yes\nFirstBurstLength=%u\n",
			       lengths[i]);
		for (k = 0; k < 3; k++) {
			uint32_t len = lengths[i] + 1;

			login_to(&s, 3, keys);
			ini_scsi_write(&t, 0, 0, 8, old, sizeof(old));
			CHECK_GOOD(&s, &t);
			memset(out, 0x77, 4096);
			send_unasked(&s, &t, len * (uint32_t)k / 2, len);
			while (t.outcome == INI_IN_FLIGHT) {
				CHECK_OK(&s, ini_task_step(&s, &pdu, &is_other, s.timeout_ms));
				CHECK(!is_other || pdu_opcode(pdu.bhs) == PDU_REJECT);
			}
			CHECK_THAT(!ini_task_is_good(&t), "%u of %u bytes are taken", len,
				   lengths[i]);
			ini_session_close(&s);
			login_to(&s, 3, "");
			ini_scsi_read(&t, 0, 0, 8, in, 4096);
			CHECK_GOOD(&s, &t);
			CHECK(memcmp(in, old, 4096) == 0);
			fixture_leave(&s);
		}
	}
}

/* 13.17: as many R2Ts as both allow wait for their data, and never one more. */
static void outstanding_r2ts(void)
{
	static const uint32_t offers[] = { 1, 2, 3, 4, 5, 7, 8, 9, 16, 65535 };
	struct ini_session s;
	struct ini_task t;
	uint32_t agreed;
	char keys[160];
	size_t i;

	for (i = 0; i < sizeof(offers) / sizeof(offers[0]); i++) {
		agreed = least(offers[i], OURS);
		(void)snprintf(keys, sizeof(keys),
			       "InitialR2T=Yes\nImmediateData=No\nMaxBurstLength=1024\n"
			       "MaxOutstandingR2T=%u\n",
			       offers[i]);
		login_to(&s, 3, keys);
		CHECK_NUM(s.param.MaxOutstandingR2T, agreed);
		ini_scsi_write(&t, 0, 0, 32, out, 16384);
		fixture_start_write(&s, &t);
		while (t.outcome == INI_IN_FLIGHT) {
			/* what it has to say by now comes before the second answer */
			CHECK_OK(&s, ini_request_nop(&s, true, NULL, 0, NULL));
			CHECK_OK(&s, ini_request_nop(&s, true, NULL, 0, NULL));
			CHECK_THAT(t.nwaiting == least(agreed, 16 - (t.nr2t - t.nwaiting)),
				   "%u R2Ts wait, %u were agreed to", t.nwaiting, agreed);
			if (!t.nwaiting)
				break;
			CHECK_OK(&s, ini_task_answer_r2t(&s, &t, &t.r2ts[0]));
			memmove(t.r2ts, t.r2ts + 1, --t.nwaiting * sizeof(t.r2ts[0]));
		}
		CHECK_OK(&s, ini_task_wait(&s, &t));
		CHECK(ini_task_is_good(&t));
		fixture_leave(&s);
	}
}

static const struct unit_test tests[] = {
	{ "13.12: every target declares its length, and 8192 is what is left out",
	  what_is_declared },
	{ "13.12: a PDU as long as was declared is taken", the_longest_pdu },
	{ "13.12: a PDU of one byte more ends the connection", a_byte_too_long },
	{ "13.12: a PDU of the login phase has 8192 bytes at most", a_login_pdu_has_8192_bytes },
	{ "13.13: lengths are obeyed to the byte, and used to the byte", odd_lengths },
	{ "13.14: a first burst as long as agreed is taken", the_first_burst },
	{ "13.14: a first burst of one byte more is refused", a_byte_beyond_the_first_burst },
	{ "13.17: R2Ts wait as many as agreed", outstanding_r2ts },
};

PROTOCOL_MAIN("protocol/lengths", &options, tests)
