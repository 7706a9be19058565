#include "scsi/inquiry.h"

#include "base/bytes.h"
#include "scsi/finish.h"
#include "scsi/lu.h"
#include "scsi/vpd.h"

#include <string.h>

#define STANDARD_LEN  96
#define NO_PERIPHERAL 0x7f /* qualifier 011b, type 1Fh: no logical unit can be there */
#define REVISION      "0001"

#define SBC_3 0x04c0
#define MMC_6 0x04e0

/* SPC-5, table 146: the standards claimed, beside the device type's own */
static const uint16_t versions[] = {
	0x00a0, /* SAM-5 */
	0x0460, /* SPC-4 */
	0x0000, /* in its place: the device type's */
	0x0960, /* the transport of RFC 7143 */
};

static void put_padded(uint8_t *p, size_t len, const char *text)
{
	memset(p, ' ', len);
	memcpy(p, text, strnlen(text, len));
}

/* SPC-5, 6.6.2 */
static void put_standard(const struct scsi_lu *lu, uint8_t *p)
{
	bool is_disk = !lu || lu->opt.type == SCSI_DISK;
	size_t i;

	memset(p, 0, STANDARD_LEN);
	if (lu && lu->opt.removable)
		p[1] = 0x80; /* RMB */
	p[2] = 0x06;         /* VERSION: SPC-4 */
	p[3] = 0x12;         /* HISUP, RESPONSE DATA FORMAT 2 */
	p[4] = STANDARD_LEN - 5;
	if (lu)
		p[5] = is_disk ? 0x38 : 0x10; /* TPGS: implicit, and explicit; 3PC */
	p[6] = 0x10;                          /* MULTIP: there may be several ports */
	p[7] = 0x02;                          /* CMDQUE */
	put_padded(p + 8, SCSI_VENDOR_LEN, lu ? lu->opt.vendor : "");
	put_padded(p + 16, SCSI_PRODUCT_LEN, lu ? lu->opt.product : "");
	put_padded(p + 32, 4, REVISION);
	for (i = 0; i < sizeof(versions) / sizeof(versions[0]); i++)
		put_be16(p + 58 + 2 * i, versions[i] ? versions[i] : is_disk ? SBC_3 : MMC_6);
}

void inquiry(struct scsi_task *t)
{
	bool evpd = t->cdb[1] & 0x01;
	uint8_t code = t->cdb[2];
	uint8_t *p = t->buf->data;
	uint32_t len = STANDARD_LEN;

	if (evpd)
		len = vpd_page(t, code, p);
	else if (code == 0)
		put_standard(t->lu, p);
	else
		len = 0;
	if (!len) {
		finish_cdb_field(t, 2, 7); /* PAGE CODE */
		return;
	}
	p[0] = t->lu ? t->lu->opt.type : NO_PERIPHERAL;
	finish_alloc(t, len);
}
