/* Commands that every device type has (SPC-5). Each is the handler of a row of cmd_table.c. */
#ifndef SCSI_SPC_H
#define SCSI_SPC_H

struct scsi_task;

void spc_test_unit_ready(struct scsi_task *t);
void spc_request_sense(struct scsi_task *t);
void spc_report_luns(struct scsi_task *t);
void spc_send_diagnostic(struct scsi_task *t);
void spc_receive_diagnostic(struct scsi_task *t);
void spc_read_media_serial(struct scsi_task *t);
void spc_report_tmfs(struct scsi_task *t);

#endif
