#include "config/running.h"

#include <stdlib.h>

struct conf_tree *running_tree(void)
{
	struct conf_tree *t = malloc(sizeof(*t));

	if (t && conf_tree_init(t)) {
		free(t);
		return NULL;
	}
	return t;
}

void running_tree_free(struct conf_tree *t)
{
	if (!t)
		return;
	conf_tree_fini(t);
	free(t);
}
