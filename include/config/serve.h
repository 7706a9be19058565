/* What --serve and its companions on the command line say, as the tree that a file would make. */
#ifndef CONFIG_SERVE_H
#define CONFIG_SERVE_H

#include "config/fault.h"
#include "config/tree.h"

#include <stdbool.h>
#include <stddef.h>

#define CONF_SERVE_TARGET "iqn.2026-11.org.itgtd:demo"
#define CONF_SERVE_PORTAL "127.0.0.1:3260"

/* Arguments as they were typed; all borrowed. */
struct conf_serve {
	const char *const *specs; /* --serve SPEC: a LUN each, numbered from 0 */
	size_t nspecs;
	const char *const *portals; /* --portal; none: CONF_SERVE_PORTAL */
	size_t nportals;
	const char *target; /* --target; NULL: CONF_SERVE_TARGET */
	const char *chap;   /* --chap USER:SECRET-FILE; NULL: no authentication */
	bool read_only;     /* every LUN */
};

/* Into t, which is a fresh one. 0; -EINVAL: there are faults; -ENOMEM. */
int conf_serve_tree(struct conf_tree *t, const struct conf_serve *s, struct conf_faults *faults);

/*
 * Read a SPEC into lun: a path, or "ram" or "null", then options after commas.
 * A comma or backslash that belongs to a value has a backslash before it.
 * Faults say what is wrong with it. 0 or -ENOMEM.
 */
int conf_spec_parse(struct conf_node *lun, const char *spec, struct conf_where where,
		    struct conf_faults *faults);

#endif
