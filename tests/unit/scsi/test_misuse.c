/* What has brought other device servers down, or their data in danger: each is tried here. */
#include "pr_rig.h"

#include "scsi/cmd_table.h"
#include "scsi/itl.h"
#include "scsi/pr_save.h"

#include <stdio.h>

/* WRITE BUFFER with firmware, of any mode, offset and length; READ BUFFER behind any end. */
static void buffers(void)
{
	static uint8_t data[65536];
	static const uint32_t lengths[] = { 0, 1, 4095, 4096, 4097, 65535, 0xffffff };
	static const uint32_t offsets[] = { 0, 1, 4096, 0x7fffff, 0xffffff };
	struct rig_cmd c;
	struct rig r;
	unsigned int mode;
	size_t i, k;

	rig_start(&r);
	for (mode = 0; mode < 32; mode++) {
		for (i = 0; i < 7; i++) {
			for (k = 0; k < 5; k++) {
				uint8_t cdb[10] = { 0x3b, (uint8_t)mode };
				uint32_t len = lengths[i] < 65536 ? lengths[i] : 65536;

				put_be32(cdb + 2, offsets[k]);
				put_be32(cdb + 5, lengths[i]); /* with the offset's last byte */
				cdb[5] = (uint8_t)offsets[k];
				rig_out(&r, &c, cdb, 10, data, len);
				CU_ASSERT_EQUAL(c.t.status == SCSI_GOOD,
						mode == 0x0a && lengths[i] <= 4096);
				scsi_task_fini(&c.t);
				cdb[0] = 0x3c;
				rig_in(&r, &c, cdb, 10, 65536);
				CU_ASSERT(c.t.in_len <= 4096 && c.t.in_len <= lengths[i]);
				scsi_task_fini(&c.t);
			}
		}
	}
	CU_ASSERT_EQUAL(r.disk->nsubmits, 0);
	rig_close(&r);
}

/* PERSISTENT RESERVE OUT whose list is said to have gigabytes, or has all it may have. */
static void huge_lists(void)
{
	static const uint32_t lengths[] = { 25, 65536, 131072, 131073, INT32_MAX, UINT32_MAX };
	static uint8_t list[131072];
	struct rig_cmd c;
	struct rig r;
	uint8_t sa;
	size_t i;

	rig_start(&r);
	memset(list, 0xff, sizeof(list));
	for (sa = 0; sa < 8; sa++) {
		for (i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
			uint8_t cdb[10] = { 0x5f, sa, 0x01 };

			put_be32(cdb + 5, lengths[i]);
			rig_out(&r, &c, cdb, 10, list, sizeof(list));
			CU_ASSERT_EQUAL(c.t.status, SCSI_CHECK_CONDITION);
			CU_ASSERT_EQUAL(rig_sense(&c) >> 16, 0x05);
			scsi_task_fini(&c.t);
		}
	}
	CU_ASSERT_EQUAL(r.lu->pr.n, 0);
	CU_ASSERT_EQUAL(r.pool.lent, 0);
	rig_close(&r);
}

/* More registrants than a state file holds: the last one is refused, and the file is whole. */
static void too_many_registrants(void)
{
	static uint8_t file[PR_SAVE_MAX];
	static const uint8_t naa[SCSI_NAA_LEN];
	struct scsi_nexus x;
	char name[64];
	struct pr copy;
	struct rig r;
	uint32_t i;

	rig_start(&r);
	for (i = 0; i <= PR_REGISTRANTS_MAX; i++) {
		uint8_t wanted = i < PR_REGISTRANTS_MAX ? SCSI_GOOD : SCSI_CHECK_CONDITION;

		snprintf(name, sizeof(name), "iqn.2026-11.org.example:%u,i,0x%u", i, i);
		pr_open(&r, &x, name, 1);
		CU_ASSERT_EQUAL(pr_do(&r, &x, PR_REGISTER, 0, 0, i + 1), wanted);
		scsi_nexus_close(&x);
	}
	CU_ASSERT_EQUAL(r.lu->pr.n, PR_REGISTRANTS_MAX);
	CU_ASSERT(pr_save_len(&r.lu->pr) <= PR_SAVE_MAX);
	pr_save_put(&r.lu->pr, naa, file);
	CU_ASSERT_PTR_NULL(pr_save_get(&copy, naa, file, pr_save_len(&r.lu->pr)));
	CU_ASSERT_EQUAL(copy.n, PR_REGISTRANTS_MAX);
	pr_fini(&copy);
	rig_close(&r);
}

/*
 * COMPARE AND WRITE of many on one block, all at once: one finds what it expects, and the
 * others find what that one wrote.
 */
static void compare_and_write_races(void)
{
	enum { RACERS = 16 };
	static const uint8_t caw[16] = { 0x89, [13] = 1 };
	static uint8_t data[RACERS][1024];
	static struct rig_cmd c[RACERS];
	unsigned int i, won = 0;
	struct rig r;

	rig_start(&r);
	r.disk->hold = true;
	for (i = 0; i < RACERS; i++) {
		memset(data[i] + 512, (int)i + 1, 512); /* zeros are expected */
		rig_cmd_init(&c[i], &r.x[i % 2], caw, 16);
		rig_expect_out(&c[i], data[i], 1024);
		rig_submit(&c[i]);
	}
	for (i = 0; i < 4 * RACERS; i++) { /* answers come one by one */
		rig_run(&r);
		rig_release(r.disk, 1);
	}
	rig_run(&r);
	for (i = 0; i < RACERS; i++) {
		CU_ASSERT_EQUAL(c[i].done, 1);
		if (c[i].t.status == SCSI_GOOD) {
			CU_ASSERT_EQUAL(r.disk->bytes[0], i + 1);
			won++;
		} else {
			CU_ASSERT_EQUAL(rig_sense(&c[i]), SENSE_MISCOMPARE);
		}
		scsi_task_fini(&c[i].t);
	}
	CU_ASSERT_EQUAL(won, 1);
	rig_close(&r);
}

static const struct unit_test tests[] = {
	{ "WRITE BUFFER and READ BUFFER", buffers },
	{ "PERSISTENT RESERVE OUT with huge lists", huge_lists },
	{ "more registrants than a state file holds", too_many_registrants },
	{ "COMPARE AND WRITE of many at once", compare_and_write_races },
};

UNIT_MAIN("scsi/misuse", tests)
