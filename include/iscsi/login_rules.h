/* What a login request must have in common with the first of its login (RFC 7143, 11.12). Pure. */
#ifndef ISCSI_LOGIN_RULES_H
#define ISCSI_LOGIN_RULES_H

#include "wire/pdu.h"

/*
 * Stages go forward only, and a login stays what it began as. first: the first request, with the
 * stage that runs now as its CSG. *why: what a refusal is for.
 */
enum pdu_login_status login_rules_check(const struct pdu_login_req *first,
					const struct pdu_login_req *req, const char **why);

#endif
