#include "control/show.h"

#include "control/find.h"
#include "control/view.h"
#include "target/world.h"

void show_status(struct call *c)
{
	call_done(c, view_status(c->env));
}

void show_methods(struct call *c)
{
	call_done(c, view_methods());
}

void show_targets(struct call *c)
{
	json_t *list = json_array();
	const struct target *t;

	TAILQ_FOREACH (t, &c->env->world->targets, link)
		json_array_append_new(list, view_target(c->env, t, false));
	call_done(c, list);
}

void show_target(struct call *c)
{
	const struct target *t = find_target(c);

	if (t)
		call_done(c, view_target(c->env, t, true));
}
