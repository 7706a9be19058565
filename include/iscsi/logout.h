/* Logout requests (RFC 7143, 11.14, 11.15). */
#ifndef ISCSI_LOGOUT_H
#define ISCSI_LOGOUT_H

#include "wire/pdu.h"

struct conn;

/* Its turn has come. The answer follows the end of every task of what is closed. */
void logout_start(struct conn *c, const struct pdu_logout_req *req);

#endif
