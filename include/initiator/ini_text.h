/* Text of any length: key=value pairs, each ended by a zero byte (RFC 7143, 6.1). */
#ifndef INITIATOR_INI_TEXT_H
#define INITIATOR_INI_TEXT_H

#include <stdbool.h>
#include <stddef.h>

struct ini_text {
	char *buf;   /* owns; NULL while it is empty and never grew */
	size_t len;  /* bytes */
	size_t size; /* bytes at buf */
};

void ini_text_init(struct ini_text *t);
void ini_text_free(struct ini_text *t);

/* Forget what is in it, keep the memory. */
void ini_text_clear(struct ini_text *t);

/* Append bytes as they are. 0 or -ENOMEM. */
int ini_text_append(struct ini_text *t, const void *bytes, size_t len);

/* Append "key=value" and its zero byte. 0 or -ENOMEM. */
int ini_text_add(struct ini_text *t, const char *key, const char *value);

/* Append pairs written a line each: "Key=value\nKey=value\n". NULL adds nothing. 0 or -ENOMEM. */
int ini_text_add_lines(struct ini_text *t, const char *lines);

/* The value of the n-th pair with that key (0: the first), or NULL. Borrowed until t changes. */
const char *ini_text_get(const struct ini_text *t, const char *key, size_t n);

/* Is all of it well formed? */
bool ini_text_is_sound(const struct ini_text *t);

/* How many pairs have that key. */
size_t ini_text_count(const struct ini_text *t, const char *key);

#endif
