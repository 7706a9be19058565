/* What the tests of fences share: answers behind one, and the acknowledgements that they wait for.
 */
#ifndef FENCED_H
#define FENCED_H

#include "iscsi/answer.h"
#include "iscsi/fence.h"
#include "recovery.h"

/* An answer behind a fence, and what became of it. */
struct fenced {
	unsigned int said;
	unsigned int dropped;
	uint32_t itt;
	struct fence *slot;
};

static inline void on_say(struct conn *c, void *user)
{
	struct fenced *f = user;
	const struct pdu_tmf_rsp rsp = { .itt = f->itt };
	struct answer *a = answer_new(0);

	CU_ASSERT_PTR_NOT_NULL_FATAL(a);
	CU_ASSERT_PTR_NULL(f->slot);
	f->said++;
	pdu_put_tmf_rsp(a->bhs, &rsp);
	answer_send(c, a);
}

static inline void on_drop(void *user)
{
	struct fenced *f = user;

	CU_ASSERT_PTR_NULL(f->slot);
	f->dropped++;
}

static inline void fence_one(struct peer *p, struct fenced *f, uint32_t itt)
{
	*f = (struct fenced){ .itt = itt };
	fence_say(&(struct fence){
		.conn = p->c, .user = f, .say = on_say, .drop = on_drop, .slot = &f->slot });
}

/* Two connections of a session; what was said on the second one is not acknowledged. */
static inline void begin(struct bench *b, struct peer **p, struct peer **q)
{
	bench_open(b);
	*p = bench_login(b, LEVEL_0);
	*q = peer_join(*p, 2, "");
	CU_ASSERT_EQUAL(peer_end(*q, peer_test_unit_ready(*q), NULL), SCSI_GOOD);
	peer_pass(*q, *p);
}

/* The target asks whether all has come; its Target Transfer Tag. */
static inline uint32_t expect_mark(struct peer *p)
{
	struct got g;

	if (!peer_expect(p, PDU_NOP_IN, &g))
		return PDU_TAG_RESERVED;
	CU_ASSERT_EQUAL(g.itt, PDU_TAG_RESERVED);
	CU_ASSERT(be32(g.bhs + 20) != PDU_TAG_RESERVED); /* it wants an answer */
	return be32(g.bhs + 20);
}

/* Answer that, with an ExpStatSN that many before what has come. */
static inline void pong(struct peer *p, uint32_t ttt, uint32_t behind)
{
	const struct pdu_nop_out nop = { .immediate = true,
					 .itt = PDU_TAG_RESERVED,
					 .ttt = ttt,
					 .cmdsn = p->cmdsn,
					 .expstatsn = p->statsn - behind };
	uint8_t bhs[PDU_BHS_LEN];

	pdu_put_nop_out(bhs, &nop);
	peer_pdu(p, bhs, NULL);
	bench_run(p->bench);
}

static inline void expect_answer(struct peer *p, const struct fenced *f)
{
	struct got g;

	if (peer_expect(p, PDU_TMF_RSP, &g))
		CU_ASSERT_EQUAL(g.itt, f->itt);
}

/* A command that acknowledges nothing new. Its ITT. */
static inline uint32_t command(struct peer *p)
{
	uint32_t itt;

	p->statsn--;
	itt = peer_test_unit_ready(p);
	p->statsn++;
	return itt;
}

static inline void expect_status(struct peer *p, uint32_t itt)
{
	struct got g;

	if (peer_expect(p, PDU_SCSI_RSP, &g)) {
		CU_ASSERT_EQUAL(g.itt, itt);
		CU_ASSERT_EQUAL(g.bhs[3], SCSI_GOOD);
	}
}

/* A ping that acknowledges nothing new is answered, and nothing else comes. */
static inline void expect_only_pings(struct peer *p)
{
	struct got g;

	p->statsn--;
	peer_nop(p, true, NULL, 0);
	p->statsn++;
	CU_ASSERT(peer_expect(p, PDU_NOP_IN, &g));
	CU_ASSERT(g.itt != PDU_TAG_RESERVED);
	peer_expect_nothing(p);
}

#endif
