/* Open the stores of a checked configuration, and make its logical units. */
#ifndef CONFIG_BUILD_H
#define CONFIG_BUILD_H

#include "config/config.h"

#define CONFIG_WHY_MAX 1024

/*
 * All or nothing: after a failure files that were made are gone again, and the caller
 * frees c with config_fini().
 * 0 or -errno with a line for people in why.
 */
int config_build(struct config *c, struct store_env *env, char why[static CONFIG_WHY_MAX]);

#endif
