/* A connection: its state, numbers and queues (RFC 7143, 8.1). No policy here. */
#ifndef ISCSI_CONN_H
#define ISCSI_CONN_H

#include "base/log.h"
#include "iscsi/iscsi.h"
#include "iscsi/pdu_rx.h"
#include "iscsi/pdu_tx.h"
#include "iscsi/session.h"
#include "iscsi/statsn.h"
#include "target/access.h"
#include "target/portal.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

struct answer;
struct buf;
struct exchange;
struct fence_mark;
struct login;
struct session;
struct task;

/* The target's side of 8.1.3; the S numbers are the RFC's. */
enum conn_state {
	CONN_XPT_UP,           /* S3: a socket, and not a byte of login yet */
	CONN_IN_LOGIN,         /* S4: login runs */
	CONN_LOGGED_IN,        /* S5: full feature phase */
	CONN_LOGOUT_REQUESTED, /* S7: we asked the initiator to log out */
	CONN_IN_LOGOUT,        /* S6: it logs out, or is told that we close; the socket closes
				  behind the last answer */
	CONN_REFUSED,          /* login refused; the socket closes behind the answer */
	CONN_DEAD,             /* given up: the socket closes at the end of the turn */
};

#define CONN_STATES (CONN_DEAD + 1)

enum conn_event {
	EV_LOGIN_PDU,  /* the first PDU of a login */
	EV_LOGIN_DONE, /* T5 */
	EV_REFUSED,    /* T7, with an answer */
	EV_ASK_LOGOUT, /* T11 */
	EV_LOGOUT_PDU, /* T9, T10 */
	EV_CLOSE,      /* we end it, behind what is still to be said */
	EV_DROP,       /* give it up */
};

#define CONN_WHO_MAX 320
#define CONN_MAGIC   0x636f6e6eu

struct conn {
	uint32_t magic;
	enum conn_state state;
	struct iscsi *iscsi;         /* borrowed; outlives it */
	const struct portal *portal; /* borrowed: where it came in */
	struct portal_addr local;
	struct portal_addr peer;
	struct session *session; /* owner of this connection; NULL before login ends */
	struct login *login;     /* owns, while login runs */
	struct exchange *text;   /* owns, while a text exchange runs */
	struct answer *parting;  /* owns: the answer to its logout, which waits for the last task */
	struct lost *lost;       /* while it goes: what keeps its tasks; owner is the session */
	bool is_released;        /* it is logged out for recovery */
	bool drains;             /* it logs out: it closes when its last task is over */
	uint32_t ntasks;         /* tasks allegiant to it */
	void *transport;         /* the socket object's */
	uint16_t cid;
	uint32_t max_send; /* bytes: the initiator's MaxRecvDataSegmentLength */

	struct pdu_rx rx;
	struct pdu_tx tx;
	size_t unsent;             /* bytes of data of the answers that wait in tx */
	bool keeps;                /* answers stay in the ledger until they are acknowledged */
	struct statsn ledger;      /* error recovery level 1 and 2 */
	size_t kept;               /* bytes of data of the answers in it */
	struct stall ledger_stall; /* how long its first one has been there */
	TAILQ_HEAD(fence_marks, fence_mark) marks; /* what the initiator has to acknowledge first */

	/* between the header of a PDU and its end */
	struct task *rx_task; /* whose data is coming; borrowed from the session */
	struct buf *rx_buf;   /* owns a reference: the data segment goes into it */
	uint8_t rx_reject;    /* enum pdu_reject_reason to answer at its end; 0: none */
	bool rx_ignore; /* too late, too early, or for a task that is gone: nothing is answered */
	bool rejected;  /* the PDU in hand was answered with a Reject */
	bool rx_skip;   /* Data-Out that is of no use: counted, not kept */

	/* for people */
	uint64_t opened_ms;
	uint64_t bytes_in; /* of the socket */
	uint64_t bytes_out;

	/* keepalive */
	uint64_t heard_ms; /* when the last byte came */
	uint64_t alarm_ms; /* when door_timeout() is wanted; 0: never */
	uint64_t state_ms; /* when the time for the state is over, or the next ping due; 0: never */
	enum conn_state tended; /* the state that this is for */
	uint64_t pinged_ms;     /* when the unanswered ping left; 0: none is */
	bool answers_pings;     /* it answered one before */
	bool sends_nops;        /* it has sent a NOP-Out, an answer or its own ping */
	bool waits;             /* stall_check() has something to look at … */
	uint64_t check_ms;      /* … and is due then; 0: not */
	uint32_t logout_ms;     /* in LOGOUT_REQUESTED: how much time it has */
	bool told_change;       /* in discovery: it knows that SendTargets has a new answer */

	uint32_t faults; /* of the peer; the first is a warning, all are counted */
	bool is_dirty;
	uint8_t chap;               /* algorithm by which it is proven; 0: not by CHAP */
	bool is_mutual;             /* so is the target */
	char user[ACCESS_USER_MAX]; /* "": nobody was asked */
	char who[CONN_WHO_MAX];     /* for the log */

	TAILQ_ENTRY(conn) link;   /* iscsi->conns */
	TAILQ_ENTRY(conn) slink;  /* session->conns */
	STAILQ_ENTRY(conn) dlink; /* iscsi->dirty */
};

/* A new connection in XPT_UP, entered in iscsi. NULL: no memory. */
struct conn *conn_new(struct iscsi *iscsi, const struct portal *portal,
		      const struct portal_addr *local, const struct portal_addr *peer);

/* Leaves iscsi. Nothing is queued, no session, login or text any more. */
void conn_free(struct conn *c);

/* Change the state by what happened. False: the event has no row in that state, and the connection
 * is given up. */
bool conn_event(struct conn *c, enum conn_event event);

const char *conn_state_name(enum conn_state state);

/* Does it take PDUs? */
bool conn_is_open(const struct conn *c);

/* In full feature phase? */
bool conn_is_full(const struct conn *c);

/* Tell the socket object to come by at the end of the turn. */
void conn_touch(struct conn *c);

/* Queue a sender, and touch. */
void conn_send(struct conn *c, struct tx_sender *s);

/*
 * An answer has left: keep it until it is acknowledged. bytes: of its data, counted in c->kept. An
 * initiator that acknowledges nothing is given up.
 */
void conn_keep(struct conn *c, struct statsn_entry *e, uint32_t statsn, size_t bytes);

/* Name it in the log: "iqn… (address)". */
void conn_set_who(struct conn *c, const char *initiator);

#define conn_warn(c, fmt, ...)   log_warning("%s: " fmt, (c)->who __VA_OPT__(, ) __VA_ARGS__)
#define conn_notice(c, fmt, ...) log_notice("%s: " fmt, (c)->who __VA_OPT__(, ) __VA_ARGS__)
#define conn_debug(c, fmt, ...)  log_debug("%s: " fmt, (c)->who __VA_OPT__(, ) __VA_ARGS__)

/* What peers can provoke is told so often in a second, of all connections together. */
#define conn_may_tell(c) log_rate_pass(&(c)->iscsi->faults, (c)->heard_ms, "faults of peers")

/* A session comes, goes, or has something done to it. Peers can do that in a loop, too. */
#define conn_news(c, fmt, ...)                                                              \
	do {                                                                                \
		if (log_rate_pass(&(c)->iscsi->news, (c)->heard_ms, "notices of sessions")) \
			conn_notice(c, fmt __VA_OPT__(, ) __VA_ARGS__);                     \
	} while (0)

/* A warning that peers can provoke. */
#define conn_rated(c, fmt, ...)                                       \
	do {                                                          \
		if (conn_may_tell(c))                                 \
			conn_warn(c, fmt __VA_OPT__(, ) __VA_ARGS__); \
	} while (0)

/* The peer misbehaved: said once for a connection, counted always. */
#define conn_fault(c, fmt, ...)                                        \
	do {                                                           \
		if ((c)->faults++ == 0)                                \
			conn_rated(c, fmt __VA_OPT__(, ) __VA_ARGS__); \
		else                                                   \
			conn_debug(c, fmt __VA_OPT__(, ) __VA_ARGS__); \
	} while (0)

/* The same, and the connection ends. */
#define conn_drop(c, fmt, ...)                                                        \
	do {                                                                          \
		conn_rated(c, fmt "; connection dropped" __VA_OPT__(, ) __VA_ARGS__); \
		conn_event(c, EV_DROP);                                               \
	} while (0)

#endif
