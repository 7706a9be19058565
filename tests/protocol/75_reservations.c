/*
 * Persistent reservations over the wire, and through a kill of the daemon: an I_T
 * nexus is known by initiator name and ISID (RFC 7143, 4.4.2), whatever session it has.
 */
#include "fixture.h"

#include "base/bytes.h"

#include <string.h>

#define REGISTER         0
#define RESERVE          1
#define RELEASE          2
#define EXCLUSIVE_ACCESS 3
#define APTPL            0x01
#define CONFLICT         0x18

/* PERSISTENT RESERVE OUT. Its status. */
static uint8_t pr_out(struct ini_session *s, uint8_t action, uint8_t type, uint64_t key,
		      uint64_t action_key)
{
	uint8_t list[24] = { [20] = action == REGISTER ? APTPL : 0 };
	struct ini_task t;

	put_be64(list, key);
	put_be64(list + 8, action_key);
	ini_scsi_test_unit_ready(&t, fixture_lun());
	t.cdb[0] = 0x5f;
	t.cdb[1] = action;
	t.cdb[2] = type;
	put_be32(t.cdb + 5, sizeof(list));
	t.out = list;
	t.out_len = sizeof(list);
	CHECK_OK(s, ini_task_run(s, &t));
	return t.status;
}

/* The status of a READ of block 0. */
static uint8_t read_block(struct ini_session *s)
{
	uint8_t block[FIXTURE_BLOCK];
	struct ini_task t;

	ini_scsi_read(&t, fixture_lun(), 0, 1, block, sizeof(block));
	CHECK_OK(s, ini_task_run(s, &t));
	return t.status;
}

/* PERSISTENT RESERVE IN: READ FULL STATUS names the port that is registered. */
static void check_name(struct ini_session *s, const char *isid)
{
	uint8_t in[512] = { 0 };
	struct ini_task t;

	ini_scsi_inquiry(&t, fixture_lun(), in, sizeof(in));
	memset(t.cdb, 0, 16);
	t.cdb[0] = 0x5e;
	t.cdb[1] = 3;
	put_be16(t.cdb + 7, sizeof(in));
	CHECK_GOOD(s, &t);
	CHECK_NUM(in[8 + 24], 0x45);
	CHECK(!strncmp((char *)in + 8 + 28, FIXTURE_INITIATOR ",i,0x",
		       strlen(FIXTURE_INITIATOR ",i,0x")));
	CHECK(!strcmp((char *)in + 8 + 28 + strlen(FIXTURE_INITIATOR ",i,0x") + 10, isid));
}

static void a_reservation_survives_a_kill(void)
{
	struct ini_session a, b;

	fixture_login_as(&a, 1, NULL);
	fixture_login_as(&b, 2, NULL);
	CHECK_NUM(pr_out(&a, REGISTER, 0, 0, 0xa), 0);
	CHECK_NUM(pr_out(&a, RESERVE, EXCLUSIVE_ACCESS, 0xa, 0), 0);
	check_name(&b, "01");
	CHECK_NUM(read_block(&a), 0);
	CHECK_NUM(read_block(&b), CONFLICT);
	ini_session_close(&a);
	ini_session_close(&b);
	fixture_crash();
	fixture_login_as(&a, 1, NULL);
	fixture_login_as(&b, 2, NULL);
	CHECK_NUM(read_block(&a), 0);
	CHECK_NUM(read_block(&b), CONFLICT);
	CHECK_NUM(pr_out(&a, RELEASE, EXCLUSIVE_ACCESS, 0xa, 0), 0);
	CHECK_NUM(read_block(&b), 0);
	fixture_leave(&a);
	fixture_leave(&b);
}

static const struct unit_test tests[] = {
	{ "a reservation with APTPL survives a kill of the daemon", a_reservation_survives_a_kill },
};

static const struct fixture_options options = {
	.conf = FIXTURE_CONF "state-directory = \"${FIXTURE_DIR}/state\"\n"
			     "target \"iqn.2026-11.org.example:pr\" {\n"
			     "  auth-group = \"no-authentication\"\n"
			     "  lun \"0\" { backend = \"ram\" size = \"16M\" }\n"
			     "}\n",
	.target = "iqn.2026-11.org.example:pr",
};

PROTOCOL_MAIN("protocol/reservations", &options, tests)
