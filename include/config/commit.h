/*
 * A plan becomes what runs: in one turn of the loop, with nothing that can fail any more. What
 * goes with it leaves in its own time.
 */
#ifndef CONFIG_COMMIT_H
#define CONFIG_COMMIT_H

#include "config/plan.h"
#include "target/renew.h"

#include <stdbool.h>
#include <sys/queue.h>

#define COMMIT_WHY_MAX 512

/* What sockets and sessions have to do with it: the daemon's side. */
struct commit_ops {
	/* Listen at p, which is new, and may be given up yet. 0 or -errno with why. */
	int (*listen)(void *user, struct portal *p, char why[static COMMIT_WHY_MAX]);
	void (*accept)(void *user, struct portal *p);   /* it counts: let them in */
	void (*unlisten)(void *user, struct portal *p); /* it goes; fine when it does not listen */

	/* Who is told, and asked to leave; t NULL, tag 0: whatever target, or portal group. */
	void (*targets_changed)(void *user); /* SendTargets has another answer */
	void (*luns_changed)(void *user, const struct target *t);
	void (*auth_changes)(void *user, const struct auth_group *g);
	void (*logout)(void *user, const struct target *t, uint16_t tag);
	void (*drop)(void *user, const struct target *t, uint16_t tag);

	/* Does a session, a login or a connection still refer to it? */
	bool (*uses_target)(void *user, const struct target *t);
	bool (*uses_group)(void *user, const struct portal_group *g);
	bool (*uses_portal)(void *user, const struct portal *p);

	void (*settings)(void *user, const struct conf_settings *before,
			 const struct conf_settings *after);
	void (*reloading)(void *user, bool begins); /* the file is read again; else: that is over */
};

/* A logical unit on its way out, or a store. */
struct leaving {
	struct commit *c;
	struct store *store; /* owns, once nothing is in it any more: to be closed */
	struct store *claim; /* borrowed from what serves its file from then on; NULL: none */
	char *forget;        /* owns; the target's name: what was kept for it goes; NULL: stays */
	uint32_t number;
	struct scsi_lu *next;  /* owns; comes when all are gone; NULL: none */
	struct target *target; /* borrowed: next comes to it */
	bool is_at_rest;
	STAILQ_ENTRY(leaving) link;
};

/* A target that is seen through a group no more: sessions by it have to end. */
struct parting {
	struct target *target; /* borrowed from the world */
	uint16_t tag;
	STAILQ_ENTRY(parting) link;
};

struct commit {
	const struct commit_ops *ops;
	void *user;
	struct running *now;
	STAILQ_HEAD(, leaving) leaving; /* owns */
	unsigned int restless;          /* of them, not at rest */
	struct renew_left left;
	STAILQ_HEAD(, parting) partings; /* owns */
	STAILQ_ENTRY(commit) link;
};

/* NULL: no memory. */
struct commit *commit_new(struct running *now, const struct commit_ops *ops, void *user);

/* Frees what is left; nobody uses any of it. NULL is fine. */
void commit_free(struct commit *c);

/*
 * Get all that commit_plan() needs. 0; -errno with why, and nothing has changed; then, as when
 * the plan is given up, commit_cancel() follows.
 */
int commit_prepare(struct commit *c, struct plan *p, char why[static COMMIT_WHY_MAX]);
void commit_cancel(struct commit *c, struct plan *p);

/* The plan is what runs. Held units that it names are quiet, their stores have their new size. */
void commit_plan(struct commit *c, struct plan *p);

/* Free of what has left all that nobody refers to any more. True: something was. */
bool commit_sweep(struct commit *c);

/* Nothing is on its way out, but for what commit_close() has still to close? */
bool commit_is_at_rest(const struct commit *c);

/* Is there something to close? All are at rest, then. */
bool commit_wants_close(const struct commit *c);

/* Close the stores that were left, and what comes with that. For a worker: may block. */
void commit_close(struct commit *c);

/* … and let those come that have waited for it. */
void commit_closed(struct commit *c);

/* Whoever has not left yet is cut off. */
void commit_press(struct commit *c);

#endif
