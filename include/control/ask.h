/* The methods that change what is served, each one a request to config/apply.h, and export. */
#ifndef CONTROL_ASK_H
#define CONTROL_ASK_H

struct call;

/* Ask for the change that c's method is. c is answered when that is over. */
void ask_change(struct call *c);

void ask_export(struct call *c);

#endif
