#include "scsi/pr_list.h"

#include "base/bytes.h"
#include "scsi/core.h"
#include "scsi/finish.h"
#include "scsi/tport.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define LIST_LEN      24 /* the basic list; also what comes before the TransportID to move to */
#define TIDS_AT       28 /* with SPEC_I_PT: behind the length of the TransportIDs */
#define FLAGS_AT      20
#define MOVE_FLAGS_AT 17

#define APTPL     0x01
#define UNREG     0x02
#define ALL_TG_PT 0x04
#define SPEC_I_PT 0x08

static bool refuse_field(struct scsi_task *t, uint16_t byte, uint8_t bit)
{
	return finish_sense(t, &(struct sense){ .code = SENSE_LIST_FIELD,
						.where = SENSE_IN_LIST,
						.byte = byte,
						.bit = bit });
}

static bool refuse_length(struct scsi_task *t)
{
	return finish_sense(t, &(struct sense){ .code = SENSE_LIST_LENGTH });
}

static bool refuse_flags(struct scsi_task *t, uint16_t byte, uint8_t stray)
{
	return refuse_field(t, byte, (uint8_t)(31 - __builtin_clz(stray)));
}

static bool add_tid(struct pr_list *l, struct scsi_task *t, const struct tid *tid)
{
	size_t room = l->room ? 2 * l->room : 4;
	struct tid *tids;

	if (l->ntids == l->room) {
		tids = reallocarray(l->tids, room, sizeof(*tids));
		if (!tids) {
			t->status = SCSI_BUSY;
			return false;
		}
		l->tids = tids;
		l->room = room;
	}
	l->tids[l->ntids++] = *tid;
	return true;
}

/* SPC-5, 7.6.4.6: a device stands for all of its ports that are known. */
static bool add_ports_of(struct pr_list *l, struct scsi_task *t, const struct tid *device)
{
	const struct scsi_nexus *x;

	TAILQ_FOREACH (x, &t->nexus->device->nexuses, link) {
		if (tid_has_port(device, &x->tid) && !add_tid(l, t, &x->tid))
			return false;
	}
	return true;
}

static bool get_tid(struct scsi_task *t, uint32_t at, struct tid *tid, size_t *used)
{
	switch (tid_get(tid, t->buf->data + at, t->out_want - at, used)) {
	case TID_OK: return true;
	case TID_CUT: return refuse_length(t);
	case TID_BAD: break;
	}
	return refuse_field(t, (uint16_t)(at < UINT16_MAX ? at : 0), SENSE_NO_BIT);
}

/* The initiator ports of SPEC_I_PT. No more are read than could ever be registered. */
static bool get_others(struct pr_list *l, struct scsi_task *t)
{
	uint32_t at = TIDS_AT;
	struct tid tid;
	size_t used;

	if (t->out_want < TIDS_AT || be32(t->buf->data + LIST_LEN) != t->out_want - TIDS_AT)
		return refuse_length(t);
	for (; at < t->out_want; at += (uint32_t)used) {
		if (!get_tid(t, at, &tid, &used))
			return false;
		if (l->ntids >= PR_REGISTRANTS_MAX)
			return finish_sense(t, &(struct sense){ .code = SENSE_NO_REGISTRATION });
		if (!(tid_is_device(&tid) ? add_ports_of(l, t, &tid) : add_tid(l, t, &tid)))
			return false;
	}
	return true;
}

static bool registers(const struct pr_request *r)
{
	return r->action == PR_REGISTER || r->action == PR_REGISTER_AND_IGNORE;
}

/* 6.17.3. What is about registering is ignored by the other service actions, but not SPEC_I_PT. */
static bool get_basic(struct pr_list *l, struct scsi_task *t)
{
	struct pr_request *r = &l->request;
	uint8_t flags = t->buf->data[FLAGS_AT];
	uint8_t allowed = APTPL | ALL_TG_PT | (r->action == PR_REGISTER ? SPEC_I_PT : 0);

	if (flags & ~allowed)
		return refuse_flags(t, FLAGS_AT, (uint8_t)(flags & ~allowed));
	if (registers(r)) {
		r->aptpl = flags & APTPL;
		r->all_ports = flags & ALL_TG_PT;
		r->for_others = flags & SPEC_I_PT;
	}
	if (r->aptpl && !t->core->state_dir)
		return refuse_field(t, FLAGS_AT, 0);
	if (r->for_others)
		return get_others(l, t);
	return t->out_want == LIST_LEN || refuse_length(t);
}

/* 6.17.4: REGISTER AND MOVE */
static bool get_move(struct pr_list *l, struct scsi_task *t)
{
	struct pr_request *r = &l->request;
	const uint8_t *p = t->buf->data;
	uint8_t flags = p[MOVE_FLAGS_AT];
	struct tid tid;
	size_t used;

	if (flags & ~(APTPL | UNREG))
		return refuse_flags(t, MOVE_FLAGS_AT, (uint8_t)(flags & ~(APTPL | UNREG)));
	r->aptpl = flags & APTPL;
	r->unregister = flags & UNREG;
	r->to_port = be16(p + 18);
	if (r->aptpl && !t->core->state_dir)
		return refuse_field(t, MOVE_FLAGS_AT, 0);
	if (be32(p + 20) != t->out_want - LIST_LEN)
		return refuse_length(t);
	if (!get_tid(t, LIST_LEN, &tid, &used))
		return false;
	if (used != t->out_want - LIST_LEN)
		return refuse_length(t);
	if (tid_is_device(&tid))
		return refuse_field(t, LIST_LEN, 7);
	if (!tport_find(t->nexus->device, r->to_port))
		return refuse_field(t, 18, 7);
	return add_tid(l, t, &tid);
}

static void get_ports(struct pr_list *l, const struct scsi_device *d)
{
	uint8_t i;

	for (i = 0; i < d->nports; i++)
		l->ports[i] = d->ports[i].rel_id;
	l->request.ports = l->ports;
	l->request.nports = d->nports;
}

bool pr_list_get(struct pr_list *l, struct scsi_task *t)
{
	struct pr_request *r = &l->request;
	bool good;

	memset(l, 0, sizeof(*l));
	if (t->alloc_len < LIST_LEN || t->out_want != t->alloc_len)
		return refuse_length(t);
	assert(t->buf && t->buf->size >= t->out_want);
	r->action = (enum pr_action)(t->cdb[1] & 0x1f);
	r->scope = t->cdb[2] >> 4;
	r->type = t->cdb[2] & 0x0f;
	r->key = be64(t->buf->data);
	r->action_key = be64(t->buf->data + 8);
	r->tid = &t->nexus->tid;
	r->port = t->nexus->tport.rel_id;
	get_ports(l, t->nexus->device);
	good = r->action == PR_REGISTER_AND_MOVE ? get_move(l, t) : get_basic(l, t);
	r->others = l->tids;
	r->nothers = l->ntids;
	return good;
}

void pr_list_fini(struct pr_list *l)
{
	free(l->tids);
	l->tids = NULL;
}
