/*
 * What the tests of error recovery share: several connections of a session, PDUs that are asked for
 * again, and those that come again, which StatSN does not count.
 */
#ifndef RECOVERY_H
#define RECOVERY_H

#include "peer.h"

/* Reads come in PDUs of a block, in sequences of four; writes wait for R2Ts of four blocks. */
#define RECOVERY_BURST 4u
#define RECOVERY_KEYS                                               \
	"MaxRecvDataSegmentLength=512\nMaxBurstLength=2048\n"       \
	"FirstBurstLength=2048\nInitialR2T=Yes\nImmediateData=No\n" \
	"MaxOutstandingR2T=1\nMaxConnections=4\nDefaultTime2Wait=2\n"
#define LEVEL_0      RECOVERY_KEYS "ErrorRecoveryLevel=0\n"
#define LEVEL_1      RECOVERY_KEYS "ErrorRecoveryLevel=1\n"
#define LEVEL_2      RECOVERY_KEYS "ErrorRecoveryLevel=2\nDefaultTime2Retain=20\n"
#define LEVEL_2_LONG RECOVERY_KEYS "ErrorRecoveryLevel=2\nDefaultTime2Retain=3600\n"
#define RETAIN_MS    ((uint64_t)22000) /* at LEVEL_2: DefaultTime2Wait and DefaultTime2Retain */

/* A PDU that came, with its data. */
struct copy {
	uint8_t bhs[PDU_BHS_LEN];
	uint32_t len;
	uint8_t data[4 * BENCH_BLOCK];
};

static inline void copy_of(struct copy *to, const struct got *g)
{
	memcpy(to->bhs, g->bhs, PDU_BHS_LEN);
	to->len = g->len;
	CU_ASSERT_FATAL(g->len <= sizeof(to->data));
	if (g->len)
		memcpy(to->data, g->data, g->len);
}

/* 11.16: a replica but for ExpCmdSN and MaxCmdSN. */
static inline bool is_replica(const struct got *g, const struct copy *of)
{
	return !memcmp(g->bhs, of->bhs, 28) && !memcmp(g->bhs + 36, of->bhs + 36, 12) &&
	       g->len == of->len && (!g->len || !memcmp(g->data, of->data, g->len));
}

static inline uint32_t statsn_of(const uint8_t *bhs)
{
	return be32(bhs + 24);
}

/* Let the loop run; the next PDU must be there, whatever its StatSN, and be that one. */
static inline bool peer_again(struct peer *p, enum pdu_opcode opcode, struct got *g)
{
	bool there;

	memset(g, 0, sizeof(*g));
	bench_run(p->bench);
	there = peer_next_any(p, g);
	CU_ASSERT(there);
	CU_ASSERT_EQUAL(g->opcode, opcode);
	return there && g->opcode == opcode;
}

/* A SNACK for LUN 0 with all its fields said. */
static inline void peer_snack(struct peer *p, const struct pdu_snack *req)
{
	uint8_t bhs[PDU_BHS_LEN];

	pdu_put_snack(bhs, req);
	peer_pdu(p, bhs, NULL);
}

/* The next PDU is a Reject with that reason, and nothing comes behind it. */
static inline void peer_rejected(struct peer *p, uint8_t reason)
{
	struct got g;

	if (peer_expect(p, PDU_REJECT, &g))
		CU_ASSERT_EQUAL(g.bhs[2], reason);
	peer_expect_nothing(p);
}

/* Let the loop run, with room for some PDUs in each turn, until n Data-In have come. */
static inline void peer_take_some(struct peer *p, uint32_t n)
{
	uint32_t i = 0;
	struct got g;

	p->take = (size_t)2 * (PDU_BHS_LEN + BENCH_BLOCK);
	while (i < n && bench_turn(p->bench)) {
		while (peer_next(p, &g))
			i += g.opcode == PDU_DATA_IN;
	}
	CU_ASSERT_EQUAL_FATAL(i, n);
}

/* The sense key and code of a SCSI Response: 0x0b1113; 0 when it has none. */
static inline uint32_t sense_of(const struct got *g)
{
	if (g->len < 2 + 14u)
		return 0;
	return (uint32_t)(g->data[2 + 2] & 0xf) << 16 | be16(g->data + 2 + 12);
}

/* The next command on that connection is told that others were lost (7.6). */
static inline void expect_told(struct peer *p)
{
	struct got g;

	peer_test_unit_ready(p);
	if (peer_expect(p, PDU_SCSI_RSP, &g))
		CU_ASSERT_EQUAL(sense_of(&g), 0x06477f);
}

static inline void expect_good(struct peer *p)
{
	CU_ASSERT_EQUAL(peer_end(p, peer_test_unit_ready(p), NULL), SCSI_GOOD);
}

/* The numbers of the session go on at to. */
static inline struct peer *peer_pass(const struct peer *from, struct peer *to)
{
	to->cmdsn = from->cmdsn;
	return to;
}

/* One more connection for the session of p, or one in the place of another. */
static inline struct peer *peer_join(struct peer *p, uint16_t cid, const char *keys)
{
	struct pdu_login_req req = { .transit = true,
				     .csg = PDU_STAGE_OPERATIONAL,
				     .nsg = PDU_STAGE_FULL,
				     .tsih = p->tsih };
	struct peer *q = bench_peer(p->bench);
	struct pdu_login_rsp rsp;
	char lines[512];

	q->isid = p->isid;
	q->tsih = p->tsih;
	q->cid = cid;
	q->cmdsn = p->cmdsn;
	q->itt = p->bench->npeers << 16;
	snprintf(lines, sizeof(lines), "%s%s", PEER_NAMES, keys);
	peer_login_pdu(q, &req, lines);
	CU_ASSERT_EQUAL_FATAL(peer_login_status(q, &rsp), PDU_LOGIN_SUCCESS);
	return q;
}

/* TASK REASSIGN; its response, which comes before all that follows from it (7.2.2). */
static inline uint8_t peer_reassign(struct peer *p, uint32_t itt, uint32_t expdatasn)
{
	const struct pdu_tmf_req req = { .immediate = true,
					 .function = PDU_TMF_TASK_REASSIGN,
					 .rtt = itt,
					 .expdatasn = expdatasn };
	uint32_t mine = peer_tmf(p, &req);
	struct got g;

	if (!peer_expect(p, PDU_TMF_RSP, &g))
		return 0xee;
	CU_ASSERT_EQUAL(g.itt, mine);
	return g.bhs[2];
}

/* Log out; the response, 0xee when none comes. */
static inline uint8_t peer_logged_out(struct peer *p, enum pdu_logout_reason reason, uint16_t cid)
{
	uint32_t itt = peer_logout(p, reason, cid);
	struct got g;

	if (!peer_expect(p, PDU_LOGOUT_RSP, &g))
		return 0xee;
	CU_ASSERT_EQUAL(g.itt, itt);
	return g.bhs[2];
}

/* Each block of the disk is another. */
static inline void bench_fill(struct bench *b)
{
	size_t i;

	for (i = 0; i < (size_t)BENCH_BLOCKS * BENCH_BLOCK; i++)
		b->disk->bytes[i] = (uint8_t)(i / BENCH_BLOCK * 7 + i);
}

#endif
