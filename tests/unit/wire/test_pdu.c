#include "unit.h"
#include "wire/pdu.h"

#include <string.h>

static const uint8_t bhs[PDU_BHS_LEN] = {
	0xc5, 0x80, 0x00, 0x00, 0x21, 0x01, 0x02, 0x03, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xa1, 0xa2, 0xa3, 0xa4,
};

static void common_fields(void)
{
	CU_ASSERT_EQUAL(pdu_opcode(bhs), PDU_DATA_OUT);
	CU_ASSERT_TRUE(pdu_is_immediate(bhs));
	CU_ASSERT_EQUAL(pdu_ahs_len(bhs), 132);
	CU_ASSERT_EQUAL(pdu_data_len(bhs), 0x010203);
	CU_ASSERT_EQUAL(pdu_itt(bhs), 0xa1a2a3a4);
	CU_ASSERT_FALSE(pdu_is_bare(bhs));
}

static void padding(void)
{
	CU_ASSERT_EQUAL(pdu_pad(0), 0);
	CU_ASSERT_EQUAL(pdu_pad(1), 3);
	CU_ASSERT_EQUAL(pdu_pad(2), 2);
	CU_ASSERT_EQUAL(pdu_pad(3), 1);
	CU_ASSERT_EQUAL(pdu_pad(4), 0);
	CU_ASSERT_EQUAL(pdu_pad(PDU_DATA_MAX), 1);
}

static void begin_is_empty(void)
{
	uint8_t out[PDU_BHS_LEN], want[PDU_BHS_LEN] = { 0x3f };

	memset(out, 0x5a, sizeof(out));
	pdu_begin(out, PDU_REJECT, 0);
	CU_ASSERT_EQUAL(memcmp(out, want, sizeof(want)), 0);
	CU_ASSERT_TRUE(pdu_is_bare(out));
	pdu_begin(out, PDU_REJECT, PDU_DATA_MAX);
	CU_ASSERT_EQUAL(pdu_data_len(out), PDU_DATA_MAX);
	CU_ASSERT_EQUAL(out[4], 0);
	CU_ASSERT_FALSE(pdu_is_bare(out));
}

static void ahs_length_is_in_words(void)
{
	uint8_t out[PDU_BHS_LEN] = { 0 };

	pdu_set_ahs_len(out, 8);
	CU_ASSERT_EQUAL(out[4], 2);
	CU_ASSERT_FALSE(pdu_is_bare(out));
	pdu_set_ahs_len(out, PDU_AHS_MAX);
	CU_ASSERT_EQUAL(out[4], 255);
	CU_ASSERT_EQUAL(pdu_ahs_len(out), PDU_AHS_MAX);
	CU_ASSERT_EQUAL(out[3] | out[5], 0);
}

/* Bytes 24 to 35, and no other. */
static void numbers_are_stamped(void)
{
	static const uint8_t numbers[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 };
	uint8_t out[PDU_BHS_LEN], want[PDU_BHS_LEN];

	memset(out, 0x5a, sizeof(out));
	memset(want, 0x5a, sizeof(want));
	memcpy(want + 24, numbers, sizeof(numbers));
	pdu_stamp(out, 0x01020304, 0x05060708, 0x090a0b0c);
	CU_ASSERT_EQUAL(memcmp(out, want, sizeof(want)), 0);
}

static void statuses_have_names(void)
{
	CU_ASSERT_STRING_EQUAL(pdu_login_status_name(PDU_LOGIN_SUCCESS), "success");
	CU_ASSERT_STRING_EQUAL(pdu_login_status_name(PDU_LOGIN_NOT_FOUND), "target not found");
	CU_ASSERT_STRING_EQUAL(pdu_login_status_name(PDU_LOGIN_OUT_OF_RESOURCES),
			       "out of resources");
	CU_ASSERT_STRING_EQUAL(pdu_login_status_name(0x0303), "?");
}

static const struct unit_test tests[] = {
	{ "fields that every header has are read", common_fields },
	{ "a segment is padded to a multiple of four", padding },
	{ "a header begins with zeroes but its opcode and length", begin_is_empty },
	{ "TotalAHSLength counts words of four bytes", ahs_length_is_in_words },
	{ "a stamp writes StatSN, ExpCmdSN and MaxCmdSN", numbers_are_stamped },
	{ "a status of a login has a name", statuses_have_names },
};

UNIT_MAIN("wire/pdu", tests)
