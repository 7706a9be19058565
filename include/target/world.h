/* The whole model of what is exported to whom, and every check that its parts fit each other. */
#ifndef TARGET_WORLD_H
#define TARGET_WORLD_H

#include "target/target.h"

struct scsi_core;

struct world {
	struct scsi_core *core; /* borrowed */
	TAILQ_HEAD(, portal_group) portal_groups;
	TAILQ_HEAD(, auth_group) auth_groups; /* "no-authentication" and "deny" are always there */
	TAILQ_HEAD(, target) targets;         /* sorted by name */
};

/* 0 or -ENOMEM. */
int world_init(struct world *w, struct scsi_core *core);

/* Frees all of it. No session is left. */
void world_fini(struct world *w);

struct target *world_target(const struct world *w, const char *name);
struct portal_group *world_portal_group(const struct world *w, uint16_t tag);
struct auth_group *world_auth_group(const struct world *w, const char *name);

/* New and entered, with default limits and no group. name must be normalised. NULL with errno:
 * EEXIST, ENOMEM. */
struct target *world_add_target(struct world *w, const char *name);
struct portal_group *world_add_portal_group(struct world *w, uint16_t tag);
struct auth_group *world_add_auth_group(struct world *w, const char *name);

/* 0; -EEXIST: that address is in a group already; -ENOMEM. */
int world_add_portal(struct world *w, struct portal_group *g, const struct portal_addr *addr);

#endif
