/* The whole model of what is exported to whom, and every check that its parts fit each other. */
#ifndef TARGET_WORLD_H
#define TARGET_WORLD_H

#include "target/target.h"

#include <stddef.h>

struct scsi_core;

#define WORLD_GONE_MAX 64 /* names that are remembered of targets that were removed */

struct world {
	struct scsi_core *core; /* borrowed */
	TAILQ_HEAD(, portal_group) portal_groups;
	TAILQ_HEAD(, auth_group) auth_groups; /* "no-authentication" and "deny" are always there */
	TAILQ_HEAD(, target) targets;         /* owned; sorted by name */
	struct target **index;                /* owns; the same targets in the same order */
	size_t ntargets;
	size_t room;                                /* of the index */
	char gone[WORLD_GONE_MAX][TARGET_NAME_MAX]; /* a ring; "": none */
	size_t next_gone;
};

/* 0 or -ENOMEM. */
int world_init(struct world *w, struct scsi_core *core);

/* Frees all of it. No session is left. */
void world_fini(struct world *w);

/* NULL when there is none. A target's name must be normalised, as all names in the world are. */
struct target *world_target(const struct world *w, const char *name);
struct portal_group *world_portal_group(const struct world *w, uint16_t tag);
struct auth_group *world_auth_group(const struct world *w, const char *name);

/*
 * New and entered; the world owns it. A target has default limits and no group, its name must
 * be normalised; a portal group has no portal; an auth group denies all until its kind is set,
 * and prefers the strongest CHAP algorithm. NULL with errno: EEXIST, ENOMEM, and ENAMETOOLONG
 * for an auth group's name past 63 bytes.
 */
struct target *world_add_target(struct world *w, const char *name);
struct portal_group *world_add_portal_group(struct world *w, uint16_t tag);
struct auth_group *world_add_auth_group(struct world *w, const char *name);

/* 0; -EEXIST: that address is in a group already; -ENOMEM. */
int world_add_portal(struct world *w, struct portal_group *g, const struct portal_addr *addr);

/* Room for n more targets, so that world_put_target() cannot fail. 0 or -ENOMEM. */
int world_reserve(struct world *w, size_t n);

/* Enter a target that there is room for, and whose name nobody has. w owns it. */
void world_put_target(struct world *w, struct target *t);

/* Take it out; the caller owns it. Its name is remembered for a while. */
void world_take_target(struct world *w, struct target *t);

/* Was a target of that name taken out, one of the last WORLD_GONE_MAX, and none put in since? */
bool world_is_gone(const struct world *w, const char *name);

void portal_group_free(struct portal_group *g);

/* Takes it out and frees it, with its LUs. No session of it is left. */
void world_remove_target(struct world *w, struct target *t);

#endif
