/* One session of the load, and the commands that it keeps in flight. */
#ifndef LOAD_SESSION_H
#define LOAD_SESSION_H

#include "initiator/ini_task.h"
#include "options.h"
#include "space.h"

#include <sys/queue.h>

/* A command, used again and again. */
struct io {
	struct ini_task task;
	struct extent extent;
	bool is_write;
	uint32_t generation; /* of a write */
	uint64_t started_ns;
	uint8_t *data; /* owns; with verification, else NULL */
	SLIST_ENTRY(io) link;
};

struct session {
	struct ini_session ini;
	struct job *job; /* borrowed; NULL: an idle one */
	struct io *ios;  /* owns; job->depth of them */
	SLIST_HEAD(, io) free;
	uint32_t in_flight;
	uint64_t next_lba; /* of a sequential one */
	bool is_full;      /* the socket took no more: writable is waited for */
};

/*
 * Connect and log in as number n of this process's sessions, and take up the unit attentions
 * that wait. 0 or -errno, and *what says what failed.
 */
int session_open(struct session *s, const struct options *o, uint32_t n, const char **what);

/* The size of the logical unit: blocks and bytes of a block. As session_open(). */
int session_capacity(struct session *s, const struct options *o, uint64_t *blocks,
		     uint32_t *block_len, const char **what);

/* Make the commands of a session of a job. 0 or -ENOMEM. */
int session_add_ios(struct session *s, struct job *job, uint16_t lun, bool verify);

/* Log out where that is possible, and free everything. */
void session_close(struct session *s);

/*
 * Submit io, whose extent, is_write and data are set: out is what is written. As
 * ini_task_submit().
 */
int session_submit(struct session *s, struct io *io, uint32_t block_len, const uint8_t *out);

#endif
