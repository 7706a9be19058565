#include "initiator/ini_session.h"

#include "base/bytes.h"
#include "base/serial.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define FIRST_CMDSN 1
#define FIRST_ITT   0x10000001 /* so that a tag is not mistaken for another number */

/* The fields that all requests and responses have at the same place. */
#define ITT_AT       16
#define CMDSN_AT     24
#define EXPSTATSN_AT 28
#define STATSN_AT    24
#define EXPCMDSN_AT  28
#define MAXCMDSN_AT  32

static void start_numbers(struct ini_session *s)
{
	s->cmdsn = FIRST_CMDSN;
	s->expcmdsn = FIRST_CMDSN;
	s->maxcmdsn = FIRST_CMDSN;
	s->expstatsn = 0;
	s->has_statsn = false;
	s->itt = FIRST_ITT;
	s->fault[0] = '\0';
	ini_param_init(&s->param);
	map_init(&s->tasks);
	STAILQ_INIT(&s->done);
}

void ini_session_init(struct ini_session *s)
{
	*s = (struct ini_session){
		/* 11.12.5: type "random", so that nobody's OUI is claimed. */
		.isid = { 0x80, 0x12, 0x34, 0x56, 0, 0 },
		.timeout_ms = INI_TIMEOUT_MS,
	};
	ini_conn_init(&s->conn);
	ini_text_init(&s->answer);
	start_numbers(s);
}

int ini_session_connect(struct ini_session *s, const char *host, const char *port)
{
	ini_session_close(s);
	return ini_conn_open(&s->conn, host, port, s->timeout_ms);
}

void ini_session_close(struct ini_session *s)
{
	ini_conn_close(&s->conn);
	ini_text_free(&s->answer);
	map_fini(&s->tasks);
	start_numbers(s);
}

int ini_session_fault(struct ini_session *s, const char *fmt, ...)
{
	va_list ap;

	if (s->fault[0])
		return -EPROTO;
	va_start(ap, fmt);
	(void)vsnprintf(s->fault, sizeof(s->fault), fmt, ap);
	va_end(ap);
	return -EPROTO;
}

uint32_t ini_session_number(struct ini_session *s, uint8_t bhs[static PDU_BHS_LEN])
{
	uint32_t itt = s->itt++;

	if (s->itt == PDU_TAG_RESERVED)
		s->itt = 0;
	put_be32(bhs + ITT_AT, itt);
	put_be32(bhs + CMDSN_AT, s->cmdsn);
	put_be32(bhs + EXPSTATSN_AT, s->expstatsn);
	if (!pdu_is_immediate(bhs))
		s->cmdsn++;
	return itt;
}

int ini_session_post(struct ini_session *s, const uint8_t bhs[static PDU_BHS_LEN], const void *data,
		     uint32_t len, uint32_t *itt)
{
	struct ini_pdu pdu = { .data = data, .data_len = len };
	uint32_t tag;

	memcpy(pdu.bhs, bhs, PDU_BHS_LEN);
	tag = ini_session_number(s, pdu.bhs);
	if (itt)
		*itt = tag;
	return ini_conn_queue(&s->conn, &pdu);
}

bool ini_session_has_room(const struct ini_session *s)
{
	return sn_upto(s->cmdsn, s->maxcmdsn);
}

/* ---- the numbers of a response ---- */

enum statsn { STATSN_TAKEN, STATSN_NEXT, STATSN_NONE };

/* What the StatSN field of a PDU is (11.4.9, 11.7, 11.8.3, 11.19.3). */
static enum statsn statsn_of(const uint8_t *bhs)
{
	switch (pdu_opcode(bhs)) {
	case PDU_R2T: return STATSN_NEXT;
	case PDU_NOP_IN: return be32(bhs + ITT_AT) == PDU_TAG_RESERVED ? STATSN_NEXT : STATSN_TAKEN;
	case PDU_DATA_IN: return bhs[1] & PDU_DATA_IN_STATUS ? STATSN_TAKEN : STATSN_NONE;
	default: return STATSN_TAKEN;
	}
}

static int check_statsn(struct ini_session *s, const uint8_t *bhs)
{
	uint32_t statsn = be32(bhs + STATSN_AT);
	enum statsn kind = statsn_of(bhs);

	if (kind == STATSN_NONE || (kind == STATSN_NEXT && s->is_lenient))
		return 0;
	if (!s->has_statsn) {
		s->has_statsn = true;
		s->expstatsn = statsn;
	}
	if (statsn != s->expstatsn)
		return ini_session_fault(s, "4.2.2.2: opcode 0x%02x has StatSN %u, not %u",
					 pdu_opcode(bhs), statsn, s->expstatsn);
	if (kind == STATSN_TAKEN)
		s->expstatsn++;
	return 0;
}

static int check_cmdsn(struct ini_session *s, const uint8_t *bhs)
{
	uint32_t exp = be32(bhs + EXPCMDSN_AT), max = be32(bhs + MAXCMDSN_AT);

	if (sn_before(s->cmdsn, exp))
		return ini_session_fault(s, "4.2.2.1: ExpCmdSN %u is ahead of CmdSN %u", exp,
					 s->cmdsn);
	if (sn_before(max, exp - 1))
		return ini_session_fault(s, "4.2.2.1: MaxCmdSN %u is below ExpCmdSN %u - 1", max,
					 exp);
	if (sn_before(s->expcmdsn, exp))
		s->expcmdsn = exp;
	if (sn_before(s->maxcmdsn, max))
		s->maxcmdsn = max;
	return 0;
}

static int check_numbers(struct ini_session *s, const uint8_t *bhs)
{
	struct pdu_login_rsp login;
	int err;

	/* 11.13.5: a refusal's numbers mean nothing. */
	if (pdu_opcode(bhs) == PDU_LOGIN_RSP && pdu_get_login_rsp(bhs, &login) == PDU_OK &&
	    login.status)
		return 0;
	err = check_statsn(s, bhs);
	return err ? err : check_cmdsn(s, bhs);
}

int ini_session_recv(struct ini_session *s, struct ini_pdu *pdu, int timeout_ms)
{
	int err = ini_conn_recv(&s->conn, pdu, timeout_ms);

	return err ? err : check_numbers(s, pdu->bhs);
}

int ini_session_take(struct ini_session *s, struct ini_pdu *pdu)
{
	int err = ini_conn_take(&s->conn, pdu);

	return err ? err : check_numbers(s, pdu->bhs);
}
