/* LUN sections of a tree → what build.h opens. */
#ifndef CONFIG_LUN_H
#define CONFIG_LUN_H

#include "config/config.h"
#include "config/fault.h"

/* Check a lun section of target t, which may be NULL when its own name is faulty, and enter it. */
void conf_lun_check(struct config *c, struct target *t, const struct conf_node *node,
		    struct conf_faults *faults);

#endif
