#include "scsi/nexus.h"

#include "rig.h"
#include "scsi/itl.h"

#include <errno.h>
#include <stdio.h>

/* A nexus by the target port with that number. */
static int open_by(struct scsi_nexus *x, struct rig *r, uint16_t rel_id)
{
	*x = (struct scsi_nexus){ .tport = { .rel_id = rel_id, .group = 1 } };
	snprintf(x->tport.name, sizeof(x->tport.name), "iqn.x,t,0x%04x", rel_id);
	strcpy(x->initiator, "iqn.c,i,0x01");
	CU_ASSERT_EQUAL_FATAL(tid_make(&x->tid, x->initiator), 0);
	return scsi_nexus_open(x, &r->dev);
}

static void joins_and_leaves(void)
{
	struct scsi_nexus x;
	struct rig r;

	rig_open(&r);
	CU_ASSERT_EQUAL(r.dev.nports, 1); /* both nexuses of the rig come by one port */
	CU_ASSERT_EQUAL_FATAL(open_by(&x, &r, 7), 0);
	CU_ASSERT_PTR_EQUAL(x.device, &r.dev);
	CU_ASSERT_EQUAL(r.dev.nports, 2);
	CU_ASSERT_EQUAL(r.dev.ports[x.port_index].rel_id, 7);
	CU_ASSERT_PTR_EQUAL(TAILQ_NEXT(&r.x[1], link), &x);
	scsi_nexus_close(&x);
	CU_ASSERT_PTR_NULL(x.device);
	CU_ASSERT_PTR_EQUAL(TAILQ_NEXT(&r.x[1], link), NULL);
	CU_ASSERT_EQUAL(r.dev.nports, 2); /* the port was there, and is known from now on */
	CU_ASSERT_EQUAL_FATAL(open_by(&x, &r, 7), 0);
	CU_ASSERT_EQUAL(r.dev.nports, 2);
	scsi_nexus_close(&x);
	rig_close(&r);
}

/* A device knows so many target ports; a nexus by one more does not join. */
static void too_many_ports(void)
{
	struct scsi_nexus x;
	uint16_t id = 2;
	struct rig r;

	rig_open(&r);
	for (; r.dev.nports < SCSI_PORTS_MAX; id++) {
		CU_ASSERT_EQUAL_FATAL(open_by(&x, &r, id), 0);
		scsi_nexus_close(&x);
	}
	CU_ASSERT_EQUAL(open_by(&x, &r, id), -ENOSPC);
	CU_ASSERT_PTR_EQUAL(TAILQ_NEXT(&r.x[1], link), NULL);
	CU_ASSERT_EQUAL_FATAL(open_by(&x, &r, 2), 0); /* one that is known still does */
	scsi_nexus_close(&x);
	rig_close(&r);
}

static void what_it_knows_goes_with_it(void)
{
	struct scsi_lu_options opt = rig_options();
	struct scsi_nexus x;
	struct scsi_lu *lu;
	struct rig r;

	rig_open(&r);
	opt.number = 300;
	strcpy(opt.serial, "SERIAL02");
	lu = rig_add_lu(&r, &opt);
	CU_ASSERT_EQUAL_FATAL(open_by(&x, &r, 1), 0);
	itl_get(&x, r.lu);
	itl_get(&x, lu);
	CU_ASSERT_EQUAL(x.itls.count, 2);
	itl_get(&r.x[0], lu);
	scsi_nexus_close(&x);
	CU_ASSERT_TRUE(TAILQ_EMPTY(&r.lu->itls));
	CU_ASSERT_PTR_EQUAL(TAILQ_FIRST(&lu->itls)->nexus, &r.x[0]);
	rig_close(&r);
}

static const struct unit_test tests[] = {
	{ "a nexus joins the device by a target port, and leaves", joins_and_leaves },
	{ "a nexus by one target port too many does not join", too_many_ports },
	{ "what it knows of logical units goes with it, and nothing else",
	  what_it_knows_goes_with_it },
};

UNIT_MAIN("scsi/nexus", tests)
