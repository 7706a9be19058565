#include "target/access.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

bool access_names_match(const struct access_names *names, const char *name)
{
	const struct access_name *n;

	if (STAILQ_EMPTY(names))
		return true;
	STAILQ_FOREACH (n, names, link) {
		if (fnmatch(n->pattern, name, FNM_CASEFOLD) == 0)
			return true;
	}
	return false;
}

bool access_net_has(const struct access_net *n, const struct portal_addr *a)
{
	size_t nlen, alen, whole = n->prefix / 8;
	const uint8_t *net = portal_addr_bytes(&n->addr, &nlen);
	const uint8_t *addr = portal_addr_bytes(a, &alen);
	uint8_t rest = (uint8_t)(0xff00 >> n->prefix % 8);

	if (!net || nlen != alen || n->prefix > nlen * 8 || memcmp(net, addr, whole) != 0)
		return false;
	return rest == 0 || ((net[whole] ^ addr[whole]) & rest) == 0;
}

/* One to three digits, at most max. */
static int prefix_parse(const char *text, size_t max, uint8_t *out)
{
	size_t digits = strspn(text, "0123456789");
	unsigned int v = 0;

	if (digits == 0 || digits > 3 || text[digits])
		return -EINVAL;
	for (; *text; text++)
		v = v * 10 + (unsigned int)(*text - '0');
	if (v > max)
		return -EINVAL;
	*out = (uint8_t)v;
	return 0;
}

/*
 * A mapped network (::ffff:192.0.2.0/120) is counted in IPv6 bits but compared as
 * the IPv4 one that it is: 96 bits less. A shorter prefix would mean more than IPv4.
 */
static int prefix_unmap(struct access_net *n)
{
	size_t len;

	(void)portal_addr_bytes(&n->addr, &len);
	if (n->addr.sa.ss_family != AF_INET6 || len != 4)
		return 0;
	if (n->prefix < 96)
		return -EINVAL;
	n->prefix -= 96;
	return 0;
}

int access_net_parse(const char *text, struct access_net *out)
{
	const char *slash = strchr(text, '/');
	size_t len = slash ? (size_t)(slash - text) : strlen(text), bits;
	char host[PORTAL_TEXT_MAX];
	int err;

	if (len >= sizeof(host))
		return -EINVAL;
	memcpy(host, text, len);
	host[len] = '\0';
	/* no port, so no bracket, and no single colon */
	if (strpbrk(host, "[]") || (strchr(host, ':') && strchr(host, ':') == strrchr(host, ':')))
		return -EINVAL;
	err = portal_addr_parse(host, &out->addr);
	if (err)
		return err;
	portal_addr_set_port(&out->addr, 0);
	bits = out->addr.sa.ss_family == AF_INET ? 32 : 128;
	out->prefix = (uint8_t)bits;
	if (slash)
		err = prefix_parse(slash + 1, bits, &out->prefix);
	return err ? err : prefix_unmap(out);
}

bool access_may_enter(const struct auth_group *g, const char *initiator,
		      const struct portal_addr *from)
{
	const struct access_net *n;

	if (g->kind == ACCESS_DENY || !access_names_match(&g->names, initiator))
		return false;
	if (STAILQ_EMPTY(&g->portals))
		return true;
	STAILQ_FOREACH (n, &g->portals, link) {
		if (access_net_has(n, from))
			return true;
	}
	return false;
}

const struct access_chap *access_find(const struct auth_group *g, const char *user)
{
	const struct access_chap *c, *found = NULL;

	/* To the end in any case: the time it takes does not tell whether the user is there. */
	STAILQ_FOREACH (c, &g->accounts, link) {
		if (strcmp(c->user, user) == 0)
			found = c;
	}
	return found;
}

bool access_names_same(const struct access_names *a, const struct access_names *b)
{
	const struct access_name *x, *y = STAILQ_FIRST(b);

	STAILQ_FOREACH (x, a, link) {
		if (!y || strcmp(x->pattern, y->pattern) != 0)
			return false;
		y = STAILQ_NEXT(y, link);
	}
	return !y;
}

void access_names_fini(struct access_names *names)
{
	struct access_name *n;

	while ((n = STAILQ_FIRST(names))) {
		STAILQ_REMOVE_HEAD(names, link);
		free(n);
	}
}

void auth_group_free(struct auth_group *g)
{
	struct access_chap *c;
	struct access_net *n;

	if (!g)
		return;
	while ((c = STAILQ_FIRST(&g->accounts))) {
		STAILQ_REMOVE_HEAD(&g->accounts, link);
		secret_wipe(&c->secret);
		secret_wipe(&c->mutual_secret);
		free(c);
	}
	while ((n = STAILQ_FIRST(&g->portals))) {
		STAILQ_REMOVE_HEAD(&g->portals, link);
		free(n);
	}
	access_names_fini(&g->names);
	free(g);
}
