/* REPORT and SET IDENTIFYING INFORMATION (SPC-5, 6.36 and 6.47): names that people give a unit. */
#ifndef SCSI_IDENT_H
#define SCSI_IDENT_H

struct scsi_lu;
struct scsi_task;

void ident_report(struct scsi_task *t);
void ident_set(struct scsi_task *t);

/* Take over what is kept for lu, which is in its device, before anybody uses it. May block. */
void ident_load(struct scsi_lu *lu);

#endif
