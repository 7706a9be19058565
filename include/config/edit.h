/* Parts of a tree are copied, found, taken out. */
#ifndef CONFIG_EDIT_H
#define CONFIG_EDIT_H

#include "config/tree.h"

/* Into to, which is a fresh one. 0 or -ENOMEM. */
int conf_tree_copy(struct conf_tree *to, const struct conf_tree *from);

/* A copy of from, and of all that is in it, at the end of parent, which is in t. NULL: no memory.
 */
struct conf_node *conf_node_copy(struct conf_tree *t, struct conf_node *parent,
				 const struct conf_node *from);

/* The same without what is in it. */
struct conf_node *conf_node_copy_bare(struct conf_tree *t, struct conf_node *parent,
				      const struct conf_node *from);

/* What from says of its option is what n, which is in t, says then. 0 or -ENOMEM. */
int conf_entry_copy(struct conf_tree *t, struct conf_node *n, const struct conf_entry *from);

/* Take it out of its parent and free it. */
void conf_node_remove(struct conf_node *n);

/* The option is not in n any more. Fine when it was not. */
void conf_node_unset(struct conf_node *n, const char *option);

/* The option has that one value and no other. 0 or -ENOMEM. */
int conf_node_set(struct conf_node *n, const struct conf_option *option, const char *text,
		  struct conf_where where);

/* The section of that kind and title in parent, or NULL. */
struct conf_node *conf_node_child(const struct conf_node *parent,
				  const struct conf_section *section, const char *title);

/*
 * Titles that mean the same become the same: names of targets are folded, numbers lose zeros in
 * front. And every option that is not given gets its built-in value. 0 or -ENOMEM.
 */
int conf_tree_complete(struct conf_tree *t);

/* No portal group in it: group 1 with the built-in addresses. 0 or -ENOMEM. */
int conf_tree_add_group(struct conf_tree *t);

#endif
