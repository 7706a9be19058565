/* Opening a file or block device: all that can be wrong with it is told here. */
#ifndef STORE_FILE_OPEN_H
#define STORE_FILE_OPEN_H

#include "store/store.h"

/*
 * p->path is given; p->size is 0 or a multiple of block_size. Backend "file" takes
 * a block device, too; "block" takes nothing else.
 * 0 or -errno with why. The caller owns *out.
 */
int file_open(struct store_env *env, const struct store_params *p, struct store **out,
	      char why[static STORE_WHY_MAX]);

#endif
