#include "control/view.h"

#include "base/buf.h"
#include "base/log.h"
#include "base/method.h"
#include "iscsi/iscsi.h"
#include "iscsi/server.h"
#include "iscsi/session.h"
#include "scsi/pr.h"
#include "scsi/stats.h"
#include "target/world.h"

#include <string.h>
#include <unistd.h>

json_t *view_text(const char *text)
{
	json_t *json = json_string(text);
	char quoted[1024];

	return json ? json : json_string(log_quote(quoted, sizeof(quoted), text, strlen(text)));
}

/* ---- the daemon ---- */

static json_int_t count_luns(const struct world *w)
{
	const struct target *t;
	json_int_t n = 0;

	TAILQ_FOREACH (t, &w->targets, link)
		n += t->device.lus.count;
	return n;
}

static json_int_t count_sessions(const struct iscsi *iscsi)
{
	const struct session *s;
	json_int_t n = 0;

	TAILQ_FOREACH (s, &iscsi->sessions, link)
		n++;
	return n;
}

json_t *view_status(const struct control_env *env)
{
	const struct iscsi *iscsi = iscsi_server_core(env->server);
	const struct buf_pool *pool = env->pool;

	return json_pack("{s:s, s:i, s:I, s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:{s:I, s:I, s:I}}",
			 "version", ITGTD_VERSION, "pid", (int)getpid(), "uptime_s",
			 (json_int_t)((iscsi_server_now_ms(env->server) - env->started_ms) / 1000),
			 "state", iscsi->stopping ? "stopping" : "running", "log_level",
			 log_level_name(log_get_level()), "targets",
			 (json_int_t)env->world->ntargets, "luns", count_luns(env->world),
			 "sessions", count_sessions(iscsi), "connections",
			 (json_int_t)iscsi->nconns, "commands", (json_int_t)iscsi->tasks, "buffers",
			 "lent_bytes", (json_int_t)pool->lent, "kept_bytes", (json_int_t)pool->kept,
			 "ceiling_bytes", (json_int_t)pool->ceiling + (json_int_t)pool->reserve);
}

/* ---- parts of others ---- */

const char *view_reservation_type(uint8_t type)
{
	switch ((enum pr_type)type) {
	case PR_NONE: return "none";
	case PR_WRITE_EXCLUSIVE: return "write exclusive";
	case PR_EXCLUSIVE_ACCESS: return "exclusive access";
	case PR_WRITE_EXCLUSIVE_REGISTRANTS: return "write exclusive, registrants only";
	case PR_EXCLUSIVE_ACCESS_REGISTRANTS: return "exclusive access, registrants only";
	case PR_WRITE_EXCLUSIVE_ALL: return "write exclusive, all registrants";
	case PR_EXCLUSIVE_ACCESS_ALL: return "exclusive access, all registrants";
	}
	return "?";
}

json_t *view_traffic(const struct scsi_traffic *t)
{
	return json_pack("{s:I, s:I, s:I, s:I}", "ops", (json_int_t)t->ops, "bytes",
			 (json_int_t)t->bytes, "errors", (json_int_t)t->errors, "time_ns",
			 (json_int_t)t->time_ns);
}

/* ---- methods ---- */

static json_t *view_param(const struct method_param *p)
{
	static const char *const kinds[] = {
		[METHOD_NONE] = "none",     [METHOD_TEXT] = "string",   [METHOD_TARGET] = "target",
		[METHOD_NUMBER] = "number", [METHOD_CHOICE] = "choice", [METHOD_SWITCH] = "boolean",
		[METHOD_PAIRS] = "object",
	};
	json_t *json =
		json_pack("{s:s, s:s, s:b, s:s}", "name", p->name, "type", kinds[p->kind],
			  "optional", p->optional || p->kind == METHOD_SWITCH, "help", p->help);
	json_t *choices;
	size_t i;

	if (p->kind == METHOD_NUMBER) {
		json_object_set_new(json, "min", json_integer(p->min));
		json_object_set_new(json, "max", json_integer(p->max));
	}
	if (p->kind != METHOD_CHOICE)
		return json;
	choices = json_array();
	for (i = 0; i < METHOD_CHOICES_MAX && p->choices[i]; i++)
		json_array_append_new(choices, json_string(p->choices[i]));
	json_object_set_new(json, "choices", choices);
	return json;
}

static json_t *view_method(const struct method *m)
{
	json_t *params = json_array();
	size_t i, n = method_nparams(m);

	for (i = 0; i < n; i++)
		json_array_append_new(params, view_param(&m->params[i]));
	return json_pack("{s:s, s:s, s:b, s:o}", "name", m->name, "help", m->help, "changes",
			 m->changes, "params", params);
}

json_t *view_methods(void)
{
	json_t *list = json_array();
	size_t i;

	for (i = 0; i < nmethods; i++)
		json_array_append_new(list, view_method(&methods[i]));
	return list;
}
