/*
 * Changes that were made at run-time, kept across a restart: a file in the state directory that
 * says what the file said and what is to be instead (merge.h tells what comes of that when the
 * file has changed). It has a version, a length and a checksum, and is replaced as a whole; those
 * before it are kept.
 */
#ifndef CONFIG_SAVE_H
#define CONFIG_SAVE_H

#include "config/fault.h"
#include "config/running.h"

#include <stdbool.h>

#define SAVE_NAME "changes"
#define SAVE_KEPT 5 /* files before the last one: changes.1, the newest of them, to changes.5 */

/*
 * Keep what r has that its file has not. force: also when that is nothing, and a file with
 * changes is there. 0 with what was done in *note; -errno with a sentence in *why. Both are
 * allocated, or NULL. For a worker: may block.
 */
int save_write(const struct running *r, bool force, char **why, char **note);

/*
 * Put the changes kept in dir into t, a complete tree of the file. Those that do not hold any more
 * are warnings in told. 0, also when there are none; -EINVAL: what is kept cannot be read, which is
 * a fault in told; -ENOMEM.
 */
int save_merge(struct conf_tree *t, const char *dir, struct conf_faults *told);

#endif
