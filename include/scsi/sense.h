/* Sense data (SPC-5, 4.4): what went wrong, and its bytes in fixed and descriptor format. Pure. */
#ifndef SCSI_SENSE_H
#define SCSI_SENSE_H

#include "scsi/task.h"

#include <stdbool.h>
#include <stdint.h>

/* SENSE KEY << 16 | ADDITIONAL SENSE CODE << 8 | ADDITIONAL SENSE CODE QUALIFIER */
enum sense_code {
	SENSE_NONE = 0x000000,
	SENSE_STOPPED = 0x020402,      /* logical unit not ready, initializing command required */
	SENSE_FORMATTING = 0x020404,   /* format in progress */
	SENSE_TRANSITION = 0x02040a,   /* asymmetric access state transition */
	SENSE_PORT_STANDBY = 0x02040b, /* target port in standby state */
	SENSE_PORT_UNAVAILABLE = 0x02040c, /* target port in unavailable state */
	SENSE_OFFLINE = 0x020412,          /* offline */
	SENSE_SANITIZING = 0x02041b,       /* sanitize in progress */
	SENSE_NO_MEDIUM = 0x023a00,        /* medium not present */
	SENSE_WRITE_ERROR = 0x030c00,      /* write error */
	SENSE_READ_ERROR = 0x031100,       /* unrecovered read error */
	SENSE_FORMAT_CORRUPTED = 0x033100, /* medium format corrupted */
	SENSE_FORMAT_FAILED = 0x033101,    /* format command failed */
	SENSE_SANITIZE_FAILED = 0x033103,  /* sanitize command failed */
	SENSE_HARDWARE = 0x044400,         /* internal target failure */
	SENSE_IN_PROGRESS = 0x050016,      /* operation in progress */
	SENSE_BAD_UNIT = 0x050e03,         /* invalid field in command information unit */
	SENSE_LIST_LENGTH = 0x051a00,      /* parameter list length error */
	SENSE_OPCODE = 0x052000,           /* invalid command operation code */
	SENSE_RANGE = 0x052100,            /* logical block address out of range */
	SENSE_CDB_FIELD = 0x052400,        /* invalid field in CDB */
	SENSE_NO_LU = 0x052500,            /* logical unit not supported */
	SENSE_LIST_FIELD = 0x052600,       /* invalid field in parameter list */
	SENSE_BAD_RELEASE = 0x052604,      /* invalid release of persistent reservation */
	SENSE_MANY_CSCDS = 0x052606,       /* too many target descriptors */
	SENSE_CSCD_TYPE = 0x052607,        /* unsupported target descriptor type code */
	SENSE_MANY_SEGMENTS = 0x052608,    /* too many segment descriptors */
	SENSE_SEGMENT_TYPE = 0x052609,     /* unsupported segment descriptor type code */
	SENSE_INLINE = 0x05260b,           /* inline data length exceeded */
	SENSE_SEQUENCE = 0x052c00,         /* command sequence error */
	SENSE_WRONG_FORMAT = 0x053002,     /* cannot read medium, incompatible format */
	SENSE_NO_SAVING = 0x053900,        /* saving parameters not supported */
	SENSE_MESSAGE = 0x054900,   /* invalid message error: a task attribute that is not there */
	SENSE_PREVENTED = 0x055302, /* medium removal prevented */
	SENSE_NO_REGISTRATION = 0x055504, /* insufficient registration resources */
	SENSE_MEDIUM_CHANGED = 0x062800,  /* not ready to ready change, medium may have changed */
	SENSE_POWER_ON = 0x062900,        /* power on, reset, or bus device reset occurred */
	SENSE_TARGET_RESET = 0x062902,    /* SCSI bus reset occurred */
	SENSE_LU_RESET = 0x062903,        /* bus device reset function occurred */
	SENSE_NEXUS_LOSS = 0x062907,      /* I_T nexus loss occurred */
	SENSE_MODE_CHANGED = 0x062a01,    /* mode parameters changed */
	SENSE_RESERVATIONS_PREEMPTED = 0x062a03,
	SENSE_RESERVATIONS_RELEASED = 0x062a04,
	SENSE_REGISTRATIONS_PREEMPTED = 0x062a05,
	SENSE_ALUA_STATE = 0x062a06,       /* asymmetric access state changed */
	SENSE_CAPACITY = 0x062a09,         /* capacity data has changed */
	SENSE_WAS_BUSY = 0x062c07,         /* previous busy status */
	SENSE_WAS_FULL = 0x062c08,         /* previous task set full status */
	SENSE_WAS_CONFLICT = 0x062c09,     /* previous reservation conflict status */
	SENSE_CLEARED = 0x062f00,          /* commands cleared by another initiator */
	SENSE_SOFT_THRESHOLD = 0x063807,   /* thin provisioning soft threshold reached */
	SENSE_IDENT_CHANGED = 0x063f05,    /* device identifier changed */
	SENSE_LUNS_CHANGED = 0x063f0e,     /* reported LUNs data has changed */
	SENSE_PROTOCOL_EVENT = 0x06477f,   /* some commands cleared by iSCSI protocol event */
	SENSE_SWP = 0x072702,              /* logical unit software write protected */
	SENSE_PROTECTED = 0x072700,        /* write protected */
	SENSE_NO_SPACE = 0x072707,         /* space allocation failed write protect */
	SENSE_COPY_FAILED = 0x0a0000,      /* no additional sense information: the field says it */
	SENSE_COPY_DEVICE = 0x0a0d01,      /* third party device failure */
	SENSE_COPY_UNREACHABLE = 0x0a0d02, /* copy target device not reachable */
	SENSE_COPY_TYPE = 0x0a0d03,        /* incorrect copy target device type */
	SENSE_COPY_INEXACT = 0x0a260a,     /* unexpected inexact segment */
	SENSE_NOT_AGAIN = 0x0b1113,        /* read error, failed retransmission request */
	SENSE_DATA_AMOUNT = 0x0b0c0d,      /* write error, not enough unsolicited data */
	SENSE_ECHO_OVERWRITTEN = 0x0b3f0f, /* echo buffer overwritten */
	SENSE_PROTOCOL_CRC = 0x0b4705,     /* protocol service CRC error */
	SENSE_MISCOMPARE = 0x0e1d00,       /* miscompare during verify operation */
};

#define SENSE_KEY(code)  ((uint8_t)((code) >> 16))
#define SENSE_ASC(code)  ((uint8_t)((code) >> 8))
#define SENSE_ASCQ(code) ((uint8_t)(code))

/* Where the FIELD POINTER points to; a segment is one of an EXTENDED COPY. */
enum sense_where { SENSE_NOWHERE, SENSE_IN_CDB, SENSE_IN_LIST, SENSE_IN_SEGMENT };

#define SENSE_NO_BIT 8 /* the BIT POINTER is not valid */

#define SENSE_FORWARD_MAX 48 /* bytes of another logical unit's sense data that are passed on */

/* What an aborted copy tells beside (SPC-4, 6.4.3.4): where it was, and who failed. */
struct sense_copy {
	uint16_t segment; /* descriptor, counted from 0 */
	uint8_t status;   /* enum scsi_status of the source or destination; GOOD: it did not fail */
	bool by_dest;     /* it is the destination's */
	uint8_t len;      /* bytes of its sense data */
	uint8_t sense[SENSE_FORWARD_MAX];
};

struct sense {
	uint32_t code;                 /* enum sense_code */
	bool deferred;                 /* of an earlier command (SPC-5, 4.4.7) */
	bool has_info;                 /* info is valid */
	uint64_t info;                 /* INFORMATION */
	uint8_t where;                 /* enum sense_where */
	uint8_t bit;                   /* 7 to 0, or SENSE_NO_BIT */
	uint16_t byte;                 /* FIELD POINTER */
	bool has_progress;             /* in place of a field pointer: */
	uint16_t progress;             /* PROGRESS INDICATION, in parts of 65536 */
	const struct sense_copy *copy; /* of COPY ABORTED; borrowed; NULL: none */
};

/*
 * The bytes of s: 18 in fixed format and what a copy passes on, 8 and its descriptors in
 * descriptor format. An INFORMATION of more than 32 bits has no place in the fixed one and
 * is left out there. Returns how many bytes were written.
 */
uint8_t sense_format(uint8_t out[static SCSI_SENSE_MAX], const struct sense *s, bool descriptor);

#endif
