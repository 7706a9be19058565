/* Text in columns: each as wide as its widest cell, numbers at the right. */
#ifndef ITGTCTL_TABLE_H
#define ITGTCTL_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct table {
	size_t ncolumns;
	size_t ncells; /* of all rows; the first row is the heading */
	size_t room;
	char **cells;   /* owns, each and all; NULL where memory was short */
	bool *is_right; /* owns; ncolumns of them: the column is of numbers */
};

/* 0 or -ENOMEM. table_fini() in any case. */
int table_init(struct table *t, size_t ncolumns);
void table_fini(struct table *t);

/* The next cell, row after row; text is taken over. */
void table_add(struct table *t, char *text);

/* Every line begins with indent blanks. */
void table_print(const struct table *t, FILE *out, int indent);

/* How many places of a terminal a text takes: its characters. */
size_t table_width(const char *text);

#endif
