#include "iscsi/keys.h"

#include "unit.h"

#include <stdio.h>
#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

#define LO KEYS_LEADING_OPERATIONAL
#define LS KEYS_LEADING_SECURITY
#define OO KEYS_OTHER_OPERATIONAL
#define OS KEYS_OTHER_SECURITY
#define FF KEYS_FULL_FEATURE

/* A negotiation with what it answered. */
struct talk {
	struct keys keys;
	struct param param;
	char buf[1024];
	struct text_out out;
};

static void talk_start(struct talk *t, const struct target_limits *limits)
{
	memset(t, 0, sizeof(*t));
	param_init(&t->param);
	t->keys.limits = limits;
	t->keys.param = &t->param;
	t->out.buf = t->buf;
	t->out.size = sizeof(t->buf);
}

/* Take "key=value". */
static enum keys_verdict take(struct talk *t, enum keys_phase phase, const char *text)
{
	const char *equals = strchr(text, '=');
	struct text_pair pair = {
		.key = text,
		.key_len = (size_t)(equals - text),
		.value = equals + 1,
		.value_len = strlen(equals + 1),
	};

	return keys_take(&t->keys, phase, &pair, &t->out);
}

/* The one answer so far; "" when there is none. */
static const char *said(const struct talk *t)
{
	return t->out.len ? t->buf : "";
}

static void fail_at(const char *what, const struct talk *t)
{
	printf("\n  %s: said \"%s\", why \"%s\"", what, said(t), t->keys.why);
	CU_FAIL("key");
}

static void rows_are_sorted_and_unique(void)
{
	size_t i;

	CU_ASSERT_PTR_NOT_NULL_FATAL(keys_name(0));
	for (i = 1; keys_name(i); i++) {
		if (strcmp(keys_name(i - 1), keys_name(i)) >= 0)
			CU_FAIL("order of the table");
	}
	CU_ASSERT(i > 30);
	CU_ASSERT_PTR_NULL(keys_name(i));
	CU_ASSERT_PTR_NULL(keys_name((size_t)-1));
}

/* Every key of RFC 7143 is known somewhere: none is answered NotUnderstood. */
static void every_row_is_found_by_its_name(void)
{
	static const enum keys_phase phases[] = { LS, LO, OS, OO, FF };
	struct talk t;
	char text[100];
	size_t i, p;

	for (i = 0; keys_name(i); i++) {
		snprintf(text, sizeof(text), "%s=None", keys_name(i));
		for (p = 0; p < COUNT(phases); p++) {
			talk_start(&t, NULL);
			(void)take(&t, phases[p], text);
			if (strstr(said(&t), "NotUnderstood"))
				fail_at(text, &t);
		}
	}
}

static const struct target_limits limits = {
	.MaxRecvDataSegmentLength = 131072,
	.FirstBurstLength = 65536,
	.MaxBurstLength = 524288,
	.MaxOutstandingR2T = 4,
	.MaxConnections = 8,
	.ErrorRecoveryLevel = 2,
	.DefaultTime2Wait = 5,
	.DefaultTime2Retain = 30,
	.InitialR2T = false,
	.ImmediateData = true,
	.HeaderDigest = TARGET_DIGEST_NONE | TARGET_DIGEST_CRC32C,
	.DataDigest = TARGET_DIGEST_NONE,
};

static const struct {
	const char *what;
	const char *offer;
	const char *answer; /* "": none is due */
} offers[] = {
	{ "our smaller number", "MaxBurstLength=1048576", "MaxBurstLength=524288" },
	{ "the initiator's smaller number", "MaxBurstLength=4096", "MaxBurstLength=4096" },
	{ "a hexadecimal number", "MaxBurstLength=0x1000", "MaxBurstLength=4096" },
	{ "hexadecimal in capitals", "MaxBurstLength=0X001aBc", "MaxBurstLength=6844" },
	{ "the smallest burst", "MaxBurstLength=512", "MaxBurstLength=512" },
	{ "the largest burst", "MaxBurstLength=16777215", "MaxBurstLength=524288" },
	{ "too small", "MaxBurstLength=511", "MaxBurstLength=Reject" },
	{ "too large", "MaxBurstLength=16777216", "MaxBurstLength=Reject" },
	{ "2^32 and a legal value", "MaxBurstLength=4294971392", "MaxBurstLength=Reject" },
	{ "2^64 and a legal value", "MaxBurstLength=18446744073709555712",
	  "MaxBurstLength=Reject" },
	{ "many digits", "MaxBurstLength=0xfffffffffffffffffffffff1000", "MaxBurstLength=Reject" },
	{ "no number", "MaxBurstLength=", "MaxBurstLength=Reject" },
	{ "a word", "MaxBurstLength=None", "MaxBurstLength=Reject" },
	{ "a minus", "MaxBurstLength=-512", "MaxBurstLength=Reject" },
	{ "a plus", "MaxBurstLength=+512", "MaxBurstLength=Reject" },
	{ "a space", "MaxBurstLength= 512", "MaxBurstLength=Reject" },
	{ "a space behind", "MaxBurstLength=512 ", "MaxBurstLength=Reject" },
	{ "a leading zero", "MaxBurstLength=01024", "MaxBurstLength=Reject" },
	{ "0x alone", "MaxBurstLength=0x", "MaxBurstLength=Reject" },
	{ "0x twice", "MaxBurstLength=0x0x400", "MaxBurstLength=Reject" },
	{ "a range", "MaxBurstLength=512~1024", "MaxBurstLength=Reject" },

	{ "first burst", "FirstBurstLength=262144", "FirstBurstLength=65536" },
	{ "first burst too small", "FirstBurstLength=0", "FirstBurstLength=Reject" },
	{ "first burst near 2^32", "FirstBurstLength=4294967295", "FirstBurstLength=Reject" },
	{ "connections: as configured", "MaxConnections=65535", "MaxConnections=8" },
	{ "no connection", "MaxConnections=0", "MaxConnections=Reject" },
	{ "R2Ts", "MaxOutstandingR2T=65535", "MaxOutstandingR2T=4" },
	{ "R2Ts, less", "MaxOutstandingR2T=1", "MaxOutstandingR2T=1" },
	{ "R2Ts, too many", "MaxOutstandingR2T=65536", "MaxOutstandingR2T=Reject" },
	{ "wait: the larger of both, ours", "DefaultTime2Wait=0", "DefaultTime2Wait=5" },
	{ "wait: the larger of both, theirs", "DefaultTime2Wait=3600", "DefaultTime2Wait=3600" },
	{ "wait: too long", "DefaultTime2Wait=3601", "DefaultTime2Wait=Reject" },
	{ "retain: the smaller of both, ours", "DefaultTime2Retain=3600", "DefaultTime2Retain=30" },
	{ "retain: the smaller of both, theirs", "DefaultTime2Retain=0", "DefaultTime2Retain=0" },
	{ "recovery: what the program can do", "ErrorRecoveryLevel=2", "ErrorRecoveryLevel=2" },
	{ "recovery: no such level", "ErrorRecoveryLevel=3", "ErrorRecoveryLevel=Reject" },
	{ "protocol level of RFC 7144", "iSCSIProtocolLevel=2", "iSCSIProtocolLevel=2" },
	{ "protocol level beyond what there is", "iSCSIProtocolLevel=3", "iSCSIProtocolLevel=2" },
	{ "protocol level 0", "iSCSIProtocolLevel=0", "iSCSIProtocolLevel=0" },
	{ "protocol level too high", "iSCSIProtocolLevel=32", "iSCSIProtocolLevel=Reject" },

	{ "OR: neither", "InitialR2T=No", "InitialR2T=No" },
	{ "OR: theirs", "InitialR2T=Yes", "InitialR2T=Yes" },
	{ "AND: both", "ImmediateData=Yes", "ImmediateData=Yes" },
	{ "AND: ours", "ImmediateData=No", "ImmediateData=No" },
	{ "a sequence may come in any order", "DataPDUInOrder=No", "DataPDUInOrder=No" },
	{ "sequences may come in any order", "DataSequenceInOrder=No", "DataSequenceInOrder=No" },
	{ "boolean in small letters", "InitialR2T=yes", "InitialR2T=Reject" },
	{ "boolean as a number", "ImmediateData=1", "ImmediateData=Reject" },
	{ "empty boolean", "ImmediateData=", "ImmediateData=Reject" },

	{ "digest: the first of the list", "HeaderDigest=CRC32C,None", "HeaderDigest=CRC32C" },
	{ "digest: the first is None", "HeaderDigest=None,CRC32C", "HeaderDigest=None" },
	{ "digest: the first we take", "DataDigest=CRC32C,None", "DataDigest=None" },
	{ "digest: unknown ones are passed over", "HeaderDigest=Y-x.example.a,CRC32C",
	  "HeaderDigest=CRC32C" },
	{ "digest: None was not offered", "DataDigest=CRC32C", "DataDigest=Reject" },
	{ "digest: a prefix is another word", "HeaderDigest=CRC32,CRC32CC,Non",
	  "HeaderDigest=Reject" },
	{ "digest: an empty list", "HeaderDigest=", "HeaderDigest=Reject" },
	{ "digest: empty words", "HeaderDigest=,,None", "HeaderDigest=None" },
	{ "task reporting", "TaskReporting=FastAbort,ResponseFence,RFC3720",
	  "TaskReporting=ResponseFence" },
	{ "task reporting, the default", "TaskReporting=RFC3720", "TaskReporting=RFC3720" },
	{ "task reporting we do not do", "TaskReporting=FastAbort", "TaskReporting=Reject" },

	{ "obsolete marker", "IFMarker=Yes", "IFMarker=No" },
	{ "obsolete marker, other way", "OFMarker=No", "OFMarker=No" },
	{ "obsolete interval", "IFMarkInt=2048~8192", "IFMarkInt=Reject" },
	{ "obsolete interval, other way", "OFMarkInt=1", "OFMarkInt=Reject" },
	{ "an unknown key", "RDMAExtensions=Yes", "RDMAExtensions=NotUnderstood" },
	{ "a private key", "X-com.example.flag=1", "X-com.example.flag=NotUnderstood" },
	{ "case of a key counts", "maxburstlength=512", "maxburstlength=NotUnderstood" },
	{ "a key that begins as another", "MaxBurst=512", "MaxBurst=NotUnderstood" },
	{ "a key that goes on", "MaxBurstLengths=512", "MaxBurstLengths=NotUnderstood" },
	{ "a declaration", "MaxRecvDataSegmentLength=65536", "" },
	{ "architecture of the node", "X#NodeArchitecture=\"Kernel version=1\"", "" },
};

static void offers_are_answered(void)
{
	struct talk t;
	size_t i;

	for (i = 0; i < COUNT(offers); i++) {
		size_t want = strlen(offers[i].answer);

		talk_start(&t, &limits);
		if (take(&t, LO, offers[i].offer) != KEYS_OK ||
		    strcmp(said(&t), offers[i].answer) != 0 || t.out.len != (want ? want + 1 : 0))
			fail_at(offers[i].what, &t);
	}
}

static void the_outcome_is_stored(void)
{
	struct talk t;

	talk_start(&t, &limits);
	CU_ASSERT_EQUAL(take(&t, LO, "MaxBurstLength=0x10000"), KEYS_OK);
	CU_ASSERT_EQUAL(take(&t, LO, "FirstBurstLength=4096"), KEYS_OK);
	CU_ASSERT_EQUAL(take(&t, LO, "MaxOutstandingR2T=9"), KEYS_OK);
	CU_ASSERT_EQUAL(take(&t, LO, "DefaultTime2Wait=7"), KEYS_OK);
	CU_ASSERT_EQUAL(take(&t, LO, "DefaultTime2Retain=7"), KEYS_OK);
	CU_ASSERT_EQUAL(take(&t, LO, "InitialR2T=No"), KEYS_OK);
	CU_ASSERT_EQUAL(take(&t, LO, "ImmediateData=No"), KEYS_OK);
	CU_ASSERT_EQUAL(take(&t, LO, "HeaderDigest=CRC32C"), KEYS_OK);
	CU_ASSERT_EQUAL(take(&t, LO, "TaskReporting=ResponseFence"), KEYS_OK);
	CU_ASSERT_EQUAL(take(&t, LO, "iSCSIProtocolLevel=0"), KEYS_OK);
	CU_ASSERT_EQUAL(take(&t, LO, "MaxRecvDataSegmentLength=16777215"), KEYS_OK);
	CU_ASSERT_EQUAL(t.param.MaxBurstLength, 65536);
	CU_ASSERT_EQUAL(t.param.FirstBurstLength, 4096);
	CU_ASSERT_EQUAL(t.param.MaxOutstandingR2T, 4);
	CU_ASSERT_EQUAL(t.param.DefaultTime2Wait, 7);
	CU_ASSERT_EQUAL(t.param.DefaultTime2Retain, 7);
	CU_ASSERT_FALSE(t.param.InitialR2T);
	CU_ASSERT_FALSE(t.param.ImmediateData);
	CU_ASSERT_TRUE(t.param.HeaderDigest);
	CU_ASSERT_FALSE(t.param.DataDigest);
	CU_ASSERT_EQUAL(t.param.TaskReporting, TASK_REPORTING_RESPONSE_FENCE);
	CU_ASSERT_EQUAL(t.param.iSCSIProtocolLevel, 0);
	CU_ASSERT_EQUAL(t.param.peer_MaxRecvDataSegmentLength, 16777215);
}

static void a_rejected_value_stays_as_it_was(void)
{
	struct talk t;

	talk_start(&t, &limits);
	CU_ASSERT_EQUAL(take(&t, LO, "MaxBurstLength=1"), KEYS_OK);
	CU_ASSERT_EQUAL(take(&t, LO, "InitialR2T=maybe"), KEYS_OK);
	CU_ASSERT_EQUAL(t.param.MaxBurstLength, 262144);
	CU_ASSERT_TRUE(t.param.InitialR2T);
}

static void without_limits_the_built_in_ones_count(void)
{
	struct talk t;

	talk_start(&t, NULL);
	CU_ASSERT_EQUAL(take(&t, LO, "MaxBurstLength=16777215"), KEYS_OK);
	CU_ASSERT_STRING_EQUAL(said(&t), "MaxBurstLength=1048576");
}

static const struct {
	const char *text;
	unsigned int phases; /* where it is fine; elsewhere a protocol error */
} places[] = {
	{ "InitiatorName=iqn.2001-04.com.example:i", LS | LO | OS | OO },
	{ "TargetName=iqn.2001-04.com.example:t", LS | LO | OS | OO },
	{ "SessionType=Normal", LS | LO | OS | OO },
	{ "InitiatorAlias=host", LS | LO | OS | OO | FF },
	{ "X#NodeArchitecture=x", LS | LO | OS | OO },
	{ "HeaderDigest=None", LO | OO },
	{ "DataDigest=None", LO | OO },
	{ "MaxRecvDataSegmentLength=8192", LO | OO | FF },
	{ "IFMarker=No", LO | OO },
	{ "OFMarkInt=1", LO | OO },
	{ "MaxConnections=1", LO },
	{ "InitialR2T=Yes", LO },
	{ "ImmediateData=Yes", LO },
	{ "MaxBurstLength=512", LO },
	{ "FirstBurstLength=512", LO },
	{ "DefaultTime2Wait=1", LO },
	{ "DefaultTime2Retain=1", LO },
	{ "MaxOutstandingR2T=1", LO },
	{ "DataPDUInOrder=Yes", LO },
	{ "DataSequenceInOrder=Yes", LO },
	{ "ErrorRecoveryLevel=0", LO },
	{ "TaskReporting=RFC3720", LO },
	{ "iSCSIProtocolLevel=1", LO },
	{ "TargetAddress=192.0.2.1", 0 },
	{ "TargetAlias=disk", 0 },
	{ "TargetPortalGroupTag=1", 0 },
	{ "SomethingNew=1", LS | LO | OS | OO | FF },
};

static void keys_come_in_their_phases_only(void)
{
	static const enum keys_phase phases[] = { LS, LO, OS, OO, FF };
	struct talk t;
	size_t i, p;

	for (i = 0; i < COUNT(places); i++) {
		for (p = 0; p < COUNT(phases); p++) {
			bool fine = places[i].phases & phases[p];

			talk_start(&t, &limits);
			if (take(&t, phases[p], places[i].text) !=
			    (fine ? KEYS_OK : KEYS_PROTOCOL_ERROR))
				fail_at(places[i].text, &t);
			if (!fine && (t.keys.why[0] == '\0' || t.out.len))
				fail_at(places[i].text, &t);
		}
	}
}

static void some_keys_are_passed_on(void)
{
	struct talk t;

	talk_start(&t, &limits);
	CU_ASSERT_EQUAL(take(&t, LS, "AuthMethod=CHAP,None"), KEYS_SECURITY);
	CU_ASSERT_EQUAL(take(&t, LS, "CHAP_A=7"), KEYS_SECURITY);
	CU_ASSERT_EQUAL(take(&t, OS, "CHAP_R=0x00"), KEYS_SECURITY);
	CU_ASSERT_EQUAL(take(&t, OS, "CHAP_N=Reject"), KEYS_SECURITY);
	CU_ASSERT_EQUAL(take(&t, LO, "AuthMethod=None"), KEYS_PROTOCOL_ERROR);
	CU_ASSERT_EQUAL(take(&t, FF, "CHAP_I=1"), KEYS_PROTOCOL_ERROR);
	CU_ASSERT_EQUAL(take(&t, FF, "SendTargets=All"), KEYS_SEND_TARGETS);
	CU_ASSERT_EQUAL(take(&t, LO, "SendTargets=All"), KEYS_PROTOCOL_ERROR);
	CU_ASSERT_EQUAL(t.out.len, 0);
}

static void a_key_comes_once(void)
{
	struct talk t;

	talk_start(&t, &limits);
	CU_ASSERT_EQUAL(take(&t, LO, "MaxBurstLength=512"), KEYS_OK);
	CU_ASSERT_EQUAL(take(&t, LO, "FirstBurstLength=512"), KEYS_OK);
	CU_ASSERT_EQUAL(take(&t, LO, "MaxBurstLength=512"), KEYS_PROTOCOL_ERROR);
	CU_ASSERT_PTR_NOT_NULL(strstr(t.keys.why, "MaxBurstLength"));
	CU_ASSERT_EQUAL(take(&t, LO, "HeaderDigest=Foo"), KEYS_OK);
	CU_ASSERT_EQUAL(take(&t, LO, "HeaderDigest=None"), KEYS_PROTOCOL_ERROR);
	CU_ASSERT_EQUAL(take(&t, LO, "MaxRecvDataSegmentLength=512"), KEYS_OK);
	CU_ASSERT_EQUAL(take(&t, LO, "MaxRecvDataSegmentLength=512"), KEYS_PROTOCOL_ERROR);
	/* in another negotiation it may come again */
	t.keys.seen = 0;
	CU_ASSERT_EQUAL(take(&t, FF, "MaxRecvDataSegmentLength=1024"), KEYS_OK);
	CU_ASSERT_EQUAL(t.param.peer_MaxRecvDataSegmentLength, 1024);
}

/* 6.2: these three words are answers. */
static void an_answer_is_no_offer(void)
{
	struct talk t;

	talk_start(&t, &limits);
	CU_ASSERT_EQUAL(take(&t, LO, "MaxBurstLength=Reject"), KEYS_PROTOCOL_ERROR);
	CU_ASSERT_EQUAL(take(&t, LO, "InitialR2T=Irrelevant"), KEYS_PROTOCOL_ERROR);
	CU_ASSERT_EQUAL(take(&t, LO, "HeaderDigest=NotUnderstood"), KEYS_PROTOCOL_ERROR);
	CU_ASSERT_EQUAL(take(&t, LO, "InitiatorAlias=Reject"), KEYS_PROTOCOL_ERROR);
	/* but the target's own declarations may be answered so */
	CU_ASSERT_EQUAL(take(&t, LS, "TargetPortalGroupTag=NotUnderstood"), KEYS_OK);
	CU_ASSERT_EQUAL(take(&t, LO, "TargetAlias=NotUnderstood"), KEYS_OK);
	CU_ASSERT_EQUAL(take(&t, FF, "TargetAddress=Irrelevant"), KEYS_OK);
	CU_ASSERT_EQUAL(take(&t, LO, "MaxRecvDataSegmentLength=NotUnderstood"), KEYS_OK);
	CU_ASSERT_EQUAL(t.param.peer_MaxRecvDataSegmentLength, 8192);
	CU_ASSERT_EQUAL(take(&t, LO, "MaxRecvDataSegmentLength=512"), KEYS_OK);
	CU_ASSERT_EQUAL(t.out.len, 0);
}

static const struct {
	const char *text;
	const char *answer;
} discovery[] = {
	{ "MaxConnections=1", "MaxConnections=Irrelevant" },
	{ "InitialR2T=Yes", "InitialR2T=Irrelevant" },
	{ "ImmediateData=Yes", "ImmediateData=Irrelevant" },
	{ "MaxBurstLength=262144", "MaxBurstLength=Irrelevant" },
	{ "FirstBurstLength=65536", "FirstBurstLength=Irrelevant" },
	{ "MaxOutstandingR2T=1", "MaxOutstandingR2T=Irrelevant" },
	{ "DataPDUInOrder=Yes", "DataPDUInOrder=Irrelevant" },
	{ "DataSequenceInOrder=Yes", "DataSequenceInOrder=Irrelevant" },
	{ "TaskReporting=RFC3720", "TaskReporting=Irrelevant" },
	{ "iSCSIProtocolLevel=1", "iSCSIProtocolLevel=Irrelevant" },
	{ "HeaderDigest=CRC32C", "HeaderDigest=CRC32C" },
	{ "DataDigest=None", "DataDigest=None" },
	{ "DefaultTime2Wait=2", "DefaultTime2Wait=2" },
	{ "DefaultTime2Retain=0", "DefaultTime2Retain=0" },
	{ "ErrorRecoveryLevel=0", "ErrorRecoveryLevel=0" },
	{ "MaxRecvDataSegmentLength=8192", "" },
};

static void discovery_has_no_use_for_some(void)
{
	struct talk t;
	size_t i;

	for (i = 0; i < COUNT(discovery); i++) {
		talk_start(&t, NULL);
		CU_ASSERT_EQUAL(take(&t, LO, "SessionType=Discovery"), KEYS_OK);
		CU_ASSERT_EQUAL(t.param.SessionType, SESSION_DISCOVERY);
		if (take(&t, LO, discovery[i].text) != KEYS_OK ||
		    strcmp(said(&t), discovery[i].answer) != 0)
			fail_at(discovery[i].text, &t);
	}
}

static void names_are_normalised(void)
{
	struct talk t;

	talk_start(&t, NULL);
	CU_ASSERT_EQUAL(take(&t, LS, "InitiatorName=iqn.1993-08.org.Debian:01:AB"), KEYS_OK);
	CU_ASSERT_EQUAL(take(&t, LS, "TargetName=IQN.2001-04.com.Example:Disk"), KEYS_OK);
	CU_ASSERT_STRING_EQUAL(t.param.InitiatorName, "iqn.1993-08.org.debian:01:ab");
	CU_ASSERT_STRING_EQUAL(t.param.TargetName, "iqn.2001-04.com.example:disk");
	CU_ASSERT_EQUAL(t.out.len, 0);
}

static void what_is_no_name_is_refused(void)
{
	struct talk t;

	talk_start(&t, NULL);
	CU_ASSERT_EQUAL(take(&t, LS, "InitiatorName=\xff\x01"), KEYS_PROTOCOL_ERROR);
	CU_ASSERT_STRING_EQUAL(t.keys.why,
			       "InitiatorName=\"\\xff\\x01\": not an iSCSI name (4.2.7)");
	CU_ASSERT_EQUAL(take(&t, LS, "TargetName=disk"), KEYS_NOT_FOUND);
	CU_ASSERT_STRING_EQUAL(t.keys.why, "TargetName=\"disk\": not an iSCSI name (4.2.7)");
	CU_ASSERT_EQUAL(take(&t, LS, "SessionType=discovery"), KEYS_SESSION_TYPE);
	CU_ASSERT_STRING_EQUAL(t.param.InitiatorName, "");
	CU_ASSERT_STRING_EQUAL(t.param.TargetName, "");
}

static void an_odd_alias_does_no_harm(void)
{
	struct talk t;

	talk_start(&t, NULL);
	CU_ASSERT_EQUAL(take(&t, LS, "InitiatorAlias=host one"), KEYS_OK);
	CU_ASSERT_STRING_EQUAL(t.param.InitiatorAlias, "host one");
	t.keys.seen = 0;
	CU_ASSERT_EQUAL(take(&t, LS, "InitiatorAlias=\xff"), KEYS_OK);
	CU_ASSERT_STRING_EQUAL(t.param.InitiatorAlias, "");
}

static void a_bad_segment_length_is_an_error(void)
{
	static const char *const bad[] = {
		"MaxRecvDataSegmentLength=511",
		"MaxRecvDataSegmentLength=16777216",
		"MaxRecvDataSegmentLength=lots",
	};
	struct talk t;
	size_t i;

	for (i = 0; i < COUNT(bad); i++) {
		talk_start(&t, NULL);
		if (take(&t, LO, bad[i]) != KEYS_PROTOCOL_ERROR ||
		    t.param.peer_MaxRecvDataSegmentLength != 8192 || t.out.len)
			fail_at(bad[i], &t);
	}
}

static void a_long_value_is_an_error(void)
{
	char text[400] = "InitiatorAlias=";
	struct talk t;

	memset(text + strlen(text), 'a', 256);
	talk_start(&t, NULL);
	CU_ASSERT_EQUAL(take(&t, LO, text), KEYS_PROTOCOL_ERROR);
	CU_ASSERT(strlen(t.keys.why) < KEYS_WHY_MAX);
	CU_ASSERT_PTR_NOT_NULL(strstr(t.keys.why, "255 bytes"));
	talk_start(&t, NULL);
	text[strlen(text) - 1] = '\0';
	CU_ASSERT_EQUAL(take(&t, LO, text), KEYS_OK);
	CU_ASSERT_EQUAL(strlen(t.param.InitiatorAlias), 255);
}

/* 13.14: FirstBurstLength must not exceed MaxBurstLength. */
static void the_first_burst_is_never_the_longer_one(void)
{
	struct target_limits odd = limits;
	struct talk t;

	talk_start(&t, &limits); /* told before */
	(void)take(&t, LO, "MaxBurstLength=4096");
	t.out.len = 0;
	(void)take(&t, LO, "FirstBurstLength=65536");
	CU_ASSERT_STRING_EQUAL(said(&t), "FirstBurstLength=4096");
	CU_ASSERT_EQUAL(keys_finish(&t.keys), KEYS_OK);
	CU_ASSERT_EQUAL(t.param.FirstBurstLength, 4096);

	talk_start(&t, &limits); /* told afterwards */
	(void)take(&t, LO, "FirstBurstLength=65536");
	(void)take(&t, LO, "MaxBurstLength=4096");
	CU_ASSERT_EQUAL(keys_finish(&t.keys), KEYS_OK);
	CU_ASSERT_EQUAL(t.param.FirstBurstLength, 4096);

	talk_start(&t, &limits); /* never told: its default is larger */
	(void)take(&t, LO, "MaxBurstLength=4096");
	CU_ASSERT_EQUAL(keys_finish(&t.keys), KEYS_OK);
	CU_ASSERT_EQUAL(t.param.FirstBurstLength, 4096);
	CU_ASSERT_EQUAL(t.param.MaxBurstLength, 4096);

	odd.MaxBurstLength = 8192; /* our own limits at odds */
	talk_start(&t, &odd);
	(void)take(&t, LO, "FirstBurstLength=65536");
	CU_ASSERT_STRING_EQUAL(said(&t), "FirstBurstLength=8192");

	talk_start(&t, &limits); /* nothing to do */
	CU_ASSERT_EQUAL(keys_finish(&t.keys), KEYS_OK);
	CU_ASSERT_EQUAL(t.param.FirstBurstLength, 65536);
	CU_ASSERT_EQUAL(t.param.MaxBurstLength, 262144);
}

static void a_digest_can_be_demanded(void)
{
	struct target_limits strict = limits;
	struct talk t;

	strict.HeaderDigest = TARGET_DIGEST_CRC32C;
	strict.DataDigest = TARGET_DIGEST_CRC32C;
	talk_start(&t, &strict);
	(void)take(&t, LO, "HeaderDigest=None");
	CU_ASSERT_STRING_EQUAL(said(&t), "HeaderDigest=Reject");
	CU_ASSERT_EQUAL(keys_finish(&t.keys), KEYS_PROTOCOL_ERROR);
	CU_ASSERT_PTR_NOT_NULL(strstr(t.keys.why, "HeaderDigest"));

	talk_start(&t, &strict);
	(void)take(&t, LO, "HeaderDigest=None,CRC32C");
	CU_ASSERT_STRING_EQUAL(said(&t), "HeaderDigest=CRC32C");
	CU_ASSERT_EQUAL(keys_finish(&t.keys), KEYS_PROTOCOL_ERROR);
	CU_ASSERT_PTR_NOT_NULL(strstr(t.keys.why, "DataDigest"));
	(void)take(&t, LO, "DataDigest=CRC32C");
	CU_ASSERT_EQUAL(keys_finish(&t.keys), KEYS_OK);
}

static void the_target_declares_its_length_once(void)
{
	struct talk t;

	talk_start(&t, &limits);
	keys_declare(&t.keys, &t.out);
	keys_declare(&t.keys, &t.out);
	CU_ASSERT_STRING_EQUAL(said(&t), "MaxRecvDataSegmentLength=131072");
	CU_ASSERT_EQUAL(t.out.len, strlen(said(&t)) + 1);
}

static void an_answer_without_room_is_left_out(void)
{
	struct talk t;

	talk_start(&t, &limits);
	t.out.size = 10;
	CU_ASSERT_EQUAL(take(&t, LO, "MaxBurstLength=512"), KEYS_OK);
	CU_ASSERT_EQUAL(t.out.len, 0);
	CU_ASSERT_TRUE(t.out.full);
}

/* The longest key that text_next() lets through. */
static void a_long_key_is_not_understood(void)
{
	char text[100], want[100];
	struct talk t;

	memset(text, 'K', TEXT_KEY_MAX);
	memcpy(text + TEXT_KEY_MAX, "=1", 3);
	memcpy(want, text, TEXT_KEY_MAX);
	strcpy(want + TEXT_KEY_MAX, "=NotUnderstood");
	talk_start(&t, &limits);
	CU_ASSERT_EQUAL(take(&t, FF, text), KEYS_OK);
	CU_ASSERT_STRING_EQUAL(said(&t), want);
}

static const struct unit_test tests[] = {
	{ "rows are sorted and unique", rows_are_sorted_and_unique },
	{ "every row is found by its name", every_row_is_found_by_its_name },
	{ "offers are answered", offers_are_answered },
	{ "the outcome is stored", the_outcome_is_stored },
	{ "a rejected value stays as it was", a_rejected_value_stays_as_it_was },
	{ "without limits the built-in ones count", without_limits_the_built_in_ones_count },
	{ "keys come in their phases only", keys_come_in_their_phases_only },
	{ "some keys are passed on", some_keys_are_passed_on },
	{ "a key comes once", a_key_comes_once },
	{ "an answer is no offer", an_answer_is_no_offer },
	{ "discovery has no use for some", discovery_has_no_use_for_some },
	{ "names are normalised", names_are_normalised },
	{ "what is no name is refused", what_is_no_name_is_refused },
	{ "an odd alias does no harm", an_odd_alias_does_no_harm },
	{ "a bad segment length is an error", a_bad_segment_length_is_an_error },
	{ "a long value is an error", a_long_value_is_an_error },
	{ "the first burst is never the longer one", the_first_burst_is_never_the_longer_one },
	{ "a digest can be demanded", a_digest_can_be_demanded },
	{ "the target declares its length once", the_target_declares_its_length_once },
	{ "an answer without room is left out", an_answer_without_room_is_left_out },
	{ "a long key is not understood", a_long_key_is_not_understood },
};

UNIT_MAIN("iscsi/keys", tests)
