/* Portals as data: addresses to listen on, in groups with a tag (RFC 7143, 4.2.2). No sockets here.
 */
#ifndef TARGET_PORTAL_H
#define TARGET_PORTAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/socket.h>

#define PORTAL_DEFAULT_PORT 3260
#define PORTAL_TEXT_MAX     64 /* "[ipv6]:port" with the ending zero */

struct auth_group;
struct portal_group;

struct portal_addr {
	struct sockaddr_storage sa; /* AF_INET or AF_INET6 */
	socklen_t len;
};

struct portal {
	struct portal_addr addr;       /* as configured; port 0 is replaced by the one taken */
	struct portal_addr configured; /* port 0 stays */
	struct portal_group *group;
	TAILQ_ENTRY(portal) link;
};

struct portal_group {
	uint16_t tag;                            /* 1 to 65535; its title in the configuration */
	const struct auth_group *discovery_auth; /* borrowed from the world */
	bool has_redirect;
	struct portal_addr redirect; /* logins are sent there … */
	bool is_moved;               /* … for good (0x0102), or for now (0x0101) */
	TAILQ_HEAD(portal_list, portal) portals;
	TAILQ_ENTRY(portal_group) link;
};

/*
 * "192.0.2.1", "192.0.2.1:3260", "[::]:3260", "[::1]", "::1" → address; the default port where
 * none stands. Numbers only, no host names. 0 or -EINVAL.
 */
int portal_addr_parse(const char *text, struct portal_addr *out);

/* The same where no port is the one that everybody expects: without one it is -EINVAL. */
int portal_addr_parse_whole(const char *text, struct portal_addr *out);

/*
 * "192.0.2.1:3260" or "[::1]:3260"; an IPv4-mapped IPv6 address, as a socket that listens on
 * both tells it, is written as the IPv4 address it is. "?" when it is neither. Returns dst.
 */
char *portal_addr_format(char dst[static PORTAL_TEXT_MAX], const struct portal_addr *a);

/*
 * The address alone in network order: *len is 4 (IPv4, also when mapped into IPv6), 16, or 0
 * (then NULL is returned). Points into a.
 */
const uint8_t *portal_addr_bytes(const struct portal_addr *a, size_t *len);

/* The same address and port? */
bool portal_addr_equal(const struct portal_addr *a, const struct portal_addr *b);

/* Is it 0.0.0.0 or [::]? */
bool portal_addr_is_any(const struct portal_addr *a);

uint16_t portal_addr_port(const struct portal_addr *a);
void portal_addr_set_port(struct portal_addr *a, uint16_t port);

#endif
