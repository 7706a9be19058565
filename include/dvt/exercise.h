/*
 * What is done with a session once it stands: blocks of several sizes are written and read back, or
 * only read, over all its connections. The initiator library holds every PDU's length, number
 * and offset against what was negotiated.
 */
#ifndef DVT_EXERCISE_H
#define DVT_EXERCISE_H

#include "initiator/ini_session.h"

#include <stdbool.h>
#include <stdint.h>

#define EXERCISE_CONNS_MAX 2
#define EXERCISE_LEN_MAX   (512u << 10) /* bytes of a command */
#define EXERCISE_WHY_MAX   256

struct exercise {
	struct ini_session *conns[EXERCISE_CONNS_MAX]; /* borrowed: connections of one session */
	unsigned int nconns;
	uint16_t lun;
	uint32_t block;  /* bytes */
	uint64_t blocks; /* of the logical unit */
	bool writes;     /* its content is overwritten */
	uint64_t salt;   /* decides sizes, places and pattern */
	uint8_t *out;    /* EXERCISE_LEN_MAX bytes each; borrowed */
	uint8_t *in;
	uint64_t bytes; /* moved so far */
};

/* Learn block and blocks. 0, or -errno with a sentence in why. Takes unit attentions away. */
int exercise_capacity(struct exercise *e, char why[static EXERCISE_WHY_MAX]);

/* False: the target did wrong, and why says what. The connections are then of no more use. */
bool exercise_run(struct exercise *e, char why[static EXERCISE_WHY_MAX]);

#endif
