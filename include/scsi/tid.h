/*
 * TransportIDs (SPC-5, 7.6.4): how parameter data names an initiator port. Pure.
 *
 * They are kept in one spelling, so that two of the same port are the same
 * bytes: letters in lower case, an ISID in 12 digits, padding as short as it may be.
 */
#ifndef SCSI_TID_H
#define SCSI_TID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TID_MIN 24  /* bytes: as SPC-5 has it for every protocol */
#define TID_MAX 248 /* a name of 223 bytes, ",i,0x", 12 digits, and the ending zero */

struct tid {
	uint16_t len; /* bytes; 0: none */
	uint8_t bytes[TID_MAX];
};

enum tid_fault {
	TID_OK,
	TID_CUT, /* it goes on behind the end of the list */
	TID_BAD, /* it names no port that could be an initiator port of ours */
};

/* The TransportID of the initiator port with that SCSI name string. 0; -EINVAL: too long, or none.
 */
int tid_make(struct tid *out, const char *port_name);

/*
 * Read one of at most room bytes at p. *used: the bytes it takes there. It names
 * a port, or, when tid_is_device(), all ports of an initiator device.
 */
enum tid_fault tid_get(struct tid *out, const uint8_t *p, size_t room, size_t *used);

bool tid_is_device(const struct tid *t);

/* The same, bit by bit? */
bool tid_same(const struct tid *a, const struct tid *b);

/* Is port one of the ports of the initiator device? */
bool tid_has_port(const struct tid *device, const struct tid *port);

#endif
