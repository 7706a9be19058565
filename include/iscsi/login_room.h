/* How many connections there may be, and who gives way. */
#ifndef ISCSI_LOGIN_ROOM_H
#define ISCSI_LOGIN_ROOM_H

#include <stdbool.h>

struct conn;

/*
 * May this connection, which is counted already, log in? When there are more than
 * max-connections, those that are slow over their login are dropped for it, the oldest first.
 * Else whoever reaches the portal keeps all others out, without any account, by connections that
 * never say a word.
 */
bool login_room(const struct conn *self);

#endif
