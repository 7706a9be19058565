#include "config/auth.h"

#include "base/regular.h"
#include "config/config.h"
#include "config/read.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* RFC 7143, 12.1.3: "CHAP secrets shorter than 96 bits" are for IPsec only. */
#define SECRET_MIN 12 /* bytes */

/* Hashes by name; numbers are CHAP_A's (IANA, "iSCSI authentication methods"). */
static const struct conf_choice algorithms[] = {
	{ "MD5", 5 }, { "SHA1", 6 }, { "SHA-256", 7 }, { "SHA3-256", 8 }, { NULL, 0 },
};

static void no_memory(struct conf_faults *faults, const struct conf_node *node)
{
	conf_fault(faults, node->where, node, NULL, "%s", strerror(ENOMEM));
}

void conf_names_check(struct access_names *names, const struct conf_node *node, const char *option,
		      struct conf_faults *faults)
{
	const struct conf_entry *e = conf_node_entry(node, option);
	const struct conf_value *v;

	if (!e)
		return;
	STAILQ_FOREACH (v, &e->values, link) {
		struct access_name *n = calloc(1, sizeof(*n));

		if (!n) {
			no_memory(faults, node);
			return;
		}
		if (!*v->text || strlen(v->text) >= sizeof(n->pattern)) {
			conf_fault_value(faults, node, option, v,
					 "is not an initiator name or pattern (write "
					 "iqn.1993-08.org.debian:01:*)");
			free(n);
			continue;
		}
		memcpy(n->pattern, v->text, strlen(v->text) + 1);
		STAILQ_INSERT_TAIL(names, n, link);
	}
}

static void check_nets(struct auth_group *g, const struct conf_node *node,
		       struct conf_faults *faults)
{
	const struct conf_entry *e = conf_node_entry(node, "initiator-portals");
	const struct conf_value *v;

	if (!e)
		return;
	STAILQ_FOREACH (v, &e->values, link) {
		struct access_net *n = calloc(1, sizeof(*n));

		if (!n) {
			no_memory(faults, node);
			return;
		}
		if (access_net_parse(v->text, n)) {
			conf_fault_value(faults, node, "initiator-portals", v,
					 "is not a network (write 192.0.2.0/24, 2001:db8::/32)");
			free(n);
			continue;
		}
		STAILQ_INSERT_TAIL(&g->portals, n, link);
	}
}

static uint8_t algorithm(const char *name)
{
	size_t i;

	for (i = 0; algorithms[i].name; i++) {
		if (strcmp(algorithms[i].name, name) == 0)
			return (uint8_t)algorithms[i].value;
	}
	return 0;
}

static void check_algorithms(struct auth_group *g, const struct conf_node *node,
			     struct conf_faults *faults)
{
	const struct conf_entry *e = conf_node_entry(node, "chap-algorithms");
	const struct conf_value *v;
	uint8_t a;

	g->nalgorithms = 0;
	STAILQ_FOREACH (v, &e->values, link) {
		a = algorithm(v->text);
		if (a == 0)
			conf_fault_value(faults, node, "chap-algorithms", v,
					 "is not MD5, SHA1, SHA-256 or SHA3-256");
		else if (memchr(g->algorithms, a, g->nalgorithms))
			conf_fault_value(faults, node, "chap-algorithms", v,
					 "is in the list twice");
		else
			g->algorithms[g->nalgorithms++] = a;
	}
}

static void warn_public(const struct conf_node *node, const char *option,
			struct conf_faults *faults)
{
	struct conf_where where = conf_value(node, option)->where;

	if (where.origin && where.origin->is_public)
		conf_warning(faults, where, node, option,
			     "stands in a file that everybody can read (make it %s)",
			     CONF_SECRET_RIGHTS);
}

/* What is wrong with the file of a secret, v, which is option's value. */
static void secret_fault(const struct conf_node *node, const char *option,
			 const struct conf_value *v, int err, struct conf_faults *faults)
{
	char quoted[CONF_QUOTED_MAX];

	if (err == -EACCES)
		conf_fault_value(faults, node, option, v, "cannot be read by itgtd (make it %s)",
				 CONF_SECRET_RIGHTS);
	else if (err == -EPERM)
		conf_fault_value(faults, node, option, v,
				 "can be read or written by everybody (make it %s)",
				 CONF_SECRET_RIGHTS);
	else if (err == -EINVAL)
		conf_fault_value(faults, node, option, v, "has no secret in its first line");
	else if (err == -E2BIG)
		conf_fault_value(faults, node, option, v, "has a secret longer than %d bytes",
				 SECRET_MAX);
	else if (err == -ENOENT && !strchr(v->text, '/')) /* perhaps the secret itself */
		conf_fault(faults, v->where, node, option,
			   "there is no such file (write the path of a file with the secret in it, "
			   "not the secret)");
	else
		conf_fault(faults, v->where, node, option, "%s: %s", conf_quote(quoted, v->text),
			   regular_error(err));
}

/*
 * A secret that is written in the file, or in a file of its own. Nothing of it is
 * told. Returns whether it was given at all.
 */
static bool check_secret(struct secret *out, const struct conf_node *node, const char *option,
			 const char *text, const char *path, struct conf_faults *faults)
{
	const struct conf_value *v;
	char file_option[32];
	int err;

	snprintf(file_option, sizeof(file_option), "%s-file", option);
	if (text)
		warn_public(node, option, faults);
	if (text && path) {
		conf_fault(faults, conf_value(node, file_option)->where, node, file_option,
			   "stands beside %s (write one of them)", option);
		return true;
	}
	if (!text && !path)
		return false;
	v = conf_value(node, text ? option : file_option);
	err = text ? secret_set(out, text, strlen(text)) : secret_read(out, path);
	if (err)
		secret_fault(node, file_option, v, err, faults);
	else if (out->len < SECRET_MIN)
		conf_warning(
			faults, v->where, node, text ? option : file_option,
			"the secret is shorter than %d bytes: too short for CHAP without IPsec "
			"(write 12 to 16, which every initiator takes)",
			SECRET_MIN);
	return true;
}

/* The target's proof: a user and a secret, both or none. */
static void check_mutual(struct access_chap *a, const struct conf_node *node,
			 const struct conf_chap_options *o, struct conf_faults *faults)
{
	bool has_secret = check_secret(&a->mutual_secret, node, "mutual-secret", o->mutual_secret,
				       o->mutual_secret_file, faults);

	if (o->mutual_user)
		memcpy(a->mutual_user, o->mutual_user, strlen(o->mutual_user) + 1);
	if (o->mutual_user && !has_secret && !node->is_partial)
		conf_fault(faults, conf_value(node, "mutual-user")->where, node, "mutual-user",
			   "needs a mutual-secret or mutual-secret-file");
	if (!o->mutual_user && has_secret && !node->is_partial)
		conf_fault(faults, node->where, node, "mutual-user",
			   "is missing, and mutual-secret is of no use without");
	/* RFC 7143, 12.1.3: the two directions must not share a secret. */
	if (a->secret.len > 0 && a->secret.len == a->mutual_secret.len &&
	    secret_equal(a->secret.bytes, a->mutual_secret.bytes, a->secret.len))
		conf_fault(faults, node->where, node, NULL,
			   "the secret is the same in both directions (choose two)");
}

/* Is the name of an account one, and its own? */
static bool check_user(const struct auth_group *g, const struct conf_node *node,
		       struct conf_faults *faults)
{
	size_t len = strlen(node->title);

	if (len == 0 || len >= ACCESS_USER_MAX)
		conf_fault(faults, node->where, node, NULL,
			   "is a name of %zu bytes (write 1 to %d)", len, ACCESS_USER_MAX - 1);
	else if (access_find(g, node->title))
		conf_fault(faults, node->where, node, NULL,
			   "there is an account of that name already");
	else
		return true;
	return false;
}

/* All of it is looked at, also when its name is none; then nobody finds it by that. */
static void check_account(struct auth_group *g, const struct conf_node *node,
			  struct conf_faults *faults)
{
	struct access_chap *a = calloc(1, sizeof(*a));
	struct conf_chap_options o = { 0 };

	if (!a) {
		no_memory(faults, node);
		return;
	}
	if (check_user(g, node, faults))
		memcpy(a->user, node->title, strlen(node->title) + 1);
	STAILQ_INSERT_TAIL(&g->accounts, a, link);
	conf_read_section(node, &o, faults);
	if (!check_secret(&a->secret, node, "secret", o.secret, o.secret_file, faults) &&
	    !conf_node_is_given(node, "secret") && !conf_node_is_given(node, "secret-file") &&
	    !node->is_partial)
		conf_fault(faults, node->where, node, "secret-file",
			   "is missing (write the file that has the secret in it)");
	check_mutual(a, node, &o, faults);
}

/* For a section whose name is none, or another's: what else is wrong with it is told, too. */
static struct auth_group *stand_in_new(void)
{
	struct auth_group *g = calloc(1, sizeof(*g));

	if (!g)
		return NULL;
	STAILQ_INIT(&g->accounts);
	STAILQ_INIT(&g->names);
	STAILQ_INIT(&g->portals);
	return g;
}

/* NULL: it takes a stand-in. */
static struct auth_group *add_group(struct world *w, const struct conf_node *node,
				    struct conf_faults *faults)
{
	size_t len = strlen(node->title);
	struct auth_group *g = NULL;

	if (len == 0 || len >= sizeof(g->name))
		conf_fault(faults, node->where, node, NULL,
			   "is a name of %zu bytes (write 1 to %zu)", len, sizeof(g->name) - 1);
	else if (world_auth_group(w, node->title))
		conf_fault(faults, node->where, node, NULL,
			   "there is an auth group of that name already");
	else
		g = world_add_auth_group(w, node->title);
	return g;
}

void conf_auth_group_check(struct world *w, const struct conf_node *node,
			   struct conf_faults *faults)
{
	const struct conf_node *child;
	struct auth_group *entered = add_group(w, node, faults);
	struct auth_group *stand_in = entered ? NULL : stand_in_new();
	struct auth_group *g = entered ? entered : stand_in;

	if (!g) {
		no_memory(faults, node);
		return;
	}
	conf_names_check(&g->names, node, "initiator-names", faults);
	check_nets(g, node, faults);
	check_algorithms(g, node, faults);
	STAILQ_FOREACH (child, &node->children, link)
		check_account(g, child, faults);
	g->kind = STAILQ_EMPTY(&g->accounts) ? ACCESS_OPEN : ACCESS_CHAP;
	auth_group_free(stand_in);
}

struct auth_group *conf_auth_group_find(const struct world *w, const struct conf_node *node,
					const char *option, const char *name,
					struct conf_faults *faults)
{
	struct auth_group *g = world_auth_group(w, name);
	char names[512] = "", quoted[CONF_QUOTED_MAX];
	size_t len = 0;

	if (g)
		return g;
	TAILQ_FOREACH (g, &w->auth_groups, link) {
		if (len < sizeof(names))
			len += (size_t)snprintf(names + len, sizeof(names) - len, "%s%s",
						len > 0 ? ", " : "", conf_quote(quoted, g->name));
	}
	if (conf_node_is_whole_tree(node))
		conf_fault_value(faults, node, option, conf_value(node, option),
				 "is not an auth group (there are: %s)", names);
	return NULL;
}
