/* "iscsi://HOST[:PORT]/TARGET-NAME/LUN", as the daemon's ready line and the tools write it. */
#ifndef INITIATOR_INI_URL_H
#define INITIATOR_INI_URL_H

#include "wire/text.h"

#include <stdint.h>

#define INI_HOST_MAX 256 /* bytes with the ending zero */

struct ini_url {
	char host[INI_HOST_MAX]; /* an IPv6 address without its brackets */
	char port[8];            /* "3260" where none stands */
	char target[TEXT_NAME_MAX + 1];
	uint16_t lun;
};

/* text ends at a zero byte, a space or a newline. 0 or -EINVAL. Pure. */
int ini_url_parse(const char *text, struct ini_url *out);

/* "HOST[:PORT]" alone, ending there or at a slash. *end (may be NULL) is that place.
 */
int ini_url_parse_portal(const char *text, struct ini_url *out, const char **end);

#endif
