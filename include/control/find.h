/* What a call's parameters name. Where there is no such thing the call is refused, and gone. */
#ifndef CONTROL_FIND_H
#define CONTROL_FIND_H

struct call;
struct scsi_lu;
struct session;
struct target;

/* The target that the parameter "target" names, or NULL. */
struct target *find_target(struct call *c);

/* The logical unit of t that "lun" names, or NULL. */
struct scsi_lu *find_lun(struct call *c, const struct target *t);

/* The session that "sid" names, or NULL: one that is ending is not there any more. */
struct session *find_session(struct call *c);

#endif
