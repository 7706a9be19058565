#include "control/show.h"

#include "control/find.h"
#include "control/view.h"
#include "control/view_session.h"
#include "control/view_stats.h"
#include "control/view_target.h"
#include "iscsi/conn.h"
#include "iscsi/iscsi.h"
#include "iscsi/server.h"
#include "iscsi/session.h"
#include "iscsi/why.h"
#include "scsi/lu.h"
#include "target/world.h"

#include <string.h>

void show_status(struct call *c)
{
	call_done(c, view_status(c->env));
}

void show_methods(struct call *c)
{
	call_done(c, view_methods());
}

/* ---- targets and what is in them ---- */

void show_targets(struct call *c)
{
	json_t *list = json_array();
	const struct target *t;

	TAILQ_FOREACH (t, &c->env->world->targets, link)
		json_array_append_new(list, view_target(c->env, t, false));
	call_done(c, list);
}

void show_target(struct call *c)
{
	const struct target *t = find_target(c);

	if (t)
		call_done(c, view_target(c->env, t, true));
}

/* What is said of one logical unit. */
typedef json_t *lun_view(const struct control_env *env, const struct target *t,
			 const struct scsi_lu *lu);

static json_t *lun_line(const struct control_env *env, const struct target *t,
			const struct scsi_lu *lu)
{
	return view_target_lun(env, t, lu, false);
}

static json_t *lun_stats(const struct control_env *env, const struct target *t,
			 const struct scsi_lu *lu)
{
	(void)env;
	return view_stats(t, lu);
}

/* That of all logical units of only, or, when that is NULL, of all targets. */
static void list_luns(struct call *c, const struct target *only, lun_view *view)
{
	json_t *list = json_array();
	const struct target *t;
	struct scsi_lu *lu;
	uint32_t number;

	TAILQ_FOREACH (t, &c->env->world->targets, link) {
		if (only && t != only)
			continue;
		for (lu = map_next(&t->device.lus, 0, &number); lu;
		     lu = map_next(&t->device.lus, number + 1, &number))
			json_array_append_new(list, view(c->env, t, lu));
	}
	call_done(c, list);
}

/* The target that was named, if any was. False: there is none of that name, and c is gone. */
static bool named_target(struct call *c, const struct target **t)
{
	*t = NULL;
	if (!call_text(c, "target"))
		return true;
	*t = find_target(c);
	return *t;
}

void show_luns(struct call *c)
{
	const struct target *t;

	if (named_target(c, &t))
		list_luns(c, t, lun_line);
}

void show_lun(struct call *c)
{
	const struct target *t = find_target(c);
	const struct scsi_lu *lu = t ? find_lun(c, t) : NULL;

	if (lu)
		call_done(c, view_target_lun(c->env, t, lu, true));
}

void show_stats(struct call *c)
{
	const struct target *t;
	const struct scsi_lu *lu;

	if (!named_target(c, &t))
		return;
	if (!call_has(c, "lun")) {
		list_luns(c, t, lun_stats);
		return;
	}
	lu = find_lun(c, t);
	if (lu)
		call_done(c, json_pack("[o]", view_stats(t, lu)));
}

void show_portals(struct call *c)
{
	json_t *list = json_array();
	const struct portal_group *g;
	const struct portal *p;

	TAILQ_FOREACH (g, &c->env->world->portal_groups, link) {
		TAILQ_FOREACH (p, &g->portals, link)
			json_array_append_new(list, view_target_portal(c->env, p));
	}
	call_done(c, list);
}

void show_reservations(struct call *c)
{
	const struct target *t = find_target(c);
	const struct scsi_lu *lu = t ? find_lun(c, t) : NULL;

	if (lu)
		call_done(c, view_target_reservation(lu));
}

/* ---- sessions ---- */

void show_sessions(struct call *c)
{
	const struct target *t;
	const struct session *s;
	json_t *list;

	if (!named_target(c, &t))
		return;
	list = json_array();
	TAILQ_FOREACH (s, &iscsi_server_core(c->env->server)->sessions, link) {
		if (!t || s->target == t)
			json_array_append_new(list, view_session(c->env, s, false));
	}
	call_done(c, list);
}

void show_session(struct call *c)
{
	const struct session *s = find_session(c);

	if (s)
		call_done(c, view_session(c->env, s, true));
}

void show_connections(struct call *c)
{
	json_t *list = json_array();
	const struct conn *conn;

	TAILQ_FOREACH (conn, &iscsi_server_core(c->env->server)->conns, link)
		json_array_append_new(list, view_session_conn(c->env, conn));
	call_done(c, list);
}

/* Is who part of the initiator's name or of its address? */
static bool concerns(const struct why_case *k, const char *who)
{
	char addr[PORTAL_TEXT_MAX];

	return !who || strcasestr(k->initiator, who) ||
	       strstr(portal_addr_format(addr, &k->peer), who);
}

void show_why(struct call *c)
{
	const struct why *why = &iscsi_server_core(c->env->server)->why;
	const char *who = call_text(c, "who");
	const struct why_case *k;
	json_t *list = json_array();
	size_t i;

	for (i = 0; (k = why_nth(why, i)); i++) {
		if (concerns(k, who))
			json_array_append_new(list, view_session_why(c->env, k));
	}
	call_done(c, list);
}
