/* The command line: words become a method and its parameters, by the rows of base/method.h. */
#ifndef ITGTCTL_LINE_H
#define ITGTCTL_LINE_H

#include "base/method.h"

#include <jansson.h>
#include <stdbool.h>

#define LINE_WHY_MAX    512
#define LINE_QUOTED_MAX 200

/* What the program is to do. */
enum line_verdict {
	LINE_CALL,     /* call method with params */
	LINE_TOP,      /* the live view */
	LINE_HELP,     /* of method, or of all where that is NULL; then leave with 0 */
	LINE_VERSION,  /* likewise */
	LINE_COMPLETE, /* say what could stand at the end of text */
	LINE_WRONG,    /* why says what; leave with 2 */
};

struct line {
	enum line_verdict verdict;
	const char *socket; /* borrowed from argv; NULL: the usual one */
	const char *text;   /* of LINE_COMPLETE; borrowed from argv */
	bool json;
	double watch_s;               /* repeat so often; 0: once */
	const struct method *method;  /* NULL: none was named */
	const char *noun;             /* LINE_HELP: of its commands alone; borrowed, or NULL */
	json_t *params;               /* owns; an object */
	char quoted[LINE_QUOTED_MAX]; /* a word, for why */
	char why[LINE_WHY_MAX];
};

/* A switch of the program's own. */
struct line_switch {
	const char *name;
	char letter;      /* 0: none */
	const char *word; /* NULL: it takes none */
	const char *help; /* NULL: not for people */
};
extern const struct line_switch line_switches[];
extern const size_t line_nswitches;

/* Commands that are no method: their rows look the same. */
extern const struct method line_commands[];
extern const size_t line_ncommands;

/* argc words, without the program's name. line_fini() afterwards in any case. */
void line_parse(struct line *l, int argc, char **argv);
void line_fini(struct line *l);

/* The command or method of that name; NULL: there is none. */
const struct method *line_command(const char *name);

/* The i-th parameter that has a place of its own; NULL: there are fewer. */
const struct method_param *line_positional(const struct method *m, size_t i);

/* "target show": the words of a command. dst; returns it. */
char *line_words(char *dst, size_t size, const struct method *m);

/* "target show IQN": the words of a command and of its parameters. dst; returns it. */
char *line_usage(char *dst, size_t size, const struct method *m);

#endif
