/* What some initiators need that the RFC does not ask for: a table by their names. Pure. */
#ifndef ISCSI_QUIRKS_H
#define ISCSI_QUIRKS_H

#include <stdint.h>

/*
 * ABORT TASK of a command just answered is answered "function complete". ESXi takes the
 * "task does not exist" of RFC 7143, 11.6.1 for a broken target.
 */
#define QUIRK_DONE_IS_ABORTED 0x1

/* The set of QUIRK_… of an initiator. name: normalised. */
uint32_t quirks_of(const char *name);

#endif
