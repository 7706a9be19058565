/*
 * A session on a line that is as bad as can be: its connections come and go in the middle of
 * everything, PDUs are lost, damaged, repeated and out of order, and all the while what is read
 * is held against what was written, and each command has to end exactly once.
 *
 *   protocol_140_bad_line [SECONDS [SEED]]      5 seconds, or 60 where CI is set
 */
#include "erl.h"
#include "mcs.h"

#include "base/bytes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define CONNS  4u
#define PIECE  2048u
#define BURST  8192u
#define LEN    65536u /* of the disk: the most that a command moves */
#define BLOCKS (LEN / FIXTURE_BLOCK)
#define PDUS   (LEN / PIECE)

/* Digests; the level, and whether everything is in order, are drawn. */
#define KEYS                                                                          \
	"HeaderDigest=CRC32C\nDataDigest=CRC32C\n"                                    \
	"MaxRecvDataSegmentLength=2048\nMaxBurstLength=8192\nFirstBurstLength=4096\n" \
	"InitialR2T=Yes\nImmediateData=No\nMaxOutstandingR2T=1\n"
#define LATER "HeaderDigest=CRC32C\nDataDigest=CRC32C\nMaxRecvDataSegmentLength=2048\n"

static unsigned int seconds = 5;
static unsigned int level; /* ErrorRecoveryLevel */
static uint64_t seed;
static uint64_t state;
static struct mcs m;
static uint8_t disk[LEN], data[LEN], in[LEN];
static struct erl_pdu pdu, last; /* last: the Data-In with the status of a read */
static unsigned long commands, faults, cuts;

static uint32_t random_below(uint32_t n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)((state >> 20) % n);
}

static uint64_t now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec;
}

/* A connection that is up. */
static unsigned int any_conn(void)
{
	unsigned int i;

	do {
		i = random_below(CONNS);
	} while (!m.is_up[i]);
	return i;
}

static unsigned int count_up(void)
{
	unsigned int i, n = 0;

	for (i = 0; i < CONNS; i++)
		n += m.is_up[i];
	return n;
}

/* Some blocks of the disk. */
static void pick(uint32_t *lba, uint32_t *blocks)
{
	*lba = random_below(BLOCKS);
	*blocks = 1 + random_below(BLOCKS - *lba);
}

/*
 * A status has come. True: GOOD. False: the session was told that it lost commands with a
 * connection, and this one was not carried out; anything else is a failure.
 */
static bool is_good(struct ini_session *s, const struct ini_task *t)
{
	uint8_t status = pdu.bhs[3];

	CHECK_NUM(pdu.itt, t->itt);
	erl_got(s, &pdu);
	commands++;
	if (status == 0)
		return true;
	CHECK_NUM(status, 2);
	CHECK(pdu.data_len >= 16);
	CHECK_NUM(pdu.data[2 + 12], 0x47);
	CHECK_NUM(pdu.data[2 + 13], 0x7f);
	return false;
}

/* ---- reads ---- */

/* Take the PDUs of a read, and lose some. *got: which have come. True: the status has. */
static bool take(struct ini_session *s, const struct ini_task *t, bool got[PDUS], uint32_t n)
{
	uint32_t i, datasn;
	bool ended = false;

	for (i = 0; i < n; i++) {
		erl_recv(s, &pdu);
		if (pdu.opcode == PDU_SCSI_RSP)
			return true;
		CHECK_NUM(pdu.opcode, PDU_DATA_IN);
		CHECK_NUM(pdu.itt, t->itt);
		datasn = be32(pdu.bhs + 36);
		CHECK(datasn < PDUS);
		if (random_below(8) == 0) {
			faults++;
			continue;
		}
		memcpy(in + be32(pdu.bhs + 40), pdu.data, pdu.data_len);
		got[datasn] = true;
		if (pdu.bhs[1] & PDU_DATA_IN_STATUS) {
			ended = true;
			last = pdu;
		}
	}
	return ended;
}

static void read_some(unsigned int i)
{
	struct ini_session *s = mcs_at(&m, i);
	bool got[PDUS] = { false }, ended;
	uint32_t lba, blocks, len, n, k;
	struct ini_task t;

	pick(&lba, &blocks);
	len = blocks * FIXTURE_BLOCK;
	n = (len + PIECE - 1) / PIECE;
	ini_scsi_read(&t, fixture_lun(), lba, blocks, in, len);
	erl_command(s, &t);
	ended = take(s, &t, got, n);
	if (pdu.opcode == PDU_SCSI_RSP) {
		CHECK(!is_good(s, &t));
		return;
	}
	for (k = 0; k < n; k++) {
		while (!got[k] || (k == n - 1 && !ended)) {
			erl_snack(s, PDU_SNACK_DATA_R2T, t.itt, PDU_TAG_RESERVED, k, 1);
			ended |= take(s, &t, got, 1);
		}
	}
	commands++;
	erl_got(s, &last); /* now that nothing of it has to come again */
	CHECK_THAT(memcmp(in, disk + (size_t)lba * FIXTURE_BLOCK, len) == 0,
		   "block %u and %u more are not what was written", lba, blocks);
}

/* ---- writes ---- */

/*
 * Connection i was cut with t in flight. At level 2 it goes on elsewhere, or on i anew: then i is
 * where. False: it is gone.
 */
static bool recover(unsigned int *i, const struct ini_task *t, uint32_t expdatasn)
{
	struct pdu_tmf_req req = { .immediate = true,
				   .function = PDU_TMF_TASK_REASSIGN,
				   .rtt = t->itt,
				   .expdatasn = expdatasn };
	uint8_t bhs[PDU_BHS_LEN], response;
	struct ini_session *s;
	unsigned int by;
	uint32_t itt;

	if (level < 2)
		return false;
	if (random_below(2)) {
		mcs_join(&m, *i, LATER);
		by = *i;
	} else {
		by = any_conn();
		s = mcs_at(&m, by);
		CHECK_OK(s, ini_request_logout(s, PDU_LOGOUT_RECOVERY, (uint16_t)*i, &response));
		CHECK_NUM(response, PDU_LOGOUT_DONE);
	}
	*i = by;
	s = mcs_at(&m, by);
	pdu_put_tmf_req(bhs, &req);
	CHECK_OK(s, ini_session_post(s, bhs, NULL, 0, &itt));
	erl_expect(s, &pdu, PDU_TMF_RSP);
	CHECK_NUM(pdu.bhs[2], PDU_TMF_COMPLETE);
	erl_got(s, &pdu);
	return true;
}

/* Send what an R2T asks for, with or without a fault. False: the connection was cut instead. */
static bool answer(unsigned int i, const struct ini_task *t, const struct pdu_r2t *r2t)
{
	struct ini_session *s = &m.s[i];
	uint32_t n = (r2t->len + PIECE - 1) / PIECE, k;
	struct pdu_data_out out = { .ttt = r2t->ttt };
	unsigned int flaw;

	for (k = 0; k < n; k++) {
		out.datasn = k;
		out.offset = r2t->offset + k * PIECE;
		out.data_len = k < n - 1 ? PIECE : r2t->len - k * PIECE;
		out.final = k == n - 1;
		flaw = random_below(40);
		faults += flaw < 6;
		if (flaw == 0 && count_up() > 1) {
			cuts++;
			mcs_cut(&m, i); /* some of the data was not sent: nothing may be written */
			return false;
		}
		if (flaw == 1 && !out.final)
			continue; /* lost; the end of a sequence is missed only in time */
		erl_data(s, t, &out,
			 flaw == 2                 ? INI_BAD_DATA_DIGEST
			 : flaw == 3 && !out.final ? INI_BAD_HEADER_DIGEST
						   : 0);
		if (flaw == 3 && !out.final && k + 1 < n) {
			/* two damaged headers in a row would be the end */
			k++;
			out.datasn = k;
			out.offset = r2t->offset + k * PIECE;
			out.data_len = k < n - 1 ? PIECE : r2t->len - k * PIECE;
			out.final = k == n - 1;
			erl_data(s, t, &out, 0);
		}
		if (flaw == 4)
			erl_data(s, t, &out, 0);
	}
	return true;
}

static void write_some(unsigned int i)
{
	struct ini_session *s = mcs_at(&m, i);
	uint32_t lba, blocks, len;
	struct pdu_r2t r2t;
	struct ini_task t;

	pick(&lba, &blocks);
	len = blocks * FIXTURE_BLOCK;
	fixture_fill(data, len, random_below(UINT32_MAX));
	ini_scsi_write(&t, fixture_lun(), lba, blocks, data, len);
	erl_command(s, &t);
	for (;;) {
		erl_recv(s, &pdu);
		if (pdu.opcode == PDU_REJECT) { /* of damaged data */
			CHECK_NUM(pdu.bhs[2], PDU_REJECT_DATA_DIGEST);
			erl_got(s, &pdu);
			continue;
		}
		if (pdu.opcode == PDU_SCSI_RSP)
			break;
		CHECK(pdu_get_r2t(pdu.bhs, &r2t) == PDU_OK);
		if (!answer(i, &t, &r2t) && !recover(&i, &t, 0))
			return;
		s = &m.s[i];
	}
	if (is_good(s, &t))
		memcpy(disk + (size_t)lba * FIXTURE_BLOCK, data, len);
}

/* A write that is aborted from another connection. */
static void abort_one(unsigned int i)
{
	struct ini_session *s = mcs_at(&m, i);
	uint32_t lba, blocks;
	struct pdu_tmf_req req = { .immediate = true, .function = PDU_TMF_ABORT_TASK };
	uint8_t bhs[PDU_BHS_LEN];
	struct ini_task t;
	uint32_t itt;

	pick(&lba, &blocks);
	ini_scsi_write(&t, fixture_lun(), lba, blocks, data, blocks * FIXTURE_BLOCK);
	erl_command(s, &t);
	erl_recv(s, &pdu);
	if (pdu.opcode == PDU_SCSI_RSP) {
		CHECK(!is_good(s, &t));
		return;
	}
	s = mcs_at(&m, any_conn());
	req.rtt = t.itt;
	req.refcmdsn = t.cmdsn;
	ini_scsi_lun(req.lun, fixture_lun());
	pdu_put_tmf_req(bhs, &req);
	CHECK_OK(s, ini_session_post(s, bhs, NULL, 0, &itt));
	erl_expect(s, &pdu, PDU_TMF_RSP);
	CHECK_NUM(pdu.itt, itt);
	CHECK_NUM(pdu.bhs[2], PDU_TMF_COMPLETE);
	erl_got(s, &pdu);
}

/* ---- many commands at once ---- */

#define AT_ONCE 8u
#define SHARE   (LEN / AT_ONCE) /* of the disk, for each of them */

static struct one {
	struct ini_task t;
	unsigned int conn;
	bool reads;
	bool is_over;
	uint32_t got; /* PDUs of Data-In */
	uint8_t bytes[SHARE];
} many[AT_ONCE];

static void end_one(struct one *o, bool good)
{
	uint8_t *share = disk + (o - many) * SHARE;

	CHECK(!o->is_over);
	o->is_over = true;
	if (good && o->reads)
		CHECK_THAT(memcmp(o->bytes, share, SHARE) == 0, "other data was read");
	else if (good)
		memcpy(share, o->bytes, SHARE);
}

static void take_one(struct ini_session *s, struct one *o)
{
	CHECK_NUM(be32(pdu.bhs + 36), o->got);
	o->got++;
	memcpy(o->bytes + be32(pdu.bhs + 40), pdu.data, pdu.data_len);
	if (!(pdu.bhs[1] & PDU_DATA_IN_STATUS))
		return;
	erl_got(s, &pdu);
	commands++;
	end_one(o, true);
}

/* Send what the R2T in hand asks for; some of it is damaged. */
static void give_one(struct ini_session *s, const struct one *o)
{
	struct pdu_data_out out = { .datasn = 0 };
	struct pdu_r2t r2t;
	uint32_t at;

	CHECK(pdu_get_r2t(pdu.bhs, &r2t) == PDU_OK);
	out.ttt = r2t.ttt;
	for (at = 0; at < r2t.len; at += PIECE, out.datasn++) {
		bool is_bad = random_below(20) == 0;

		out.offset = r2t.offset + at;
		out.data_len = r2t.len - at < PIECE ? r2t.len - at : PIECE;
		out.final = at + out.data_len == r2t.len;
		faults += is_bad;
		erl_data(s, &o->t, &out, is_bad ? INI_BAD_DATA_DIGEST : 0);
	}
}

/* Take a PDU on connection i, and do what it asks for. */
static void take_any(unsigned int i)
{
	struct ini_session *s = mcs_at(&m, i);
	struct one *o = many;

	erl_recv(s, &pdu);
	if (pdu.opcode != PDU_DATA_IN && pdu.opcode != PDU_R2T && pdu.opcode != PDU_SCSI_RSP) {
		CHECK(pdu.opcode != PDU_REJECT || pdu.bhs[2] == PDU_REJECT_DATA_DIGEST);
		erl_got(s, &pdu);
		return;
	}
	while (o->t.itt != pdu.itt)
		CHECK(++o < many + AT_ONCE);
	CHECK_NUM(o->conn, i);
	switch (pdu.opcode) {
	case PDU_DATA_IN: take_one(s, o); break;
	case PDU_R2T: give_one(s, o); break;
	default: end_one(o, is_good(s, &o->t)); break;
	}
}

/* Send an immediate request on connection i, and go on with the others until it is answered. */
static void ask(unsigned int i, uint8_t bhs[static PDU_BHS_LEN], enum pdu_opcode answer)
{
	struct ini_session *s = mcs_at(&m, i);
	uint32_t itt;

	CHECK_OK(s, ini_session_post(s, bhs, NULL, 0, &itt));
	do
		take_any(i);
	while (pdu.opcode != answer || pdu.itt != itt);
}

/* When it is answered, all that was sent before it on i has been seen. */
static void ping(unsigned int i)
{
	const struct pdu_nop_out nop = { .immediate = true, .ttt = PDU_TAG_RESERVED };
	uint8_t bhs[PDU_BHS_LEN];

	pdu_put_nop_out(bhs, &nop);
	ask(i, bhs, PDU_NOP_IN);
}

/* Who takes over what a connection has left: it, anew, or another one. */
static unsigned int successor(unsigned int lost)
{
	struct pdu_logout_req req = { .immediate = true,
				      .reason = PDU_LOGOUT_RECOVERY,
				      .cid = (uint16_t)lost };
	static uint32_t joins;
	uint8_t bhs[PDU_BHS_LEN];
	unsigned int by;

	if (count_up() == 0 || random_below(2)) {
		mcs_join(&m, lost, LATER);
		m.s[lost].itt += 0x100 * (1 + ++joins % 0x800); /* its tags are in use */
		return lost;
	}
	by = any_conn();
	pdu_put_logout_req(bhs, &req);
	ask(by, bhs, PDU_LOGOUT_RSP);
	CHECK_NUM(pdu.bhs[2], PDU_LOGOUT_DONE);
	return by;
}

/* Connection i is cut; what is left of the many goes on. */
static void cut_among_many(unsigned int i)
{
	unsigned int by;
	struct one *o;

	cuts++;
	mcs_cut(&m, i);
	by = successor(i);
	for (o = many; o < many + AT_ONCE; o++) {
		struct pdu_tmf_req req = { .immediate = true,
					   .function = PDU_TMF_TASK_REASSIGN,
					   .rtt = o->t.itt,
					   .expdatasn = o->got };
		uint8_t bhs[PDU_BHS_LEN];

		if (o->is_over || o->conn != i)
			continue;
		o->conn = by;
		pdu_put_tmf_req(bhs, &req);
		ask(by, bhs, PDU_TMF_RSP);
		CHECK_NUM(pdu.bhs[2], PDU_TMF_COMPLETE);
	}
}

static void begin_one(struct one *o)
{
	const uint32_t blocks = SHARE / FIXTURE_BLOCK, lba = (uint32_t)(o - many) * blocks;

	*o = (struct one){ .conn = any_conn(), .reads = random_below(2) };
	if (o->reads) {
		ini_scsi_read(&o->t, fixture_lun(), lba, blocks, o->bytes, SHARE);
	} else {
		fixture_fill(o->bytes, SHARE, random_below(UINT32_MAX));
		ini_scsi_write(&o->t, fixture_lun(), lba, blocks, o->bytes, SHARE);
	}
	erl_command(mcs_at(&m, o->conn), &o->t);
}

static void many_at_once(void)
{
	unsigned int i;
	struct one *o;

	for (o = many; o < many + AT_ONCE; o++)
		begin_one(o);
	for (i = 0; i < CONNS; i++) {
		if (m.is_up[i])
			ping(i);
	}
	for (o = many; o < many + AT_ONCE; o++) {
		while (!o->is_over) {
			if (level == 2 && random_below(10) == 0)
				cut_among_many(o->conn);
			else
				take_any(o->conn);
		}
	}
}

/* ---- connections ---- */

/* One more, or one in the place of another. */
static void come(void)
{
	unsigned int i = random_below(CONNS);
	struct ini_session old = m.s[i];
	bool was_up = m.is_up[i];

	mcs_join(&m, i, LATER);
	if (was_up)
		fixture_expect_end(&old);
}

static void go(void)
{
	unsigned int i = any_conn();

	if (count_up() == 1)
		return;
	cuts++;
	if (random_below(2)) {
		mcs_cut(&m, i);
	} else {
		struct ini_session *s = mcs_at(&m, i);
		uint8_t response;

		CHECK_OK(s, ini_request_logout(s, PDU_LOGOUT_CONNECTION, s->cid, &response));
		CHECK_NUM(response, PDU_LOGOUT_DONE);
		mcs_ends(&m, i);
	}
}

static void step(void)
{
	switch (random_below(13)) {
	case 0: come(); break;
	case 1: go(); break;
	case 2: abort_one(any_conn()); break;
	case 3: erl_silence(mcs_at(&m, any_conn())); break;
	case 12: many_at_once(); break;
	case 4:
	case 5:
	case 6:
	case 7: read_some(any_conn()); break;
	default: write_some(any_conn()); break;
	}
}

static void a_bad_line(void)
{
	uint64_t end = now_s() + seconds;
	struct ini_task t;
	char keys[512];
	unsigned int i;

	level = 1 + random_below(2);
	(void)snprintf(keys, sizeof(keys), "%sErrorRecoveryLevel=%u\n%s", KEYS, level,
		       random_below(2) ? "" : "DataPDUInOrder=No\nDataSequenceInOrder=No\n");
	mcs_open(&m, keys);
	CHECK_NUM(m.s[0].param.ErrorRecoveryLevel, level);
	ini_scsi_write(&t, fixture_lun(), 0, BLOCKS, disk, LEN);
	mcs_good(&m, 0, &t);
	while (now_s() < end)
		step();
	for (i = 0; i < CONNS; i++) {
		if (m.is_up[i])
			erl_silence(mcs_at(&m, i));
	}
	printf("%lu commands, %lu faults, %lu connections cut ...", commands, faults, cuts);
	i = any_conn();
	CHECK_OK(&m.s[i], ini_conn_flush(&mcs_at(&m, i)->conn, 1000));
	mcs_leave(&m, i);
}

static const struct unit_test tests[] = {
	{ "reads and writes stay right on a bad line", a_bad_line },
};

int main(int argc, char **argv)
{
	if (getenv("CI"))
		seconds = 60;
	if (argc > 1)
		seconds = (unsigned int)strtoul(argv[1], NULL, 10);
	seed = argc > 2 ? strtoull(argv[2], NULL, 10) : (uint64_t)time(NULL);
	state = seed * 0x9e3779b97f4a7c15u + 1;
	printf("repeat: %s %u %llu\n", argv[0], seconds, (unsigned long long)seed);
	return fixture_main("protocol/bad_line", NULL, tests, 1);
}
