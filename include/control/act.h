/* The methods that do something to the daemon and its sessions. Each owns its call (call.h). */
#ifndef CONTROL_ACT_H
#define CONTROL_ACT_H

struct call;

void act_log_level(struct call *c);
void act_drop(struct call *c);
void act_logout(struct call *c);
void act_clear_reservations(struct call *c);
void act_shutdown(struct call *c);

#endif
