/* From a tree to a checked configuration. */
#ifndef CONFIG_CHECK_H
#define CONFIG_CHECK_H

#include "config/config.h"
#include "config/fault.h"

/*
 * Check everything in t and fill c, which is a fresh one. t is completed with the
 * built-in values, and must live until config_build() is done. Secrets are read
 * from their files; nothing else is opened.
 *
 * 0; -EINVAL: there are faults, and c is of no use; -ENOMEM.
 */
int config_check(struct config *c, struct conf_tree *t, struct conf_faults *faults);

#endif
