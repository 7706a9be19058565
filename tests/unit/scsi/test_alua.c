#include "scsi/alua.h"

#include "pr_rig.h"

#include "scsi/cmd_table.h"

#include <stdio.h>

/* A command, and in which states it is let through: standby; unavailable and its kin. */
static const struct {
	uint8_t opcode;
	uint16_t sa;
	bool standby, unavailable;
} allowed[] = {
	{ 0x03, NO_SA, true, true },  /* REQUEST SENSE */
	{ 0x12, NO_SA, true, true },  /* INQUIRY */
	{ 0x15, NO_SA, true, false }, /* MODE SELECT */
	{ 0x1a, NO_SA, true, false }, /* MODE SENSE */
	{ 0x1c, NO_SA, true, false }, /* RECEIVE DIAGNOSTIC RESULTS */
	{ 0x1d, NO_SA, true, false }, /* SEND DIAGNOSTIC */
	{ 0x3b, NO_SA, true, true },  /* WRITE BUFFER: its echo buffer mode */
	{ 0x3c, NO_SA, true, true },  /* READ BUFFER, likewise */
	{ 0x4c, NO_SA, true, false }, /* LOG SELECT */
	{ 0x4d, NO_SA, true, false }, /* LOG SENSE */
	{ 0x55, NO_SA, true, false }, { 0x5a, NO_SA, true, false },
	{ 0x5e, 0, true, false },     { 0x5e, 1, true, false },
	{ 0x5e, 2, true, false },     { 0x5e, 3, true, false },
	{ 0x5f, 0, true, false },     { 0x5f, 1, true, false },
	{ 0x5f, 2, true, false },     { 0x5f, 3, true, false },
	{ 0x5f, 4, true, false },     { 0x5f, 5, true, false },
	{ 0x5f, 6, true, false },     { 0x5f, 7, true, false },
	{ 0xa0, NO_SA, true, true }, /* REPORT LUNS */
	{ 0xa3, 0x0a, true, true },  /* REPORT TARGET PORT GROUPS */
	{ 0xa3, 0x0c, true, false }, /* REPORT SUPPORTED OPERATION CODES */
	{ 0xa3, 0x0d, true, false }, /* REPORT SUPPORTED TASK MANAGEMENT FUNCTIONS */
	{ 0xa4, 0x0a, true, true },  /* SET TARGET PORT GROUPS */
};

static const struct {
	enum alua_state state;
	const char *name;
	uint32_t sense;
	bool standby; /* lets through what standby does */
} states[] = {
	{ ALUA_OPTIMIZED, "optimized", SENSE_NONE, true },
	{ ALUA_NON_OPTIMIZED, "non-optimized", SENSE_NONE, true },
	{ ALUA_STANDBY, "standby", SENSE_PORT_STANDBY, true },
	{ ALUA_UNAVAILABLE, "unavailable", SENSE_PORT_UNAVAILABLE, false },
	{ ALUA_OFFLINE, "offline", SENSE_OFFLINE, false },
	{ ALUA_TRANSITIONING, "transitioning", SENSE_TRANSITION, false },
};

#define NSTATES (sizeof(states) / sizeof(states[0]))

static bool lets(size_t state, const struct scsi_cmd *c)
{
	size_t i;

	if (states[state].sense == SENSE_NONE)
		return true;
	for (i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++) {
		if (allowed[i].opcode == c->opcode && allowed[i].sa == c->sa)
			return states[state].standby ? allowed[i].standby : allowed[i].unavailable;
	}
	return false;
}

/* Each command of the table in each state. */
static void each_command_in_each_state(void)
{
	struct rig r;
	size_t i, k;

	rig_start(&r);
	for (k = 0; k < NSTATES; k++) {
		CU_ASSERT_EQUAL(alua_set(r.lu, 1, states[k].state, ALUA_IMPLICIT, NULL), 0);
		for (i = 0; i < cmd_table_len; i++) {
			uint32_t got = alua_refuses(r.lu, &r.x[0], cmd_table[i].flags);
			uint32_t wanted = lets(k, &cmd_table[i]) ? SENSE_NONE : states[k].sense;

			if (got != wanted)
				printf("\n    %s, %s: %06x\n", states[k].name, cmd_table[i].name,
				       got);
			CU_ASSERT_EQUAL(got, wanted);
		}
	}
	rig_close(&r);
}

/* Through the gate itself, after the unit attention that tells of the change. */
static void the_gate_asks(void)
{
	struct rig r;

	rig_start(&r);
	alua_set(r.lu, 1, ALUA_STANDBY, ALUA_IMPLICIT, NULL);
	CU_ASSERT_EQUAL(pr_attention(&r, &r.x[0]), SENSE_ALUA_STATE);
	CU_ASSERT_EQUAL(pr_attention(&r, &r.x[0]), SENSE_PORT_STANDBY);
	CU_ASSERT_EQUAL(pr_do(&r, &r.x[0], PR_REGISTER, 0, 0, 1), SCSI_GOOD);
	alua_set(r.lu, 1, ALUA_OPTIMIZED, ALUA_IMPLICIT, NULL);
	CU_ASSERT_EQUAL(pr_attention(&r, &r.x[0]), SENSE_ALUA_STATE);
	CU_ASSERT_EQUAL(pr_attention(&r, &r.x[0]), 0);
	rig_close(&r);
}

static void a_change_is_told_to_all_but_one(void)
{
	struct rig r;

	rig_start(&r);
	CU_ASSERT_EQUAL(alua_set(r.lu, 1, ALUA_NON_OPTIMIZED, ALUA_EXPLICIT, &r.x[0]), 0);
	CU_ASSERT_EQUAL(pr_attention(&r, &r.x[0]), 0);
	CU_ASSERT_EQUAL(pr_attention(&r, &r.x[1]), SENSE_ALUA_STATE);
	CU_ASSERT_EQUAL(alua_set(r.lu, 1, ALUA_NON_OPTIMIZED, ALUA_EXPLICIT, NULL), 0);
	CU_ASSERT_EQUAL(pr_attention(&r, &r.x[1]), 0); /* it was so already */
	CU_ASSERT_EQUAL(alua_set(r.lu, 7, ALUA_STANDBY, ALUA_EXPLICIT, NULL), -ENOENT);
	rig_close(&r);
}

/* A group has its own state for each logical unit, and the configured one at first. */
static void states_are_of_group_and_unit(void)
{
	struct scsi_lu_options opt = rig_options();
	struct scsi_nexus other;
	struct scsi_lu *lu;
	struct rig r;

	rig_start(&r);
	pr_open(&r, &other, "iqn.a,i,0x01", 2);
	CU_ASSERT_EQUAL(alua_configure(&r.dev, 2, ALUA_STANDBY), 0);
	CU_ASSERT_EQUAL(alua_configure(&r.dev, 3, ALUA_STANDBY), -ENOENT);
	opt.number = 5;
	lu = rig_add_lu(&r, &opt);
	CU_ASSERT_EQUAL(alua_state(lu, &other), ALUA_STANDBY);
	CU_ASSERT_EQUAL(alua_state(lu, &r.x[0]), ALUA_OPTIMIZED);
	CU_ASSERT_EQUAL(alua_state(r.lu, &other), ALUA_OPTIMIZED);
	alua_set(lu, 1, ALUA_UNAVAILABLE, ALUA_EXPLICIT, NULL);
	CU_ASSERT_EQUAL(alua_state(lu, &r.x[0]), ALUA_UNAVAILABLE);
	CU_ASSERT_EQUAL(alua_state(lu, &other), ALUA_STANDBY);
	CU_ASSERT_EQUAL(alua_state(r.lu, &r.x[0]), ALUA_OPTIMIZED);
	scsi_nexus_close(&other);
	rig_close(&r);
}

static void states_have_names(void)
{
	size_t i;

	for (i = 0; i < NSTATES; i++)
		CU_ASSERT_EQUAL(alua_parse(states[i].name), (int)states[i].state);
	CU_ASSERT_EQUAL(alua_parse("Standby"), -1);
	CU_ASSERT_EQUAL(alua_parse(""), -1);
}

static const struct unit_test tests[] = {
	{ "each command in each state", each_command_in_each_state },
	{ "the gate asks", the_gate_asks },
	{ "a change is told to all but the one who asked", a_change_is_told_to_all_but_one },
	{ "a state is of a group and a logical unit", states_are_of_group_and_unit },
	{ "states have names", states_have_names },
};

UNIT_MAIN("scsi/alua", tests)
