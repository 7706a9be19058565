/* The null store: reads zeros, swallows writes. For measuring, and for sizes nobody has. */
#ifndef STORE_NULL_H
#define STORE_NULL_H

#include "store/store.h"

/* p->size is given, a multiple of block_size. 0 or -ENOMEM with why. The caller owns *out. */
int null_open(struct store_env *env, const struct store_params *p, struct store **out,
	      char why[static STORE_WHY_MAX]);

#endif
