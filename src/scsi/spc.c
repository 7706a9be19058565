#include "scsi/spc.h"

#include "base/bytes.h"
#include "scsi/device.h"
#include "scsi/finish.h"
#include "scsi/lu.h"
#include "scsi/tmf_table.h"
#include "scsi/ua.h"
#include "scsi/wipe.h"

#include <string.h>

/* SPC-5, 6.43. The gate has seen that the medium is there. */
void spc_test_unit_ready(struct scsi_task *t)
{
	finish_good(t);
}

/* What REQUEST SENSE finds: a unit attention first, then what keeps the unit from being ready. */
static struct sense current_sense(struct scsi_task *t)
{
	struct sense s = { .code = SENSE_NONE };

	if (!t->lu)
		s.code = SENSE_NO_LU;
	else if (ua_take(t->itl, &s) || wipe_refuses(t->lu, false, &s))
		return s;
	else if (t->lu->ejected)
		s.code = SENSE_NO_MEDIUM;
	else if (t->lu->stopped)
		s.code = SENSE_STOPPED;
	return s;
}

/* SPC-5, 6.39: sense data as parameter data, and GOOD. */
void spc_request_sense(struct scsi_task *t)
{
	bool desc = t->cdb[1] & 0x01;
	struct sense s = current_sense(t);

	finish_alloc(t, sense_format(t->buf->data, &s, desc));
}

/* SPC-5, 6.33: LUNs of one level, in order. Returns the bytes it would have taken. */
static uint32_t list_luns(const struct scsi_task *t, uint8_t *p, uint32_t room)
{
	const struct scsi_device *d = t->nexus->device;
	uint32_t len = 0;
	uint32_t left = d->lus.count;
	uint32_t number;

	for (number = 0; left && number <= SCSI_LUN_MAX; number++) {
		const struct scsi_lu *lu = map_get(&d->lus, number);

		if (!lu)
			continue;
		left--;
		if (t->nexus->sees && !t->nexus->sees(t->nexus, lu))
			continue;
		if (len + SCSI_LUN_LEN <= room)
			scsi_lun_put(p + len, number);
		len += SCSI_LUN_LEN;
	}
	return len;
}

void spc_report_luns(struct scsi_task *t)
{
	uint8_t select = t->cdb[2]; /* 0: logical units, 1: well known ones (none), 2: both */
	uint8_t *p = t->buf->data;
	uint32_t len = 0;

	if (select > 2) {
		finish_cdb_field(t, 2, 7);
		return;
	}
	memset(p, 0, 8);
	if (select != 1)
		len = list_luns(t, p + 8, t->buf->size - 8);
	put_be32(p, len);
	ua_clear_nexus(t->nexus, UA_LUNS_CHANGED); /* SPC-5, 6.33: it has been told now */
	finish_alloc(t, 8 + len);
}

/* SPC-5, 6.42: the default self-test, which has nothing to find; parameter lists are refused. */
void spc_send_diagnostic(struct scsi_task *t)
{
	finish_good(t);
}

/*
 * SPC-5, 6.32: the list of diagnostic pages, which is the only one. Without PCV what
 * the last SEND DIAGNOSTIC left is asked for; it can have left nothing else.
 */
void spc_receive_diagnostic(struct scsi_task *t)
{
	static const uint8_t list[5] = { 0x00, 0x00, 0, 1, 0x00 };

	if (t->cdb[2]) {
		finish_cdb_field(t, 2, 7); /* PAGE CODE */
		return;
	}
	memcpy(t->buf->data, list, sizeof(list));
	finish_alloc(t, sizeof(list));
}

/* SPC-5, 6.25: the medium has no other number than its unit; a multiple of four bytes. */
void spc_read_media_serial(struct scsi_task *t)
{
	const char *serial = t->lu->opt.serial;
	size_t is = strnlen(serial, SCSI_SERIAL_MAX);
	uint32_t len = ((uint32_t)is + 3) & ~3u;
	uint8_t *p = t->buf->data;

	memset(p, 0, 4 + len);
	put_be32(p, len);
	memcpy(p + 4, serial, is);
	finish_alloc(t, 4 + len);
}

/* SPC-5, 6.35 */
void spc_report_tmfs(struct scsi_task *t)
{
	bool extended = t->cdb[2] & 0x80; /* REPD */
	uint32_t len = extended ? 16 : 4;
	uint8_t *p = t->buf->data;
	size_t i;

	memset(p, 0, len);
	for (i = 0; i < tmf_table_len; i++) {
		if (tmf_table[i].supported)
			p[tmf_table[i].byte] |= tmf_table[i].mask;
	}
	p[3] = (uint8_t)(len - 4); /* the time-outs of the rest: none is recommended */
	finish_alloc(t, len);
}
