/* What differs between what runs and another configuration, and what it takes to get there. */
#ifndef CONFIG_DIFF_H
#define CONFIG_DIFF_H

#include "config/fault.h"
#include "config/tree.h"

#include <stddef.h>
#include <sys/queue.h>

/* How a change of an option comes to count. */
enum conf_effect {
	EFFECT_NOW,     /* at once */
	EFFECT_LOGIN,   /* for logins from then on; sessions keep what they agreed on */
	EFFECT_RESIZE,  /* the LUN gets another size */
	EFFECT_REOPEN,  /* what holds the LUN's data is opened anew; commands wait for that */
	EFFECT_REPLACE, /* the LUN goes away, and another one comes */
	EFFECT_NEVER,   /* not while the daemon runs */
};

enum conf_change_kind { CONF_ADDED, CONF_REMOVED, CONF_CHANGED };

/* A section that comes or goes, with all that is in it, or an option that changes. */
struct conf_change {
	enum conf_change_kind kind;
	const struct conf_node *node; /* borrowed from the tree that has it; CONF_CHANGED: after */
	const struct conf_entry *before, *after; /* CONF_CHANGED; borrowed; NULL: not there */
	enum conf_effect effect;
	STAILQ_ENTRY(conf_change) link;
};

struct conf_diff {
	STAILQ_HEAD(, conf_change) list;
	size_t count;
};

void conf_diff_init(struct conf_diff *d);
void conf_diff_fini(struct conf_diff *d);

/* What it takes to get from before to after, both complete; d is a fresh one. 0 or -ENOMEM. */
int conf_diff(struct conf_diff *d, const struct conf_node *before, const struct conf_node *after);

/* How a change of that option of node comes to count. */
enum conf_effect conf_effect(const struct conf_node *node, const struct conf_option *option);

/* Faults for what cannot change while the daemon runs. */
void conf_diff_check(const struct conf_diff *d, struct conf_faults *faults);

/*
 * "+ target "iqn…"", "- target "iqn…": lun 1", "~ target "iqn…": lun 0: io: direct -> cached".
 * Secrets are not shown. Returns dst.
 */
#define CONF_CHANGE_MAX 1500
char *conf_change_format(char dst[static CONF_CHANGE_MAX], const struct conf_change *c);

/* What it means for those who use it, in a few words; "" where there is nothing to say. */
const char *conf_change_means(const struct conf_change *c);

#endif
