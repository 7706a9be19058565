#include "control/call.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

const char *call_text(const struct call *c, const char *name)
{
	return json_string_value(json_object_get(c->params, name));
}

bool call_has(const struct call *c, const char *name)
{
	return json_object_get(c->params, name);
}

bool call_switch(const struct call *c, const char *name)
{
	return json_is_true(json_object_get(c->params, name));
}

uint32_t call_number(const struct call *c, const char *name, uint32_t otherwise)
{
	const json_t *value = json_object_get(c->params, name);

	return value ? (uint32_t)json_integer_value(value) : otherwise;
}

json_t *call_error(json_t *id, enum call_error code, const char *message)
{
	return json_pack("{s:s, s:{s:i, s:s}, s:O}", "jsonrpc", "2.0", "error", "code", (int)code,
			 "message", message, "id", id ? id : json_null());
}

/* The end of c; answer is taken over. */
static void end(struct call *c, json_t *answer)
{
	if (c->answered)
		c->answered(c, answer);
	else
		json_decref(answer);
	json_decref(c->params);
	json_decref(c->id);
	free(c);
}

void call_done(struct call *c, json_t *result)
{
	if (!result) {
		end(c, call_error(c->id, CALL_INTERNAL, "no memory"));
		return;
	}
	end(c, json_pack("{s:s, s:o, s:O}", "jsonrpc", "2.0", "result", result, "id",
			 c->id ? c->id : json_null()));
}

void call_refuse(struct call *c, const char *fmt, ...)
{
	char message[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(message, sizeof(message), fmt, ap);
	va_end(ap);
	end(c, call_error(c->id, CALL_REFUSED, message));
}
