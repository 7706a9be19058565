/* The login phase of a connection (RFC 7143, 6.3), from its first PDU to full feature phase or
 * refusal. */
#ifndef ISCSI_LOGIN_H
#define ISCSI_LOGIN_H

#include "iscsi/pdu_rx.h"

struct auth_group;
struct conn;
struct target;

/* A PDU of a connection in XPT_UP or IN_LOGIN. Anything but a Login Request ends the connection
 * (6.3.1). */
enum pdu_rx_verdict login_pdu(struct conn *c, const struct pdu_in *pdu);

/* The target that c is logging in to; NULL: it is not, or not known yet, or it is discovery. */
const struct target *login_target(const struct conn *c);

/* Keep for those who ask later why the login under way, if there is one, is given up. */
void login_note(struct conn *c, const char *reason);

/* The auth group that c's login is held against; NULL: it does not log in, or not known yet. */
const struct auth_group *login_group(const struct conn *c);

/* The login is over, one way or the other. NULL login is fine. */
void login_free(struct conn *c);

#endif
