/* A logical unit: a device server in front of a store. */
#ifndef SCSI_LU_H
#define SCSI_LU_H

#include "base/log.h"
#include "scsi/pr.h"
#include "scsi/stats.h"
#include "scsi/tport.h"
#include "store/store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

struct scsi_cmd;
struct scsi_core;
struct scsi_device;
struct scsi_echo;
struct scsi_itl;
struct scsi_nexus;
struct pr_op;
struct scsi_task;
struct scsi_wipe;

#define SCSI_SERIAL_MAX  37 /* bytes with the ending zero */
#define SCSI_VENDOR_LEN  8
#define SCSI_PRODUCT_LEN 16
#define SCSI_LU_NAME_MAX 280 /* bytes with the ending zero */
#define SCSI_NAA_LEN     16  /* NAA 6: IEEE registered extended */

/* SPC-5, 7.5.9 */
enum lu_qerr { QERR_NONE = 0, QERR_ALL = 1, QERR_NEXUS = 3 };
enum lu_ua_intlck { UA_INTLCK_NONE = 0, UA_INTLCK_KEEP = 2, UA_INTLCK_ESTABLISH = 3 };

/* PERIPHERAL DEVICE TYPE (SPC-5, table 147) */
enum scsi_type { SCSI_DISK = 0x00, SCSI_CDROM = 0x05 };

/* What a LUN's options say; identity is made by scsi_lu_identity() where absent. */
struct scsi_lu_options {
	uint32_t number;              /* LUN: 0 to SCSI_LUN_MAX */
	uint8_t type;                 /* enum scsi_type */
	uint32_t block_size;          /* bytes: 512 or 4096; 2048 of an optical drive */
	uint32_t physical_block_size; /* bytes: block_size × a power of two; 0: block_size */
	bool write_cache;             /* false: every write is durable before its status */
	bool thin;
	bool read_only;
	bool removable;
	uint8_t soft_threshold; /* percent of the file system in use that is told of; 0: never */
	char serial[SCSI_SERIAL_MAX];       /* "": made */
	char vendor[SCSI_VENDOR_LEN + 1];   /* "": ITGT */
	char product[SCSI_PRODUCT_LEN + 1]; /* "": VIRTUAL-DISK */
	void *user;                         /* the caller's (masking) */
};

#define SCSI_IDENTS    2   /* types of identifying information (ident.h) */
#define SCSI_IDENT_MAX 256 /* bytes of the longest */

struct scsi_ident {
	uint16_t len; /* bytes; 0: none is set */
	uint8_t bytes[SCSI_IDENT_MAX];
};

#define SCSI_MODE_FIELDS 6 /* fields of mode pages that can be changed (mode.h) */

/* How full the file system of a thin provisioned unit is (thin.h). */
struct scsi_thin {
	struct store_io io; /* the look that is under way … */
	bool is_looking;    /* … when one is */
	bool is_reached;    /* the threshold, at the last one */
	uint64_t due;       /* bytes written at which the next one is */
	uint64_t total;     /* bytes of the file system; 0: not known yet */
};

/* What LOG SENSE tells of a kind of access. */
struct scsi_count {
	uint64_t bytes;  /* moved */
	uint64_t errors; /* requests that the store failed */
};

/* The order of the fields is that in which it is read. */
struct scsi_lu { /* NOLINT(clang-analyzer-optin.performance.Padding) */
	struct scsi_lu_options opt;
	struct store *store;         /* owns */
	struct scsi_core *core;      /* borrowed */
	struct scsi_device *device;  /* set by scsi_device_add() */
	char name[SCSI_LU_NAME_MAX]; /* for people: the device's and the LUN; by the same */
	const struct scsi_cmd *cmds; /* this device type's command table */
	size_t ncmds;
	uint8_t block_shift;
	uint64_t blocks; /* capacity in blocks */
	uint8_t naa[SCSI_NAA_LEN];
	struct pr pr;                        /* persistent reservations */
	uint32_t pr_version;                 /* goes up with each change of pr */
	struct pr_op *pr_op;                 /* the PERSISTENT RESERVE OUT under way; NULL: none */
	STAILQ_HEAD(, scsi_task) pr_waiting; /* others, which wait for it */
	bool keeping;                        /* a command changes what is kept (keep.h) */
	STAILQ_HEAD(, scsi_task) keep_waiting; /* others, which wait for it */
	uint8_t alua_states[SCSI_PORTS_MAX];   /* enum alua_state, as device->ports stand */
	uint8_t alua_causes[SCSI_PORTS_MAX];   /* enum alua_cause */
	struct scsi_nexus *reserved_by;        /* by RESERVE; NULL: nobody */
	void (*task_left)(
		struct scsi_lu *lu); /* called when a task has ended; NULL: nobody cares */
	bool stopped;                /* START STOP UNIT with START=0 */
	bool ejected;                /* … with LOEJ=1 and START=0 */
	bool wce;                    /* caching mode page: writes may stay in the cache */
	bool d_sense;                /* control mode page: sense in descriptor format */
	uint8_t qerr;                /* … what a CHECK CONDITION aborts: enum lu_qerr */
	uint8_t ua_intlck;           /* … what clears unit attentions: enum lu_ua_intlck */
	bool swp;                    /* … software write protection */
	bool tas;                    /* … tell of aborts by another nexus */
	struct scsi_wipe *wipe; /* owns; what wipes the medium, or failed to (wipe.h); NULL: none */
	bool has_saved;         /* MODE SELECT has saved values: */
	uint8_t saved[SCSI_MODE_FIELDS];      /* what a reset sets the fields to */
	struct scsi_ident ident[SCSI_IDENTS]; /* what SET IDENTIFYING INFORMATION brought */
	struct scsi_thin thin;                /* how full its file system is */
	struct scsi_echo *echo;       /* owns; the echo buffer (buffer.h); NULL: never written */
	struct scsi_itl *echo_owner;  /* who wrote it last; NULL: he has gone */
	uint32_t prevents;            /* I_T_L nexuses that prevent medium removal */
	uint32_t ntasks;              /* tasks in the set */
	uint32_t nordering;           /* tasks in the set that are not SIMPLE */
	uint32_t ndormant;            /* tasks in the set that wait for others */
	uint32_t ncopies;             /* EXTENDED COPY commands that it carries out */
	uint32_t nalone;              /* tasks that run alone on their blocks, or wait to */
	TAILQ_HEAD(, scsi_task) line; /* tasks that wait for blocks, in the order of arrival */
	struct scsi_stats stats;
	struct scsi_count reads;       /* by READ */
	struct scsi_count writes;      /* by whatever writes data */
	struct scsi_count verifies;    /* reads that compare or check */
	struct store_io sync;          /* the flush behind SYNCHRONIZE CACHE with IMMED */
	bool sync_busy;                /* it is with the store */
	bool sync_again;               /* another one was asked for meanwhile */
	struct log_rate faults;        /* of the store, as the log tells them */
	TAILQ_HEAD(, scsi_task) tasks; /* the task set, in the order of arrival */
	TAILQ_HEAD(, scsi_itl) itls;   /* the I_T_L nexuses that know it */
	bool is_held;                  /* scsi_lu_hold(): nothing new runs */
	void (*gone)(struct scsi_lu *lu, void *user); /* of scsi_device_remove() */
	void *gone_user;
	TAILQ_ENTRY(scsi_lu) leave_link; /* core->leaving */
};

/*
 * Make the serial number and the designators from the target's name and the LUN:
 * the same after a restart and on any machine, different between any two LUNs,
 * also in the first 8 characters of the serial (ESXi, Hyper-V read no further).
 */
void scsi_lu_identity(struct scsi_lu_options *opt, const char *target_name);

/*
 * A logical unit on store. On success it owns store; on failure the caller still does.
 * 0; -EINVAL when the options contradict each other or the store; -ENOMEM.
 */
int scsi_lu_new(struct scsi_core *core, struct store *store, const struct scsi_lu_options *opt,
		struct scsi_lu **out);

/*
 * Take over what the state directory keeps for lu, whose device is set, before anybody
 * uses it. May block, and is for workers, too. 0; -ENOMEM.
 */
int scsi_lu_load(struct scsi_lu *lu);

/*
 * What goes on by itself begins: on the loop, when lu is in its device and was loaded.
 * scsi_device_add() calls it; who loads it after that calls it again.
 */
void scsi_lu_start(struct scsi_lu *lu);

/* No task, no flush that goes on behind a SYNCHRONIZE CACHE with IMMED, nothing in its store? */
bool scsi_lu_is_idle(const struct scsi_lu *lu);

/* Free it and return its store, for the caller to close. It must be idle. */
struct store *scsi_lu_dismiss(struct scsi_lu *lu);

/* Closes the store. It must be idle. NULL is fine. */
void scsi_lu_free(struct scsi_lu *lu);

/* What a logical unit reset sets back (SAM-5, 6.3.3) beside tasks and unit attentions. */
void scsi_lu_reset(struct scsi_lu *lu);

/* The store has another size now: take it over and tell everybody (CAPACITY DATA HAS CHANGED). */
void scsi_lu_capacity_changed(struct scsi_lu *lu);

#endif
