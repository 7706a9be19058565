#include "control/methods.h"

#include "base/method.h"
#include "control/act.h"
#include "control/ask.h"
#include "control/show.h"

#include <assert.h>
#include <string.h>

/* One for each row of base/method.c, in any order. */
static const struct {
	const char *name;
	void (*run)(struct call *c);
} functions[] = {
	{ "connection.list", show_connections },
	{ "log-level", act_log_level },
	{ "lun.list", show_luns },
	{ "lun.show", show_lun },
	{ "method.list", show_methods },
	{ "portal.list", show_portals },
	{ "reservation.clear", act_clear_reservations },
	{ "reservation.list", show_reservations },
	{ "session.drop", act_drop },
	{ "session.list", show_sessions },
	{ "session.logout", act_logout },
	{ "session.show", show_session },
	{ "shutdown", act_shutdown },
	{ "stats", show_stats },
	{ "status", show_status },
	{ "target.list", show_targets },
	{ "target.show", show_target },
	{ "diff", ask_change },
	{ "export", ask_export },
	{ "lun.add", ask_change },
	{ "lun.remove", ask_change },
	{ "lun.resize", ask_change },
	{ "lun.set", ask_change },
	{ "portal.add", ask_change },
	{ "portal.remove", ask_change },
	{ "reload", ask_change },
	{ "save", ask_change },
	{ "target.add", ask_change },
	{ "target.remove", ask_change },
	{ "why", show_why },
};

static void (*find(const char *name))(struct call *c)
{
	size_t i;

	for (i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
		if (strcmp(functions[i].name, name) == 0)
			return functions[i].run;
	}
	return NULL;
}

bool methods_has(const char *name)
{
	return find(name) != NULL;
}

void methods_run(struct call *c)
{
	void (*run)(struct call *) = find(c->method->name);

	assert(run); /* a test of the tables sees to it */
	run(c);
}
