#include "itgtctl/table.h"

#include <errno.h>
#include <stdlib.h>

#define GAP "  "

int table_init(struct table *t, size_t ncolumns)
{
	*t = (struct table){ .ncolumns = ncolumns };
	t->is_right = calloc(ncolumns, sizeof(*t->is_right));
	return t->is_right ? 0 : -ENOMEM;
}

void table_fini(struct table *t)
{
	size_t i;

	for (i = 0; i < t->ncells; i++)
		free(t->cells[i]);
	free(t->cells);
	free(t->is_right);
}

void table_add(struct table *t, char *text)
{
	size_t room = t->room ? 2 * t->room : 64;
	char **cells;

	if (t->ncells == t->room) {
		cells = realloc(t->cells, room * sizeof(*cells));
		if (!cells) {
			free(text);
			return;
		}
		t->cells = cells;
		t->room = room;
	}
	t->cells[t->ncells++] = text;
}

size_t table_width(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += ((unsigned char)*text & 0xc0) != 0x80; /* not the inside of a character */
	return n;
}

static const char *cell(const struct table *t, size_t i)
{
	return t->cells[i] ? t->cells[i] : "?";
}

/* The widths of all columns; the caller frees them. NULL: no memory, and nothing is aligned. */
static size_t *column_widths(const struct table *t)
{
	size_t i, n, *widths = calloc(t->ncolumns, sizeof(*widths));

	for (i = 0; widths && i < t->ncells; i++) {
		n = table_width(cell(t, i));
		if (n > widths[i % t->ncolumns])
			widths[i % t->ncolumns] = n;
	}
	return widths;
}

void table_print(const struct table *t, FILE *out, int indent)
{
	size_t *widths = column_widths(t), i, column;

	for (i = 0; i < t->ncells; i++) {
		const char *text = cell(t, i);
		int pad;

		column = i % t->ncolumns;
		pad = widths ? (int)(widths[column] - table_width(text)) : 0;
		if (column == 0)
			fprintf(out, "%*s", indent, "");
		if (t->is_right[column])
			fprintf(out, "%*s%s", pad, "", text);
		else if (column + 1 < t->ncolumns)
			fprintf(out, "%s%*s", text, pad, "");
		else
			fputs(text, out); /* no blanks at the end of a line */
		fputs(column + 1 < t->ncolumns ? GAP : "\n", out);
	}
	free(widths);
}
