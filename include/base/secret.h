/* Bytes that must not leak: wiped when done with, compared in constant time, in no core dump. */
#ifndef BASE_SECRET_H
#define BASE_SECRET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SECRET_MAX 255 /* bytes */

struct secret {
	uint8_t bytes[SECRET_MAX];
	uint8_t len; /* 0: there is none */
};

/* 0; -EINVAL when empty, -E2BIG when longer than SECRET_MAX; s then holds none. */
int secret_set(struct secret *s, const void *bytes, size_t len);

/*
 * Read the first line of a file, without its end of line. The file must be a
 * regular one that others can neither read nor write.
 * 0 or -errno, also those of regular_open(); -EPERM: its mode is too open;
 * -EINVAL: empty; -E2BIG: too long. s then holds none.
 */
int secret_read(struct secret *s, const char *path);

void secret_wipe(struct secret *s);

/* Compare len bytes in a time that depends on len only. */
bool secret_equal(const void *a, const void *b, size_t len);

#endif
