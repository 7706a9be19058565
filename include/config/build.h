/* Open the stores of a checked configuration, and make its logical units. */
#ifndef CONFIG_BUILD_H
#define CONFIG_BUILD_H

#include "config/config.h"

#include <stdbool.h>

#define CONFIG_WHY_MAX 1024

/*
 * Open the store of l. takes_over: another LUN serves the same path until then (store.h). size:
 * bytes, in the place of the option's; 0: the option's. 0 or -errno with a sentence in why. May
 * block.
 */
int build_store(const struct config_lun *l, struct store_env *env, bool takes_over, uint64_t size,
		struct store **out, char why[static STORE_WHY_MAX]);

/*
 * The logical unit of l on store, which it owns on success, as it does l's mask. 0 or -errno
 * with a sentence in why.
 */
int build_lu(struct scsi_core *core, struct config_lun *l, struct store *store,
	     struct scsi_lu **out, char why[static STORE_WHY_MAX]);

/*
 * All or nothing: after a failure files that were made are gone again, and the caller
 * frees c with config_fini().
 * 0 or -errno with a line for people in why.
 */
int config_build(struct config *c, struct store_env *env, char why[static CONFIG_WHY_MAX]);

#endif
