#include "base/crc32c.h"
#include "unit.h"

#include <string.h>

/* RFC 7143, appendix A.4: what stands on the wire */
static const struct {
	const char *what;
	uint8_t data[48];
	size_t len;
	uint8_t wire[4];
} vectors[] = {
	{ "32 bytes of zeroes", { 0 }, 32, { 0xaa, 0x36, 0x91, 0x8a } },
	{ "32 bytes of ones",
	  { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff },
	  32,
	  { 0x43, 0xab, 0xa8, 0x62 } },
	{ "32 bytes counting up",
	  { 0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15,
	    16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31 },
	  32,
	  { 0x4e, 0x79, 0xdd, 0x46 } },
	{ "32 bytes counting down",
	  { 31, 30, 29, 28, 27, 26, 25, 24, 23, 22, 21, 20, 19, 18, 17, 16,
	    15, 14, 13, 12, 11, 10, 9,  8,  7,  6,  5,  4,  3,  2,  1,  0 },
	  32,
	  { 0x5c, 0xdb, 0x3f, 0x11 } },
	{ "a SCSI READ(10) command header",
	  { 0x01, 0xc0, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	    0x00, 0x00, 0x00, 0x00, 0x14, 0x00, 0x00, 0x00, 0x00, 0x00, 0x04, 0x00,
	    0x00, 0x00, 0x00, 0x14, 0x00, 0x00, 0x00, 0x18, 0x28, 0x00, 0x00, 0x00,
	    0x00, 0x00, 0x00, 0x00, 0x02, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00 },
	  48,
	  { 0x56, 0x3a, 0x96, 0xd9 } },
};

#define COUNT (sizeof(vectors) / sizeof(vectors[0]))

static void vectors_of_the_rfc(void)
{
	uint8_t wire[4];
	uint32_t crc;
	size_t i;

	for (i = 0; i < COUNT; i++) {
		crc = crc32c_end(crc32c_add(CRC32C_START, vectors[i].data, vectors[i].len));
		crc32c_put(wire, crc);
		CU_ASSERT_EQUAL(memcmp(wire, vectors[i].wire, 4), 0);
		CU_ASSERT_EQUAL(crc32c_get(vectors[i].wire), crc);
	}
}

/* "123456789" is the check value in every catalogue of CRCs. */
static void check_value(void)
{
	CU_ASSERT_EQUAL(crc32c_end(crc32c_add(CRC32C_START, "123456789", 9)), 0xe3069283);
}

static void in_any_pieces(void)
{
	uint8_t data[300];
	uint32_t whole, crc;
	size_t i, cut;

	for (i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 7 + 3);
	whole = crc32c_add(CRC32C_START, data, sizeof(data));
	for (cut = 0; cut <= sizeof(data); cut++) {
		crc = crc32c_add(CRC32C_START, data, cut);
		crc = crc32c_add(crc, data + cut, sizeof(data) - cut);
		CU_ASSERT_EQUAL(crc, whole);
	}
	CU_ASSERT_EQUAL(crc32c_end(crc32c_add(CRC32C_START, NULL, 0)), 0);
}

/* Every single wrong bit is seen. */
static void a_wrong_bit_shows(void)
{
	uint8_t data[48];
	uint32_t right;
	size_t bit;

	memcpy(data, vectors[4].data, sizeof(data));
	right = crc32c_add(CRC32C_START, data, sizeof(data));
	for (bit = 0; bit < sizeof(data) * 8; bit++) {
		data[bit / 8] ^= (uint8_t)(1 << bit % 8);
		CU_ASSERT_NOT_EQUAL(crc32c_add(CRC32C_START, data, sizeof(data)), right);
		data[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
}

static const struct unit_test tests[] = {
	{ "the examples of RFC 7143, A.4 give its wire bytes", vectors_of_the_rfc },
	{ "the catalogue's check value comes out", check_value },
	{ "it does not matter how the data is cut", in_any_pieces },
	{ "each single wrong bit shows", a_wrong_bit_shows },
};

UNIT_MAIN("base/crc32c", tests)
