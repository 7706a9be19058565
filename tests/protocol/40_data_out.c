/*
 * Data from the initiator (RFC 7143, 4.2.5, 11.7, 11.8): immediate, unsolicited, asked
 * for. The initiator library holds each R2T against the rules; here are the sizes.
 */
#include "fixture.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define MOST (1u << 18) /* bytes of the largest write here */

static const struct fixture_options options = {
	.conf = FIXTURE_CONF "target \"iqn.2026-11.org.itgtd:test\" {\n"
			     "  portal-groups = { \"1\" }\n"
			     "  auth-group = \"no-authentication\"\n"
			     "  MaxRecvDataSegmentLength = 8192\n"
			     "  FirstBurstLength = 65536\n"
			     "  MaxBurstLength = 262144\n"
			     "  InitialR2T = no\n"
			     "  ImmediateData = yes\n"
			     "  MaxOutstandingR2T = 8\n"
			     "  lun \"0\" { backend = \"ram\" size = \"8M\" }\n"
			     "}\n",
	.target = "iqn.2026-11.org.itgtd:test",
};

static uint8_t out[MOST], in[MOST]; /* too large for the stack */

/* How many R2Ts a write of len bytes needs at least. */
static unsigned int r2ts_needed(const struct ini_session *s, const struct ini_task *t)
{
	const struct ini_param *p = &s->param;
	uint32_t first = t->out_len < p->FirstBurstLength ? t->out_len : p->FirstBurstLength;
	uint32_t unasked = 0;

	if (p->ImmediateData && !t->no_immediate)
		unasked = first < p->MaxRecvDataSegmentLength ? first : p->MaxRecvDataSegmentLength;
	if (!p->InitialR2T && !t->no_unsolicited)
		unasked = first;
	return (t->out_len - unasked + p->MaxBurstLength - 1) / p->MaxBurstLength;
}

/* Write len bytes (whole blocks) of a new pattern, read them back, look at the blocks around. */
static void write_and_compare(struct ini_session *s, uint32_t len, bool no_immediate,
			      bool no_unsolicited)
{
	const uint32_t blocks = len / FIXTURE_BLOCK, lba = 100;
	uint8_t edge[FIXTURE_BLOCK];
	struct ini_task t;

	memset(edge, 0x55, sizeof(edge));
	ini_scsi_write(&t, fixture_lun(), lba + blocks, 1, edge, sizeof(edge));
	CHECK_GOOD(s, &t);
	fixture_fill(out, len, len + no_immediate + 2u * no_unsolicited);
	ini_scsi_write(&t, fixture_lun(), lba, blocks, out, len);
	t.no_immediate = no_immediate;
	t.no_unsolicited = no_unsolicited;
	CHECK_GOOD(s, &t);
	CHECK_NUM(t.residual_flags, 0);
	CHECK_THAT(t.nr2t == r2ts_needed(s, &t), "%u R2Ts for %u bytes, %u would do", t.nr2t, len,
		   r2ts_needed(s, &t));
	memset(in, 0xee, len);
	ini_scsi_read(&t, fixture_lun(), lba, blocks, in, len);
	CHECK_GOOD(s, &t);
	CHECK_THAT(memcmp(in, out, len) == 0, "%u bytes are not what was written", len);
	ini_scsi_read(&t, fixture_lun(), lba + blocks, 1, in, sizeof(edge));
	CHECK_GOOD(s, &t);
	CHECK_THAT(memcmp(in, edge, sizeof(edge)) == 0, "the block behind %u bytes changed", len);
}

static void every_way_and_size(void)
{
	static const char *const ways[] = {
		"InitialR2T=Yes\nImmediateData=Yes\n",
		"InitialR2T=Yes\nImmediateData=No\n",
		"InitialR2T=No\nImmediateData=Yes\n",
		"InitialR2T=No\nImmediateData=No\n",
	};
	static const struct {
		const char *keys;
		uint32_t first, max;
	} bursts[] = {
		{ "", 65536, 262144 },
		{ "FirstBurstLength=512\nMaxBurstLength=512\n", 512, 512 },
		{ "FirstBurstLength=4096\nMaxBurstLength=16384\nMaxOutstandingR2T=8\n", 4096,
		  16384 },
		{ "FirstBurstLength=16384\nMaxBurstLength=16384\nMaxOutstandingR2T=3\n", 16384,
		  16384 },
		{ "FirstBurstLength=10240\nMaxBurstLength=20480\n", 10240, 20480 },
	};
	struct ini_session s;
	size_t w, b, k;
	char keys[256];

	for (w = 0; w < sizeof(ways) / sizeof(ways[0]); w++) {
		for (b = 0; b < sizeof(bursts) / sizeof(bursts[0]); b++) {
			const uint32_t f = bursts[b].first, m = bursts[b].max;
			const uint32_t sizes[] = { 512,
						   f,
						   f + 512,
						   m,
						   m < MOST ? m + 512 : 8192,
						   f + m <= MOST ? f + m : 8704 };

			(void)snprintf(keys, sizeof(keys), "%s%s", ways[w], bursts[b].keys);
			fixture_login(&s, keys);
			for (k = 0; k < sizeof(sizes) / sizeof(sizes[0]); k++)
				write_and_compare(&s, sizes[k], false, false);
			fixture_leave(&s);
		}
	}
}

/* 11.3.4: an initiator may send less than it may: only immediate data, or none at all. */
static void less_than_allowed(void)
{
	static const uint32_t sizes[] = { 512, 8192, 8704, 65536, 66048, MOST };
	struct ini_session s;
	size_t i;

	fixture_login(&s, "InitialR2T=No\nImmediateData=Yes\nMaxBurstLength=65536\n");
	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		write_and_compare(&s, sizes[i], true, false);
		write_and_compare(&s, sizes[i], false, true);
		write_and_compare(&s, sizes[i], true, true);
	}
	fixture_leave(&s);
}

/* 13.17: with n agreed, n R2Ts at most wait for their data; each has its own tag. */
static void r2ts_at_once(void)
{
	static const uint32_t agreed[] = { 1, 2, 3, 8 };
	struct ini_session s;
	struct ini_task t;
	unsigned int i, k, seen;
	struct ini_pdu pdu;
	bool is_other;
	char keys[128];

	for (i = 0; i < sizeof(agreed) / sizeof(agreed[0]); i++) {
		(void)snprintf(keys, sizeof(keys),
			       "InitialR2T=Yes\nImmediateData=No\nMaxBurstLength=16384\n"
			       "MaxOutstandingR2T=%u\n",
			       agreed[i]);
		fixture_login(&s, keys);
		CHECK_NUM(s.param.MaxOutstandingR2T, agreed[i]);
		fixture_fill(out, MOST, agreed[i]);
		ini_scsi_write(&t, fixture_lun(), 0, MOST / FIXTURE_BLOCK, out, MOST);
		fixture_start_write(&s, &t);
		for (seen = 0; t.outcome == INI_IN_FLIGHT && seen < MOST / 16384; seen++) {
			while (!t.nwaiting)
				CHECK_OK(&s, ini_task_step(&s, &pdu, &is_other, s.timeout_ms));
			/* all R2Ts that the target sends by now come before the second answer */
			CHECK_OK(&s, ini_request_nop(&s, true, NULL, 0, NULL));
			CHECK_OK(&s, ini_request_nop(&s, true, NULL, 0, NULL));
			CHECK(t.nwaiting >= 1 && t.nwaiting <= agreed[i]);
			for (k = 1; k < t.nwaiting; k++)
				CHECK(t.r2ts[k].ttt != t.r2ts[0].ttt);
			CHECK_OK(&s, ini_task_answer_r2t(&s, &t, &t.r2ts[0]));
			memmove(t.r2ts, t.r2ts + 1, --t.nwaiting * sizeof(t.r2ts[0]));
		}
		CHECK_OK(&s, ini_task_wait(&s, &t));
		CHECK(ini_task_is_good(&t));
		ini_scsi_read(&t, fixture_lun(), 0, MOST / FIXTURE_BLOCK, in, MOST);
		CHECK_GOOD(&s, &t);
		CHECK(memcmp(in, out, MOST) == 0);
		fixture_leave(&s);
	}
}

/*
 * 13.18: where DataPDUInOrder is No the PDUs of a sequence may come in any order (here
 * the last first), and where it is Yes they do not; the target may insist on Yes.
 */
static void pdus_in_any_order(void)
{
	static const char *const ways[] = {
		"DataPDUInOrder=No\nInitialR2T=Yes\nImmediateData=No\nMaxBurstLength=65536\n",
		"DataPDUInOrder=No\nInitialR2T=No\nImmediateData=Yes\nMaxBurstLength=65536\n",
		"DataPDUInOrder=No\nInitialR2T=No\nImmediateData=No\nMaxOutstandingR2T=4\n",
	};
	struct ini_session s;
	struct ini_task t;
	size_t i;

	for (i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		fixture_login(&s, ways[i]);
		fixture_fill(out, MOST, (uint32_t)i);
		ini_scsi_write(&t, fixture_lun(), 0, MOST / FIXTURE_BLOCK, out, MOST);
		t.backwards = true;
		CHECK_GOOD(&s, &t);
		ini_scsi_read(&t, fixture_lun(), 0, MOST / FIXTURE_BLOCK, in, MOST);
		CHECK_GOOD(&s, &t);
		CHECK(memcmp(in, out, MOST) == 0);
		fixture_leave(&s);
	}
}

/* R2Ts that wait together may be answered in any order, each with a tag of its own. */
static void r2ts_answered_in_any_order(void)
{
	static const char keys[] = "InitialR2T=Yes\nImmediateData=No\nMaxBurstLength=65536\n"
				   "MaxOutstandingR2T=4\nDataSequenceInOrder=No\n";
	struct ini_session s;
	struct ini_task t;
	struct ini_pdu pdu;
	bool is_other;

	fixture_login(&s, keys);
	fixture_fill(out, MOST, 1319);
	ini_scsi_write(&t, fixture_lun(), 0, MOST / FIXTURE_BLOCK, out, MOST);
	fixture_start_write(&s, &t);
	while (t.nwaiting < 4)
		CHECK_OK(&s, ini_task_step(&s, &pdu, &is_other, s.timeout_ms));
	while (t.nwaiting)
		CHECK_OK(&s, ini_task_answer_r2t(&s, &t, &t.r2ts[--t.nwaiting]));
	CHECK_OK(&s, ini_task_wait(&s, &t));
	CHECK(ini_task_is_good(&t));
	ini_scsi_read(&t, fixture_lun(), 0, MOST / FIXTURE_BLOCK, in, MOST);
	CHECK_GOOD(&s, &t);
	CHECK(memcmp(in, out, MOST) == 0);
	fixture_leave(&s);
}

/* The initiator offers more or less than the command takes (11.4.5). */
static void residual_counts(void)
{
	static const struct {
		const char *what;
		uint32_t blocks, edtl;
		uint8_t flags;
		uint32_t residual;
	} cases[] = {
		{ "as much", 8, 4096, 0, 0 },
		{ "more, with the command", 8, 4608, PDU_RESID_UNDERFLOW, 512 },
		{ "twice", 8, 8192, PDU_RESID_UNDERFLOW, 4096 },
		{ "far more", 8, 100000, PDU_RESID_UNDERFLOW, 100000 - 4096 },
		{ "no blocks at all", 0, 512, PDU_RESID_UNDERFLOW, 512 },
		{ "half", 8, 2048, PDU_RESID_OVERFLOW, 2048 },
		{ "nothing", 8, 0, PDU_RESID_OVERFLOW, 4096 },
	};
	static const char *const ways[] = { "InitialR2T=Yes\nImmediateData=No\n",
					    "InitialR2T=No\nImmediateData=Yes\n" };
	struct ini_session s;
	struct ini_task t;
	size_t w, i;

	for (w = 0; w < sizeof(ways) / sizeof(ways[0]); w++) {
		fixture_login(&s, ways[w]);
		for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
			fixture_fill(out, cases[i].edtl, cases[i].edtl);
			ini_scsi_write(&t, fixture_lun(), 0, cases[i].blocks, out, cases[i].edtl);
			CHECK_OK(&s, ini_task_run(&s, &t));
			/* too little data is an error to some and a short write to others */
			CHECK_THAT(ini_task_is_good(&t) || cases[i].flags == PDU_RESID_OVERFLOW,
				   "%s: status 0x%02x, sense %06x", cases[i].what, t.status,
				   ini_task_sense(&t));
			if (!ini_task_is_good(&t))
				continue;
			CHECK_THAT(t.residual_flags == cases[i].flags &&
					   t.residual == cases[i].residual,
				   "%s: flags 0x%02x, residual %u", cases[i].what, t.residual_flags,
				   t.residual);
		}
		fixture_leave(&s);
	}
}

/* A write that fails before it has its data asks for none of it. */
static void a_write_that_fails(void)
{
	static const char *const ways[] = { "InitialR2T=Yes\nImmediateData=No\n",
					    "InitialR2T=No\nImmediateData=Yes\n" };
	struct ini_session s;
	struct ini_task t;
	size_t w;

	for (w = 0; w < sizeof(ways) / sizeof(ways[0]); w++) {
		fixture_login(&s, ways[w]);
		ini_scsi_write(&t, fixture_lun(), 1u << 30, 256, out, 131072);
		CHECK_SENSE(&s, &t, SENSE_LBA_OUT_OF_RANGE);
		CHECK_NUM(t.nr2t, 0);
		CHECK_OK(&s, ini_request_nop(&s, true, NULL, 0, NULL));
		write_and_compare(&s, 65536, false, false);
		fixture_leave(&s);
	}
}

/* Writes of different tasks: their R2Ts and data mix, the data of each lands where it belongs. */
static void many_writes_at_once(void)
{
	enum { N = 16, LEN = MOST / 16 };
	struct ini_task tasks[N], *t, back;
	struct ini_session s;
	uint32_t i;

	fixture_login(&s, "InitialR2T=No\nFirstBurstLength=2048\nMaxBurstLength=4096\n");
	fixture_fill(out, MOST, 4711);
	for (i = 0; i < N; i++) {
		ini_scsi_write(&tasks[i], fixture_lun(), i * LEN / FIXTURE_BLOCK,
			       LEN / FIXTURE_BLOCK, out + (size_t)i * LEN, LEN);
		CHECK_OK(&s, ini_task_submit(&s, &tasks[i]));
	}
	for (i = 0; i < N; i++) {
		CHECK_OK(&s, ini_task_next(&s, &t, s.timeout_ms));
		CHECK(ini_task_is_good(t));
	}
	ini_scsi_read(&back, fixture_lun(), 0, MOST / FIXTURE_BLOCK, in, MOST);
	CHECK_GOOD(&s, &back);
	CHECK(memcmp(in, out, MOST) == 0);
	fixture_leave(&s);
}

static const struct unit_test tests[] = {
	{ "4.2.5: InitialR2T and ImmediateData, sizes around every limit", every_way_and_size },
	{ "11.3.4: less unsolicited data than allowed", less_than_allowed },
	{ "13.17: R2Ts at once, as many as agreed", r2ts_at_once },
	{ "13.18: PDUs of a sequence in any order", pdus_in_any_order },
	{ "13.19: R2Ts answered in any order", r2ts_answered_in_any_order },
	{ "11.4.5: more or less is offered than the command writes", residual_counts },
	{ "11.8: a write that fails asks for no data", a_write_that_fails },
	{ "11.7: many writes at once", many_writes_at_once },
};

PROTOCOL_MAIN("protocol/data_out", &options, tests)
