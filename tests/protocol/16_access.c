/* Who is let in, sent elsewhere or turned away (RFC 7143, 11.13.5), and who sees which LUN. */
#include "fixture.h"

#include "base/bytes.h"

#include <errno.h>
#include <string.h>

#define NAME(n)   "iqn.2026-11.org.itgtd:" n
#define ELSEWHERE "198.51.100.7:3260"
#define MOST      8 /* connections at a time */

/* Portals: 0 in group 1, 1 in group 2, which sends logins elsewhere. */
static const struct fixture_options options = {
	.conf = FIXTURE_CONF
	"max-connections = 8\n"
	"portal-group \"2\" { listen = { \"127.0.0.1:0\" } redirect = \"" ELSEWHERE "\" }\n"
	"auth-group \"friends\" { initiator-names = { \"iqn.2026-11.org.itgtd:init*\" } }\n"
	"auth-group \"nearby\" { initiator-portals = { \"127.0.0.0/8\" } }\n"
	"auth-group \"afar\" { initiator-portals = { \"192.0.2.0/24\", \"2001:db8::/32\" } }\n"
	"target \"" NAME(
		"open") "\" {\n"
			"  portal-groups = { \"1\", \"2\" }\n"
			"  lun \"0\" { backend = \"ram\" size = \"1M\" }\n"
			"  lun \"1\" { backend = \"ram\" size = \"1M\" initiators = { \"" NAME(
				"other") "\" } }\n"
					 "}\n"
					 "target \"" NAME(
						 "friends") "\" {\n"
							    "  portal-groups = { \"1\" } "
							    "auth-group = \"friends\"\n"
							    "  lun \"0\" { backend = \"ram\" size "
							    "= \"1M\" }\n"
							    "}\n"
							    "target \"" NAME(
								    "nearby") "\" {\n"
									      "  portal-groups = { "
									      "\"1\" } auth-group "
									      "= \"nearby\"\n"
									      "  lun \"0\" { "
									      "backend = \"ram\" "
									      "size = \"1M\" }\n"
									      "}\n"
									      "target \"" NAME(
										      "afar") "\" "
											      "{\n"
											      "  "
											      "port"
											      "al-"
											      "grou"
											      "ps "
											      "= { "
											      "\"1"
											      "\" "
											      "} "
											      "auth"
											      "-gro"
											      "up "
											      "= "
											      "\"af"
											      "ar\""
											      "\n"
											      "  "
											      "lun "
											      "\"0"
											      "\" "
											      "{ "
											      "back"
											      "end "
											      "= "
											      "\"ra"
											      "m\" "
											      "size"
											      " = "
											      "\"1M"
											      "\" "
											      "}\n"
											      "}\n"
											      "targ"
											      "et "
											      "\"" NAME(
												      "nobody") "\" {\n"
														"  portal-groups = { \"1\" } auth-group = \"deny\"\n"
														"  lun \"0\" { backend = \"ram\" size = \"1M\" }\n"
														"}\n",
	.target = NAME("open"),
};

static void names_and_networks(void)
{
	static const struct {
		const char *initiator, *target;
		uint16_t status;
	} cases[] = {
		{ FIXTURE_INITIATOR, NAME("open"), 0 },
		{ FIXTURE_INITIATOR, NAME("friends"), 0 },
		{ "iqn.2026-11.org.itgtd:INITIATOR", NAME("friends"), 0 },
		{ NAME("stranger"), NAME("friends"), PDU_LOGIN_FORBIDDEN },
		{ FIXTURE_INITIATOR, NAME("nearby"), 0 },
		{ FIXTURE_INITIATOR, NAME("afar"), PDU_LOGIN_FORBIDDEN },
		{ FIXTURE_INITIATOR, NAME("nobody"), PDU_LOGIN_FORBIDDEN },
	};
	struct ini_session s;
	size_t i;
	int err;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct ini_login l = { .initiator = cases[i].initiator,
				       .target = cases[i].target,
				       .operational = "" };

		fixture_connect(&s);
		err = ini_login(&s, &l);
		CHECK_THAT(err == (cases[i].status ? -EACCES : 0) &&
				   s.login_status == cases[i].status,
			   "%s at %s: %d, status 0x%04x", cases[i].initiator, cases[i].target, err,
			   s.login_status);
		if (err)
			fixture_expect_end(&s);
		else
			fixture_leave(&s);
	}
}

/* 11.13.5, 0x0101: the response says where to. */
static void sent_elsewhere(void)
{
	struct ini_login l = { .initiator = FIXTURE_INITIATOR,
			       .target = NAME("open"),
			       .operational = "" };
	const struct ini_url *p = fixture_portal(1);
	struct ini_session s;
	const char *where;

	ini_session_init(&s);
	CHECK_OK(&s, ini_session_connect(&s, p->host, p->port));
	CHECK_ERR(&s, ini_login(&s, &l), -EACCES);
	CHECK_NUM(s.login_status, PDU_LOGIN_MOVED_TEMPORARILY);
	where = ini_text_get(&s.answer, "TargetAddress", 0);
	CHECK_THAT(where && strcmp(where, ELSEWHERE) == 0, "TargetAddress is %s",
		   where ? where : "missing");
	fixture_expect_end(&s);
}

/* One too many is refused politely (0x0302); those who are in stay, and its place comes free. */
static void too_many_connections(void)
{
	struct ini_login l = { .initiator = FIXTURE_INITIATOR,
			       .target = NAME("open"),
			       .operational = "" };
	struct ini_session s[MOST], more;
	size_t i;

	for (i = 0; i < MOST; i++)
		fixture_login_as(&s[i], (uint8_t)i, NULL);
	fixture_connect(&more);
	more.isid[PDU_ISID_LEN - 1] = MOST;
	CHECK_ERR(&more, ini_login(&more, &l), -EACCES);
	CHECK_NUM(more.login_status, PDU_LOGIN_OUT_OF_RESOURCES);
	fixture_expect_end(&more);
	for (i = 0; i < MOST; i++) {
		fixture_ready(&s[i], 0);
		fixture_leave(&s[i]);
	}
	fixture_serves();
}

/* LUN 1 is there for one initiator alone: in REPORT LUNS, and when it is spoken to. */
static void a_masked_lun(void)
{
	static const struct {
		const char *initiator;
		uint32_t luns;
	} cases[] = { { FIXTURE_INITIATOR, 1 }, { NAME("other"), 2 }, { NAME("OTHER"), 2 } };
	struct ini_session s;
	struct ini_task t;
	uint8_t list[64];
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct ini_login l = { .initiator = cases[i].initiator,
				       .target = NAME("open"),
				       .operational = "" };

		fixture_connect(&s);
		CHECK_OK(&s, ini_login(&s, &l));
		ini_scsi_report_luns(&t, list, sizeof(list));
		CHECK_GOOD(&s, &t);
		CHECK_NUM(be32(list), cases[i].luns * PDU_LUN_LEN);
		if (cases[i].luns == 2) {
			fixture_ready(&s, 1);
		} else {
			ini_scsi_test_unit_ready(&t, 1);
			CHECK_SENSE(&s, &t, SENSE_INVALID_LUN);
		}
		fixture_leave(&s);
	}
}

static const struct unit_test tests[] = {
	{ "11.13.5: names and networks that may come, and others: 0x0202", names_and_networks },
	{ "11.13.5: a login is sent elsewhere: 0x0101 and TargetAddress", sent_elsewhere },
	{ "11.13.5: a connection too many is refused: 0x0302", too_many_connections },
	{ "a masked LUN is there for its own initiators only", a_masked_lun },
};

PROTOCOL_MAIN("protocol/access", &options, tests)
