/* Portals as data: addresses to listen on, in groups with a tag (RFC 7143, 4.2.2). No sockets here.
 */
#ifndef TARGET_PORTAL_H
#define TARGET_PORTAL_H

#include <stdbool.h>
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
	struct portal_addr addr; /* as configured; port 0 is replaced by the one taken */
	struct portal_group *group;
	TAILQ_ENTRY(portal) link;
};

struct portal_group {
	uint16_t tag;                            /* 1 to 65535; its title in the configuration */
	const struct auth_group *discovery_auth; /* borrowed from the world */
	bool has_redirect;
	struct portal_addr redirect; /* logins are sent there (0x0101) */
	TAILQ_HEAD(, portal) portals;
	TAILQ_ENTRY(portal_group) link;
};

/* "192.0.2.1", "192.0.2.1:3260", "[::]:3260", "::1" → address; the default port where none stands.
 * 0 or -EINVAL. */
int portal_addr_parse(const char *text, struct portal_addr *out);

/* "192.0.2.1:3260" or "[::1]:3260". Returns dst. */
char *portal_addr_format(char dst[static PORTAL_TEXT_MAX], const struct portal_addr *a);

/* Is it 0.0.0.0 or [::]? */
bool portal_addr_is_any(const struct portal_addr *a);

uint16_t portal_addr_port(const struct portal_addr *a);
void portal_addr_set_port(struct portal_addr *a, uint16_t port);

#endif
