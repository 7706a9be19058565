/* A login in progress, and what is said to it (RFC 7143, 11.13). */
#ifndef ISCSI_LOGIN_RSP_H
#define ISCSI_LOGIN_RSP_H

#include "iscsi/auth.h"
#include "iscsi/keys.h"
#include "iscsi/longtext.h"
#include "iscsi/param.h"
#include "iscsi/session.h"
#include "wire/pdu.h"
#include "wire/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct conn;
struct target;

#define LOGIN_OUT_MAX ((size_t)16 * 1024) /* bytes of our answer to them */
#define LOGIN_PDU_MAX \
	8192u /* bytes of text in a PDU: MaxRecvDataSegmentLength's default holds in login */

struct login {
	struct conn *conn;
	struct pdu_login_req
		first; /* what all requests of a login have in common, and the stage it is in */
	bool started;
	bool is_noted;   /* what became of it is kept (why.h) */
	bool identified; /* who comes, and to whom, is known and allowed */
	struct param param;
	struct keys keys;
	struct auth auth;
	struct target *target;    /* borrowed from the world; NULL: discovery */
	struct pdu_login_req req; /* the request being answered */
	struct longtext in;       /* text of a request in several PDUs */
	struct text_out out;
	size_t out_sent; /* bytes of out that are answered already */
	struct session_waiter waiter;
	char out_text[LOGIN_OUT_MAX];
};

/* Who may come, as far as it is known to whom. */
const struct auth_group *login_rsp_group(const struct login *l);

/* Keep what became of a login for those who ask later. */
void login_rsp_note(struct login *l, const char *reason);

/* The login ends here, with a reason for both sides. */
void login_rsp_refuse(struct login *l, enum pdu_login_status status, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * Answer with the text there is, in as many PDUs as it takes; the last may end the stage.
 * tsih: 0 but in the last response of all.
 */
void login_rsp_send(struct login *l, bool transit, uint16_t tsih);

#endif
