#include "iscsi/exchange.h"

#include "iscsi/answer.h"
#include "iscsi/conn.h"
#include "iscsi/discovery.h"
#include "iscsi/keys.h"
#include "iscsi/longtext.h"
#include "iscsi/session.h"
#include "wire/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define EXCHANGE_OUT_MIN ((size_t)16 * 1024) /* bytes to answer with at first … */
#define EXCHANGE_OUT_MAX \
	((size_t)64 * 1024 * 1024) /* … and at most: SendTargets of very many targets */

struct exchange {
	uint32_t itt;
	uint32_t ttt;      /* what the initiator goes on with */
	uint64_t since_ms; /* when the request began, or a piece of the answer was asked for */
	struct longtext in;
	char *out; /* owns; NULL: not answering yet */
	size_t out_len;
	size_t out_sent;
};

void exchange_free(struct conn *c)
{
	if (!c->text)
		return;
	longtext_free(&c->text->in);
	free(c->text->out);
	free(c->text);
	c->text = NULL;
}

bool exchange_check(struct conn *c, uint64_t now_ms, uint64_t limit_ms)
{
	if (c->text && now_ms - c->text->since_ms >= limit_ms) {
		conn_fault(c, "no end of a text exchange for %llu ms; forgotten",
			   (unsigned long long)limit_ms);
		exchange_free(c);
	}
	return c->text;
}

static void reject(struct conn *c, enum pdu_reject_reason reason, const uint8_t *bhs)
{
	exchange_free(c);
	answer_reject(c, reason, bhs);
}

/* The next PDU of the answer; the exchange ends with its last one. */
static void respond(struct conn *c, const struct pdu_text_req *req)
{
	struct exchange *x = c->text;
	size_t left = x->out_len - x->out_sent;
	uint32_t len = left > c->max_send ? c->max_send : (uint32_t)left;
	bool more = len < left;
	bool whole = !more && req->final;
	struct pdu_text_rsp rsp = {
		.final = whole,
		.cont = more,
		.itt = req->itt,
		.ttt = whole ? PDU_TAG_RESERVED : x->ttt,
		.data_len = len,
	};
	struct answer *a = answer_new(len);

	if (!a) {
		conn_drop(c, "no memory for a text response");
		return;
	}
	memcpy(rsp.lun, req->lun, PDU_LUN_LEN);
	pdu_put_text_rsp(a->bhs, &rsp);
	if (len)
		memcpy(a->data, x->out + x->out_sent, len);
	x->out_sent += len;
	if (x->out)
		x->since_ms = c->heard_ms;
	answer_send(c, a);
	if (whole)
		exchange_free(c);
	c->waits |= !whole;
}

/*
 * Negotiate all pairs into out. 0; -EPROTO: the negotiation failed, and nothing of it holds;
 * -ENOBUFS: out is too small.
 */
static int negotiate(struct conn *c, const struct exchange *x, struct text_out *out)
{
	struct param param = c->session->param;
	struct target *target = c->session->target;
	struct keys keys = {
		.limits = target ? &target->limits : &target_limits_default,
		.param = &param,
	};
	struct text_pair pair;
	enum text_next next;
	bool asked = false; /* SendTargets */
	size_t pos = 0;

	param.peer_MaxRecvDataSegmentLength = c->max_send;
	while ((next = text_next(x->in.buf, x->in.len, &pos, &pair)) == TEXT_PAIR) {
		switch (keys_take(&keys, KEYS_FULL_FEATURE, &pair, out)) {
		case KEYS_OK: break;
		case KEYS_SEND_TARGETS:
			/* once, as any key: else a small request would have a huge answer */
			if (asked || discovery_answer(c, pair.value, out))
				return -EPROTO;
			asked = true;
			c->told_change = false;
			break;
		default: conn_debug(c, "text request: %s", keys.why); return -EPROTO;
		}
	}
	if (next == TEXT_BAD)
		return -EPROTO;
	if (out->full)
		return -ENOBUFS;
	c->session->param = param;
	c->max_send = param.peer_MaxRecvDataSegmentLength;
	return 0;
}

/* Make the answer, in a buffer that grows until it fits. */
static int make_answer(struct conn *c, struct exchange *x)
{
	size_t size = EXCHANGE_OUT_MIN;
	struct text_out out;
	int err;

	do {
		out = (struct text_out){ .buf = malloc(size), .size = size };
		if (!out.buf)
			return -ENOMEM;
		err = negotiate(c, x, &out);
		if (!err) {
			x->out = out.buf;
			x->out_len = out.len;
			x->out_sent = 0;
			return 0;
		}
		free(out.buf);
		size *= 4;
	} while (err == -ENOBUFS && size <= EXCHANGE_OUT_MAX);
	return err;
}

/* Start a new exchange, or go on with the one that the tags name (11.10.4). */
static struct exchange *find(struct conn *c, const struct pdu_text_req *req)
{
	struct exchange *x = c->text;

	if (req->ttt == PDU_TAG_RESERVED) {
		/* A new request gives up the one before (11.10.4). */
		exchange_free(c);
		x = calloc(1, sizeof(*x));
		if (!x)
			return NULL;
		x->itt = req->itt;
		x->ttt = session_ttt(c->session);
		x->since_ms = c->heard_ms;
		c->text = x;
		return x;
	}
	return x && x->ttt == req->ttt && x->itt == req->itt ? x : NULL;
}

void exchange_pdu(struct conn *c, const struct pdu_text_req *req,
		  const uint8_t bhs[static PDU_BHS_LEN], const uint8_t *data)
{
	struct exchange *x = find(c, req);
	int err;

	if (!x) {
		reject(c, PDU_REJECT_PROTOCOL_ERROR, bhs);
		return;
	}
	if (x->out && x->out_sent < x->out_len) {
		/* The rest of a long answer, asked for by an empty request. */
		if (req->data_len)
			reject(c, PDU_REJECT_PROTOCOL_ERROR, bhs);
		else
			respond(c, req);
		return;
	}
	free(x->out);
	x->out = NULL;
	x->out_len = 0;
	x->out_sent = 0;
	err = longtext_add(&x->in, data, req->data_len);
	if (!err && !req->cont) {
		err = make_answer(c, x);
		longtext_free(&x->in);
	}
	if (err)
		reject(c, err == -EPROTO ? PDU_REJECT_PROTOCOL_ERROR : PDU_REJECT_LONG_OPERATION,
		       bhs);
	else
		respond(c, req);
}
