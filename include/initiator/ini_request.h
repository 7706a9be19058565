/*
 * Requests that are answered by one response: ping, task management, text, logout.
 * While one waits for its answer the session's tasks go on.
 */
#ifndef INITIATOR_INI_REQUEST_H
#define INITIATOR_INI_REQUEST_H

#include "initiator/ini_session.h"

/*
 * Step until the response to itt comes, which must have that opcode.
 * 0; -EREMOTEIO: the target rejected the request, s->reject_reason says why;
 * -EPROTO; as ini_conn_recv().
 */
int ini_request_wait(struct ini_session *s, uint32_t itt, enum pdu_opcode opcode,
		     struct ini_pdu *response);

/*
 * Ping the target with len bytes and wait for the echo (11.18). *echo (may be NULL)
 * is the answer, valid until the next receive. As ini_request_wait().
 */
int ini_request_nop(struct ini_session *s, bool immediate, const void *data, uint32_t len,
		    struct ini_pdu *echo);

/*
 * Ask for a task management function (11.5): immediate, function, lun, rtt, refcmdsn
 * and expdatasn of req are taken. *response (enum pdu_tmf_response). As ini_request_wait().
 */
int ini_request_tmf(struct ini_session *s, const struct pdu_tmf_req *req, uint8_t *response);

/*
 * Send text and collect the whole answer in s->answer, in as many PDUs as either takes
 * (11.10, 11.11). What it settles is put into s->param. As ini_request_wait().
 */
int ini_request_text(struct ini_session *s, const struct ini_text *text);

/* Log out (11.14) and take the response (enum pdu_logout_response). As ini_request_wait(). */
int ini_request_logout(struct ini_session *s, enum pdu_logout_reason reason, uint16_t cid,
		       uint8_t *response);

#endif
