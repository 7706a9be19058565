#include "config/serve.h"

#include "base/units.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * Cut the next part off *rest, up to a comma that has no backslash before it.
 * Backslashes before commas and backslashes go. NULL: there is none.
 */
static char *next_part(char **rest)
{
	char *start = *rest, *from = start, *to = start;

	if (!start)
		return NULL;
	while (*from && *from != ',') {
		if (*from == '\\' && (from[1] == ',' || from[1] == '\\'))
			from++;
		*to++ = *from++;
	}
	*rest = *from ? from + 1 : NULL;
	*to = '\0';
	return start;
}

/* What stands first: a kind of LUN, or a path. 0 or -ENOMEM. */
static int first_part(struct conf_node *lun, const char *text, struct conf_where where,
		      struct conf_faults *faults)
{
	static const char *const kinds[] = { "ram", "null", "cdrom" };
	const char *option = "path";
	size_t i;

	if (!*text) {
		lun->is_partial = true;
		conf_fault(faults, where, lun, NULL,
			   "names nothing to serve (write a path, or ram,size=1G)");
		return 0;
	}
	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strcmp(text, kinds[i]) == 0)
			option = "backend";
	}
	return conf_node_add_value(lun, conf_option(&conf_lun, option), text, where) ? 0 : -ENOMEM;
}

/* NAME=VALUE. 0 or -ENOMEM. */
static int option_part(struct conf_node *lun, char *text, struct conf_where where,
		       struct conf_faults *faults)
{
	char *equals = strchr(text, '='), quoted[CONF_QUOTED_MAX];
	const struct conf_option *o;
	uint64_t size;

	if (!equals) {
		lun->is_partial = true;
		conf_fault(
			faults, where, lun, NULL,
			*text && !size_parse(text, &size)
				? "%s is not an option (write size= before it)"
				: "%s is not an option (write NAME=VALUE, and \\, for a comma in "
				  "a path)",
			conf_quote(quoted, text));
		return 0;
	}
	*equals = '\0';
	o = conf_option(&conf_lun, text);
	if (!o) {
		lun->is_partial = true;
		conf_fault_unknown(faults, where, lun, text);
		return 0;
	}
	if (o->kind != CONF_LIST && conf_node_entry(lun, o->name)) {
		conf_fault(faults, where, lun, o->name, "is given twice");
		return 0;
	}
	return conf_node_add_value(lun, o, equals + 1, where) ? 0 : -ENOMEM;
}

int conf_spec_parse(struct conf_node *lun, const char *spec, struct conf_where where,
		    struct conf_faults *faults)
{
	char *copy = strdup(spec), *rest = copy, *part;
	int err;

	if (!copy)
		return -ENOMEM;
	err = first_part(lun, next_part(&rest), where, faults);
	while (!err && (part = next_part(&rest)))
		err = option_part(lun, part, where, faults);
	free(copy);
	return err;
}

/* A value of a section that a switch of the command line says. 0 or -ENOMEM. */
static int set(struct conf_node *n, const char *option, const char *text, struct conf_where where)
{
	return conf_node_add_value(n, conf_option(n->section, option), text, where) ? 0 : -ENOMEM;
}

static int add_portals(struct conf_tree *t, const struct conf_serve *s)
{
	static const char *const loopback[] = { CONF_SERVE_PORTAL };
	const char *const *portals = s->nportals ? s->portals : loopback;
	size_t n = s->nportals ? s->nportals : 1, i;
	struct conf_where where = { conf_tree_origin(t, CONF_SWITCH, "--portal"), 0 };
	struct conf_node *group = conf_node_add(t->root, &conf_portal_group, "1", where);
	int err = group && where.origin ? 0 : -ENOMEM;

	for (i = 0; i < n && !err; i++)
		err = set(group, "listen", portals[i], where);
	return err;
}

/* USER:SECRET-FILE becomes an auth group. */
static int add_chap(struct conf_tree *t, const char *chap, struct conf_faults *faults)
{
	struct conf_where where = { conf_tree_origin(t, CONF_SWITCH, "--chap"), 0 };
	const char *colon = strchr(chap, ':');
	char quoted[CONF_QUOTED_MAX];
	struct conf_node *group, *account;
	char *user;
	int err;

	if (!where.origin)
		return -ENOMEM;
	if (!colon || colon == chap || !colon[1]) {
		t->root->is_partial = true; /* it would be the auth group */
		conf_fault(faults, where, NULL, NULL,
			   "%s is not USER:SECRET-FILE (write host1:/etc/itgtd/host1.secret)",
			   conf_quote(quoted, chap));
		return 0;
	}
	user = strndup(chap, (size_t)(colon - chap));
	group = conf_node_add(t->root, &conf_auth_group, "chap", where);
	account = group && user ? conf_node_add(group, &conf_chap, user, where) : NULL;
	err = account ? set(account, "secret-file", colon + 1, where) : -ENOMEM;
	free(user);
	return err;
}

/* --read-only wins over what the SPEC says. */
static int make_read_only(struct conf_node *lun, struct conf_where where)
{
	struct conf_entry *e = conf_node_entry(lun, "read-only");
	char *yes;

	if (!e)
		return set(lun, "read-only", "yes", where);
	yes = strdup("yes");
	if (!yes)
		return -ENOMEM;
	free(STAILQ_FIRST(&e->values)->text);
	STAILQ_FIRST(&e->values)->text = yes;
	return 0;
}

static int add_lun(struct conf_tree *t, struct conf_node *target, size_t number,
		   const struct conf_serve *s, struct conf_faults *faults)
{
	char quoted[CONF_QUOTED_MAX], name[CONF_QUOTED_MAX + 16], title[24];
	struct conf_where where = { NULL, 0 };
	struct conf_node *lun;
	int err;

	snprintf(name, sizeof(name), "--serve %s", conf_quote(quoted, s->specs[number]));
	snprintf(title, sizeof(title), "%zu", number);
	where.origin = conf_tree_origin(t, CONF_SPEC, name);
	lun = where.origin ? conf_node_add(target, &conf_lun, title, where) : NULL;
	err = lun ? conf_spec_parse(lun, s->specs[number], where, faults) : -ENOMEM;
	if (!err && s->read_only)
		err = make_read_only(lun, where);
	return err;
}

int conf_serve_tree(struct conf_tree *t, const struct conf_serve *s, struct conf_faults *faults)
{
	const char *name = s->target ? s->target : CONF_SERVE_TARGET;
	struct conf_where where = { NULL, 0 };
	struct conf_node *target;
	size_t i;
	int err;

	err = add_portals(t, s);
	if (!err && s->chap)
		err = add_chap(t, s->chap, faults);
	if (err)
		return err;
	where.origin = conf_tree_origin(t, CONF_SWITCH, "--target");
	target = where.origin ? conf_node_add(t->root, &conf_target, name, where) : NULL;
	if (!target)
		return -ENOMEM;
	err = s->chap ? set(target, "auth-group", "chap", where) : 0;
	for (i = 0; i < s->nspecs && !err; i++)
		err = add_lun(t, target, i, s, faults);
	return err ? err : faults->count > 0 ? -EINVAL : 0;
}
