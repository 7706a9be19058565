#include "control/view_target.h"

#include "config/config.h"
#include "control/view.h"
#include "iscsi/conn.h"
#include "iscsi/iscsi.h"
#include "iscsi/server.h"
#include "iscsi/session.h"
#include "scsi/lu.h"
#include "scsi/wipe.h"
#include "target/world.h"

#include <stdio.h>

#define TID_NAME_AT 4 /* SPC-5, 7.6.4.6: the name of an iSCSI TransportID */

/* ---- targets ---- */

static json_int_t count_sessions(const struct control_env *env, const struct target *t)
{
	const struct session *s;
	json_int_t n = 0;

	TAILQ_FOREACH (s, &iscsi_server_core(env->server)->sessions, link)
		n += s->target == t;
	return n;
}

static json_t *groups(const struct target *t)
{
	json_t *tags = json_array();
	uint8_t i;

	for (i = 0; i < t->ngroups; i++)
		json_array_append_new(tags, json_integer(t->groups[i]->tag));
	return tags;
}

static json_t *digests(uint8_t set)
{
	json_t *list = json_array();

	if (set & TARGET_DIGEST_CRC32C)
		json_array_append_new(list, json_string("CRC32C"));
	if (set & TARGET_DIGEST_NONE)
		json_array_append_new(list, json_string("None"));
	return list;
}

static json_t *limits(const struct target_limits *l)
{
	return json_pack(
		"{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:b, s:b, s:o, s:o, s:I, s:I, s:I}",
		"MaxRecvDataSegmentLength", (json_int_t)l->MaxRecvDataSegmentLength,
		"FirstBurstLength", (json_int_t)l->FirstBurstLength, "MaxBurstLength",
		(json_int_t)l->MaxBurstLength, "MaxOutstandingR2T",
		(json_int_t)l->MaxOutstandingR2T, "MaxConnections", (json_int_t)l->MaxConnections,
		"ErrorRecoveryLevel", (json_int_t)l->ErrorRecoveryLevel, "DefaultTime2Wait",
		(json_int_t)l->DefaultTime2Wait, "DefaultTime2Retain",
		(json_int_t)l->DefaultTime2Retain, "InitialR2T", l->InitialR2T, "ImmediateData",
		l->ImmediateData, "HeaderDigest", digests(l->HeaderDigest), "DataDigest",
		digests(l->DataDigest), "nop-interval-ms", (json_int_t)l->nop_interval_ms,
		"nop-timeout-ms", (json_int_t)l->nop_timeout_ms, "queue-depth",
		(json_int_t)l->queue_depth);
}

/* The portals by which t is seen. */
static json_t *portals(const struct target *t)
{
	json_t *list = json_array();
	char addr[PORTAL_TEXT_MAX];
	const struct portal *p;
	uint8_t i;

	for (i = 0; i < t->ngroups; i++) {
		TAILQ_FOREACH (p, &t->groups[i]->portals, link)
			json_array_append_new(list,
					      json_string(portal_addr_format(addr, &p->addr)));
	}
	return list;
}

static json_t *luns(const struct control_env *env, const struct target *t)
{
	json_t *list = json_array();
	struct scsi_lu *lu;
	uint32_t number;

	for (lu = map_next(&t->device.lus, 0, &number); lu;
	     lu = map_next(&t->device.lus, number + 1, &number))
		json_array_append_new(list, view_target_lun(env, t, lu, false));
	return list;
}

json_t *view_target(const struct control_env *env, const struct target *t, bool all)
{
	json_t *json =
		json_pack("{s:o, s:o, s:o, s:o, s:I, s:I}", "name", view_text(t->name), "alias",
			  view_text(t->alias), "portal_groups", groups(t), "auth_group",
			  view_text(t->auth ? t->auth->name : "deny"), "luns",
			  (json_int_t)t->device.lus.count, "sessions", count_sessions(env, t));

	if (!all)
		return json;
	json_object_set_new(json, "portals", portals(t));
	json_object_set_new(json, "limits", limits(&t->limits));
	json_object_set_new(json, "luns", luns(env, t));
	return json;
}

/* ---- logical units ---- */

/* What the configuration says of it; NULL: nothing. */
static const struct config_lun *config_of(const struct control_env *env, const struct target *t,
					  const struct scsi_lu *lu)
{
	const struct config_lun *l;

	STAILQ_FOREACH (l, &env->config->luns, link) {
		if (l->target == t && l->number == lu->opt.number)
			return l;
	}
	return NULL;
}

static json_t *masks(const struct scsi_lu *lu)
{
	const struct lun_mask *mask = lu->opt.user;
	const struct access_name *name;
	json_t *list = json_array();

	if (mask) {
		STAILQ_FOREACH (name, &mask->names, link)
			json_array_append_new(list, view_text(name->pattern));
	}
	return list;
}

static json_t *naa(const struct scsi_lu *lu)
{
	char text[2 * SCSI_NAA_LEN + 1];
	size_t i;

	for (i = 0; i < SCSI_NAA_LEN; i++)
		snprintf(text + 2 * i, 3, "%02x", lu->naa[i]);
	return json_string(text);
}

static const char *state_of(const struct scsi_lu *lu)
{
	enum wipe_kind kind;
	bool restricted;

	if (lu->wipe)
		return wipe_has_failed(lu, &kind, &restricted) ? "failed" : "wiping";
	if (lu->pr.sealed)
		return "sealed";
	if (lu->ejected)
		return "ejected";
	return lu->stopped ? "stopped" : "ready";
}

/* The rest of what there is to say of lu, into json. */
static void add_details(json_t *json, const struct scsi_lu *lu)
{
	json_t *more = json_pack(
		"{s:I, s:s, s:b, s:b, s:b, s:b, s:o, s:o, s:o, s:o, s:o, s:s, s:I}",
		"physical_block_size", (json_int_t)lu->opt.physical_block_size, "io",
		lu->store->io == STORE_IO_DIRECT ? "direct" : "cached", "write_cache", lu->wce,
		"thin", lu->opt.thin, "removable", lu->opt.removable, "software_write_protect",
		lu->swp, "serial", view_text(lu->opt.serial), "vendor", view_text(lu->opt.vendor),
		"product", view_text(lu->opt.product), "naa", naa(lu), "initiators", masks(lu),
		"reservation", view_reservation_type(lu->pr.type), "registrants",
		(json_int_t)lu->pr.n);

	json_object_update(json, more);
	json_decref(more);
}

json_t *view_target_lun(const struct control_env *env, const struct target *t,
			const struct scsi_lu *lu, bool all)
{
	const struct config_lun *l = config_of(env, t, lu);
	json_t *json = json_pack("{s:o, s:I, s:s, s:s, s:o?, s:I, s:I, s:b, s:I}", "target",
				 view_text(t->name), "lun", (json_int_t)lu->opt.number, "state",
				 state_of(lu), "backend", lu->store->ops->name, "path",
				 l && l->options.path ? view_text(l->options.path) : NULL,
				 "size_bytes", (json_int_t)lu->blocks << lu->block_shift,
				 "block_size", (json_int_t)lu->opt.block_size, "read_only",
				 lu->opt.read_only, "commands", (json_int_t)lu->ntasks);

	if (all && json)
		add_details(json, lu);
	return json;
}

/* ---- portals ---- */

json_t *view_target_portal(const struct control_env *env, const struct portal *p)
{
	const struct portal_group *g = p->group;
	char addr[PORTAL_TEXT_MAX], redirect[PORTAL_TEXT_MAX] = "";
	json_int_t connections = 0, targets = 0;
	const struct target *t;
	const struct conn *c;

	TAILQ_FOREACH (c, &iscsi_server_core(env->server)->conns, link)
		connections += c->portal == p;
	TAILQ_FOREACH (t, &env->world->targets, link)
		targets += target_in_group(t, g);
	if (g->has_redirect)
		portal_addr_format(redirect, &g->redirect);
	return json_pack(
		"{s:i, s:s, s:o, s:s, s:I, s:I}", "tag", (int)g->tag, "address",
		portal_addr_format(addr, &p->addr), "discovery_auth_group",
		view_text(g->discovery_auth ? g->discovery_auth->name : "no-authentication"),
		"redirect", redirect, "targets", targets, "connections", connections);
}

/* ---- reservations ---- */

static json_t *registrant(const struct pr *pr, uint32_t i)
{
	const struct pr_registrant *r = &pr->reg[i];
	char key[24], name[TID_MAX + 1] = "";

	if (r->tid.len > TID_NAME_AT) /* it ends with a zero */
		snprintf(name, sizeof(name), "%.*s", r->tid.len - TID_NAME_AT,
			 (const char *)r->tid.bytes + TID_NAME_AT);
	snprintf(key, sizeof(key), "0x%016llx", (unsigned long long)r->key);
	return json_pack("{s:o, s:i, s:s, s:b}", "initiator", view_text(name), "port", (int)r->port,
			 "key", key, "holder", pr_holds(pr, i));
}

json_t *view_target_reservation(const struct scsi_lu *lu)
{
	const struct pr *pr = &lu->pr;
	json_t *list = json_array();
	uint32_t i;

	for (i = 0; i < pr->n; i++)
		json_array_append_new(list, registrant(pr, i));
	return json_pack("{s:s, s:I, s:b, s:b, s:o?, s:o}", "type", view_reservation_type(pr->type),
			 "generation", (json_int_t)pr->generation, "persists", pr->aptpl, "sealed",
			 pr->sealed, "reserved_by",
			 lu->reserved_by ? view_text(lu->reserved_by->initiator) : NULL,
			 "registrants", list);
}
