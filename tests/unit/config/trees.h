/* What the tests on whole trees share: a tree from a text, and the text of a tree. */
#ifndef UNIT_CONFIG_TREES_H
#define UNIT_CONFIG_TREES_H

#include "config/edit.h"
#include "config/export.h"
#include "config/parse.h"
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A tree of that text, complete. */
static inline void tree_read(struct conf_tree *t, const char *text)
{
	struct conf_faults faults;

	conf_faults_init(&faults);
	CU_ASSERT_EQUAL_FATAL(conf_tree_init(t), 0);
	CU_ASSERT_EQUAL_FATAL(conf_parse_text(t, "t.conf", text, strlen(text), &faults), 0);
	CU_ASSERT_EQUAL_FATAL(conf_tree_complete(t), 0);
	conf_faults_fini(&faults);
}

/* The text that a tree is written as; the caller frees it. */
static inline char *tree_text(const struct conf_tree *t)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	CU_ASSERT_EQUAL(conf_export(t, f), 0);
	fclose(f);
	return text;
}

static inline void tree_is(const struct conf_tree *t, const char *text)
{
	char *is = tree_text(t);

	CU_ASSERT_STRING_EQUAL(is, text);
	if (strcmp(is, text) != 0)
		fprintf(stderr, "it is\n%s\nand should be\n%s\n", is, text);
	free(is);
}

#endif
