#include "base/method.h"

#include <string.h>

/* Parameters that many methods have. */
#define TARGET                                                          \
	{                                                               \
		.name = "target", .word = "IQN", .kind = METHOD_TARGET, \
		.help = "the target's name"                             \
	}
#define MAYBE_TARGET(text)                                                                \
	{                                                                                 \
		.name = "target", .word = "IQN", .kind = METHOD_TARGET, .optional = true, \
		.help = (text)                                                            \
	}
#define LUN                                                                        \
	{                                                                          \
		.name = "lun", .word = "LUN", .kind = METHOD_NUMBER, .max = 16383, \
		.help = "the number of the logical unit"                           \
	}
#define OPTIONS                                                                \
	{                                                                      \
		.name = "options", .word = "NAME=VALUE", .kind = METHOD_PAIRS, \
		.help = "options as in the configuration file"                 \
	}
#define TAG                                                                                  \
	{                                                                                    \
		.name = "tag", .word = "TAG", .kind = METHOD_NUMBER, .min = 1, .max = 65535, \
		.help = "the tag of the portal group"                                        \
	}
#define ADDRESS                                                                \
	{                                                                      \
		.name = "address", .word = "ADDR[:PORT]", .kind = METHOD_TEXT, \
		.help = "the address, and the port where it is not 3260"       \
	}
#define SID                                                                                  \
	{                                                                                    \
		.name = "sid", .word = "SID", .kind = METHOD_NUMBER, .min = 1, .max = 65535, \
		.help = "the session's number (its TSIH), as session list shows it"          \
	}

const struct method methods[] = {
	{ .name = "connection.list", .help = "list the connections" },
	{ .name = "diff", .help = "show what a reload would change" },
	{ .name = "export", .help = "write what runs as a configuration file" },
	{ .name = "log-level",
	  .help = "show or set the least grave messages that are logged",
	  .changes = true,
	  .params = { { .name = "level",
			.word = "LEVEL",
			.kind = METHOD_CHOICE,
			.optional = true,
			.choices = { "error", "warning", "notice", "info", "debug" },
			.help = "the new level; without it nothing changes" } } },
	{ .name = "lun.add",
	  .help = "add a LUN to a target",
	  .changes = true,
	  .params = { TARGET,
		      LUN,
		      { .name = "spec",
			.word = "SPEC",
			.kind = METHOD_TEXT,
			.help = "what it serves, as --serve of itgtd takes it" } } },
	{ .name = "lun.list",
	  .help = "list the LUNs of a target, or of all",
	  .params = { MAYBE_TARGET("the target; all without it") } },
	{ .name = "lun.remove",
	  .help = "take a LUN away; its commands in flight are aborted",
	  .changes = true,
	  .params = { TARGET, LUN } },
	{ .name = "lun.resize",
	  .help = "give a LUN another size",
	  .changes = true,
	  .params = { TARGET,
		      LUN,
		      { .name = "size",
			.word = "SIZE",
			.kind = METHOD_TEXT,
			.help = "the new size: 512M, 10G, 1T" } } },
	{ .name = "lun.set",
	  .help = "change options of a LUN in use",
	  .changes = true,
	  .params = { TARGET, LUN, OPTIONS } },
	{ .name = "lun.show", .help = "show all of a LUN", .params = { TARGET, LUN } },
	{ .name = "method.list", .help = "list the methods of the control socket" },
	{ .name = "portal.add",
	  .help = "listen on one more address",
	  .changes = true,
	  .params = { TAG, ADDRESS } },
	{ .name = "portal.list", .help = "list the addresses that are listened on" },
	{ .name = "portal.remove",
	  .help = "listen on an address no more; who came by it may stay",
	  .changes = true,
	  .params = { TAG, ADDRESS } },
	{ .name = "reload",
	  .help = "read the configuration file again, and apply what has changed",
	  .changes = true,
	  .params = { { .name = "discard",
			.kind = METHOD_SWITCH,
			.help = "forget what was changed at run-time" } } },
	{ .name = "reservation.clear",
	  .help = "take all reservations and registrations of a LUN away",
	  .changes = true,
	  .params = { TARGET, LUN } },
	{ .name = "reservation.list",
	  .help = "show who has reserved a LUN, and who is registered",
	  .params = { TARGET, LUN } },
	{ .name = "save",
	  .help = "keep what was changed at run-time across a restart",
	  .changes = true,
	  .params = { { .name = "force",
			.kind = METHOD_SWITCH,
			.help = "also when nothing has, and something was saved before" } } },
	{ .name = "session.drop",
	  .help = "end a session at once; most initiators come again",
	  .changes = true,
	  .params = { SID } },
	{ .name = "session.list",
	  .help = "list the sessions of a target, or of all",
	  .params = { MAYBE_TARGET("the target; all without it") } },
	{ .name = "session.logout",
	  .help = "ask the initiator of a session to log out",
	  .changes = true,
	  .params = { SID } },
	{ .name = "session.show", .help = "show all of a session", .params = { SID } },
	{ .name = "shutdown",
	  .help = "stop the daemon as SIGTERM does: commands in flight finish first",
	  .changes = true },
	{ .name = "stats",
	  .help = "show what LUNs have done, and how quickly",
	  .params = { MAYBE_TARGET("the target; all without it"),
		      { .name = "lun",
			.word = "LUN",
			.kind = METHOD_NUMBER,
			.optional = true,
			.max = 16383,
			.help = "one of its LUNs; all without it" } } },
	{ .name = "status", .help = "show the version, the uptime and totals" },
	{ .name = "target.add",
	  .help = "add a target without LUNs",
	  .changes = true,
	  .params = { { .name = "target",
			.word = "IQN",
			.kind = METHOD_TEXT,
			.help = "the new target's name" },
		      { .name = "options",
			.word = "NAME=VALUE",
			.kind = METHOD_PAIRS,
			.optional = true,
			.help = "options as in the configuration file" } } },
	{ .name = "target.list", .help = "list the targets" },
	{ .name = "target.remove",
	  .help = "remove a target with all its LUNs",
	  .changes = true,
	  .params = { TARGET,
		      { .name = "force",
			.kind = METHOD_SWITCH,
			.help = "also when it has sessions, which end" } } },
	{ .name = "target.show", .help = "show all of a target", .params = { TARGET } },
	{ .name = "why",
	  .help = "show the last refused or odd logins, and what would have been accepted",
	  .params = { { .name = "who",
			.word = "WHO",
			.kind = METHOD_TEXT,
			.optional = true,
			.help = "part of an initiator's name or address; all without it" } } },
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
