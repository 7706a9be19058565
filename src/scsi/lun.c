#include "scsi/lun.h"

#include "base/bytes.h"

#include <errno.h>
#include <string.h>

/* SAM-5, 4.7.7.1: ADDRESS METHOD, the upper two bits */
#define METHOD_PERIPHERAL 0x00
#define METHOD_FLAT       0x40

int scsi_lun_get(const uint8_t lun[static 8], uint32_t *out)
{
	if (be16(lun + 2) || be32(lun + 4))
		return -EINVAL; /* a second level */
	switch (lun[0] & 0xc0) {
	case METHOD_PERIPHERAL:
		if (lun[0])
			return -EINVAL; /* another bus */
		*out = lun[1];
		return 0;
	case METHOD_FLAT: *out = be16(lun) & 0x3fff; return 0;
	default: return -EINVAL;
	}
}

void scsi_lun_put(uint8_t lun[static 8], uint32_t number)
{
	memset(lun, 0, 8);
	put_be16(lun, (uint16_t)(number < 256 ? number : METHOD_FLAT << 8 | number));
}
