#include "unit.h"
#include "wire/ahs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* RFC 7143, 11.2.2.3 and 11.2.2.4 */
static const struct {
	const char *what;
	uint8_t bytes[40];
	size_t len;
	int err;
	uint16_t cdb_len; /* 0: there is none */
	uint32_t bidi;    /* 0: there is none */
} rows[] = {
	{ "nothing", { 0 }, 0, 0, 0, 0 },
	{ "a bidirectional read length", { 0, 5, 2, 0, 0, 1, 0, 0 }, 8, 0, 0, 65536 },
	{ "a CDB of 17 bytes", { 0, 2, 1, 0, 0xaa, 0, 0, 0 }, 8, 0, 1, 0 },
	{ "a CDB of 20 bytes: no padding", { 0, 5, 1, 0, 1, 2, 3, 4 }, 8, 0, 4, 0 },
	{ "a CDB of 32 bytes",
	  { 0, 17, 1, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 },
	  20,
	  0,
	  16,
	  0 },
	{ "both, the length first",
	  { 0, 5, 2, 0, 0, 0, 2, 0, 0, 3, 1, 0, 0xaa, 0xbb, 0, 0 },
	  16,
	  0,
	  2,
	  512 },
	{ "both, the CDB first",
	  { 0, 3, 1, 0, 0xaa, 0xbb, 0, 0, 0, 5, 2, 0, 0, 0, 2, 0 },
	  16,
	  0,
	  2,
	  512 },
	{ "reserved bits of the type", { 0, 5, 0xc2, 0xff, 0, 0, 2, 0 }, 8, 0, 0, 512 },
	{ "an unknown type is passed over",
	  { 0, 4, 0x3f, 1, 2, 3, 4, 0, 0, 5, 2, 0, 0, 0, 2, 0 },
	  16,
	  0,
	  0,
	  512 },
	{ "an unknown type twice", { 0, 1, 9, 0, 0, 1, 9, 0 }, 8, 0, 0, 0 },
	{ "an empty unknown segment moves on", { 0, 0, 0, 0, 0, 0, 0, 0 }, 8, 0, 0, 0 },
	{ "one byte", { 0 }, 1, -EINVAL, 0, 0 },
	{ "no room for a head", { 0, 1, 9, 0, 0, 5, 2 }, 7, -EINVAL, 0, 0 },
	{ "a head and nothing more", { 0, 5, 2, 0 }, 4, -EINVAL, 0, 0 },
	{ "one byte out of the buffer", { 0, 6, 9, 0, 0, 0, 0, 0 }, 8, -EINVAL, 0, 0 },
	{ "padding out of the buffer", { 0, 5, 2, 0, 0, 0, 2 }, 7, -EINVAL, 0, 0 },
	{ "far out of the buffer", { 0xff, 0xff, 9, 0, 0, 0, 0, 0 }, 8, -EINVAL, 0, 0 },
	{ "far out of the buffer, a CDB", { 0xff, 0xff, 1, 0, 0, 0, 0, 0 }, 8, -EINVAL, 0, 0 },
	{ "the second leads out of the buffer",
	  { 0, 5, 2, 0, 0, 0, 2, 0, 0, 5, 1, 0 },
	  12,
	  -EINVAL,
	  0,
	  0 },
	{ "an empty CDB", { 0, 0, 1, 0 }, 4, -EINVAL, 0, 0 },
	{ "a CDB of 16 bytes", { 0, 1, 1, 0 }, 4, -EINVAL, 0, 0 },
	{ "a read length too short", { 0, 4, 2, 0, 0, 0, 2, 0 }, 8, -EINVAL, 0, 0 },
	{ "a read length too long", { 0, 6, 2, 0, 0, 0, 2, 0, 0, 0, 0, 0 }, 12, -EINVAL, 0, 0 },
	{ "two read lengths",
	  { 0, 5, 2, 0, 0, 0, 2, 0, 0, 5, 2, 0, 0, 0, 2, 0 },
	  16,
	  -EINVAL,
	  0,
	  0 },
	{ "two CDBs", { 0, 2, 1, 0, 1, 0, 0, 0, 0, 2, 1, 0, 1, 0, 0, 0 }, 16, -EINVAL, 0, 0 },
};

/* The segments stand at the very end of their memory, so that a byte too far is seen. */
static void segments_are_walked(void)
{
	uint8_t *copy;
	struct ahs a;
	size_t i;
	int err;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		copy = malloc(rows[i].len);
		CU_ASSERT_TRUE_FATAL(copy || rows[i].len == 0);
		if (rows[i].len > 0)
			memcpy(copy, rows[i].bytes, rows[i].len);
		err = ahs_get(copy, rows[i].len, &a);
		CU_ASSERT_EQUAL(err, rows[i].err);
		if (err == 0) {
			CU_ASSERT_EQUAL(a.has_cdb, rows[i].cdb_len > 0);
			CU_ASSERT_EQUAL(a.cdb_len, rows[i].cdb_len);
			CU_ASSERT_EQUAL(a.has_bidi, rows[i].bidi > 0);
			CU_ASSERT_EQUAL(a.bidi_read_len, rows[i].bidi);
		}
		free(copy);
	}
}

static void the_rest_of_the_cdb(void)
{
	static const uint8_t seg[] = { 0, 5, 2, 0, 0, 0, 2, 0, 0, 3, 1, 0, 0xaa, 0xbb, 0, 0 };
	struct ahs a;

	CU_ASSERT_EQUAL(ahs_get(seg, sizeof(seg), &a), 0);
	CU_ASSERT_PTR_EQUAL(a.cdb, seg + 12);
}

/* A CDB has at most 260 bytes, whatever room TotalAHSLength leaves. */
static void the_longest_cdb(void)
{
	uint8_t seg[1020] = { 0 };
	uint8_t rest[AHS_CDB_MAX] = { 0 };
	struct ahs a;

	CU_ASSERT_EQUAL(ahs_put_cdb(seg, sizeof(seg), rest, AHS_CDB_MAX - 16), 248);
	CU_ASSERT_EQUAL(ahs_get(seg, 248, &a), 0);
	CU_ASSERT_EQUAL(a.cdb_len, 244);
	CU_ASSERT_EQUAL(ahs_put_cdb(seg, sizeof(seg), rest, AHS_CDB_MAX - 15), 252);
	CU_ASSERT_EQUAL(ahs_get(seg, 252, &a), -EINVAL);
}

/* Every length that two bytes can say, in a buffer of every length that one byte can. */
static void every_length(void)
{
	static const uint8_t types[] = { 0, 1, 2, 3 };
	unsigned int ahs_len, words, t;
	uint8_t *seg;
	struct ahs a;

	for (words = 1; words <= 255; words += words < 8 ? 1 : 13) {
		seg = calloc(words, 4);
		CU_ASSERT_PTR_NOT_NULL_FATAL(seg);
		for (t = 0; t < sizeof(types); t++) {
			for (ahs_len = 0; ahs_len <= 0xffff; ahs_len += ahs_len < 1100 ? 1 : 997) {
				seg[0] = (uint8_t)(ahs_len >> 8);
				seg[1] = (uint8_t)ahs_len;
				seg[2] = types[t];
				if (ahs_get(seg, (size_t)words * 4, &a) == 0)
					CU_ASSERT_TRUE_FATAL(ahs_len + 3 <= words * 4);
			}
		}
		free(seg);
	}
}

static void segments_are_written(void)
{
	static const uint8_t bidi[] = { 0, 5, 2, 0, 0x12, 0x34, 0x56, 0x78 };
	static const uint8_t cdb[] = { 0, 3, 1, 0, 0xaa, 0xbb, 0, 0 };
	static const uint8_t rest[] = { 0xaa, 0xbb };
	uint8_t out[9];

	memset(out, 0x5a, sizeof(out));
	CU_ASSERT_EQUAL(ahs_put_bidi(out, 8, 0x12345678), 8);
	CU_ASSERT_EQUAL(memcmp(out, bidi, 8), 0);
	CU_ASSERT_EQUAL(out[8], 0x5a);
	memset(out, 0x5a, sizeof(out));
	CU_ASSERT_EQUAL(ahs_put_cdb(out, 8, rest, sizeof(rest)), 8);
	CU_ASSERT_EQUAL(memcmp(out, cdb, 8), 0);
	CU_ASSERT_EQUAL(out[8], 0x5a);
	memset(out, 0x5a, sizeof(out));
	CU_ASSERT_EQUAL(ahs_put_bidi(out, 7, 1), 0);
	CU_ASSERT_EQUAL(ahs_put_cdb(out, 7, rest, sizeof(rest)), 0);
	CU_ASSERT_EQUAL(out[0], 0x5a);
}

static const struct unit_test tests[] = {
	{ "segments are walked to their end, and no byte further", segments_are_walked },
	{ "the rest of a CDB is where it stands", the_rest_of_the_cdb },
	{ "a CDB is at most 260 bytes long", the_longest_cdb },
	{ "a length never leads out of the buffer", every_length },
	{ "segments are written with padding, whole or not at all", segments_are_written },
};

UNIT_MAIN("wire/ahs", tests)
