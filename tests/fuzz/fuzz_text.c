/* Texts and small formats from outside: pairs and their negotiation, sizes, names, addresses. */
#include "fuzz.h"

#include "base/bytes.h"
#include "base/crc32c.h"
#include "base/log.h"
#include "base/units.h"
#include "iscsi/chap.h"
#include "iscsi/keys.h"
#include "scsi/lun.h"
#include "scsi/pr_save.h"
#include "target/access.h"
#include "target/portal.h"
#include "wire/ahs.h"
#include "wire/pdu.h"
#include "wire/text.h"

#include <ctype.h>

/* ---- key=value ---- */

static struct target_limits limits_from(struct feed *f)
{
	struct target_limits l = target_limits_default;
	uint8_t bits = feed_u8(f);

	l.InitialR2T = bits & 1;
	l.ImmediateData = bits & 2;
	l.HeaderDigest = bits >> 2 & 3;
	l.DataDigest = bits >> 4 & 3;
	if (!l.HeaderDigest)
		l.HeaderDigest = TARGET_DIGEST_NONE;
	if (!l.DataDigest)
		l.DataDigest = TARGET_DIGEST_NONE;
	l.FirstBurstLength = 512u << (feed_u8(f) % 15);
	l.MaxBurstLength = l.FirstBurstLength << (feed_u8(f) % 4);
	if (l.MaxBurstLength > PDU_DATA_MAX)
		l.MaxBurstLength = PDU_DATA_MAX;
	return l;
}

/* RFC 7143, 13: the range of each value, whatever was said. */
static void check_param(const struct param *p)
{
	MUST(p->MaxConnections >= 1 && p->MaxConnections <= 65535, "%u", p->MaxConnections);
	MUST(p->FirstBurstLength >= 512 && p->FirstBurstLength <= PDU_DATA_MAX, "%u",
	     p->FirstBurstLength);
	MUST(p->MaxBurstLength >= 512 && p->MaxBurstLength <= PDU_DATA_MAX, "%u",
	     p->MaxBurstLength);
	MUST(p->DefaultTime2Wait <= 3600, "%u", p->DefaultTime2Wait);
	MUST(p->DefaultTime2Retain <= 3600, "%u", p->DefaultTime2Retain);
	MUST(p->MaxOutstandingR2T >= 1 && p->MaxOutstandingR2T <= 65535, "%u",
	     p->MaxOutstandingR2T);
	MUST(p->ErrorRecoveryLevel <= ISCSI_MAX_ERL, "%u", p->ErrorRecoveryLevel);
	MUST(p->peer_MaxRecvDataSegmentLength >= 512 &&
		     p->peer_MaxRecvDataSegmentLength <= PDU_DATA_MAX,
	     "%u", p->peer_MaxRecvDataSegmentLength);
	MUST(strlen(p->InitiatorName) < TARGET_NAME_MAX, "InitiatorName");
	MUST(strlen(p->TargetName) < TARGET_NAME_MAX, "TargetName");
}

/* What was said can be read back, and no key of it is without a name. */
static void check_answer(const struct text_out *out)
{
	char *copy = fuzz_exact(out->buf, out->len);
	struct text_pair pair;
	enum text_next next;
	size_t pos = 0;

	MUST(out->len <= out->size, "%zu bytes of %zu", out->len, out->size);
	while ((next = text_next(copy, out->len, &pos, &pair)) == TEXT_PAIR)
		MUST(pair.value_len == strlen(pair.value), "a zero byte in a value");
	MUST(next == TEXT_END, "the answer is malformed");
	free(copy);
}

static void negotiate(struct feed *f)
{
	struct target_limits limits = limits_from(f);
	enum keys_phase phase = (enum keys_phase)(1u << feed_u8(f) % 5);
	uint8_t how = feed_u8(f);
	struct param param;
	struct keys k = { .limits = how & 1 ? &limits : NULL, .param = &param };
	size_t size = how & 2 ? feed_u8(f) : 8192;
	struct text_out out = { .buf = malloc(size + 1), .size = size };
	char *text = fuzz_exact(f->p, f->left);
	enum keys_verdict verdict = KEYS_OK;
	struct text_pair pair;
	size_t pos = 0;

	param_init(&param);
	if (how & 4)
		param.SessionType = SESSION_DISCOVERY;
	while (verdict != KEYS_PROTOCOL_ERROR && verdict != KEYS_NOT_FOUND &&
	       text_next(text, f->left, &pos, &pair) == TEXT_PAIR) {
		MUST(pair.key_len && pair.key_len <= TEXT_KEY_MAX, "a key of %zu", pair.key_len);
		verdict = keys_take(&k, phase, &pair, &out);
		check_param(&param);
	}
	if (verdict == KEYS_PROTOCOL_ERROR || verdict == KEYS_NOT_FOUND) {
		MUST(k.why[0], "an error without a reason");
	} else {
		keys_declare(&k, &out);
		if (keys_finish(&k) == KEYS_OK)
			MUST(param.FirstBurstLength <= param.MaxBurstLength, "bursts");
	}
	check_param(&param);
	check_answer(&out);
	free(out.buf);
	free(text);
}

/* ---- one value ---- */

static void units(const char *text)
{
	uint64_t n, again;
	char shown[24];

	if (!size_parse(text, &n)) {
		MUST(n <= INT64_MAX, "%s", text);
		MUST(!size_parse(size_format(shown, sizeof(shown), n), &again) && again == n,
		     "\"%s\" becomes \"%s\"", text, shown);
	}
	duration_parse(text, &n);
	rate_parse(text, RATE_OPS, &n);
	rate_parse(text, RATE_BYTES, &n);
}

static void names(const char *text)
{
	char name[TARGET_NAME_MAX], again[TARGET_NAME_MAX], alias[TARGET_ALIAS_MAX];

	if (!target_name_normalise(name, text)) {
		MUST(!target_name_normalise(again, name) && !strcmp(name, again),
		     "\"%s\" is normal, and becomes another", name);
	}
	if (!target_alias_set(alias, text))
		MUST(!strcmp(alias, text), "an alias changes");
}

static void addresses(const char *text)
{
	struct portal_addr a, again;
	char shown[PORTAL_TEXT_MAX];
	struct access_net net;
	size_t len;

	if (!portal_addr_parse(text, &a)) {
		portal_addr_format(shown, &a);
		MUST(!portal_addr_parse(shown, &again), "\"%s\" becomes \"%s\"", text, shown);
		portal_addr_bytes(&a, &len);
		MUST(len == 4 || len == 16, "%zu bytes", len);
		if (len == 16)
			MUST(portal_addr_equal(&a, &again), "\"%s\" is another", shown);
		if (!access_net_parse(text, &net))
			MUST(access_net_has(&net, &a), "\"%s\" is not in itself", text);
	}
	access_net_parse(text, &net);
}

/* The prefix of a network from the input, whose every address is in it. */
static void networks(const char *text)
{
	struct access_net net;
	struct portal_addr a;
	char addr[80];
	size_t len = strcspn(text, "/");

	if (access_net_parse(text, &net) || len >= sizeof(addr))
		return;
	memcpy(addr, text, len);
	addr[len] = '\0';
	if (!portal_addr_parse(addr, &a))
		MUST(access_net_has(&net, &a), "%s is not in %s", addr, text);
}

static void chap(const char *text)
{
	size_t size = strlen(text) / 2 + 1;
	uint8_t *bytes = malloc(size), *again;
	int n = chap_decode(text, bytes, size);
	char *shown;

	if (n > 0) {
		MUST((size_t)n <= size, "%d bytes of %zu", n, size);
		shown = malloc(2 * (size_t)n + 3);
		again = malloc((size_t)n);
		chap_encode(shown, 2 * (size_t)n + 3, bytes, (size_t)n);
		MUST(chap_decode(shown, again, (size_t)n) == n, "\"%s\"", shown);
		MUST(!memcmp(bytes, again, (size_t)n), "\"%s\" is another", shown);
		free(shown);
		free(again);
	}
	free(bytes);
}

static void algorithms(const char *text)
{
	static const uint8_t ours[] = { 8, 7, 6, 5 };
	uint8_t a = chap_choose(text, ours, sizeof(ours));

	MUST(!a || memchr(ours, a, sizeof(ours)), "%u", a);
	a = chap_algorithm_parse(text);
	MUST(!a || !strcmp(chap_algorithm_name(a), text), "%u", a);
}

static void quote(const char *text)
{
	char *dst = malloc(24);
	size_t i;

	log_quote(dst, 24, text, strlen(text));
	MUST(strlen(dst) < 24, "%zu bytes", strlen(dst));
	for (i = 1; dst[i]; i++)
		MUST(isprint((unsigned char)dst[i]) || (unsigned char)dst[i] >= 0x80, "%s", dst);
	free(dst);
}

static void (*const values[])(const char *text) = {
	units, names, addresses, networks, chap, algorithms, quote,
};

/* ---- bytes ---- */

static void segments(struct feed *f)
{
	uint8_t *copy = fuzz_exact(f->p, f->left);
	struct ahs ahs;

	if (!ahs_get(copy, f->left, &ahs) && ahs.has_cdb)
		MUST(ahs.cdb >= copy && ahs.cdb + ahs.cdb_len <= copy + f->left, "%u bytes",
		     ahs.cdb_len);
	free(copy);
}

/* What a get has read, a put writes, and a get reads again. */
#define BACK_AND_FORTH(name)                                                        \
	static void name##_again(const uint8_t *bhs)                                \
	{                                                                           \
		uint8_t one[PDU_BHS_LEN], two[PDU_BHS_LEN];                         \
		struct pdu_##name a, b;                                             \
                                                                                    \
		if (pdu_get_##name(bhs, &a) != PDU_OK)                              \
			return;                                                     \
		pdu_put_##name(one, &a);                                            \
		MUST(pdu_get_##name(one, &b) == PDU_OK, #name " is no longer one"); \
		pdu_put_##name(two, &b);                                            \
		MUST(!memcmp(one, two, PDU_BHS_LEN), #name " becomes another");     \
	}

BACK_AND_FORTH(scsi_cmd)
BACK_AND_FORTH(tmf_req)
BACK_AND_FORTH(data_out)
BACK_AND_FORTH(login_req)
BACK_AND_FORTH(text_req)
BACK_AND_FORTH(logout_req)
BACK_AND_FORTH(snack)
BACK_AND_FORTH(nop_out)
BACK_AND_FORTH(scsi_rsp)
BACK_AND_FORTH(data_in)
BACK_AND_FORTH(r2t)
BACK_AND_FORTH(async)
BACK_AND_FORTH(login_rsp)
BACK_AND_FORTH(reject)
BACK_AND_FORTH(nop_in)

static void headers(struct feed *f)
{
	static void (*const all[])(const uint8_t *) = {
		scsi_cmd_again,   tmf_req_again, data_out_again,  login_req_again, text_req_again,
		logout_req_again, snack_again,   nop_out_again,   scsi_rsp_again,  data_in_again,
		r2t_again,        async_again,   login_rsp_again, reject_again,    nop_in_again,
	};
	uint8_t bhs[PDU_BHS_LEN], lun[8], back[8];
	uint32_t number, again;
	size_t i;

	feed_bytes(f, bhs, sizeof(bhs));
	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		all[i](bhs);
	memcpy(lun, bhs + 8, sizeof(lun));
	if (!scsi_lun_get(lun, &number)) {
		scsi_lun_put(back, number);
		MUST(!scsi_lun_get(back, &again) && again == number, "LUN %u", number);
	}
}

/* What is read of reservations, written; it must read the same again. Its length. */
static uint32_t keep_reservations(const struct pr *pr, uint8_t **out)
{
	const uint8_t naa[SCSI_NAA_LEN] = { 0 };
	uint32_t len = pr_save_len(pr);
	struct pr again;

	*out = malloc(len);
	MUST(*out, "memory");
	pr_save_put(pr, naa, *out);
	MUST(!pr_save_get(&again, naa, *out, len) && again.n == pr->n && again.type == pr->type &&
		     again.holder == pr->holder,
	     "reservations change");
	pr_fini(&again);
	return len;
}

/* A file of reservations, with lengths and checksum made right. */
static void reservations(struct feed *f)
{
	const uint8_t naa[SCSI_NAA_LEN] = { 0 };
	uint32_t type = feed_u8(f), n = feed_u8(f);
	uint32_t len = 40 + (uint32_t)f->left + 4;
	uint8_t *p = calloc(1, len), *kept;
	struct pr pr;

	MUST(p, "memory");
	put_be64(p, 0x69746774642d7072); /* "itgtd-pr" */
	put_be32(p + 8, 1);
	put_be32(p + 12, len);
	put_be32(p + 32, type);
	put_be32(p + 36, n);
	feed_bytes(f, p + 40, f->left);
	put_be32(p + len - 4, crc32c_end(crc32c_add(CRC32C_START, p, len - 4)));
	if (!pr_save_get(&pr, naa, p, len)) {
		MUST(keep_reservations(&pr, &kept) <= len, "reservations grow");
		free(kept);
		pr_fini(&pr);
	}
	free(p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct feed f = { data, size };
	uint8_t what = feed_u8(&f);
	size_t n = sizeof(values) / sizeof(values[0]);
	char *text;

	if (what < n) {
		text = strndup((const char *)f.p, f.left);
		values[what](text);
		free(text);
	} else if (what == n) {
		segments(&f);
	} else if (what == n + 1) {
		headers(&f);
	} else if (what == n + 2) {
		reservations(&f);
	} else {
		negotiate(&f);
	}
	return 0;
}
