#include "scsi/alua_cmd.h"

#include "pr_rig.h"

#include "scsi/alua.h"

#define RTPG(format)                                  \
	{                                             \
		0xa3, 0x0a | (format) << 5, [9] = 255 \
	}

/* A rig with a second port, of group 2. */
struct two {
	struct rig r;
	struct scsi_nexus other;
};

static void start(struct two *s)
{
	rig_start(&s->r);
	pr_open(&s->r, &s->other, "iqn.a,i,0x01", 2);
}

static void stop(struct two *s)
{
	scsi_nexus_close(&s->other);
	rig_close(&s->r);
}

static void groups_are_reported(void)
{
	static const uint8_t cdb[12] = RTPG(0);
	static const uint8_t wanted[] = {
		0, 0, 0,    24,   0x00, 0xcf, 0, 1, 0, 0, 0, 1, 0, 0,
		0, 1, 0x02, 0xcf, 0,    2,    0, 2, 0, 1, 0, 0, 0, 2,
	};
	struct rig_cmd c;
	struct two s;

	start(&s);
	alua_set(s.r.lu, 2, ALUA_STANDBY, ALUA_IMPLICIT, &s.r.x[0]);
	rig_in(&s.r, &c, cdb, sizeof(cdb), 255);
	CU_ASSERT_EQUAL_FATAL(c.t.in_len, sizeof(wanted));
	CU_ASSERT_EQUAL(memcmp(c.t.buf->data, wanted, sizeof(wanted)), 0);
	scsi_task_fini(&c.t);
	stop(&s);
}

static void the_long_format_has_four_bytes_more(void)
{
	static const uint8_t cdb[12] = RTPG(1), odd[12] = RTPG(2);
	struct rig_cmd c;
	struct two s;

	start(&s);
	rig_in(&s.r, &c, cdb, sizeof(cdb), 255);
	CU_ASSERT_EQUAL(c.t.in_len, 32);
	CU_ASSERT_EQUAL(be32(c.t.buf->data), 28);
	CU_ASSERT_EQUAL(c.t.buf->data[4], 0x10);
	CU_ASSERT_EQUAL(be16(c.t.buf->data + 10), 1);
	scsi_task_fini(&c.t);
	rig_in(&s.r, &c, odd, sizeof(odd), 255);
	CU_ASSERT_EQUAL(rig_sense(&c), SENSE_CDB_FIELD);
	rig_check_pointer(&c, true, 1, 7);
	scsi_task_fini(&c.t);
	stop(&s);
}

/* SET TARGET PORT GROUPS with len bytes, of which the CDB says said. */
static uint32_t set(struct rig *r, struct rig_cmd *c, const uint8_t *list, uint32_t len,
		    uint32_t said)
{
	uint8_t cdb[12] = { 0xa4, 0x0a };

	put_be32(cdb + 6, said);
	rig_out(r, c, cdb, sizeof(cdb), list, len);
	scsi_task_fini(&c->t);
	return rig_sense(c);
}

static void an_initiator_sets_them(void)
{
	static const uint8_t list[12] = { 0, 0, 0, 0, 0x01, 0, 0, 1, 0x03, 0, 0, 2 };
	struct rig_cmd c;
	struct two s;

	start(&s);
	CU_ASSERT_EQUAL(set(&s.r, &c, list, 12, 12), 0);
	CU_ASSERT_EQUAL(alua_state(s.r.lu, &s.r.x[0]), ALUA_NON_OPTIMIZED);
	CU_ASSERT_EQUAL(alua_state(s.r.lu, &s.other), ALUA_UNAVAILABLE);
	CU_ASSERT_EQUAL(pr_attention(&s.r, &s.r.x[0]), 0);
	CU_ASSERT_EQUAL(pr_attention(&s.r, &s.r.x[1]), SENSE_ALUA_STATE);
	CU_ASSERT_EQUAL(pr_attention(&s.r, &s.other), SENSE_ALUA_STATE);
	CU_ASSERT_EQUAL(pr_attention(&s.r, &s.other), SENSE_PORT_UNAVAILABLE);
	stop(&s);
}

/* Who put himself into standby gets himself out of it. */
static void the_way_back(void)
{
	uint8_t list[8] = { 0, 0, 0, 0, ALUA_UNAVAILABLE, 0, 0, 1 };
	struct rig_cmd c;
	struct two s;

	start(&s);
	CU_ASSERT_EQUAL(set(&s.r, &c, list, 8, 8), 0);
	CU_ASSERT_EQUAL(pr_attention(&s.r, &s.r.x[0]), SENSE_PORT_UNAVAILABLE);
	list[4] = ALUA_OPTIMIZED;
	CU_ASSERT_EQUAL(set(&s.r, &c, list, 8, 8), 0);
	CU_ASSERT_EQUAL(pr_attention(&s.r, &s.r.x[0]), 0);
	stop(&s);
}

static const struct {
	const char *what;
	uint8_t list[16];
	uint32_t len, said, sense;
	uint16_t byte;
	uint8_t bit;
} odd[] = {
	{ "no list", { 0 }, 0, 0, SENSE_NONE, 0, 0 },
	{ "a header alone", { 0 }, 4, 4, SENSE_LIST_LENGTH, 0, 0 },
	{ "half a descriptor", { 0 }, 10, 10, SENSE_LIST_LENGTH, 0, 0 },
	{ "less than it says", { 0 }, 8, 12, SENSE_LIST_LENGTH, 0, 0 },
	{ "four GiB", { 0 }, 16, UINT32_MAX, SENSE_LIST_LENGTH, 0, 0 },
	{ "LBA dependent", { 0, 0, 0, 0, 4, 0, 0, 1 }, 8, 8, SENSE_LIST_FIELD, 4, 3 },
	{ "offline", { 0, 0, 0, 0, 0x0e, 0, 0, 1 }, 8, 8, SENSE_LIST_FIELD, 4, 3 },
	{ "transitioning", { 0, 0, 0, 0, 0x0f, 0, 0, 1 }, 8, 8, SENSE_LIST_FIELD, 4, 3 },
	{ "no such group",
	  { 0, 0, 0, 0, 2, 0, 0, 1, 2, 0, 0, 9 },
	  12,
	  12,
	  SENSE_LIST_FIELD,
	  10,
	  7 },
};

static void odd_lists_change_nothing(void)
{
	struct rig_cmd c;
	struct two s;
	size_t i;

	start(&s);
	for (i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		if (set(&s.r, &c, odd[i].list, odd[i].len, odd[i].said) != odd[i].sense)
			CU_FAIL(odd[i].what);
		if (odd[i].sense == SENSE_LIST_FIELD)
			rig_check_pointer(&c, false, odd[i].byte, odd[i].bit);
		CU_ASSERT_EQUAL(alua_state(s.r.lu, &s.r.x[0]), ALUA_OPTIMIZED);
		CU_ASSERT_EQUAL(alua_state(s.r.lu, &s.other), ALUA_OPTIMIZED);
	}
	stop(&s);
}

static const struct unit_test tests[] = {
	{ "groups and their ports are reported", groups_are_reported },
	{ "the long format has four bytes more, others are refused",
	  the_long_format_has_four_bytes_more },
	{ "an initiator sets states, and others are told", an_initiator_sets_them },
	{ "there is a way back", the_way_back },
	{ "odd lists change nothing", odd_lists_change_nothing },
};

UNIT_MAIN("scsi/alua_cmd", tests)
