#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LINE_MAX_LEN 4096 /* bytes: PIPE_BUF, so that a pipe's reader never sees half a line */
#define ELLIPSIS     "\xe2\x80\xa6"
#define ELLIPSIS_LEN (sizeof(ELLIPSIS) - 1)

static const struct {
	const char *name;
	const char *priority; /* sd-daemon(3) */
} levels[] = {
	[LOG_LEVEL_ERROR] = { "error", "<3>" },   [LOG_LEVEL_WARNING] = { "warning", "<4>" },
	[LOG_LEVEL_NOTICE] = { "notice", "<5>" }, [LOG_LEVEL_INFO] = { "info", "<6>" },
	[LOG_LEVEL_DEBUG] = { "debug", "<7>" },
};

/* The one variable of the process that is not in struct daemon: anybody may have to speak. */
static struct {
	enum log_level level;
	log_sink_fn *sink; /* NULL: standard error */
	void *arg;         /* borrowed until the next log_set_sink() */
	bool journal;
} state = { .level = LOG_LEVEL_INFO };

void log_set_level(enum log_level level)
{
	state.level = level;
}

enum log_level log_get_level(void)
{
	return state.level;
}

const char *log_level_name(enum log_level level)
{
	return levels[level].name;
}

int log_level_parse(const char *name, enum log_level *out)
{
	size_t i;

	for (i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
		if (strcmp(name, levels[i].name) == 0) {
			*out = (enum log_level)i;
			return 0;
		}
	}
	return -EINVAL;
}

void log_set_sink(log_sink_fn *sink, void *arg)
{
	state.sink = sink;
	state.arg = arg;
}

void log_set_journal(bool journal)
{
	state.journal = journal;
}

const char *log_priority(enum log_level level)
{
	return state.journal ? levels[level].priority : "";
}

/*
 * Format into line; longer text ends with an ellipsis, and what would break the
 * line is a blank. Returns its length.
 */
static size_t format_line(char *line, size_t size, const char *fmt, va_list ap)
{
	size_t len, i;
	int n;

	n = vsnprintf(line, size, fmt, ap);
	if (n < 0)
		n = 0;
	len = (size_t)n;
	if (len >= size) {
		len = size - 1;
		memcpy(line + len - ELLIPSIS_LEN, ELLIPSIS, ELLIPSIS_LEN);
	}
	line[len] = '\0';
	for (i = 0; i < len; i++) {
		if (line[i] == '\n' || line[i] == '\r' || line[i] == '\0')
			line[i] = ' ';
	}
	return len;
}

void log_write(enum log_level level, const char *fmt, ...)
{
	char line[LINE_MAX_LEN];
	const char *front = state.journal ? levels[level].priority : "itgtd: ";
	int saved_errno = errno;
	ssize_t written;
	size_t front_len, len;
	va_list ap;

	if (!log_wants(level))
		return;
	front_len = (size_t)snprintf(line, sizeof(line), "%s", state.sink ? "" : front);
	va_start(ap, fmt);
	len = front_len + format_line(line + front_len, sizeof(line) - front_len - 1, fmt, ap);
	va_end(ap);
	if (state.sink) {
		state.sink(state.arg, level, line);
	} else {
		line[len] = '\n';
		written = write(STDERR_FILENO, line, len + 1);
		(void)written; /* where nobody can be told, a lost line is no reason to stop */
	}
	errno = saved_errno;
}

/* How a byte stands between quotes: 1 to 4 characters. */
static size_t escape(char out[static 5], unsigned char c)
{
	if (c == '"' || c == '\\') {
		out[0] = '\\';
		out[1] = (char)c;
		return 2;
	}
	if (c < 0x20 || c > 0x7e)
		return (size_t)snprintf(out, 5, "\\x%02x", c);
	out[0] = (char)c;
	return 1;
}

char *log_quote(char *dst, size_t size, const char *text, size_t len)
{
	size_t n = 0, cut, i, e;
	char esc[5];

	dst[n++] = '"';
	cut = n; /* so much may stay when an ellipsis must follow */
	for (i = 0; i < len; i++) {
		e = escape(esc, (unsigned char)text[i]);
		if (n + e + sizeof("\"") > size) {
			memcpy(dst + cut, ELLIPSIS, ELLIPSIS_LEN);
			n = cut + ELLIPSIS_LEN;
			break;
		}
		memcpy(dst + n, esc, e);
		n += e;
		if (n + ELLIPSIS_LEN + sizeof("\"") <= size)
			cut = n;
	}
	dst[n++] = '"';
	dst[n] = '\0';
	return dst;
}

bool log_rate_pass(struct log_rate *r, uint64_t now_ms, const char *what)
{
	uint32_t span_ms = r->span_ms ? r->span_ms : 1000;

	/* Lines may come out of order: an earlier one begins no other span. */
	if (now_ms > r->since_ms && now_ms - r->since_ms >= span_ms) {
		if (r->withheld)
			log_warning("%s: %u more not told", what, r->withheld);
		*r = (struct log_rate){ .since_ms = now_ms, .span_ms = r->span_ms };
	}
	if (r->passed < LOG_RATE_MAX) {
		r->passed++;
		return true;
	}
	r->withheld++;
	return false;
}
