/*
 * The text of a configuration file, made ready for libconfuse.
 *
 * libconfuse counts a comment as several lines, and takes the end of a file for
 * the end of all open sections. So comments become blanks before it sees them,
 * and brackets and quotes are matched here.
 */
#ifndef CONFIG_SOURCE_H
#define CONFIG_SOURCE_H

#include <stdbool.h>
#include <stddef.h>

#define CONF_SOURCE_MAX      (16u << 20) /* bytes of a file */
#define CONF_SOURCE_MAX_TEXT "16M"

struct conf_source {
	char *text; /* owns; never empty, ends with a newline */
	size_t len;
	bool is_public; /* everybody on this machine can read it */
	int last_line;  /* that has something in it; after conf_source_prepare() */
};

/* Read a whole regular file. 0; -errno, also those of regular_open(); -EFBIG past CONF_SOURCE_MAX.
 */
int conf_source_read(struct conf_source *s, const char *path);

/*
 * The same from a pipe, as /dev/stdin and <(...) of a shell are. It waits for who writes, so it is
 * neither for the loop nor for what may be asked for twice.
 * 0; -errno; -ENOTSUP: that is no pipe; -ETIMEDOUT: nobody writes.
 */
int conf_source_read_pipe(struct conf_source *s, const char *path);

/* What their errors mean, to stand behind the path. */
const char *conf_source_error(int err);

/*
 * The path of a file that another one names: where it is relative it begins where that file is.
 * The caller frees it; NULL: no memory.
 */
char *conf_source_beside(const char *file, const char *name);

/* The same from memory, which is copied. */
int conf_source_copy(struct conf_source *s, const char *text, size_t len);

/* Wipes it: there may be secrets in it. */
void conf_source_fini(struct conf_source *s);

/*
 * Blank the comments, and see that all quotes and braces are closed.
 * NULL, or what is wrong, with the line in *line.
 */
const char *conf_source_prepare(struct conf_source *s, int *line);

#endif
