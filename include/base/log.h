/*
 * The log: one line an event, to standard error or any sink.
 *
 * Who speaks comes first in the line; numbers have units; strings from outside
 * go through log_quote(). No secrets, no payload. Any thread may write; what is set is set
 * by the loop's, and a sink is called from all of them.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum log_level {
	LOG_LEVEL_ERROR,   /* a person must act */
	LOG_LEVEL_WARNING, /* peer or disk misbehaves, we cope */
	LOG_LEVEL_NOTICE,  /* session in or out, configuration applied */
	LOG_LEVEL_INFO,    /* worth knowing once */
	LOG_LEVEL_DEBUG,   /* each transition */
};

/* Takes one finished line without a newline. */
typedef void log_sink_fn(void *arg, enum log_level level, const char *line);

/* level: the least grave that is still written. */
void log_set_level(enum log_level level);
enum log_level log_get_level(void);

/* The name of a level: "error" … "debug". */
const char *log_level_name(enum log_level level);

/* And back. 0 or -EINVAL. */
int log_level_parse(const char *name, enum log_level *out);

/*
 * Where lines go. sink NULL: standard error, "itgtd: " in front, or, with
 * journal set, the "<N>" priority prefix of sd-daemon(3) instead.
 */
void log_set_sink(log_sink_fn *sink, void *arg);
void log_set_journal(bool journal);

/* "<3>" and so on when standard error is the journal, else "": for lines that are not written here.
 */
const char *log_priority(enum log_level level);

static inline bool log_wants(enum log_level level)
{
	return level <= log_get_level();
}

void log_write(enum log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#define log_error(...)   log_write(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log_write(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_notice(...)  log_write(LOG_LEVEL_NOTICE, __VA_ARGS__)
#define log_info(...)    log_write(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...)                                           \
	do {                                                     \
		if (log_wants(LOG_LEVEL_DEBUG))                  \
			log_write(LOG_LEVEL_DEBUG, __VA_ARGS__); \
	} while (0)

/*
 * A limit for lines that somebody else can provoke as often as he likes: LOG_RATE_MAX
 * of them in a span of time, then their number. All zero at first.
 */
#define LOG_RATE_MAX 20

struct log_rate {
	uint64_t since_ms; /* when this span began */
	uint32_t span_ms;  /* 0: a second */
	uint32_t passed;
	uint32_t withheld;
};

/*
 * May one more line be written at now_ms, which may be somewhat in the past? what names such lines
 * in the line that tells how many were withheld, which is written when the next span brings
 * another.
 */
bool log_rate_pass(struct log_rate *r, uint64_t now_ms, const char *what);

/*
 * Write text of len bytes into dst between double quotes, with quotes, backslashes,
 * control and non-ASCII bytes escaped (\" \\ \xNN), cut with … when it does not fit.
 * size must be at least 8. Returns dst.
 */
char *log_quote(char *dst, size_t size, const char *text, size_t len);

#endif
