#include "base/crc32c.h"
#include "unit.h"
#include "wire/digest.h"

#include <string.h>

/* RFC 7143, appendix A.4: a header as it stands on the wire, and its digest */
static const uint8_t header[48] = {
	0x01, 0xc0, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x14, 0x00, 0x00, 0x00, 0x00, 0x00, 0x04, 0x00,
	0x00, 0x00, 0x00, 0x14, 0x00, 0x00, 0x00, 0x18, 0x28, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x02, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
};
static const uint8_t header_digest[4] = { 0x56, 0x3a, 0x96, 0xd9 };

static void of_a_header(void)
{
	uint8_t out[4];

	digest_put(out, header, sizeof(header));
	CU_ASSERT_EQUAL(memcmp(out, header_digest, 4), 0);
}

/* Data of 29, 30 and 31 zero bytes is padded to the 32 of the RFC's example. */
static void padding_counts(void)
{
	static const uint8_t zeroes[32];
	static const uint8_t want[4] = { 0xaa, 0x36, 0x91, 0x8a };
	uint8_t out[4];
	size_t len;

	for (len = 29; len <= 32; len++) {
		digest_put(out, zeroes, len);
		CU_ASSERT_EQUAL(memcmp(out, want, 4), 0);
	}
	digest_put(out, zeroes, 28);
	CU_ASSERT_NOT_EQUAL(memcmp(out, want, 4), 0);
	digest_put(out, zeroes, 33);
	CU_ASSERT_NOT_EQUAL(memcmp(out, want, 4), 0);
}

static void in_pieces(void)
{
	uint32_t crc;
	uint8_t out[4];

	crc = crc32c_add(CRC32C_START, header, 10);
	crc = crc32c_add(crc, header + 10, sizeof(header) - 10);
	digest_finish(out, crc);
	CU_ASSERT_EQUAL(memcmp(out, header_digest, 4), 0);
}

static void match_and_mismatch(void)
{
	uint32_t crc = crc32c_add(CRC32C_START, header, sizeof(header));
	uint8_t wire[4];
	unsigned int bit;

	CU_ASSERT_TRUE(digest_matches(crc, header_digest));
	CU_ASSERT_FALSE(digest_matches(CRC32C_START, header_digest));
	for (bit = 0; bit < 32; bit++) {
		memcpy(wire, header_digest, 4);
		wire[bit / 8] ^= (uint8_t)(1 << bit % 8);
		CU_ASSERT_FALSE(digest_matches(crc, wire));
	}
}

static const struct unit_test tests[] = {
	{ "the RFC's example header has its digest", of_a_header },
	{ "a data digest covers the zeroes that pad it", padding_counts },
	{ "a digest may be made in pieces", in_pieces },
	{ "one wrong bit is a mismatch", match_and_mismatch },
};

UNIT_MAIN("wire/digest", tests)
