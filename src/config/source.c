#include "config/source.h"

#include "base/regular.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEPTH_MAX 16   /* braces inside each other */
#define WRITER_MS 2000 /* for somebody to open a pipe to write */

/* The text that was read: len bytes, or -errno. 0 or -errno; s then has none. */
static int take(struct conf_source *s, ssize_t len)
{
	int err = len < 0 ? (int)len : (size_t)len > CONF_SOURCE_MAX ? -EFBIG : 0;
	char *text;

	s->len = len < 0 ? 0 : (size_t)len;
	if (err) {
		conf_source_fini(s);
		return err;
	}
	s->text[s->len++] = '\n';
	text = realloc(s->text, s->len);
	s->text = text ? text : s->text;
	return 0;
}

/* Room for the longest text, one byte that is too many, and a newline. */
static char *room(void)
{
	return malloc(CONF_SOURCE_MAX + 2);
}

int conf_source_read(struct conf_source *s, const char *path)
{
	struct stat st;
	int fd, err;

	*s = (struct conf_source){ 0 };
	fd = regular_open(AT_FDCWD, path, O_RDONLY, &st);
	if (fd < 0)
		return fd;
	s->is_public = st.st_mode & S_IROTH;
	s->text = room();
	err = take(s, s->text ? regular_read(fd, s->text, CONF_SOURCE_MAX + 1) : -ENOMEM);
	close(fd);
	return err;
}

/*
 * Read what is written into a pipe, to its end: for as long as somebody has it open to write, as
 * a filter in a shell would, but no such one has to turn up. Bytes, or -errno.
 */
static ssize_t read_pipe(int fd, char *p, size_t size)
{
	struct pollfd ready = { .fd = fd, .events = POLLIN };
	size_t len = 0;
	ssize_t n = 1;

	while (n && len < size) {
		bool is_silent = poll(&ready, 1, WRITER_MS) == 0;

		n = read(fd, p + len, size - len); /* 0: nobody writes any more, or yet */
		if (n == 0 && is_silent)
			return -ETIMEDOUT;
		if (n < 0 && errno != EINTR && errno != EAGAIN)
			return -errno;
		if (n > 0)
			len += (size_t)n;
	}
	return (ssize_t)len;
}

int conf_source_read_pipe(struct conf_source *s, const char *path)
{
	struct stat st;
	int fd, err;

	*s = (struct conf_source){ 0 };
	if (stat(path, &st) || !S_ISFIFO(st.st_mode))
		return -ENOTSUP;
	fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	s->text = room();
	err = take(s, s->text ? read_pipe(fd, s->text, CONF_SOURCE_MAX + 1) : -ENOMEM);
	close(fd);
	return err;
}

const char *conf_source_error(int err)
{
	switch (err) {
	case -EFBIG: return "longer than " CONF_SOURCE_MAX_TEXT;
	case -ETIMEDOUT: return "nobody writes into this pipe";
	default: return regular_error(err);
	}
}

char *conf_source_beside(const char *file, const char *name)
{
	const char *slash = strrchr(file, '/');
	char *path = NULL;

	if (*name == '/' || !slash)
		return strdup(name);
	if (asprintf(&path, "%.*s/%s", (int)(slash - file), file, name) < 0)
		return NULL;
	return path;
}

int conf_source_copy(struct conf_source *s, const char *text, size_t len)
{
	*s = (struct conf_source){ 0 };
	if (len > CONF_SOURCE_MAX)
		return -EFBIG;
	s->text = malloc(len + 1);
	if (!s->text)
		return -ENOMEM;
	memcpy(s->text, text, len);
	s->text[len] = '\n';
	s->len = len + 1;
	return 0;
}

void conf_source_fini(struct conf_source *s)
{
	if (s->text)
		explicit_bzero(s->text, s->len);
	free(s->text);
	*s = (struct conf_source){ 0 };
}

/* Where the walk through the text stands. */
struct walk {
	char *at, *end;
	int line, last_line;
	int open[DEPTH_MAX]; /* lines of the braces that are open */
	size_t depth;
	bool in_word; /* a slash does not begin a comment there */
};

static void next(struct walk *w)
{
	if (*w->at == '\n')
		w->line++;
	else if (*w->at != ' ' && *w->at != '\t' && *w->at != '\r')
		w->last_line = w->line;
	w->at++;
}

static void blank(struct walk *w)
{
	if (*w->at == '\n')
		w->line++;
	else
		*w->at = ' ';
	w->at++;
}

static bool is_at(const struct walk *w, const char *two)
{
	return w->end - w->at >= 2 && memcmp(w->at, two, 2) == 0;
}

static void blank_line(struct walk *w)
{
	while (w->at < w->end && *w->at != '\n')
		blank(w);
}

static const char *blank_block(struct walk *w, int *line)
{
	*line = w->line;
	blank(w);
	blank(w);
	while (w->at < w->end && !is_at(w, "*/"))
		blank(w);
	if (w->at == w->end)
		return "the comment that begins here never ends";
	blank(w);
	blank(w);
	return NULL;
}

static const char *skip_quotes(struct walk *w, int *line)
{
	char quote = *w->at;

	*line = w->line;
	for (next(w); w->at < w->end && *w->at != quote; next(w)) {
		if (*w->at == '\\' && w->end - w->at > 1)
			next(w);
	}
	if (w->at == w->end)
		return "the text in quotes that begins here never ends";
	next(w);
	return NULL;
}

static const char *brace(struct walk *w, int *line)
{
	bool opens = *w->at == '{';

	*line = w->line;
	if (opens && w->depth == DEPTH_MAX)
		return "too many braces inside each other";
	if (!opens && w->depth == 0)
		return "there is no { to this }";
	if (opens)
		w->open[w->depth++] = w->line;
	else
		w->depth--;
	next(w);
	return NULL;
}

/* One step: a comment, a text in quotes, a brace, or a byte of anything else. */
static const char *step(struct walk *w, int *line)
{
	bool in_word = w->in_word;
	char c = *w->at;

	w->in_word = false;
	if (c == '#' || (is_at(w, "//") && !in_word)) {
		blank_line(w);
		return NULL;
	}
	if (is_at(w, "/*") && !in_word)
		return blank_block(w, line);
	if (c == '"' || c == '\'')
		return skip_quotes(w, line);
	if (c == '{' || c == '}')
		return brace(w, line);
	if (c == '\0') {
		*line = w->line;
		return "a zero byte: this is not a text";
	}
	w->in_word = !strchr(" \t\r\n=()+,*", c);
	next(w);
	return NULL;
}

const char *conf_source_prepare(struct conf_source *s, int *line)
{
	struct walk w = { .at = s->text, .end = s->text + s->len, .line = 1 };
	const char *fault = NULL;

	while (!fault && w.at < w.end)
		fault = step(&w, line);
	s->last_line = w.last_line;
	if (!fault && w.depth > 0) {
		*line = w.open[w.depth - 1];
		fault = "the { here is never closed";
	}
	return fault;
}
