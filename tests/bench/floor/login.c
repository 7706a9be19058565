/* A login of one request: what is offered is answered from a table. */
#include "base/bytes.h"
#include "floor.h"
#include "wire/text.h"

#include <stdio.h>
#include <stdlib.h>

static const struct {
	const char *key;
	const char *value; /* NULL: whatever is offered first */
} values[] = {
	{ "DataDigest", NULL },
	{ "ErrorRecoveryLevel", "0" },
	{ "FirstBurstLength", "262144" },
	{ "HeaderDigest", NULL },
	{ "ImmediateData", "Yes" },
	{ "InitialR2T", "No" },
	{ "MaxBurstLength", "1048576" },
	{ "MaxOutstandingR2T", "1" },
	{ "MaxRecvDataSegmentLength", "262144" },
};

static bool is_key(const struct text_pair *pair, const char *key)
{
	return pair->key_len == strlen(key) && memcmp(pair->key, key, pair->key_len) == 0;
}

static void take_pair(struct conn *c, const struct text_pair *pair)
{
	if (is_key(pair, "MaxRecvDataSegmentLength"))
		c->max_pdu = (uint32_t)strtoul(pair->value, NULL, 10);
	else if (is_key(pair, "HeaderDigest"))
		c->header_digest = strncmp(pair->value, "CRC32C", 6) == 0;
	else if (is_key(pair, "DataDigest"))
		c->data_digest = strncmp(pair->value, "CRC32C", 6) == 0;
}

static size_t answer_pair(const struct text_pair *pair, char *to, size_t room)
{
	size_t i;
	int n;

	for (i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		const char *value = values[i].value ? values[i].value : pair->value;

		if (!is_key(pair, values[i].key))
			continue;
		n = snprintf(to, room, "%s=%.*s", values[i].key, (int)strcspn(value, ","), value);
		return n > 0 && (size_t)n < room ? (size_t)n + 1 : 0;
	}
	return 0;
}

bool login_pdu(struct conn *c, const uint8_t *bhs, const uint8_t *data, uint32_t len)
{
	struct pdu_login_rsp rsp = { .transit = true };
	struct pdu_login_req req;
	struct text_pair pair;
	struct answer *a;
	char *text = c->login;
	size_t at = 0, n;

	if (pdu_get_login_req(bhs, &req) != PDU_OK || !req.transit || req.cont)
		return false;
	n = (size_t)snprintf(text, sizeof(c->login), "TargetPortalGroupTag=1") + 1;
	while (text_next((const char *)data, len, &at, &pair) == TEXT_PAIR) {
		take_pair(c, &pair);
		n += answer_pair(&pair, text + n, sizeof(c->login) - n);
	}
	if (c->max_pdu < 512)
		return false;
	c->expcmdsn = req.cmdsn;
	rsp.csg = req.csg;
	rsp.nsg = req.nsg;
	rsp.itt = req.itt;
	rsp.tsih = req.nsg == PDU_STAGE_FULL ? 1 : 0;
	memcpy(rsp.isid, req.isid, sizeof(rsp.isid));
	rsp.data_len = (uint32_t)n;
	a = conn_add_answer(c);
	pdu_put_login_rsp(a->bhs, &rsp);
	pdu_stamp(a->bhs, c->statsn++, c->expcmdsn, c->expcmdsn + FLOOR_WINDOW - 1);
	a->data = (const uint8_t *)text;
	a->data_len = (uint32_t)n;
	a->tail_len = (uint8_t)pdu_pad(a->data_len);
	c->is_full_feature = req.nsg == PDU_STAGE_FULL;
	return true;
}
