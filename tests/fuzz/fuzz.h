/* What all fuzzers share: bytes that decide, and checks that say what broke. */
#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* libFuzzer's door. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What holds for every input. Says what did not, and ends the program. */
#define MUST(what, ...)                                                                    \
	do {                                                                               \
		if (!(what)) {                                                             \
			fprintf(stderr, "%s:%d: not so: %s: ", __FILE__, __LINE__, #what); \
			fprintf(stderr, __VA_ARGS__);                                      \
			fputc('\n', stderr);                                               \
			abort();                                                           \
		}                                                                          \
	} while (0)

static inline uint32_t min32(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* The input, taken from the front. An empty one gives zeros: what is short still means something.
 */
struct feed {
	const uint8_t *p;
	size_t left;
};

static inline uint8_t feed_u8(struct feed *f)
{
	if (!f->left)
		return 0;
	f->left--;
	return *f->p++;
}

/* What to add to a number for one near it: -128 to 127. */
static inline uint32_t feed_near(struct feed *f)
{
	int32_t step = (int8_t)feed_u8(f);

	return (uint32_t)step;
}

static inline uint16_t feed_u16(struct feed *f)
{
	uint8_t high = feed_u8(f);

	return (uint16_t)(high << 8 | feed_u8(f));
}

static inline uint32_t feed_u32(struct feed *f)
{
	uint32_t high = feed_u16(f);

	return high << 16 | feed_u16(f);
}

/* len bytes into dst; zeros where the input is over. */
static inline void feed_bytes(struct feed *f, uint8_t *dst, size_t len)
{
	size_t n = len < f->left ? len : f->left;

	if (n)
		memcpy(dst, f->p, n);
	memset(dst + n, 0, len - n);
	f->p += n;
	f->left -= n;
}

/* A copy with nothing behind its end, where a sanitizer sees a byte too many. The caller frees it.
 */
static inline void *fuzz_exact(const void *p, size_t len)
{
	void *copy = malloc(len ? len : 1);

	MUST(copy, "memory");
	if (len)
		memcpy(copy, p, len);
	return copy;
}

#endif
