/* Whether two configurations say the same, in whatever words: "10G" is "10240M". */
#ifndef CONFIG_SAME_H
#define CONFIG_SAME_H

#include "config/tree.h"

#include <stdbool.h>
#include <stddef.h>

/* Of one option; NULL: it is not there. */
bool conf_entry_same(const struct conf_entry *a, const struct conf_entry *b);

/* Of one section, with all that is in it, in any order. */
bool conf_node_same(const struct conf_node *a, const struct conf_node *b);

/* Two sections of the same kind and title; one of them may be missing. */
struct conf_pair {
	const struct conf_node *a, *b;
};

/*
 * What is in a and in b (either may be NULL), side by side: first what a has, in its order, then
 * what only b has. NULL: no memory; else *n of them, which the caller frees.
 */
struct conf_pair *conf_pairs(const struct conf_node *a, const struct conf_node *b, size_t *n);

#endif
