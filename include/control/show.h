/* The methods that only look. Each owns its call (call.h). */
#ifndef CONTROL_SHOW_H
#define CONTROL_SHOW_H

struct call;

void show_status(struct call *c);
void show_methods(struct call *c);
void show_targets(struct call *c);
void show_target(struct call *c);
void show_luns(struct call *c);
void show_lun(struct call *c);
void show_portals(struct call *c);
void show_sessions(struct call *c);
void show_session(struct call *c);
void show_connections(struct call *c);
void show_reservations(struct call *c);
void show_stats(struct call *c);
void show_why(struct call *c);

#endif
