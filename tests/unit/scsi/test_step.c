#include "scsi/step.h"

#include "rig.h"

#include <errno.h>

static const struct {
	int error;
	uint32_t read, write; /* SENSE_NONE: status BUSY */
} vectors[] = {
	{ EIO, SENSE_READ_ERROR, SENSE_WRITE_ERROR }, { ENOSPC, SENSE_HARDWARE, SENSE_NO_SPACE },
	{ EDQUOT, SENSE_HARDWARE, SENSE_NO_SPACE },   { EROFS, SENSE_HARDWARE, SENSE_PROTECTED },
	{ ENOMEM, SENSE_NONE, SENSE_NONE },           { EAGAIN, SENSE_NONE, SENSE_NONE },
	{ ENXIO, SENSE_HARDWARE, SENSE_HARDWARE },    { ENODEV, SENSE_HARDWARE, SENSE_HARDWARE },
	{ EINVAL, SENSE_HARDWARE, SENSE_HARDWARE },   { 12345, SENSE_HARDWARE, SENSE_HARDWARE },
};

static void each_errno_has_its_sense(void)
{
	static const uint8_t read10[10] = { 0x28, 0, 0, 0, 0, 0, 0, 0, 1 };
	static const uint8_t write10[10] = { 0x2a, 0, 0, 0, 0, 0, 0, 0, 1 };
	static uint8_t data[512];
	struct rig_cmd c;
	struct rig r;
	size_t i;

	rig_start(&r);
	for (i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		r.disk->error = -vectors[i].error;
		rig_in(&r, &c, read10, 10, 512);
		CU_ASSERT_EQUAL(rig_sense(&c), vectors[i].read);
		CU_ASSERT_EQUAL(c.t.status, vectors[i].read ? SCSI_CHECK_CONDITION : SCSI_BUSY);
		CU_ASSERT_EQUAL(c.t.in_len, 0);
		CU_ASSERT_EQUAL(c.t.xfer_len, 0);
		scsi_task_fini(&c.t);
		rig_out(&r, &c, write10, 10, data, 512);
		CU_ASSERT_EQUAL(rig_sense(&c), vectors[i].write);
		CU_ASSERT_EQUAL(c.t.status, vectors[i].write ? SCSI_CHECK_CONDITION : SCSI_BUSY);
		scsi_task_fini(&c.t);
	}
	rig_close(&r);
}

static const struct unit_test tests[] = {
	{ "each errno of the store has its sense, and never GOOD", each_errno_has_its_sense },
};

UNIT_MAIN("scsi/step", tests)
