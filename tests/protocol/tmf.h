/*
 * What the tests of task management share: two logical units, writes that wait for their
 * data, and what has become of them.
 */
#ifndef PROTOCOL_TMF_H
#define PROTOCOL_TMF_H

#include "fixture.h"

#define TMF_TARGET "iqn.2026-11.org.itgtd:test"  /* LUNs 0 and 1 */
#define TMF_OTHER  "iqn.2026-11.org.itgtd:other" /* LUN 0 */
#define TMF_LEN    8192u
#define TMF_BLOCKS (TMF_LEN / FIXTURE_BLOCK)
#define TMF_WAITS  "InitialR2T=Yes\nImmediateData=No\n" /* writes wait for an R2T's data */
#define TMF_DEPTH  8                                    /* commands at a time */

extern const struct fixture_options tmf_options;

/* What is on the disks, and what writes that wait would put there. */
extern uint8_t tmf_old[TMF_LEN], tmf_data[TMF_LEN];

/* A session that is ready at both LUNs, and block 0 of each as it must stay. */
void tmf_prepare(struct ini_session *s, uint8_t isid, const char *keys);

/* A write that waits for its data. */
void tmf_start_write(struct ini_session *s, struct ini_task *t, uint16_t lun);

/* Answer all R2Ts of the session that were kept; lun: those of that LUN (NULL: of all). */
void tmf_answer_r2ts(struct ini_session *s, const uint8_t *lun);

/*
 * Send a function, go on to answer the R2Ts that are open when it is about many tasks (4.2.3.3
 * wants that, for data that is thrown away), and wait for the response.
 */
uint8_t tmf_request(struct ini_session *s, const struct pdu_tmf_req *req);

/* A function for a LUN, about t when it is not NULL; the response. */
uint8_t tmf_ask(struct ini_session *s, uint8_t function, uint16_t lun, const struct ini_task *t,
		bool immediate);

/* The same, immediate. */
uint8_t tmf_manage(struct ini_session *s, uint8_t function, uint16_t lun, const struct ini_task *t);

/* Nothing of what was asked before is answered any more: pings are, and nothing else. */
void tmf_silence(struct ini_session *s);

/*
 * t was aborted: no answer comes, data for its R2T is read over, and its blocks are as
 * they were. The session goes on.
 */
void tmf_ended(struct ini_session *s, struct ini_task *t, uint16_t lun);

/* t was not: its data is taken, and it ends GOOD. */
void tmf_goes_on(struct ini_session *s, struct ini_task *t);

/* The next command on the LUN is answered with that unit attention (0: GOOD). */
void tmf_attention(struct ini_session *s, uint16_t lun, uint32_t sense);

/* Submit t with a CmdSN that was left out, n before the next one. */
void tmf_fill_gap(struct ini_session *s, struct ini_task *t, uint32_t n);

#endif
