#include "scsi/tid.h"

#include "base/bytes.h"

#include <errno.h>
#include <string.h>

/* SPC-5, 7.6.4.6: TPID FORMAT in the upper two bits, the protocol of our ports below. */
#define FORMAT_DEVICE 0x05
#define FORMAT_PORT   0x45

#define HEADER_LEN 4
#define TEXT_MAX   (TID_MAX - HEADER_LEN) /* with the ending zero */
#define SEPARATOR  ",i,0x"

static uint8_t lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 'a' - 'A') : c;
}

/* The one spelling of a text of len bytes, which is shorter than TEXT_MAX. */
static void put(struct tid *out, uint8_t format, const uint8_t *text, size_t len)
{
	size_t padded = (len + 4) & ~(size_t)3; /* one zero at least */
	size_t i;

	if (padded < TID_MIN - HEADER_LEN)
		padded = TID_MIN - HEADER_LEN;
	memset(out, 0, sizeof(*out));
	out->len = (uint16_t)(HEADER_LEN + padded);
	out->bytes[0] = format;
	put_be16(out->bytes + 2, (uint16_t)padded);
	for (i = 0; i < len; i++)
		out->bytes[HEADER_LEN + i] = lower(text[i]);
}

int tid_make(struct tid *out, const char *port_name)
{
	size_t len = strlen(port_name);

	if (len >= TEXT_MAX)
		return -EINVAL;
	put(out, FORMAT_PORT, (const uint8_t *)port_name, len);
	return 0;
}

/* Does the text name a port: a device name, the separator, hexadecimal digits? */
static bool is_port_name(const uint8_t *text, size_t len)
{
	const uint8_t *at = memmem(text, len, SEPARATOR, strlen(SEPARATOR));
	size_t digits;

	if (!at || at == text)
		return false;
	at += strlen(SEPARATOR);
	digits = strspn((const char *)at, "0123456789abcdefABCDEF"); /* a zero follows the text */
	return digits > 0 && digits == len - (size_t)(at - text);
}

enum tid_fault tid_get(struct tid *out, const uint8_t *p, size_t room, size_t *used)
{
	const uint8_t *text = p + HEADER_LEN;
	size_t len;
	size_t text_len;

	if (room < TID_MIN)
		return TID_CUT;
	if (p[0] != FORMAT_DEVICE && p[0] != FORMAT_PORT)
		return TID_BAD; /* another protocol, or a reserved bit */
	len = be16(p + 2);
	if (len % 4 || len < TID_MIN - HEADER_LEN)
		return TID_BAD;
	if (len > room - HEADER_LEN)
		return TID_CUT;
	text_len = strnlen((const char *)text, len);
	if (text_len == len || text_len >= TEXT_MAX || !text_len)
		return TID_BAD;
	if (is_port_name(text, text_len) != (p[0] == FORMAT_PORT))
		return TID_BAD;
	put(out, p[0], text, text_len);
	*used = HEADER_LEN + len;
	return TID_OK;
}

bool tid_is_device(const struct tid *t)
{
	return t->bytes[0] == FORMAT_DEVICE;
}

bool tid_same(const struct tid *a, const struct tid *b)
{
	return a->len == b->len && !memcmp(a->bytes, b->bytes, a->len);
}

bool tid_has_port(const struct tid *device, const struct tid *port)
{
	const char *name = (const char *)device->bytes + HEADER_LEN;
	const char *of = (const char *)port->bytes + HEADER_LEN;
	size_t len = strlen(name);

	return !strncmp(name, of, len) && !strncmp(of + len, SEPARATOR, strlen(SEPARATOR));
}
