/* SendTargets (RFC 7143, appendix C). */
#ifndef ISCSI_DISCOVERY_H
#define ISCSI_DISCOVERY_H

#include "wire/text.h"

#include <stdbool.h>

struct conn;
struct target;

/*
 * Append the answer to SendTargets=value: every target that this initiator may see at
 * the portal it came to, with all its addresses. A wildcard address is told as the one that the
 * initiator came to. value: "All", a target's name, or "" for the session's own target.
 * 0; -EINVAL when the value is not allowed in this kind of session.
 */
int discovery_answer(const struct conn *c, const char *value, struct text_out *out);

/* Does c see t: is it told of it, and may it log in to it? */
bool discovery_shows(const struct conn *c, const struct target *t);

#endif
