#include "iscsi/keys.h"

#include "base/log.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Bytes of a value, unless its key says otherwise (RFC 7143, 6.1). */
#define VALUE_MAX 255

/* Where a key may come: "Use" of its section in 13 (IO, LO, ALL, FFPO), and the list in 12. */
#define LEADING     KEYS_LEADING_OPERATIONAL
#define OPERATIONAL (KEYS_LEADING_OPERATIONAL | KEYS_OTHER_OPERATIONAL)
#define SECURITY    (KEYS_LEADING_SECURITY | KEYS_OTHER_SECURITY)
#define LOGIN       (SECURITY | OPERATIONAL)
#define FULL        KEYS_FULL_FEATURE

/* Flags of a row */
#define NOT_IN_DISCOVERY 0x1 /* "Irrelevant when: SessionType=Discovery" */
#define OURS             0x2 /* the target declares it: the initiator may answer it */
#define IS_NAME          0x4 /* keys_names_again() is about it */

#define NO_LIMIT SIZE_MAX

struct row;

/* Takes a pair whose phase, length and first coming are already checked. */
typedef enum keys_verdict take_fn(struct keys *k, const struct row *r, const struct text_pair *pair,
				  struct text_out *out);

struct row {
	const char *name;
	uint8_t phases; /* set of enum keys_phase */
	uint8_t flags;
	enum keys_verdict pass_on; /* not KEYS_OK: somebody else takes it */
	const char *says;          /* the answer to whatever comes */
	take_fn *take;             /* without says; NULL: nothing to do */
	uint32_t min, max;         /* a number's range */
	uint32_t cap;              /* a number's bound by what the program can do */
	size_t param;              /* offset of the outcome in struct param */
	size_t limit;              /* offset of our side in struct target_limits */
};

/* ---- small things ---- */

static enum keys_verdict fault(struct keys *k, const struct text_pair *pair, const char *rule)
{
	char value[64];

	log_quote(value, sizeof(value), pair->value, pair->value_len);
	snprintf(k->why, sizeof(k->why), "%.*s=%s: %s", (int)pair->key_len, pair->key, value, rule);
	return KEYS_PROTOCOL_ERROR;
}

static enum keys_verdict answer(const struct row *r, struct text_out *out, const char *value)
{
	text_add(out, r->name, value);
	return KEYS_OK;
}

static const struct target_limits *limits(const struct keys *k)
{
	return k->limits ? k->limits : &target_limits_default;
}

/* NULL when the configuration has nothing to say. */
static const void *limit_of(const struct keys *k, const struct row *r)
{
	return r->limit == NO_LIMIT ? NULL : (const char *)limits(k) + r->limit;
}

static void *param_of(const struct keys *k, const struct row *r)
{
	return (char *)k->param + r->param;
}

/* One word of a list "a,b,c". */
struct word {
	const char *text; /* not ended by zero */
	size_t len;
};

/* Takes the first word off *list, which is NULL after the last. */
static struct word list_next(const char **list)
{
	struct word w = { *list, strcspn(*list, ",") };

	*list = w.text[w.len] ? w.text + w.len + 1 : NULL;
	return w;
}

static bool word_is(struct word w, const char *text)
{
	return w.len == strlen(text) && memcmp(w.text, text, w.len) == 0;
}

/* ---- numbers ---- */

/*
 * A numerical-value (6.1): decimal without leading zeros, or 0x and hexadecimal digits;
 * nothing around it. False when it is none, or out of the row's range.
 */
static bool number_parse(const struct row *r, const char *text, uint32_t *out)
{
	bool hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
	const char *digits = hex ? text + 2 : text;
	size_t n = strspn(digits, hex ? "0123456789abcdefABCDEF" : "0123456789");
	unsigned long long v;

	if (n == 0 || digits[n] || (!hex && digits[0] == '0' && n > 1))
		return false;
	v = strtoull(digits, NULL, hex ? 16 : 10); /* ULLONG_MAX for what is larger still */
	if (v < r->min || v > r->max)
		return false;
	*out = (uint32_t)v;
	return true;
}

static uint32_t our_number(const struct keys *k, const struct row *r)
{
	const uint32_t *limit = limit_of(k, r);

	return limit && *limit < r->cap ? *limit : r->cap;
}

static enum keys_verdict settle_number(struct keys *k, const struct row *r, uint32_t v,
				       struct text_out *out)
{
	uint32_t *param = param_of(k, r);

	*param = v;
	text_addf(out, r->name, "%u", v);
	return KEYS_OK;
}

static enum keys_verdict take_min(struct keys *k, const struct row *r, const struct text_pair *pair,
				  struct text_out *out)
{
	uint32_t offer, ours = our_number(k, r);

	if (!number_parse(r, pair->value, &offer))
		return answer(r, out, "Reject");
	return settle_number(k, r, offer < ours ? offer : ours, out);
}

static enum keys_verdict take_max(struct keys *k, const struct row *r, const struct text_pair *pair,
				  struct text_out *out)
{
	uint32_t offer, ours = our_number(k, r);

	if (!number_parse(r, pair->value, &offer))
		return answer(r, out, "Reject");
	return settle_number(k, r, offer > ours ? offer : ours, out);
}

static bool was_taken(const struct keys *k, const char *name);

/*
 * 13.14: a minimum as others, but it must not exceed MaxBurstLength: ours, and the one
 * agreed to if that came first. If it comes later, keys_finish() sees to it.
 */
static enum keys_verdict take_first_burst(struct keys *k, const struct row *r,
					  const struct text_pair *pair, struct text_out *out)
{
	struct row bounded = *r;

	bounded.cap = limits(k)->MaxBurstLength;
	if (was_taken(k, "MaxBurstLength") && k->param->MaxBurstLength < bounded.cap)
		bounded.cap = k->param->MaxBurstLength;
	return take_min(k, &bounded, pair, out);
}

/* 13.12: declared by each side for itself. */
static enum keys_verdict take_segment_length(struct keys *k, const struct row *r,
					     const struct text_pair *pair, struct text_out *out)
{
	uint32_t *param = param_of(k, r);

	(void)out;
	if (!number_parse(r, pair->value, param))
		return fault(k, pair, "not a number from 512 to 16777215 (13.12)");
	return KEYS_OK;
}

/* ---- booleans ---- */

static enum keys_verdict take_bool(struct keys *k, const struct row *r,
				   const struct text_pair *pair, struct text_out *out, bool is_or)
{
	const bool *limit = limit_of(k, r);
	/* Without a limit of ours the initiator's wish holds: order in data is nothing we need. */
	bool yes = strcmp(pair->value, "Yes") == 0, ours = limit ? *limit : !is_or;
	bool *param = param_of(k, r);

	if (!yes && strcmp(pair->value, "No") != 0)
		return answer(r, out, "Reject");
	*param = is_or ? yes || ours : yes && ours;
	return answer(r, out, *param ? "Yes" : "No");
}

static enum keys_verdict take_or(struct keys *k, const struct row *r, const struct text_pair *pair,
				 struct text_out *out)
{
	return take_bool(k, r, pair, out, true);
}

static enum keys_verdict take_and(struct keys *k, const struct row *r, const struct text_pair *pair,
				  struct text_out *out)
{
	return take_bool(k, r, pair, out, false);
}

/* ---- lists: the first word of the initiator's that we take (6.2.1) ---- */

static enum keys_verdict take_digest(struct keys *k, const struct row *r,
				     const struct text_pair *pair, struct text_out *out)
{
	const uint8_t ours = *(const uint8_t *)limit_of(k, r);
	const char *list = pair->value;
	bool *param = param_of(k, r);

	while (list) {
		struct word w = list_next(&list);

		if ((ours & TARGET_DIGEST_CRC32C) && word_is(w, "CRC32C")) {
			*param = true;
			return answer(r, out, "CRC32C");
		}
		if ((ours & TARGET_DIGEST_NONE) && word_is(w, "None")) {
			*param = false;
			return answer(r, out, "None");
		}
	}
	return answer(r, out, "Reject");
}

static enum keys_verdict take_task_reporting(struct keys *k, const struct row *r,
					     const struct text_pair *pair, struct text_out *out)
{
	const char *list = pair->value;
	const char *name;
	unsigned int i;

	while (list) {
		struct word w = list_next(&list);

		for (i = 0; i <= ISCSI_TASK_REPORTING; i++) {
			name = task_reporting_name((enum task_reporting)i);
			if (word_is(w, name)) {
				k->param->TaskReporting = (enum task_reporting)i;
				return answer(r, out, name);
			}
		}
	}
	return answer(r, out, "Reject");
}

/* ---- declarations ---- */

static enum keys_verdict take_initiator_name(struct keys *k, const struct row *r,
					     const struct text_pair *pair, struct text_out *out)
{
	(void)r;
	(void)out;
	if (target_name_normalise(k->param->InitiatorName, pair->value))
		return fault(k, pair, "not an iSCSI name (4.2.7)");
	return KEYS_OK;
}

static enum keys_verdict take_target_name(struct keys *k, const struct row *r,
					  const struct text_pair *pair, struct text_out *out)
{
	(void)r;
	(void)out;
	if (!target_name_normalise(k->param->TargetName, pair->value))
		return KEYS_OK;
	(void)fault(k, pair, "not an iSCSI name (4.2.7)");
	return KEYS_NOT_FOUND;
}

/* 13.7: for people only, so an alias that is no text is passed over. */
static enum keys_verdict take_alias(struct keys *k, const struct row *r,
				    const struct text_pair *pair, struct text_out *out)
{
	(void)r;
	(void)out;
	if (target_alias_set(k->param->InitiatorAlias, pair->value))
		k->param->InitiatorAlias[0] = '\0';
	return KEYS_OK;
}

static enum keys_verdict take_session_type(struct keys *k, const struct row *r,
					   const struct text_pair *pair, struct text_out *out)
{
	(void)r;
	(void)out;
	if (strcmp(pair->value, "Normal") == 0)
		k->param->SessionType = SESSION_NORMAL;
	else if (strcmp(pair->value, "Discovery") == 0)
		k->param->SessionType = SESSION_DISCOVERY;
	else {
		fault(k, pair, "neither Normal nor Discovery (13.21)");
		return KEYS_SESSION_TYPE;
	}
	return KEYS_OK;
}

/* ---- the table ---- */

#define NUMBER(key, take_, flags_, min_, max_, cap_)                                        \
	.name = #key, .phases = LEADING, .flags = (flags_), .take = (take_), .min = (min_), \
	.max = (max_), .cap = (cap_), .param = offsetof(struct param, key),                 \
	.limit = offsetof(struct target_limits, key)
#define BOOLEAN(key, take_, limit_)                                                  \
	.name = #key, .phases = LEADING, .flags = NOT_IN_DISCOVERY, .take = (take_), \
	.param = offsetof(struct param, key), .limit = (limit_)
#define DIGEST(key)                                               \
	.name = #key, .phases = OPERATIONAL, .take = take_digest, \
	.param = offsetof(struct param, key), .limit = offsetof(struct target_limits, key)
#define DECLARED(key, take_, phases_) .name = #key, .phases = (phases_), .take = (take_)
#define AUTH(key)                     .name = #key, .phases = SECURITY, .pass_on = KEYS_SECURITY
#define OBSOLETE(key, says_)          .name = #key, .phases = OPERATIONAL, .says = (says_)
#define TARGETS_OWN(key)              .name = #key, .flags = OURS

#define LENGTH_MIN 512u
#define LENGTH_MAX 16777215u
#define NO_CAP     UINT32_MAX

/*
 * Sorted by name in the order of strcmp(). The obsoleted markers of RFC 3720 get "No", or
 * "Reject" for their intervals, never NotUnderstood (13.25).
 */
static const struct row rows[] = {
	{ AUTH(AuthMethod) },
	{ AUTH(CHAP_A) },
	{ AUTH(CHAP_C) },
	{ AUTH(CHAP_I) },
	{ AUTH(CHAP_N) },
	{ AUTH(CHAP_R) },
	{ DIGEST(DataDigest) },
	{ BOOLEAN(DataPDUInOrder, take_or, NO_LIMIT) },
	{ BOOLEAN(DataSequenceInOrder, take_or, NO_LIMIT) },
	{ NUMBER(DefaultTime2Retain, take_min, 0, 0, 3600, NO_CAP) },
	{ NUMBER(DefaultTime2Wait, take_max, 0, 0, 3600, NO_CAP) },
	{ NUMBER(ErrorRecoveryLevel, take_min, 0, 0, 2, ISCSI_MAX_ERL) },
	{ NUMBER(FirstBurstLength, take_first_burst, NOT_IN_DISCOVERY, LENGTH_MIN, LENGTH_MAX,
		 NO_CAP) },
	{ DIGEST(HeaderDigest) },
	{ OBSOLETE(IFMarkInt, "Reject") },
	{ OBSOLETE(IFMarker, "No") },
	{ BOOLEAN(ImmediateData, take_and, offsetof(struct target_limits, ImmediateData)) },
	{ BOOLEAN(InitialR2T, take_or, offsetof(struct target_limits, InitialR2T)) },
	{ DECLARED(InitiatorAlias, take_alias, LOGIN | FULL) },
	{ DECLARED(InitiatorName, take_initiator_name, LOGIN), .flags = IS_NAME },
	{ NUMBER(MaxBurstLength, take_min, NOT_IN_DISCOVERY, LENGTH_MIN, LENGTH_MAX, NO_CAP) },
	{ NUMBER(MaxConnections, take_min, NOT_IN_DISCOVERY, 1, 65535, ISCSI_MAX_CONNECTIONS) },
	{ NUMBER(MaxOutstandingR2T, take_min, NOT_IN_DISCOVERY, 1, 65535, NO_CAP) },
	{ DECLARED(MaxRecvDataSegmentLength, take_segment_length, OPERATIONAL | FULL),
	  .flags = OURS, .min = LENGTH_MIN, .max = LENGTH_MAX,
	  .param = offsetof(struct param, peer_MaxRecvDataSegmentLength) },
	{ OBSOLETE(OFMarkInt, "Reject") },
	{ OBSOLETE(OFMarker, "No") },
	{ .name = "SendTargets", .phases = FULL, .pass_on = KEYS_SEND_TARGETS },
	{ DECLARED(SessionType, take_session_type, LOGIN), .flags = IS_NAME },
	{ TARGETS_OWN(TargetAddress) },
	{ TARGETS_OWN(TargetAlias) },
	{ DECLARED(TargetName, take_target_name, LOGIN), .flags = IS_NAME },
	{ TARGETS_OWN(TargetPortalGroupTag) },
	{ .name = "TaskReporting",
	  .phases = LEADING,
	  .flags = NOT_IN_DISCOVERY,
	  .take = take_task_reporting },
	{ .name = "X#NodeArchitecture", .phases = LOGIN },
	{ .name = "iSCSIProtocolLevel",
	  .phases = LEADING,
	  .flags = NOT_IN_DISCOVERY,
	  .take = take_min,
	  .min = 0,
	  .max = 31,
	  .cap = ISCSI_PROTOCOL_LEVEL,
	  .param = offsetof(struct param, iSCSIProtocolLevel),
	  .limit = NO_LIMIT },
};

#define NROWS (sizeof(rows) / sizeof(rows[0]))
_Static_assert(NROWS <= 64, "struct keys has a bit for each row");

const char *keys_name(size_t i)
{
	return i < NROWS ? rows[i].name : NULL;
}

struct name {
	const char *text;
	size_t len;
};

static int name_order(const void *key, const void *member)
{
	const struct name *name = key;
	const struct row *r = member;
	int order = strncmp(name->text, r->name, name->len);

	return order ? order : -(r->name[name->len] != '\0');
}

static const struct row *row_find(const char *text, size_t len)
{
	struct name name = { text, len };

	return bsearch(&name, rows, NROWS, sizeof(rows[0]), name_order);
}

static uint64_t bit_of(const struct row *r)
{
	return (uint64_t)1 << (r - rows);
}

static bool was_taken(const struct keys *k, const char *name)
{
	return k->seen & bit_of(row_find(name, strlen(name)));
}

/* ---- the rules for all keys ---- */

static enum keys_verdict not_understood(const struct text_pair *pair, struct text_out *out)
{
	char name[TEXT_KEY_MAX + 1];

	assert(pair->key_len <= TEXT_KEY_MAX); /* text_next() saw to it */
	memcpy(name, pair->key, pair->key_len);
	name[pair->key_len] = '\0';
	text_add(out, name, "NotUnderstood");
	return KEYS_OK;
}

/* 6.2: words that are answers, and nothing else. */
static bool is_answer(const char *value)
{
	return strcmp(value, "NotUnderstood") == 0 || strcmp(value, "Irrelevant") == 0 ||
	       strcmp(value, "Reject") == 0;
}

static const char *phase_rule(const struct row *r, enum keys_phase phase)
{
	if (r->phases == 0)
		return "only a target sends this key (13)";
	switch (phase) {
	case KEYS_LEADING_SECURITY: return "not a key of the security stage (12)";
	case KEYS_LEADING_OPERATIONAL: return "not a key of the operational stage (13)";
	case KEYS_OTHER_SECURITY:
	case KEYS_OTHER_OPERATIONAL: return "not a key for an added connection's stage (13)";
	case KEYS_FULL_FEATURE: break;
	}
	return "only a key of the login phase (13)";
}

void keys_names_again(struct keys *k)
{
	size_t i;

	for (i = 0; i < NROWS; i++) {
		if (rows[i].flags & IS_NAME)
			k->again |= bit_of(&rows[i]);
	}
}

/* Is it the once more that is allowed, and says the same? */
static bool is_said_again(struct keys *k, const struct row *r, const struct text_pair *pair,
			  struct text_out *out)
{
	struct param now = *k->param;
	struct keys as = { .param = &now };

	if (!(k->again & bit_of(r)) || r->take(&as, r, pair, out) != KEYS_OK)
		return false;
	k->again &= ~bit_of(r);
	return strcmp(now.InitiatorName, k->param->InitiatorName) == 0 &&
	       strcmp(now.TargetName, k->param->TargetName) == 0 &&
	       now.SessionType == k->param->SessionType;
}

enum keys_verdict keys_take(struct keys *k, enum keys_phase phase, const struct text_pair *pair,
			    struct text_out *out)
{
	const struct row *r = row_find(pair->key, pair->key_len);

	if (!r)
		return not_understood(pair, out);
	if ((r->flags & OURS) && is_answer(pair->value))
		return KEYS_OK;
	if (!(r->phases & phase))
		return fault(k, pair, phase_rule(r, phase));
	if (r->pass_on != KEYS_OK)
		return r->pass_on;
	if ((k->seen & bit_of(r)) && is_said_again(k, r, pair, out))
		return KEYS_OK;
	if (k->seen & bit_of(r))
		return fault(k, pair, "a key comes once in a negotiation (6.3)");
	k->seen |= bit_of(r);
	if (pair->value_len > VALUE_MAX)
		return fault(k, pair, "a value has at most 255 bytes (6.1)");
	if (is_answer(pair->value))
		return fault(k, pair, "an answer, not an offer (6.2)");
	if ((r->flags & NOT_IN_DISCOVERY) && k->param->SessionType == SESSION_DISCOVERY)
		return answer(r, out, "Irrelevant");
	if (r->says)
		return answer(r, out, r->says);
	return r->take ? r->take(k, r, pair, out) : KEYS_OK;
}

enum keys_verdict keys_finish(struct keys *k)
{
	struct param *p = k->param;
	const char *missing = NULL;

	/*
	 * 13.14 forbids a first burst that is longer than the longest burst. An initiator that
	 * asks for it (or lowers MaxBurstLength alone, below the other's default) can still be
	 * served; only less of its data comes unsolicited.
	 */
	if (p->FirstBurstLength > p->MaxBurstLength)
		p->FirstBurstLength = p->MaxBurstLength;

	/* 13.20: with sequences in order only the last R2T may be repeated. */
	if (p->ErrorRecoveryLevel > 0 && p->DataSequenceInOrder)
		p->MaxOutstandingR2T = 1;
	if (!p->HeaderDigest && !(limits(k)->HeaderDigest & TARGET_DIGEST_NONE))
		missing = "HeaderDigest";
	else if (!p->DataDigest && !(limits(k)->DataDigest & TARGET_DIGEST_NONE))
		missing = "DataDigest";
	if (!missing)
		return KEYS_OK;
	snprintf(k->why, sizeof(k->why), "%s: this target asks for CRC32C", missing);
	return KEYS_PROTOCOL_ERROR;
}

void keys_declare(struct keys *k, struct text_out *out)
{
	if (k->declared)
		return;
	k->declared = true;
	text_addf(out, "MaxRecvDataSegmentLength", "%u", limits(k)->MaxRecvDataSegmentLength);
}
