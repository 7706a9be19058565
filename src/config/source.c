#include "config/source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEPTH_MAX 16 /* braces inside each other */

/* Read until the end of the file, or until the buffer is full. */
static int read_all(int fd, struct conf_source *s, size_t size)
{
	ssize_t n;

	while (s->len < size) {
		n = read(fd, s->text + s->len, size - s->len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return 0;
		s->len += (size_t)n;
	}
	return -EFBIG;
}

int conf_source_read(struct conf_source *s, const char *path)
{
	struct stat st;
	size_t size;
	int err = 0, fd;

	*s = (struct conf_source){ 0 };
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0)
		err = -errno;
	else if (S_ISDIR(st.st_mode))
		err = -EISDIR;
	else if (st.st_size > CONF_SOURCE_MAX)
		err = -EFBIG;
	if (err)
		goto out;
	/* A pipe tells no size. */
	size = S_ISREG(st.st_mode) ? (size_t)st.st_size + 1 : CONF_SOURCE_MAX;
	s->text = malloc(size + 1);
	s->is_public = S_ISREG(st.st_mode) && (st.st_mode & S_IROTH);
	err = s->text ? read_all(fd, s, size) : -ENOMEM;
	if (err)
		conf_source_fini(s);
	else
		s->text[s->len++] = '\n';
out:
	close(fd);
	return err;
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
