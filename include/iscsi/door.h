/*
 * The door of a connection: where bytes, time and the loss of the socket come in.
 * Behind it nobody knows sockets or clocks; tests and fuzzers use the same door.
 */
#ifndef ISCSI_DOOR_H
#define ISCSI_DOOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

struct conn;
struct iscsi;
struct portal;
struct portal_addr;

/* now_ms: any clock that only goes forward, ms; not 0. */

/* A new connection came in by portal. NULL: no memory. Its end is door_lost(). */
struct conn *door_open(struct iscsi *iscsi, const struct portal *portal,
		       const struct portal_addr *local, const struct portal_addr *peer,
		       uint64_t now_ms);

/*
 * Where the next bytes go: pdu_rx_space(). The stage is one for all connections, and used anew from
 * here on: commands that have not run yet take their data out of what was in it.
 */
int door_space(struct conn *c, struct iovec iov[static 2], uint8_t *stage, size_t stage_len);

/* n bytes, at least one, came there. The stage is borrowed until the next door_space(). */
void door_put(struct conn *c, uint8_t *stage, size_t n, uint64_t now_ms);

/*
 * Take on at most so many of the PDUs that came. What is wrong with them is said and answered; c
 * may be dead afterwards. To be called after door_put() until it is false: nothing of them is left.
 */
bool door_run(struct conn *c, uint32_t most);

/* Both: all that came is taken on. */
void door_input(struct conn *c, uint8_t *stage, size_t n, uint64_t now_ms);

/* c->alarm_ms has passed. */
void door_timeout(struct conn *c, uint64_t now_ms);

/* iscsi->alarm_ms has passed. */
void door_tick(struct iscsi *iscsi, uint64_t now_ms);

/*
 * To be called for each touched connection at the end of a turn: a new state has another alarm.
 */
void door_tend(struct conn *c, uint64_t now_ms);

/* Should the socket be read? Not when it is dying, nor while it leaves too many answers unread. */
bool door_wants_input(const struct conn *c);

/* Has its time come: dead, or at its end with everything sent? */
bool door_is_over(const struct conn *c);

/*
 * The socket is gone, or will be; door_tend() was told the time. Frees c; its session ends with its
 * last connection.
 */
void door_lost(struct conn *c);

/* Ask every session to log out, and refuse new logins. */
void door_stop(struct iscsi *iscsi, uint16_t time_s);

#endif
