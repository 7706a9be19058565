/*
 * An iSCSI task: one SCSI command in flight. Its session owns it; its connection
 * is only its allegiance (RFC 7143, 4.2.5.1) and may be NULL.
 */
#ifndef ISCSI_TASK_H
#define ISCSI_TASK_H

#include "iscsi/cmdsn.h"
#include "iscsi/datain.h"
#include "iscsi/dataout.h"
#include "iscsi/pdu_tx.h"
#include "iscsi/session.h"
#include "iscsi/statsn.h"
#include "scsi/task.h"
#include "wire/pdu.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

struct conn;
struct fence;
struct iscsi;
struct session;

enum task_state {
	TASK_TAKING,    /* its header is there, its immediate data is coming */
	TASK_HELD,      /* waits for commands before it */
	TASK_ACTIVE,    /* the device server has it */
	TASK_DRAINING,  /* the device server is done; its end, with an answer or without, waits
			   for data-out yet to come */
	TASK_ANSWERING, /* the device server is done; the answer is on its way */
	TASK_TOLD,      /* answered; its tag and its data are kept until that is acknowledged */
	TASK_LEAVING,   /* aborted; what is in the transmit queue must still come back */
};

#define TASK_MAGIC 0x7461736bu

struct task {
	uint32_t magic;
	enum task_state state;
	struct session *session; /* owner of this task */
	struct conn *conn;       /* allegiance; NULL when that is gone */
	uint32_t itt;
	bool immediate;
	bool is_open;             /* counts in the command window */
	bool cancelled;           /* aborted while held: it only uses up its CmdSN */
	bool is_damaged;          /* its data-out came damaged: CHECK CONDITION */
	bool no_room;             /* no memory for its data: TASK SET FULL */
	bool drains;              /* when it is aborted, open R2Ts are waited for all the same */
	bool says;                /* there are PDUs to make */
	bool is_fed;              /* all its data-out is there, the device server goes on with it */
	struct lost *lost;        /* its connection is lost: it waits there; NULL mostly */
	bool is_lost;             /* counts in session->nlost */
	bool is_early;            /* is in iscsi->early */
	struct fence *fence;      /* owns: its answer waits in line; NULL mostly */
	struct statsn_entry told; /* its status, until it is acknowledged */
	struct tx_sender again;   /* lent to its connection for what is asked for once more: */
	uint32_t again_next;      /* … Data-In or R2T PDUs from this number on … */
	uint32_t again_end;       /* … to before this one … */
	bool again_status;        /* … and the status */
	bool is_numbered;         /* its status has a StatSN: tx.statsn */
	uint32_t snack_tag;       /* of the last R-Data SNACK; 0: none (11.4.4) */
	uint8_t nretries;         /* how often an initiator that is silent was asked again */
	struct tx_sender tx;      /* lent to its connection for R2Ts, then for the answer */
	struct datain in;
	struct dataout out;
	struct stall stall; /* of its data-out */
	struct scsi_task scsi;
	struct cmdsn_entry order;
	uint8_t sense_segment[2 + SCSI_SENSE_MAX]; /* SenseLength and sense data (11.4.7) */
	LIST_ENTRY(task) early_link;
	TAILQ_ENTRY(task) lost_link; /* lost->tasks */
	TAILQ_ENTRY(task) link;      /* session->tasks */
	SLIST_ENTRY(task) free;
};

static inline struct task *task_of_scsi(struct scsi_task *t)
{
	return (struct task *)((char *)t - offsetof(struct task, scsi));
}

static inline struct task *task_of_tx(struct tx_sender *s)
{
	return (struct task *)((char *)s - offsetof(struct task, tx));
}

static inline struct task *task_of_again(struct tx_sender *s)
{
	return (struct task *)((char *)s - offsetof(struct task, again));
}

static inline struct task *task_of_told(struct statsn_entry *e)
{
	return (struct task *)((char *)e - offsetof(struct task, told));
}

static inline struct task *task_of_order(struct cmdsn_entry *e)
{
	return (struct task *)((char *)e - offsetof(struct task, order));
}

/*
 * A task for a command that came on c, entered in its session under its ITT, which is
 * free. In state TAKING; the SCSI part is filled in. NULL: no memory.
 */
struct task *task_new(struct conn *c, const struct pdu_scsi_cmd *cmd,
		      const struct scsi_port_ops *port);

/* The task of that ITT, or NULL. */
struct task *task_find(const struct session *s, uint32_t itt);

/* It is allegiant to no connection any more. */
void task_leave_conn(struct task *t);

/* Nothing comes of it any more but that its CmdSN is used up: its tag is free. Once. */
void task_cancel(struct task *t);

/* The device server has it still, but its connection is gone, and its tag is free. */
void task_lose(struct task *t);

/* Its place in the command window is free again. More than once is fine. */
void task_close(struct task *t);

/*
 * It is answered: to its session it is over, but for its tag and its data, which stay until
 * task_free(). State TOLD.
 */
void task_retire(struct task *t);

/* The same the other way: its answer has to be given once more. State ANSWERING, no connection. */
void task_revive(struct task *t);

/* Its connection is lost: it waits in l, allegiant to none. */
void task_park(struct task *t, struct lost *l);

/* It waits no longer. Fine when it does not. */
void task_unpark(struct task *t);

/* It is allegiant to c from now on. */
void task_join_conn(struct task *t, struct conn *c);

/* All data of its command came with it, and is in the stage, until task_settle_all(). */
void task_lend(struct task *t, uint8_t *data);

/* The stage is used anew: what data of tasks is there, they take into their buffers. */
void task_settle_all(struct iscsi *iscsi);

/* The end: out of its session, back to the pool; an ending session may go with its last task. */
void task_free(struct task *t);

/* Give memory of past tasks back to the system. */
void task_pool_fini(struct iscsi *iscsi);

#endif
