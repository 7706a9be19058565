#include "iscsi/login_rules.h"

#include <stdbool.h>
#include <string.h>

static bool is_same_login(const struct pdu_login_req *f, const struct pdu_login_req *r)
{
	return memcmp(r->isid, f->isid, PDU_ISID_LEN) == 0 && r->tsih == f->tsih &&
	       r->cid == f->cid && r->itt == f->itt;
}

enum pdu_login_status login_rules_check(const struct pdu_login_req *first,
					const struct pdu_login_req *req, const char **why)
{
	if (!is_same_login(first, req)) {
		*why = "ISID, TSIH, CID or ITT change during login";
		return PDU_LOGIN_INITIATOR_ERROR;
	}
	if (req->csg != first->csg ||
	    (req->csg != PDU_STAGE_SECURITY && req->csg != PDU_STAGE_OPERATIONAL)) {
		*why = "it is in another stage than the one that runs";
		return PDU_LOGIN_INVALID_DURING_LOGIN;
	}
	if (req->transit && (req->nsg <= req->csg || req->nsg == 2)) {
		*why = "it wants to go on to a stage that does not follow";
		return PDU_LOGIN_INITIATOR_ERROR;
	}
	return PDU_LOGIN_SUCCESS;
}
