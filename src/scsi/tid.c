#include "scsi/tid.h"

#include "base/bytes.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* SPC-5, 7.6.4.6: TPID FORMAT in the upper two bits, the protocol of our ports below. */
#define FORMAT_DEVICE 0x05
#define FORMAT_PORT   0x45

#define HEADER_LEN 4
#define TEXT_MAX   (TID_MAX - HEADER_LEN) /* with the ending zero */
#define SEPARATOR  ",i,0x"

/* RFC 7143, 11.12.5: 48 bits */
#define ISID_DIGITS 12
#define ISID_MAX    0xffffffffffff
#define HEX         "0123456789abcdefABCDEF"

static uint8_t lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 'a' - 'A') : c;
}

/*
 * The one spelling of a name and what follows it. False: it is longer than any can be. A
 * name of other scripts comes in the form of RFC 3722, as RFC 7143 has all names transmitted.
 */
static bool put(struct tid *out, uint8_t format, const uint8_t *name, size_t len, const char *end)
{
	size_t end_len = strlen(end);
	size_t padded = (len + end_len + 4) & ~(size_t)3; /* one zero at least */
	size_t i;

	if (len + end_len >= TEXT_MAX)
		return false;
	if (padded < TID_MIN - HEADER_LEN)
		padded = TID_MIN - HEADER_LEN;
	memset(out, 0, sizeof(*out));
	out->len = (uint16_t)(HEADER_LEN + padded);
	out->bytes[0] = format;
	put_be16(out->bytes + 2, (uint16_t)padded);
	for (i = 0; i < len; i++)
		out->bytes[HEADER_LEN + i] = lower(name[i]);
	memcpy(out->bytes + HEADER_LEN + len, end, end_len);
	return true;
}

static bool put_device(struct tid *out, const char *text)
{
	return !strstr(text, SEPARATOR) &&
	       put(out, FORMAT_DEVICE, (const uint8_t *)text, strlen(text), "");
}

/* The text of a port: a device name, the separator, an ISID in hexadecimal digits. */
static bool put_port(struct tid *out, const char *text)
{
	const char *at = strstr(text, SEPARATOR);
	const char *digits = at ? at + strlen(SEPARATOR) : "";
	char end[sizeof(SEPARATOR) + ISID_DIGITS];
	uint64_t isid;

	if (at == text || !*digits || digits[strspn(digits, HEX)])
		return false;
	isid = strtoull(digits, NULL, 16); /* the highest number when it is too large for it */
	if (isid > ISID_MAX)
		return false;
	snprintf(end, sizeof(end), SEPARATOR "%0*" PRIx64, ISID_DIGITS, isid);
	return put(out, FORMAT_PORT, (const uint8_t *)text, (size_t)(at - text), end);
}

int tid_make(struct tid *out, const char *port_name)
{
	return put_port(out, port_name) ? 0 : -EINVAL;
}

enum tid_fault tid_get(struct tid *out, const uint8_t *p, size_t room, size_t *used)
{
	const char *text = (const char *)p + HEADER_LEN;
	bool is_good;
	size_t len;

	if (room < TID_MIN)
		return TID_CUT;
	if (p[0] != FORMAT_DEVICE && p[0] != FORMAT_PORT)
		return TID_BAD; /* another protocol, or a reserved bit */
	len = be16(p + 2);
	if (len % 4 || len < TID_MIN - HEADER_LEN)
		return TID_BAD;
	if (len > room - HEADER_LEN)
		return TID_CUT;
	if (!*text || strnlen(text, len) == len)
		return TID_BAD;
	is_good = p[0] == FORMAT_PORT ? put_port(out, text) : put_device(out, text);
	if (!is_good)
		return TID_BAD;
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
