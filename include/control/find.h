/* What a call's parameters name. */
#ifndef CONTROL_FIND_H
#define CONTROL_FIND_H

struct call;
struct target;

/* The target that the parameter "target" names. NULL: the call is refused, and gone. */
struct target *find_target(struct call *c);

#endif
