/* Which function does what a method's row (base/method.h) promises. */
#ifndef CONTROL_METHODS_H
#define CONTROL_METHODS_H

#include "control/call.h"

/* Run c->method's function, which owns c from then on. Its parameters are checked. */
void methods_run(struct call *c);

/* Has the method of that name a function? Every row has one. */
bool methods_has(const char *name);

#endif
