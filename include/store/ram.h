/* The RAM store: anonymous memory, which costs only where it was written. */
#ifndef STORE_RAM_H
#define STORE_RAM_H

#include "store/store.h"

/* p->size is given, a multiple of block_size. 0 or -errno with why. The caller owns *out. */
int ram_open(struct store_env *env, const struct store_params *p, struct store **out,
	     char why[static STORE_WHY_MAX]);

#endif
