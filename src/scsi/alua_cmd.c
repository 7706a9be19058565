#include "scsi/alua_cmd.h"

#include "base/bytes.h"
#include "scsi/alua.h"
#include "scsi/device.h"
#include "scsi/finish.h"
#include "scsi/lu.h"

#include <string.h>

#define GROUP_LEN    8 /* of a target port group descriptor without its ports */
#define PORT_LEN     4
#define HEADER_LEN   4 /* of SET TARGET PORT GROUPS */
#define ENTRY_LEN    4
#define FORMAT_SHORT 0
#define FORMAT_LONG  1

/* T_SUP, O_SUP, U_SUP, S_SUP, AN_SUP, AO_SUP: each state there is, but LBA dependent. */
#define SUPPORTED 0xcf

/* The descriptor of the group of port i. Returns its bytes. */
static uint32_t put_group(const struct scsi_lu *lu, uint8_t i, uint8_t *p)
{
	const struct scsi_device *d = lu->device;
	uint8_t *port = p + GROUP_LEN;
	uint8_t k;

	memset(p, 0, GROUP_LEN);
	p[0] = lu->alua_states[i]; /* PREF is 0 */
	p[1] = SUPPORTED;
	put_be16(p + 2, d->ports[i].group);
	p[5] = lu->alua_causes[i];
	for (k = 0; k < d->nports; k++) {
		if (d->ports[k].group != d->ports[i].group)
			continue;
		put_be32(port, d->ports[k].rel_id);
		port += PORT_LEN;
		p[7]++;
	}
	return (uint32_t)(port - p);
}

/* Is port i the first one of its group? */
static bool is_first(const struct scsi_device *d, uint8_t i)
{
	uint8_t k;

	for (k = 0; k < i; k++) {
		if (d->ports[k].group == d->ports[i].group)
			return false;
	}
	return true;
}

void alua_cmd_report(struct scsi_task *t)
{
	const struct scsi_device *d = t->lu->device;
	uint8_t format = t->cdb[1] >> 5;
	uint8_t *p = t->buf->data;
	uint32_t len = 4;
	uint8_t i;

	if (format > FORMAT_LONG) {
		finish_cdb_field(t, 1, 7); /* PARAMETER DATA FORMAT */
		return;
	}
	if (format == FORMAT_LONG) {
		put_be32(p + 4, 0x10000000); /* that format; no implicit transition takes time */
		len += 4;
	}
	for (i = 0; i < d->nports; i++) {
		if (is_first(d, i))
			len += put_group(t->lu, i, p + len);
	}
	put_be32(p, len - 4);
	finish_alloc(t, len);
}

static bool has_group(const struct scsi_device *d, uint16_t group)
{
	uint8_t i;

	for (i = 0; i < d->nports; i++) {
		if (d->ports[i].group == group)
			return true;
	}
	return false;
}

/* Nobody can be asked to be offline, or on the way to another state. False: t has its sense. */
static bool check_list(struct scsi_task *t)
{
	const uint8_t *p = t->buf->data;
	uint32_t at;

	for (at = HEADER_LEN; at < t->out_want; at += ENTRY_LEN) {
		if ((p[at] & 0x0f) > ALUA_UNAVAILABLE) {
			finish_list_field(t, (uint16_t)at, 3);
			return false;
		}
		if (!has_group(t->lu->device, be16(p + at + 2))) {
			finish_list_field(t, (uint16_t)(at + 2), 7);
			return false;
		}
	}
	return true;
}

/* All of it or nothing. An empty list asks for no change. */
void alua_cmd_set(struct scsi_task *t)
{
	const uint8_t *p;
	uint32_t at;

	if (!t->alloc_len) {
		finish_good(t);
		return;
	}
	if (t->out_want != t->alloc_len || t->alloc_len < HEADER_LEN + ENTRY_LEN ||
	    t->alloc_len % ENTRY_LEN || t->alloc_len > UINT16_MAX) {
		finish_code(t, SENSE_LIST_LENGTH);
		return;
	}
	if (!check_list(t))
		return;
	p = t->buf->data;
	for (at = HEADER_LEN; at < t->out_want; at += ENTRY_LEN)
		alua_set(t->lu, be16(p + at + 2), (enum alua_state)(p[at] & 0x0f), ALUA_EXPLICIT,
			 t->nexus);
	finish_good(t);
}
