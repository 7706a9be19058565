/*
 * A world becomes what another one says, in place: what is in both stays where it is, for
 * connections and sessions point to it. Logical units are the caller's business.
 */
#ifndef TARGET_RENEW_H
#define TARGET_RENEW_H

#include "target/world.h"

/* What is of the world no more, and may still be pointed to. */
struct renew_left {
	TAILQ_HEAD(, target) targets;
	TAILQ_HEAD(, portal_group) groups; /* with their portals */
	TAILQ_HEAD(, portal) portals;      /* of groups that are still there */
};

/* What the caller is told of while it happens. */
struct renew_ops {
	/* Accounts or rules of g change, or it goes: logins under way hold pointers into it. */
	void (*auth_changes)(void *user, const struct auth_group *g);
	/* t is seen through g no more. g is not NULL. */
	void (*leaves_group)(void *user, struct target *t, const struct portal_group *g);
	void *user;
};

void renew_left_init(struct renew_left *left);

/* Memory for renew(). 0 or -ENOMEM. */
int renew_prepare(struct world *w, const struct world *next);

/*
 * w becomes what next says; next keeps the rest and is good for world_fini() only. Targets that
 * are new come with their logical units. left gets what it is of w no more, at its end.
 */
void renew(struct world *w, struct world *next, struct renew_left *left,
	   const struct renew_ops *ops);

/* Do they let in the same, by the same proofs? */
bool auth_group_same(const struct auth_group *a, const struct auth_group *b);

#endif
