#include "itgtctl/help.h"

#include "itgtctl/line.h"

#include <stdbool.h>
#include <string.h>

#define USAGE_MAX 128
#define WORDS_MAX 16 /* of a line that is completed: more are never needed */
#define WORD_MAX  256

/* The i-th command of all, sorted by name. NULL: there are fewer. */
static const struct method *command(size_t i)
{
	size_t own = 0, theirs = 0;
	const struct method *m = NULL;

	do {
		bool is_own = own < line_ncommands &&
			      (theirs == nmethods ||
			       strcmp(line_commands[own].name, methods[theirs].name) < 0);

		if (!is_own && theirs == nmethods)
			return NULL;
		m = is_own ? &line_commands[own++] : &methods[theirs++];
	} while (i--);
	return m;
}

/* "-s, --socket SOCKET" */
static const char *switch_usage(char *dst, size_t size, const struct line_switch *s)
{
	snprintf(dst, size, "%c%c%c --%s%s%s", s->letter ? '-' : ' ', s->letter ? s->letter : ' ',
		 s->letter ? ',' : ' ', s->name, s->word ? " " : "", s->word ? s->word : "");
	return dst;
}

static void help_switches(FILE *out, int width)
{
	char usage[USAGE_MAX];
	size_t i;

	for (i = 0; i < line_nswitches; i++) {
		if (line_switches[i].help)
			fprintf(out, "  %-*s  %s\n", width,
				switch_usage(usage, sizeof(usage), &line_switches[i]),
				line_switches[i].help);
	}
}

/* Is it one of the commands that help is asked for? */
static bool is_of(const struct method *m, const char *noun)
{
	size_t len = noun ? strlen(noun) : 0;

	return !noun || (!strncmp(m->name, noun, len) && m->name[len] == '.');
}

void help_all(FILE *out, const char *noun)
{
	const struct method *m;
	char usage[USAGE_MAX];
	int width = 0, n;
	size_t i;

	for (i = 0; (m = command(i)); i++) {
		n = (int)strlen(line_usage(usage, sizeof(usage), m));
		width = n > width ? n : width;
	}
	fprintf(out, "itgtctl: look at a running itgtd, and change it\n\n"
		     "  itgtctl [-s SOCKET] [--json] COMMAND ...\n\n");
	for (i = 0; (m = command(i)); i++) {
		if (is_of(m, noun))
			fprintf(out, "  %-*s  %s\n", width, line_usage(usage, sizeof(usage), m),
				m->help);
	}
	fprintf(out, "\n");
	help_switches(out, width);
	fprintf(out, "\nitgtctl COMMAND --help says more of a command, and itgtctl(8) of all.\n");
}

void help_command(FILE *out, const struct method *m)
{
	char usage[USAGE_MAX];
	size_t i, k;

	fprintf(out, "itgtctl %s: %s\n", line_usage(usage, sizeof(usage), m), m->help);
	for (i = 0; i < method_nparams(m); i++) {
		const struct method_param *p = &m->params[i];

		fprintf(out, "  %s%-16s %s", p->kind == METHOD_SWITCH ? "--" : "",
			p->kind == METHOD_SWITCH ? p->name : p->word, p->help);
		if (p->kind == METHOD_NUMBER)
			fprintf(out, " (%u to %u)", p->min, p->max);
		for (k = 0; p->kind == METHOD_CHOICE && k < METHOD_CHOICES_MAX && p->choices[k];
		     k++)
			fprintf(out, "%s%s", k ? ", " : " (", p->choices[k]);
		fprintf(out, p->kind == METHOD_CHOICE ? ")\n" : "\n");
	}
}

/* ---- completion ---- */

/* A command line cut at blanks; the last word is the one to complete, and may be empty. */
struct typed {
	char words[WORDS_MAX][WORD_MAX];
	size_t n;
};

static void cut(struct typed *t, const char *text)
{
	size_t len;

	for (t->n = 0; t->n < WORDS_MAX; text += len) {
		text += strspn(text, " \t");
		len = strcspn(text, " \t");
		snprintf(t->words[t->n++], WORD_MAX, "%.*s", (int)len, text);
		if (!text[len])
			return;
	}
}

/* The switch of the program's own that has an argument, by its name in a command line; or NULL. */
static const struct line_switch *find_switch(const char *word)
{
	size_t i;

	for (i = 0; i < line_nswitches; i++) {
		const struct line_switch *s = &line_switches[i];

		if (!s->word || word[0] != '-')
			continue;
		if ((word[1] == '-' && !strcmp(word + 2, s->name)) ||
		    (s->letter && word[1] == s->letter && !word[2]))
			return s;
	}
	return NULL;
}

/* Take the program's name and its switches out of the words before the last. */
static void strip(struct typed *t)
{
	size_t i, n = 0;
	bool skip = true; /* the name */

	for (i = 0; i + 1 < t->n; i++) {
		bool has_word = !skip && find_switch(t->words[i]);

		if (!skip && t->words[i][0] != '-')
			memmove(t->words[n++], t->words[i], WORD_MAX);
		skip = has_word;
	}
	memmove(t->words[n++], t->words[t->n - 1], WORD_MAX);
	t->n = n;
}

const char *help_socket(char *dst, size_t size, const char *text)
{
	const struct line_switch *s;
	struct typed t;
	size_t i;

	cut(&t, text);
	for (i = 1; i + 2 < t.n; i++) {
		s = find_switch(t.words[i]);
		if (s && !strcmp(s->name, "socket")) {
			snprintf(dst, size, "%s", t.words[i + 1]);
			return dst;
		}
	}
	return NULL;
}

static void offer(FILE *out, const char *word, const char *typed)
{
	if (!strncmp(word, typed, strlen(typed)))
		fprintf(out, "%s\n", word);
}

/* The first or second word of commands; before: the first, or NULL. */
static void offer_commands(FILE *out, const char *before, const char *typed)
{
	char usage[USAGE_MAX], last[USAGE_MAX] = "";
	const struct method *m;
	size_t i, len = before ? strlen(before) : 0;

	for (i = 0; (m = command(i)); i++) {
		snprintf(usage, sizeof(usage), "%s", m->name);
		if (before && (strncmp(usage, before, len) != 0 || usage[len] != '.'))
			continue;
		memmove(usage, usage + (before ? len + 1 : 0),
			strlen(usage) + 1 - (before ? len + 1 : 0));
		usage[strcspn(usage, ".")] = '\0';
		if (strcmp(usage, last) != 0)
			offer(out, usage, typed);
		memcpy(last, usage, sizeof(last));
	}
}

static void offer_value(FILE *out, const struct method_param *p, const char *typed,
			const json_t *targets)
{
	size_t i;

	if (p->kind == METHOD_CHOICE) {
		for (i = 0; i < METHOD_CHOICES_MAX && p->choices[i]; i++)
			offer(out, p->choices[i], typed);
	}
	if (p->kind == METHOD_TARGET) {
		for (i = 0; i < json_array_size(targets); i++)
			offer(out, json_string_value(json_array_get(targets, i)), typed);
	}
}

static void offer_switches(FILE *out, const struct method *m, const char *typed)
{
	char word[USAGE_MAX];
	size_t i;

	for (i = 0; m && i < method_nparams(m); i++) {
		snprintf(word, sizeof(word), "--%s", m->params[i].name);
		if (m->params[i].kind == METHOD_SWITCH)
			offer(out, word, typed);
	}
	for (i = 0; i < line_nswitches; i++) {
		snprintf(word, sizeof(word), "--%s", line_switches[i].name);
		if (line_switches[i].help)
			offer(out, word, typed);
	}
}

void help_complete(FILE *out, const char *text, const json_t *targets)
{
	char name[2 * WORD_MAX + 2];
	const struct method *m = NULL;
	const struct method_param *p;
	struct typed t;
	size_t used = 0;
	const char *last;

	cut(&t, text);
	strip(&t);
	last = t.words[t.n - 1];
	if (t.n > 2) {
		snprintf(name, sizeof(name), "%s.%s", t.words[0], t.words[1]);
		m = line_command(name);
		used = 2;
	}
	if (!m && t.n > 1) {
		m = line_command(t.words[0]);
		used = 1;
	}
	if (last[0] == '-') {
		offer_switches(out, m, last);
	} else if (m) {
		p = line_positional(m, t.n - 1 - used);
		if (p)
			offer_value(out, p, last, targets);
	} else if (t.n <= 2) {
		offer_commands(out, t.n == 2 ? t.words[0] : NULL, last);
	}
}
