#include "base/bytes.h"
#include "unit.h"

static const uint8_t row[] = { 0x81, 0x92, 0xa3, 0xb4, 0xc5, 0xd6, 0xe7, 0xf8, 0x09 };

static void most_significant_byte_first(void)
{
	CU_ASSERT_EQUAL(be16(row), 0x8192);
	CU_ASSERT_EQUAL(be24(row), 0x8192a3);
	CU_ASSERT_EQUAL(be32(row), 0x8192a3b4);
	CU_ASSERT_EQUAL(be48(row), 0x8192a3b4c5d6);
	CU_ASSERT_EQUAL(be64(row), 0x8192a3b4c5d6e7f8);
}

static void any_alignment(void)
{
	CU_ASSERT_EQUAL(be16(row + 1), 0x92a3);
	CU_ASSERT_EQUAL(be24(row + 1), 0x92a3b4);
	CU_ASSERT_EQUAL(be32(row + 1), 0x92a3b4c5);
	CU_ASSERT_EQUAL(be48(row + 1), 0x92a3b4c5d6e7);
	CU_ASSERT_EQUAL(be64(row + 1), 0x92a3b4c5d6e7f809);
}

/* Each put writes its own bytes and not one more. */
static void put_is_the_way_back(void)
{
	uint8_t out[10];

#define CHECK_PUT(put, value, n)                             \
	do {                                                 \
		memset(out, 0x55, sizeof(out));              \
		put(out + 1, value);                         \
		CU_ASSERT_EQUAL(out[0], 0x55);               \
		CU_ASSERT_EQUAL(memcmp(out + 1, row, n), 0); \
		CU_ASSERT_EQUAL(out[1 + (n)], 0x55);         \
	} while (0)
	CHECK_PUT(put_be16, 0x8192, 2);
	CHECK_PUT(put_be24, 0x8192a3, 3);
	CHECK_PUT(put_be32, 0x8192a3b4, 4);
	CHECK_PUT(put_be48, 0x8192a3b4c5d6, 6);
	CHECK_PUT(put_be64, 0x8192a3b4c5d6e7f8, 8);
}

/* What does not fit in three or six bytes is cut, not spread. */
static void upper_bits_are_cut(void)
{
	uint8_t out[6];

	put_be24(out, 0xff8192a3);
	CU_ASSERT_EQUAL(memcmp(out, row, 3), 0);
	put_be48(out, 0xffff8192a3b4c5d6);
	CU_ASSERT_EQUAL(memcmp(out, row, 6), 0);
}

static const struct unit_test tests[] = {
	{ "the most significant byte comes first", most_significant_byte_first },
	{ "a number may stand at any address", any_alignment },
	{ "a put writes the bytes that a get reads, and no other", put_is_the_way_back },
	{ "bits beyond a 24- or 48-bit field are cut", upper_bits_are_cut },
};

UNIT_MAIN("base/bytes", tests)
