/*
 * What changes of a running server mean for its initiators: who is told, whose session ends.
 * The order for the one who changes the world (all in one turn of the loop): first the world is
 * what it is to be, then those are told who can see it. Who has to leave is asked to log out
 * (manage_logout()); who has not done so when the time is over is dropped (manage_drop()); and what
 * he was using is freed when nothing refers to it any more (manage_is_used() and its like).
 */
#ifndef ISCSI_MANAGE_H
#define ISCSI_MANAGE_H

#include <stdbool.h>
#include <stdint.h>

struct auth_group;
struct iscsi;
struct portal;
struct portal_group;
struct session;
struct target;

/*
 * SendTargets has another answer than before: tell every discovery session that sees t, or, when
 * t is NULL, every one. See async_targets_changed() for how.
 */
void manage_targets_changed(struct iscsi *iscsi, const struct target *t);

/* The initiators of t's sessions are told, where they take it, that it has other LUNs. */
void manage_luns_changed(struct iscsi *iscsi, const struct target *t);

/*
 * Ask the sessions of t (NULL: of all targets and discovery) that came by portal group tag (0: by
 * any) to log out within time_s seconds (RFC 7143, 11.9, event 1). Logins to it that are under way
 * end at once. How many connections were asked.
 */
unsigned int manage_logout(struct iscsi *iscsi, const struct target *t, uint16_t tag,
			   uint16_t time_s);

/*
 * End these sessions: their initiators are told (event 3), connections close, tasks end as the
 * stores give them back. Logins that are under way end, too.
 */
void manage_drop(struct iscsi *iscsi, const struct target *t, uint16_t tag, const char *why);

/* Does anything of iscsi still refer to t: a session, one that is ending, or a login? */
bool manage_is_used(const struct iscsi *iscsi, const struct target *t);

/* Does a connection still refer to a portal of that group, or to that portal? */
bool manage_uses_group(const struct iscsi *iscsi, const struct portal_group *g);
bool manage_uses_portal(const struct iscsi *iscsi, const struct portal *p);

/* The rules or accounts of g change: logins under way that were held against them end. */
void manage_auth_changes(struct iscsi *iscsi, const struct auth_group *g);

/* The same for one session, which may be freed by it when it has no connection, and which
 * sessions_find() gives by its TSIH. How many of its connections are asked: 0 when it has none, or
 * all were asked before. */
unsigned int manage_logout_session(struct session *s, uint16_t time_s);
void manage_drop_session(struct session *s, const char *why);

#endif
