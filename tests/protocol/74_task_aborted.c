/*
 * Who is told, and how, that another initiator has ended its tasks: by TASK ABORTED status where
 * the control mode page has TAS set, else by a unit attention alone (SPC-5, 7.5.9; SAM-5, 5.6).
 */
#include "tmf.h"

#include <string.h>

#define TASK_ABORTED    0x40
#define UA_LU_RESET     0x062903
#define UA_TARGET_RESET 0x062902
#define UA_CLEARED      0x062f00

#define HEADER  4  /* bytes of a mode parameter header */
#define CONTROL 12 /* … and of the control mode page */
#define TAS     0x40

/* Set or clear TAS of LUN 0: read the page as it is, change the bit, write it back. */
static void set_tas(struct ini_session *s, bool on)
{
	uint8_t page[HEADER + CONTROL], written[HEADER + CONTROL];
	struct ini_task t;

	ini_scsi_inquiry(&t, 0, page, sizeof(page));
	memset(t.cdb, 0, sizeof(t.cdb));
	t.cdb[0] = 0x1a; /* MODE SENSE(6), DBD, current values */
	t.cdb[1] = 0x08;
	t.cdb[2] = 0x0a;
	t.cdb[4] = sizeof(page);
	CHECK_GOOD(s, &t);
	CHECK_NUM(page[HEADER] & 0x3f, 0x0a);
	memcpy(written, page, sizeof(page));
	written[0] = 0;
	written[HEADER] &= 0x3f; /* PS is reserved here */
	written[HEADER + 5] = (uint8_t)(on ? page[HEADER + 5] | TAS : page[HEADER + 5] & ~TAS);
	ini_scsi_write(&t, 0, 0, 1, written, sizeof(written));
	memset(t.cdb, 0, sizeof(t.cdb));
	t.cdb[0] = 0x15; /* MODE SELECT(6), PF */
	t.cdb[1] = 0x10;
	t.cdb[4] = sizeof(written);
	CHECK_GOOD(s, &t);
}

static const struct function {
	uint8_t function;
	uint32_t attention; /* that others get, beside TASK ABORTED or without it */
	bool told_always;   /* … also where the status tells of it */
} functions[] = {
	{ PDU_TMF_CLEAR_TASK_SET, UA_CLEARED, false },
	{ PDU_TMF_LU_RESET, UA_LU_RESET, true },
	{ PDU_TMF_TARGET_WARM_RESET, UA_TARGET_RESET, true },
};

#define FUNCTIONS (sizeof(functions) / sizeof(functions[0]))

/* Two sessions, a write of each that waits for its data, and TAS as wished. */
static void start(struct ini_session *s, struct ini_session *other, struct ini_task *t,
		  struct ini_task *others, bool tas)
{
	tmf_prepare(s, 0, TMF_WAITS);
	set_tas(s, tas);
	tmf_prepare(other, 1, TMF_WAITS);
	fixture_ready(s, 0);
	tmf_start_write(s, t, 0);
	tmf_start_write(other, others, 0);
}

/* The one who asked has no status of its own task, whatever TAS says; the other has. */
static void with_tas(void)
{
	struct ini_session s, other;
	struct ini_task t, others;
	size_t i;

	for (i = 0; i < FUNCTIONS; i++) {
		start(&s, &other, &t, &others, true);
		CHECK_NUM(tmf_manage(&s, functions[i].function, 0, NULL), PDU_TMF_COMPLETE);
		tmf_silence(&other); /* 11.4.2: its R2T is to be answered first */
		CHECK_NUM(others.outcome, INI_IN_FLIGHT);
		tmf_answer_r2ts(&other, NULL);
		CHECK_OK(&other, ini_task_wait(&other, &others));
		CHECK_NUM(others.outcome, INI_ANSWERED);
		CHECK_NUM(others.status, TASK_ABORTED);
		CHECK_NUM(ini_task_sense(&others), 0);
		tmf_attention(&other, 0, functions[i].told_always ? functions[i].attention : 0);
		tmf_ended(&s, &t, 0);
		set_tas(&s, false);
		fixture_drop(&other);
		fixture_leave(&s);
	}
}

static void without_tas(void)
{
	struct ini_session s, other;
	struct ini_task t, others;
	size_t i;

	for (i = 0; i < FUNCTIONS; i++) {
		start(&s, &other, &t, &others, false);
		CHECK_NUM(tmf_manage(&s, functions[i].function, 0, NULL), PDU_TMF_COMPLETE);
		tmf_answer_r2ts(&other, NULL);
		tmf_silence(&other);
		tmf_attention(&other, 0, functions[i].attention);
		tmf_ended(&other, &others, 0);
		tmf_ended(&s, &t, 0);
		fixture_leave(&other);
		fixture_leave(&s);
	}
}

/* What ends only the session's own tasks is told to nobody, with TAS or without. */
static void own_tasks_are_told_to_nobody(void)
{
	struct ini_session s, other;
	struct ini_task t, others;

	start(&s, &other, &t, &others, true);
	CHECK_NUM(tmf_manage(&s, PDU_TMF_ABORT_TASK_SET, 0, NULL), PDU_TMF_COMPLETE);
	tmf_ended(&s, &t, 0);
	tmf_goes_on(&other, &others);
	tmf_attention(&other, 0, 0);
	set_tas(&s, false);
	fixture_drop(&other);
	fixture_leave(&s);
}

static const struct unit_test tests[] = {
	{ "4.2.3.2: with TAS another's tasks end with TASK ABORTED", with_tas },
	{ "4.2.3.2: without TAS another is told by a unit attention", without_tas },
	{ "4.2.3.2: the end of own tasks is told to nobody", own_tasks_are_told_to_nobody },
};

PROTOCOL_MAIN("protocol/task_aborted", &tmf_options, tests)
