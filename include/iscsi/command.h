/* SCSI Command and Data-Out PDUs (RFC 7143, 11.3, 11.7): from bytes to a task and its data. */
#ifndef ISCSI_COMMAND_H
#define ISCSI_COMMAND_H

#include "iscsi/pdu_rx.h"

struct conn;

/* The header of a command that brings immediate data: make its task and say where that goes. */
void command_header(struct conn *c, const struct pdu_in *pdu, struct pdu_rx_place *place);
void command_pdu(struct conn *c, const struct pdu_in *pdu);

void command_data_header(struct conn *c, const struct pdu_in *pdu, struct pdu_rx_place *place);
void command_data_pdu(struct conn *c, const struct pdu_in *pdu);

/* The PDU in progress will not be whole: its task, if it is a new one, never was. */
void command_forget(struct conn *c);

#endif
