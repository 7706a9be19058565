#include "iscsi/quirks.h"

#include <stddef.h>
#include <string.h>

static const struct quirk {
	const char *prefix; /* of the initiator's name */
	uint32_t quirks;
} table[] = {
	{ "iqn.1998-01.com.vmware:", QUIRK_DONE_IS_ABORTED },
};

uint32_t quirks_of(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		if (!strncmp(name, table[i].prefix, strlen(table[i].prefix)))
			return table[i].quirks;
	}
	return 0;
}
