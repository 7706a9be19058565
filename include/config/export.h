/* A tree → the text of a configuration file that says the same. */
#ifndef CONFIG_EXPORT_H
#define CONFIG_EXPORT_H

#include "config/tree.h"

#include <stdio.h>

/*
 * Write what is given in t; built-in values are not written. What is written is read as the same
 * tree. Secrets that stand in t are in it. 0 or -EIO.
 */
int conf_export(const struct conf_tree *t, FILE *out);

#endif
