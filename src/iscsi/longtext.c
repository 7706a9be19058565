#include "iscsi/longtext.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int longtext_add(struct longtext *t, const uint8_t *data, uint32_t len)
{
	char *buf;

	if (len > LONGTEXT_MAX - t->len)
		return -E2BIG;
	buf = realloc(t->buf, t->len + len + 1);
	if (!buf)
		return -ENOMEM;
	t->buf = buf;
	if (len)
		memcpy(buf + t->len, data, len);
	t->len += len;
	return 0;
}

void longtext_free(struct longtext *t)
{
	free(t->buf);
	*t = (struct longtext){ 0 };
}
