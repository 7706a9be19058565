#include "scsi/pr_in.h"

#include "base/bytes.h"
#include "scsi/core.h"
#include "scsi/finish.h"
#include "scsi/lu.h"

#include <string.h>

#define HEADER_LEN     8
#define KEY_LEN        8
#define RESERVED_LEN   16
#define CAPABILITY_LEN 8
#define STATUS_LEN     24 /* of a full status descriptor, without its TransportID */

/* SPC-2, 7.12: not while RESERVE reserves the unit. True: that was it. */
static bool is_refused(struct scsi_task *t)
{
	if (!t->lu->reserved_by)
		return false;
	finish_status(t, SCSI_RESERVATION_CONFLICT);
	return true;
}

/* Parameter data that may not all fit into the buffer, which has room for what is sent. */
struct out {
	uint8_t *p;
	uint32_t room;
	uint32_t len; /* bytes so far, written or not */
};

static void put(struct out *o, const void *bytes, uint32_t len)
{
	uint32_t left = o->len < o->room ? o->room - o->len : 0;

	memcpy(o->p + (o->room - left), bytes, len < left ? len : left);
	o->len += len;
}

/* PRGENERATION and a length that is filled in by end(). */
static struct out begin(struct scsi_task *t)
{
	memset(t->buf->data, 0, HEADER_LEN);
	put_be32(t->buf->data, t->lu->pr.generation);
	return (struct out){ .p = t->buf->data, .room = t->buf->size, .len = HEADER_LEN };
}

static void end(struct scsi_task *t, const struct out *o)
{
	put_be32(o->p + 4, o->len - HEADER_LEN);
	finish_alloc(t, o->len);
}

/* 6.16.2 */
void pr_in_keys(struct scsi_task *t)
{
	const struct pr *pr = &t->lu->pr;
	struct out o;
	uint8_t key[KEY_LEN];
	uint32_t i;

	if (is_refused(t))
		return;
	o = begin(t);
	for (i = 0; i < pr->n; i++) {
		put_be64(key, pr->reg[i].key);
		put(&o, key, sizeof(key));
	}
	end(t, &o);
}

/* 6.16.3: the key is zero where all registrants hold it. */
void pr_in_reservation(struct scsi_task *t)
{
	const struct pr *pr = &t->lu->pr;
	uint8_t d[RESERVED_LEN] = { 0 };
	struct out o;

	if (is_refused(t))
		return;
	o = begin(t);
	if (pr->type) {
		if (pr->holder != PR_NOBODY)
			put_be64(d, pr->reg[pr->holder].key);
		d[13] = pr->type; /* SCOPE is 0: the logical unit */
		put(&o, d, sizeof(d));
	}
	end(t, &o);
}

/* 6.16.4 */
void pr_in_capabilities(struct scsi_task *t)
{
	bool persists = t->core->state_dir;
	uint8_t *p = t->buf->data;

	if (is_refused(t))
		return;
	memset(p, 0, CAPABILITY_LEN);
	put_be16(p, CAPABILITY_LEN);
	p[2] = 0x10 | 0x08 | 0x04; /* CRH, SIP_C, ATP_C */
	if (persists)
		p[2] |= 0x01; /* PTPL_C */
	p[3] = 0x80 | 0x10;   /* TMV; ALLOW COMMANDS: TEST UNIT READY is always let through */
	if (t->lu->pr.aptpl)
		p[3] |= 0x01;                    /* PTPL_A */
	p[4] = 0x80 | 0x40 | 0x20 | 0x08 | 0x02; /* WR_EX_AR, EX_AC_RO, WR_EX_RO, EX_AC, WR_EX */
	p[5] = 0x01;                             /* EX_AC_AR */
	finish_alloc(t, CAPABILITY_LEN);
}

/* 6.16.5 */
void pr_in_full_status(struct scsi_task *t)
{
	const struct pr *pr = &t->lu->pr;
	struct out o;
	uint32_t i;

	if (is_refused(t))
		return;
	o = begin(t);
	for (i = 0; i < pr->n; i++) {
		const struct pr_registrant *r = &pr->reg[i];
		uint8_t d[STATUS_LEN] = { 0 };

		put_be64(d, r->key);
		if (pr->type && pr_holds(pr, i)) {
			d[12] = 0x01; /* R_HOLDER */
			d[13] = pr->type;
		}
		put_be16(d + 18, r->port);
		put_be32(d + 20, r->tid.len);
		put(&o, d, sizeof(d));
		put(&o, r->tid.bytes, r->tid.len);
	}
	end(t, &o);
}
