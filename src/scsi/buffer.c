#include "scsi/buffer.h"

#include "base/bytes.h"
#include "scsi/finish.h"
#include "scsi/itl.h"
#include "scsi/lu.h"

#include <stdlib.h>
#include <string.h>

#define ECHO_MAX 4096 /* bytes of a logical unit's echo buffer */
#define EBOS     0x01 /* who reads what another nexus has written is told */

/* Byte 1: MODE */
enum mode { DESCRIPTOR = 0x03, ECHO_DATA = 0x0a, ECHO_DESCRIPTOR = 0x0b };

/* A logical unit has one, from the first write on; the nexus that wrote last owns its content. */
struct scsi_echo {
	uint32_t len; /* bytes */
	uint8_t bytes[ECHO_MAX];
};

/* There are no other buffers: of each BUFFER ID the descriptor is zero (6.22.5). */
static void tell_descriptor(struct scsi_task *t)
{
	memset(t->buf->data, 0, 4);
	finish_alloc(t, 4);
}

static void tell_echo_descriptor(struct scsi_task *t)
{
	put_be32(t->buf->data, ECHO_MAX);
	t->buf->data[0] = EBOS;
	finish_alloc(t, 4);
}

static void read_echo(struct scsi_task *t)
{
	const struct scsi_echo *e = t->lu->echo;

	if (!t->itl->wrote_echo) {
		finish_code(t, SENSE_SEQUENCE);
		return;
	}
	if (t->lu->echo_owner != t->itl) {
		finish_code(t, SENSE_ECHO_OVERWRITTEN);
		return;
	}
	memcpy(t->buf->data, e->bytes, e->len);
	finish_alloc(t, e->len);
}

void buffer_read(struct scsi_task *t)
{
	switch (t->cdb[1]) {
	case DESCRIPTOR: tell_descriptor(t); return;
	case ECHO_DATA: read_echo(t); return;
	case ECHO_DESCRIPTOR: tell_echo_descriptor(t); return;
	default: finish_cdb_field(t, 1, 4);
	}
}

void buffer_write(struct scsi_task *t)
{
	struct scsi_lu *lu = t->lu;

	if (t->cdb[1] != ECHO_DATA) {
		finish_cdb_field(t, 1, 4);
		return;
	}
	if (t->alloc_len > ECHO_MAX) {
		finish_cdb_field(t, 6, 7); /* PARAMETER LIST LENGTH */
		return;
	}
	if (t->out_want < t->alloc_len) {
		finish_code(t, SENSE_LIST_LENGTH);
		return;
	}
	if (!lu->echo)
		lu->echo = calloc(1, sizeof(*lu->echo));
	if (!lu->echo) {
		finish_status(t, SCSI_BUSY);
		return;
	}
	lu->echo->len = t->alloc_len;
	if (t->alloc_len)
		memcpy(lu->echo->bytes, t->buf->data, t->alloc_len);
	lu->echo_owner = t->itl;
	t->itl->wrote_echo = true;
	finish_good(t);
}

void buffer_free(struct scsi_lu *lu)
{
	free(lu->echo);
	lu->echo = NULL;
}
