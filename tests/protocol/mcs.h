/*
 * A session of several connections, each of them an ini_session of its own: what belongs to the
 * session (CmdSN and its window) is carried from one to the next by mcs_at().
 */
#ifndef PROTOCOL_MCS_H
#define PROTOCOL_MCS_H

#include "fixture.h"

#define MCS_MAX 8

/* 47h/7Fh: SOME COMMANDS CLEARED BY ISCSI PROTOCOL EVENT */
#define SENSE_PROTOCOL_EVENT 0x06477f

struct mcs {
	struct ini_session s[MCS_MAX]; /* s[i] has CID i */
	bool is_up[MCS_MAX];
	struct ini_session past; /* the numbers of connections that are gone */
};

/* The leading connection, ready. keys: of its login beside MaxConnections; NULL: none. */
void mcs_open(struct mcs *m, const char *keys);

/* Log in connection i to the session, with these keys (NULL: none). As ini_login(). */
int mcs_try(struct mcs *m, unsigned int i, const char *keys);

/* The same, and it must succeed. */
void mcs_join(struct mcs *m, unsigned int i, const char *keys);

/* Connection i, with the numbers of the session: to be called before each use of it. */
struct ini_session *mcs_at(struct mcs *m, unsigned int i);

/* A command on connection i that ends GOOD. */
void mcs_good(struct mcs *m, unsigned int i, struct ini_task *t);

/* The next command on connection i is told that tasks were lost with their connection (7.6). */
void mcs_told(struct mcs *m, unsigned int i);

/* Close connection i without a word, and wait until the daemon has seen that. */
void mcs_cut(struct mcs *m, unsigned int i);

/* The target closes connection i. */
void mcs_ends(struct mcs *m, unsigned int i);

/* Log the session out on connection i; all connections end. */
void mcs_leave(struct mcs *m, unsigned int i);

#endif
