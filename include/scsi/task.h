/*
 * A SCSI task: one command, and the transport services between it and its port
 * (SAM-5, 5.4). The port knows how bytes travel; the device server does not.
 *
 * The life of a task, as the port sees it:
 *   scsi_task_init() → the port fills the first part → scsi_submit()
 *   → perhaps get_data() → scsi_data_arrived()
 *   → done(): status, sense and data are final, and the task is the port's again
 *   → scsi_task_fini().
 * done() is called exactly once for each scsi_submit(), never from inside it,
 * nor from inside scsi_data_arrived() or scsi_abort().
 */
#ifndef SCSI_TASK_H
#define SCSI_TASK_H

#include "base/buf.h"
#include "store/store.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#define SCSI_CDB_MAX   260        /* bytes */
#define SCSI_SENSE_MAX 96         /* bytes */
#define SCSI_XFER_MAX  (8u << 20) /* bytes a single command moves at most */
#define SCSI_LUN_LEN   8

struct scsi_core;
struct scsi_lu;
struct scsi_itl;
struct scsi_nexus;
struct scsi_cmd;
struct scsi_task;
struct scsi_tmf;

enum scsi_attr {
	SCSI_SIMPLE,
	SCSI_ORDERED,
	SCSI_HEAD_OF_QUEUE,
	SCSI_ACA,
	SCSI_INNER,  /* no port's: what one command does by way of another (scsi_task.inner) */
	SCSI_LET_BY, /* no port's: of one that lets others by (taskset.h) */
};

/* SAM-5, 5.3 */
enum scsi_status {
	SCSI_GOOD = 0x00,
	SCSI_CHECK_CONDITION = 0x02,
	SCSI_CONDITION_MET = 0x04,
	SCSI_BUSY = 0x08,
	SCSI_RESERVATION_CONFLICT = 0x18,
	SCSI_TASK_SET_FULL = 0x28,
	SCSI_ACA_ACTIVE = 0x30,
	SCSI_TASK_ABORTED = 0x40,
};

struct scsi_port_ops {
	/*
	 * Bring t->out_want bytes of data-out into t->buf->data, starting at offset 0,
	 * t->out_have of which are there already. When all have come:
	 * scsi_data_arrived(), also from inside. When they cannot come: scsi_abort().
	 * Not called when out_want is 0, or when all edtl bytes are there already.
	 * A t->buf with room for out_want bytes stays where it is.
	 */
	void (*get_data)(struct scsi_task *t);

	/*
	 * After done(): data-in has moved from there to t->buf->data, in_len bytes of it. Whoever
	 * points to it points anew, now.
	 */
	void (*in_moved)(struct scsi_task *t, const uint8_t *from);

	/* The end. With t->aborted set nothing is to be answered. */
	void (*done)(struct scsi_task *t);
};

enum scsi_task_state {
	SCSI_TASK_NEW,      /* the port fills it in */
	SCSI_TASK_DORMANT,  /* in the task set, others go first */
	SCSI_TASK_READY,    /* on the core's ready list: enabled, the gates come next */
	SCSI_TASK_NO_BUF,   /* stands in line for a buffer */
	SCSI_TASK_BUFFERED, /* on the ready list: has its buffer, data-out comes next */
	SCSI_TASK_DATA,     /* the port is fetching its data-out */
	SCSI_TASK_ARRIVED,  /* on the ready list: all data is there, the handler comes next */
	SCSI_TASK_LOCKED,   /* stands in line for blocks that another command has to itself */
	SCSI_TASK_RUNNING,  /* the handler has it, perhaps with I/O in the store */
	SCSI_TASK_ENDING,   /* on the ready list: decided, done() comes next */
	SCSI_TASK_DONE,     /* back with the port */
};

struct scsi_task {
	/* filled by the port before scsi_submit() */
	const struct scsi_port_ops *port;
	struct scsi_nexus *nexus; /* borrowed until done() */
	uint8_t lun[SCSI_LUN_LEN];
	uint8_t cdb[SCSI_CDB_MAX]; /* zero beyond cdb_len */
	uint16_t cdb_len;  /* bytes the transport brought: 16, or more with an extended CDB */
	uint8_t attr;      /* enum scsi_attr */
	bool may_read;     /* the initiator expects data-in … */
	bool may_write;    /* … or has data-out */
	uint32_t edtl;     /* bytes the initiator expects to move (data-out when may_write) */
	struct buf *buf;   /* owns; the port may set it (early data-out), the device server else */
	uint32_t out_have; /* bytes of data-out at buf->data so far; the port's to count */
	/*
	 * Where all edtl bytes of data-out are that buf has room for, but does not have yet; NULL:
	 * in buf. Borrowed until scsi_task_settle() or done().
	 */
	uint8_t *early;

	/* set by scsi_prepare() before get_data() */
	uint32_t out_want; /* bytes of data-out the command takes: min(edtl, what the CDB says) */

	/* set by the device server before done() */
	uint8_t status; /* enum scsi_status */
	bool fenced; /* its answer stands between all before and all after it (RFC 7143, 4.2.2.3) */
	bool aborted;      /* by a task management function or scsi_abort(): no answer */
	uint8_t sense_len; /* bytes; 0 without CHECK CONDITION */
	uint8_t sense[SCSI_SENSE_MAX];
	uint32_t xfer_len; /* bytes the command would move by itself: against edtl it gives the
			      residual */
	uint32_t in_len; /* bytes of data-in to send, at scsi_task_in(): at most min(edtl, xfer_len)
			  */

	/* the device server's own */
	enum scsi_task_state state;
	bool in_set;        /* is in the task set of lu */
	bool in_range;      /* may touch its blocks, or does (rangelock.h) */
	bool abort_wanted;  /* ends as aborted when the store gives it back */
	bool abort_tell;    /* then with status TASK ABORTED (TAS, SPC-5, 7.5.9) */
	uint32_t alloc_len; /* allocation length or parameter list length of the CDB, bytes */
	uint64_t lba;
	uint64_t nblk;
	const struct scsi_cmd *cmd; /* borrowed: a row of a const table */
	struct scsi_core *core;
	uint64_t began_ns;          /* scsi_core.now_ns at its start */
	struct scsi_lu *lu;         /* NULL: no such logical unit */
	struct scsi_itl *itl;       /* NULL likewise */
	struct scsi_task *inner;    /* the command in its name that it waits for; it runs then */
	struct scsi_tmf *abort_tmf; /* waits for this task's end; NULL: none */
	struct buf_wait wait;
	struct store_io io;
	struct store_view view;            /* of what a read found, where the store lends it */
	void (*next)(struct scsi_task *t); /* what follows the request in the store */
	uint64_t step;                     /* a handler's progress in a command of several steps */
	struct buf *work;   /* owns; a handler's work space, NULL when it needs none */
	uint8_t *work_data; /* in work, 4 KiB aligned */
	uint32_t work_len;  /* bytes there: whole blocks */
	STAILQ_ENTRY(scsi_task) ready_link;
	TAILQ_ENTRY(scsi_task) set_link;
	TAILQ_ENTRY(scsi_task) range_link; /* in the line of its logical unit */
};

/* Everything zero but the port's side, which the caller fills. */
void scsi_task_init(struct scsi_task *t, const struct scsi_port_ops *port,
		    struct scsi_nexus *nexus);

/* Puts the buffer. Only before scsi_submit() or after done(). */
void scsi_task_fini(struct scsi_task *t);

/* Data-out that is elsewhere is in its buffer from now on. Harmless when it is there already. */
void scsi_task_settle(struct scsi_task *t);

/* Where its data-in is, after done(): in_len bytes, until in_moved() or scsi_task_fini(). */
static inline const uint8_t *scsi_task_in(const struct scsi_task *t)
{
	return t->view.data ? t->view.data : t->buf->data;
}

/* Give the command to the device server. Commands of a nexus come in CmdSN order. */
void scsi_submit(struct scsi_task *t);

/* All out_want bytes are at t->buf->data. */
void scsi_data_arrived(struct scsi_task *t);

/*
 * The port gives up on the task (connection lost, data will not come). done()
 * follows with aborted set, after the store has given back what it holds.
 * Harmless in any state between scsi_submit() and done().
 */
void scsi_abort(struct scsi_task *t);

#endif
