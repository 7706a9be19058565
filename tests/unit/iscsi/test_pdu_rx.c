#include "iscsi/pdu_rx.h"

#include "base/bytes.h"
#include "base/crc32c.h"
#include "unit.h"
#include "wire/digest.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_DATA 600
#define STREAM   16384
#define STORY    8192

/* Where the data of a PDU shall go, and what is said of it: byte 8 of its header. */
enum mode { OWN, PLACE, STAY, DISCARD, STOP_AT_HEADER, STOP_AT_END };

/* What is wrong with it on the wire. */
enum damage { SOUND, BAD_HEADER, BAD_DATA, BAD_PAD };

struct spec {
	const char *what;
	uint32_t ahs_len, data_len; /* bytes */
	enum mode mode;
	enum damage damage;
};

/* A receiver, and what it told, in words. */
struct receiver {
	struct pdu_rx rx;
	uint8_t *place; /* of the PDU in progress */
	char story[STORY];
	size_t len;
	enum pdu_rx_err err;
	uint32_t most; /* PDUs at a time */
	uint32_t pdus; /* so many were told of */
};

struct stream {
	uint8_t bytes[STREAM];
	size_t len;
};

static void __attribute__((format(printf, 2, 3))) tell(struct receiver *r, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	r->len += (size_t)vsnprintf(r->story + r->len, STORY - r->len, fmt, ap);
	va_end(ap);
	CU_ASSERT_FATAL(r->len < STORY);
}

static uint32_t sum(const uint8_t *bytes, size_t len)
{
	return crc32c_end(crc32c_add(CRC32C_START, bytes, len));
}

static enum pdu_rx_verdict on_header(void *arg, const struct pdu_in *pdu,
				     struct pdu_rx_place *place)
{
	struct receiver *r = arg;
	enum mode mode = (enum mode)pdu->bhs[8];

	CU_ASSERT_PTR_NULL(pdu->data);
	CU_ASSERT_PTR_NULL(place->data);
	CU_ASSERT_FALSE(place->discard);
	CU_ASSERT(pdu->data_len > 0);
	tell(r, "header %08x ahs %u %08x; ", sum(pdu->bhs, PDU_BHS_LEN), pdu->ahs_len,
	     sum(pdu->ahs, pdu->ahs_len));
	if (mode == STOP_AT_HEADER)
		return PDU_RX_STOP;
	place->discard = mode == DISCARD;
	place->may_stay = mode == STAY;
	if ((mode == PLACE || mode == STAY) && pdu->data_len) {
		r->place = malloc(pdu->data_len);
		place->data = r->place;
	}
	return PDU_RX_GO_ON;
}

static enum pdu_rx_verdict on_pdu(void *arg, const struct pdu_in *pdu)
{
	struct receiver *r = arg;
	enum mode mode = (enum mode)pdu->bhs[8];

	r->pdus++;
	tell(r, "pdu %08x ahs %u %08x data %u ", sum(pdu->bhs, PDU_BHS_LEN), pdu->ahs_len,
	     sum(pdu->ahs, pdu->ahs_len), pdu->data_len);
	if (pdu->data_len && mode != DISCARD)
		tell(r, "%08x ", sum(pdu->data, pdu->data_len));
	if (mode == DISCARD)
		CU_ASSERT_PTR_NULL(pdu->data);
	if (pdu->data_len && mode == PLACE)
		CU_ASSERT_PTR_EQUAL(pdu->data, r->place);
	tell(r, "%s; ", pdu->data_ok ? "ok" : "damaged");
	free(r->place);
	r->place = NULL;
	return mode == STOP_AT_END ? PDU_RX_STOP : PDU_RX_GO_ON;
}

static const struct pdu_rx_ops ops = { .header = on_header, .pdu = on_pdu };

static void put_bytes(struct stream *s, const void *bytes, size_t len)
{
	CU_ASSERT_FATAL(s->len + len <= STREAM);
	memcpy(s->bytes + s->len, bytes, len);
	s->len += len;
}

/* Append a PDU; its bytes follow from n, so that no two are alike. */
static void put_pdu(struct stream *s, const struct spec *p, bool header_digest, bool data_digest,
		    uint8_t n)
{
	uint8_t header[PDU_BHS_LEN + PDU_AHS_MAX];
	uint8_t data[MAX_DATA + 8] = { 0 };
	uint8_t digest[PDU_DIGEST_LEN];
	uint32_t padded = p->data_len + pdu_pad(p->data_len);
	uint32_t i;

	for (i = 0; i < sizeof(header); i++)
		header[i] = (uint8_t)(i * 7 + n);
	for (i = 0; i < p->data_len; i++)
		data[i] = (uint8_t)(i * 13 + n);
	pdu_begin(header, PDU_NOP_OUT, p->data_len);
	pdu_set_ahs_len(header, p->ahs_len);
	header[8] = (uint8_t)p->mode;
	header[20] = n;
	digest_put(digest, header, PDU_BHS_LEN + p->ahs_len);
	digest[0] ^= p->damage == BAD_HEADER;
	put_bytes(s, header, PDU_BHS_LEN + p->ahs_len);
	if (header_digest)
		put_bytes(s, digest, sizeof(digest));
	digest_put(digest, data, p->data_len);
	data[0] ^= p->damage == BAD_DATA;
	if (p->damage == BAD_PAD)
		data[padded - 1] ^= 1;
	put_bytes(s, data, padded);
	if (data_digest && p->data_len)
		put_bytes(s, digest, sizeof(digest));
}

static void receiver_init(struct receiver *r, bool header_digest, bool data_digest)
{
	memset(r, 0, sizeof(*r));
	pdu_rx_init(&r->rx, &ops, r);
	r->rx.max_data = MAX_DATA;
	r->rx.header_digest = header_digest;
	r->rx.data_digest = data_digest;
	r->most = UINT32_MAX;
}

static void receiver_fini(struct receiver *r)
{
	pdu_rx_reset(&r->rx);
	CU_ASSERT_FALSE(pdu_rx_in_middle(&r->rx));
	free(r->place);
}

/* One read of at most n bytes, into a stage that is just so long, and gone afterwards. How many. */
static size_t feed_once(struct receiver *r, const uint8_t *bytes, size_t n)
{
	uint8_t *stage = malloc(n);
	struct iovec iov[2];
	size_t left = n;
	size_t part;
	int count, i;

	count = pdu_rx_space(&r->rx, iov, stage, n);
	CU_ASSERT_FATAL(count == 1 || count == 2);
	for (i = 0; i < count; i++) {
		CU_ASSERT_FATAL(iov[i].iov_len > 0);
		part = iov[i].iov_len < left ? iov[i].iov_len : left;
		memcpy(iov[i].iov_base, bytes + n - left, part);
		left -= part;
	}
	CU_ASSERT_FATAL(left < n);
	pdu_rx_put(&r->rx, stage, n - left);
	do {
		r->pdus = 0;
		r->err = pdu_rx_run(&r->rx, r->most);
		CU_ASSERT(r->pdus <= r->most);
	} while (pdu_rx_has_input(&r->rx));
	free(stage);
	return n - left;
}

static void feed(struct receiver *r, const uint8_t *bytes, size_t n)
{
	size_t at = 0;

	while (at < n && !r->err)
		at += feed_once(r, bytes + at, n - at);
}

/* The whole stream in pieces: first, then always size bytes, as long as there is no error. */
static void feed_all(struct receiver *r, const struct stream *s, size_t first, size_t size)
{
	size_t at = 0;
	size_t n = first;

	while (at < s->len && !r->err) {
		if (n > s->len - at)
			n = s->len - at;
		feed(r, s->bytes + at, n);
		at += n;
		n = size;
	}
}

/* Whatever the pieces: the same story and the same end. */
static void check_splits(const struct stream *s, bool header_digest, bool data_digest,
			 enum pdu_rx_err err)
{
	static struct receiver whole, r;
	size_t i;

	receiver_init(&whole, header_digest, data_digest);
	feed_all(&whole, s, s->len, s->len);
	CU_ASSERT_EQUAL(whole.err, err);
	receiver_fini(&whole);
	for (i = 1; i < s->len; i++) {
		receiver_init(&r, header_digest, data_digest);
		feed_all(&r, s, i, s->len);
		CU_ASSERT_EQUAL(r.err, err);
		CU_ASSERT_STRING_EQUAL(r.story, whole.story);
		receiver_fini(&r);
	}
	for (i = 1; i < 4; i++) {
		receiver_init(&r, header_digest, data_digest);
		r.most = (uint32_t)i;
		feed_all(&r, s, s->len, s->len);
		CU_ASSERT_EQUAL(r.err, err);
		CU_ASSERT_STRING_EQUAL(r.story, whole.story);
		receiver_fini(&r);
	}
	for (i = 1; i < 128; i++) {
		receiver_init(&r, header_digest, data_digest);
		feed_all(&r, s, i, i);
		CU_ASSERT_EQUAL(r.err, err);
		CU_ASSERT_STRING_EQUAL(r.story, whole.story);
		if (!err)
			CU_ASSERT_FALSE(pdu_rx_in_middle(&r.rx));
		receiver_fini(&r);
	}
}

/* A stream of n PDUs under all four kinds of digests. */
static void check_stream(const struct spec *specs, size_t n, enum pdu_rx_err err)
{
	static struct stream s;
	unsigned int digests;
	size_t i;

	for (digests = 0; digests < 4; digests++) {
		s.len = 0;
		for (i = 0; i < n; i++)
			put_pdu(&s, &specs[i], digests & 1, digests & 2, (uint8_t)i);
		check_splits(&s, digests & 1, digests & 2, err);
	}
}

#define CHECK_STREAM(specs, err) check_stream(specs, sizeof(specs) / sizeof((specs)[0]), err)

static void sound_streams(void)
{
	static const struct spec bare[] = {
		{ "nothing behind the header", 0, 0, OWN, SOUND },
		{ "again", 0, 0, OWN, SOUND },
		{ "an AHS", 4, 0, OWN, SOUND },
		{ "the longest AHS", PDU_AHS_MAX, 0, OWN, SOUND },
		{ "the end", 0, 0, OWN, SOUND },
	};
	static const struct spec padded[] = {
		{ "three bytes of padding", 0, 1, OWN, SOUND },
		{ "two", 0, 2, PLACE, SOUND },
		{ "one", 0, 3, DISCARD, SOUND },
		{ "none", 0, 4, PLACE, SOUND },
		{ "three", 0, 5, DISCARD, SOUND },
		{ "three, in a place", 0, 257, PLACE, SOUND },
		{ "two, which may stay", 0, 254, STAY, SOUND },
		{ "two, anywhere", 0, 258, OWN, SOUND },
		{ "one, nowhere", 0, 259, DISCARD, SOUND },
	};
	static const struct spec both[] = {
		{ "AHS and data, anywhere", 8, 31, OWN, SOUND },
		{ "AHS and data, in a place", 12, 32, PLACE, SOUND },
		{ "AHS and data, nowhere", 4, 33, DISCARD, SOUND },
		{ "as much data as there may be", 0, MAX_DATA, OWN, SOUND },
		{ "the same in a place", 0, MAX_DATA, PLACE, SOUND },
		{ "the same, which may stay", 0, MAX_DATA, STAY, SOUND },
		{ "bare", 0, 0, OWN, SOUND },
	};

	CHECK_STREAM(bare, PDU_RX_OK);
	CHECK_STREAM(padded, PDU_RX_OK);
	CHECK_STREAM(both, PDU_RX_OK);
}

/* A damaged data segment is told as such, and the next PDU is found all the same. */
static void damaged_data(void)
{
	static const struct spec specs[] = {
		{ "sound", 0, 16, PLACE, SOUND },
		{ "data, in a place", 0, 16, PLACE, BAD_DATA },
		{ "data, anywhere", 4, 17, OWN, BAD_DATA },
		{ "data that may stay", 0, 17, STAY, BAD_DATA },
		{ "padding", 0, 18, OWN, BAD_PAD },
		{ "nowhere", 0, 17, DISCARD, BAD_DATA },
		{ "sound again", 0, 16, OWN, SOUND },
	};
	static struct stream s;
	static struct receiver r;
	size_t i, n = 0;
	char *p;

	CHECK_STREAM(specs, PDU_RX_OK);
	s.len = 0;
	for (i = 0; i < sizeof(specs) / sizeof(specs[0]); i++)
		put_pdu(&s, &specs[i], false, true, (uint8_t)i);
	receiver_init(&r, false, true);
	feed_all(&r, &s, s.len, s.len);
	for (p = r.story; (p = strstr(p, "damaged")); p++)
		n++;
	CU_ASSERT_EQUAL(n, 5); /* what is kept nowhere is looked at, too */
	receiver_fini(&r);
}

/* Behind a header that cannot be trusted nothing can be found (7.8 and 7.9). */
static void a_damaged_header(void)
{
	static const struct spec specs[] = {
		{ "sound", 0, 10, OWN, SOUND },
		{ "damaged", 8, 10, PLACE, BAD_HEADER },
		{ "never seen", 0, 10, OWN, SOUND },
	};
	static struct stream s;
	size_t i;

	s.len = 0;
	for (i = 0; i < 3; i++)
		put_pdu(&s, &specs[i], true, false, (uint8_t)i);
	check_splits(&s, true, false, PDU_RX_HEADER_DIGEST);
}

static void data_longer_than_declared(void)
{
	static const struct spec specs[] = {
		{ "sound", 0, 10, OWN, SOUND },
		{ "a byte too long", 0, MAX_DATA + 1, OWN, SOUND },
	};

	CHECK_STREAM(specs, PDU_RX_TOO_LONG);
}

static void a_callback_stops_it(void)
{
	static const struct spec at_header[] = {
		{ "sound", 0, 10, PLACE, SOUND },
		{ "stopped at its header", 4, 10, STOP_AT_HEADER, SOUND },
		{ "never seen", 0, 10, OWN, SOUND },
	};
	static const struct spec at_end[] = {
		{ "sound", 0, 10, PLACE, SOUND },
		{ "stopped at its end", 4, 10, STOP_AT_END, SOUND },
		{ "never seen", 0, 10, OWN, SOUND },
	};
	static const struct spec bare[] = {
		{ "stopped at its end", 0, 0, STOP_AT_END, SOUND },
		{ "never seen", 0, 10, OWN, SOUND },
	};

	CHECK_STREAM(at_header, PDU_RX_STOPPED);
	CHECK_STREAM(at_end, PDU_RX_STOPPED);
	CHECK_STREAM(bare, PDU_RX_STOPPED);
}

/* A reset at any byte forgets what came in part, and its memory. */
static void reset_at_every_byte(void)
{
	static const struct spec spec = { "AHS, data, padding", 8, 13, OWN, SOUND };
	static struct receiver r;
	static struct stream s;
	size_t i;

	s.len = 0;
	put_pdu(&s, &spec, true, true, 1);
	for (i = 1; i < s.len; i++) {
		receiver_init(&r, true, true);
		feed(&r, s.bytes, i);
		CU_ASSERT(pdu_rx_in_middle(&r.rx));
		pdu_rx_reset(&r.rx);
		CU_ASSERT_FALSE(pdu_rx_in_middle(&r.rx));
		r.len = 0;
		feed_all(&r, &s, s.len, s.len);
		CU_ASSERT_EQUAL(r.err, PDU_RX_OK);
		CU_ASSERT_PTR_NOT_NULL(strstr(r.story, "ok"));
		receiver_fini(&r);
	}
}

/* Tells where the data was in the end. */
static uint8_t where[100];

static enum pdu_rx_verdict where_header(void *arg, const struct pdu_in *pdu,
					struct pdu_rx_place *place)
{
	(void)arg;
	(void)pdu;
	*place = (struct pdu_rx_place){ .data = where, .may_stay = true };
	return PDU_RX_GO_ON;
}

static enum pdu_rx_verdict where_pdu(void *arg, const struct pdu_in *pdu)
{
	struct pdu_rx_place *place = arg;

	CU_ASSERT_TRUE(pdu->data_ok);
	place->data = pdu->data;
	return PDU_RX_GO_ON;
}

static const struct pdu_rx_ops where_ops = { .header = where_header, .pdu = where_pdu };

/* What has a place and comes in part goes straight there: the stage comes second. */
static void data_goes_straight_to_its_place(void)
{
	static const struct spec spec = { "in a place", 0, 100, PLACE, SOUND };
	static struct receiver r;
	static struct stream s;
	struct iovec iov[2];
	uint8_t stage[64];

	s.len = 0;
	put_pdu(&s, &spec, false, false, 1);
	receiver_init(&r, false, false);
	CU_ASSERT_EQUAL(pdu_rx_space(&r.rx, iov, stage, sizeof(stage)), 1);
	CU_ASSERT_PTR_EQUAL(iov[0].iov_base, stage);
	feed(&r, s.bytes, PDU_BHS_LEN + 10);
	CU_ASSERT_EQUAL(pdu_rx_space(&r.rx, iov, stage, sizeof(stage)), 2);
	CU_ASSERT_PTR_EQUAL(iov[0].iov_base, r.place + 10);
	CU_ASSERT_EQUAL(iov[0].iov_len, 90);
	CU_ASSERT_PTR_EQUAL(iov[1].iov_base, stage);
	CU_ASSERT_EQUAL(iov[1].iov_len, sizeof(stage));
	receiver_fini(&r);
}

/* What may stay does so when all of it is there, digest and all; else it goes to its place. */
static void whole_data_may_stay(void)
{
	static const struct spec spec = { "may stay", 0, 100, STAY, SOUND };
	static struct receiver r;
	static struct stream s;
	struct pdu_rx_place place = { 0 };
	uint8_t *stage = s.bytes;

	s.len = 0;
	put_pdu(&s, &spec, false, true, 1);
	receiver_init(&r, false, true);
	r.rx.ops = &where_ops;
	r.rx.arg = &place;
	pdu_rx_put(&r.rx, stage, s.len);
	CU_ASSERT_EQUAL(pdu_rx_run(&r.rx, 1), PDU_RX_OK);
	CU_ASSERT_PTR_EQUAL(place.data, stage + PDU_BHS_LEN);
	pdu_rx_put(&r.rx, stage, s.len - 1);
	CU_ASSERT_EQUAL(pdu_rx_run(&r.rx, 1), PDU_RX_OK);
	pdu_rx_put(&r.rx, stage + s.len - 1, 1);
	CU_ASSERT_EQUAL(pdu_rx_run(&r.rx, 1), PDU_RX_OK);
	CU_ASSERT_PTR_EQUAL(place.data, where);
	receiver_fini(&r);
}

/* A long rest goes to its place in pieces, and hardly anything beyond it is taken in with the last.
 */
static void a_long_segment_leaves_turns_to_others(void)
{
	static uint8_t place[200 << 10], stage[64 << 10];
	struct pdu_rx rx = { .state = PDU_RX_IN_DATA,
			     .pdu = { .data = place, .data_len = sizeof(place) } };
	struct iovec iov[2];

	CU_ASSERT_EQUAL(pdu_rx_space(&rx, iov, stage, sizeof(stage)), 1);
	CU_ASSERT_PTR_EQUAL(iov[0].iov_base, place);
	CU_ASSERT_EQUAL(iov[0].iov_len, 128 << 10);
	rx.have = 128 << 10;
	CU_ASSERT_EQUAL(pdu_rx_space(&rx, iov, stage, sizeof(stage)), 2);
	CU_ASSERT_EQUAL(iov[0].iov_len, 72 << 10);
	CU_ASSERT_PTR_EQUAL(iov[1].iov_base, stage);
	CU_ASSERT_EQUAL(iov[1].iov_len, 4096);
	rx.place.may_stay = true; /* as may those that follow: the more the better */
	CU_ASSERT_EQUAL(pdu_rx_space(&rx, iov, stage, sizeof(stage)), 2);
	CU_ASSERT_EQUAL(iov[1].iov_len, sizeof(stage));
	rx.place.may_stay = false;
	rx.have = sizeof(place) - 100;
	CU_ASSERT_EQUAL(pdu_rx_space(&rx, iov, stage, sizeof(stage)), 2);
	CU_ASSERT_EQUAL(iov[1].iov_len, sizeof(stage));
}

/* The login's last request turns digests on: the next header has one. */
static void digests_begin_between_two_pdus(void)
{
	static const struct spec spec = { "data", 0, 5, OWN, SOUND };
	static struct receiver r;
	static struct stream before, after;

	before.len = 0;
	after.len = 0;
	put_pdu(&before, &spec, false, false, 1);
	put_pdu(&after, &spec, true, true, 2);
	receiver_init(&r, false, false);
	feed_all(&r, &before, 7, 7);
	r.rx.header_digest = true;
	r.rx.data_digest = true;
	feed_all(&r, &after, 7, 7);
	CU_ASSERT_EQUAL(r.err, PDU_RX_OK);
	CU_ASSERT_FALSE(pdu_rx_in_middle(&r.rx));
	receiver_fini(&r);
}

static const struct unit_test tests[] = {
	{ "sound streams, at every split", sound_streams },
	{ "damaged data, at every split", damaged_data },
	{ "a damaged header, at every split", a_damaged_header },
	{ "data longer than declared, at every split", data_longer_than_declared },
	{ "a callback stops it, at every split", a_callback_stops_it },
	{ "a reset at every byte", reset_at_every_byte },
	{ "data goes straight to its place", data_goes_straight_to_its_place },
	{ "whole data may stay", whole_data_may_stay },
	{ "a long segment leaves turns to others", a_long_segment_leaves_turns_to_others },
	{ "digests begin between two PDUs", digests_begin_between_two_pdus },
};

UNIT_MAIN("iscsi/pdu_rx", tests)
