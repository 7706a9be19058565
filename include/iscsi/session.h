/* A session: the I_T nexus of RFC 7143 (4.2.2, 8.3). It owns its tasks, its command window and its
 * tags. */
#ifndef ISCSI_SESSION_H
#define ISCSI_SESSION_H

#include "base/map.h"
#include "iscsi/cmdsn.h"
#include "iscsi/param.h"
#include "scsi/nexus.h"
#include "target/access.h"
#include "wire/pdu.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

struct conn;
struct fence;
struct iscsi;
struct task;
struct tmf;

/* 8.3.2; session_is_over() tells when a session without a connection ends. */
enum session_state {
	SESSION_ACTIVE, /* Q2, Q3 */
	SESSION_ENDING, /* its connections are gone; tasks in the store come home */
};

/* Where something stood when stall_check() saw it first there. */
struct stall {
	uint32_t place;
	uint64_t since_ms; /* 0: it was not looked at yet */
};

/*
 * A login that takes the place of a session, or of a connection in it: it waits for the end of
 * that, and of the tasks that the store still has. It stays in line until the login is over, well
 * or not: sessions_unwait().
 */
struct session_waiter {
	void (*resume)(struct session_waiter *w); /* something has ended: see whether all has */
	struct session *waits_for;                /* NULL: for nothing */
	bool joins;                               /* it brings a connection: the session lives on */
	TAILQ_ENTRY(session_waiter) link;
};

/*
 * A connection that was lost at error recovery level 2: its tasks go on, and what they have to
 * say waits for another connection to take them over (RFC 7143, 7.2.2), until time is over (7.5).
 */
struct lost {
	uint16_t cid;
	bool is_released;  /* logged out for recovery: its tasks may be taken over */
	uint64_t until_ms; /* when they end */
	TAILQ_HEAD(, task) tasks;
	TAILQ_ENTRY(lost) link; /* session->lost */
};

#define SESSION_MAGIC 0x73657373u

struct session {
	uint32_t magic;
	enum session_state state;
	struct iscsi *iscsi;   /* borrowed */
	struct target *target; /* borrowed from the world; NULL: discovery */
	struct param param;    /* what was agreed on */
	uint8_t isid[PDU_ISID_LEN];
	uint16_t tsih;
	uint64_t since_ms;          /* when its first login ended */
	uint32_t quirks;            /* of its initiator */
	uint16_t group;             /* target portal group tag it came by */
	char user[ACCESS_USER_MAX]; /* who its initiator proved to be; "": nobody had to be */
	struct cmdsn cmdsn;
	struct map itts; /* ITT → task */
	TAILQ_HEAD(, task) tasks;
	uint32_t ntasks;
	uint32_t immediate;     /* open tasks that came as immediate commands */
	TAILQ_HEAD(, tmf) tmfs; /* task management functions in progress */
	uint32_t ntmfs;
	TAILQ_HEAD(, order_wait) awaiting; /* those who wait for a number's turn */
	struct stall gap;                  /* how long ExpCmdSN has been waited for */
	size_t held;                       /* bytes of data in PDUs that wait for their CmdSN */
	uint32_t nlost; /* tasks that lost their connection, and that the store has still */
	uint32_t last_ttt;
	bool has_nexus;
	struct scsi_nexus nexus;
	TAILQ_HEAD(, lost) lost;
	uint32_t nrecords; /* in lost */
	bool is_dropped;   /* it ends with its connections, whatever was agreed on */
	TAILQ_HEAD(, conn) conns;
	struct conn *closing;       /* in conns: where the session's logout is answered; or NULL */
	TAILQ_HEAD(, fence) fences; /* answers that stand between all others, in order */
	TAILQ_HEAD(, session_waiter) waiters;
	TAILQ_ENTRY(session) link; /* iscsi->sessions */
};

/* Connect and disconnect the two objects; nothing else. */
void session_add_conn(struct session *s, struct conn *c);
void session_remove_conn(struct session *s, struct conn *c);

/* The connection with that CID, in whatever state it is, or NULL. */
struct conn *session_conn(const struct session *s, uint16_t cid);

/* Has it connections in full feature phase other than c? */
bool session_has_others(const struct session *s, const struct conn *c);

/* A Target Transfer Tag that is not in use; never PDU_TAG_RESERVED. */
uint32_t session_ttt(struct session *s);

/* A connection has left, or the last task of one that did is over: who waits for that looks. */
void session_wake(struct session *s);

/* Are its connections gone, waits nothing for another, and does no login bring one in place of the
 * last (RFC 7143, 6.3.4)? */
bool session_is_over(const struct session *s);

/* It has no connection, nor waits for one: it ends, and is freed with its last task. */
void session_end(struct session *s);

/* A task or a task management function is over: when it was the last of an ending session, the
 * session is freed. */
void session_settle(struct session *s);

/* Free it now; callers but session_settle() see to it that nothing is left in it. */
void session_free(struct session *s);

#endif
