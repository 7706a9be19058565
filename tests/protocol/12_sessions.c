/* Which sessions live side by side, and which replace each other (RFC 7143, 4.4.3 and 6.3). */
#include "fixture.h"

#include <errno.h>
#include <string.h>

#define MANY 24 /* sessions at once */

static void connect_again(struct ini_session *s, const struct ini_session *old)
{
	fixture_connect(s);
	memcpy(s->isid, old->isid, PDU_ISID_LEN);
}

static const struct ini_login *plain_login(struct ini_login *l)
{
	*l = (struct ini_login){ .initiator = FIXTURE_INITIATOR,
				 .target = fixture_target(),
				 .operational = "MaxConnections=1\n" };
	return l;
}

static void same_isid_replaces(void)
{
	struct ini_session old, new;

	fixture_login_as(&old, 1, NULL);
	fixture_login_as(&new, 1, NULL);
	fixture_expect_end(&old);
	fixture_ready(&new, fixture_lun());
	fixture_leave(&new);
}

/* The old session's tasks end with it, also one that waits for data. */
static void tasks_end_with_their_session(void)
{
	static uint8_t data[65536];
	struct ini_session old, new;
	struct ini_task t;

	fixture_login_as(&old, 1, "InitialR2T=Yes\nImmediateData=No\n");
	ini_scsi_write(&t, fixture_lun(), 0, 128, data, sizeof(data));
	fixture_start_write(&old, &t);
	fixture_login_as(&new, 1, NULL);
	fixture_expect_end(&old);
	ini_scsi_write(&t, fixture_lun(), 0, 128, data, sizeof(data));
	CHECK_GOOD(&new, &t);
	fixture_leave(&new);
}

static void different_isids_coexist(void)
{
	struct ini_session s[MANY];
	size_t i, k;

	for (i = 0; i < MANY; i++)
		fixture_login_as(&s[i], (uint8_t)i, NULL);
	for (i = 0; i < MANY; i++) {
		fixture_ready(&s[i], fixture_lun());
		for (k = 0; k < i; k++)
			CHECK(s[i].tsih != s[k].tsih);
	}
	for (i = 0; i < MANY; i++)
		fixture_leave(&s[i]);
}

static void different_names_coexist(void)
{
	struct ini_session one, other;
	struct ini_login l;

	fixture_login_as(&one, 1, NULL);
	connect_again(&other, &one);
	plain_login(&l);
	l.initiator = FIXTURE_INITIATOR "2";
	CHECK_OK(&other, ini_login(&other, &l));
	fixture_ready(&other, fixture_lun());
	fixture_ready(&one, fixture_lun());
	fixture_leave(&other);
	fixture_leave(&one);
}

/* A later connection of a session says no leading key. */
static const struct ini_login *later_login(struct ini_login *l)
{
	plain_login(l);
	l->operational = "";
	return l;
}

/* 13.2: MaxConnections is 1. */
static void a_second_connection(void)
{
	struct ini_session s, more;
	struct ini_login l;

	fixture_login_as(&s, 1, "MaxConnections=1\n");
	connect_again(&more, &s);
	more.tsih = s.tsih;
	more.cid = (uint16_t)(s.cid + 1);
	CHECK_ERR(&more, ini_login(&more, later_login(&l)), -EACCES);
	CHECK_NUM(more.login_status, PDU_LOGIN_TOO_MANY_CONNECTIONS);
	fixture_expect_end(&more);
	fixture_ready(&s, fixture_lun());
	fixture_leave(&s);
}

/* A session is named by ISID and TSIH and initiator together: 11.13.4, 0x020a. */
static void somebody_elses_tsih(void)
{
	struct ini_session s, thief;
	struct ini_login l;

	fixture_login_as(&s, 1, NULL);
	fixture_connect(&thief);
	thief.isid[PDU_ISID_LEN - 1] = 2;
	thief.tsih = s.tsih;
	CHECK_ERR(&thief, ini_login(&thief, later_login(&l)), -EACCES);
	CHECK_NUM(thief.login_status, PDU_LOGIN_NO_SESSION);
	fixture_expect_end(&thief);
	connect_again(&thief, &s);
	thief.tsih = s.tsih;
	l.initiator = FIXTURE_INITIATOR "2";
	CHECK_ERR(&thief, ini_login(&thief, &l), -EACCES);
	CHECK_NUM(thief.login_status, PDU_LOGIN_NO_SESSION);
	fixture_expect_end(&thief);
	fixture_ready(&s, fixture_lun());
	fixture_leave(&s);
}

/* 6.3.4: the same CID anew takes the place of the old connection, the only one there is. */
static void the_same_connection_again(void)
{
	struct ini_session s, again;
	struct ini_login l;

	fixture_login_as(&s, 1, "MaxConnections=1\n");
	connect_again(&again, &s);
	again.tsih = s.tsih;
	again.cid = s.cid;
	again.cmdsn = again.expcmdsn = again.maxcmdsn = s.cmdsn;
	CHECK_OK(&again, ini_login(&again, later_login(&l)));
	CHECK_NUM(again.tsih, s.tsih);
	fixture_expect_end(&s);
	fixture_ready(&again, fixture_lun());
	fixture_leave(&again);
	fixture_serves();
}

static void many_come_and_go(void)
{
	struct ini_session s;
	int i;

	for (i = 0; i < 100; i++) {
		fixture_login_as(&s, (uint8_t)i, NULL);
		if (i % 3 == 0)
			fixture_leave(&s);
		else if (i % 3 == 1)
			fixture_drop(&s);
		else
			ini_conn_reset(&s.conn);
		ini_session_close(&s);
	}
	fixture_serves();
}

static const struct unit_test tests[] = {
	{ "6.3.5: a login with the same ISID replaces the session", same_isid_replaces },
	{ "6.3.5: a replaced session's tasks end with it", tasks_end_with_their_session },
	{ "4.4.3: sessions with different ISIDs live side by side", different_isids_coexist },
	{ "4.4.3: sessions of different initiators live side by side", different_names_coexist },
	{ "13.2: a connection too many is refused with 0x0206", a_second_connection },
	{ "11.13.5: a TSIH of somebody else's session is refused with 0x020a",
	  somebody_elses_tsih },
	{ "6.3.4: the only connection is reinstated", the_same_connection_again },
	{ "sessions that log out, close or reset leave nothing behind", many_come_and_go },
};

PROTOCOL_MAIN("protocol/sessions", NULL, tests)
