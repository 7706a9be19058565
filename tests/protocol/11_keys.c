/* Negotiation of every key (RFC 7143, 6.2 and 13): default, least, most, illegal, unknown. */
#include "fixture.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct fixture_options options = {
	.conf = FIXTURE_CONF "target \"iqn.2026-11.org.itgtd:test\" {\n"
			     "  portal-groups = { \"1\" }\n"
			     "  auth-group = \"no-authentication\"\n"
			     "  MaxRecvDataSegmentLength = 65536\n"
			     "  FirstBurstLength = 131072\n"
			     "  MaxBurstLength = 524288\n"
			     "  InitialR2T = no\n"
			     "  ImmediateData = yes\n"
			     "  MaxOutstandingR2T = 4\n"
			     "  MaxConnections = 1\n"
			     "  ErrorRecoveryLevel = 0\n"
			     "  HeaderDigest = { \"CRC32C\", \"None\" }\n"
			     "  DataDigest = { \"CRC32C\", \"None\" }\n"
			     "  DefaultTime2Wait = 2\n"
			     "  DefaultTime2Retain = 20\n"
			     "  lun \"0\" { backend = \"ram\" size = \"1M\" }\n"
			     "}\n",
	.target = "iqn.2026-11.org.itgtd:test",
};

/* The answer that a row wants: words, with '|' between those that are all right. */
#define NO_ANSWER    "-"                    /* the key is declared, not negotiated */
#define REFUSED      "refused"              /* the login ends with 0x0200 */
#define NO_SUCH_TYPE "session type refused" /* with 0x0209 */

struct row {
	const char *offer; /* "Key=value" */
	const char *want;
};

/* Is answer among the words of want? Numbers may be written in any way (6.1). */
static bool is_wanted(const char *answer, const char *want)
{
	size_t len;

	for (; *want; want += len + (want[len] == '|')) {
		len = strcspn(want, "|");
		if (strlen(answer) == len && memcmp(answer, want, len) == 0)
			return true;
		if (*answer >= '0' && *answer <= '9' && *want >= '0' && *want <= '9' &&
		    strtoul(answer, NULL, 0) == strtoul(want, NULL, 0))
			return true;
	}
	return false;
}

/* Log in with the row's offer; look at the answer; use the connection with what was agreed. */
static void negotiate(const struct row *r)
{
	struct ini_login l = { .initiator = FIXTURE_INITIATOR,
			       .target = fixture_target(),
			       .operational = r->offer };
	struct ini_session s;
	const char *answer;
	char key[128];
	int err;

	(void)snprintf(key, sizeof(key), "%.*s", (int)strcspn(r->offer, "="), r->offer);
	fixture_connect(&s);
	err = ini_login(&s, &l);
	if (err == -EACCES) {
		CHECK_THAT((is_wanted(REFUSED, r->want) && s.login_status == 0x0200) ||
				   (is_wanted(NO_SUCH_TYPE, r->want) && s.login_status == 0x0209),
			   "%s: refused with 0x%04x, not %s", r->offer, s.login_status, r->want);
		fixture_expect_end(&s);
		return;
	}
	CHECK_THAT(!err, "%s: %s; %s", r->offer, strerror(-err), s.fault);
	answer = ini_text_get(&s.answer, key, 0);
	CHECK_THAT(is_wanted(answer ? answer : NO_ANSWER, r->want), "%s: the answer is %s, not %s",
		   r->offer, answer ? answer : NO_ANSWER, r->want);
	CHECK_THAT(ini_text_count(&s.answer, key) <= 1, "%s: two answers", r->offer);
	fixture_ready(&s, fixture_lun());
	fixture_leave(&s);
}

static void negotiate_all(const struct row *rows, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		negotiate(&rows[i]);
}

#define NEGOTIATE(rows) negotiate_all(rows, sizeof(rows) / sizeof((rows)[0]))

static void digests(void)
{
	/* 6.2.1: the first of the initiator's list that the target has */
	static const struct row rows[] = {
		{ "HeaderDigest=None", "None" },
		{ "HeaderDigest=CRC32C", "CRC32C" },
		{ "HeaderDigest=None,CRC32C", "None" },
		{ "HeaderDigest=CRC32C,None", "CRC32C" },
		{ "HeaderDigest=X-org.itgtd.sum,CRC32C,None", "CRC32C" },
		{ "HeaderDigest=X-org.itgtd.sum,None", "None" },
		{ "HeaderDigest=X-org.itgtd.sum", "Reject" },
		{ "HeaderDigest=", "Reject" },
		{ "DataDigest=None", "None" },
		{ "DataDigest=CRC32C", "CRC32C" },
		{ "DataDigest=None,CRC32C", "None" },
		{ "DataDigest=CRC32C,None", "CRC32C" },
		{ "DataDigest=crc32c", "Reject" },
	};

	NEGOTIATE(rows);
}

static void booleans(void)
{
	static const struct row rows[] = {
		{ "InitialR2T=Yes", "Yes" },
		{ "InitialR2T=No", "No" },
		{ "InitialR2T=yes", "Reject" },
		{ "InitialR2T=1", "Reject" },
		{ "InitialR2T=", "Reject" },
		{ "ImmediateData=Yes", "Yes" },
		{ "ImmediateData=No", "No" },
		{ "ImmediateData=Maybe", "Reject" },
		{ "DataPDUInOrder=Yes", "Yes" },
		{ "DataPDUInOrder=No", "Yes|No" },
		{ "DataPDUInOrder=NO", "Reject" },
		{ "DataSequenceInOrder=Yes", "Yes" },
		{ "DataSequenceInOrder=No", "Yes|No" },
		{ "DataSequenceInOrder=None", "Reject" },
	};

	NEGOTIATE(rows);
}

static void numbers(void)
{
	static const struct row rows[] = {
		{ "MaxConnections=1", "1" },
		{ "MaxConnections=65535", "1" },
		{ "MaxConnections=0", "Reject" },
		{ "MaxConnections=65536", "Reject" },
		{ "MaxBurstLength=512", "512" },
		{ "MaxBurstLength=262144", "262144" },
		{ "MaxBurstLength=16777215", "524288" },
		{ "MaxBurstLength=511", "Reject" },
		{ "MaxBurstLength=16777216", "Reject" },
		{ "FirstBurstLength=512", "512" },
		{ "FirstBurstLength=65536", "65536" },
		{ "FirstBurstLength=16777215", "131072" },
		{ "FirstBurstLength=511", "Reject" },
		{ "FirstBurstLength=16777216", "Reject" },
		{ "MaxOutstandingR2T=1", "1" },
		{ "MaxOutstandingR2T=65535", "4" },
		{ "MaxOutstandingR2T=0", "Reject" },
		{ "MaxOutstandingR2T=65536", "Reject" },
		{ "ErrorRecoveryLevel=0", "0" },
		{ "ErrorRecoveryLevel=2", "0" },
		{ "ErrorRecoveryLevel=3", "Reject" },
		{ "DefaultTime2Wait=0", "2" },
		{ "DefaultTime2Wait=3600", "3600" },
		{ "DefaultTime2Wait=3601", "Reject" },
		{ "DefaultTime2Retain=0", "0" },
		{ "DefaultTime2Retain=3600", "20" },
		{ "DefaultTime2Retain=3601", "Reject" },
		{ "iSCSIProtocolLevel=0", "0" },
		{ "iSCSIProtocolLevel=1", "1" },
		{ "iSCSIProtocolLevel=31", "1|2" },
		{ "iSCSIProtocolLevel=32", "Reject" },
	};

	NEGOTIATE(rows);
}

/* 6.1: decimal, hexadecimal, and nothing else. */
static void forms_of_a_number(void)
{
	static const struct row rows[] = {
		{ "MaxBurstLength=0x400", "1024" },
		{ "MaxBurstLength=0X400", "1024" },
		{ "MaxBurstLength=0xFfFf", "65535" },
		{ "MaxBurstLength=", "Reject" },
		{ "MaxBurstLength=0x", "Reject" },
		{ "MaxBurstLength=-512", "Reject" },
		{ "MaxBurstLength=+512", "Reject" },
		{ "MaxBurstLength= 512", "Reject" },
		{ "MaxBurstLength=512 ", "Reject" },
		{ "MaxBurstLength=512,1024", "Reject" },
		{ "MaxBurstLength=512~1024", "Reject" },
		{ "MaxBurstLength=4k", "Reject" },
		{ "MaxBurstLength=18446744073709552128", "Reject" },
		{ "MaxBurstLength=99999999999999999999999999999999999999", "Reject" },
		{ "MaxBurstLength=0x10000000000000200", "Reject" },
	};

	NEGOTIATE(rows);
}

static void declared(void)
{
	/* 13.12: the target's own declaration may stand in the answer; it answers nothing. */
	static const struct row rows[] = {
		{ "InitiatorAlias=a test", NO_ANSWER },
		{ "InitiatorAlias=", NO_ANSWER },
		{ "SessionType=Normal", NO_ANSWER },
		{ "X#NodeArchitecture=test", NO_ANSWER "|NotUnderstood" }, /* 13.26 */
		{ "SessionType=Abnormal", NO_SUCH_TYPE },
		{ "MaxRecvDataSegmentLength=512", "65536|" NO_ANSWER },
		{ "MaxRecvDataSegmentLength=16777215", "65536|" NO_ANSWER },
		{ "MaxRecvDataSegmentLength=511", "Reject|" REFUSED },
		{ "MaxRecvDataSegmentLength=16777216", "Reject|" REFUSED },
		{ "MaxRecvDataSegmentLength=none", "Reject|" REFUSED },
	};

	NEGOTIATE(rows);
}

static void unknown_and_obsolete(void)
{
	static const struct row rows[] = {
		{ "X-org.itgtd.test=1", "NotUnderstood" },
		{ "Foo=Bar", "NotUnderstood" },
		{ "maxburstlength=512", "NotUnderstood" },
		{ "Foo=", "NotUnderstood" },
		/* 13.25 */
		{ "IFMarker=No", "Reject|No" },
		{ "OFMarker=No", "Reject|No" },
		{ "IFMarker=Yes", "Reject|No" },
		{ "OFMarker=Yes", "Reject|No" },
		{ "IFMarkInt=2048~8192", "Reject" },
		{ "OFMarkInt=2048~8192", "Reject" },
		/* 13.23 */
		{ "TaskReporting=RFC3720", "RFC3720" },
		{ "TaskReporting=FastAbort,ResponseFence,RFC3720",
		  "FastAbort|ResponseFence|RFC3720" },
		{ "TaskReporting=Nothing", "Reject" },
	};

	NEGOTIATE(rows);
}

/* 13: keys of full feature phase, and those that only a target says. */
static void keys_out_of_place(void)
{
	static const struct row rows[] = {
		{ "SendTargets=All", REFUSED "|Reject" },
		{ "TargetAlias=mine", REFUSED "|Reject|NotUnderstood" },
		{ "TargetAddress=127.0.0.1,1", REFUSED "|Reject|NotUnderstood" },
		{ "TargetPortalGroupTag=1", REFUSED "|Reject|NotUnderstood" },
		{ "AuthMethod=None", REFUSED "|Reject|None" },
		{ "CHAP_A=5", REFUSED "|Reject" },
	};

	NEGOTIATE(rows);
}

/* 13.14: without unsolicited data there is no first burst. */
static void first_burst_without_unsolicited_data(void)
{
	struct ini_session s;
	const char *answer;

	fixture_login(&s, "InitialR2T=Yes\nImmediateData=No\nFirstBurstLength=4096\n");
	answer = ini_text_get(&s.answer, "FirstBurstLength", 0);
	CHECK_THAT(answer && is_wanted(answer, "Irrelevant|4096"), "the answer is %s",
		   answer ? answer : NO_ANSWER);
	fixture_leave(&s);
}

/*
 * 13.14: FirstBurstLength must not exceed MaxBurstLength. Who offers that is refused,
 * or can work with the lesser of both.
 */
static void first_burst_beyond_max_burst(void)
{
	static const char *const offers[] = {
		"InitialR2T=No\nFirstBurstLength=131072\nMaxBurstLength=4096\n",
		"InitialR2T=No\nMaxBurstLength=4096\nFirstBurstLength=131072\n",
		"InitialR2T=No\nMaxBurstLength=4096\n",
	};
	static const uint8_t data[16384];
	struct ini_login l = { .initiator = FIXTURE_INITIATOR, .target = fixture_target() };
	struct ini_session s;
	struct ini_task t;
	size_t i;
	int err;

	for (i = 0; i < sizeof(offers) / sizeof(offers[0]); i++) {
		l.operational = offers[i];
		fixture_connect(&s);
		err = ini_login(&s, &l);
		if (err == -EACCES) {
			fixture_expect_end(&s);
			continue;
		}
		CHECK_OK(&s, err);
		CHECK_NUM(s.param.MaxBurstLength, 4096);
		CHECK(s.param.FirstBurstLength <= 4096); /* as the library takes it */
		fixture_ready(&s, fixture_lun());
		ini_scsi_write(&t, fixture_lun(), 0, sizeof(data) / FIXTURE_BLOCK, data,
			       sizeof(data));
		CHECK_GOOD(&s, &t);
		fixture_leave(&s);
	}
}

/* 6.1: a key name has at most 63 bytes; the target may refuse a longer one, and no more. */
static void a_name_too_long(void)
{
	static const char name[] =
		"X-org.itgtd.a-name-that-goes-on-and-on-and-on-and-on-and-on-1234";
	char offer[sizeof(name) + 2];
	struct row row = { offer, REFUSED "|NotUnderstood" };

	(void)snprintf(offer, sizeof(offer), "%s=1", name);
	negotiate(&row);
}

/* 6.1: a value has at most 255 bytes unless a key says otherwise. */
static void values_of_any_length(void)
{
	static const size_t lengths[] = { 254, 255, 256, 1000, 8000 };
	char offer[8200];
	struct row row = { offer, "NotUnderstood" };
	size_t i;

	for (i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		if (lengths[i] > 255)
			row.want = "NotUnderstood|" REFUSED;
		strcpy(offer, "X-org.itgtd.test=");
		memset(offer + strlen("X-org.itgtd.test="), 'v', lengths[i]);
		offer[strlen("X-org.itgtd.test=") + lengths[i]] = '\0';
		negotiate(&row);
	}
}

/* What is not said has the value of section 13, not the target's own limit. */
static void silence_means_the_default(void)
{
	struct ini_session s;

	fixture_login(&s, NULL);
	CHECK_NUM(ini_text_count(&s.answer, "MaxBurstLength"), 0);
	CHECK_NUM(ini_text_count(&s.answer, "InitialR2T"), 0);
	CHECK(s.param.InitialR2T);
	CHECK_NUM(s.param.MaxOutstandingR2T, 1);
	fixture_leave(&s);
}

static const struct unit_test tests[] = {
	{ "13: what nobody says has its default", silence_means_the_default },
	{ "13.1: of digests the initiator's first is taken that both have", digests },
	{ "6.2.2: Booleans join by AND or OR", booleans },
	{ "6.2.2: numbers join by the less or the greater; out of range is Reject", numbers },
	{ "6.1: numbers are decimal or hexadecimal", forms_of_a_number },
	{ "6.2: what is declared is not answered", declared },
	{ "6.2: unknown keys are NotUnderstood; 13.25: obsolete ones are not",
	  unknown_and_obsolete },
	{ "13: keys out of their place are refused", keys_out_of_place },
	{ "13.14: FirstBurstLength without unsolicited data",
	  first_burst_without_unsolicited_data },
	{ "13.14: FirstBurstLength beyond MaxBurstLength", first_burst_beyond_max_burst },
	{ "6.1: a key name that is too long", a_name_too_long },
	{ "6.1: values of any length", values_of_any_length },
};

PROTOCOL_MAIN("protocol/keys", &options, tests)
