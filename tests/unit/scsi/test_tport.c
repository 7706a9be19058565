#include "scsi/tport.h"

#include "rig.h"

#include <errno.h>

static void ports_are_known_once(void)
{
	struct scsi_tport port = { .rel_id = 7, .group = 7, .name = "iqn.t,t,0x0007" };
	struct rig r;

	rig_open(&r);
	CU_ASSERT_EQUAL(r.dev.nports, 1); /* both nexuses came by port 1 */
	CU_ASSERT_EQUAL(tport_add(&r.dev, &port), 0);
	CU_ASSERT_EQUAL(tport_add(&r.dev, &port), -EEXIST);
	CU_ASSERT_STRING_EQUAL(tport_find(&r.dev, 7)->name, "iqn.t,t,0x0007");
	CU_ASSERT_PTR_NULL(tport_find(&r.dev, 2));
	rig_close(&r);
}

static void there_is_a_limit(void)
{
	struct scsi_nexus x = { .tport = { .rel_id = 999 } };
	struct scsi_tport port = { .rel_id = 100 };
	struct rig r;

	rig_open(&r);
	for (; r.dev.nports < SCSI_PORTS_MAX; port.rel_id++)
		CU_ASSERT_EQUAL(tport_add(&r.dev, &port), 0);
	CU_ASSERT_EQUAL(tport_add(&r.dev, &port), -ENOSPC);
	CU_ASSERT_EQUAL(scsi_nexus_open(&x, &r.dev), -ENOSPC);
	rig_close(&r);
}

static const struct unit_test tests[] = {
	{ "a port is known once it was told, or somebody came by it", ports_are_known_once },
	{ "there is a limit to them", there_is_a_limit },
};

UNIT_MAIN("scsi/tport", tests)
