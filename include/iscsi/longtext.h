/* The text of a request that comes in several PDUs (RFC 7143, 6.2: the C bit). */
#ifndef ISCSI_LONGTEXT_H
#define ISCSI_LONGTEXT_H

#include <stddef.h>
#include <stdint.h>

#define LONGTEXT_MAX ((size_t)64 * 1024) /* bytes of keys in one request */

struct longtext {
	char *buf; /* owns; NULL: nothing yet */
	size_t len;
};

/* Append the text of a PDU. 0; -E2BIG: more than LONGTEXT_MAX in all; -ENOMEM. */
int longtext_add(struct longtext *t, const uint8_t *data, uint32_t len);

/* Empty again. */
void longtext_free(struct longtext *t);

#endif
