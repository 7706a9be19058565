#include "wire/text.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* 6.1: letters, digits and ". - + @ _", and the "#" of names like X#NodeArchitecture. */
static bool is_key_byte(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
	       (c != '\0' && strchr(".-+@_#", c));
}

static bool is_key(const char *key, size_t len)
{
	size_t i;

	if (len == 0 || len > TEXT_KEY_MAX)
		return false;
	for (i = 0; i < len; i++) {
		if (!is_key_byte(key[i]))
			return false;
	}
	return true;
}

enum text_next text_next(const char *buf, size_t len, size_t *pos, struct text_pair *out)
{
	const char *pair, *end, *equals;

	while (*pos < len && buf[*pos] == '\0')
		(*pos)++;
	if (*pos >= len)
		return TEXT_END;
	pair = buf + *pos;
	end = memchr(pair, '\0', len - *pos);
	if (!end)
		return TEXT_BAD;
	equals = memchr(pair, '=', (size_t)(end - pair));
	if (!equals || !is_key(pair, (size_t)(equals - pair)))
		return TEXT_BAD;
	if (end - (equals + 1) > TEXT_VALUE_MAX)
		return TEXT_BAD;
	*out = (struct text_pair){
		.key = pair,
		.key_len = (size_t)(equals - pair),
		.value = equals + 1,
		.value_len = (size_t)(end - (equals + 1)),
	};
	*pos = (size_t)(end + 1 - buf);
	return TEXT_PAIR;
}

void text_add(struct text_out *o, const char *key, const char *value)
{
	text_addf(o, key, "%s", value);
}

/* Did n characters and their zero byte, by snprintf()'s count, have room? */
static bool had_room(int n, size_t room)
{
	return n >= 0 && (size_t)n < room;
}

void text_addf(struct text_out *o, const char *key, const char *fmt, ...)
{
	size_t at = o->len;
	va_list ap;
	int n;

	if (o->full)
		return;
	o->full = 1; /* until all of it has found room */
	n = snprintf(o->buf + at, o->size - at, "%s=", key);
	if (!had_room(n, o->size - at))
		return;
	at += (size_t)n;
	va_start(ap, fmt);
	n = vsnprintf(o->buf + at, o->size - at, fmt, ap);
	va_end(ap);
	if (!had_room(n, o->size - at))
		return;
	o->len = at + (size_t)n + 1;
	o->full = 0;
}
