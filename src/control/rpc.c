#include "control/rpc.h"

#include "base/log.h"
#include "control/methods.h"
#include "control/params.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SAID_MAX 512 /* bytes of a call in the log */

/* ---- what is logged of a change ---- */

/* " name=value" behind what is in said; a secret is not shown. */
static void say_value(char said[SAID_MAX], const char *name, const json_t *value)
{
	size_t len = strlen(said);
	char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT | JSON_ENSURE_ASCII);
	const char *shown = strstr(name, "secret") ? "***" : text ? text : "?";

	snprintf(said + len, SAID_MAX - len, " %s=%s", name, shown);
	free(text);
}

static void say_change(const struct call *c)
{
	char said[SAID_MAX] = "", quoted[64];
	const char *name, *pair;
	json_t *value, *v;

	json_object_foreach (c->params, name, value) {
		if (!json_is_object(value))
			say_value(said, name, value);
		json_object_foreach (value, pair, v)
			say_value(said, log_quote(quoted, sizeof(quoted), pair, strlen(pair)), v);
	}
	log_notice("control: uid %u (process %d): %s%s", (unsigned int)c->peer.uid,
		   (int)c->peer.pid, c->method->name, said);
}

/* A method that would take a value, and was given none, only shows what there is. */
static bool is_look(const struct method *m, const json_t *params)
{
	size_t i, values = 0;

	for (i = 0; i < method_nparams(m); i++)
		values += m->params[i].kind != METHOD_SWITCH;
	return values > 0 && json_object_size(params) == 0;
}

/* ---- one request ---- */

/* 4: who sends no id wants no answer. */
static bool is_notification(const json_t *request)
{
	return json_is_object(request) && !json_object_get(request, "id");
}

/* An error is taken over as the answer, unless nobody wants one. */
static void add_error(struct rpc *r, const json_t *request, enum call_error code,
		      const char *message)
{
	json_t *id = json_object_get(request, "id");

	if (!json_is_string(id) && !json_is_number(id))
		id = NULL;
	json_array_append_new(r->answers, call_error(id, code, message));
}

/* 4, 4.2: is it a request object? */
static const char *request_fault(const json_t *request)
{
	const json_t *id = json_object_get(request, "id");
	const json_t *params = json_object_get(request, "params");
	const char *version = json_string_value(json_object_get(request, "jsonrpc"));

	if (!json_is_object(request))
		return "a request is an object";
	if (!version || strcmp(version, "2.0") != 0)
		return "jsonrpc must be \"2.0\"";
	if (!json_is_string(json_object_get(request, "method")))
		return "method must be a string";
	if (id && !json_is_string(id) && !json_is_number(id) && !json_is_null(id))
		return "id must be a string, a number or null";
	if (params && !json_is_object(params) && !json_is_array(params))
		return "params must be an object or an array";
	return NULL;
}

static void on_answered(struct call *c, json_t *answer);

/* Call the method; its answer may be there when this returns, or come later. */
static void start_call(struct rpc *r, const json_t *request, const struct method *m, json_t *params)
{
	struct call *c = calloc(1, sizeof(*c));

	if (!c) {
		json_decref(params);
		add_error(r, request, CALL_INTERNAL, "no memory");
		return;
	}
	c->env = r->env;
	c->method = m;
	c->peer = r->peer;
	c->params = params;
	c->id = json_incref(json_object_get(request, "id"));
	c->answered = on_answered;
	c->user = r;
	r->call = c;
	if (m->changes && !is_look(m, params))
		say_change(c);
	methods_run(c);
}

static void step(struct rpc *r, json_t *request)
{
	const char *fault = request_fault(request);
	const char *name = json_string_value(json_object_get(request, "method"));
	const struct method *m = fault ? NULL : method_find(name);
	char message[PARAMS_WHY_MAX];
	json_t *params;

	if (fault) {
		add_error(r, request, CALL_INVALID_REQUEST, fault);
		return;
	}
	if (!m) {
		if (!is_notification(request))
			add_error(r, request, CALL_NO_METHOD, "there is no such method");
		return;
	}
	params = params_check(m, json_object_get(request, "params"), message);
	if (params)
		start_call(r, request, m, params);
	else if (!is_notification(request))
		add_error(r, request, CALL_INVALID_PARAMS, message);
}

/* ---- all of a text ---- */

static void finish(struct rpc *r)
{
	json_t *answer = NULL;

	if (r->is_batch && json_array_size(r->answers))
		answer = json_incref(r->answers);
	else if (!r->is_batch)
		answer = json_incref(json_array_get(r->answers, 0));
	json_decref(r->requests);
	json_decref(r->answers);
	r->requests = NULL;
	r->answers = NULL;
	r->done(r, answer);
}

/* Go on until a method takes its time, or all is answered. */
static void go_on(struct rpc *r)
{
	r->is_stepping = true;
	while (!r->call && r->next < json_array_size(r->requests))
		step(r, json_array_get(r->requests, r->next++));
	r->is_stepping = false;
	if (!r->call)
		finish(r);
}

static void on_answered(struct call *c, json_t *answer)
{
	struct rpc *r = c->user;

	if (c->id)
		json_array_append_new(r->answers, answer);
	else
		json_decref(answer);
	r->call = NULL;
	if (!r->is_stepping)
		go_on(r);
}

/* The text as an array of requests in r. NULL, or what is wrong with it. */
static json_t *read_text(struct rpc *r, const char *text, size_t len)
{
	json_error_t where;
	char message[JSON_ERROR_TEXT_LENGTH + 64];
	json_t *json = json_loadb(text, len, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, &where);

	if (!json) {
		snprintf(message, sizeof(message), "%s (byte %d)", where.text, where.position);
		return call_error(NULL, CALL_PARSE_ERROR, message);
	}
	r->is_batch = json_is_array(json);
	if (!r->is_batch) {
		r->requests = json_pack("[o]", json);
		return r->requests ? NULL : call_error(NULL, CALL_INTERNAL, "no memory");
	}
	if (json_array_size(json) > 0 && json_array_size(json) <= RPC_BATCH_MAX) {
		r->requests = json;
		return NULL;
	}
	snprintf(message, sizeof(message), "a batch has from 1 to %d requests", RPC_BATCH_MAX);
	json_decref(json);
	return call_error(NULL, CALL_INVALID_REQUEST, message);
}

void rpc_start(struct rpc *r, const char *text, size_t len)
{
	json_t *fault = read_text(r, text, len);

	r->next = 0;
	r->answers = json_array();
	if (!fault && r->answers) {
		go_on(r);
		return;
	}
	json_decref(r->requests);
	json_decref(r->answers);
	r->requests = NULL;
	r->answers = NULL;
	r->done(r, fault);
}

json_t *rpc_too_long(size_t max)
{
	char message[64];

	snprintf(message, sizeof(message), "a request has at most %zu bytes", max);
	return call_error(NULL, CALL_INVALID_REQUEST, message);
}

void rpc_abandon(struct rpc *r)
{
	if (r->call)
		r->call->answered = NULL;
	r->call = NULL;
	json_decref(r->requests);
	json_decref(r->answers);
	r->requests = NULL;
	r->answers = NULL;
}
