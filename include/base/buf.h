/*
 * Data buffers: page-aligned, counted by reference, from a pool with a ceiling.
 *
 * A pool keeps buffers that come back in last-in first-out lists, one for each
 * power of two from 4 KiB up, so that the next command gets warm memory. When
 * the ceiling is reached, whoever needs a buffer waits in line for it.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#define BUF_MIN_SHIFT 12 /* 4 KiB */
#define BUF_MAX_SHIFT 24 /* 16 MiB */
#define BUF_CLASSES   (BUF_MAX_SHIFT - BUF_MIN_SHIFT + 1)

struct buf_pool;

struct buf {
	uint8_t *data;         /* 4 KiB aligned; owner is this buffer */
	uint32_t size;         /* bytes at data: a power of two */
	uint32_t refs;         /* loop thread only */
	bool is_reserved;      /* lent out of the reserve */
	struct buf_pool *pool; /* borrowed until the last reference is put */
	SLIST_ENTRY(buf) free;
};

/* Somebody in line for memory. ready() is called once, from buf_pool_serve(). */
struct buf_wait {
	uint32_t size; /* bytes wanted */
	void (*ready)(struct buf_wait *w);
	bool waiting; /* is in the pool's line */
	STAILQ_ENTRY(buf_wait) link;
};

struct buf_pool {
	size_t ceiling;  /* bytes lent by buf_get() at most */
	size_t reserve;  /* bytes lent by buf_get_reserve() at most */
	size_t lent;     /* bytes now lent */
	size_t reserved; /* of these: out of the reserve */
	size_t kept;     /* bytes now in the free lists; with lent at most ceiling + reserve, but
			    where these were lowered and more is lent */
	size_t turn;     /* bytes that the one whose ready() runs may take past the line */
	SLIST_HEAD(, buf) classes[BUF_CLASSES];
	STAILQ_HEAD(, buf_wait) line;
};

/* ceiling, reserve: bytes. */
void buf_pool_init(struct buf_pool *p, size_t ceiling, size_t reserve);

/* Gives the kept memory back. Every buffer must have come home. */
void buf_pool_fini(struct buf_pool *p);

/* Other limits from now on. What is lent beyond them stays so until it comes home. */
void buf_pool_limit(struct buf_pool *p, size_t ceiling, size_t reserve);

/* Give the kept memory back to the system, for somebody else has found none. */
void buf_pool_trim(struct buf_pool *p);

/*
 * A buffer of at least size bytes (1 … 16 MiB) with one reference, which the
 * caller owns. NULL when it would pass the ceiling, when somebody is already
 * waiting in line (nobody overtakes), or when the system has no memory.
 * The content is what was there before: never send what was not written.
 */
struct buf *buf_get(struct buf_pool *p, size_t size);

/*
 * The same out of the reserve, whoever waits in line: for data a peer was already promised
 * room for. It takes nothing from those in line, so who holds some of it may stand there, too.
 */
struct buf *buf_get_reserve(struct buf_pool *p, size_t size);

/* One more reference; returns b. */
struct buf *buf_ref(struct buf *b);

/* Give one reference back; the last one returns the buffer to its pool. NULL is fine. */
void buf_put(struct buf *b);

/*
 * Stand in line. w->size and w->ready are set by the caller; w is lent until ready()
 * or buf_wait_stop(). Who wants more than the ceiling waits for ever, and all behind him.
 */
void buf_wait_start(struct buf_pool *p, struct buf_wait *w);

/* Leave the line; nothing when not in it. */
void buf_wait_stop(struct buf_pool *p, struct buf_wait *w);

/*
 * Call ready() for those at the head of the line whose size now fits; a ready()
 * calls buf_get() and gets it. Called once a loop turn. True when somebody was served.
 */
bool buf_pool_serve(struct buf_pool *p);

#endif
