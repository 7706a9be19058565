/* Data-Out for the commands that wait for it, on the connections that they went by. */
#ifndef DATA_OUT_H
#define DATA_OUT_H

#include "initiator.h"

/* The next piece of a sequence that is not over: all that is left, or less, or what is wrong. */
void data_out_next(struct run *r, struct initiator *in);

/* A piece that nobody asked for. */
void data_out_odd(struct run *r, struct initiator *in);

/* End all sequences. False: they are ended. */
bool data_out_end(struct run *r, struct initiator *in);

#endif
