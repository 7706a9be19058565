/* The configuration that runs. */
#ifndef CONFIG_RUNNING_H
#define CONFIG_RUNNING_H

#include "config/config.h"
#include "config/tree.h"

struct running {
	char *path;             /* owns; of the file; NULL: --serve, which has none */
	struct conf_tree *base; /* owns; what the file said when it was read last; complete */
	struct conf_tree *tree; /* owns; what runs; complete */
	struct config *config;  /* borrowed; its model, and the world; it points into tree */
	const char *state_dir;  /* borrowed; where changes are saved; NULL: nowhere */
};

/* A fresh tree, or NULL without memory; and its end (NULL is fine). */
struct conf_tree *running_tree(void);
void running_tree_free(struct conf_tree *t);

#endif
