#include "scsi/lu.h"

#include "rig.h"

#include <errno.h>

static int by_first_eight(const void *a, const void *b)
{
	return memcmp(a, b, 8);
}

/* 16384 LUNs of one target, and LUN 0 of as many targets: the first eight characters differ. */
static void serials_differ(void)
{
	static char serials[2 * 16384][SCSI_SERIAL_MAX];
	struct scsi_lu_options opt;
	char name[64];
	uint32_t i;

	for (i = 0; i < 2 * 16384; i++) {
		memset(&opt, 0, sizeof(opt));
		opt.number = i < 16384 ? i : 0;
		snprintf(name, sizeof(name), "iqn.2026-11.org.example:disk%u", i < 16384 ? 0 : i);
		scsi_lu_identity(&opt, name);
		CU_ASSERT_EQUAL_FATAL(strlen(opt.serial), 20);
		memcpy(serials[i], opt.serial, SCSI_SERIAL_MAX);
	}
	qsort(serials, 2 * 16384, SCSI_SERIAL_MAX, by_first_eight);
	for (i = 1; i < 2 * 16384; i++)
		CU_ASSERT_NOT_EQUAL_FATAL(memcmp(serials[i - 1], serials[i], 8), 0);
}

/* The same after a restart and on any machine: these never change. */
static void identity_is_stable(void)
{
	struct scsi_lu_options opt = { .number = 3 };
	struct scsi_lu_options set = {
		.number = 3, .serial = "MINE", .vendor = "V", .product = "P"
	};

	scsi_lu_identity(&opt, "iqn.2026-11.org.example:disk1");
	CU_ASSERT_STRING_EQUAL(opt.serial, "4H4ZYWCJCCN0YVY939MB");
	CU_ASSERT_STRING_EQUAL(opt.vendor, "ITGT");
	CU_ASSERT_STRING_EQUAL(opt.product, "VIRTUAL-DISK");
	scsi_lu_identity(&set, "iqn.2026-11.org.example:disk1");
	CU_ASSERT_STRING_EQUAL(set.serial, "MINE");
	CU_ASSERT_STRING_EQUAL(set.vendor, "V");
	CU_ASSERT_STRING_EQUAL(set.product, "P");
}

/* What fits, and what does not. */
static void options_that_contradict(void)
{
	struct scsi_lu_options good = rig_options();
	struct scsi_lu_options opt;
	struct rig_store *s;
	struct scsi_lu *lu;
	struct rig r;

	rig_open(&r);
	s = rig_store_new(&r, 4096, false);
#define REFUSED(field, value)                                                         \
	do {                                                                          \
		opt = good;                                                           \
		opt.field = (value);                                                  \
		CU_ASSERT_EQUAL(scsi_lu_new(&r.core, &s->store, &opt, &lu), -EINVAL); \
	} while (0)
	good.block_size = 4096;
	REFUSED(block_size, 512); /* the store works in 4096 */
	REFUSED(block_size, 1024);
	REFUSED(block_size, 0);
	REFUSED(number, SCSI_LUN_MAX + 1);
	REFUSED(physical_block_size, 512);
	REFUSED(physical_block_size, 3 * 4096);
	REFUSED(vendor[0], '\t');
	REFUSED(serial[0], '\x7f');
	REFUSED(product[0], '\xff');
	s->store.size = 4095;
	REFUSED(number, 0);
	s->store.size = 4096 * 3 + 5; /* what is no whole block is not there */
	s->store.caps = STORE_READ_ONLY;
	CU_ASSERT_EQUAL_FATAL(scsi_lu_new(&r.core, &s->store, &good, &lu), 0);
	CU_ASSERT_EQUAL(lu->blocks, 3);
	CU_ASSERT(lu->opt.read_only);
	CU_ASSERT_FALSE(lu->opt.thin); /* the store cannot discard */
	CU_ASSERT_EQUAL(lu->opt.physical_block_size, 4096);
	scsi_lu_free(lu);
	scsi_lu_free(NULL);
	rig_close(&r);
}

static const struct unit_test tests[] = {
	{ "serials differ in their first eight characters", serials_differ },
	{ "identity is always the same, and left where it is set", identity_is_stable },
	{ "options must not contradict each other or the store", options_that_contradict },
};

UNIT_MAIN("scsi/lu", tests)
