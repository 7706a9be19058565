#include "initiator/ini_login.h"

#include "wire/text.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define LOGIN_DATA_MAX 8192 /* bytes of a login PDU's data (13.12: the default is in force) */
#define LOGIN_ROUNDS   32   /* requests of one stage; more is a quarrel without end */

/* ---- one exchange ---- */

static int send_request(struct ini_session *s, const struct ini_login_step *step, bool cont,
			const char *text, size_t len, uint32_t itt)
{
	struct ini_pdu pdu = { .data = (const uint8_t *)text, .data_len = (uint32_t)len };
	struct pdu_login_req req = {
		.transit = step->transit && !cont,
		.cont = cont,
		.csg = step->csg,
		.nsg = step->transit && !cont ? step->nsg : 0,
		.version_max = PDU_VERSION,
		.version_min = PDU_VERSION,
		.tsih = s->tsih,
		.itt = itt,
		.cid = s->cid,
		.cmdsn = s->cmdsn,
		.expstatsn = s->expstatsn,
	};

	memcpy(req.isid, s->isid, PDU_ISID_LEN);
	pdu_put_login_req(pdu.bhs, &req);
	return ini_conn_send(&s->conn, &pdu, s->timeout_ms);
}

/* The next login response, checked against the request it answers. */
static int recv_response(struct ini_session *s, const struct ini_login_step *step, uint32_t itt,
			 struct pdu_login_rsp *rsp, struct ini_text *answer)
{
	struct ini_pdu pdu;
	int err = ini_session_recv(s, &pdu, s->timeout_ms);

	if (err)
		return err;
	if (pdu_get_login_rsp(pdu.bhs, rsp) != PDU_OK)
		return ini_session_fault(s, "6.3: opcode 0x%02x in answer to a login request",
					 pdu_opcode(pdu.bhs));
	if (rsp->itt != itt)
		return ini_session_fault(s, "11.13: the response has another ITT");
	if (memcmp(rsp->isid, s->isid, PDU_ISID_LEN) != 0)
		return ini_session_fault(s, "11.13: the response has another ISID");
	if (pdu.data_len > LOGIN_DATA_MAX)
		return ini_session_fault(s, "13.12: %u bytes of login data", pdu.data_len);
	if (rsp->status) /* a redirection says where to (11.13.5) */
		return ini_text_append(answer, pdu.data, pdu.data_len);
	if (rsp->csg != step->csg)
		return ini_session_fault(s, "11.13.3: CSG %u in answer to %u", rsp->csg, step->csg);
	if (rsp->transit && rsp->nsg > step->nsg)
		return ini_session_fault(s, "11.13.3: NSG %u in answer to %u", rsp->nsg, step->nsg);
	if (rsp->transit && rsp->cont)
		return ini_session_fault(s, "11.13.2: T and C together");
	if (rsp->version_active != PDU_VERSION || rsp->version_max != PDU_VERSION)
		return ini_session_fault(s, "11.13.4: a version that was not asked for");
	return ini_text_append(answer, pdu.data, pdu.data_len);
}

int ini_login_exchange(struct ini_session *s, const struct ini_login_step *step,
		       const struct ini_text *text, struct pdu_login_rsp *rsp,
		       struct ini_text *answer)
{
	uint32_t itt = s->itt;
	size_t at = 0, part;
	bool cont;
	int err;

	ini_text_clear(answer);
	do {
		part = text->len - at < LOGIN_DATA_MAX ? text->len - at : LOGIN_DATA_MAX;
		cont = at + part < text->len;
		err = send_request(s, step, cont, part ? text->buf + at : NULL, part, itt);
		if (!err)
			err = recv_response(s, step, itt, rsp, answer);
		if (err || rsp->status)
			return err;
		at += part;
		if (cont && (rsp->transit || answer->len))
			return ini_session_fault(s, "11.12.3: an answer to an unfinished request");
	} while (cont);
	while (rsp->cont) {
		err = send_request(s, &(struct ini_login_step){ .csg = step->csg }, false, NULL, 0,
				   itt);
		if (!err)
			err = recv_response(s, step, itt, rsp, answer);
		if (err || rsp->status)
			return err;
	}
	if (rsp->transit && !step->transit)
		return ini_session_fault(s, "11.13.1: a transition that was not asked for");
	if (!ini_text_is_sound(answer))
		return ini_session_fault(s, "6.1: the answer is not well-formed text");
	return 0;
}

/* ---- the whole login ---- */

/* State of a login under way. */
struct dialogue {
	struct ini_session *s;
	const struct ini_login *l;
	struct ini_text said;   /* all keys that we have sent */
	struct ini_text heard;  /* all keys that the target has sent */
	struct ini_text next;   /* keys of the next request */
	struct ini_text answer; /* keys of the last answer */
	uint16_t tsih;          /* of the last response */
};

static void dialogue_free(struct dialogue *d)
{
	ini_text_free(&d->said);
	ini_text_free(&d->heard);
	ini_text_free(&d->next);
	ini_text_free(&d->answer);
}

/* Keys that a target declares: they want no answer. */
static bool is_declared(const char *key)
{
	static const char *const keys[] = { "MaxRecvDataSegmentLength", "TargetAddress",
					    "TargetAlias", "TargetName", "TargetPortalGroupTag" };
	size_t i;

	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (strcmp(keys[i], key) == 0)
			return true;
	}
	return false;
}

/* An offer that the target makes by itself is accepted: the first of a list. */
static int accept_offers(struct dialogue *d)
{
	char key[TEXT_KEY_MAX + 1], value[256];
	struct text_pair pair;
	size_t pos = 0;
	int err;

	while (text_next(d->answer.buf, d->answer.len, &pos, &pair) == TEXT_PAIR) {
		memcpy(key, pair.key, pair.key_len);
		key[pair.key_len] = '\0';
		if (is_declared(key) || ini_text_count(&d->said, key))
			continue;
		(void)snprintf(value, sizeof(value), "%.*s", (int)strcspn(pair.value, ","),
			       pair.value);
		err = ini_text_add(&d->next, key, value);
		if (err)
			return err;
	}
	return 0;
}

/* One request and its answer. 0, -errno, or 1: the target goes on to the next stage. */
static int round_trip(struct dialogue *d, const struct ini_login_step *step)
{
	struct ini_session *s = d->s;
	struct pdu_login_rsp rsp;
	int err;

	err = ini_login_exchange(s, step, &d->next, &rsp, &d->answer);
	if (!err)
		err = ini_text_append(&d->heard, d->answer.buf, d->answer.len);
	if (!err)
		err = ini_text_append(&d->said, d->next.buf, d->next.len);
	if (err)
		return err;
	s->login_status = rsp.status;
	d->tsih = rsp.tsih;
	if (rsp.status)
		return -EACCES;
	if (rsp.transit && rsp.nsg != step->nsg)
		return ini_session_fault(s, "11.13.3: NSG %u in answer to %u", rsp.nsg, step->nsg);
	return rsp.transit;
}

/* Go through one stage with the keys in d->next. */
static int run_stage(struct dialogue *d, uint8_t csg, uint8_t nsg)
{
	bool asks = csg == PDU_STAGE_SECURITY && d->l->auth;
	struct ini_login_step step = { .csg = csg, .nsg = nsg, .transit = !asks };
	int rounds, got;

	for (rounds = 0; rounds < LOGIN_ROUNDS; rounds++) {
		got = round_trip(d, &step);
		if (got < 0)
			return got;
		ini_text_clear(&d->next);
		if (got)
			return 0;
		got = asks ? d->l->auth(d->l->auth_arg, &d->answer, &d->next) : accept_offers(d);
		if (got < 0)
			return got;
		if (asks)
			step.transit = got == 1;
	}
	return ini_session_fault(d->s, "6.3: the stage does not end");
}

static int names(struct dialogue *d)
{
	const struct ini_login *l = d->l;
	int err = 0;

	if (l->initiator)
		err = ini_text_add(&d->next, "InitiatorName", l->initiator);
	if (!err && l->target)
		err = ini_text_add(&d->next, "TargetName", l->target);
	if (!err && l->discovery)
		err = ini_text_add(&d->next, "SessionType", "Discovery");
	return err;
}

static int run(struct dialogue *d)
{
	const struct ini_login *l = d->l;
	int err = names(d);

	if (!err && l->security) {
		err = ini_text_add_lines(&d->next, l->security);
		if (!err)
			err = run_stage(d, PDU_STAGE_SECURITY,
					l->operational ? PDU_STAGE_OPERATIONAL : PDU_STAGE_FULL);
	}
	if (!err && l->operational) {
		err = ini_text_add_lines(&d->next, l->operational);
		if (!err)
			err = run_stage(d, PDU_STAGE_OPERATIONAL, PDU_STAGE_FULL);
	}
	return err;
}

/* Put into force what was agreed. */
static int settle(struct dialogue *d)
{
	struct ini_session *s = d->s;
	const char *own = ini_text_get(&d->said, "MaxRecvDataSegmentLength", 0);
	struct ini_param declared = { 0 };
	char key[TEXT_KEY_MAX + 1];
	struct text_pair pair;
	size_t pos = 0;

	if (!d->tsih)
		return ini_session_fault(s, "11.13.4: TSIH is 0 at the end of login");
	s->tsih = d->tsih;
	if (own && ini_param_set(&declared, "MaxRecvDataSegmentLength", own))
		s->param.own_MaxRecvDataSegmentLength = declared.MaxRecvDataSegmentLength;
	while (text_next(d->heard.buf, d->heard.len, &pos, &pair) == TEXT_PAIR) {
		memcpy(key, pair.key, pair.key_len);
		key[pair.key_len] = '\0';
		ini_param_set(&s->param, key, pair.value);
	}
	/* 13.14; who offers MaxBurstLength alone has agreed to less than FirstBurstLength's
	 * default. */
	if (s->param.FirstBurstLength > s->param.MaxBurstLength)
		s->param.FirstBurstLength = s->param.MaxBurstLength;
	s->conn.header_digest = s->param.HeaderDigest;
	s->conn.data_digest = s->param.DataDigest;
	return 0;
}

int ini_login(struct ini_session *s, const struct ini_login *l)
{
	struct dialogue d = { .s = s, .l = l };
	int err = run(&d);

	if (!err)
		err = settle(&d);
	ini_text_clear(&s->answer);
	if (ini_text_append(&s->answer, d.heard.buf, d.heard.len) < 0 && !err)
		err = -ENOMEM;
	dialogue_free(&d);
	return err;
}
