#include "scsi/tmf_table.h"

/* In the order of enum scsi_tmf_function. */
const struct tmf_row tmf_table[] = {
	{ SCSI_ABORT_TASK, TMF_TASK, true, 0, 0x80, "ABORT TASK" },
	{ SCSI_ABORT_TASK_SET, TMF_LU, true, 0, 0x40, "ABORT TASK SET" },
	{ SCSI_CLEAR_ACA, TMF_LU, false, 0, 0x20, "CLEAR ACA" }, /* NORMACA is 0 */
	{ SCSI_CLEAR_TASK_SET, TMF_LU, true, 0, 0x10, "CLEAR TASK SET" },
	{ SCSI_LU_RESET, TMF_LU, true, 0, 0x08, "LOGICAL UNIT RESET" },
	{ SCSI_TARGET_RESET, TMF_DEVICE, true, 0, 0x02, "TARGET RESET" },
	{ SCSI_QUERY_TASK, TMF_TASK, true, 0, 0x04, "QUERY TASK" },
	{ SCSI_QUERY_TASK_SET, TMF_LU, true, 1, 0x02, "QUERY TASK SET" },
	{ SCSI_IT_NEXUS_RESET, TMF_DEVICE, true, 1, 0x01, "I_T NEXUS RESET" },
	{ SCSI_QUERY_ASYNC_EVENT, TMF_LU, true, 1, 0x04, "QUERY ASYNCHRONOUS EVENT" },
};

const size_t tmf_table_len = sizeof(tmf_table) / sizeof(tmf_table[0]);
