/*
 * What every PDU header is asked, whichever it is: a header written out by hand
 * from its figure in RFC 7143, section 11, and the bits that the figure leaves free.
 */
#ifndef VECTORS_H
#define VECTORS_H

#include "unit.h"
#include "wire/pdu.h"

#include <stdio.h>
#include <string.h>

/* Bits of bytes from … to that a decoder must not look at. */
struct vector_free {
	uint8_t from, to, bits;
};

struct vector {
	const char *what;
	enum pdu_err (*again)(const uint8_t *in, uint8_t *out); /* decode, and encode what came */
	struct vector_free free[8];                             /* ends with bits 0 */
	uint8_t bhs[PDU_BHS_LEN];
};

/* Decode a header of this kind and encode it anew. */
#define VECTOR_AGAIN(kind)                                                \
	static enum pdu_err again_##kind(const uint8_t *in, uint8_t *out) \
	{                                                                 \
		struct pdu_##kind pdu;                                    \
		enum pdu_err err = pdu_get_##kind(in, &pdu);              \
                                                                          \
		memset(out, 0x5a, PDU_BHS_LEN);                           \
		if (err == PDU_OK)                                        \
			pdu_put_##kind(out, &pdu);                        \
		return err;                                               \
	}

/* The fields given, encoded, are the bytes of the vector. */
#define VECTOR_PUT(kind, vector, ...)                                        \
	do {                                                                 \
		const struct pdu_##kind pdu = { __VA_ARGS__ };               \
		uint8_t out[PDU_BHS_LEN];                                    \
                                                                             \
		memset(out, 0x5a, sizeof(out));                              \
		pdu_put_##kind(out, &pdu);                                   \
		CU_ASSERT_EQUAL(memcmp(out, (vector)->bhs, PDU_BHS_LEN), 0); \
	} while (0)

static inline void vector_free_bits(const struct vector *v, uint8_t bits[static PDU_BHS_LEN])
{
	const struct vector_free *f;
	unsigned int i;

	memset(bits, 0, PDU_BHS_LEN);
	for (f = v->free; f->bits; f++) {
		for (i = f->from; i <= f->to; i++)
			bits[i] |= f->bits;
	}
}

/* Decoded and encoded anew it is the same, also when all free bits were set. */
static inline void vector_comes_back(const struct vector *v)
{
	uint8_t in[PDU_BHS_LEN], out[PDU_BHS_LEN], bits[PDU_BHS_LEN];
	unsigned int i;

	CU_ASSERT_EQUAL(v->again(v->bhs, out), PDU_OK);
	CU_ASSERT_EQUAL(memcmp(out, v->bhs, PDU_BHS_LEN), 0);
	vector_free_bits(v, bits);
	for (i = 0; i < PDU_BHS_LEN; i++)
		in[i] = v->bhs[i] | bits[i];
	CU_ASSERT_EQUAL(v->again(in, out), PDU_OK);
	CU_ASSERT_EQUAL(memcmp(out, v->bhs, PDU_BHS_LEN), 0);
}

/* Every other bit is read to its place, or is a fault: none is lost. */
static inline void vector_bits_count(const struct vector *v)
{
	uint8_t in[PDU_BHS_LEN], out[PDU_BHS_LEN], bits[PDU_BHS_LEN];
	unsigned int i;
	uint8_t bit;

	vector_free_bits(v, bits);
	for (i = 0; i < PDU_BHS_LEN * 8; i++) {
		bit = (uint8_t)(1 << i % 8);
		if (bits[i / 8] & bit)
			continue;
		memcpy(in, v->bhs, PDU_BHS_LEN);
		in[i / 8] ^= bit;
		if (v->again(in, out) == PDU_OK && memcmp(in, out, PDU_BHS_LEN) != 0) {
			printf("\n    %s: byte %u, bit 0x%02x\n", v->what, i / 8, bit);
			CU_FAIL("a bit is lost");
		}
	}
}

static inline void vector_opcode_counts(const struct vector *v)
{
	uint8_t in[PDU_BHS_LEN], out[PDU_BHS_LEN];
	uint8_t opcode;

	memcpy(in, v->bhs, PDU_BHS_LEN);
	for (opcode = 0; opcode <= PDU_OPCODE_MASK; opcode++) {
		in[0] = opcode;
		if (opcode != pdu_opcode(v->bhs))
			CU_ASSERT_EQUAL(v->again(in, out), PDU_BAD_OPCODE);
	}
}

/* Any bytes at all are decoded without harm. */
static inline void vector_any_bytes(const struct vector *v)
{
	uint8_t in[PDU_BHS_LEN], out[PDU_BHS_LEN];
	uint32_t random = 1;
	unsigned int i, round;

	for (round = 0; round < 1000; round++) {
		for (i = 0; i < PDU_BHS_LEN; i++) {
			random = random * 1664525 + 1013904223;
			in[i] = (uint8_t)(random >> 24);
		}
		in[0] = v->bhs[0];
		v->again(in, out);
	}
	CU_PASS("no sanitizer has spoken");
}

#endif
