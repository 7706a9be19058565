#include "control/act.h"

#include "base/log.h"
#include "control/call.h"
#include "control/find.h"
#include "iscsi/manage.h"
#include "scsi/pr_out.h"
#include "target/target.h"

#include <errno.h>
#include <string.h>

#define LOGOUT_S 30 /* for the initiator to log out; then it is dropped */

void act_log_level(struct call *c)
{
	const char *name = call_text(c, "level");
	enum log_level level;

	if (name && !log_level_parse(name, &level))
		log_set_level(level);
	call_done(c, json_pack("{s:s}", "level", log_level_name(log_get_level())));
}

void act_shutdown(struct call *c)
{
	const struct control_env *env = c->env;

	call_done(c, json_pack("{s:s}", "state", "stopping"));
	env->shutdown(env->user);
}

/* ---- sessions ---- */

void act_drop(struct call *c)
{
	struct session *s = find_session(c);

	if (!s)
		return;
	manage_drop_session(s, "by itgtctl");
	call_done(c, json_pack("{s:i}", "dropped", (int)call_number(c, "sid", 0)));
}

void act_logout(struct call *c)
{
	struct session *s = find_session(c);

	if (!s)
		return;
	if (!manage_logout_session(s, LOGOUT_S)) {
		call_refuse(
			c,
			"session %d has no connection that can be asked (\"session drop\" ends it)",
			(int)call_number(c, "sid", 0));
		return;
	}
	call_done(c, json_pack("{s:i, s:i}", "asked", (int)call_number(c, "sid", 0), "within_s",
			       LOGOUT_S));
}

/* ---- reservations ---- */

static void on_cleared(void *user, int error)
{
	struct call *c = user;

	if (error)
		call_refuse(c, "what is kept of the reservations cannot be removed: %s",
			    strerror(-error));
	else
		call_done(c, json_pack("{s:b}", "cleared", true));
}

void act_clear_reservations(struct call *c)
{
	const struct target *t = find_target(c);
	struct scsi_lu *lu = t ? find_lun(c, t) : NULL;
	int err;

	if (!lu)
		return;
	err = pr_out_clear(lu, on_cleared, c);
	if (err)
		call_refuse(c, "%s",
			    err == -EBUSY ? "an initiator is changing the reservations just now: "
					    "try again"
					  : strerror(-err));
}
