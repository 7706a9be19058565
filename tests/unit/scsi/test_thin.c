#include "scsi/thin.h"

#include "keep_rig.h"

#define MIB ((uint64_t)1 << 20)

/* A unit on a file system of 100 MiB, of which it tells. */
static void start(struct rig *r, uint8_t threshold, uint64_t available)
{
	static unsigned int errors;
	struct scsi_lu_options opt = rig_options();

	log_set_sink(keep_no_log, &errors);
	opt.soft_threshold = threshold;
	rig_open_with(r, &opt);
	r->disk->store.caps |= STORE_CAN_SPACE;
	r->disk->space = (struct store_space){ 3 * MIB + 5, available, 100 * MIB };
	CU_ASSERT_EQUAL(scsi_lu_load(r->lu), 0);
	scsi_lu_start(r->lu);
	rig_run(r);
	rig_greet(r, &r->x[0], 0);
	rig_greet(r, &r->x[1], 0);
}

static void end(struct rig *r)
{
	rig_close(r);
	log_set_sink(NULL, NULL);
}

static uint32_t attention(struct rig *r, int x)
{
	static const uint8_t tur[6];
	struct rig_cmd c;

	rig_cmd_init(&c, &r->x[x], tur, 6);
	rig_do(r, &c);
	scsi_task_fini(&c.t);
	return rig_sense(&c);
}

/* Write some MiB. */
static void write_some(struct rig *r, unsigned int mib)
{
	static const uint8_t cdb[10] = { 0x2a, [7] = 8 };
	static uint8_t data[1 << 20];
	struct rig_cmd c;

	while (mib--) {
		rig_out(r, &c, cdb, 10, data, sizeof(data));
		scsi_task_fini(&c.t);
	}
}

/* Each nexus is told once, and again when it was better in between. */
static void told_once(void)
{
	struct rig r;

	start(&r, 80, 25 * MIB);
	CU_ASSERT_EQUAL(attention(&r, 0), SENSE_NONE);
	r.disk->space.available = 20 * MIB;
	write_some(&r, 1); /* an eighth of what was left */
	CU_ASSERT_EQUAL(attention(&r, 0), SENSE_SOFT_THRESHOLD);
	CU_ASSERT_EQUAL(attention(&r, 1), SENSE_SOFT_THRESHOLD);
	CU_ASSERT_EQUAL(attention(&r, 0), SENSE_NONE);
	r.disk->space.available = 10 * MIB;
	write_some(&r, 3);
	CU_ASSERT_EQUAL(attention(&r, 0), SENSE_NONE);
	r.disk->space.available = 60 * MIB;
	write_some(&r, 3);
	CU_ASSERT_EQUAL(attention(&r, 0), SENSE_NONE);
	r.disk->space.available = 1 * MIB;
	write_some(&r, 2);
	CU_ASSERT_EQUAL(attention(&r, 0), SENSE_NONE); /* nobody has looked yet */
	write_some(&r, 1);
	CU_ASSERT_EQUAL(attention(&r, 0), SENSE_SOFT_THRESHOLD);
	end(&r);
}

/* Zeros and reserved space may take much at once, and are no data that is counted. */
static void told_after_zeros(void)
{
	static const uint8_t flags[] = { 0x01, 0x19 }; /* NDOB; with UNMAP and ANCHOR */
	struct rig_cmd c;
	struct rig r;
	size_t i;

	for (i = 0; i < sizeof(flags); i++) {
		const uint8_t same[16] = { 0x93, flags[i], [13] = 8 };

		start(&r, 80, 25 * MIB);
		r.disk->store.caps |= STORE_CAN_RESERVE;
		r.disk->space.available = 20 * MIB;
		rig_none(&r, &c, same, 16);
		CU_ASSERT_EQUAL(c.t.status, SCSI_GOOD);
		scsi_task_fini(&c.t);
		CU_ASSERT_EQUAL(attention(&r, 0), SENSE_SOFT_THRESHOLD);
		end(&r);
	}
}

/* Without a threshold, or a store that knows, nobody looks. */
static void nobody_looks(void)
{
	struct rig r;

	start(&r, 0, 0);
	r.disk->nsubmits = 0;
	write_some(&r, 70);
	CU_ASSERT_EQUAL(r.disk->nsubmits, 70);
	CU_ASSERT_EQUAL(attention(&r, 0), SENSE_NONE);
	end(&r);
}

/* A look that fails is no fault of anybody's, and the next one counts. */
static void a_look_fails(void)
{
	struct rig r;

	start(&r, 50, 80 * MIB);
	r.lu->thin.due = 0;
	r.disk->hold = true;
	thin_look(r.lu);
	r.disk->error = -5;
	CU_ASSERT_FALSE(scsi_lu_is_idle(r.lu));
	rig_release(r.disk, 1);
	rig_run(&r);
	r.disk->error = 0;
	r.disk->hold = false;
	r.disk->space.available = 0;
	write_some(&r, 63);
	CU_ASSERT_EQUAL(attention(&r, 0), SENSE_NONE);
	write_some(&r, 1);
	CU_ASSERT_EQUAL(attention(&r, 0), SENSE_SOFT_THRESHOLD);
	end(&r);
}

/* Log page 0Ch, mode page 1Ch/02h and VPD page B2h speak of the same threshold sets. */
static void pages(void)
{
	static const uint8_t log[10] = { 0x4d, 0, 0x4c, [8] = 64 };
	static const uint8_t used[10] = { 0x4d, 0, 0x4c, [6] = 2, [8] = 64 };
	static const uint8_t mode[6] = { 0x1a, 8, 0x1c, 0x02, 64 };
	static const uint8_t vpd[6] = { 0x12, 1, 0xb2, 0, 64 };
	static const uint8_t want_log[] = { 0x0c, 0, 0, 24,                          /**/
					    0,    1, 3, 8,  0, 0, 0, 25, 2, 0, 0, 0, /**/
					    0,    2, 3, 8,  0, 0, 0, 3,  1, 0, 0, 0 };
	static const uint8_t want_mode[24] = { 0x5c, 2, 0, 20, [16] = 0x80, 0x01, [23] = 20 };
	struct rig_cmd c;
	struct rig r;

	start(&r, 80, 25 * MIB);
	rig_in(&r, &c, log, 10, 64);
	CU_ASSERT_EQUAL(c.t.in_len, sizeof(want_log));
	CU_ASSERT_EQUAL(memcmp(c.t.buf->data, want_log, sizeof(want_log)), 0);
	scsi_task_fini(&c.t);
	rig_in(&r, &c, used, 10, 64);
	CU_ASSERT_EQUAL(c.t.in_len, 16);
	CU_ASSERT_EQUAL(memcmp(c.t.buf->data + 4, want_log + 16, 12), 0);
	scsi_task_fini(&c.t);
	rig_in(&r, &c, mode, 6, 64);
	CU_ASSERT_EQUAL(c.t.in_len, 4 + sizeof(want_mode));
	CU_ASSERT_EQUAL(memcmp(c.t.buf->data + 4, want_mode, sizeof(want_mode)), 0);
	scsi_task_fini(&c.t);
	rig_in(&r, &c, vpd, 6, 64);
	CU_ASSERT_EQUAL(c.t.buf->data[4], 11); /* 2^11 blocks of 512 bytes */
	scsi_task_fini(&c.t);
	end(&r);
}

/* Where nothing is known of space there is none of these. */
static void no_pages(void)
{
	static const uint8_t log[10] = { 0x4d, 0, 0x4c, [8] = 64 };
	static const uint8_t list[10] = { 0x4d, 0, 0x40, [8] = 64 };
	static const uint8_t mode[6] = { 0x1a, 8, 0x1c, 0x02, 64 };
	static const uint8_t vpd[6] = { 0x12, 1, 0xb2, 0, 64 };
	struct rig_cmd c;
	struct rig r;

	rig_start(&r);
	rig_in(&r, &c, log, 10, 64);
	CU_ASSERT_EQUAL(rig_sense(&c), SENSE_CDB_FIELD);
	scsi_task_fini(&c.t);
	rig_in(&r, &c, list, 10, 64);
	CU_ASSERT_PTR_NULL(memchr(c.t.buf->data + 4, 0x0c, c.t.in_len - 4));
	scsi_task_fini(&c.t);
	rig_in(&r, &c, mode, 6, 64);
	CU_ASSERT_EQUAL(rig_sense(&c), SENSE_CDB_FIELD);
	rig_check_pointer(&c, true, 3, 7);
	scsi_task_fini(&c.t);
	rig_in(&r, &c, vpd, 6, 64);
	CU_ASSERT_EQUAL(c.t.buf->data[4], 0);
	scsi_task_fini(&c.t);
	rig_close(&r);
}

/* No space left: told as that, and the unit goes on reading. */
static void a_full_file_system(void)
{
	static const uint8_t write10[10] = { 0x2a, [8] = 1 };
	static const uint8_t read10[10] = { 0x28, [8] = 1 };
	static const uint8_t data[512];
	struct rig_cmd c;
	struct rig r;

	start(&r, 80, 0);
	r.disk->error = -28; /* ENOSPC */
	rig_out(&r, &c, write10, 10, data, 512);
	CU_ASSERT_EQUAL(rig_sense(&c), SENSE_NO_SPACE);
	scsi_task_fini(&c.t);
	r.disk->error = 0;
	rig_in(&r, &c, read10, 10, 512);
	CU_ASSERT_EQUAL(c.t.status, SCSI_GOOD);
	scsi_task_fini(&c.t);
	end(&r);
}

static const struct unit_test tests[] = {
	{ "the threshold is told once, and again after it was better", told_once },
	{ "also when zeros have taken the space", told_after_zeros },
	{ "without a threshold nobody looks", nobody_looks },
	{ "a look that fails", a_look_fails },
	{ "log, mode and VPD pages", pages },
	{ "none of these where nothing is known", no_pages },
	{ "a full file system", a_full_file_system },
};

UNIT_MAIN("scsi/thin", tests)
