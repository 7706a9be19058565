#include "control/act.h"

#include "base/log.h"
#include "control/call.h"

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
