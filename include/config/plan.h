/*
 * A change before it happens: what is to run instead, checked, and all stores that it needs,
 * open. It is made on a worker, where opening may take its time; until it is applied nothing
 * of what runs has changed, and it can be given up.
 */
#ifndef CONFIG_PLAN_H
#define CONFIG_PLAN_H

#include "config/build.h"
#include "config/diff.h"
#include "config/request.h"
#include "config/running.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct leaving;

/* What becomes of a LUN. Those that stay as they are have no row. */
struct plan_lun {
	struct config_lun *after; /* borrowed from the plan's config; NULL: it goes */
	struct scsi_lu *live;     /* borrowed: what runs now; NULL: it comes */
	struct target *target;   /* borrowed from the world that runs; NULL: a new one's, after's */
	bool goes;               /* live is taken away; with after, too, another one comes */
	bool reopens;            /* live gets store in the place of its own */
	bool takes_over;         /* store or lu serve what another LUN serves until then */
	uint64_t resize;         /* bytes that live's store is to have; 0: as it is */
	struct store *store;     /* owns */
	struct scsi_lu *lu;      /* owns; the one that comes */
	uint64_t size_before;    /* of live's store, when it was resized */
	struct leaving *leaving; /* of commit.c */
	bool tells;              /* likewise: initiators see another list of LUNs */
};

/* A change, told to the one who asked. */
struct plan_line {
	char *text;        /* owns; conf_change_format() */
	const char *means; /* conf_change_means() */
	char *target;      /* owns; whose sessions it touches; NULL: none's */
};

struct plan {
	/* the caller's */
	const struct request *rq;
	const struct running *now; /* not changed until the plan is applied or freed */
	struct store_env *env;

	int err;                /* what plan_make() came to */
	struct conf_tree *base; /* owns; NULL: the file was not read */
	struct conf_tree *tree; /* owns; what is to run */
	struct config config;   /* its model; its world has new targets and old ones */
	bool has_config;
	struct conf_faults faults; /* and warnings */
	struct plan_lun *luns;     /* owns; nluns of them */
	size_t nluns;
	struct plan_line *lines; /* owns; nlines of them */
	size_t nlines;
	bool touches_targets; /* something else than LUNs changes */
};

/* The rest is set up. */
void plan_init(struct plan *p, const struct request *rq, const struct running *now,
	       struct store_env *env);

/*
 * Read, check, compare, and open what the change needs; not with REQUEST_DIFF. p->err: 0;
 * -EINVAL with faults; -ENOMEM. For a worker: may block, and changes nothing that runs.
 */
void plan_make(struct plan *p);

/* Close what was opened for nothing. For a worker, too. */
void plan_undo(struct plan *p);

/* Frees what is left in it. */
void plan_fini(struct plan *p);

#endif
