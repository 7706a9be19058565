/* What the tests of optical drives share: a rig whose LUN 0 is one. */
#ifndef MMC_RIG_H
#define MMC_RIG_H

#include "rig.h"

/* Its image has RIG_BLOCKS blocks of 2048 bytes: a CD. */
static inline void mmc_rig_start(struct rig *r)
{
	struct scsi_lu_options opt = {
		.type = SCSI_CDROM,
		.block_size = 2048,
		.read_only = true,
		.removable = true,
		.serial = "SERIAL01",
	};

	rig_open_with(r, &opt);
	rig_greet(r, &r->x[0], 0);
	rig_greet(r, &r->x[1], 0);
}

/* So many blocks are a DVD; nothing of it is read. */
static inline void mmc_rig_dvd(struct rig *r)
{
	r->lu->blocks = 400000;
}

/* A command of 10 or 12 bytes that has to bring exactly these bytes. */
static inline void mmc_rig_tells(struct rig *r, const uint8_t *cdb, const void *bytes, size_t len)
{
	struct rig_cmd c;

	rig_in(r, &c, cdb, 12, 4096);
	CU_ASSERT_EQUAL(c.t.status, SCSI_GOOD);
	CU_ASSERT_EQUAL_FATAL(c.t.in_len, len);
	CU_ASSERT_EQUAL(memcmp(c.t.buf->data, bytes, len), 0);
	scsi_task_fini(&c.t);
}

static inline void mmc_rig_refuses(struct rig *r, const uint8_t *cdb, uint32_t code)
{
	struct rig_cmd c;

	rig_in(r, &c, cdb, 12, 4096);
	CU_ASSERT_EQUAL(rig_sense(&c), code);
	scsi_task_fini(&c.t);
}

/* START STOP UNIT with that byte 4. */
static inline void mmc_rig_tray(struct rig *r, uint8_t what)
{
	const uint8_t cdb[6] = { 0x1b, 0, 0, 0, what };
	struct rig_cmd c;

	rig_none(r, &c, cdb, 6);
	CU_ASSERT_EQUAL(c.t.status, SCSI_GOOD);
	scsi_task_fini(&c.t);
}

enum { TRAY_OUT = 0x02, TRAY_IN = 0x03 };

#endif
