#include "iscsi/why.h"

#include "iscsi/chap.h"
#include "iscsi/conn.h"
#include "target/world.h"
#include "wire/pdu.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *why_status_name(uint16_t status)
{
	return status ? pdu_login_status_name(status) : "not refused";
}

/* ---- what would have been accepted ---- */

/* A text that grows, and is cut with dots when it is full. */
struct note {
	char *text; /* WHY_TEXT_MAX bytes */
	size_t len;
};

static void __attribute__((format(printf, 2, 3))) put(struct note *n, const char *fmt, ...)
{
	size_t room = WHY_TEXT_MAX - n->len;
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vsnprintf(n->text + n->len, room, fmt, ap);
	va_end(ap);
	if (len < 0)
		return;
	if ((size_t)len < room) {
		n->len += (size_t)len;
		return;
	}
	n->len = WHY_TEXT_MAX - 1;
	memcpy(n->text + n->len - 3, "...", 3);
}

static bool is_full(const struct note *n)
{
	return n->len >= WHY_TEXT_MAX - 1;
}

/* 0x0202: the rules of the group, each of which must hold. */
static void put_entry(struct note *n, const struct auth_group *g)
{
	char addr[PORTAL_TEXT_MAX];
	const struct access_name *name;
	const struct access_net *net;

	if (g->kind == ACCESS_DENY) {
		put(n, "nobody: auth-group \"%s\" lets no one in", g->name);
		return;
	}
	STAILQ_FOREACH (name, &g->names, link) {
		if (!is_full(n))
			put(n, "%s\"%s\"", n->len ? ", " : "initiator-names ", name->pattern);
	}
	if (n->len && !STAILQ_EMPTY(&g->portals))
		put(n, ", each from ");
	STAILQ_FOREACH (net, &g->portals, link) {
		struct portal_addr bare = net->addr;
		char *colon;

		portal_addr_format(addr, &bare);
		colon = strrchr(addr, ':');
		if (colon)
			*colon = '\0';
		if (!is_full(n))
			put(n, "%s%s/%u",
			    net == STAILQ_FIRST(&g->portals) ? "initiator-portals " : ", ", addr,
			    net->prefix);
	}
}

/* 0x0201: how to prove who one is. */
static void put_proof(struct note *n, const struct auth_group *g)
{
	const struct access_chap *account;
	uint8_t i;

	if (g->kind != ACCESS_CHAP) {
		put(n, "AuthMethod=None");
		return;
	}
	put(n, "CHAP with");
	for (i = 0; i < g->nalgorithms; i++)
		put(n, "%s %s", i ? "," : "", chap_algorithm_name(g->algorithms[i]));
	put(n, " and the secret of user");
	STAILQ_FOREACH (account, &g->accounts, link) {
		if (!is_full(n))
			put(n, "%s \"%s\"%s", account == STAILQ_FIRST(&g->accounts) ? "" : ",",
			    account->user, account->mutual_user[0] ? " (mutual)" : "");
	}
}

/* 0x0203: the portals of a target that is elsewhere, or the names that are here. */
static void put_targets(struct note *n, const struct conn *c, const char *name)
{
	const struct world *w = c->iscsi->world;
	const struct target *t = name ? world_target(w, name) : NULL;
	char addr[PORTAL_TEXT_MAX];
	const struct portal *p;
	uint8_t i;

	for (i = 0; t && i < t->ngroups; i++) {
		TAILQ_FOREACH (p, &t->groups[i]->portals, link) {
			if (!is_full(n))
				put(n, "%s%s", n->len ? ", " : "that target at portal ",
				    portal_addr_format(addr, &p->addr));
		}
	}
	if (t)
		return;
	TAILQ_FOREACH (t, &w->targets, link) {
		if (!is_full(n) && target_in_group(t, c->portal->group))
			put(n, "%s\"%s\"", n->len ? ", " : "here: ", t->name);
	}
}

static void put_accepted(char text[static WHY_TEXT_MAX], const struct why_login *l)
{
	struct note n = { .text = text };

	*text = '\0';
	switch ((enum pdu_login_status)l->status) {
	case PDU_LOGIN_FORBIDDEN:
		if (l->group)
			put_entry(&n, l->group);
		break;
	case PDU_LOGIN_AUTH_FAILED:
		if (l->group)
			put_proof(&n, l->group);
		break;
	case PDU_LOGIN_NOT_FOUND: put_targets(&n, l->conn, l->target); break;
	default: break;
	}
}

/* ---- the ring ---- */

static void copy(char *dst, size_t size, const char *text)
{
	snprintf(dst, size, "%s", text ? text : "");
}

/* The address without its port: an initiator has another one each time. */
static bool is_same_host(const struct portal_addr *a, const struct portal_addr *b)
{
	size_t alen, blen;
	const uint8_t *x = portal_addr_bytes(a, &alen);
	const uint8_t *y = portal_addr_bytes(b, &blen);

	return alen == blen && (!alen || !memcmp(x, y, alen));
}

static bool is_same(const struct why_case *a, const struct why_case *b)
{
	return a->count && a->status == b->status && is_same_host(&a->peer, &b->peer) &&
	       !strcmp(a->initiator, b->initiator) && !strcmp(a->target, b->target) &&
	       !strcmp(a->user, b->user) && !strcmp(a->reason, b->reason);
}

/* The place of the same case, else a free one, else that of the oldest. */
static struct why_case *place_of(struct why *why, const struct why_case *new)
{
	struct why_case *c, *best = &why->cases[0];

	for (c = why->cases; c < why->cases + WHY_CASES; c++) {
		if (is_same(c, new))
			return c;
		if (c->order < best->order)
			best = c;
	}
	best->count = 0;
	return best;
}

const struct why_case *why_note(struct why *why, const struct why_login *login)
{
	const struct conn *c = login->conn;
	struct why_case new = {
		.peer = c->peer,
		.local = c->local,
		.status = login->status,
		.first_ms = c->heard_ms,
		.last_ms = c->heard_ms,
		.count = 1,
	};
	struct why_case *place;

	why->by_status[login->status >> 8 & (WHY_CLASSES - 1)][login->status & (WHY_DETAILS - 1)]++;
	copy(new.initiator, sizeof(new.initiator), login->initiator);
	copy(new.target, sizeof(new.target), login->target);
	copy(new.user, sizeof(new.user), login->user);
	copy(new.reason, sizeof(new.reason), login->reason);
	put_accepted(new.accepted, login);
	place = place_of(why, &new);
	if (place->count) {
		new.first_ms = place->first_ms;
		new.count = place->count + (place->count < UINT32_MAX);
	}
	*place = new;
	place->order = ++why->total;
	return place;
}

const struct why_case *why_nth(const struct why *why, size_t i)
{
	const struct why_case *c, *other;

	for (c = why->cases; c < why->cases + WHY_CASES; c++) {
		size_t newer = 0;

		for (other = why->cases; other < why->cases + WHY_CASES; other++)
			newer += other->order > c->order;
		if (c->order && newer == i)
			return c;
	}
	return NULL;
}
