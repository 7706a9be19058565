#include "scsi/pr.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

void pr_init(struct pr *pr)
{
	*pr = (struct pr){ .holder = PR_NOBODY };
}

void pr_fini(struct pr *pr)
{
	free(pr->reg);
	pr_init(pr);
}

/* Room for one more. False: no memory. */
static bool grow(struct pr *pr)
{
	uint32_t room = pr->room ? 2 * pr->room : 4;
	struct pr_registrant *reg;

	if (pr->n < pr->room)
		return true;
	reg = reallocarray(pr->reg, room, sizeof(*reg));
	if (!reg)
		return false;
	pr->reg = reg;
	pr->room = room;
	return true;
}

uint32_t pr_add(struct pr *pr, const struct tid *tid, uint16_t port, uint64_t key)
{
	if (pr->n == PR_REGISTRANTS_MAX || !grow(pr))
		return PR_NOBODY;
	pr->reg[pr->n] = (struct pr_registrant){ .key = key, .port = port, .tid = *tid };
	return pr->n++;
}

uint32_t pr_find(const struct pr *pr, const struct tid *tid, uint16_t port)
{
	uint32_t i;

	for (i = 0; i < pr->n; i++) {
		if (pr->reg[i].port == port && tid_same(&pr->reg[i].tid, tid))
			return i;
	}
	return PR_NOBODY;
}

struct kind {
	bool exists;
	bool write_exclusive;
	bool shared; /* registrants only, or all registrants */
	bool all;
};

static const struct kind kinds[] = {
	[PR_WRITE_EXCLUSIVE] = { true, true, false, false },
	[PR_EXCLUSIVE_ACCESS] = { true, false, false, false },
	[PR_WRITE_EXCLUSIVE_REGISTRANTS] = { true, true, true, false },
	[PR_EXCLUSIVE_ACCESS_REGISTRANTS] = { true, false, true, false },
	[PR_WRITE_EXCLUSIVE_ALL] = { true, true, true, true },
	[PR_EXCLUSIVE_ACCESS_ALL] = { true, false, true, true },
};

bool pr_is_type(uint8_t type)
{
	return type < sizeof(kinds) / sizeof(kinds[0]) && kinds[type].exists;
}

bool pr_is_all(uint8_t type)
{
	return kinds[type].all;
}

bool pr_is_shared(uint8_t type)
{
	return kinds[type].shared;
}

bool pr_is_write_exclusive(uint8_t type)
{
	return kinds[type].write_exclusive;
}

bool pr_holds(const struct pr *pr, uint32_t i)
{
	return i != PR_NOBODY && (pr_is_all(pr->type) || pr->holder == i);
}

/* ---- steps that several service actions take; c->next still has the indices of now ---- */

static bool is_gone(const struct pr_change *c, const struct pr *now, uint32_t i)
{
	return i < now->n && c->marks[i] & PR_GONE;
}

/* Mark all who stay registered but that one. */
static void tell_rest(struct pr_change *c, const struct pr *now, uint32_t but, uint8_t mark)
{
	uint32_t i;

	for (i = 0; i < now->n; i++) {
		if (i != but && !(c->marks[i] & PR_GONE))
			c->marks[i] |= mark;
	}
}

static void end_reservation(struct pr *pr)
{
	pr->type = PR_NONE;
	pr->holder = PR_NOBODY;
}

static bool is_anybody_left(const struct pr_change *c, const struct pr *now)
{
	uint32_t i;

	for (i = 0; i < c->next.n; i++) {
		if (!is_gone(c, now, i))
			return true;
	}
	return false;
}

/* 5.14.11.3: a reservation goes with its last holder; registrants who shared it are told. */
static void unregister(struct pr_change *c, const struct pr *now, uint32_t i)
{
	struct pr *next = &c->next;

	c->marks[i] = PR_GONE;
	if (pr_is_all(next->type)) {
		if (!is_anybody_left(c, now))
			end_reservation(next);
	} else if (next->type && next->holder == i) {
		if (pr_is_shared(next->type))
			tell_rest(c, now, i, PR_TELL_RELEASED);
		end_reservation(next);
	}
}

static enum pr_verdict add(struct pr_change *c, const struct tid *tid, uint16_t port, uint64_t key)
{
	if (c->next.n == PR_REGISTRANTS_MAX)
		return PR_NO_ROOM;
	return pr_add(&c->next, tid, port, key) == PR_NOBODY ? PR_NO_MEMORY : PR_GOOD;
}

/* ---- the service actions ---- */

typedef enum pr_verdict action_fn(struct pr_change *c, const struct pr *now,
				  const struct pr_request *req, uint32_t me);

/* 5.14.7: REGISTER as it would be if it came by that port. */
static enum pr_verdict register_at(struct pr_change *c, const struct pr *now,
				   const struct pr_request *req, uint16_t port)
{
	uint32_t i = pr_find(now, req->tid, port);
	uint64_t key = i == PR_NOBODY ? 0 : now->reg[i].key;

	if (req->action == PR_REGISTER && req->key != key)
		return PR_CONFLICT;
	if (i == PR_NOBODY)
		return req->action_key ? add(c, req->tid, port, req->action_key) : PR_GOOD;
	if (req->action_key)
		c->next.reg[i].key = req->action_key;
	else
		unregister(c, now, i);
	return PR_GOOD;
}

static enum pr_verdict register_other(struct pr_change *c, const struct tid *tid, uint16_t port,
				      uint64_t key)
{
	if (pr_find(&c->next, tid, port) != PR_NOBODY)
		return PR_GOOD; /* it is registered, and keeps its key */
	return add(c, tid, port, key);
}

/* Is none of the ports registered? */
static bool is_unknown(const struct pr *now, const struct tid *tid, const uint16_t *ports, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (pr_find(now, tid, ports[i]) != PR_NOBODY)
			return false;
	}
	return true;
}

static enum pr_verdict do_register(struct pr_change *c, const struct pr *now,
				   const struct pr_request *req, uint32_t me)
{
	const uint16_t *ports = req->all_ports ? req->ports : &req->port;
	size_t nports = req->all_ports ? req->nports : 1;
	enum pr_verdict v = PR_GOOD;
	size_t i, k;

	for (i = 0; i < nports && v == PR_GOOD; i++)
		v = register_at(c, now, req, ports[i]);
	/* Table 48: who is not registered and gives no key changes nothing, APTPL neither. */
	if (!req->action_key && is_unknown(now, req->tid, ports, nports))
		return v;
	if (v == PR_GOOD && req->for_others && (me != PR_NOBODY || !req->action_key))
		return PR_BAD_CDB; /* table 48: only with a first registration */
	for (i = 0; i < nports; i++) {
		for (k = 0; k < req->nothers && v == PR_GOOD; k++)
			v = register_other(c, &req->others[k], ports[i], req->action_key);
	}
	c->next.aptpl = req->aptpl;
	return v;
}

/* 5.14.9 */
static enum pr_verdict do_reserve(struct pr_change *c, const struct pr *now,
				  const struct pr_request *req, uint32_t me)
{
	if (req->scope || !pr_is_type(req->type))
		return PR_BAD_SCOPE;
	if (now->type)
		return pr_holds(now, me) && now->type == req->type ? PR_GOOD : PR_CONFLICT;
	c->next.type = req->type;
	c->next.holder = pr_is_all(req->type) ? PR_NOBODY : me;
	return PR_GOOD;
}

/* 5.14.11.2 */
static enum pr_verdict do_release(struct pr_change *c, const struct pr *now,
				  const struct pr_request *req, uint32_t me)
{
	if (!now->type || !pr_holds(now, me))
		return PR_GOOD;
	if (req->scope || req->type != now->type)
		return PR_BAD_RELEASE;
	if (pr_is_shared(now->type))
		tell_rest(c, now, me, PR_TELL_RELEASED);
	end_reservation(&c->next);
	return PR_GOOD;
}

/* 5.14.11.6 */
static enum pr_verdict do_clear(struct pr_change *c, const struct pr *now,
				const struct pr_request *req, uint32_t me)
{
	uint32_t i;

	(void)req;
	for (i = 0; i < now->n; i++)
		c->marks[i] = PR_GONE | (i == me ? 0 : PR_TELL_CLEARED);
	end_reservation(&c->next);
	return PR_GOOD;
}

/* Take the registrations with that key away, or all when any is set, but that of index keep. */
static unsigned int remove_keys(struct pr_change *c, const struct pr *now,
				const struct pr_request *req, bool any, uint32_t me, uint32_t keep)
{
	uint8_t mark = PR_GONE | (req->action == PR_PREEMPT_AND_ABORT ? PR_ABORT : 0);
	unsigned int found = 0;
	uint32_t i;

	for (i = 0; i < now->n; i++) {
		if (!any && now->reg[i].key != req->action_key)
			continue;
		found++;
		if (i != keep)
			c->marks[i] = (uint8_t)(mark | (i == me ? 0 : PR_TELL_REMOVED));
	}
	return found;
}

/* 5.14.11.4.3: the reservation is taken over, and with it all of its holder's registrations. */
static enum pr_verdict take_over(struct pr_change *c, const struct pr *now,
				 const struct pr_request *req, uint32_t me)
{
	if (req->scope || !pr_is_type(req->type))
		return PR_BAD_SCOPE;
	remove_keys(c, now, req, pr_is_all(now->type), me, me);
	if (req->type != now->type)
		tell_rest(c, now, me, PR_TELL_RELEASED);
	c->next.type = req->type;
	c->next.holder = pr_is_all(req->type) ? PR_NOBODY : me;
	return PR_GOOD;
}

/* 5.14.11.4 */
static enum pr_verdict do_preempt(struct pr_change *c, const struct pr *now,
				  const struct pr_request *req, uint32_t me)
{
	if (now->type && pr_is_all(now->type)) {
		if (!req->action_key)
			return take_over(c, now, req, me);
	} else if (!req->action_key) {
		return PR_BAD_KEY;
	} else if (now->type && now->reg[now->holder].key == req->action_key) {
		return take_over(c, now, req, me);
	}
	if (!remove_keys(c, now, req, false, me, PR_NOBODY))
		return PR_CONFLICT;
	if (!is_anybody_left(c, now))
		end_reservation(&c->next);
	return PR_GOOD;
}

/* 5.14.8 */
static enum pr_verdict do_move(struct pr_change *c, const struct pr *now,
			       const struct pr_request *req, uint32_t me)
{
	const struct tid *to = req->others;
	enum pr_verdict v;
	uint32_t i;

	if (!now->type || pr_is_all(now->type) || !pr_holds(now, me))
		return PR_CONFLICT;
	if (!req->action_key)
		return PR_BAD_KEY;
	if (tid_same(to, req->tid) && req->to_port == req->port)
		return PR_BAD_TID; /* to itself */
	i = pr_find(now, to, req->to_port);
	if (i == PR_NOBODY) {
		i = now->n;
		v = add(c, to, req->to_port, req->action_key);
		if (v != PR_GOOD)
			return v;
	}
	c->next.reg[i].key = req->action_key;
	c->next.holder = i;
	c->next.aptpl = req->aptpl;
	if (req->unregister)
		c->marks[me] = PR_GONE;
	return PR_GOOD;
}

static const struct {
	action_fn *run;
	bool for_anybody; /* else only for a registrant that gives its key */
	bool counts;      /* PRGENERATION goes up (6.16.2) */
} actions[PR_ACTIONS] = {
	[PR_REGISTER] = { do_register, true, true },
	[PR_RESERVE] = { do_reserve, false, false },
	[PR_RELEASE] = { do_release, false, false },
	[PR_CLEAR] = { do_clear, false, true },
	[PR_PREEMPT] = { do_preempt, false, true },
	[PR_PREEMPT_AND_ABORT] = { do_preempt, false, true },
	[PR_REGISTER_AND_IGNORE] = { do_register, true, true },
	[PR_REGISTER_AND_MOVE] = { do_move, false, true },
};

/* Take those who are gone out of c->next. */
static void close_ranks(struct pr_change *c, const struct pr *now)
{
	struct pr *next = &c->next;
	uint32_t holder = PR_NOBODY;
	uint32_t kept = 0;
	uint32_t i;

	for (i = 0; i < next->n; i++) {
		if (is_gone(c, now, i))
			continue;
		if (next->holder == i)
			holder = kept;
		if (kept != i)
			next->reg[kept] = next->reg[i];
		kept++;
	}
	next->n = kept;
	next->holder = holder;
	assert(!next->type || pr_is_all(next->type) || holder != PR_NOBODY);
}

/* False: no memory. */
static bool copy(struct pr *dst, const struct pr *src)
{
	*dst = *src;
	dst->room = src->n;
	dst->reg = NULL;
	if (!src->n)
		return true;
	dst->reg = calloc(src->n, sizeof(*dst->reg));
	if (!dst->reg)
		return false;
	memcpy(dst->reg, src->reg, src->n * sizeof(*dst->reg));
	return true;
}

enum pr_verdict pr_decide(const struct pr *now, const struct pr_request *req, struct pr_change *c)
{
	uint32_t me = pr_find(now, req->tid, req->port);
	enum pr_verdict v;

	memset(c->marks, 0, sizeof(c->marks));
	pr_init(&c->next);
	if (now->sealed)
		return PR_CONFLICT;
	if (!actions[req->action].for_anybody && (me == PR_NOBODY || now->reg[me].key != req->key))
		return PR_CONFLICT;
	if (!copy(&c->next, now))
		return PR_NO_MEMORY;
	v = actions[req->action].run(c, now, req, me);
	if (v != PR_GOOD) {
		pr_fini(&c->next);
		return v;
	}
	close_ranks(c, now);
	if (actions[req->action].counts)
		c->next.generation++;
	return PR_GOOD;
}
