/*
 * The login phase: what connections bring before they have a session.
 *
 * An input is records, each begun by 0xff and a letter of its kind (0xff twice is
 * the byte itself); the first byte chooses the portal:
 *   L  a login request: flags, then its text, with its length and tags made right
 *   H  the same, and the rest of the header from the record
 *   X  a text request, for the session that came of it: flags, then its text
 *   R  bytes as they are
 *   T  time goes by
 *   N  another connection: the other of two, made where it is not there
 *   C  the connection is lost
 * In a text, "@R" stands for the response that proves the secret to the challenge
 * that came last, "@I" and "@C" for that challenge itself.
 */
#include "fuzz.h"
#include "repeat.h"
#include "world.h"

#include "base/bytes.h"
#include "iscsi/chap.h"
#include "iscsi/door.h"
#include "iscsi/session.h"
#include "wire/digest.h"
#include "wire/pdu.h"
#include "wire/text.h"

#define MARK       0xff
#define RECORD_MAX ((size_t)80 * 1024)
#define HEX_MAX    (2 * (size_t)CHAP_CHALLENGE_MAX + 3)

struct dialogue {
	struct peer peer; /* first */
	bool is_there;
	uint8_t algorithm; /* of the challenge that came last */
	uint8_t id;
	uint8_t challenge[CHAP_CHALLENGE_MAX];
	size_t challenge_len;
	uint32_t ttt; /* of the text exchange that goes on */
};

/* ---- what is heard ---- */

static void hear_pair(struct dialogue *d, const struct text_pair *pair)
{
	int n;

	if (pair->key_len != 6 || memcmp(pair->key, "CHAP_", 5) != 0)
		return;
	switch (pair->key[5]) {
	case 'A': d->algorithm = (uint8_t)atoi(pair->value); break;
	case 'I': d->id = (uint8_t)atoi(pair->value); break;
	case 'C':
		n = chap_decode(pair->value, d->challenge, sizeof(d->challenge));
		MUST(n > 0, "CHAP_C=%s", pair->value);
		d->challenge_len = (size_t)n;
		break;
	default: break;
	}
}

static void hear(struct peer *p, const uint8_t *bhs, const uint8_t *data, uint32_t len)
{
	struct dialogue *d = (struct dialogue *)p;
	char *text = fuzz_exact(data, len);
	struct pdu_login_rsp rsp;
	struct text_pair pair;
	size_t pos = 0;

	if (pdu_opcode(bhs) == PDU_LOGIN_RSP) {
		MUST(pdu_get_login_rsp(bhs, &rsp) == PDU_OK, "login response");
		MUST(!rsp.transit || !rsp.cont, "T and C");
		MUST(!rsp.status || !rsp.transit, "refused, and on to the next stage");
		while (text_next(text, len, &pos, &pair) == TEXT_PAIR)
			hear_pair(d, &pair);
	}
	if (pdu_opcode(bhs) == PDU_TEXT_RSP)
		d->ttt = be32(bhs + 20);
	free(text);
}

/* ---- what is said ---- */

static struct text_out substitute(struct dialogue *d, const uint8_t *p, size_t len)
{
	uint8_t response[CHAP_DIGEST_MAX];
	struct secret secret;
	char hex[HEX_MAX];
	struct text_out out = { .size = len + 4 * sizeof(hex) };
	size_t i, n;

	out.buf = malloc(out.size);
	MUST(out.buf, "memory");
	secret_set(&secret, WORLD_SECRET, strlen(WORLD_SECRET));
	for (i = 0; i < len; i++) {
		hex[0] = '\0';
		if (p[i] == '@' && i + 1 < len && out.len + 2 * sizeof(hex) < out.size) {
			n = chap_digest_len(d->algorithm);
			if (p[i + 1] == 'R' && n &&
			    !chap_response(d->algorithm, d->id, &secret, d->challenge,
					   d->challenge_len, response))
				chap_encode(hex, sizeof(hex), response, n);
			else if (p[i + 1] == 'I')
				snprintf(hex, sizeof(hex), "%u", d->id);
			else if (p[i + 1] == 'C' && d->challenge_len)
				chap_encode(hex, sizeof(hex), d->challenge, d->challenge_len);
		}
		if (hex[0]) {
			memcpy(out.buf + out.len, hex, strlen(hex));
			out.len += strlen(hex);
			i++;
		} else if (out.len < out.size) {
			out.buf[out.len++] = (char)p[i];
		}
	}
	return out;
}

static void say_login(struct dialogue *d, const uint8_t *p, size_t len, bool own_header)
{
	struct pdu_login_req req = { .itt = 1, .cid = 1, .cmdsn = 1 };
	struct feed f = { p, len };
	uint8_t flags = feed_u8(&f), chunk = feed_u8(&f);
	struct text_out text;
	size_t pad, all;
	uint8_t *pdu;

	req.transit = flags & 0x80;
	req.cont = flags & 0x40;
	req.csg = flags >> 2 & 3;
	req.nsg = flags & 3;
	req.isid[5] = flags >> 4 & 1;
	if (own_header) {
		req.version_max = feed_u8(&f);
		req.version_min = feed_u8(&f);
		feed_bytes(&f, req.isid, sizeof(req.isid));
		req.tsih = feed_u8(&f);
		req.itt = feed_u8(&f);
		req.cid = feed_u8(&f);
		req.cmdsn = feed_u32(&f);
	}
	text = substitute(d, f.p, f.left);
	req.data_len = (uint32_t)text.len;
	pad = pdu_pad(req.data_len);
	all = PDU_BHS_LEN + text.len + pad;
	pdu = calloc(1, all);
	MUST(pdu, "memory");
	pdu_put_login_req(pdu, &req);
	memcpy(pdu + PDU_BHS_LEN, text.buf, text.len);
	peer_send(&d->peer, pdu, all, chunk ? chunk : SIZE_MAX);
	free(pdu);
	free(text.buf);
}

/* In full feature phase, with the numbers that are due. */
static void say_text(struct dialogue *d, const uint8_t *p, size_t len)
{
	struct peer *peer = &d->peer;
	struct feed f = { p, len < 8192 ? len : 8192 };
	uint8_t flags = feed_u8(&f);
	struct pdu_text_req req = {
		.immediate = flags & 0x40,
		.final = flags & 0x80,
		.cont = flags & 0x20,
		.itt = flags & 3,
		.ttt = flags & 4 ? d->ttt : PDU_TAG_RESERVED,
		.cmdsn = peer->expcmdsn,
		.data_len = (uint32_t)f.left,
	};
	uint8_t *pdu = calloc(1, PDU_BHS_LEN + f.left + 16), *end = pdu + PDU_BHS_LEN;
	uint32_t padded = req.data_len + pdu_pad(req.data_len);

	MUST(pdu, "memory");
	pdu_put_text_req(pdu, &req);
	if (peer->header_digest) {
		digest_put(end, pdu, PDU_BHS_LEN);
		end += PDU_DIGEST_LEN;
	}
	memcpy(end, f.p, f.left);
	if (peer->data_digest && padded)
		digest_put(end + padded, end, padded);
	end += padded + (peer->data_digest && padded ? PDU_DIGEST_LEN : 0);
	peer_send(peer, pdu, (size_t)(end - pdu), SIZE_MAX);
	free(pdu);
}

/* ---- records ---- */

static void begin(struct dialogue *d, struct fuzz_world *w, size_t portal)
{
	if (d->is_there && d->peer.conn)
		return;
	if (d->is_there)
		peer_close(&d->peer);
	memset(d, 0, sizeof(*d));
	peer_open(&d->peer, w, portal);
	d->peer.pdu = hear;
	d->is_there = true;
}

static void record(struct dialogue *d, uint8_t kind, const uint8_t *p, size_t len)
{
	struct feed f = { p, len };

	switch (kind) {
	case 'L': say_login(d, p, len, false); break;
	case 'H': say_login(d, p, len, true); break;
	case 'X': say_text(d, p, len); break;
	case 'R': peer_send(&d->peer, p, len, SIZE_MAX); break;
	case 'T': fuzz_world_wait(d->peer.w, feed_u16(&f)); break;
	case 'C': peer_lose(&d->peer); break;
	default: break;
	}
}

/* The bytes of the record that begins here, without the marks. */
static size_t unescape(struct feed *f, uint8_t *dst)
{
	size_t n = 0;

	while (f->left && n < RECORD_MAX) {
		if (*f->p == MARK && (f->left < 2 || f->p[1] != MARK))
			break;
		if (*f->p == MARK)
			feed_u8(f);
		dst[n++] = feed_u8(f);
	}
	return n;
}

static void check_conn(const struct conn *c)
{
	if (c && conn_is_full(c))
		MUST(c->session && !c->login, "full feature phase without a session");
}

static void converse(struct fuzz_world *w, struct dialogue d[2], struct feed *f, size_t portal)
{
	uint8_t *bytes = malloc(RECORD_MAX);
	size_t len, now = 0;
	uint8_t kind = 'R';

	MUST(bytes, "memory");
	begin(&d[0], w, portal);
	do {
		len = unescape(f, bytes);
		if (kind == 'N')
			begin(&d[now ^= 1], w, portal);
		else if (d[now].peer.conn)
			record(&d[now], kind, bytes, len);
		fuzz_world_settle(w);
		check_conn(d[now].peer.conn);
		feed_u8(f);
		kind = feed_u8(f);
	} while (f->left);
	free(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_world_options options = {
		.ceiling = 16u << 20,
		.reserve = 1u << 20,
		.limits = target_limits_default,
		.max_connections = 2,
	};
	struct feed f = { data, size };
	struct dialogue d[2];
	struct fuzz_world w;
	uint8_t how = feed_u8(&f);
	size_t i;

	repeat_start();
	world_log();
	memset(d, 0, sizeof(d));
	if (how & 0x10)
		options.max_connections = 1;
	if (how & 0x20)
		options.limits.HeaderDigest = TARGET_DIGEST_CRC32C;
	fuzz_world_open(&w, &options);
	converse(&w, d, &f, (how & 0x0fu) % WORLD_PORTALS);
	if (how & 0x40) {
		door_stop(&w.iscsi, 2);
		fuzz_world_settle(&w);
	}
	fuzz_world_close(&w);
	for (i = 0; i < 2; i++)
		peer_close(&d[i].peer);
	return 0;
}
