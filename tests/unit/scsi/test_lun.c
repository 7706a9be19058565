#include "scsi/lun.h"

#include "unit.h"

#include <errno.h>
#include <string.h>

static const struct {
	const char *what;
	uint8_t field[8];
	int err;
	uint32_t number;
} vectors[] = {
	{ "peripheral, LUN 0", { 0 }, 0, 0 },
	{ "peripheral, LUN 255", { 0, 255 }, 0, 255 },
	{ "flat, LUN 0", { 0x40, 0 }, 0, 0 },
	{ "flat, LUN 256", { 0x41, 0 }, 0, 256 },
	{ "flat, LUN 16383", { 0x7f, 0xff }, 0, 16383 },
	{ "peripheral, another bus", { 0x01, 0 }, -EINVAL, 0 },
	{ "logical unit addressing", { 0x80, 0 }, -EINVAL, 0 },
	{ "well known logical unit", { 0xc1, 0x01 }, -EINVAL, 0 },
	{ "a second level", { 0, 1, 0, 1 }, -EINVAL, 0 },
	{ "a fourth level", { 0, 1, 0, 0, 0, 0, 0, 1 }, -EINVAL, 0 },
};

static void fields_to_numbers(void)
{
	size_t i;

	for (i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		uint32_t number = 0;

		CU_ASSERT_EQUAL(scsi_lun_get(vectors[i].field, &number), vectors[i].err);
		CU_ASSERT_EQUAL(number, vectors[i].number);
	}
}

static void every_number_comes_back(void)
{
	static const uint8_t flat[8] = { 0x41, 0x00 };
	uint8_t field[8];
	uint32_t number, back;

	for (number = 0; number <= SCSI_LUN_MAX; number++) {
		scsi_lun_put(field, number);
		CU_ASSERT_EQUAL_FATAL(scsi_lun_get(field, &back), 0);
		CU_ASSERT_EQUAL_FATAL(back, number);
	}
	scsi_lun_put(field, 255);
	CU_ASSERT_EQUAL(field[0], 0);
	scsi_lun_put(field, 256);
	CU_ASSERT_EQUAL(memcmp(field, flat, 8), 0);
}

static const struct unit_test tests[] = {
	{ "a LUN field of one level gives its number, others none", fields_to_numbers },
	{ "every number comes back from its field", every_number_comes_back },
};

UNIT_MAIN("scsi/lun", tests)
