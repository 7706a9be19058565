/* What the tests of the login share: requests, and what their answers have in them. */
#ifndef UNIT_ISCSI_LOGIN_STEPS_H
#define UNIT_ISCSI_LOGIN_STEPS_H

#include "peer.h"

/* Stages: where a request is, and where it wants to go (0 security, 1 operational, 3 full). */
#define STAY(current)     .csg = (current)
#define GO(current, next) .transit = true, .csg = (current), .nsg = (next)

#define HOST   "InitiatorName=" BENCH_INITIATOR "\n"
#define TARGET "TargetName=" BENCH_TARGET "\n"

static const struct pdu_login_req whole = { GO(1, 3) };
static const struct pdu_login_req security = { STAY(0) };
static const struct pdu_login_req to_operational = { GO(0, 1) };

/* Does the text of g have that pair? */
static inline bool has_pair(const struct got *g, const char *pair)
{
	const char *text = (const char *)g->data;
	size_t at = 0;

	while (at < g->len) {
		if (!strcmp(text + at, pair))
			return true;
		at += strnlen(text + at, g->len - at) + 1;
	}
	return false;
}

/* Send a request; its answer must be a success. */
static inline struct pdu_login_rsp step(struct peer *p, const struct pdu_login_req *req,
					const char *lines, struct got *g)
{
	struct pdu_login_rsp rsp = { .status = 0xffff };

	peer_login_pdu(p, req, lines);
	if (peer_expect(p, PDU_LOGIN_RSP, g))
		CU_ASSERT_EQUAL(pdu_get_login_rsp(g->bhs, &rsp), PDU_OK);
	CU_ASSERT_EQUAL(rsp.status, PDU_LOGIN_SUCCESS);
	CU_ASSERT_EQUAL(rsp.csg, req->csg);
	return rsp;
}

#endif
