#include "scsi/pr_in.h"

#include "pr_rig.h"

static void nobody_is_registered(void)
{
	uint8_t in[4096];
	struct rig r;

	rig_start(&r);
	CU_ASSERT_EQUAL(pr_read(&r, 0, in), 8);
	CU_ASSERT_EQUAL(be64(in), 0);
	CU_ASSERT_EQUAL(pr_read(&r, 1, in), 8);
	CU_ASSERT_EQUAL(be64(in), 0);
	CU_ASSERT_EQUAL(pr_read(&r, 3, in), 8);
	CU_ASSERT_EQUAL(be64(in), 0);
	rig_close(&r);
}

static void keys_reservation_and_full_status(void)
{
	uint8_t in[4096];
	struct rig r;

	rig_start(&r);
	pr_do(&r, &r.x[0], PR_REGISTER, 0, 0, 0x1111);
	pr_do(&r, &r.x[1], PR_REGISTER, 0, 0, 0x2222);
	pr_do(&r, &r.x[1], PR_RESERVE, PR_EXCLUSIVE_ACCESS_REGISTRANTS, 0x2222, 0);
	CU_ASSERT_EQUAL(pr_read(&r, 0, in), 24);
	CU_ASSERT_EQUAL(be32(in), 2); /* two registrations */
	CU_ASSERT_EQUAL(be32(in + 4), 16);
	CU_ASSERT_EQUAL(be64(in + 8), 0x1111);
	CU_ASSERT_EQUAL(be64(in + 16), 0x2222);
	CU_ASSERT_EQUAL(pr_read(&r, 1, in), 24);
	CU_ASSERT_EQUAL(be32(in + 4), 16);
	CU_ASSERT_EQUAL(be64(in + 8), 0x2222);
	CU_ASSERT_EQUAL(in[21], PR_EXCLUSIVE_ACCESS_REGISTRANTS);
	CU_ASSERT_EQUAL(pr_read(&r, 3, in), 8 + 2 * 52);
	CU_ASSERT_EQUAL(be32(in + 4), 2 * 52);
	CU_ASSERT_EQUAL(be64(in + 8), 0x1111);
	CU_ASSERT_EQUAL(in[20], 0);
	CU_ASSERT_EQUAL(be16(in + 26), 1);
	CU_ASSERT_EQUAL(be32(in + 28), 28);
	CU_ASSERT_EQUAL(memcmp(in + 32, r.x[0].tid.bytes, 28), 0);
	CU_ASSERT_EQUAL(be64(in + 60), 0x2222);
	CU_ASSERT_EQUAL(in[72], 0x01); /* R_HOLDER */
	CU_ASSERT_EQUAL(in[73], PR_EXCLUSIVE_ACCESS_REGISTRANTS);
	rig_close(&r);
}

/* Where all hold it the key of the reservation is zero, and everybody is a holder. */
static void all_registrants_hold(void)
{
	uint8_t in[4096];
	struct rig r;

	rig_start(&r);
	pr_do(&r, &r.x[0], PR_REGISTER, 0, 0, 0x1111);
	pr_do(&r, &r.x[1], PR_REGISTER, 0, 0, 0x2222);
	pr_do(&r, &r.x[1], PR_RESERVE, PR_WRITE_EXCLUSIVE_ALL, 0x2222, 0);
	CU_ASSERT_EQUAL(pr_read(&r, 1, in), 24);
	CU_ASSERT_EQUAL(be64(in + 8), 0);
	CU_ASSERT_EQUAL(in[21], PR_WRITE_EXCLUSIVE_ALL);
	pr_read(&r, 3, in);
	CU_ASSERT_EQUAL(in[20], 0x01);
	CU_ASSERT_EQUAL(in[72], 0x01);
	rig_close(&r);
}

static void what_it_can_do(void)
{
	static const uint8_t wanted[8] = { 0, 8, 0x1c, 0x90, 0xea, 0x01 };
	uint8_t in[4096];
	struct rig r;

	rig_start(&r);
	CU_ASSERT_EQUAL(pr_read(&r, 2, in), 8);
	CU_ASSERT_EQUAL(memcmp(in, wanted, 8), 0);
	rig_close(&r);
}

/* Each allocation length: as much as it says, and the header tells of all. */
static void what_does_not_fit_is_cut(void)
{
	uint8_t cdb[10] = { 0x5e };
	struct tid tid;
	struct rig_cmd c;
	struct rig r;
	uint32_t len, i;
	uint8_t action;

	rig_start(&r);
	tid_make(&tid, "iqn.2026-11.org.example:host,i,0x00023d000001");
	for (i = 0; i < PR_REGISTRANTS_MAX; i++)
		pr_add(&r.lu->pr, &tid, (uint16_t)i, i + 1);
	for (action = 0; action <= 3; action++) {
		cdb[1] = action;
		for (len = 0; len < 9000; len += 37) {
			put_be16(cdb + 7, (uint16_t)len);
			rig_in(&r, &c, cdb, sizeof(cdb), 1u << 20);
			CU_ASSERT_EQUAL(c.t.status, SCSI_GOOD);
			CU_ASSERT(c.t.in_len <= len);
			if (len >= 8 && action == 0)
				CU_ASSERT_EQUAL(be32(c.t.buf->data + 4), 8 * PR_REGISTRANTS_MAX);
			if (len >= 8 && action == 3)
				CU_ASSERT_EQUAL(be32(c.t.buf->data + 4),
						PR_REGISTRANTS_MAX * (24u + tid.len));
			scsi_task_fini(&c.t);
		}
	}
	rig_close(&r);
}

static void not_while_reserve_reserves(void)
{
	static const uint8_t reserve[6] = { 0x16 };
	uint8_t cdb[10] = { 0x5e, [8] = 8 };
	struct rig_cmd c;
	struct rig r;
	uint8_t action;

	rig_start(&r);
	rig_none(&r, &c, reserve, sizeof(reserve));
	for (action = 0; action <= 3; action++) {
		cdb[1] = action;
		rig_in(&r, &c, cdb, sizeof(cdb), 8);
		CU_ASSERT_EQUAL(c.t.status, SCSI_RESERVATION_CONFLICT);
		scsi_task_fini(&c.t);
	}
	rig_close(&r);
}

static const struct unit_test tests[] = {
	{ "nobody is registered at first", nobody_is_registered },
	{ "keys, reservation and full status are as SPC has them",
	  keys_reservation_and_full_status },
	{ "where all registrants hold it the key is zero", all_registrants_hold },
	{ "capabilities", what_it_can_do },
	{ "what does not fit is cut, and its length told", what_does_not_fit_is_cut },
	{ "a conflict while RESERVE reserves", not_while_reserve_reserves },
};

UNIT_MAIN("scsi/pr_in", tests)
