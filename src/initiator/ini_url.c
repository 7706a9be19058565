#include "initiator/ini_url.h"

#include "initiator/ini_scsi.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#define SCHEME       "iscsi://"
#define DEFAULT_PORT "3260"
#define ENDS         " \n" /* what may stand behind it in a line */

/* Copy the len bytes at from. 0; -EINVAL when there are none or too many. */
static int copy(char *to, size_t size, const char *from, size_t len)
{
	if (!len || len >= size)
		return -EINVAL;
	memcpy(to, from, len);
	to[len] = '\0';
	return 0;
}

static bool ends_at(const char *p)
{
	return !*p || strchr(ENDS, *p);
}

/* A decimal number up to most, with nothing behind it. 0 or -EINVAL. */
static int number(const char *text, uint32_t most, uint32_t *out)
{
	const char *p;
	uint32_t n = 0;

	for (p = text; *p >= '0' && *p <= '9' && n <= most; p++)
		n = n * 10 + (uint32_t)(*p - '0');
	if (p == text || n > most || !ends_at(p))
		return -EINVAL;
	*out = n;
	return 0;
}

int ini_url_parse_portal(const char *text, struct ini_url *out, const char **end)
{
	const char *close = *text == '[' ? strchr(text, ']') : NULL;
	const char *host = close ? text + 1 : text, *rest;
	size_t len = close ? (size_t)(close - host) : strcspn(host, ":/" ENDS);
	uint32_t n = 1;

	if (copy(out->host, sizeof(out->host), host, len) < 0)
		return -EINVAL;
	rest = close ? close + 1 : host + len;
	strcpy(out->port, DEFAULT_PORT);
	if (*rest == ':') {
		len = strcspn(++rest, "/" ENDS);
		if (copy(out->port, sizeof(out->port), rest, len) < 0 ||
		    number(out->port, 65535, &n) < 0 || !n)
			return -EINVAL;
		rest += len;
	}
	if (*rest != '/' && !ends_at(rest))
		return -EINVAL;
	if (end)
		*end = rest;
	return 0;
}

int ini_url_parse(const char *text, struct ini_url *out)
{
	const char *at;
	uint32_t lun;
	size_t len;

	if (strncmp(text, SCHEME, strlen(SCHEME)) != 0 ||
	    ini_url_parse_portal(text + strlen(SCHEME), out, &at) < 0 || *at != '/')
		return -EINVAL;
	len = strcspn(++at, "/" ENDS);
	if (at[len] != '/' || copy(out->target, sizeof(out->target), at, len) < 0 ||
	    number(at + len + 1, INI_LUN_MAX, &lun) < 0)
		return -EINVAL;
	out->lun = (uint16_t)lun;
	return 0;
}
