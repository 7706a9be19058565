#include "base/listen.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

static int set_up(int fd, const struct sockaddr *addr, socklen_t len, int backlog)
{
	int one = 1;

	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)))
		return -errno;
	if (addr->sa_family == AF_INET6 &&
	    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one)))
		return -errno;
	return bind(fd, addr, len) || listen(fd, backlog) ? -errno : 0;
}

int listen_open(const struct sockaddr *addr, socklen_t len, int backlog)
{
	int fd = socket(addr->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), err;

	if (fd < 0)
		return -errno;
	err = set_up(fd, addr, len, backlog);
	if (err) {
		close(fd);
		return err;
	}
	return fd;
}

int listen_address(int fd, struct sockaddr_storage *addr, socklen_t *len)
{
	*addr = (struct sockaddr_storage){ 0 };
	*len = sizeof(*addr);
	return getsockname(fd, (struct sockaddr *)addr, len) ? -errno : 0;
}

const char *listen_error(int err)
{
	switch (-err) {
	case EADDRINUSE: return "Address already in use (\"ss -ltnp\" tells by whom)";
	case EADDRNOTAVAIL: return "this machine has no such address (\"ip address\" tells which)";
	case EACCES: return "Permission denied (a port below 1024 takes CAP_NET_BIND_SERVICE)";
	case EAFNOSUPPORT: return "this machine has no IPv6 (leave the address out)";
	default: return strerror(-err);
	}
}
