/* Auth groups of a tree → those of the world. */
#ifndef CONFIG_AUTH_H
#define CONFIG_AUTH_H

#include "config/fault.h"
#include "config/tree.h"
#include "target/world.h"

/* What a file with a secret in it should be like: advice in faults and in the manual. */
#define CONF_SECRET_RIGHTS \
	"mode 600 and owned by the user that itgtd runs as, or root:itgtd and mode 640"

/* Check an auth-group section and enter it into w. */
void conf_auth_group_check(struct world *w, const struct conf_node *node,
			   struct conf_faults *faults);

/*
 * The auth group that an option names. NULL: there is none of that name, and the
 * fault tells which there are.
 */
struct auth_group *conf_auth_group_find(const struct world *w, const struct conf_node *node,
					const char *option, const char *name,
					struct conf_faults *faults);

/* Enter the values of a list of initiator names (shell patterns) into names. */
void conf_names_check(struct access_names *names, const struct conf_node *node, const char *option,
		      struct conf_faults *faults);

#endif
