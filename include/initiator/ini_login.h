/* Login (RFC 7143, section 6): whole, or a request at a time. */
#ifndef INITIATOR_INI_LOGIN_H
#define INITIATOR_INI_LOGIN_H

#include "initiator/ini_session.h"

/*
 * What a whole login says. Names that are NULL are not sent; keys are lines
 * "Key=value\n"; a stage whose keys are NULL is left out, and both may not be.
 */
struct ini_login {
	const char *initiator; /* InitiatorName */
	const char *target;    /* TargetName */
	bool discovery;        /* SessionType=Discovery; else the key is not sent */
	const char *security;
	const char *operational;

	/*
	 * Called with the target's keys after each answer in the security stage that
	 * did not end it; appends the keys of the next request. Returns 1 when the
	 * stage may end with that request, 0 when not, -errno to give up. NULL: the
	 * stage may end with its first request.
	 */
	int (*auth)(void *arg, const struct ini_text *answer, struct ini_text *next);
	void *auth_arg;
};

/* One request of a login, and the answer to it. */
struct ini_login_step {
	uint8_t csg; /* enum pdu_stage */
	uint8_t nsg;
	bool transit;
};

/*
 * Log in over a connected session. All keys of the target's are in s->answer, what
 * they settle is in s->param, and the digests agreed are in force.
 * 0; -EACCES: refused, s->login_status says why; -EPROTO; and as ini_conn_recv().
 */
int ini_login(struct ini_session *s, const struct ini_login *l);

/*
 * Send text in a login request, in several PDUs when it is longer than 8192 bytes (the
 * C bit, 11.12.3), and collect the whole answer in *answer. *rsp is the last
 * response; its status is for the caller to read. 0; as ini_conn_recv(); -EPROTO.
 */
int ini_login_exchange(struct ini_session *s, const struct ini_login_step *step,
		       const struct ini_text *text, struct pdu_login_rsp *rsp,
		       struct ini_text *answer);

#endif
