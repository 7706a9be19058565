/*
 * What a configuration says, before anybody asked whether it makes sense: sections,
 * options, the texts of their values, and where each of them stands.
 *
 * The file (parse.h) and the command line (serve.h) both become such a tree, and
 * check.h reads both alike.
 */
#ifndef CONFIG_TREE_H
#define CONFIG_TREE_H

#include "config/options.h"

#include <stdbool.h>
#include <sys/queue.h>

/* A place that people can look up. */
enum conf_origin_kind {
	CONF_FILE,   /* a file, with lines */
	CONF_SPEC,   /* one argument that names options, of --serve */
	CONF_SWITCH, /* a switch of the command line that stands for one option */
};

struct conf_origin {
	enum conf_origin_kind kind;
	unsigned int order; /* of appearance, for sorting what is told */
	char *name;         /* owns; as it is told: "/etc/itgtd.conf", "--portal" */
	bool is_public;     /* a file that everybody on this machine can read */
	STAILQ_ENTRY(conf_origin) link;
};

struct conf_where {
	const struct conf_origin *origin; /* borrowed from the tree; NULL: nowhere */
	int line;                         /* from 1; 0: not in a file */
};

struct conf_value {
	char *text; /* owns */
	struct conf_where where;
	STAILQ_ENTRY(conf_value) link;
};

/* An option and its values: one, or those of a list. */
struct conf_entry {
	const struct conf_option *option;
	bool given; /* false: the built-in value */
	struct conf_where where;
	STAILQ_HEAD(, conf_value) values; /* never empty */
	STAILQ_ENTRY(conf_entry) link;
};

struct conf_node {
	const struct conf_section *section;
	char *title; /* owns; "" where the section has none */
	struct conf_where where;
	struct conf_node *parent; /* borrowed; NULL: the root */
	bool is_partial; /* not all of it could be read: what is not there may be missing from what
			    we know only; of the root this means sections, not options */
	STAILQ_HEAD(, conf_entry) entries;
	STAILQ_HEAD(, conf_node) children; /* in the order of the file */
	STAILQ_ENTRY(conf_node) link;
};

struct conf_tree {
	struct conf_node *root; /* owns */
	unsigned int norigins;
	STAILQ_HEAD(, conf_origin) origins; /* owns */
};

/* An empty tree. 0 or -ENOMEM. */
int conf_tree_init(struct conf_tree *t);
void conf_tree_fini(struct conf_tree *t);

/* The origin of that kind and name, made where it is new. NULL: no memory. */
struct conf_origin *conf_tree_origin(struct conf_tree *t, enum conf_origin_kind kind,
				     const char *name);

/* A section inside parent, at its end; title is copied. NULL: no memory. */
struct conf_node *conf_node_add(struct conf_node *parent, const struct conf_section *section,
				const char *title, struct conf_where where);

/* The same, not entered anywhere: for what is read only to be skipped. */
struct conf_node *conf_node_new(struct conf_node *parent, const struct conf_section *section,
				const char *title, struct conf_where where);
void conf_node_free(struct conf_node *n);

/* The entry of that option, or NULL. */
struct conf_entry *conf_node_entry(const struct conf_node *n, const char *option);

/*
 * One more value of an option. text is copied.
 * NULL: no memory.
 */
struct conf_entry *conf_node_add_value(struct conf_node *n, const struct conf_option *option,
				       const char *text, struct conf_where where);

/* Take e out of n and free it. */
void conf_node_remove_entry(struct conf_node *n, struct conf_entry *e);

/* Forget the last value of an entry, and the entry when it had no other. */
void conf_node_drop_value(struct conf_node *n, struct conf_entry *e);

/* Could all that others may refer to be read? */
bool conf_node_is_whole_tree(const struct conf_node *n);

/* Enter the built-in values of all options that are not given, here and below. 0 or -ENOMEM. */
int conf_node_complete(struct conf_node *n);

/* Is the option written in the section? (The built-in value does not count.) */
bool conf_node_is_given(const struct conf_node *n, const char *option);

#endif
