/* Text: key=value pairs, each ended by a zero byte (RFC 7143, 6.1). Pure. */
#ifndef WIRE_TEXT_H
#define WIRE_TEXT_H

#include <stddef.h>

#define TEXT_KEY_MAX   63   /* bytes of a key name (6.1) */
#define TEXT_VALUE_MAX 8192 /* bytes of a value; 6.1 asks for 255 but for what says otherwise */
#define TEXT_NAME_MAX  223  /* bytes of an iSCSI name (4.2.7.1) */

struct text_pair {
	const char *key; /* borrowed from the buffer; not ended by zero */
	size_t key_len;
	const char *value; /* borrowed; ended by zero */
	size_t value_len;
};

enum text_next { TEXT_PAIR, TEXT_END, TEXT_BAD };

/*
 * Take the next pair at *pos of a buffer and move *pos on. Empty strings
 * between pairs (padding) are passed over. TEXT_BAD: no '=', an empty or too
 * long key, a key with a byte outside of 6.1's standard-label, a value too long,
 * or a last pair without its zero byte.
 */
enum text_next text_next(const char *buf, size_t len, size_t *pos, struct text_pair *out);

/* Where text is written to: never beyond size. Once a pair did not fit, full is set and nothing is
 * added any more. */
struct text_out {
	char *buf;
	size_t size; /* bytes */
	size_t len;
	int full;
};

void text_add(struct text_out *o, const char *key, const char *value);
void text_addf(struct text_out *o, const char *key, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#endif
