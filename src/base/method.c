#include "base/method.h"

#include <string.h>

/* Parameters that many methods have. */
#define TARGET(text)                                                                   \
	{                                                                              \
		.name = "target", .word = "IQN", .kind = METHOD_TARGET, .help = (text) \
	}

const struct method methods[] = {
	{ .name = "log-level",
	  .help = "show or set the least grave messages that are logged",
	  .changes = true,
	  .params = { { .name = "level",
			.word = "LEVEL",
			.kind = METHOD_CHOICE,
			.optional = true,
			.choices = { "error", "warning", "notice", "info", "debug" },
			.help = "the new level; without it nothing changes" } } },
	{ .name = "method.list", .help = "list the methods of the control socket" },
	{ .name = "shutdown",
	  .help = "stop the daemon as SIGTERM does: commands in flight finish first",
	  .changes = true },
	{ .name = "status", .help = "show the version, the uptime and totals" },
	{ .name = "target.list", .help = "list the targets" },
	{ .name = "target.show",
	  .help = "show all of a target",
	  .params = { TARGET("the target's name") } },
};
const size_t nmethods = sizeof(methods) / sizeof(methods[0]);

const struct method *method_find(const char *name)
{
	size_t low = 0, high = nmethods;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		int order = strcmp(methods[mid].name, name);

		if (order == 0)
			return &methods[mid];
		if (order < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}

size_t method_nparams(const struct method *m)
{
	size_t n = 0;

	while (n < METHOD_PARAMS_MAX && m->params[n].kind != METHOD_NONE)
		n++;
	return n;
}
