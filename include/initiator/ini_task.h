/*
 * SCSI commands over a session: any number in flight, each with its data both ways.
 * ini_task_submit() queues without waiting, ini_task_next() hands back what is done;
 * a caller that wants one command at a time uses ini_task_run().
 *
 * Every Data-In, R2T and response is checked: order of DataSN and R2TSN, offsets,
 * MaxRecvDataSegmentLength, MaxBurstLength, the F bit, status and residual counts.
 */
#ifndef INITIATOR_INI_TASK_H
#define INITIATOR_INI_TASK_H

#include "initiator/ini_session.h"
#include "wire/ahs.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#define INI_SENSE_MAX 252 /* bytes */
#define INI_R2T_MAX   64  /* R2Ts kept for a task that answers them itself */

enum ini_outcome {
	INI_IN_FLIGHT,
	INI_ANSWERED, /* response and status are valid */
	INI_REJECTED, /* the target rejected it: reject_reason */
};

/* Grouped by who sets what; the padding that costs matters to nobody. */
struct ini_task { // NOLINT(clang-analyzer-optin.performance.Padding)
	/* Set by the caller; all zero but cdb is a simple command without data. */
	uint8_t lun[PDU_LUN_LEN];
	uint8_t cdb[AHS_CDB_MAX];
	uint16_t cdb_len;    /* bytes; up to 16 goes in the header, 0 is 16 */
	uint8_t attr;        /* enum pdu_attr */
	bool immediate;      /* the I bit: delivered at once, out of order */
	const uint8_t *out;  /* data to write; borrowed until done */
	uint32_t out_len;    /* bytes: the Expected Data Transfer Length of a write */
	uint8_t *in;         /* where read data goes; borrowed until done; NULL: nowhere */
	uint32_t in_len;     /* bytes: the Expected Data Transfer Length of a read */
	bool no_immediate;   /* send no immediate data even where it is agreed */
	bool no_unsolicited; /* send no unsolicited Data-Out even where it is agreed */
	bool lends_out;      /* out is sent from where it is, and stays until it is sent */
	bool backwards;      /* each sequence goes last PDU first, where DataPDUInOrder is No */
	bool holds_r2ts;     /* keep R2Ts in r2ts; the caller answers with ini_task_answer_r2t() */
	void *user;

	/* Set by the session. */
	uint32_t itt;
	uint32_t cmdsn;
	enum ini_outcome outcome;
	uint8_t response; /* enum pdu_scsi_response */
	uint8_t status;   /* SAM status */
	uint8_t reject_reason;
	uint8_t residual_flags;  /* PDU_RESID_… */
	uint32_t residual;       /* bytes */
	uint32_t in_got;         /* bytes received at in */
	uint32_t sent;           /* bytes of out sent or asked for: the next R2T's offset */
	uint32_t burst;          /* bytes received in the sequence that is not ended by F */
	unsigned int ndata_in;   /* Data-In PDUs */
	unsigned int nr2t;       /* R2Ts */
	unsigned int nwaiting;   /* of them not answered: the last ones in r2ts */
	bool has_data_in_status; /* the status came in the last Data-In (11.7.3) */
	struct pdu_r2t r2ts[INI_R2T_MAX];
	uint8_t sense[INI_SENSE_MAX];
	uint16_t sense_len;          /* bytes */
	STAILQ_ENTRY(ini_task) link; /* in the session's done */
};

/*
 * Number the command and queue it with its unsolicited data; the next call that
 * receives or flushes sends it. The session borrows t until it is done.
 * 0; -EAGAIN: the command window is closed, nothing was done; -EINVAL; -ENOMEM.
 */
int ini_task_submit(struct ini_session *s, struct ini_task *t);

/*
 * Take one PDU and do what it asks for: data, R2T, response, ping. *other is set
 * to a PDU that belongs to no task; is_other tells. 0; as ini_conn_recv(); -EPROTO.
 */
int ini_task_step(struct ini_session *s, struct ini_pdu *other, bool *is_other, int timeout_ms);

/* A task that is done, in the order of completion; waits for one. 0; as ini_task_step(). */
int ini_task_next(struct ini_session *s, struct ini_task **out, int timeout_ms);

/*
 * A task that is done by what has been received, for a caller of ini_conn_push() and
 * ini_conn_pull(): nothing is sent or received. 0; -EAGAIN: none; as ini_task_step().
 */
int ini_task_take(struct ini_session *s, struct ini_task **out);

/*
 * Step until t is done; ini_task_next() does not hand it out then. When that fails, t is
 * forgotten. 0; as ini_task_step().
 */
int ini_task_wait(struct ini_session *s, struct ini_task *t);

/* Submit and wait, first for room in the window where it is closed. */
int ini_task_run(struct ini_session *s, struct ini_task *t);

/* Queue the data that an R2T asks for (11.8). 0, -ENOMEM. */
int ini_task_answer_r2t(struct ini_session *s, struct ini_task *t, const struct pdu_r2t *r2t);

/* Forget a task in flight (aborted, say): its owner has it back. */
void ini_task_forget(struct ini_session *s, struct ini_task *t);

/* Is it done with status GOOD? */
bool ini_task_is_good(const struct ini_task *t);

/* Sense key, additional sense code and qualifier as 0xKKAAQQ (fixed or descriptor format); 0: none.
 */
uint32_t ini_task_sense(const struct ini_task *t);

#endif
