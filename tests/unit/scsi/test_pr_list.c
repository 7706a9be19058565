#include "scsi/pr_list.h"

#include "pr_rig.h"

/* A list of len bytes for that service action: its sense. */
static uint32_t fault_of(struct rig *r, struct pr_cmd *p)
{
	uint32_t sense = pr_fault(r, p, &r->x[0]);

	CU_ASSERT_EQUAL(r->lu->pr.n, 0); /* all or nothing */
	return sense;
}

static void each_length_but_24_is_refused(void)
{
	struct pr_cmd p;
	struct rig r;
	uint32_t len;

	rig_start(&r);
	for (len = 0; len < 64; len++) {
		if (len == PR_LIST_LEN)
			continue;
		pr_cmd_init(&p, PR_REGISTER, 0, 0, 0xa);
		p.len = len;
		CU_ASSERT_EQUAL(fault_of(&r, &p), SENSE_LIST_LENGTH);
	}
	rig_close(&r);
}

/* The CDB says 24 bytes, and fewer come. */
static void less_than_the_cdb_says(void)
{
	struct pr_cmd p;
	struct rig r;

	rig_start(&r);
	pr_cmd_init(&p, PR_REGISTER, 0, 0, 0xa);
	put_be32(p.cdb + 5, 24);
	rig_cmd_init(&p.c, &r.x[0], p.cdb, sizeof(p.cdb));
	rig_expect_out(&p.c, p.list, 16);
	rig_do(&r, &p.c);
	CU_ASSERT_EQUAL(rig_sense(&p.c), SENSE_LIST_LENGTH);
	scsi_task_fini(&p.c.t);
	rig_close(&r);
}

/* No memory is asked for, and no data, for a list that no command could have. */
static void a_huge_length(void)
{
	static const uint32_t huge[] = { 0x20001, 1u << 24, 0x7fffffff, UINT32_MAX };
	struct pr_cmd p;
	struct rig r;
	size_t i;

	rig_start(&r);
	for (i = 0; i < sizeof(huge) / sizeof(huge[0]); i++) {
		pr_cmd_init(&p, PR_REGISTER, 0, 0, 0xa);
		put_be32(p.cdb + 5, huge[i]);
		rig_cmd_init(&p.c, &r.x[0], p.cdb, sizeof(p.cdb));
		rig_expect_out(&p.c, p.list, UINT32_MAX);
		rig_do(&r, &p.c);
		CU_ASSERT_EQUAL(rig_sense(&p.c), SENSE_LIST_LENGTH);
		CU_ASSERT_EQUAL(p.c.got_data, 0);
		scsi_task_fini(&p.c.t);
	}
	rig_close(&r);
}

static void bits_that_are_not_there(void)
{
	struct pr_cmd p;
	struct rig r;
	uint8_t bit;

	rig_start(&r);
	for (bit = 0; bit < 8; bit++) {
		if (bit == 2)
			continue; /* ALL_TG_PT */
		pr_cmd_init(&p, PR_REGISTER_AND_IGNORE, 0, 0, 0xa);
		p.list[20] = (uint8_t)(1 << bit);
		CU_ASSERT_EQUAL(fault_of(&r, &p), SENSE_LIST_FIELD);
		rig_check_pointer(&p.c, false, 20, bit);
	}
	rig_close(&r);
}

static void others_are_read(void)
{
	struct pr_cmd p;
	struct tid tid;
	struct rig r;

	rig_start(&r);
	pr_cmd_init(&p, PR_REGISTER, 0, 0, 0xa);
	tid_make(&tid, "iqn.c,i,0x01");
	pr_append(&p, &tid);
	tid_make(&tid, "iqn.d.a.longer.name,i,0x0102");
	pr_append(&p, &tid);
	CU_ASSERT_EQUAL(pr_send(&r, &p, &r.x[0]), SCSI_GOOD);
	CU_ASSERT_EQUAL(r.lu->pr.n, 3);
	CU_ASSERT(pr_find(&r.lu->pr, &tid, 1) != PR_NOBODY);
	rig_close(&r);
}

/* Capitals and fewer digits name a port that is logged in all the same. */
static void a_port_has_many_spellings(void)
{
	static const char name[] = "IQN.B,i,0x1";
	struct tid tid = { .len = 24, .bytes = { 0x45, 0, 0, 20 } };
	struct pr_cmd p;
	struct rig r;

	memcpy(tid.bytes + 4, name, sizeof(name));
	rig_start(&r);
	pr_cmd_init(&p, PR_REGISTER, 0, 0, 0xa);
	pr_append(&p, &tid);
	CU_ASSERT_EQUAL(pr_send(&r, &p, &r.x[0]), SCSI_GOOD);
	CU_ASSERT_EQUAL(r.lu->pr.n, 2);
	CU_ASSERT_EQUAL(pr_do(&r, &r.x[1], PR_RESERVE, PR_EXCLUSIVE_ACCESS, 0xa, 0), SCSI_GOOD);
	rig_close(&r);
}

/* A device name stands for all its ports that are logged in. */
static void a_device_is_all_its_ports(void)
{
	struct tid device = { .len = 24, .bytes = { 0x05, 0, 0, 20, 'i', 'q', 'n', '.', 'b' } };
	struct scsi_nexus twin;
	struct pr_cmd p;
	struct rig r;

	rig_start(&r);
	pr_open(&r, &twin, "iqn.b,i,0x02", 1);
	pr_cmd_init(&p, PR_REGISTER, 0, 0, 0xa);
	pr_append(&p, &device);
	CU_ASSERT_EQUAL(pr_send(&r, &p, &r.x[0]), SCSI_GOOD);
	CU_ASSERT_EQUAL(r.lu->pr.n, 3);
	CU_ASSERT(pr_find(&r.lu->pr, &twin.tid, 1) != PR_NOBODY);
	scsi_nexus_close(&twin);
	rig_close(&r);
}

static void tids_that_lie(void)
{
	struct pr_cmd p;
	struct tid tid;
	struct rig r;

	rig_start(&r);
	tid_make(&tid, "iqn.c,i,0x01");
	pr_cmd_init(&p, PR_REGISTER, 0, 0, 0xa); /* the length of all is too long */
	pr_append(&p, &tid);
	put_be32(p.list + 24, 32);
	CU_ASSERT_EQUAL(fault_of(&r, &p), SENSE_LIST_LENGTH);
	put_be32(p.list + 24, UINT32_MAX);
	CU_ASSERT_EQUAL(fault_of(&r, &p), SENSE_LIST_LENGTH);
	put_be32(p.list + 24, 24); /* too short */
	CU_ASSERT_EQUAL(fault_of(&r, &p), SENSE_LIST_LENGTH);
	put_be32(p.list + 24, 28);
	put_be16(p.list + 28 + 2, 28); /* the length of one */
	CU_ASSERT_EQUAL(fault_of(&r, &p), SENSE_LIST_LENGTH);
	put_be16(p.list + 28 + 2, 23);
	CU_ASSERT_EQUAL(fault_of(&r, &p), SENSE_LIST_FIELD);
	put_be16(p.list + 28 + 2, 24);
	p.list[28] = 0x40; /* another protocol */
	CU_ASSERT_EQUAL(fault_of(&r, &p), SENSE_LIST_FIELD);
	p.list[28] = 0x45;
	CU_ASSERT_EQUAL(pr_send(&r, &p, &r.x[0]), SCSI_GOOD);
	rig_close(&r);
}

/* REGISTER AND MOVE: x[0] holds, and moves it to where it should not go. */
static void a_move_that_lies(void)
{
	static const struct {
		const char *what;
		uint16_t at;
		uint8_t value;
		uint32_t sense;
	} lies[] = {
		{ "a reserved bit", 17, 0x04, SENSE_LIST_FIELD },
		{ "APTPL without a directory", 17, 0x01, SENSE_LIST_FIELD },
		{ "no such target port", 19, 9, SENSE_LIST_FIELD },
		{ "no TransportID", 23, 0, SENSE_LIST_LENGTH },
		{ "one that is longer", 23, 32, SENSE_LIST_LENGTH },
		{ "one that is shorter than the list", 27, 16, SENSE_LIST_FIELD },
		{ "a device", 24, 0x05, SENSE_LIST_FIELD },
		{ "another protocol", 24, 0x46, SENSE_LIST_FIELD },
	};
	struct pr_cmd p;
	struct rig r;
	size_t i;

	rig_start(&r);
	pr_do(&r, &r.x[0], PR_REGISTER, 0, 0, 0xa);
	pr_do(&r, &r.x[0], PR_RESERVE, PR_EXCLUSIVE_ACCESS, 0xa, 0);
	for (i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		pr_cmd_init(&p, PR_REGISTER_AND_MOVE, 0, 0xa, 0xb);
		put_be16(p.list + 18, 1);
		put_be32(p.list + 20, r.x[1].tid.len);
		memcpy(p.list + 24, r.x[1].tid.bytes, r.x[1].tid.len);
		p.len = 24u + r.x[1].tid.len;
		p.list[lies[i].at] = lies[i].value;
		if (pr_fault(&r, &p, &r.x[0]) != lies[i].sense)
			CU_FAIL(lies[i].what);
	}
	memcpy(p.list + 24, r.x[1].tid.bytes, r.x[1].tid.len);
	CU_ASSERT_EQUAL(pr_send(&r, &p, &r.x[0]), SCSI_GOOD);
	CU_ASSERT_EQUAL(pr_do(&r, &r.x[1], PR_RELEASE, PR_EXCLUSIVE_ACCESS, 0xb, 0), SCSI_GOOD);
	CU_ASSERT_EQUAL(r.lu->pr.type, PR_NONE);
	rig_close(&r);
}

static uint32_t lcg(uint32_t *seed)
{
	*seed = *seed * 1664525u + 1013904223u;
	return *seed >> 8;
}

/* Lists of all kinds and lengths, half of them nearly right: always an end, never a broken state.
 */
static void random_lists(void)
{
	uint32_t seed = 1, i, k;
	struct pr_cmd p;
	struct rig r;

	rig_start(&r);
	for (i = 0; i < 20000; i++) {
		struct scsi_nexus *x = &r.x[lcg(&seed) % 2];
		uint8_t status;

		pr_cmd_init(&p, (enum pr_action)(lcg(&seed) % PR_ACTIONS),
			    (uint8_t)(lcg(&seed) % 9), lcg(&seed) % 3, lcg(&seed) % 3);
		if (lcg(&seed) % 2)
			p.list[20] = (uint8_t)(lcg(&seed) % 16);
		if (lcg(&seed) % 3 == 0)
			pr_append(&p, &r.x[lcg(&seed) % 2].tid);
		for (k = lcg(&seed) % 4; k > 1; k--)
			p.list[lcg(&seed) % 60] = (uint8_t)lcg(&seed);
		if (lcg(&seed) % 8 == 0)
			p.len = lcg(&seed) % 600;
		status = pr_send(&r, &p, x);
		CU_ASSERT(status == SCSI_GOOD || status == SCSI_CHECK_CONDITION ||
			  status == SCSI_RESERVATION_CONFLICT);
		CU_ASSERT(r.lu->pr.n <= PR_REGISTRANTS_MAX);
		CU_ASSERT(!r.lu->pr.type || pr_is_all(r.lu->pr.type) ||
			  r.lu->pr.holder < r.lu->pr.n);
		CU_ASSERT(r.lu->pr.n || !r.lu->pr.type);
		pr_attention(&r, &r.x[0]);
		pr_attention(&r, &r.x[1]);
	}
	rig_close(&r);
}

static const struct unit_test tests[] = {
	{ "each length but 24 is refused", each_length_but_24_is_refused },
	{ "less than the CDB says is refused", less_than_the_cdb_says },
	{ "a huge length takes neither memory nor data", a_huge_length },
	{ "bits that are not there are pointed at", bits_that_are_not_there },
	{ "SPEC_I_PT: TransportIDs are read", others_are_read },
	{ "however a port is spelled, it is the one that is logged in", a_port_has_many_spellings },
	{ "a device's TransportID is all its ports", a_device_is_all_its_ports },
	{ "TransportIDs that lie of their length are refused", tids_that_lie },
	{ "so is a move that lies", a_move_that_lies },
	{ "random lists end well", random_lists },
};

UNIT_MAIN("scsi/pr_list", tests)
