/* REPORT SUPPORTED OPERATION CODES (SPC-5, 6.34): prints the table it is a row of. */
#ifndef SCSI_OPCODES_H
#define SCSI_OPCODES_H

struct scsi_task;

void opcodes_report(struct scsi_task *t);

#endif
