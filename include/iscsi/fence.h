/*
 * The response fence (RFC 7143, 4.2.2.3): an answer that the initiator gets after all that were
 * given before it on the other connections of the session, and before all that are given later.
 * What was said is there when it is acknowledged by ExpStatSN; a NOP-In asks for that. Answers
 * that the device server gives meanwhile stand in line behind it, on whatever connection, also
 * one that joins only then. All else goes on: data, pings, and what is asked for once more, or
 * nothing that was lost could ever be acknowledged.
 * A session with one connection needs no fence: it keeps the order by itself.
 */
#ifndef ISCSI_FENCE_H
#define ISCSI_FENCE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

struct conn;
struct session;

enum fence_state {
	FENCE_IN_LINE, /* an earlier one of the session comes first */
	FENCE_BEFORE,  /* what was said on other connections is to be acknowledged */
	FENCE_AFTER,   /* the answer itself is; the next in line wait */
};

struct fence {
	bool follows;      /* it stands behind others, but is none itself: nobody waits for it */
	struct conn *conn; /* where the answer is said; NULL: nowhere */
	void *user;        /* the caller's */
	void (*say)(struct conn *conn, void *user); /* queue the answer */
	void (*drop)(void *user);                   /* conn is gone: it will not be said */
	struct fence **slot;                        /* the caller's; NULL: it has none */
	/* the fence's own */
	struct session *session;
	enum fence_state state;
	unsigned int nmarks; /* acknowledgements that it waits for */
	TAILQ_ENTRY(fence) link;
};

/*
 * Have say() called when the answer's turn has come: from inside when it needs no fence. Either
 * say() or drop() is called, once. *slot (slot may be NULL) is the fence until then, for
 * fence_cancel(); NULL before and after.
 */
void fence_say(const struct fence *what);

/* Neither say() nor drop() is called any more. */
void fence_cancel(struct fence *f);

/* c's initiator has said ExpStatSN. To be called where c->marks is not empty. */
void fence_acked(struct conn *c, uint32_t expstatsn);

/* c logs out, and will not acknowledge anything: nobody waits for that. */
void fence_release(struct conn *c);

/* c has left s: nobody waits for it any more. */
void fence_orphan(struct session *s, struct conn *c);

/* Is c to acknowledge something? It is dropped when it was asked to limit_ms ago. */
bool fence_check(struct conn *c, uint64_t now_ms, uint64_t limit_ms);

#endif
