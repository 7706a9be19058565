#include "scsi/device.h"

#include "rig.h"

#include <errno.h>

static void a_number_is_taken_once(void)
{
	struct scsi_lu_options opt = rig_options();
	struct rig_store *s;
	struct scsi_lu *lu;
	struct rig r;

	rig_open(&r);
	s = rig_store_new(&r, 512, true);
	CU_ASSERT_EQUAL_FATAL(scsi_lu_new(&r.core, &s->store, &opt, &lu), 0);
	CU_ASSERT_EQUAL(scsi_device_add(&r.dev, lu), -EEXIST);
	CU_ASSERT_PTR_EQUAL(scsi_device_lu(&r.dev, 0), r.lu);
	CU_ASSERT_PTR_NULL(scsi_device_lu(&r.dev, 1));
	scsi_lu_free(lu);
	rig_close(&r);
}

/* It is loaded before it is there, and the log has to say of which unit it tells then. */
static void a_unit_is_placed_before_it_is_there(void)
{
	struct scsi_lu_options opt = rig_options();
	struct rig_store *s;
	struct scsi_lu *lu;
	char name[sizeof(lu->name)];
	struct rig r;

	rig_open(&r);
	opt.number = 7;
	s = rig_store_new(&r, 512, true);
	CU_ASSERT_EQUAL_FATAL(scsi_lu_new(&r.core, &s->store, &opt, &lu), 0);
	scsi_device_place(&r.dev, lu);
	snprintf(name, sizeof(name), "%s LUN 7", r.dev.name);
	CU_ASSERT_STRING_EQUAL(lu->name, name);
	CU_ASSERT_PTR_NULL(scsi_device_lu(&r.dev, 7));
	CU_ASSERT_EQUAL(scsi_lu_load(lu), 0);
	CU_ASSERT_EQUAL(scsi_device_add(&r.dev, lu), 0);
	CU_ASSERT_PTR_EQUAL(scsi_device_lu(&r.dev, 7), lu);
	rig_close(&r);
}

static void names_are_cut(void)
{
	char name[SCSI_DEV_NAME_MAX + 10];
	struct scsi_device d;

	memset(name, 'n', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	scsi_device_init(&d, NULL, name);
	CU_ASSERT_EQUAL(strlen(d.name), SCSI_DEV_NAME_MAX - 1);
	scsi_device_fini(&d);
}

/* What is known of a logical unit is made at first contact, and goes with the nexus. */
static void contact_is_lazy(void)
{
	struct scsi_lu_options opt = rig_options();
	struct rig r;
	uint32_t i;

	rig_open(&r);
	for (i = 1; i < 50; i++) {
		opt.number = i;
		rig_add_lu(&r, &opt);
	}
	CU_ASSERT_EQUAL(r.x[0].itls.count, 0);
	rig_greet(&r, &r.x[0], 17);
	CU_ASSERT_EQUAL(r.x[0].itls.count, 1);
	CU_ASSERT_FALSE(TAILQ_EMPTY(&scsi_device_lu(&r.dev, 17)->itls));
	scsi_nexus_close(&r.x[0]);
	CU_ASSERT(TAILQ_EMPTY(&scsi_device_lu(&r.dev, 17)->itls));
	CU_ASSERT_EQUAL(scsi_nexus_open(&r.x[0], &r.dev), 0);
	rig_close(&r);
}

/* gone() of the tests below: how often, and the unit itself is freed. */
static void count_gone(struct scsi_lu *lu, void *user)
{
	(*(int *)user)++;
	scsi_lu_free(lu);
}

static uint32_t ready_of(struct rig *r, struct scsi_nexus *x, uint32_t lun)
{
	static const uint8_t ready[6] = { 0x00 };
	struct rig_cmd c;

	rig_cmd_init(&c, x, ready, sizeof(ready));
	scsi_lun_put(c.t.lun, lun);
	rig_do(r, &c);
	scsi_task_fini(&c.t);
	return rig_sense(&c);
}

/* A unit at rest is gone in the same turn, and the others tell of it. */
static void a_unit_is_taken_away(void)
{
	struct scsi_lu_options opt = rig_options();
	struct rig r;
	int gone = 0;

	rig_start(&r);
	opt.number = 1;
	rig_add_lu(&r, &opt);
	rig_greet(&r, &r.x[0], 1);
	rig_greet(&r, &r.x[0], 0);
	CU_ASSERT_EQUAL(ready_of(&r, &r.x[0], 0), SENSE_NONE);
	scsi_device_remove(&r.dev, scsi_device_lu(&r.dev, 1), count_gone, &gone);
	CU_ASSERT_PTR_NULL(scsi_device_lu(&r.dev, 1));
	CU_ASSERT_EQUAL(gone, 0);
	rig_run(&r);
	CU_ASSERT_EQUAL(gone, 1);
	CU_ASSERT_EQUAL(ready_of(&r, &r.x[0], 1), SENSE_NO_LU);
	CU_ASSERT_EQUAL(ready_of(&r, &r.x[0], 0), SENSE_LUNS_CHANGED);
	CU_ASSERT_EQUAL(ready_of(&r, &r.x[0], 0), SENSE_NONE);
	rig_close(&r);
}

/*
 * Commands in the store and behind it end with TASK ABORTED; the store is closed after its last
 * request came back, and another unit has the number meanwhile.
 */
static void a_busy_unit_is_taken_away(void)
{
	static const uint8_t read_10[10] = { 0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0 };
	struct scsi_lu_options opt = rig_options();
	struct rig_store *disk;
	struct rig_cmd c[2], later;
	struct rig r;
	int gone = 0, i;

	rig_start(&r);
	disk = r.disk;
	disk->hold = true;
	for (i = 0; i < 2; i++) {
		rig_cmd_init(&c[i], &r.x[i], read_10, sizeof(read_10));
		c[i].t.attr = SCSI_ORDERED; /* the second one waits for the first */
		rig_expect_in(&c[i], 512);
		rig_submit(&c[i]);
		rig_run(&r);
	}
	scsi_device_remove(&r.dev, r.lu, count_gone, &gone);
	rig_run(&r);
	CU_ASSERT_EQUAL(c[0].done, 0);
	CU_ASSERT_EQUAL(c[1].done, 1);
	CU_ASSERT_EQUAL(c[1].t.status, SCSI_TASK_ABORTED);
	CU_ASSERT_FALSE(c[1].t.aborted);
	r.lu = rig_add_lu(&r, &opt);
	rig_greet(&r, &r.x[0], 0);
	rig_cmd_init(&later, &r.x[0], read_10, sizeof(read_10));
	rig_expect_in(&later, 512);
	rig_do(&r, &later);
	CU_ASSERT_EQUAL(later.t.status, SCSI_GOOD);
	CU_ASSERT_EQUAL(gone, 0);
	rig_release(disk, 1);
	rig_run(&r);
	CU_ASSERT_EQUAL(gone, 1);
	CU_ASSERT_EQUAL(c[0].done, 1);
	CU_ASSERT_EQUAL(c[0].t.status, SCSI_TASK_ABORTED);
	CU_ASSERT_EQUAL(ready_of(&r, &r.x[0], 0), SENSE_NONE);
	for (i = 0; i < 2; i++)
		scsi_task_fini(&c[i].t);
	scsi_task_fini(&later.t);
	rig_close(&r);
}

/* A nexus that ends meanwhile leaves nothing behind in a unit that is going. */
static void a_nexus_ends_meanwhile(void)
{
	static const uint8_t read_10[10] = { 0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0 };
	struct rig_store *disk;
	struct rig_cmd c;
	struct rig r;
	int gone = 0;

	rig_start(&r);
	disk = r.disk;
	disk->hold = true;
	rig_cmd_init(&c, &r.x[0], read_10, sizeof(read_10));
	rig_expect_in(&c, 512);
	rig_submit(&c);
	rig_run(&r);
	scsi_device_remove(&r.dev, r.lu, count_gone, &gone);
	scsi_nexus_close(&r.x[1]);
	rig_release(disk, 1);
	rig_run(&r);
	CU_ASSERT_EQUAL(gone, 1);
	CU_ASSERT_EQUAL(scsi_nexus_open(&r.x[1], &r.dev), 0);
	scsi_task_fini(&c.t);
	rig_close(&r);
}

static const struct unit_test tests[] = {
	{ "a number is taken once", a_number_is_taken_once },
	{ "a unit is placed before it is there", a_unit_is_placed_before_it_is_there },
	{ "a name that is too long is cut", names_are_cut },
	{ "an I_T_L nexus is made at first contact", contact_is_lazy },
	{ "a unit is taken away", a_unit_is_taken_away },
	{ "a unit is taken away from its commands", a_busy_unit_is_taken_away },
	{ "a nexus ends while a unit goes", a_nexus_ends_meanwhile },
};

UNIT_MAIN("scsi/device", tests)
