/* An initiator of few words, for the tests behind the door: PDUs out, PDUs in, numbers checked. */
#ifndef PEER_H
#define PEER_H

#include "bench.h"
#include "iscsi/keys.h"
#include "wire/pdu.h"

#include <stdio.h>

#define PEER_TEXT_MAX 65536

/* ---- out ---- */

/* Send a PDU: header, AHS (len as the header says), data, padding and digests. */
static inline void peer_pdu_ahs(struct peer *p, const uint8_t *bhs, const uint8_t *ahs,
				const void *data)
{
	uint32_t len = pdu_data_len(bhs);
	uint32_t pad = pdu_pad(len);
	size_t head = PDU_BHS_LEN + pdu_ahs_len(bhs);
	uint8_t *bytes = bench_alloc(head + len + pad + (size_t)2 * PDU_DIGEST_LEN);
	uint8_t *end = bytes;

	memcpy(bytes, bhs, PDU_BHS_LEN);
	if (ahs)
		memcpy(bytes + PDU_BHS_LEN, ahs, pdu_ahs_len(bhs));
	end += head;
	if (p->header_digest) {
		digest_put(end, bytes, head);
		*end ^= p->damage_header;
		end += PDU_DIGEST_LEN;
	}
	if (len && data)
		memcpy(end, data, len);
	end += len + pad;
	if (p->data_digest && len) {
		digest_put(end, end - len - pad, len);
		*end ^= p->damage_data;
		end += PDU_DIGEST_LEN;
	}
	p->damage_header = false;
	p->damage_data = false;
	peer_feed(p, bytes, (size_t)(end - bytes));
	free(bytes);
}

static inline void peer_pdu(struct peer *p, const uint8_t *bhs, const void *data)
{
	peer_pdu_ahs(p, bhs, NULL, data);
}

/* The CmdSN for a request: immediate ones do not use theirs up. */
static inline uint32_t peer_cmdsn(struct peer *p, bool immediate)
{
	return immediate ? p->cmdsn : p->cmdsn++;
}

/* "A=b\nC=d\n" → pairs. Bytes. */
static inline uint32_t peer_text(char *dst, const char *lines)
{
	size_t len = strlen(lines);
	size_t i;

	CU_ASSERT_FATAL(len < PEER_TEXT_MAX);
	for (i = 0; i < len; i++)
		dst[i] = lines[i] == '\n' ? '\0' : lines[i];
	return (uint32_t)len;
}

/* A login request with the peer's ISID, tags and numbers; req: the stages, what is unusual. */
static inline void peer_login_pdu(struct peer *p, const struct pdu_login_req *req,
				  const char *lines)
{
	static char text[PEER_TEXT_MAX];
	struct pdu_login_req r = *req;
	uint8_t bhs[PDU_BHS_LEN];

	r.isid[0] = 0x80;
	r.isid[5] = p->isid;
	r.itt = p->itt;
	r.cid = p->cid;
	r.cmdsn = p->cmdsn;
	r.data_len = peer_text(text, lines);
	pdu_put_login_req(bhs, &r);
	peer_pdu(p, bhs, text);
}

#define PEER_NAMES \
	"InitiatorName=" BENCH_INITIATOR "\nTargetName=" BENCH_TARGET "\nSessionType=Normal\n"
#define PEER_DISCOVERY_NAMES "InitiatorName=" BENCH_INITIATOR "\nSessionType=Discovery\n"

/* CSG 1, NSG 3: all in one request. */
static inline void peer_login_send(struct peer *p, const char *names, const char *keys)
{
	static const struct pdu_login_req whole = { .transit = true,
						    .csg = PDU_STAGE_OPERATIONAL,
						    .nsg = PDU_STAGE_FULL };
	char lines[2048];

	snprintf(lines, sizeof(lines), "%s%s", names, keys);
	peer_login_pdu(p, &whole, lines);
}

/* Send a command; cmd: all but its tags and numbers. Its ITT. */
static inline uint32_t peer_scsi(struct peer *p, const struct pdu_scsi_cmd *cmd, const void *data)
{
	struct pdu_scsi_cmd c = *cmd;
	uint8_t bhs[PDU_BHS_LEN];

	c.itt = ++p->itt;
	c.cmdsn = peer_cmdsn(p, c.immediate);
	c.expstatsn = p->statsn;
	if (!c.attr)
		c.attr = PDU_ATTR_SIMPLE;
	pdu_put_scsi_cmd(bhs, &c);
	peer_pdu(p, bhs, data);
	return c.itt;
}

static inline void peer_rw10(struct pdu_scsi_cmd *cmd, uint8_t opcode, uint32_t lba,
			     uint16_t blocks)
{
	*cmd = (struct pdu_scsi_cmd){ .final = true, .edtl = blocks * BENCH_BLOCK };
	cmd->cdb[0] = opcode;
	put_be32(cmd->cdb + 2, lba);
	put_be16(cmd->cdb + 7, blocks);
	cmd->read = opcode == 0x28;
	cmd->write = opcode == 0x2a;
}

static inline uint32_t peer_read(struct peer *p, uint32_t lba, uint16_t blocks)
{
	struct pdu_scsi_cmd cmd;

	peer_rw10(&cmd, 0x28, lba, blocks);
	return peer_scsi(p, &cmd, NULL);
}

/* immediate: bytes of data that come with it; final: no unsolicited data follows. */
static inline uint32_t peer_write(struct peer *p, uint32_t lba, uint16_t blocks, const void *data,
				  uint32_t immediate, bool final)
{
	struct pdu_scsi_cmd cmd;

	peer_rw10(&cmd, 0x2a, lba, blocks);
	cmd.final = final;
	cmd.data_len = immediate;
	return peer_scsi(p, &cmd, data);
}

static inline uint32_t peer_test_unit_ready(struct peer *p)
{
	const struct pdu_scsi_cmd cmd = { .final = true };

	return peer_scsi(p, &cmd, NULL);
}

/* out: all but ExpStatSN. data: what the PDU carries. */
static inline void peer_data_out(struct peer *p, const struct pdu_data_out *out, const void *data)
{
	struct pdu_data_out d = *out;
	uint8_t bhs[PDU_BHS_LEN];

	d.expstatsn = p->statsn;
	pdu_put_data_out(bhs, &d);
	peer_pdu(p, bhs, data);
}

/* A ping that wants an answer. Its ITT. */
static inline uint32_t peer_nop(struct peer *p, bool immediate, const void *data, uint32_t len)
{
	const struct pdu_nop_out nop = {
		.immediate = immediate,
		.itt = ++p->itt,
		.ttt = PDU_TAG_RESERVED,
		.cmdsn = peer_cmdsn(p, immediate),
		.expstatsn = p->statsn,
		.data_len = len,
	};
	uint8_t bhs[PDU_BHS_LEN];

	pdu_put_nop_out(bhs, &nop);
	peer_pdu(p, bhs, data);
	return nop.itt;
}

/* req: function, LUN, Referenced Task Tag and RefCmdSN. Its ITT. */
static inline uint32_t peer_tmf(struct peer *p, const struct pdu_tmf_req *req)
{
	struct pdu_tmf_req r = *req;
	uint8_t bhs[PDU_BHS_LEN];

	r.itt = ++p->itt;
	r.cmdsn = peer_cmdsn(p, r.immediate);
	r.expstatsn = p->statsn;
	pdu_put_tmf_req(bhs, &r);
	peer_pdu(p, bhs, NULL);
	return r.itt;
}

/* req: flags and TTT. Its ITT is the last one's unless it begins an exchange. */
static inline uint32_t peer_text_req(struct peer *p, const struct pdu_text_req *req,
				     const char *lines)
{
	static char text[PEER_TEXT_MAX];
	struct pdu_text_req r = *req;
	uint8_t bhs[PDU_BHS_LEN];

	if (r.ttt == PDU_TAG_RESERVED)
		p->itt++;
	r.itt = p->itt;
	r.cmdsn = peer_cmdsn(p, r.immediate);
	r.expstatsn = p->statsn;
	r.data_len = peer_text(text, lines);
	pdu_put_text_req(bhs, &r);
	peer_pdu(p, bhs, text);
	return r.itt;
}

static inline uint32_t peer_logout(struct peer *p, enum pdu_logout_reason reason, uint16_t cid)
{
	const struct pdu_logout_req r = {
		.reason = (uint8_t)reason,
		.itt = ++p->itt,
		.cid = cid,
		.cmdsn = peer_cmdsn(p, false),
		.expstatsn = p->statsn,
	};
	uint8_t bhs[PDU_BHS_LEN];

	pdu_put_logout_req(bhs, &r);
	peer_pdu(p, bhs, NULL);
	return r.itt;
}

/* ---- in ---- */

/* A PDU that came; data is borrowed until the next turn. */
struct got {
	uint8_t bhs[PDU_BHS_LEN];
	uint8_t opcode;
	uint32_t itt;
	uint32_t len; /* bytes of data */
	const uint8_t *data;
};

static inline bool got_takes_statsn(const struct got *g)
{
	switch (g->opcode) {
	case PDU_R2T: return false;
	case PDU_DATA_IN: return g->bhs[1] & PDU_DATA_IN_STATUS;
	case PDU_NOP_IN: return g->itt != PDU_TAG_RESERVED;
	default: return true;
	}
}

/* StatSN counts, ExpCmdSN and MaxCmdSN never go back. */
static inline void peer_check_numbers(struct peer *p, const struct got *g)
{
	uint32_t exp = be32(g->bhs + 28);
	uint32_t max = be32(g->bhs + 32);

	if (got_takes_statsn(g))
		CU_ASSERT_EQUAL(be32(g->bhs + 24), p->statsn++);
	if (g->opcode == PDU_R2T)
		CU_ASSERT_EQUAL(be32(g->bhs + 24), p->statsn);
	if (g->opcode == PDU_LOGIN_RSP && be16(g->bhs + 14) == 0)
		return;
	CU_ASSERT(!p->maxcmdsn || (int32_t)(exp - p->expcmdsn) >= 0);
	CU_ASSERT(!p->maxcmdsn || (int32_t)(max - p->maxcmdsn) >= 0);
	CU_ASSERT((int32_t)(max - exp) >= -1);
	p->expcmdsn = exp;
	p->maxcmdsn = max;
}

/* Take the next PDU that has come whole, whatever its numbers. */
static inline bool peer_next_any(struct peer *p, struct got *g)
{
	const uint8_t *bytes = p->in + p->in_at;
	size_t have = p->in_len - p->in_at;
	size_t head = PDU_BHS_LEN + (p->header_digest ? PDU_DIGEST_LEN : 0u);
	uint8_t digest[PDU_DIGEST_LEN];
	uint32_t len;
	size_t all;

	if (have < PDU_BHS_LEN)
		return false;
	len = pdu_data_len(bytes);
	all = head + len + pdu_pad(len) + (p->data_digest && len ? PDU_DIGEST_LEN : 0u);
	if (have < all)
		return false;
	if (p->header_digest) {
		digest_put(digest, bytes, PDU_BHS_LEN);
		CU_ASSERT_EQUAL(memcmp(bytes + PDU_BHS_LEN, digest, PDU_DIGEST_LEN), 0);
	}
	if (p->data_digest && len) {
		digest_put(digest, bytes + head, len);
		CU_ASSERT_EQUAL(memcmp(bytes + all - PDU_DIGEST_LEN, digest, PDU_DIGEST_LEN), 0);
	}
	memcpy(g->bhs, bytes, PDU_BHS_LEN);
	g->opcode = pdu_opcode(bytes);
	g->itt = pdu_itt(bytes);
	g->len = len;
	g->data = bytes + head;
	p->in_at += all;
	return true;
}

/* The same, and its numbers are those that come next. */
static inline bool peer_next(struct peer *p, struct got *g)
{
	if (!peer_next_any(p, g))
		return false;
	peer_check_numbers(p, g);
	return true;
}

/* Let the loop run; the next PDU must be there, and be that one. */
static inline bool peer_expect(struct peer *p, enum pdu_opcode opcode, struct got *g)
{
	bool there;

	memset(g, 0, sizeof(*g));
	bench_run(p->bench);
	there = peer_next(p, g);
	CU_ASSERT(there);
	CU_ASSERT_EQUAL(g->opcode, opcode);
	return there && g->opcode == opcode;
}

/* Let the loop run; nothing may have come. */
static inline void peer_expect_nothing(struct peer *p)
{
	struct got g;

	bench_run(p->bench);
	CU_ASSERT_FALSE(peer_next(p, &g));
}

/* 11.9: the data is SenseLength and sense data: fixed format, UNIT ATTENTION, 3Fh/0Eh. */
static inline void peer_expect_luns_changed(struct peer *p)
{
	static const uint8_t sense[20] = { 0, 18, 0x70, 0, 0x06, 0,    0, 0, 0, 10,
					   0, 0,  0,    0, 0x3f, 0x0e, 0, 0, 0, 0 };
	struct got g;

	if (!peer_expect(p, PDU_ASYNC, &g))
		return;
	CU_ASSERT_EQUAL(g.bhs[36], PDU_ASYNC_SCSI);
	CU_ASSERT_EQUAL(g.itt, PDU_TAG_RESERVED);
	CU_ASSERT_EQUAL_FATAL(g.len, sizeof(sense));
	CU_ASSERT_EQUAL(memcmp(g.data, sense, sizeof(sense)), 0);
}

/* The status of a login response, which must be there; 0xffff when it is not. */
static inline uint16_t peer_login_status(struct peer *p, struct pdu_login_rsp *rsp)
{
	struct got g;

	memset(rsp, 0, sizeof(*rsp));
	if (!peer_expect(p, PDU_LOGIN_RSP, &g) || pdu_get_login_rsp(g.bhs, rsp) != PDU_OK)
		return 0xffff;
	return rsp->status;
}

/* A whole login. keys: beside the names. */
static inline void peer_login(struct peer *p, const char *keys)
{
	struct pdu_login_rsp rsp;

	peer_login_send(p, PEER_NAMES, keys);
	CU_ASSERT_EQUAL_FATAL(peer_login_status(p, &rsp), PDU_LOGIN_SUCCESS);
	CU_ASSERT(rsp.transit && rsp.nsg == PDU_STAGE_FULL);
	CU_ASSERT(rsp.tsih != 0);
	p->tsih = rsp.tsih;
	p->header_digest = strstr(keys, "HeaderDigest=CRC32C") != NULL;
	p->data_digest = strstr(keys, "DataDigest=CRC32C") != NULL;
}

/*
 * Let the loop run and look at what comes until the command ends: R2Ts are answered from
 * data, data-in goes to data. Its status; -1 when it does not end.
 */
static inline int peer_end(struct peer *p, uint32_t itt, uint8_t *data)
{
	struct pdu_data_out out;
	struct pdu_r2t r2t;
	struct got g;

	for (bench_run(p->bench); peer_next(p, &g); bench_run(p->bench)) {
		if (g.itt != itt)
			continue;
		if (g.opcode == PDU_SCSI_RSP)
			return g.bhs[3];
		if (g.opcode == PDU_DATA_IN && data) {
			memcpy(data + be32(g.bhs + 40), g.data, g.len);
			if (g.bhs[1] & PDU_DATA_IN_STATUS)
				return g.bhs[3];
		}
		if (g.opcode != PDU_R2T || pdu_get_r2t(g.bhs, &r2t) != PDU_OK)
			continue;
		out = (struct pdu_data_out){
			.final = true,
			.itt = itt,
			.ttt = r2t.ttt,
			.offset = r2t.offset,
			.data_len = r2t.len,
		};
		peer_data_out(p, &out, data + r2t.offset);
	}
	return -1;
}

/* Logged in, and told of the power on. */
static inline struct peer *bench_login(struct bench *b, const char *keys)
{
	struct peer *p = bench_peer(b);

	peer_login(p, keys);
	CU_ASSERT_EQUAL(peer_end(p, peer_test_unit_ready(p), NULL), SCSI_CHECK_CONDITION);
	return p;
}

#endif
