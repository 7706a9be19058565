/* Sessions, connections and logins that failed, as JSON (view.h). */
#ifndef CONTROL_VIEW_SESSION_H
#define CONTROL_VIEW_SESSION_H

#include "control/call.h"

#include <stdbool.h>

struct conn;
struct session;
struct why_case;

/* A line of a list, or all of it. */
json_t *view_session(const struct control_env *env, const struct session *s, bool all);

json_t *view_session_conn(const struct control_env *env, const struct conn *c);
json_t *view_session_why(const struct control_env *env, const struct why_case *k);

#endif
