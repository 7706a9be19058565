/* Auth groups: which initiators may come, from where, and how they prove who they are. */
#ifndef TARGET_ACCESS_H
#define TARGET_ACCESS_H

#include "base/secret.h"
#include "target/portal.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#define ACCESS_USER_MAX 256 /* bytes with the ending zero */

/* A CHAP account. */
struct access_chap {
	char user[ACCESS_USER_MAX];
	struct secret secret;
	char mutual_user[ACCESS_USER_MAX]; /* "": one-way only */
	struct secret mutual_secret;
	STAILQ_ENTRY(access_chap) link;
};

/* A shell pattern for initiator names; compared case folded. */
struct access_name {
	char pattern[224];
	STAILQ_ENTRY(access_name) link;
};

/* A network that initiators come from. */
struct access_net {
	struct portal_addr addr; /* port 0 */
	uint8_t prefix;          /* bits */
	STAILQ_ENTRY(access_net) link;
};

enum access_kind {
	ACCESS_OPEN, /* no authentication asked */
	ACCESS_CHAP, /* one of the accounts must be proven */
	ACCESS_DENY, /* nobody */
};

/* Hash algorithms by CHAP_A number, in the target's order of preference. */
#define ACCESS_ALGORITHMS_MAX 4

STAILQ_HEAD(access_names, access_name);

struct auth_group {
	char name[64];
	enum access_kind kind;
	STAILQ_HEAD(, access_chap) accounts;
	struct access_names names;         /* empty: any */
	STAILQ_HEAD(, access_net) portals; /* empty: any */
	uint8_t algorithms[ACCESS_ALGORITHMS_MAX];
	uint8_t nalgorithms;
	TAILQ_ENTRY(auth_group) link;
};

/* May an initiator of that name, coming from that address, log in at all (whatever it then proves)?
 */
bool access_may_enter(const struct auth_group *g, const char *initiator,
		      const struct portal_addr *from);

/* The account of a CHAP user, or NULL. */
const struct access_chap *access_find(const struct auth_group *g, const char *user);

/* "192.0.2.0/24", "2001:db8::/32", "192.0.2.1"; bits beyond the prefix do not matter. 0 or
 * -EINVAL. */
int access_net_parse(const char *text, struct access_net *out);

/* Is that address in the network? One mapped into IPv6 is the IPv4 address that it is. */
bool access_net_has(const struct access_net *n, const struct portal_addr *a);

/* Does name match one of the patterns (all when the list is empty)? */
bool access_names_match(const struct access_names *names, const char *name);

/* Are they the same patterns in the same order? */
bool access_names_same(const struct access_names *a, const struct access_names *b);

/* Frees the patterns; the list is empty afterwards. */
void access_names_fini(struct access_names *names);

/* Wipes its secrets. NULL is fine. */
void auth_group_free(struct auth_group *g);

#endif
