#include "initiator/ini_text.h"

#include "wire/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_START 512 /* bytes of the first allocation */

void ini_text_init(struct ini_text *t)
{
	*t = (struct ini_text){ 0 };
}

void ini_text_free(struct ini_text *t)
{
	free(t->buf);
	ini_text_init(t);
}

void ini_text_clear(struct ini_text *t)
{
	t->len = 0;
}

int ini_text_append(struct ini_text *t, const void *bytes, size_t len)
{
	size_t size = t->size ? t->size : TEXT_START;
	char *buf;

	if (!len)
		return 0;
	while (size - t->len < len)
		size *= 2;
	if (size != t->size) {
		buf = realloc(t->buf, size);
		if (!buf)
			return -ENOMEM;
		t->buf = buf;
		t->size = size;
	}
	memcpy(t->buf + t->len, bytes, len);
	t->len += len;
	return 0;
}

int ini_text_add(struct ini_text *t, const char *key, const char *value)
{
	size_t before = t->len;

	if (ini_text_append(t, key, strlen(key)) == 0 && ini_text_append(t, "=", 1) == 0 &&
	    ini_text_append(t, value, strlen(value) + 1) == 0)
		return 0;
	t->len = before;
	return -ENOMEM;
}

int ini_text_add_lines(struct ini_text *t, const char *lines)
{
	size_t len;

	for (; lines && *lines; lines += len + (lines[len] == '\n')) {
		len = strcspn(lines, "\n");
		if (ini_text_append(t, lines, len) < 0 || ini_text_append(t, "", 1) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* Go through all pairs: the value of the n-th with key, and how many there are. */
static const char *find(const struct ini_text *t, const char *key, size_t n, size_t *count)
{
	size_t key_len = strlen(key);
	const char *value = NULL;
	struct text_pair pair;
	size_t pos = 0;

	*count = 0;
	while (text_next(t->buf, t->len, &pos, &pair) == TEXT_PAIR) {
		if (pair.key_len != key_len || memcmp(pair.key, key, key_len) != 0)
			continue;
		if (*count == n)
			value = pair.value;
		++*count;
	}
	return value;
}

const char *ini_text_get(const struct ini_text *t, const char *key, size_t n)
{
	size_t count;

	return find(t, key, n, &count);
}

size_t ini_text_count(const struct ini_text *t, const char *key)
{
	size_t count;

	find(t, key, 0, &count);
	return count;
}

bool ini_text_is_sound(const struct ini_text *t)
{
	enum text_next next = TEXT_PAIR;
	struct text_pair pair;
	size_t pos = 0;

	while (next == TEXT_PAIR)
		next = text_next(t->buf, t->len, &pos, &pair);
	return next == TEXT_END;
}
