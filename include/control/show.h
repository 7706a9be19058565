/* The methods that only look. Each owns its call (call.h). */
#ifndef CONTROL_SHOW_H
#define CONTROL_SHOW_H

struct call;

void show_status(struct call *c);
void show_methods(struct call *c);
void show_targets(struct call *c);
void show_target(struct call *c);

#endif
