/*
 * What changes of a running server mean for its initiators: who is told, whose session ends.
 * The order for the one who changes the world (all in one turn of the loop):
 *
 *   a target comes:     world_add_target(), manage_targets_changed(t)
 *   a target goes:      manage_targets_changed(t), manage_drop(t); when manage_is_used(t) says
 *                       no, which is at the end of some later turn: world_remove_target()
 *   with more patience: manage_logout(t, s) first; who has not logged out s seconds later and
 *                       has nothing in flight is dropped without further ado
 *
 * A target that is going takes no new login once it is in no portal group any more
 * (target->ngroups = 0): it is refused with 0x0203, and discovery does not tell it.
 */
#ifndef ISCSI_MANAGE_H
#define ISCSI_MANAGE_H

#include <stdbool.h>
#include <stdint.h>

struct iscsi;
struct session;
struct target;

/*
 * SendTargets has another answer than before: tell every discovery session that sees t, or, when
 * t is NULL, every one. See async_targets_changed() for how.
 */
void manage_targets_changed(struct iscsi *iscsi, const struct target *t);

/* Ask the sessions of t (NULL: of all targets and discovery) to log out within time_s seconds
 * (RFC 7143, 11.9, event 1). How many connections were asked. */
unsigned int manage_logout(struct iscsi *iscsi, const struct target *t, uint16_t time_s);

/*
 * End the sessions of t: their initiators are told (event 3), connections close, tasks end as
 * the stores give them back. Logins to it that are under way end, too.
 */
void manage_drop(struct iscsi *iscsi, const struct target *t, const char *why);

/* Does anything of iscsi still refer to t: a session, one that is ending, or a login? */
bool manage_is_used(const struct iscsi *iscsi, const struct target *t);

/* The same for one session, which sessions_find() gives by its TSIH. */
void manage_logout_session(struct session *s, uint16_t time_s);
void manage_drop_session(struct session *s, const char *why);

#endif
