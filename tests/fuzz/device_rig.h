/*
 * A device with logical units of all kinds, two nexuses, and a port that watches
 * what the device server does. A shadow of each store says what a read must bring.
 */
#ifndef DEVICE_RIG_H
#define DEVICE_RIG_H

#include "cdbs.h"
#include "fuzz.h"
#include "odd_store.h"

#include "scsi/core.h"
#include "scsi/device.h"
#include "scsi/lu.h"
#include "scsi/task.h"

#define RIG_LUNS    6
#define RIG_SIZE    (32u << 10) /* bytes of a logical unit */
#define RIG_ODD_LUN 4           /* the one with the odd store */

extern const struct scsi_lu_options rig_options[RIG_LUNS];

struct rig {
	struct buf_pool pool;
	struct scsi_core core;
	struct scsi_device dev;
	struct scsi_nexus x[2];
	struct store *stores[RIG_LUNS]; /* borrowed from the logical units */
	struct odd_store *odd;
	uint8_t *shadow[RIG_LUNS]; /* owns: what is in the stores, unless … */
	bool stale[RIG_LUNS];      /* … nobody can say */
	unsigned int late;         /* commands in flight that nobody waits for */
	unsigned int late_on[RIG_LUNS];
	unsigned int copies; /* of them, EXTENDED COPY: on whatever logical unit */
	unsigned int tmfs;
	unsigned int restarts;
	const char *state_dir; /* borrowed; NULL: nothing is kept */
};

/* A command, and how its port behaves. */
struct cmd {
	struct scsi_task t; /* first */
	struct rig *r;
	unsigned int lun; /* RIG_LUNS: none of ours */
	struct cdb_made made;
	uint8_t *out; /* owns; edtl bytes at most */
	uint32_t out_len;
	bool inside;    /* scsi_submit() is running */
	bool give_up;   /* no data comes: the port aborts */
	bool late_data; /* data comes later */
	bool wants_data;
	bool is_late; /* nobody waits for it: it is freed when it ends */
	unsigned int done;
};

extern const struct scsi_port_ops rig_port;

/* ceiling: bytes, of the pool; state_dir: borrowed, empty, or NULL. */
void rig_open(struct rig *r, size_t ceiling, const char *state_dir);

/* All that can move moves. */
void rig_run(struct rig *r);

/* Ends what is in flight, and sees that everything has come home. */
void rig_close(struct rig *r);

/* The same but for the stores, which stay, when every logical unit was taken from the device … */
void rig_stop(struct rig *r);

/* … and how it begins again, with what was kept. */
void rig_start(struct rig *r);

/* The port brings what get_data() asked for. */
void rig_bring(struct cmd *c);

void rig_cmd_free(struct cmd *c);

/* The shadow of a logical unit on which nothing is in flight; false: it has none now. */
bool rig_has_shadow(struct rig *r, unsigned int lun);

/* The store has what the shadow says. */
void rig_check_shadow(struct rig *r, unsigned int lun);

/* A command has ended with GOOD: does it fit what is in the shadow, or what is there now? */
void rig_went_well(struct rig *r, struct cmd *c);

#endif
