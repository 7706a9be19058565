#include "scsi/receive_copy.h"

#include "base/bytes.h"
#include "scsi/finish.h"
#include "scsi/itl.h"
#include "scsi/limits.h"
#include "scsi/xcopy_list.h"

#include <string.h>

#define STATUS_LEN     12
#define PARAMETERS_LEN 46
#define FAILURE_LEN    60 /* without the sense data */

/* COPY COMMAND STATUS */
enum { COPY_RUNS, COPY_DONE, COPY_FAILED };

/* The copy with the LIST IDENTIFIER of the CDB; NULL: there is none, and t has ended. */
static struct xcopy_record *find(struct scsi_task *t)
{
	struct xcopy_record *r = xcopy_log_find(&t->itl->copies, t->cdb[2]);

	if (!r)
		finish_cdb_field(t, 2, 7);
	return r;
}

/* The same, when it has ended. */
static struct xcopy_record *find_ended(struct scsi_task *t)
{
	struct xcopy_record *r = find(t);

	if (!r || !r->is_running)
		return r;
	finish_cdb_field(t, 2, 7);
	return NULL;
}

/* TRANSFER COUNT UNITS and TRANSFER COUNT: bytes, or the first of KiB, MiB … that fit. */
static void put_count(uint8_t *p, uint64_t bytes)
{
	uint8_t unit = 0;

	for (; bytes > UINT32_MAX; bytes >>= 10)
		unit++;
	p[0] = unit;
	put_be32(p + 1, (uint32_t)bytes);
}

/* What has ended well is told once (SPC-4, 6.23); a failure stays until its details are told. */
void receive_copy_status(struct scsi_task *t)
{
	struct xcopy_record *r = find(t);
	uint8_t *p;

	if (!r)
		return; /* t is the port's again */
	p = t->buf->data;
	put_be32(p, STATUS_LEN - 4);
	p[4] = r->is_running ? COPY_RUNS : r->status == SCSI_GOOD ? COPY_DONE : COPY_FAILED;
	put_be16(p + 5, r->segments);
	put_count(p + 7, r->bytes);
	if (!r->is_running && r->status == SCSI_GOOD)
		xcopy_log_drop(&t->itl->copies, r);
	finish_alloc(t, STATUS_LEN);
}

/* SPC-4, 6.19: no segment that is there holds any data for the initiator. */
void receive_copy_data(struct scsi_task *t)
{
	if (!find_ended(t))
		return;
	put_be32(t->buf->data, 0);
	finish_alloc(t, 4);
}

/* SPC-4, 6.21 */
void receive_copy_parameters(struct scsi_task *t)
{
	uint8_t *p = t->buf->data;

	memset(p, 0, PARAMETERS_LEN);
	put_be32(p, PARAMETERS_LEN - 4);
	p[4] = 0x01; /* SNLID: a copy needs no list identifier */
	put_be16(p + 8, XCOPY_CSCDS);
	put_be16(p + 10, XCOPY_SEGMENTS);
	put_be32(p + 12, XCOPY_DESCRIPTOR_MAX);
	put_be32(p + 16, LIMITS_COPY_SEGMENT);
	put_be16(p + 34, LIMITS_COPIES); /* TOTAL CONCURRENT COPIES, */
	p[36] = LIMITS_COPIES;           /* and from one nexus */
	p[37] = LIMITS_COPY_GRANULARITY_SHIFT;
	p[43] = 2; /* descriptors: */
	p[44] = XCOPY_SEGMENT_B2B;
	p[45] = XCOPY_CSCD_ID;
	finish_alloc(t, PARAMETERS_LEN);
}

/* SPC-4, 6.20: status and sense data of a copy that failed; it is forgotten then. */
void receive_copy_failure(struct scsi_task *t)
{
	struct xcopy_record *r = find_ended(t);
	uint32_t len = 4;
	uint8_t *p;

	if (!r)
		return;
	p = t->buf->data;
	memset(p, 0, FAILURE_LEN);
	if (r->status != SCSI_GOOD) {
		len = FAILURE_LEN + r->sense_len;
		put_be32(p, len - 4);
		p[56] = r->status;
		put_be16(p + 58, r->sense_len);
		memcpy(p + FAILURE_LEN, r->sense, r->sense_len);
		xcopy_log_drop(&t->itl->copies, r);
	}
	finish_alloc(t, len);
}
