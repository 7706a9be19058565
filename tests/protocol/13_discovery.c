/* Discovery (RFC 7143, 4.3 and appendix C): SendTargets, addresses, tags. */
#include "fixture.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define NAME(n) "iqn.2026-11.org.itgtd:" n
#define TARGET(n, groups)                                                        \
	"target \"" NAME(n) "\" {\n"                                             \
			    "  portal-groups = { " groups " }\n"                 \
			    "  auth-group = \"no-authentication\"\n"             \
			    "  lun \"0\" { backend = \"null\" size = \"1M\" }\n" \
			    "}\n"
#define TEN(p)                 \
	TARGET(p "0", "\"1\"") \
	TARGET(p "1", "\"1\"") \
	TARGET(p "2", "\"1\"") \
	TARGET(p "3", "\"1\"") \
	TARGET(p "4", "\"1\"") \
	TARGET(p "5", "\"1\"") \
	TARGET(p "6", "\"1\"") \
	TARGET(p "7", "\"1\"") \
	TARGET(p "8", "\"1\"") \
	TARGET(p "9", "\"1"    \
		      "\"")
#define NUMBERED 40 /* targets n00 to n39 */

/* Portals: 0 and 1 in group 1 (IPv4, IPv6), 2 and 3 in group 7 (any address of either). */
static const struct fixture_options options = {
	.conf = "portal-group \"1\" {\n"
		"  listen = { \"127.0.0.1:0\", \"[::1]:0\" }\n"
		"  discovery-auth-group = \"no-authentication\"\n"
		"}\n"
		"portal-group \"7\" {\n"
		"  listen = { \"0.0.0.0:0\", \"[::]:0\" }\n"
		"  discovery-auth-group = \"no-authentication\"\n"
		"}\n" TARGET("both", "\"1\", \"7\"") TARGET("seven", "\"7\"") TEN("n0") TEN("n1")
			TEN("n2") TEN("n3"),
	.target = NAME("both"),
};

/* A discovery session over a portal, reached at host (NULL: where it listens). */
static void discover(struct ini_session *s, size_t portal, const char *host, const char *keys)
{
	struct ini_login l = { .initiator = FIXTURE_INITIATOR,
			       .discovery = true,
			       .operational = keys ? keys : "" };
	const struct ini_url *p = fixture_portal(portal);

	ini_session_init(s);
	CHECK_OK(s, ini_session_connect(s, host ? host : p->host, p->port));
	CHECK_OK(s, ini_login(s, &l));
}

static void send_targets(struct ini_session *s, const char *value)
{
	struct ini_text text;

	ini_text_init(&text);
	CHECK(ini_text_add(&text, "SendTargets", value) == 0);
	CHECK_OK(s, ini_request_text(s, &text));
	ini_text_free(&text);
}

/* How often the value of key is value in the answer. */
static size_t count(const struct ini_session *s, const char *key, const char *value)
{
	size_t i, n = 0;
	const char *v;

	for (i = 0; (v = ini_text_get(&s->answer, key, i)); i++)
		n += strcmp(v, value) == 0;
	return n;
}

static void check_all_numbered(const struct ini_session *s)
{
	char name[64];
	int i;

	for (i = 0; i < NUMBERED; i++) {
		(void)snprintf(name, sizeof(name), NAME("n%02d"), i);
		CHECK_THAT(count(s, "TargetName", name) == 1, "%s is not told once", name);
	}
}

static void all_targets(void)
{
	struct ini_session s;

	discover(&s, 0, NULL, NULL);
	send_targets(&s, "All");
	check_all_numbered(&s);
	CHECK_NUM(count(&s, "TargetName", NAME("both")), 1);
	send_targets(&s, "All"); /* once more is the same */
	check_all_numbered(&s);
	fixture_leave(&s);
}

static void one_target(void)
{
	struct ini_session s;

	discover(&s, 0, NULL, NULL);
	send_targets(&s, NAME("n07"));
	CHECK_NUM(ini_text_count(&s.answer, "TargetName"), 1);
	CHECK_NUM(count(&s, "TargetName", NAME("n07")), 1);
	CHECK(ini_text_count(&s.answer, "TargetAddress") >= 1);
	fixture_leave(&s);
}

static void no_target(void)
{
	struct ini_session s;

	discover(&s, 0, NULL, NULL);
	send_targets(&s, NAME("none"));
	CHECK_NUM(ini_text_count(&s.answer, "TargetName"), 0);
	fixture_leave(&s);
}

/* Appendix C: a normal session may ask for its own target, and for no other. */
static void in_a_normal_session(void)
{
	struct ini_session s;
	struct ini_text text;

	fixture_login(&s, NULL);
	send_targets(&s, "");
	CHECK(ini_text_count(&s.answer, "TargetAddress") >= 1);
	CHECK_NUM(ini_text_count(&s.answer, "TargetName"), count(&s, "TargetName", NAME("both")));
	ini_text_init(&text);
	CHECK(ini_text_add(&text, "SendTargets", "All") == 0);
	(void)ini_request_text(&s, &text); /* Reject as a PDU or as a value: both will do */
	CHECK_NUM(ini_text_count(&s.answer, "TargetName"), count(&s, "TargetName", NAME("both")));
	ini_text_free(&text);
	ini_session_close(&s);
}

/* 13.12: an answer longer than the initiator takes in a PDU comes in pieces (C and TTT). */
static void an_answer_in_pieces(void)
{
	struct ini_session s;

	discover(&s, 0, NULL, "MaxRecvDataSegmentLength=512\n");
	CHECK_NUM(s.param.own_MaxRecvDataSegmentLength, 512);
	send_targets(&s, "All");
	CHECK(s.answer.len > 1024);
	check_all_numbered(&s);
	fixture_leave(&s);
}

/* The initiator goes away with most of the answer unread, or asks for something else. */
static void an_answer_cut_short(void)
{
	struct pdu_text_req req = { .immediate = true, .final = true, .ttt = PDU_TAG_RESERVED };
	static const char all[] = "SendTargets=All";
	uint8_t bhs[PDU_BHS_LEN];
	struct pdu_text_rsp rsp;
	struct ini_session s;
	struct ini_pdu pdu;
	uint32_t itt;

	discover(&s, 0, NULL, "MaxRecvDataSegmentLength=512\n");
	pdu_put_text_req(bhs, &req);
	CHECK_OK(&s, ini_session_post(&s, bhs, all, sizeof(all), &itt));
	CHECK_OK(&s, ini_request_wait(&s, itt, PDU_TEXT_RSP, &pdu));
	CHECK(pdu_get_text_rsp(pdu.bhs, &rsp) == PDU_OK);
	CHECK(!rsp.final && rsp.ttt != PDU_TAG_RESERVED);
	send_targets(&s, NAME("n07"));
	CHECK_NUM(ini_text_count(&s.answer, "TargetName"), 1);
	CHECK_OK(&s, ini_session_post(&s, bhs, all, sizeof(all), &itt));
	CHECK_OK(&s, ini_request_wait(&s, itt, PDU_TEXT_RSP, &pdu));
	fixture_drop(&s);
	fixture_serves();
}

/* Does any TargetAddress begin so? */
static bool is_told(const struct ini_session *s, const char *begin)
{
	const char *address;
	size_t i;

	for (i = 0; (address = ini_text_get(&s->answer, "TargetAddress", i)); i++) {
		if (!strncmp(address, begin, strlen(begin)))
			return true;
	}
	return false;
}

/* What TargetAddress must be for a portal reached at host, in the group with that tag. */
static void check_address(size_t portal, const char *host, int tag)
{
	const struct ini_url *p = fixture_portal(portal);
	bool ipv6 = strchr(host, ':') != NULL;
	struct ini_session s;
	char want[320];

	(void)snprintf(want, sizeof(want), ipv6 ? "[%s]:%s,%d" : "%s:%s,%d", host, p->port, tag);
	discover(&s, portal, host, NULL);
	send_targets(&s, NAME("both"));
	CHECK_THAT(count(&s, "TargetAddress", want) == 1, "%s is not told; %s is", want,
		   ini_text_get(&s.answer, "TargetAddress", 0));
	CHECK_THAT(!is_told(&s, "0.0.0.0:") && !is_told(&s, "[::]:"), "a wildcard is told");
	fixture_leave(&s);
}

static void addresses_and_tags(void)
{
	check_address(0, "127.0.0.1", 1);
	check_address(1, "::1", 1);
}

static void a_wildcard_portal(void)
{
	check_address(2, "127.0.0.1", 7);
	check_address(2, "127.0.0.5", 7);
	check_address(3, "::1", 7);
}

/* 13.9: the tag in the login's answer is that of the group that the connection came by. */
static void the_tag_of_a_login(void)
{
	static const struct {
		size_t portal;
		const char *host;
		uint32_t tag;
	} cases[] = {
		{ 0, "127.0.0.1", 1 }, { 1, "::1", 1 }, { 2, "127.0.0.1", 7 }, { 3, "::1", 7 }
	};
	struct ini_login l = { .initiator = FIXTURE_INITIATOR,
			       .target = NAME("both"),
			       .operational = "" };
	struct ini_session s;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ini_session_init(&s);
		CHECK_OK(&s, ini_session_connect(&s, cases[i].host,
						 fixture_portal(cases[i].portal)->port));
		CHECK_OK(&s, ini_login(&s, &l));
		CHECK_NUM(s.param.TargetPortalGroupTag, cases[i].tag);
		fixture_ready(&s, 0);
		fixture_leave(&s);
	}
}

/* A target is not there for who comes by a portal that is not the target's. */
static void a_target_of_another_group(void)
{
	struct ini_login l = { .initiator = FIXTURE_INITIATOR,
			       .target = NAME("seven"),
			       .operational = "" };
	struct ini_session s;

	fixture_connect(&s);
	CHECK_ERR(&s, ini_login(&s, &l), -EACCES);
	CHECK_NUM(s.login_status, PDU_LOGIN_NOT_FOUND);
	fixture_expect_end(&s);
}

/* 4.3: a discovery session takes text and logout, and no commands. */
static void no_commands(void)
{
	struct ini_session s;
	struct ini_task t;
	int err;

	discover(&s, 0, NULL, NULL);
	ini_scsi_test_unit_ready(&t, 0);
	err = ini_task_run(&s, &t);
	CHECK_THAT(err == -ECONNRESET || (!err && t.outcome == INI_REJECTED),
		   "a command in a discovery session: %s, status 0x%02x", strerror(-err), t.status);
	ini_session_close(&s);
	fixture_serves();
}

/* 4.3: nor anything else but text and the logout that closes the session. */
static void nothing_else(void)
{
	struct pdu_tmf_req tmf = { .immediate = true,
				   .function = PDU_TMF_LU_RESET,
				   .rtt = PDU_TAG_RESERVED };
	struct ini_session s;
	uint8_t response;

	discover(&s, 0, NULL, NULL);
	CHECK_ERR(&s, ini_request_nop(&s, true, NULL, 0, NULL), -EREMOTEIO);
	CHECK_NUM(s.reject_reason, PDU_REJECT_PROTOCOL_ERROR);
	CHECK_ERR(&s, ini_request_tmf(&s, &tmf, &response), -EREMOTEIO);
	CHECK_NUM(s.reject_reason, PDU_REJECT_PROTOCOL_ERROR);
	CHECK_ERR(&s, ini_request_logout(&s, PDU_LOGOUT_CONNECTION, s.cid, &response), -EREMOTEIO);
	CHECK_NUM(s.reject_reason, PDU_REJECT_PROTOCOL_ERROR);
	send_targets(&s, "All");
	check_all_numbered(&s);
	fixture_leave(&s);
}

/* 13: keys that have no meaning there are Irrelevant, or answered as ever. */
static void keys_of_normal_sessions(void)
{
	struct ini_session s;

	discover(&s, 0, NULL,
		 "HeaderDigest=CRC32C,None\nDataDigest=CRC32C,None\nMaxConnections=1\n"
		 "InitialR2T=No\nImmediateData=Yes\nMaxBurstLength=65536\nDefaultTime2Wait=0\n"
		 "DefaultTime2Retain=0\nErrorRecoveryLevel=0\nMaxRecvDataSegmentLength=32768\n");
	send_targets(&s, "All");
	check_all_numbered(&s);
	fixture_leave(&s);
}

static const struct unit_test tests[] = {
	{ "C: SendTargets=All tells every target once", all_targets },
	{ "C: SendTargets=name tells that one", one_target },
	{ "C: SendTargets of a name that is not here tells none", no_target },
	{ "C: a normal session learns of its own target only", in_a_normal_session },
	{ "11.11: a long answer comes in pieces", an_answer_in_pieces },
	{ "11.10.4: an answer need not be fetched to its end", an_answer_cut_short },
	{ "13.8: TargetAddress has address, port and tag", addresses_and_tags },
	{ "13.8: a wildcard portal is told as the address that was come to", a_wildcard_portal },
	{ "13.9: a login is told the tag of its portal", the_tag_of_a_login },
	{ "a target is found through its own portal groups only", a_target_of_another_group },
	{ "4.3: a discovery session takes no commands", no_commands },
	{ "4.3: a discovery session takes nothing else", nothing_else },
	{ "13: a discovery session may offer the keys of a normal one", keys_of_normal_sessions },
};

PROTOCOL_MAIN("protocol/discovery", &options, tests)
