/*
 * What the tests of error recovery share: PDUs sent and taken by hand, behind the back of the
 * session, which would hold what is lost and repeated against the target.
 */
#ifndef PROTOCOL_ERL_H
#define PROTOCOL_ERL_H

#include "fixture.h"

/* A PDU that came; its data is a copy. */
struct erl_pdu {
	uint8_t bhs[PDU_BHS_LEN];
	uint8_t opcode;
	uint32_t itt;
	uint32_t data_len;
	uint8_t data[65536];
};

/* Take the next PDU; pings of the target's are answered with ExpStatSN as it is, and passed over.
 */
void erl_recv(struct ini_session *s, struct erl_pdu *pdu);

/* The same, and it must have that opcode. */
void erl_expect(struct ini_session *s, struct erl_pdu *pdu, enum pdu_opcode opcode);

/* Nothing but the echo of a ping comes. */
void erl_silence(struct ini_session *s);

/* A ping of the target's comes, in at most ms; the StatSN that it tells. */
uint32_t erl_ping(struct ini_session *s, int ms);

/* Ask for a run; ITT, TTT and LUN as in 11.16. */
void erl_snack(struct ini_session *s, uint8_t type, uint32_t itt, uint32_t ttt, uint32_t begrun,
	       uint32_t runlength);

/* The next PDU is a Reject with that reason. */
void erl_rejected(struct ini_session *s, uint8_t reason);

/* Is again the same as first, but for ExpCmdSN and MaxCmdSN? */
void erl_same(const struct erl_pdu *again, const struct erl_pdu *first);

/* Send a command alone, without any data of its. Its ITT and CmdSN are in t. */
void erl_command(struct ini_session *s, struct ini_task *t);

/* Send one Data-Out with len bytes at offset of t->out. faults: INI_…. */
void erl_data(struct ini_session *s, const struct ini_task *t, const struct pdu_data_out *out,
	      unsigned int faults);

/* All of what an R2T asks for, in PDUs of piece bytes. */
void erl_answer(struct ini_session *s, const struct ini_task *t, const struct pdu_r2t *r2t,
		uint32_t piece);

/* The next PDU is an R2T. */
struct pdu_r2t erl_r2t(struct ini_session *s);

/* The next PDU is a SCSI Response for t with status GOOD. */
void erl_good(struct ini_session *s, const struct ini_task *t);

/* ExpStatSN is what a PDU with that StatSN makes of it. */
void erl_got(struct ini_session *s, const struct erl_pdu *pdu);

#endif
