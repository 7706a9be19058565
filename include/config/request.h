/* What somebody asks to be changed while the daemon runs: edits of the tree that runs. */
#ifndef CONFIG_REQUEST_H
#define CONFIG_REQUEST_H

#include "config/fault.h"
#include "config/tree.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum request_kind {
	REQUEST_LUN_ADD,       /* target, lun, text: a SPEC as --serve takes it */
	REQUEST_LUN_REMOVE,    /* target, lun */
	REQUEST_LUN_RESIZE,    /* target, lun, text: a size */
	REQUEST_LUN_SET,       /* target, lun, pairs */
	REQUEST_PORTAL_ADD,    /* tag, text: an address; the group is made where it is missing */
	REQUEST_PORTAL_REMOVE, /* tag, text; a group goes with its last one */
	REQUEST_TARGET_ADD,    /* target, pairs */
	REQUEST_TARGET_REMOVE, /* target */
	REQUEST_EDITS,         /* the number of those above */
	REQUEST_RELOAD = REQUEST_EDITS, /* the file is read again, and applied */
	REQUEST_DIFF,                   /* … and only compared */
	REQUEST_SAVE,                   /* changes that were made are kept across a restart */
};

/* NAME=VALUE. A list's values have commas between. */
struct request_pair {
	char *name;  /* owns */
	char *value; /* owns */
};

struct request {
	enum request_kind kind;
	char *target; /* owns, as the next two; NULL where the kind has none */
	char *text;
	struct request_pair *pairs;
	size_t npairs;
	uint32_t lun;
	uint32_t tag;
	bool force;   /* target.remove: its sessions end; save: over a file that has more */
	bool discard; /* reload: what was changed at run-time is forgotten */
};

/* As it is typed: "lun add". */
const char *request_name(enum request_kind kind);

/* The same with what it is about, as messages begin: "lun add iqn… 3". Returns dst. */
#define REQUEST_NAME_MAX 512
char *request_format(char dst[static REQUEST_NAME_MAX], const struct request *rq);

/* Frees what it owns. */
void request_fini(struct request *rq);

/*
 * Make the change in t, a complete tree that the caller throws away after a fault. Only what has
 * to do with the request itself is looked at; config_check() follows.
 * 0; -EINVAL: faults say why; -ENOMEM.
 */
int request_edit(struct conf_tree *t, const struct request *rq, struct conf_faults *faults);

#endif
