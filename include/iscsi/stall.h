/*
 * Peers that stop in the middle of something and let the target wait, with memory or a place in
 * a queue set aside for them: how long that goes on. RFC 7143 has no times for it. Where it lets
 * a target go on by itself (a text exchange is forgotten, a task management function no longer
 * waits for data) that is done; else the connection ends.
 */
#ifndef ISCSI_STALL_H
#define ISCSI_STALL_H

#include <stdint.h>

#define STALL_CHECK_MS 2000 /* how often is looked, where c->waits says that there is need */

struct conn;

/*
 * Look at all that is begun on c, which is in full feature phase; c->waits becomes whether there
 * is anything to look at again. May give c up.
 */
void stall_check(struct conn *c, uint64_t now_ms);

#endif
