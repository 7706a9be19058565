#include "iscsi/sessions.h"

#include "iscsi/answer.h"
#include "iscsi/conn.h"
#include "iscsi/fence.h"
#include "iscsi/order.h"
#include "iscsi/quirks.h"
#include "iscsi/retain.h"
#include "iscsi/scsi_port.h"
#include "iscsi/task.h"
#include "iscsi/tmf.h"
#include "scsi/lu.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct session *sessions_same(const struct iscsi *iscsi, const struct session_identity *id)
{
	struct session *s;

	if (!id->target)
		return NULL;
	TAILQ_FOREACH (s, &iscsi->sessions, link) {
		if (s->target == id->target && s->group == id->group &&
		    !memcmp(s->isid, id->isid, PDU_ISID_LEN) &&
		    !strcmp(s->param.InitiatorName, id->initiator))
			return s;
	}
	return NULL;
}

struct session *sessions_find(const struct iscsi *iscsi, uint16_t tsih)
{
	struct session *s = map_get(&iscsi->tsihs, tsih);

	return s && s->state == SESSION_ACTIVE ? s : NULL;
}

/* The next free TSIH; 0, which is none, when all 65,535 are taken. */
static uint16_t free_tsih(struct iscsi *iscsi)
{
	uint32_t tries;

	for (tries = 0; tries < UINT16_MAX; tries++) {
		if (++iscsi->last_tsih == 0)
			iscsi->last_tsih = 1;
		if (!map_get(&iscsi->tsihs, iscsi->last_tsih))
			return iscsi->last_tsih;
	}
	return 0;
}

/* Masking: a LUN with a list of initiators is there for those only. */
static bool sees(const struct scsi_nexus *x, const struct scsi_lu *lu)
{
	const struct session *s = x->user;
	const struct lun_mask *mask = lu->opt.user;

	return !mask || access_names_match(&mask->names, s->param.InitiatorName);
}

/* SPC's view of it: ports are known by SCSI name strings (RFC 7143, 4.4.2). */
static int open_nexus(struct session *s, const struct session_identity *id)
{
	struct scsi_nexus *x = &s->nexus;
	const uint8_t *isid = s->isid;

	target_port(id->target, id->group, &x->tport);
	snprintf(x->initiator, sizeof(x->initiator), "%s,i,0x%02x%02x%02x%02x%02x%02x",
		 id->initiator, isid[0], isid[1], isid[2], isid[3], isid[4], isid[5]);
	if (tid_make(&x->tid, x->initiator))
		return -1;
	x->sees = sees;
	x->user = s;
	if (scsi_nexus_open(x, &id->target->device))
		return -1;
	s->has_nexus = true;
	return 0;
}

struct session *sessions_new(struct conn *c, const struct session_identity *id,
			     const struct param *param, uint32_t first_cmdsn)
{
	struct iscsi *iscsi = c->iscsi;
	struct session *s = calloc(1, sizeof(*s));
	uint32_t depth = (id->target ? &id->target->limits : &target_limits_default)->queue_depth;

	if (!s)
		return NULL;
	s->magic = SESSION_MAGIC;
	s->iscsi = iscsi;
	s->target = id->target;
	s->group = id->group;
	s->param = *param;
	s->since_ms = c->heard_ms;
	s->quirks = quirks_of(id->initiator);
	memcpy(s->isid, id->isid, PDU_ISID_LEN);
	cmdsn_init(&s->cmdsn, first_cmdsn, depth);
	map_init(&s->itts);
	TAILQ_INIT(&s->tasks);
	TAILQ_INIT(&s->tmfs);
	TAILQ_INIT(&s->awaiting);
	TAILQ_INIT(&s->conns);
	TAILQ_INIT(&s->waiters);
	TAILQ_INIT(&s->fences);
	TAILQ_INIT(&s->lost);
	s->tsih = free_tsih(iscsi);
	if (!s->tsih || map_add(&iscsi->tsihs, s->tsih, s)) {
		free(s);
		return NULL;
	}
	if (id->target && open_nexus(s, id)) {
		map_remove(&iscsi->tsihs, s->tsih);
		free(s);
		return NULL;
	}
	TAILQ_INSERT_TAIL(&iscsi->sessions, s, link);
	session_add_conn(s, c);
	return s;
}

void sessions_drop(struct session *s, const char *why)
{
	struct conn *c;

	s->is_dropped = true;
	TAILQ_FOREACH (c, &s->conns, slink) {
		if (c->state != CONN_DEAD)
			conn_drop(c, "%s", why);
	}
	retain_close_all(s);
	if (TAILQ_EMPTY(&s->conns))
		session_end(s);
}

/* c's tasks wait for another connection, or end with it. */
static void leave_tasks(struct conn *c)
{
	struct session *s = c->session;
	struct task *t, *next;

	if (c->lost) {
		retain_tasks(c);
		return;
	}
	for (t = TAILQ_FIRST(&s->tasks); t; t = next) {
		next = TAILQ_NEXT(t, link);
		if (t->conn == c)
			port_orphan(t);
	}
}

void sessions_leave(struct conn *c)
{
	struct session *s = c->session;

	answer_orphan(c);
	leave_tasks(c);
	tmf_orphan(s, c);
	order_orphan(s, c);
	session_remove_conn(s, c);
	fence_orphan(s, c);
	if (TAILQ_EMPTY(&s->conns) && (!c->lost || s->is_dropped)) {
		retain_close_all(s);
	}
	if (session_is_over(s)) {
		conn_news(c, "session %u: over", s->tsih);
		session_end(s);
		return;
	}
	conn_news(c, "session %u: connection %u %s", s->tsih, c->cid,
		  c->lost ? "lost; its tasks wait" : "over");
	session_wake(s);
}

void sessions_unwait(struct session_waiter *w)
{
	struct session *s = w->waits_for;

	TAILQ_REMOVE(&s->waiters, w, link);
	w->waits_for = NULL;
	if (session_is_over(s))
		session_end(s);
}

void sessions_expire(struct iscsi *iscsi, uint64_t now_ms)
{
	bool in_the_way = retain_is_in_the_way(iscsi);
	struct session *s, *next;

	iscsi->alarm_ms = 0;
	for (s = TAILQ_FIRST(&iscsi->sessions); s; s = next) {
		next = TAILQ_NEXT(s, link);
		if (retain_expire(s, now_ms, in_the_way) && session_is_over(s))
			session_end(s);
	}
}

void sessions_stop_waiting(struct iscsi *iscsi)
{
	struct session *s, *next;

	for (s = TAILQ_FIRST(&iscsi->sessions); s; s = next) {
		next = TAILQ_NEXT(s, link);
		s->is_dropped = true;
		retain_close_all(s);
		if (session_is_over(s))
			session_end(s);
	}
}
