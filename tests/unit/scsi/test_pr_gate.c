#include "scsi/pr_gate.h"

#include "pr_rig.h"

#include "scsi/alua.h"
#include "scsi/cmd_table.h"
#include "scsi/itl.h"
#include "scsi/ua.h"

#include <stdio.h>

/*
 * The conflict table (SPC-5, table 67 and SBC-4, table 13), a row a command: is a
 * stranger let through under write exclusive, and under exclusive access? A RESERVE
 * (SPC-2) by another?
 */
static const struct row {
	uint8_t cdb[16];
	bool we, ea, reserved;
	const char *what;
} rows[] = {
	{ { 0x00 }, true, true, false, "TEST UNIT READY" },
	{ { 0x03, [4] = 18 }, true, true, true, "REQUEST SENSE" },
	{ { 0x04 }, false, false, false, "FORMAT UNIT" },
	{ { 0x08, [4] = 1 }, true, false, false, "READ(6)" },
	{ { 0x0a, [4] = 1 }, false, false, false, "WRITE(6)" },
	{ { 0x12, [4] = 96 }, true, true, true, "INQUIRY" },
	{ { 0x15, 0x10 }, false, false, false, "MODE SELECT(6)" },
	{ { 0x1a, 0, 0x3f, [4] = 255 }, true, false, false, "MODE SENSE(6)" },
	{ { 0x1b, [4] = 0x01 }, true, true, false, "START STOP UNIT, START" },
	{ { 0x1b, [4] = 0x00 }, false, false, false, "START STOP UNIT, stop" },
	{ { 0x1c, 0x01, [4] = 5 }, true, false, false, "RECEIVE DIAGNOSTIC RESULTS" },
	{ { 0x1d, 0x04 }, false, false, false, "SEND DIAGNOSTIC" },
	{ { 0x1e, [4] = 0x00 }, true, true, true, "PREVENT ALLOW, allow" },
	{ { 0x1e, [4] = 0x01 }, false, false, false, "PREVENT ALLOW, prevent" },
	{ { 0x25 }, true, true, false, "READ CAPACITY(10)" },
	{ { 0x28, [8] = 1 }, true, false, false, "READ(10)" },
	{ { 0x2a, [8] = 1 }, false, false, false, "WRITE(10)" },
	{ { 0x2e, [8] = 1 }, false, false, false, "WRITE AND VERIFY(10)" },
	{ { 0x2f, [8] = 1 }, true, false, false, "VERIFY(10)" },
	{ { 0x34 }, true, false, false, "PRE-FETCH(10)" },
	{ { 0x35 }, false, false, false, "SYNCHRONIZE CACHE(10)" },
	{ { 0x37, [8] = 4 }, true, false, false, "READ DEFECT DATA(10)" },
	{ { 0x3b, 0x0a }, false, false, false, "WRITE BUFFER" },
	{ { 0x3c, 0x0b, [8] = 4 }, true, false, false, "READ BUFFER(10)" },
	{ { 0x41, [8] = 1 }, false, false, false, "WRITE SAME(10)" },
	{ { 0x42 }, false, false, false, "UNMAP" },
	{ { 0x48, 0x01 }, false, false, false, "SANITIZE: OVERWRITE" },
	{ { 0x48, 0x02 }, false, false, false, "SANITIZE: BLOCK ERASE" },
	{ { 0x48, 0x1f }, false, false, false, "SANITIZE: EXIT FAILURE MODE" },
	{ { 0x4d, 0, 0x40, [8] = 4 }, true, true, false, "LOG SENSE" },
	{ { 0x55, 0x10 }, false, false, false, "MODE SELECT(10)" },
	{ { 0x5a, 0, 0x3f, [8] = 255 }, true, false, false, "MODE SENSE(10)" },
	{ { 0x5e, 0x00, [8] = 8 }, true, true, false, "READ KEYS" },
	{ { 0x5e, 0x01, [8] = 8 }, true, true, false, "READ RESERVATION" },
	{ { 0x5e, 0x02, [8] = 8 }, true, true, false, "REPORT CAPABILITIES" },
	{ { 0x5e, 0x03, [8] = 8 }, true, true, false, "READ FULL STATUS" },
	{ { 0x83 }, false, false, false, "EXTENDED COPY" },
	{ { 0x84, 0x00, [13] = 12 }, false, false, false, "RECEIVE COPY STATUS" },
	{ { 0x84, 0x01, [13] = 4 }, false, false, false, "RECEIVE COPY DATA" },
	{ { 0x84, 0x03, [13] = 46 }, false, false, false, "RECEIVE COPY OPERATING PARAMETERS" },
	{ { 0x84, 0x04, [13] = 60 }, false, false, false, "RECEIVE COPY FAILURE DETAILS" },
	{ { 0x88, [13] = 1 }, true, false, false, "READ(16)" },
	{ { 0x89, [13] = 1 }, false, false, false, "COMPARE AND WRITE" },
	{ { 0x8a, [13] = 1 }, false, false, false, "WRITE(16)" },
	{ { 0x8b, [13] = 1 }, false, false, false, "ORWRITE(16)" },
	{ { 0x8e, [13] = 1 }, false, false, false, "WRITE AND VERIFY(16)" },
	{ { 0x8f, [13] = 1 }, true, false, false, "VERIFY(16)" },
	{ { 0x90 }, true, false, false, "PRE-FETCH(16)" },
	{ { 0x91 }, false, false, false, "SYNCHRONIZE CACHE(16)" },
	{ { 0x93, [13] = 1 }, false, false, false, "WRITE SAME(16)" },
	{ { 0x9c, [13] = 1 }, false, false, false, "WRITE ATOMIC(16)" },
	{ { 0x9e, 0x10, [13] = 32 }, true, true, false, "READ CAPACITY(16)" },
	{ { 0x9e, 0x12, [13] = 24 }, true, false, false, "GET LBA STATUS(16)" },
	{ { 0xa0, [9] = 16 }, true, true, true, "REPORT LUNS" },
	{ { 0xa3, 0x05, [9] = 16 }, true, true, false, "REPORT IDENTIFYING INFORMATION" },
	{ { 0xa3, 0x0a, [9] = 16 }, true, true, false, "REPORT TARGET PORT GROUPS" },
	{ { 0xa3, 0x0c, [9] = 16 }, true, false, false, "REPORT SUPPORTED OPERATION CODES" },
	{ { 0xa3, 0x0d, [9] = 4 }, true, false, false, "REPORT SUPPORTED TMFS" },
	{ { 0xa4, 0x06 }, false, false, false, "SET IDENTIFYING INFORMATION" },
	{ { 0xa4, 0x0a }, false, false, false, "SET TARGET PORT GROUPS" },
	{ { 0xa8, [9] = 1 }, true, false, false, "READ(12)" },
	{ { 0xaa, [9] = 1 }, false, false, false, "WRITE(12)" },
	{ { 0xab, 0x01, [9] = 12 }, true, true, false, "READ MEDIA SERIAL NUMBER" },
	{ { 0xae, [9] = 1 }, false, false, false, "WRITE AND VERIFY(12)" },
	{ { 0xaf, [9] = 1 }, true, false, false, "VERIFY(12)" },
	{ { 0xb7, [9] = 8 }, true, false, false, "READ DEFECT DATA(12)" },
};

#define NROWS (sizeof(rows) / sizeof(rows[0]))

static const uint8_t zeros[512];

/* Is the command of x a conflict? It has data for either direction. */
static bool is_conflict(struct rig *r, struct scsi_nexus *x, const struct row *row)
{
	const struct scsi_cmd *cmd;
	struct rig_cmd c;
	bool known;

	cmd = cmd_find(cmd_table, cmd_table_len, row->cdb, r->lu, &known);
	CU_ASSERT_PTR_NOT_NULL_FATAL(cmd);
	rig_cmd_init(&c, x, row->cdb, 16);
	if (cmd->xfer == XFER_IN_ALLOC || cmd->xfer == XFER_IN_BLOCKS)
		rig_expect_in(&c, 512);
	else if (cmd->xfer != XFER_NONE)
		rig_expect_out(&c, zeros, sizeof(zeros));
	rig_do(r, &c);
	scsi_task_fini(&c.t);
	return c.t.status == SCSI_RESERVATION_CONFLICT;
}

static void check(bool got, bool wanted, uint8_t type, const char *who, const struct row *row)
{
	if (got != wanted)
		printf("\n    type %u, %s, %s: %s\n", type, who, row->what,
		       got ? "conflict" : "let through");
	CU_ASSERT_EQUAL(got, wanted);
}

static void start(struct rig *r)
{
	struct scsi_lu_options opt = rig_options();

	opt.removable = true; /* every row is there */
	rig_open_with(r, &opt);
	r->core.state_dir = "/dev/null"; /* no directory: what is to be kept fails */
	rig_greet(r, &r->x[0], 0);
	rig_greet(r, &r->x[1], 0);
}

/* Each command under each type: by the holder, a registrant, a stranger. */
static void each_cell_of_the_table(void)
{
	static const uint8_t types[] = { 1, 3, 5, 6, 7, 8 };
	struct scsi_nexus stranger;
	struct rig r;
	size_t i, k;

	start(&r);
	pr_open(&r, &stranger, "iqn.c,i,0x01", 1);
	CU_ASSERT_EQUAL(pr_do(&r, &r.x[0], PR_REGISTER, 0, 0, 0xa), SCSI_GOOD);
	CU_ASSERT_EQUAL(pr_do(&r, &r.x[1], PR_REGISTER, 0, 0, 0xb), SCSI_GOOD);
	for (k = 0; k < sizeof(types); k++) {
		bool we = types[k] % 2 && types[k] != 3;
		bool shared = types[k] >= 5;

		CU_ASSERT_EQUAL(pr_do(&r, &r.x[0], PR_RESERVE, types[k], 0xa, 0), SCSI_GOOD);
		for (i = 0; i < NROWS; i++) {
			bool lets = we ? rows[i].we : rows[i].ea;

			check(is_conflict(&r, &r.x[0], &rows[i]), false, types[k], "holder",
			      &rows[i]);
			check(is_conflict(&r, &r.x[1], &rows[i]), !shared && !lets, types[k],
			      "registrant", &rows[i]);
			check(is_conflict(&r, &stranger, &rows[i]), !lets, types[k], "stranger",
			      &rows[i]);
			r.lu->stopped = false;
		}
		CU_ASSERT_EQUAL(pr_do(&r, &r.x[0], PR_RELEASE, types[k], 0xa, 0), SCSI_GOOD);
		pr_attention(&r, &r.x[1]); /* reservations released */
	}
	scsi_nexus_close(&stranger);
	rig_close(&r);
}

/* SAM-5, 5.3.3: a CDB that is wrong may be told so first; what the medium says may not. */
static void a_wrong_cdb_is_told_first(void)
{
	static const uint8_t stray[10] = { 0x28, 0x01, [8] = 1 };
	static const uint8_t past_the_end[10] = { 0x28, [2] = 0xff, [8] = 1 };
	struct rig_cmd c;
	struct rig r;

	start(&r);
	CU_ASSERT_EQUAL(pr_do(&r, &r.x[1], PR_REGISTER, 0, 0, 0xb), SCSI_GOOD);
	CU_ASSERT_EQUAL(pr_do(&r, &r.x[1], PR_RESERVE, PR_EXCLUSIVE_ACCESS, 0xb, 0), SCSI_GOOD);
	rig_in(&r, &c, stray, sizeof(stray), 512);
	CU_ASSERT_EQUAL(rig_sense(&c), SENSE_CDB_FIELD);
	scsi_task_fini(&c.t);
	rig_in(&r, &c, past_the_end, sizeof(past_the_end), 512);
	CU_ASSERT_EQUAL(c.t.status, SCSI_RESERVATION_CONFLICT);
	scsi_task_fini(&c.t);
	rig_close(&r);
}

/* No row of the table that stands in the device server is left out above. */
static void the_table_is_whole(void)
{
	size_t i, k;

	for (i = 0; i < cmd_table_len; i++) {
		const struct scsi_cmd *c = &cmd_table[i];
		bool there = c->opcode == 0x5f || c->opcode == 0x16 || c->opcode == 0x17 ||
			     c->opcode == 0x56 || c->opcode == 0x57; /* their own tests */

		for (k = 0; k < NROWS; k++)
			there |= rows[k].cdb[0] == c->opcode &&
				 (c->sa == NO_SA || rows[k].cdb[1] == c->sa);
		if (!there)
			printf("\n    %s is missing\n", c->name);
		CU_ASSERT(there);
	}
}

static void a_reserve_of_another_keeps_all_but_few_out(void)
{
	static const uint8_t reserve[6] = { 0x16 };
	struct rig_cmd c;
	struct rig r;
	size_t i;

	start(&r);
	rig_none(&r, &c, reserve, sizeof(reserve));
	CU_ASSERT_EQUAL(c.t.status, SCSI_GOOD);
	for (i = 0; i < NROWS; i++) {
		check(is_conflict(&r, &r.x[1], &rows[i]), !rows[i].reserved, 0, "other", &rows[i]);
		r.lu->stopped = false;
		if (rows[i].cdb[0] != 0x5e) /* that is a conflict for everybody */
			check(is_conflict(&r, &r.x[0], &rows[i]), false, 0, "owner", &rows[i]);
		r.lu->stopped = false;
	}
	rig_close(&r);
}

/* A conflict is found before any data is asked for. */
static void a_conflict_costs_no_data(void)
{
	static const uint8_t write[10] = { 0x2a, [8] = 1 };
	struct rig_cmd c;
	struct rig r;

	rig_start(&r);
	pr_do(&r, &r.x[1], PR_REGISTER, 0, 0, 1);
	pr_do(&r, &r.x[1], PR_RESERVE, PR_WRITE_EXCLUSIVE, 1, 0);
	rig_out(&r, &c, write, sizeof(write), zeros, 512);
	CU_ASSERT_EQUAL(c.t.status, SCSI_RESERVATION_CONFLICT);
	CU_ASSERT_EQUAL(c.got_data, 0);
	CU_ASSERT_EQUAL(c.t.sense_len, 0);
	scsi_task_fini(&c.t);
	rig_close(&r);
}

/* SAM-5, 5.3.3: after what tells of a loss, before the rest, which waits for another command. */
static void between_unit_attentions(void)
{
	static const struct {
		enum scsi_ua ua;
		uint32_t sense;
		bool is_first;
	} vectors[] = {
		{ UA_POWER_ON, SENSE_POWER_ON, true },
		{ UA_TARGET_RESET, SENSE_TARGET_RESET, true },
		{ UA_LU_RESET, SENSE_LU_RESET, true },
		{ UA_NEXUS_LOSS, SENSE_NEXUS_LOSS, true },
		{ UA_MEDIUM_CHANGED, SENSE_MEDIUM_CHANGED, false },
		{ UA_CAPACITY, SENSE_CAPACITY, false },
		{ UA_MODE_CHANGED, SENSE_MODE_CHANGED, false },
		{ UA_RESERVATIONS_PREEMPTED, SENSE_RESERVATIONS_PREEMPTED, false },
		{ UA_REGISTRATIONS_PREEMPTED, SENSE_REGISTRATIONS_PREEMPTED, false },
		{ UA_LUNS_CHANGED, SENSE_LUNS_CHANGED, false },
		{ UA_CLEARED, SENSE_CLEARED, true },
		{ UA_PROTOCOL_EVENT, SENSE_PROTOCOL_EVENT, true },
		{ UA_FLUSH_FAILED, SENSE_WRITE_ERROR, false },
	};
	static const uint8_t write[10] = { 0x2a, [8] = 1 }, tur[6];
	struct rig_cmd c;
	struct rig r;
	size_t i;

	rig_start(&r);
	pr_do(&r, &r.x[1], PR_REGISTER, 0, 0, 1);
	pr_do(&r, &r.x[1], PR_RESERVE, PR_WRITE_EXCLUSIVE, 1, 0);
	for (i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		ua_set(itl_get(&r.x[0], r.lu), vectors[i].ua);
		rig_out(&r, &c, write, sizeof(write), zeros, 512);
		if (vectors[i].is_first)
			CU_ASSERT_EQUAL(rig_sense(&c), vectors[i].sense);
		scsi_task_fini(&c.t);
		rig_out(&r, &c, write, sizeof(write), zeros, 512);
		CU_ASSERT_EQUAL(c.t.status, SCSI_RESERVATION_CONFLICT);
		CU_ASSERT_EQUAL(c.t.sense_len, 0);
		scsi_task_fini(&c.t);
		rig_none(&r, &c, tur, sizeof(tur));
		CU_ASSERT_EQUAL(rig_sense(&c), vectors[i].is_first ? 0 : vectors[i].sense);
		scsi_task_fini(&c.t);
	}
	rig_close(&r);
}

/* What a port says that gives no access comes before both. */
static void behind_a_port_without_access(void)
{
	static const uint8_t write[10] = { 0x2a, [8] = 1 };
	struct rig_cmd c;
	struct rig r;

	rig_start(&r);
	pr_do(&r, &r.x[1], PR_REGISTER, 0, 0, 1);
	pr_do(&r, &r.x[1], PR_RESERVE, PR_WRITE_EXCLUSIVE, 1, 0);
	CU_ASSERT_EQUAL(alua_set(r.lu, 1, ALUA_STANDBY, ALUA_IMPLICIT, NULL), 0);
	rig_out(&r, &c, write, sizeof(write), zeros, 512);
	CU_ASSERT_EQUAL(rig_sense(&c), SENSE_ALUA_STATE);
	scsi_task_fini(&c.t);
	rig_out(&r, &c, write, sizeof(write), zeros, 512);
	CU_ASSERT_EQUAL(rig_sense(&c), SENSE_PORT_STANDBY);
	scsi_task_fini(&c.t);
	rig_close(&r);
}

/* One initiator port by two target ports is two I_T nexuses. */
static void the_target_port_counts(void)
{
	struct scsi_nexus other;
	struct rig r;

	rig_start(&r);
	pr_open(&r, &other, r.x[0].initiator, 2);
	pr_do(&r, &r.x[0], PR_REGISTER, 0, 0, 1);
	pr_do(&r, &r.x[0], PR_RESERVE, PR_EXCLUSIVE_ACCESS, 1, 0);
	CU_ASSERT_FALSE(is_conflict(&r, &r.x[0], &rows[2]));
	CU_ASSERT(is_conflict(&r, &other, &rows[2]));
	scsi_nexus_close(&other);
	rig_close(&r);
}

/* The holder comes back with another session and holds it still. */
static void a_holder_is_known_by_its_name(void)
{
	struct rig r;

	rig_start(&r);
	pr_do(&r, &r.x[1], PR_REGISTER, 0, 0, 1);
	pr_do(&r, &r.x[1], PR_RESERVE, PR_EXCLUSIVE_ACCESS, 1, 0);
	scsi_nexus_close(&r.x[1]);
	CU_ASSERT(is_conflict(&r, &r.x[0], &rows[2]));
	CU_ASSERT_EQUAL(scsi_nexus_open(&r.x[1], &r.dev), 0);
	rig_greet(&r, &r.x[1], 0);
	CU_ASSERT_FALSE(is_conflict(&r, &r.x[1], &rows[2]));
	rig_close(&r);
}

static const struct unit_test tests[] = {
	{ "a wrong CDB is told before a conflict, a bad range is not", a_wrong_cdb_is_told_first },
	{ "each command, each type, each kind of nexus", each_cell_of_the_table },
	{ "no command is missing in that", the_table_is_whole },
	{ "RESERVE keeps all but few commands of others out",
	  a_reserve_of_another_keeps_all_but_few_out },
	{ "a conflict is found before data is asked for", a_conflict_costs_no_data },
	{ "a conflict is told before all unit attentions that tell of no loss",
	  between_unit_attentions },
	{ "a port without access has its say first", behind_a_port_without_access },
	{ "the same initiator by another target port is a stranger", the_target_port_counts },
	{ "a holder that comes back is the holder", a_holder_is_known_by_its_name },
};

UNIT_MAIN("scsi/pr_gate", tests)
