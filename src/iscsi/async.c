#include "iscsi/async.h"

#include "base/bytes.h"
#include "iscsi/answer.h"
#include "iscsi/conn.h"
#include "scsi/sense.h"

#include <stdbool.h>

/* Without memory it is not said: an initiator sees the connection end, or asks some day. */
static void say(struct conn *c, const struct pdu_async *async)
{
	struct answer *a = answer_new(0);

	if (!a)
		return;
	pdu_put_async(a->bhs, async);
	answer_send(c, a);
}

void async_ask_logout(struct conn *c, uint16_t time_s)
{
	const struct pdu_async async = { .event = PDU_ASYNC_LOGOUT, .parameter3 = time_s };

	say(c, &async);
	c->logout_ms = (uint32_t)time_s * 1000;
	conn_event(c, EV_ASK_LOGOUT);
}

/* Parameters 2 and 3 are Time2Wait and Time2Retain: it may come back at once, to nothing kept. */
void async_drop_connection(struct conn *c)
{
	const struct pdu_async async = { .event = PDU_ASYNC_DROP_CONNECTION, .parameter1 = c->cid };

	say(c, &async);
	conn_event(c, EV_CLOSE);
}

void async_drop_session(struct conn *c)
{
	const struct pdu_async async = { .event = PDU_ASYNC_DROP_SESSION };

	say(c, &async);
	conn_event(c, EV_CLOSE);
}

/* False: there is no memory to say it. */
static bool say_luns_changed(struct conn *c)
{
	static const struct sense changed = { .code = SENSE_LUNS_CHANGED, .bit = SENSE_NO_BIT };
	struct pdu_async async = { .event = PDU_ASYNC_SCSI };
	uint8_t sense[SCSI_SENSE_MAX];
	uint32_t len = sense_format(sense, &changed, false);
	struct answer *a = answer_new(2 + len);

	if (!a)
		return false;
	async.data_len = 2 + len;
	pdu_put_async(a->bhs, &async);
	put_be16(a->data, (uint16_t)len);
	memcpy(a->data + 2, sense, len);
	answer_send(c, a);
	return true;
}

void async_luns_changed(struct conn *c)
{
	if (c->sends_nops)
		say_luns_changed(c);
}

void async_targets_changed(struct conn *c)
{
	if (!c->told_change)
		c->told_change = say_luns_changed(c);
}
