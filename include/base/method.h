/*
 * The methods of the control socket, one row each: name, parameters, help. The words of a
 * command of itgtctl are its method's name, with blanks for dots. From these rows come the
 * daemon's checks, itgtctl's arguments, help and completion, and the reference in itgtctl(8).
 *
 * To add one: a row in base/method.c (sorted by name), its function in control/ and a line in
 * the table of control/methods.c, an item in man/itgtctl.8. itgtctl shows any result; if it
 * shall be a table, itgtctl/views.c has a row for its columns. Tests hold all of them together.
 */
#ifndef BASE_METHOD_H
#define BASE_METHOD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define METHOD_PARAMS_MAX  4
#define METHOD_CHOICES_MAX 6

/* What a parameter's value is, in JSON and on the command line. */
enum method_kind {
	METHOD_NONE,   /* there is no such parameter */
	METHOD_TEXT,   /* string */
	METHOD_TARGET, /* string: the name of a target that is there */
	METHOD_NUMBER, /* integer, from min to max */
	METHOD_CHOICE, /* string: one of choices */
	METHOD_SWITCH, /* boolean, false when not given; --NAME */
	METHOD_PAIRS,  /* object of name → string; NAME=VALUE ..., the last parameter */
};

struct method_param {
	const char *name; /* in JSON */
	const char *word; /* in a line of usage: "IQN" */
	enum method_kind kind;
	bool optional;
	uint32_t min, max;
	const char *choices[METHOD_CHOICES_MAX]; /* NULL behind the last */
	const char *help;
};

struct method {
	const char *name;
	const char *help; /* one line */
	bool changes;     /* what the daemon does or serves; such calls are logged */
	struct method_param params[METHOD_PARAMS_MAX]; /* in the order of positions */
};

extern const struct method methods[]; /* sorted by name */
extern const size_t nmethods;

/* NULL: there is none of that name. */
const struct method *method_find(const char *name);

/* The number of parameters. */
size_t method_nparams(const struct method *m);

#endif
