/* Portal groups of a tree → those of the world, and what refers to them. */
#ifndef CONFIG_PORTALS_H
#define CONFIG_PORTALS_H

#include "config/fault.h"
#include "config/tree.h"
#include "target/world.h"

/* Check a portal-group section and enter it into w. The auth groups are there already. */
void conf_portal_group_check(struct world *w, const struct conf_node *node,
			     struct conf_faults *faults);

/*
 * Let t be seen through the groups that the option portal-groups of its section names,
 * or through all of them.
 */
void conf_portal_groups_find(const struct world *w, struct target *t, const struct conf_node *node,
			     struct conf_faults *faults);

/* A portal of that group by which an initiator from another machine can come; NULL: none. */
const struct portal *conf_portal_reachable(const struct portal_group *g);

#endif
