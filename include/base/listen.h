/* Listening sockets of TCP. */
#ifndef BASE_LISTEN_H
#define BASE_LISTEN_H

#include <sys/socket.h>

/*
 * A socket that listens on addr, of len bytes, AF_INET or AF_INET6; one of IPv6 takes no IPv4, so
 * that 0.0.0.0 and [::] go together. It does not block, and no child gets it.
 * The descriptor, or -errno.
 */
int listen_open(const struct sockaddr *addr, socklen_t len, int backlog);

/* The address that a socket has itself, with the port that it took in place of 0. 0 or -errno. */
int listen_address(int fd, struct sockaddr_storage *addr, socklen_t *len);

/* Why listen_open() failed, and what helps, to stand behind the address. err: -errno. */
const char *listen_error(int err);

#endif
