#include "scsi/opcodes.h"

#include "base/bytes.h"
#include "scsi/cmd.h"
#include "scsi/finish.h"
#include "scsi/lu.h"

#include <string.h>

#define TIMEOUTS_LEN 12

/* REPORTING OPTIONS */
enum { OPT_ALL, OPT_OPCODE, OPT_ACTION, OPT_EITHER };

/* 6.34.4: command timeouts descriptor; no time is recommended. */
static uint32_t put_timeouts(uint8_t *p)
{
	memset(p, 0, TIMEOUTS_LEN);
	p[1] = TIMEOUTS_LEN - 2;
	return TIMEOUTS_LEN;
}

/* 6.34.2: all_commands parameter data */
static uint32_t put_all(const struct scsi_lu *lu, bool rctd, uint8_t *p)
{
	uint32_t len = 4;
	size_t i;

	for (i = 0; i < lu->ncmds; i++) {
		const struct scsi_cmd *c = &lu->cmds[i];
		uint8_t *d = p + len;

		if (!cmd_is_there(c, lu))
			continue;
		memset(d, 0, 8);
		d[0] = c->opcode;
		if (c->sa != NO_SA) {
			put_be16(d + 2, c->sa);
			d[5] |= 0x01; /* SERVACTV */
		}
		put_be16(d + 6, cdb_len(c->opcode));
		len += 8;
		if (rctd) {
			d[5] |= 0x02; /* CTDP */
			len += put_timeouts(p + len);
		}
	}
	put_be32(p, len - 4);
	return len;
}

/* 6.34.3: one_command parameter data. c is NULL when the command is not supported. */
static uint32_t put_one(const struct scsi_cmd *c, const struct scsi_lu *lu, bool rctd, uint8_t *p)
{
	uint8_t len;
	uint8_t i;

	memset(p, 0, 4);
	p[1] = 0x01; /* SUPPORT: not supported */
	if (!c)
		return 4;
	len = cdb_len(c->opcode);
	p[1] = rctd ? 0x83 : 0x03; /* CTDP; supported as the standard says */
	put_be16(p + 2, len);
	p[4] = c->opcode;
	for (i = 1; i < len; i++)
		p[4 + i] = cmd_usage(c, lu, i);
	if (c->sa != NO_SA)
		p[5] = (uint8_t)((p[5] & ~0x1f) | c->sa);
	return 4u + len + (rctd ? put_timeouts(p + 4 + len) : 0);
}

/*
 * Find what is asked for. False: the options do not suit an operation code that
 * has service actions, or has none.
 */
static bool find(const struct scsi_task *t, uint8_t options, const struct scsi_cmd **out)
{
	const struct scsi_lu *lu = t->lu;
	uint8_t opcode = t->cdb[3];
	uint16_t sa = be16(t->cdb + 4);
	size_t i;

	*out = NULL;
	for (i = cmd_first(lu->cmds, lu->ncmds, opcode); i < lu->ncmds; i++) {
		const struct scsi_cmd *c = &lu->cmds[i];

		if (c->opcode != opcode)
			break;
		if (!cmd_is_there(c, lu))
			continue;
		if (options == OPT_OPCODE && c->sa != NO_SA)
			return false;
		if (options == OPT_ACTION && c->sa == NO_SA)
			return false;
		if (c->sa == NO_SA ? options == OPT_OPCODE || sa == 0 : c->sa == sa)
			*out = c;
	}
	return true;
}

void opcodes_report(struct scsi_task *t)
{
	bool rctd = t->cdb[2] & 0x80;
	uint8_t options = t->cdb[2] & 0x07;
	const struct scsi_cmd *c;

	if (options == OPT_ALL) {
		finish_alloc(t, put_all(t->lu, rctd, t->buf->data));
		return;
	}
	if (options > OPT_EITHER) {
		finish_cdb_field(t, 2, 2); /* REPORTING OPTIONS */
		return;
	}
	if (!find(t, options, &c)) {
		finish_cdb_field(t, 2, 2);
		return;
	}
	finish_alloc(t, put_one(c, t->lu, rctd, t->buf->data));
}
