/*
 * The sink for faults: they are collected, sorted by where they stand, and told
 * all in one go, each as
 *
 *	FILE:LINE: object: option: "value" is not … (write …)
 */
#ifndef CONFIG_FAULT_H
#define CONFIG_FAULT_H

#include "config/tree.h"

#include <stdbool.h>
#include <stdio.h>
#include <sys/queue.h>

struct conf_fault {
	bool is_warning;    /* told, but no reason to refuse the configuration */
	unsigned int order; /* of the file */
	int line;
	char *text; /* owns; the whole line without its end */
	STAILQ_ENTRY(conf_fault) link;
};

struct conf_faults {
	STAILQ_HEAD(, conf_fault) list; /* sorted; owns */
	unsigned int count;             /* without the warnings */
};

void conf_faults_init(struct conf_faults *f);
void conf_faults_fini(struct conf_faults *f);

/* Take over all faults of another sink, which is empty afterwards. */
void conf_faults_move(struct conf_faults *to, struct conf_faults *from);

/* One line each, with front before it, or its priority where the journal reads. */
void conf_faults_print(const struct conf_faults *f, const char *front, FILE *out);

/*
 * Add a fault. node is the object it is in (NULL or the root: none is named),
 * option the option (NULL: none is named).
 */
void conf_fault(struct conf_faults *f, struct conf_where where, const struct conf_node *node,
		const char *option, const char *fmt, ...) __attribute__((format(printf, 5, 6)));
void conf_warning(struct conf_faults *f, struct conf_where where, const struct conf_node *node,
		  const char *option, const char *fmt, ...) __attribute__((format(printf, 5, 6)));

/* "FILE:LINE: object" of a node, for a message that does not go through a sink. Returns dst. */
char *conf_where_format(char *dst, size_t size, const struct conf_node *node);

/* There is no option of that name in node's section: say so, and which may have been meant. */
void conf_fault_unknown(struct conf_faults *f, struct conf_where where,
			const struct conf_node *node, const char *name);

/* Quote a text from outside into dst, escaped and cut. Returns dst. */
#define CONF_QUOTED_MAX 300
char *conf_quote(char dst[static CONF_QUOTED_MAX], const char *text);

#endif
