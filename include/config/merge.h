/*
 * Three configurations: what the file said (base), what was made of it while the daemon ran
 * (ours), and what the file says now (into).
 *
 * A change of ours holds as long as the file still says what it said when the change was made.
 * Where the file has been changed since, the file counts, and that is told.
 */
#ifndef CONFIG_MERGE_H
#define CONFIG_MERGE_H

#include "config/fault.h"
#include "config/tree.h"

/*
 * Make in into, which is a copy of what the file says now, the changes that lead from base to
 * ours. All three are complete. Changes that do not hold become warnings in told.
 * 0 or -ENOMEM.
 */
int conf_merge(struct conf_tree *into, const struct conf_tree *base, const struct conf_tree *ours,
	       struct conf_faults *told);

/*
 * Cut base and ours down to what differs between them, into two fresh trees: these lead to the
 * same merge. *n: how many changes there are. 0 or -ENOMEM.
 */
int conf_split(const struct conf_tree *base, const struct conf_tree *ours,
	       struct conf_tree *base_part, struct conf_tree *ours_part, size_t *n);

#endif
