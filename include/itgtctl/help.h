/* What the program tells of itself, out of the tables of commands. */
#ifndef ITGTCTL_HELP_H
#define ITGTCTL_HELP_H

#include "base/method.h"

#include <jansson.h>
#include <stdio.h>

/* All commands and switches; with a noun only the commands that begin with it. NULL: all. */
void help_all(FILE *out, const char *noun);

/* One command and its parameters. */
void help_command(FILE *out, const struct method *m);

/* The control socket that the command line text names; dst, or NULL: it names none. */
const char *help_socket(char *dst, size_t size, const char *text);

/*
 * What could stand at the end of text, a command line that begins with the program's name: a
 * line each. targets: a list of names that are there, NULL: unknown.
 */
void help_complete(FILE *out, const char *text, const json_t *targets);

#endif
