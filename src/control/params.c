#include "control/params.h"

#include "base/log.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define PAIRS_MAX 64 /* NAME=VALUE of one call */

static const struct method_param *find(const struct method *m, const char *name)
{
	size_t i, n = method_nparams(m);

	for (i = 0; i < n; i++) {
		if (strcmp(m->params[i].name, name) == 0)
			return &m->params[i];
	}
	return NULL;
}

/* By position → by name; a new reference. */
static json_t *name_them(const struct method *m, const json_t *list,
			 char why[static PARAMS_WHY_MAX])
{
	size_t i, n = method_nparams(m);
	json_t *object = json_object();

	if (json_array_size(list) > n) {
		snprintf(why, PARAMS_WHY_MAX, "%s takes at most %zu parameters", m->name, n);
		json_decref(object);
		return NULL;
	}
	for (i = 0; object && i < json_array_size(list); i++)
		json_object_set(object, m->params[i].name, json_array_get(list, i));
	return object;
}

static bool is_choice(const struct method_param *p, const char *text)
{
	size_t i;

	for (i = 0; i < METHOD_CHOICES_MAX && p->choices[i]; i++) {
		if (text && strcmp(p->choices[i], text) == 0)
			return true;
	}
	return false;
}

/* "error, warning, notice" */
static void list_choices(const struct method_param *p, char *dst, size_t size)
{
	size_t i, len = 0;

	for (i = 0; i < METHOD_CHOICES_MAX && p->choices[i] && len < size; i++)
		len += (size_t)snprintf(dst + len, size - len, "%s%s", i ? ", " : "",
					p->choices[i]);
}

static bool are_pairs(json_t *value)
{
	const char *name;
	json_t *v;

	if (!json_is_object(value) || json_object_size(value) > PAIRS_MAX)
		return false;
	json_object_foreach (value, name, v) {
		if (!json_is_string(v))
			return false;
	}
	return true;
}

/* NULL: value is as p wants it; else what it must be, in why or constant. */
static const char *value_fault(const struct method_param *p, json_t *value,
			       char why[static PARAMS_WHY_MAX])
{
	json_int_t n = json_integer_value(value);
	char list[128];

	switch (p->kind) {
	case METHOD_NONE: break;
	case METHOD_TEXT:
	case METHOD_TARGET: return json_is_string(value) ? NULL : "a string";
	case METHOD_CHOICE:
		if (is_choice(p, json_string_value(value)))
			return NULL;
		list_choices(p, list, sizeof(list));
		snprintf(why, PARAMS_WHY_MAX, "%s must be one of %s", p->name, list);
		return why;
	case METHOD_SWITCH: return json_is_boolean(value) ? NULL : "true or false";
	case METHOD_PAIRS: return are_pairs(value) ? NULL : "an object of strings";
	case METHOD_NUMBER:
		if (json_is_integer(value) && n >= p->min && n <= p->max)
			return NULL;
		snprintf(why, PARAMS_WHY_MAX, "%s must be a number from %" PRIu32 " to %" PRIu32,
			 p->name, p->min, p->max);
		return why;
	}
	return NULL;
}

/* Has the object what the row says, and nothing else? */
static bool fits(const struct method *m, json_t *object, char why[static PARAMS_WHY_MAX])
{
	size_t i, n = method_nparams(m);
	char quoted[128];
	const char *name, *fault;
	json_t *value;

	json_object_foreach (object, name, value) {
		if (find(m, name))
			continue;
		snprintf(why, PARAMS_WHY_MAX, "%s has no parameter %s", m->name,
			 log_quote(quoted, sizeof(quoted), name, strlen(name)));
		return false;
	}
	for (i = 0; i < n; i++) {
		const struct method_param *p = &m->params[i];

		value = json_object_get(object, p->name);
		if (!value && !p->optional && p->kind != METHOD_SWITCH) {
			snprintf(why, PARAMS_WHY_MAX, "%s is missing", p->name);
			return false;
		}
		fault = value ? value_fault(p, value, why) : NULL;
		if (fault && fault != why)
			snprintf(why, PARAMS_WHY_MAX, "%s must be %s", p->name, fault);
		if (fault)
			return false;
	}
	return true;
}

json_t *params_check(const struct method *m, json_t *params, char why[static PARAMS_WHY_MAX])
{
	json_t *object;

	snprintf(why, PARAMS_WHY_MAX, "no memory");
	if (json_is_array(params))
		object = name_them(m, params, why);
	else
		object = params ? json_incref(params) : json_object();
	if (object && !fits(m, object, why)) {
		json_decref(object);
		return NULL;
	}
	return object;
}
