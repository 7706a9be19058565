/* What initiator and target agreed on, as the initiator needs it (RFC 7143, section 13). */
#ifndef INITIATOR_INI_PARAM_H
#define INITIATOR_INI_PARAM_H

#include <stdbool.h>
#include <stdint.h>

struct ini_param {
	uint32_t MaxRecvDataSegmentLength;     /* bytes: the target's, what we may send in a PDU */
	uint32_t own_MaxRecvDataSegmentLength; /* bytes: what the target may send us */
	uint32_t FirstBurstLength;             /* bytes */
	uint32_t MaxBurstLength;               /* bytes */
	uint32_t MaxOutstandingR2T;
	uint32_t MaxConnections;
	uint32_t ErrorRecoveryLevel;
	uint32_t DefaultTime2Wait;   /* s */
	uint32_t DefaultTime2Retain; /* s */
	uint32_t TargetPortalGroupTag;
	uint32_t iSCSIProtocolLevel;
	bool InitialR2T;
	bool ImmediateData;
	bool DataPDUInOrder;
	bool DataSequenceInOrder;
	bool HeaderDigest; /* CRC32C */
	bool DataDigest;
};

/* The RFC's defaults. */
void ini_param_init(struct ini_param *p);

/*
 * Set what the target's answer key=value settles. False when the key is none of
 * struct ini_param's, or the value is not of its form (Reject, Irrelevant …):
 * then nothing changes.
 */
bool ini_param_set(struct ini_param *p, const char *key, const char *value);

#endif
