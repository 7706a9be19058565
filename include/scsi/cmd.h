/* A row of a command table, and how rows are found. The rows themselves are in cmd_table.c. */
#ifndef SCSI_CMD_H
#define SCSI_CMD_H

#include "scsi/cdb.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct scsi_lu;
struct scsi_task;

#define NO_SA 0xffff /* the operation code has no service actions */

/* What data goes which way. */
enum cmd_xfer {
	XFER_NONE,
	XFER_IN_BLOCKS,  /* the blocks of the CDB, to the initiator */
	XFER_IN_ALLOC,   /* what there is, up to the allocation length */
	XFER_OUT_BLOCKS, /* the blocks of the CDB, from the initiator */
	XFER_OUT_LIST,   /* a parameter list */
	XFER_OUT_SAME,   /* one block, or none with NDOB (SBC-4, 5.50) */
	XFER_OUT_TWICE,  /* the blocks of the CDB to compare with, then those to write */
	XFER_OUT_FORMAT, /* as FMTDATA and LONGLIST say: none, a short or a long header (SBC-4, 5.4)
			  */
	XFER_OUT_CHECK,  /* as BYTCHK says: none, the blocks of the CDB, or one (SBC-4, 5.36) */
};

enum cmd_flag {
	F_NO_LU = 0x01,      /* runs without a logical unit */
	F_KEEP_UA = 0x02,    /* does not report a pending unit attention */
	F_MEDIUM = 0x04,     /* needs the medium: loaded and started */
	F_RANGE = 0x08,      /* its LBA and number of blocks must be on the medium */
	F_WRITES = 0x10,     /* changes the medium: refused when write protected */
	F_REMOVABLE = 0x20,  /* is there on removable media only */
	F_THIN = 0x40,       /* is there on thin provisioned media only */
	F_THIN_BIT = 0x80,   /* its UNMAP bit (byte 1, bit 3) likewise */
	F_ALONE = 0x100,     /* has its blocks to itself while it runs (rangelock.h) */
	F_WORK = 0x200,      /* reads its blocks into work space */
	F_KEPT = 0x400,      /* is there when something can be kept (keep.h) only */
	F_SAVE_BIT = 0x800,  /* its SP bit (byte 1, bit 0) likewise */
	F_WIPES = 0x1000,    /* wipes all of the medium (wipe.h) */
	F_NO_WAIT = 0x2000,  /* BUSY when another command has its blocks to itself */
	F_ANCHOR = 0x4000,   /* its ANCHOR bit is there where blocks can be anchored only */
	F_LOEJ = 0x8000,     /* its LOEJ bit (byte 4, bit 1) is there on removable media only */
	F_HEAD = 0x800000,   /* is HEAD OF QUEUE, whatever attribute it comes with */
	F_EARLY = 0x1000000, /* takes its data from where it is (scsi_task.early) */
	F_FUA = 0x2000000,   /* has an FUA bit (byte 1, bit 3) */

	/* What strangers to a reservation may do (SPC-5, table 67; SBC-4, table 13). */
	F_PR_WE_ANY = 0x10000, /* under a write exclusive reservation */
	F_PR_EA_ANY = 0x20000, /* under an exclusive access reservation */
	F_PR_ANY = F_PR_WE_ANY | F_PR_EA_ANY,
	F_PR_START = 0x40000,      /* under any, when it starts the unit, and nothing else */
	F_PR_ALLOW = 0x80000,      /* under any, when it allows medium removal */
	F_RESERVED_ANY = 0x100000, /* under one made by RESERVE (SPC-2, table 9) */

	/* What may be done through a port that gives no access (SPC-5, 5.17.2.4). */
	F_ALUA_STANDBY = 0x200000, /* in standby state */
	F_ALUA_UNAVAIL = 0x400000, /* in any state */
};

#define CMD_USAGE_LEN 16
#define CMD_UNMAP_BIT 0x08
#define CMD_SAVE_BIT  0x01
#define CMD_LOEJ_BIT  0x02
#define CMD_FUA_BIT   0x08

/* The order of the fields is that in which a row is read. */
struct scsi_cmd { /* NOLINT(clang-analyzer-optin.performance.Padding) */
	uint8_t opcode;
	uint16_t sa; /* service action, in byte 1; NO_SA */
	const char *name;
	uint8_t form; /* enum cdb_form */
	uint8_t xfer; /* enum cmd_xfer */
	void (*run)(struct scsi_task *t);
	uint32_t flags;               /* enum cmd_flag */
	uint8_t usage[CMD_USAGE_LEN]; /* CDB usage data (SPC-5, 6.34.3): bits that may be set */
};

/*
 * The row for a CDB on lu (NULL: no logical unit there), or NULL, with
 * *opcode_known telling whether only its service action is unknown.
 */
const struct scsi_cmd *cmd_find(const struct scsi_cmd *rows, size_t n, const uint8_t *cdb,
				const struct scsi_lu *lu, bool *opcode_known);

/* Is the command there on that logical unit? */
bool cmd_is_there(const struct scsi_cmd *c, const struct scsi_lu *lu);

/* The first row with an operation code at or after opcode, as an index; n when there is none. */
size_t cmd_first(const struct scsi_cmd *rows, size_t n, uint8_t opcode);

/* The ANCHOR bit in byte 1 of a row with F_ANCHOR (SBC-4: UNMAP, WRITE SAME). */
static inline uint8_t cmd_anchor_bit(const struct scsi_cmd *c)
{
	return c->opcode == 0x42 ? 0x01 : 0x10;
}

/* Byte i of the CDB usage data on that logical unit. */
uint8_t cmd_usage(const struct scsi_cmd *c, const struct scsi_lu *lu, size_t i);

/*
 * The first byte of a CDB that has a bit set where none may be, and the highest
 * such bit. False: there is none.
 */
bool cmd_stray_bit(const struct scsi_cmd *c, const struct scsi_lu *lu, const uint8_t *cdb,
		   uint16_t *byte, uint8_t *bit);

#endif
