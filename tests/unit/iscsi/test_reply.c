/* RFC 7143, 11.4, 11.7.3: status, residual count and numbers of an answer. */
#include "iscsi/reply.h"

#include "recovery.h"

#include <errno.h>

static struct peer *begin(struct bench *b, const char *keys)
{
	bench_open(b);
	bench_fill(b);
	return bench_login(b, keys);
}

/*
 * 11.4.5: the residual count is what the command would have moved against what the initiator
 * expected, with O when that was more and U when it was less; 0 with neither. Where there is data
 * and no error it stands in the last Data-In (11.7.3), else in the response.
 */
static void residuals(void)
{
	static const struct {
		const char *what;
		uint32_t edtl;     /* bytes */
		uint32_t residual; /* bytes */
		uint32_t pdus;     /* of Data-In */
		uint16_t blocks;   /* of the CDB */
		uint8_t flags;
	} cases[] = {
		{ "as expected", 4096, 0, 8, 8, 0 },
		{ "less than expected", 4096, 3072, 2, 2, PDU_RESID_UNDERFLOW },
		{ "more than expected", 1024, 3072, 2, 8, PDU_RESID_OVERFLOW },
		{ "a part of a block", 700, 324, 2, 2, PDU_RESID_OVERFLOW },
		{ "no data where some was expected", 4096, 4096, 0, 0, PDU_RESID_UNDERFLOW },
		{ "data where none was expected", 0, 4096, 0, 8, PDU_RESID_OVERFLOW },
	};
	static const char *const levels[] = { LEVEL_0, LEVEL_1 };
	struct pdu_scsi_cmd cmd;
	uint32_t itt, n, bytes;
	struct bench b;
	struct peer *p;
	struct got g;
	size_t i, k;

	for (k = 0; k < 2; k++) {
		p = begin(&b, levels[k]);
		for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
			peer_rw10(&cmd, 0x28, 0, cases[i].blocks);
			cmd.edtl = cases[i].edtl;
			itt = peer_scsi(p, &cmd, NULL);
			bytes = 0;
			for (n = 0; n < cases[i].pdus; n++) {
				CU_ASSERT_FATAL(peer_expect(p, PDU_DATA_IN, &g));
				CU_ASSERT_EQUAL(!!(g.bhs[1] & PDU_DATA_IN_STATUS),
						n == cases[i].pdus - 1);
				CU_ASSERT(n == cases[i].pdus - 1 || be32(g.bhs + 44) == 0);
				bytes += g.len;
			}
			if (!n && peer_expect(p, PDU_SCSI_RSP, &g))
				CU_ASSERT_EQUAL(be32(g.bhs + 36), 0); /* 11.4.8 */
			CU_ASSERT_EQUAL(g.itt, itt);
			CU_ASSERT_EQUAL(g.bhs[3], SCSI_GOOD);
			CU_ASSERT_EQUAL(g.bhs[1] & (PDU_RESID_OVERFLOW | PDU_RESID_UNDERFLOW),
					cases[i].flags);
			CU_ASSERT_EQUAL(be32(g.bhs + 44), cases[i].residual);
			CU_ASSERT_EQUAL(bytes, n ? (cases[i].edtl < cases[i].blocks * BENCH_BLOCK
							    ? cases[i].edtl
							    : cases[i].blocks * BENCH_BLOCK)
						 : 0);
			peer_expect_nothing(p);
		}
		bench_close(&b);
	}
}

/* 11.4.7.1: sense data comes behind its length; 11.7.3: an error has no place in Data-In. */
static void a_read_that_fails(void)
{
	struct bench b;
	struct peer *p = begin(&b, LEVEL_0);
	struct got g;

	b.disk->error = -EIO;
	peer_read(p, 0, 8);
	CU_ASSERT_FATAL(peer_expect(p, PDU_SCSI_RSP, &g));
	CU_ASSERT_EQUAL(g.bhs[2], PDU_RSP_COMPLETED);
	CU_ASSERT_EQUAL(g.bhs[3], SCSI_CHECK_CONDITION);
	CU_ASSERT(g.len > 2 && be16(g.data) == g.len - 2);
	CU_ASSERT_EQUAL(sense_of(&g), 0x031100);
	CU_ASSERT_EQUAL(g.bhs[1] & 0x80, 0x80);
	CU_ASSERT_EQUAL(be32(g.bhs + 36), 0);
	peer_expect_nothing(p);
	bench_close(&b);
}

/* 11.4.8: ExpDataSN is the number of R2Ts that a write was sent. */
static void as_many_r2ts(void)
{
	static uint8_t data[10 * BENCH_BLOCK];
	struct pdu_data_out out = { .final = true };
	struct bench b;
	struct peer *p = begin(&b, LEVEL_0);
	uint32_t r2ts = 0;
	struct pdu_r2t r2t;
	struct got g;

	out.itt = peer_write(p, 0, 10, data, 0, true);
	for (bench_run(&b); peer_next(p, &g) && g.opcode == PDU_R2T; bench_run(&b), r2ts++) {
		CU_ASSERT_EQUAL(pdu_get_r2t(g.bhs, &r2t), PDU_OK);
		CU_ASSERT_EQUAL(r2t.r2tsn, r2ts);
		out.ttt = r2t.ttt;
		out.offset = r2t.offset;
		out.data_len = r2t.len;
		peer_data_out(p, &out, data + r2t.offset);
	}
	CU_ASSERT_EQUAL(r2ts, 3);
	CU_ASSERT_EQUAL(g.opcode, PDU_SCSI_RSP);
	CU_ASSERT_EQUAL(be32(g.bhs + 36), r2ts);
	CU_ASSERT_EQUAL(be32(g.bhs + 44), 0);
	bench_close(&b);
}

/* 11.4.4: the SNACK Tag of a response is 0 unless an R-Data SNACK gave another. */
static void no_snack_tag(void)
{
	struct bench b;
	struct peer *p = begin(&b, LEVEL_1);
	struct got g;

	peer_test_unit_ready(p);
	CU_ASSERT(peer_expect(p, PDU_SCSI_RSP, &g) && be32(g.bhs + 20) == 0);
	bench_close(&b);
}

static const struct unit_test tests[] = {
	{ "11.4.5: residuals", residuals },
	{ "11.4.7: a read that fails", a_read_that_fails },
	{ "11.4.8: as many R2Ts", as_many_r2ts },
	{ "11.4.4: no SNACK Tag", no_snack_tag },
};

UNIT_MAIN("iscsi/reply", tests)
