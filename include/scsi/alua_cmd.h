/* REPORT TARGET PORT GROUPS and SET TARGET PORT GROUPS (SPC-5, 6.37 and 6.47). */
#ifndef SCSI_ALUA_CMD_H
#define SCSI_ALUA_CMD_H

struct scsi_task;

void alua_cmd_report(struct scsi_task *t);
void alua_cmd_set(struct scsi_task *t);

#endif
