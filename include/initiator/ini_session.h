/*
 * The upper level of the initiator: a session of one connection, its numbers and
 * its tasks. Everything that the target sends is held against RFC 7143 on the way:
 * the first breach is told in words in session.fault, and the call returns -EPROTO.
 *
 * What a caller wants to do by hand, right or wrong, goes through session.conn;
 * the numbers are open fields for that reason.
 */
#ifndef INITIATOR_INI_SESSION_H
#define INITIATOR_INI_SESSION_H

#include "base/map.h"
#include "initiator/ini_conn.h"
#include "initiator/ini_param.h"
#include "initiator/ini_text.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#define INI_FAULT_MAX  200   /* bytes with the ending zero */
#define INI_TIMEOUT_MS 30000 /* how long calls wait unless told otherwise */

struct ini_task;

struct ini_session {
	struct ini_conn conn;
	struct ini_param param;
	uint8_t isid[PDU_ISID_LEN];
	uint16_t tsih;      /* 0: a new session */
	uint16_t cid;       /* connection ID */
	uint32_t cmdsn;     /* of the next command */
	uint32_t expstatsn; /* of the next response */
	uint32_t expcmdsn;  /* the target's, as told last */
	uint32_t maxcmdsn;
	uint32_t itt;           /* of the next request */
	bool has_statsn;        /* the first response has come: expstatsn is known */
	int timeout_ms;         /* time limit of each call that waits */
	uint16_t login_status;  /* enum pdu_login_status of the last login */
	uint8_t reject_reason;  /* enum pdu_reject_reason of the last Reject */
	struct ini_text answer; /* keys of the last login or text answer */

	unsigned int pings;     /* NOP-Ins of the target that asked for an answer */
	bool ignore_pings;      /* do not answer them */
	bool is_lenient;        /* take any number that is only told: StatSN in an R2T, ExpDataSN */
	unsigned int asyncs;    /* asynchronous messages */
	struct pdu_async async; /* the last of them */
	struct map tasks;       /* ITT → struct ini_task in flight, borrowed */
	STAILQ_HEAD(, ini_task) done; /* completed, not yet fetched with ini_task_next() */
	char fault[INI_FAULT_MAX];    /* "": the target has kept every rule so far */
};

/* A session without a connection. */
void ini_session_init(struct ini_session *s);

/*
 * Connect to a portal. The numbers start anew; isid, tsih, cid and timeout_ms stay.
 * As ini_conn_open().
 */
int ini_session_connect(struct ini_session *s, const char *host, const char *port);

/*
 * Close the connection and free what the session owns; it can be connected again.
 * Tasks in flight and done go back to their owner as they are.
 */
void ini_session_close(struct ini_session *s);

/* Note that the target broke a rule (the first is kept). Always -EPROTO. */
int ini_session_fault(struct ini_session *s, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * Number a request that stands in bhs: a new Initiator Task Tag, the next CmdSN
 * (an immediate one does not take it), ExpStatSN. Returns the tag.
 */
uint32_t ini_session_number(struct ini_session *s, uint8_t bhs[static PDU_BHS_LEN]);

/* Number a request and queue it with len bytes of data. *itt (may be NULL) is its tag. 0 or
 * -ENOMEM. */
int ini_session_post(struct ini_session *s, const uint8_t bhs[static PDU_BHS_LEN], const void *data,
		     uint32_t len, uint32_t *itt);

/* Does the target's command window have room for one more command? */
bool ini_session_has_room(const struct ini_session *s);

/*
 * Take the next PDU and the numbers in it (RFC 7143, 4.2.2); nothing else is done
 * with it. As ini_conn_recv(); -EPROTO: the numbers are wrong.
 */
int ini_session_recv(struct ini_session *s, struct ini_pdu *pdu, int timeout_ms);

/* The same of what has been received already, without waiting: as ini_conn_take(); -EPROTO. */
int ini_session_take(struct ini_session *s, struct ini_pdu *pdu);

#endif
