#include "target/world.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* CHAP_A values (IANA), strongest first: SHA3-256, SHA-256, SHA1, MD5. */
static const uint8_t default_algorithms[] = { 8, 7, 6, 5 };

/*
 * The place of name in the index: of the target with that name, or where one would
 * stand. *there tells which.
 */
static size_t place(const struct world *w, const char *name, bool *there)
{
	size_t low = 0, high = w->ntargets;

	*there = false;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		int order = strcmp(w->index[mid]->name, name);

		if (order == 0) {
			*there = true;
			return mid;
		}
		if (order < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

struct target *world_target(const struct world *w, const char *name)
{
	bool there;
	size_t at = place(w, name, &there);

	return there ? w->index[at] : NULL;
}

struct portal_group *world_portal_group(const struct world *w, uint16_t tag)
{
	struct portal_group *g;

	TAILQ_FOREACH (g, &w->portal_groups, link) {
		if (g->tag == tag)
			return g;
	}
	return NULL;
}

struct auth_group *world_auth_group(const struct world *w, const char *name)
{
	struct auth_group *g;

	TAILQ_FOREACH (g, &w->auth_groups, link) {
		if (strcmp(g->name, name) == 0)
			return g;
	}
	return NULL;
}

int world_reserve(struct world *w, size_t n)
{
	size_t room = w->room ? w->room : 16;
	struct target **index;

	if (w->ntargets + n <= w->room)
		return 0;
	while (room < w->ntargets + n)
		room *= 2;
	index = reallocarray(w->index, room, sizeof(struct target *));
	if (!index)
		return -ENOMEM;
	w->index = index;
	w->room = room;
	return 0;
}

static char *find_gone(struct world *w, const char *name)
{
	size_t i;

	for (i = 0; i < WORLD_GONE_MAX; i++) {
		if (strcmp(w->gone[i], name) == 0)
			return w->gone[i];
	}
	return NULL;
}

void world_put_target(struct world *w, struct target *t)
{
	bool there;
	size_t at = place(w, t->name, &there);
	char *gone = find_gone(w, t->name);

	assert(!there && w->ntargets < w->room);
	if (at < w->ntargets)
		TAILQ_INSERT_BEFORE(w->index[at], t, link);
	else
		TAILQ_INSERT_TAIL(&w->targets, t, link);
	memmove(&w->index[at + 1], &w->index[at], (w->ntargets - at) * sizeof(struct target *));
	w->index[at] = t;
	w->ntargets++;
	if (gone)
		*gone = '\0';
}

void world_take_target(struct world *w, struct target *t)
{
	bool there;
	size_t at = place(w, t->name, &there);

	assert(there && w->index[at] == t);
	w->ntargets--;
	memmove(&w->index[at], &w->index[at + 1], (w->ntargets - at) * sizeof(struct target *));
	TAILQ_REMOVE(&w->targets, t, link);
	memcpy(w->gone[w->next_gone], t->name, sizeof(t->name));
	w->next_gone = (w->next_gone + 1) % WORLD_GONE_MAX;
}

bool world_is_gone(const struct world *w, const char *name)
{
	return *name && find_gone((struct world *)w, name);
}

struct target *world_add_target(struct world *w, const char *name)
{
	struct target *t;
	bool there;

	place(w, name, &there);
	if (there) {
		errno = EEXIST;
		return NULL;
	}
	t = world_reserve(w, 1) ? NULL : target_new(w->core, name);
	if (!t) {
		errno = ENOMEM;
		return NULL;
	}
	world_put_target(w, t);
	return t;
}

void world_remove_target(struct world *w, struct target *t)
{
	world_take_target(w, t);
	target_free(t);
}

struct portal_group *world_add_portal_group(struct world *w, uint16_t tag)
{
	struct portal_group *g;

	if (world_portal_group(w, tag)) {
		errno = EEXIST;
		return NULL;
	}
	g = calloc(1, sizeof(*g));
	if (!g) {
		errno = ENOMEM;
		return NULL;
	}
	g->tag = tag;
	TAILQ_INIT(&g->portals);
	TAILQ_INSERT_TAIL(&w->portal_groups, g, link);
	return g;
}

struct auth_group *world_add_auth_group(struct world *w, const char *name)
{
	size_t len = strlen(name);
	struct auth_group *g;

	if (world_auth_group(w, name)) {
		errno = EEXIST;
		return NULL;
	}
	if (len >= sizeof(g->name)) {
		errno = ENAMETOOLONG;
		return NULL;
	}
	g = calloc(1, sizeof(*g));
	if (!g) {
		errno = ENOMEM;
		return NULL;
	}
	memcpy(g->name, name, len);
	g->kind = ACCESS_DENY;
	STAILQ_INIT(&g->accounts);
	STAILQ_INIT(&g->names);
	STAILQ_INIT(&g->portals);
	memcpy(g->algorithms, default_algorithms, sizeof(default_algorithms));
	g->nalgorithms = sizeof(default_algorithms);
	TAILQ_INSERT_TAIL(&w->auth_groups, g, link);
	return g;
}

int world_add_portal(struct world *w, struct portal_group *g, const struct portal_addr *addr)
{
	const struct portal_group *other;
	struct portal *p;

	/* Port 0 asks for any free one: as often as one likes. */
	if (portal_addr_port(addr) != 0) {
		TAILQ_FOREACH (other, &w->portal_groups, link) {
			TAILQ_FOREACH (p, &other->portals, link) {
				if (portal_addr_equal(&p->addr, addr))
					return -EEXIST;
			}
		}
	}
	p = calloc(1, sizeof(*p));
	if (!p)
		return -ENOMEM;
	p->addr = *addr;
	p->configured = *addr;
	p->group = g;
	TAILQ_INSERT_TAIL(&g->portals, p, link);
	return 0;
}

int world_init(struct world *w, struct scsi_core *core)
{
	struct auth_group *open;

	*w = (struct world){ .core = core };
	TAILQ_INIT(&w->portal_groups);
	TAILQ_INIT(&w->auth_groups);
	TAILQ_INIT(&w->targets);
	open = world_add_auth_group(w, "no-authentication");
	if (!open || !world_add_auth_group(w, "deny")) {
		world_fini(w);
		return -ENOMEM;
	}
	open->kind = ACCESS_OPEN;
	return 0;
}

void portal_group_free(struct portal_group *g)
{
	struct portal *p;

	while ((p = TAILQ_FIRST(&g->portals))) {
		TAILQ_REMOVE(&g->portals, p, link);
		free(p);
	}
	free(g);
}

void world_fini(struct world *w)
{
	struct portal_group *pg;
	struct auth_group *ag;

	while (w->ntargets > 0)
		world_remove_target(w, w->index[w->ntargets - 1]);
	free(w->index);
	w->index = NULL;
	w->room = 0;
	while ((pg = TAILQ_FIRST(&w->portal_groups))) {
		TAILQ_REMOVE(&w->portal_groups, pg, link);
		portal_group_free(pg);
	}
	while ((ag = TAILQ_FIRST(&w->auth_groups))) {
		TAILQ_REMOVE(&w->auth_groups, ag, link);
		auth_group_free(ag);
	}
}
