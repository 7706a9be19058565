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

static const struct unit_test tests[] = {
	{ "a number is taken once", a_number_is_taken_once },
	{ "a name that is too long is cut", names_are_cut },
	{ "an I_T_L nexus is made at first contact", contact_is_lazy },
};

UNIT_MAIN("scsi/device", tests)
