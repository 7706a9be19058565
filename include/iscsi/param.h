/* The values that initiator and target agreed on (RFC 7143, section 13). How: keys.h. */
#ifndef ISCSI_PARAM_H
#define ISCSI_PARAM_H

#include "target/target.h"

#include <stdbool.h>
#include <stdint.h>

#define ISCSI_MAX_CONNECTIONS 64 /* connections of a session that this target can do */
#define ISCSI_MAX_ERL         2  /* error recovery level that it can do */

/* 13.24: 2 is RFC 7144 (its functions are there; priorities may be ignored, qualifiers be 0) */
#define ISCSI_PROTOCOL_LEVEL 2

enum session_type { SESSION_NORMAL, SESSION_DISCOVERY };

/* 13.23: each includes what those before it promise */
enum task_reporting {
	TASK_REPORTING_RFC3720, /* the default */
	TASK_REPORTING_RESPONSE_FENCE,
	TASK_REPORTING_FAST_ABORT
};

/* The most that this target does. A single connection keeps all answers in order; fence.h is for
 * more. */
#define ISCSI_TASK_REPORTING TASK_REPORTING_RESPONSE_FENCE

struct param {
	/* leading connection, whole session */
	char InitiatorName[TARGET_NAME_MAX]; /* normalised; "": not told yet */
	char InitiatorAlias[TARGET_ALIAS_MAX];
	char TargetName[TARGET_NAME_MAX]; /* normalised; "": not told */
	enum session_type SessionType;
	uint32_t MaxConnections;
	uint32_t FirstBurstLength;   /* bytes */
	uint32_t MaxBurstLength;     /* bytes */
	uint32_t DefaultTime2Wait;   /* s */
	uint32_t DefaultTime2Retain; /* s */
	uint32_t MaxOutstandingR2T;
	uint32_t ErrorRecoveryLevel;
	uint32_t iSCSIProtocolLevel;
	enum task_reporting TaskReporting;
	bool InitialR2T;
	bool ImmediateData;
	bool DataPDUInOrder;
	bool DataSequenceInOrder;

	/* this connection */
	bool HeaderDigest; /* CRC32C */
	bool DataDigest;
	uint32_t peer_MaxRecvDataSegmentLength; /* bytes: what we may send in a PDU */
};

/* The key's value. */
const char *task_reporting_name(enum task_reporting t);

/* The RFC's default of every key; no names yet, a normal session. */
void param_init(struct param *p);

#endif
