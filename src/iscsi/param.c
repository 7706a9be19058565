#include "iscsi/param.h"

const char *task_reporting_name(enum task_reporting t)
{
	static const char *const names[] = {
		[TASK_REPORTING_RFC3720] = "RFC3720",
		[TASK_REPORTING_RESPONSE_FENCE] = "ResponseFence",
		[TASK_REPORTING_FAST_ABORT] = "FastAbort",
	};

	return names[t];
}

void param_init(struct param *p)
{
	*p = (struct param){
		.SessionType = SESSION_NORMAL,
		.MaxConnections = 1,
		.FirstBurstLength = 65536,
		.MaxBurstLength = 262144,
		.DefaultTime2Wait = 2,
		.DefaultTime2Retain = 20,
		.MaxOutstandingR2T = 1,
		.ErrorRecoveryLevel = 0,
		.iSCSIProtocolLevel = 1,
		.TaskReporting = TASK_REPORTING_RFC3720,
		.InitialR2T = true,
		.ImmediateData = true,
		.DataPDUInOrder = true,
		.DataSequenceInOrder = true,
		.HeaderDigest = false,
		.DataDigest = false,
		.peer_MaxRecvDataSegmentLength = 8192,
	};
}
