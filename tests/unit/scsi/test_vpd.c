#include "scsi/vpd.h"

#include "rig.h"
#include "scsi/tport.h"

/* Read a page; its bytes are in c->t.buf. */
static uint32_t page_up_to(struct rig *r, struct rig_cmd *c, uint8_t code, uint16_t alloc)
{
	uint8_t cdb[6] = { 0x12, 1, code };

	put_be16(cdb + 3, alloc);
	rig_in(r, c, cdb, 6, alloc);
	CU_ASSERT_EQUAL(c->t.in_len, c->t.xfer_len);
	return c->t.in_len;
}

static uint32_t page(struct rig *r, struct rig_cmd *c, uint8_t code)
{
	return page_up_to(r, c, code, 2048);
}

static void check(struct rig *r, uint8_t code, const uint8_t *want, uint32_t len)
{
	struct rig_cmd c;

	CU_ASSERT_EQUAL_FATAL(page(r, &c, code), len);
	CU_ASSERT_EQUAL(memcmp(c.t.buf->data, want, len), 0);
	scsi_task_fini(&c.t);
}

static void list_of_pages(void)
{
	static const uint8_t thin[] = { 0,    0x00, 0,    11,   0x00, 0x80, 0x83, 0x85,
					0x86, 0x87, 0x88, 0x8f, 0xb0, 0xb1, 0xb2 };
	static const uint8_t thick[] = { 0,    0x00, 0,    10,   0x00, 0x80, 0x83,
					 0x85, 0x86, 0x87, 0x88, 0x8f, 0xb0, 0xb1 };
	struct scsi_lu_options opt = rig_options();
	struct rig_cmd c;
	struct rig r;
	size_t i;

	rig_open(&r);
	check(&r, 0x00, thin, sizeof(thin));
	for (i = 4; i < sizeof(thin); i++) { /* each that is listed is there, ascending */
		CU_ASSERT(page(&r, &c, thin[i]) >= 4);
		CU_ASSERT_EQUAL(c.t.buf->data[1], thin[i]);
		CU_ASSERT_EQUAL(be16(c.t.buf->data + 2), c.t.in_len - 4);
		CU_ASSERT(i == 4 || thin[i] > thin[i - 1]);
		scsi_task_fini(&c.t);
	}
	rig_close(&r);
	opt.thin = false;
	rig_open_with(&r, &opt);
	check(&r, 0x00, thick, sizeof(thick));
	CU_ASSERT_EQUAL(page(&r, &c, 0xb2), 0);
	CU_ASSERT_EQUAL(rig_sense(&c), SENSE_CDB_FIELD);
	scsi_task_fini(&c.t);
	rig_close(&r);
}

static void serial_number(void)
{
	static const uint8_t want[] = { 0, 0x80, 0, 8, 'S', 'E', 'R', 'I', 'A', 'L', '0', '1' };
	struct rig r;

	rig_open(&r);
	check(&r, 0x80, want, sizeof(want));
	rig_close(&r);
}

/* T10, NAA, relative port, port group, names of port and device. */
static void identification(void)
{
	static const uint8_t t10[] = { 0x02, 0x01, 0,   16,  'I', 'T', 'G', 'T', ' ', ' ',
				       ' ',  ' ',  'S', 'E', 'R', 'I', 'A', 'L', '0', '1' };
	static const uint8_t ports[] = {
		0x51, 0x94, 0, 4, 0, 0, 0, 1, 0x51, 0x95, 0, 4, 0, 0, 0, 1
	};
	static const uint8_t port_name[] =
		"\x53\x98\x00\x28iqn.2026-11.org.example:disk1,t,0x0001\0";
	static const uint8_t device_name[] = "\x53\xa8\x00\x20iqn.2026-11.org.example:disk1\0\0";
	struct rig_cmd c;
	const uint8_t *p;
	struct rig r;

	rig_open(&r);
	page(&r, &c, 0x83);
	p = c.t.buf->data + 4;
	CU_ASSERT_EQUAL(memcmp(p, t10, sizeof(t10)), 0);
	p += sizeof(t10);
	CU_ASSERT_EQUAL(memcmp(p, "\x01\x03\x00\x10", 4), 0);
	CU_ASSERT_EQUAL(p[4] >> 4, 6); /* NAA: registered extended */
	CU_ASSERT_EQUAL(memcmp(p + 4, r.lu->naa, 16), 0);
	p += 20;
	CU_ASSERT_EQUAL(memcmp(p, ports, sizeof(ports)), 0);
	p += sizeof(ports);
	CU_ASSERT_EQUAL(memcmp(p, port_name, 44), 0);
	p += 44;
	CU_ASSERT_EQUAL(memcmp(p, device_name, 36), 0);
	p += 36;
	CU_ASSERT_EQUAL(p - c.t.buf->data, (long)c.t.in_len);
	scsi_task_fini(&c.t);
	rig_close(&r);
}

/* Names as long as they can be still fit, and are zero-terminated. */
static void longest_names(void)
{
	struct scsi_lu_options opt = rig_options();
	struct rig_cmd c;
	struct rig r;
	uint32_t len, at;

	memset(opt.serial, 'S', SCSI_SERIAL_MAX - 1);
	rig_open_with(&r, &opt);
	memset(r.dev.name, 'd', SCSI_DEV_NAME_MAX - 1);
	memset(r.x[0].tport.name, 'p', SCSI_PORT_NAME_MAX - 1);
	len = page(&r, &c, 0x83);
	for (at = 4; at < len; at += 4u + c.t.buf->data[at + 3])
		;
	CU_ASSERT_EQUAL(at, len);
	CU_ASSERT_EQUAL(c.t.buf->data[len - 1], 0);
	scsi_task_fini(&c.t);
	rig_close(&r);
}

static void extended(void)
{
	uint8_t want[64] = { 0, 0x86, 0, 60, 0, 0x07, 0x01, 0x01 };
	struct scsi_lu_options opt = rig_options();
	struct rig r;

	rig_open(&r);
	check(&r, 0x86, want, 64);
	rig_close(&r);
	opt.write_cache = false;
	want[6] = 0;
	rig_open_with(&r, &opt);
	check(&r, 0x86, want, 64);
	rig_close(&r);
}

static void policy_and_management(void)
{
	static const uint8_t management[4] = { 0, 0x85 };
	static const uint8_t policy[8] = { 0, 0x87, 0, 4, 0x3f, 0xff, 0, 0 };
	struct rig r;

	rig_open(&r);
	check(&r, 0x85, management, sizeof(management));
	check(&r, 0x87, policy, sizeof(policy));
	rig_close(&r);
}

/* Every target port, whether somebody came by it or not; the longest names do no harm. */
static void ports(void)
{
	static const uint8_t name[] = "\x53\x98\x00\x28iqn.2026-11.org.example:disk1,t,0x0001\0";
	struct scsi_tport port = { .rel_id = 7, .group = 2 };
	struct rig_cmd c;
	struct rig r;
	uint32_t len, at;

	rig_open(&r);
	CU_ASSERT_EQUAL(page(&r, &c, 0x88), 4 + 12 + 44);
	CU_ASSERT_EQUAL(be16(c.t.buf->data + 6), 1);
	CU_ASSERT_EQUAL(be16(c.t.buf->data + 14), 44);
	CU_ASSERT_EQUAL(memcmp(c.t.buf->data + 16, name, 44), 0);
	scsi_task_fini(&c.t);
	memset(port.name, 'p', SCSI_PORT_NAME_MAX - 1);
	for (; r.dev.nports < SCSI_PORTS_MAX; port.rel_id++)
		CU_ASSERT_EQUAL_FATAL(tport_add(&r.dev, &port), 0);
	len = page_up_to(&r, &c, 0x88, 4096);
	CU_ASSERT(len <= 4096 && len > 3500);
	for (at = 4; at < len; at += 12u + be16(c.t.buf->data + at + 10))
		CU_ASSERT(at == 4 || be16(c.t.buf->data + at + 2) >= 7);
	CU_ASSERT_EQUAL(at, len);
	scsi_task_fini(&c.t);
	rig_close(&r);
}

static void block_limits(void)
{
	static const uint8_t want[64] = {
		0,    0xb0, 0,    60, 1, 128, 0,    8, /* WSNZ, COMPARE AND WRITE, 4 KiB */
		0,    0,    0x40, 0,  0, 0,   0,    0, /* 8 MiB at most, no optimum */
		0,    0,    0,    0,  0, 0,   0x10, 0, /* unmap: all blocks */
		0,    0,    1,    0,  0, 0,   0,    8,
		0x80, 0,    0,    0,                   /* 256 descriptors, 4 KiB */
		0,    0,    0,    0,  0, 0,   0x80, 0, /* WRITE SAME */
		0,    0,    0,    8,  0, 0,   0,    8,
		0,    0,    0,    8, /* atomic writes: a physical block */
	};
	static const uint8_t thick[64] = {
		0,           0xb0,     0,        60,       1,    128,
		0,           1,        0,        0,        0x08, 0, /* 8 MiB at most */
		[42] = 0x80, [47] = 1, [51] = 1, [55] = 1,
	};
	struct scsi_lu_options opt = rig_options();
	struct rig r;

	opt.physical_block_size = 4096;
	rig_open_with(&r, &opt);
	check(&r, 0xb0, want, 64);
	rig_close(&r);
	opt.block_size = 4096;
	opt.thin = false;
	rig_open_with(&r, &opt);
	check(&r, 0xb0, thick, 64);
	rig_close(&r);
}

static void characteristics_and_provisioning(void)
{
	static const uint8_t b1[64] = { 0, 0xb1, 0, 60, 0, 1, 0, 0x40 };
	static const uint8_t b2[8] = { 0, 0xb2, 0, 4, 0, 0xe4, 0x02, 0 };
	static const uint8_t anchors[8] = { 0, 0xb2, 0, 4, 0, 0xe6, 0x02, 0 };
	struct rig r;

	rig_open(&r);
	check(&r, 0xb1, b1, sizeof(b1));
	check(&r, 0xb2, b2, sizeof(b2));
	r.disk->store.caps |= STORE_CAN_RESERVE;
	check(&r, 0xb2, anchors, sizeof(anchors));
	rig_close(&r);
}

static const struct unit_test tests[] = {
	{ "the pages listed are those that are there", list_of_pages },
	{ "unit serial number", serial_number },
	{ "device identification has a designator of each kind", identification },
	{ "device identification holds the longest names", longest_names },
	{ "extended INQUIRY data tells of the cache", extended },
	{ "mode page policy, and no management network addresses", policy_and_management },
	{ "SCSI ports, all that fit", ports },
	{ "block limits are those the commands keep to", block_limits },
	{ "characteristics and provisioning", characteristics_and_provisioning },
};

UNIT_MAIN("scsi/vpd", tests)
