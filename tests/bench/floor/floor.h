/*
 * The floor: the least that an iSCSI target with one loop can do. It answers reads and
 * writes with all the batching there is, and knows nothing else: one logical unit of
 * 512-byte blocks, one login, no error recovery, no checks of what an initiator sends
 * beyond those that keep it from falling over. A measure, not a target.
 */
#ifndef FLOOR_H
#define FLOOR_H

#include "base/map.h"
#include "store.h"
#include "wire/pdu.h"

#include <sys/queue.h>
#include <sys/uio.h>

#define FLOOR_NAME      "iqn.2026-11.org.itgtd:floor"
#define FLOOR_BLOCK     512
#define FLOOR_MAX_DATA  (256u << 10) /* bytes of a PDU, and of a first burst */
#define FLOOR_MAX_BURST (1u << 20)
#define FLOOR_LOGIN_MAX 512  /* bytes */
#define FLOOR_WINDOW    1024 /* commands of a session */

struct conn;

struct task {
	struct store_io io;
	struct conn *conn; /* NULL: it is gone */
	uint32_t itt;
	uint32_t got;   /* bytes of a write that have come */
	uint32_t asked; /* bytes that may come without another R2T */
	uint32_t nr2t;
	SLIST_ENTRY(task) link;
};

/* A PDU on its way out. */
struct answer {
	uint8_t bhs[PDU_BHS_LEN + PDU_DIGEST_LEN];
	uint8_t tail[3 + PDU_DIGEST_LEN];
	uint8_t bhs_len;
	uint8_t tail_len;
	uint32_t data_len;
	const uint8_t *data;
	struct task *task; /* ends when this is sent; NULL: none */
	STAILQ_ENTRY(answer) link;
};

/* A receive buffer. */
struct stage {
	SLIST_ENTRY(stage) link;
	uint8_t bytes[];
};

struct conn {
	struct floor *floor;
	int fd;
	char login[FLOOR_LOGIN_MAX]; /* the answer's text */
	uint8_t capacity[32];        /* READ CAPACITY (16) data */
	bool is_full_feature;
	bool header_digest;
	bool data_digest;
	bool is_dirty;    /* in floor->dirty */
	bool waits;       /* for room in the socket */
	bool is_over;     /* closes at the end of the turn */
	uint32_t max_pdu; /* bytes of data that the initiator takes in one */
	uint32_t statsn;
	uint32_t expcmdsn;
	struct stage *stage; /* owns; NULL: no part of a PDU waits */
	size_t start;
	size_t end;
	struct map tasks; /* ITT → task in progress, owns */
	STAILQ_HEAD(, answer) answers;
	size_t sent; /* bytes of the first one */
	SLIST_ENTRY(conn) dirty;
};

struct floor {
	struct store store;
	int epoll;
	int listener;
	SLIST_HEAD(, conn) dirty;
	SLIST_HEAD(, task) free_tasks;
	SLIST_HEAD(, stage) free_stages;
	STAILQ_HEAD(, answer) free_answers;
	struct iovec iov[1024];
};

/* ---- conn.c: sockets ---- */

void conn_accept(struct floor *f);
void conn_event(struct conn *c, uint32_t events);
void conn_flush_all(struct floor *f);

/* An empty answer, queued; the caller fills bhs and data, and calls conn_finish_answer(). */
struct answer *conn_add_answer(struct conn *c);
void conn_finish_answer(struct conn *c, struct answer *a);

/* ---- command.c: what PDUs mean ---- */

/* A whole PDU. False: the connection has to end. */
bool command_pdu(struct conn *c, const uint8_t *bhs, const uint8_t *data, uint32_t len);

/* For store_reap(). */
void command_stored(void *arg, struct store_io *io);

/* A task whose last answer was sent, or whose connection is gone. */
void command_free(struct floor *f, struct task *t);

/* ---- login.c ---- */

bool login_pdu(struct conn *c, const uint8_t *bhs, const uint8_t *data, uint32_t len);

#endif
