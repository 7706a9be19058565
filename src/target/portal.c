#include "target/portal.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

/* The longest address without port and brackets, with the ending zero. */
#define HOST_MAX INET6_ADDRSTRLEN

static const struct sockaddr_in *in4(const struct portal_addr *a)
{
	return (const struct sockaddr_in *)&a->sa;
}

static const struct sockaddr_in6 *in6(const struct portal_addr *a)
{
	return (const struct sockaddr_in6 *)&a->sa;
}

/* One to five digits, up to 65535. */
static int port_parse(const char *text, uint16_t *port)
{
	size_t digits = strspn(text, "0123456789");
	unsigned long v = 0;

	if (digits == 0 || digits > 5 || text[digits])
		return -EINVAL;
	for (; *text; text++)
		v = v * 10 + (unsigned long)(*text - '0');
	if (v > UINT16_MAX)
		return -EINVAL;
	*port = (uint16_t)v;
	return 0;
}

/*
 * Cut text into address and port. Without brackets two colons make it an IPv6
 * address: only brackets can then part it from a port.
 */
static int split(const char *text, char host[static HOST_MAX], uint16_t *port)
{
	const char *start = text, *end, *colon;
	size_t len;

	if (*text == '[') {
		start = text + 1;
		end = strchr(start, ']');
		if (!end || (end[1] && end[1] != ':'))
			return -EINVAL;
		colon = end[1] ? end + 1 : NULL;
	} else {
		colon = strchr(text, ':');
		if (colon && strchr(colon + 1, ':'))
			colon = NULL;
		end = colon ? colon : text + strlen(text);
	}
	len = (size_t)(end - start);
	if (len >= HOST_MAX)
		return -EINVAL;
	memcpy(host, start, len);
	host[len] = '\0';
	*port = PORTAL_DEFAULT_PORT;
	return colon ? port_parse(colon + 1, port) : 0;
}

int portal_addr_parse(const char *text, struct portal_addr *out)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };
	char host[HOST_MAX];
	uint16_t port;

	if (split(text, host, &port))
		return -EINVAL;
	memset(out, 0, sizeof(*out));
	if (*text != '[' && inet_pton(AF_INET, host, &v4.sin_addr) == 1) {
		memcpy(&out->sa, &v4, sizeof(v4));
		out->len = sizeof(v4);
	} else if (inet_pton(AF_INET6, host, &v6.sin6_addr) == 1) {
		memcpy(&out->sa, &v6, sizeof(v6));
		out->len = sizeof(v6);
	} else {
		return -EINVAL;
	}
	portal_addr_set_port(out, port);
	return 0;
}

int portal_addr_parse_whole(const char *text, struct portal_addr *out)
{
	const char *colon = strrchr(text, ':');

	if (!colon || (*text == '[' && colon[-1] != ']') ||
	    (*text != '[' && strchr(text, ':') != colon))
		return -EINVAL;
	return portal_addr_parse(text, out);
}

const uint8_t *portal_addr_bytes(const struct portal_addr *a, size_t *len)
{
	const uint8_t *p;

	*len = 0;
	if (a->sa.ss_family == AF_INET) {
		*len = 4;
		return (const uint8_t *)&in4(a)->sin_addr;
	}
	if (a->sa.ss_family != AF_INET6)
		return NULL;
	p = in6(a)->sin6_addr.s6_addr;
	*len = IN6_IS_ADDR_V4MAPPED(&in6(a)->sin6_addr) ? 4 : 16;
	return p + 16 - *len;
}

char *portal_addr_format(char dst[static PORTAL_TEXT_MAX], const struct portal_addr *a)
{
	char host[HOST_MAX];
	size_t len;
	const uint8_t *bytes = portal_addr_bytes(a, &len);

	if (len == 4 && inet_ntop(AF_INET, bytes, host, sizeof(host)))
		snprintf(dst, PORTAL_TEXT_MAX, "%s:%u", host, portal_addr_port(a));
	else if (len == 16 && inet_ntop(AF_INET6, bytes, host, sizeof(host)))
		snprintf(dst, PORTAL_TEXT_MAX, "[%s]:%u", host, portal_addr_port(a));
	else
		snprintf(dst, PORTAL_TEXT_MAX, "?");
	return dst;
}

bool portal_addr_is_any(const struct portal_addr *a)
{
	static const uint8_t zero[16];
	size_t len;
	const uint8_t *bytes = portal_addr_bytes(a, &len);

	return bytes && memcmp(bytes, zero, len) == 0;
}

bool portal_addr_equal(const struct portal_addr *a, const struct portal_addr *b)
{
	size_t alen, blen;
	const uint8_t *abytes = portal_addr_bytes(a, &alen);
	const uint8_t *bbytes = portal_addr_bytes(b, &blen);

	return alen == blen && alen > 0 && memcmp(abytes, bbytes, alen) == 0 &&
	       portal_addr_port(a) == portal_addr_port(b);
}

uint16_t portal_addr_port(const struct portal_addr *a)
{
	if (a->sa.ss_family == AF_INET)
		return ntohs(in4(a)->sin_port);
	if (a->sa.ss_family == AF_INET6)
		return ntohs(in6(a)->sin6_port);
	return 0;
}

void portal_addr_set_port(struct portal_addr *a, uint16_t port)
{
	if (a->sa.ss_family == AF_INET)
		((struct sockaddr_in *)&a->sa)->sin_port = htons(port);
	else if (a->sa.ss_family == AF_INET6)
		((struct sockaddr_in6 *)&a->sa)->sin6_port = htons(port);
}
