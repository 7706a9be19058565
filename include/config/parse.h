/* The configuration file, by libconfuse, into a tree. */
#ifndef CONFIG_PARSE_H
#define CONFIG_PARSE_H

#include "config/fault.h"
#include "config/tree.h"

#include <stddef.h>

/*
 * Read a file, and what it includes, into t, which is a fresh one.
 *
 * Unknown options and options given twice are all found in one go; an error of
 * syntax ends the reading. Faults say what is wrong.
 * 0; -EINVAL: there are faults, and t holds what could be read; -ENOMEM.
 */
int conf_parse_file(struct conf_tree *t, const char *path, struct conf_faults *faults);

/* The same from memory; name stands for the file in what is told. */
int conf_parse_text(struct conf_tree *t, const char *name, const char *text, size_t len,
		    struct conf_faults *faults);

#endif
