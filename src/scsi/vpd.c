#include "scsi/vpd.h"

#include "base/bytes.h"
#include "scsi/device.h"
#include "scsi/limits.h"
#include "scsi/lu.h"
#include "scsi/nexus.h"
#include "scsi/task.h"
#include "scsi/thin.h"
#include "scsi/xcopy_list.h"

#include <string.h>

#define HEADER_LEN   4
#define PORT_LEN_MAX 268 /* of a descriptor in the page 88h */
#define OWN_MAX      (4 + SCSI_VENDOR_LEN + SCSI_SERIAL_MAX + 4 + SCSI_NAA_LEN)
#define SBC_LEN      60 /* of the pages B0h and B1h: what follows the header */

/* Fills what follows the header; p is zero. Returns its bytes. */
typedef uint32_t page_fn(const struct scsi_task *t, uint8_t *p);

struct page {
	uint8_t code;
	bool thin_only; /* is there on thin provisioned media only */
	page_fn *put;
};

/* 7.7.19 Unit Serial Number */
static uint32_t put_serial(const struct scsi_task *t, uint8_t *p)
{
	size_t len = strlen(t->lu->opt.serial);

	memcpy(p, t->lu->opt.serial, len);
	return (uint32_t)len;
}

enum code_set { CODE_BINARY = 1, CODE_ASCII = 2, CODE_UTF8 = 3 };

enum association { ASSOC_LU = 0x00, ASSOC_PORT = 0x10, ASSOC_DEVICE = 0x20 };

enum designator {
	DESIGNATOR_T10 = 0x1,
	DESIGNATOR_NAA = 0x3,
	DESIGNATOR_REL_PORT = 0x4,
	DESIGNATOR_PORT_GROUP = 0x5,
	DESIGNATOR_NAME = 0x8,
};

/* The protocol of our ports (SPC-5, table 477): RFC 7143's */
#define PROTOCOL_ID 0x5
#define PIV         0x80

/* 7.7.6.1: the header of a designator that takes len bytes. */
static uint8_t *put_designator(uint8_t *p, uint8_t set, uint8_t assoc, uint8_t type, size_t len)
{
	p[0] = set;
	p[1] = (uint8_t)(assoc | type);
	if (assoc != ASSOC_LU) {
		p[0] |= PROTOCOL_ID << 4;
		p[1] |= PIV;
	}
	p[3] = (uint8_t)len;
	return p + 4;
}

/* 7.7.6.11: SCSI name string, padded with zeros to a multiple of four, one of them at least. */
static uint8_t *put_name(uint8_t *p, uint8_t assoc, const char *name)
{
	size_t len = strnlen(name, 251);
	size_t padded = (len + 4) & ~(size_t)3;

	memcpy(put_designator(p, CODE_UTF8, assoc, DESIGNATOR_NAME, padded), name, len);
	return p + 4 + padded;
}

/* The designators of the logical unit itself. Returns where they end. */
static uint8_t *put_own_designators(const struct scsi_lu *lu, uint8_t *p)
{
	size_t serial = strlen(lu->opt.serial);
	uint8_t *id;

	id = put_designator(p, CODE_ASCII, ASSOC_LU, DESIGNATOR_T10, SCSI_VENDOR_LEN + serial);
	memset(id, ' ', SCSI_VENDOR_LEN);
	memcpy(id, lu->opt.vendor, strlen(lu->opt.vendor));
	memcpy(id + SCSI_VENDOR_LEN, lu->opt.serial, serial);
	p = id + SCSI_VENDOR_LEN + serial;

	id = put_designator(p, CODE_BINARY, ASSOC_LU, DESIGNATOR_NAA, SCSI_NAA_LEN);
	memcpy(id, lu->naa, SCSI_NAA_LEN);
	return id + SCSI_NAA_LEN;
}

bool vpd_is_named(const struct scsi_lu *lu, const uint8_t *designator)
{
	uint8_t own[OWN_MAX] = { 0 };
	const uint8_t *end = put_own_designators(lu, own);
	const uint8_t *p;

	for (p = own; p < end; p += 4 + p[3]) {
		if (p[0] == (designator[0] & 0x0f) && p[1] == (designator[1] & 0x3f) &&
		    p[3] == designator[3] && memcmp(p + 4, designator + 4, p[3]) == 0)
			return true;
	}
	return false;
}

/* 7.7.6 Device Identification */
static uint32_t put_identification(const struct scsi_task *t, uint8_t *p)
{
	const struct scsi_tport *port = &t->nexus->tport;
	uint8_t *start = p;
	uint8_t *id;

	p = put_own_designators(t->lu, p);
	id = put_designator(p, CODE_BINARY, ASSOC_PORT, DESIGNATOR_REL_PORT, 4);
	put_be16(id + 2, port->rel_id);
	p = id + 4;

	id = put_designator(p, CODE_BINARY, ASSOC_PORT, DESIGNATOR_PORT_GROUP, 4);
	put_be16(id + 2, port->group);
	p = id + 4;

	p = put_name(p, ASSOC_PORT, port->name);
	p = put_name(p, ASSOC_DEVICE, t->nexus->device->name);
	return (uint32_t)(p - start);
}

/* 7.7.7 Extended INQUIRY Data */
static uint32_t put_extended(const struct scsi_task *t, uint8_t *p)
{
	p[1] = 0x07; /* HEADSUP, ORDSUP, SIMPSUP */
	if (t->lu->opt.write_cache)
		p[2] = 0x01; /* V_SUP: the cache is volatile */
	p[3] = 0x01;         /* LUICLR: unit attentions are each nexus's own */
	return 60;
}

/* 7.7.10 Management Network Addresses: it is managed on its own machine only. */
static uint32_t put_management(const struct scsi_task *t, uint8_t *p)
{
	(void)t;
	p[0] = 0;
	return 0;
}

/* 7.7.9 Mode Page Policy: every page is shared by all ports and nexuses. */
static uint32_t put_policy(const struct scsi_task *t, uint8_t *p)
{
	(void)t;
	p[0] = 0x3f;
	p[1] = 0xff;
	return 4;
}

/* 7.7.15 SCSI Ports: the target ports of the device, each with its name. */
static uint32_t put_ports(const struct scsi_task *t, uint8_t *p)
{
	const struct scsi_device *d = t->nexus->device;
	uint8_t *start = p;
	uint8_t i;

	for (i = 0; i < d->nports; i++) {
		uint8_t *name = p + 12;
		uint8_t *end;

		if (p + PORT_LEN_MAX > start - HEADER_LEN + VPD_PAGE_MAX)
			break; /* names as long as RFC 7143 allows fit, all of them */
		end = put_name(name, ASSOC_PORT, d->ports[i].name);
		put_be16(p + 2, d->ports[i].rel_id);
		put_be16(p + 10, (uint16_t)(end - name));
		p = end;
	}
	return (uint32_t)(p - start);
}

/* The header of a descriptor of the page 8Fh whose len bytes follow it. */
static uint8_t *put_copy_descriptor(uint8_t *p, uint16_t type, uint16_t len)
{
	put_be16(p, type);
	put_be16(p + 2, len);
	return p + 4;
}

/*
 * 7.7.18 Third-party Copy: the commands there are, with their service actions; how long a
 * parameter list may be and what may be in it; how many copies at once; no held data.
 */
static uint32_t put_copy(const struct scsi_task *t, uint8_t *p)
{
	static const uint8_t commands[] = { 9, 0x83, 1, 0x00, 0x84, 4, 0x00, 0x01, 0x03, 0x04 };
	static const uint8_t descriptors[] = { 2, XCOPY_SEGMENT_B2B, XCOPY_CSCD_ID };
	uint8_t *start = p;

	(void)t;
	p = put_copy_descriptor(p, 0x0001, 12); /* Supported Commands */
	memcpy(p, commands, sizeof(commands));
	p = put_copy_descriptor(p + 12, 0x0004, 28); /* Parameter Data */
	put_be16(p + 4, XCOPY_CSCDS);
	put_be16(p + 6, XCOPY_SEGMENTS);
	put_be32(p + 8, XCOPY_DESCRIPTOR_MAX);
	p = put_copy_descriptor(p + 28, 0x0008, 4); /* Supported Descriptors */
	memcpy(p, descriptors, sizeof(descriptors));
	p = put_copy_descriptor(p + 4, 0x000c, 4);   /* Supported CSCD Descriptor IDs: numbers */
	p = put_copy_descriptor(p + 4, 0x8001, 32);  /* General Copy Operations */
	put_be32(p, LIMITS_COPIES);                  /* TOTAL CONCURRENT COPIES, */
	put_be32(p + 4, LIMITS_COPIES);              /* of which all may be identified */
	put_be32(p + 8, LIMITS_COPY_SEGMENT);        /* MAXIMUM SEGMENT LENGTH */
	p[12] = LIMITS_COPY_GRANULARITY_SHIFT;       /* DATA SEGMENT GRANULARITY */
	p = put_copy_descriptor(p + 32, 0xc001, 28); /* Held Data: none */
	return (uint32_t)(p + 28 - start);
}

/* SBC-4, 6.6.4 Block Limits */
static uint32_t put_limits(const struct scsi_task *t, uint8_t *p)
{
	const struct scsi_lu *lu = t->lu;
	uint32_t unit = lu->opt.block_size;

	p[0] = 0x01; /* WSNZ: WRITE SAME of zero blocks is refused */
	p[1] = LIMITS_CAW_BLOCKS;
	put_be16(p + 2, (uint16_t)(lu->opt.physical_block_size / unit));
	put_be32(p + 4, SCSI_XFER_MAX / unit);
	put_be32(p + 8, lu->store->optimal_io / unit);
	if (lu->opt.thin) {
		put_be32(p + 16, limits_unmap_blocks(lu));
		put_be32(p + 20, LIMITS_UNMAP_DESCRIPTORS);
		/*
		 * One block is what 0 means, too. QEMU 7.2 ends itself over a granularity of
		 * one block of 4096 bytes.
		 */
		if (limits_unmap_granularity(lu) > 1)
			put_be32(p + 24, limits_unmap_granularity(lu));
		put_be32(p + 28, 0x80000000); /* UGAVALID: granules begin at block 0 */
	}
	put_be64(p + 32, LIMITS_WRITE_SAME_BLOCKS);
	put_be32(p + 40, limits_atomic_blocks(lu)); /* MAXIMUM ATOMIC TRANSFER LENGTH, */
	put_be32(p + 44, limits_atomic_blocks(lu)); /* ATOMIC ALIGNMENT, */
	put_be32(p + 48, limits_atomic_blocks(lu)); /* and GRANULARITY; no atomic boundaries */
	return SBC_LEN;
}

/* SBC-4, 6.6.2 Block Device Characteristics */
static uint32_t put_characteristics(const struct scsi_task *t, uint8_t *p)
{
	(void)t;
	put_be16(p, 1); /* a medium that does not rotate */
	p[3] = 0x40;    /* WABEREQ 01b: what SANITIZE erased is read without an error */
	return SBC_LEN;
}

/* SBC-4, 6.6.7 Logical Block Provisioning */
static uint32_t put_provisioning(const struct scsi_task *t, uint8_t *p)
{
	if (thin_is_counted(t->lu))
		p[0] = thin_exponent(t->lu); /* THRESHOLD EXPONENT */
	p[1] = 0x80 | 0x40 | 0x20 | 0x04;    /* LBPU, LBPWS, LBPWS10, LBPRZ: zeros afterwards */
	if (limits_may_anchor(t->lu))
		p[1] |= 0x02; /* ANC_SUP */
	p[2] = 0x02;          /* thin provisioned */
	return 4;
}

#define DISK_PAGES 0x8f /* from here on they are about what only disks do */

/* Ascending: Supported VPD Pages is printed from here. */
static const struct page pages[] = {
	{ 0x00, false, NULL },
	{ 0x80, false, put_serial },
	{ 0x83, false, put_identification },
	{ 0x85, false, put_management },
	{ 0x86, false, put_extended },
	{ 0x87, false, put_policy },
	{ 0x88, false, put_ports },
	{ 0x8f, false, put_copy },
	{ 0xb0, false, put_limits },
	{ 0xb1, false, put_characteristics },
	{ 0xb2, true, put_provisioning },
};

#define NPAGES (sizeof(pages) / sizeof(pages[0]))

static bool is_there(const struct page *page, const struct scsi_lu *lu)
{
	if (!lu)
		return page->code == 0x00;
	if (lu->opt.type != SCSI_DISK && page->code >= DISK_PAGES)
		return false;
	return !page->thin_only || lu->opt.thin;
}

/* 7.7.16 Supported VPD Pages: the table's own codes. */
static uint32_t put_supported(const struct scsi_task *t, uint8_t *p)
{
	uint32_t len = 0;
	size_t i;

	for (i = 0; i < NPAGES; i++) {
		if (is_there(&pages[i], t->lu))
			p[len++] = pages[i].code;
	}
	return len;
}

uint32_t vpd_page(const struct scsi_task *t, uint8_t code, uint8_t *p)
{
	uint32_t len;
	size_t i;

	for (i = 0; i < NPAGES; i++) {
		if (pages[i].code == code && is_there(&pages[i], t->lu))
			break;
	}
	if (i == NPAGES)
		return 0;
	memset(p, 0, VPD_PAGE_MAX);
	len = (pages[i].put ? pages[i].put : put_supported)(t, p + HEADER_LEN);
	p[1] = code;
	put_be16(p + 2, (uint16_t)len);
	return HEADER_LEN + len;
}
