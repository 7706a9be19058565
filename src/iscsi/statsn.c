#include "iscsi/statsn.h"

#include "base/serial.h"

#include <assert.h>
#include <stddef.h>

void statsn_init(struct statsn *l)
{
	TAILQ_INIT(&l->entries);
	l->n = 0;
}

void statsn_add(struct statsn *l, struct statsn_entry *e, uint32_t statsn)
{
	assert(!e->is_in);
	e->statsn = statsn;
	e->is_in = true;
	TAILQ_INSERT_TAIL(&l->entries, e, link);
	l->n++;
}

void statsn_remove(struct statsn *l, struct statsn_entry *e)
{
	if (!e->is_in)
		return;
	TAILQ_REMOVE(&l->entries, e, link);
	e->is_in = false;
	l->n--;
}

void statsn_ack(struct statsn *l, uint32_t expstatsn)
{
	struct statsn_entry *e, *next;

	for (e = TAILQ_FIRST(&l->entries); e && sn_before(e->statsn, expstatsn); e = next) {
		next = TAILQ_NEXT(e, link);
		statsn_remove(l, e);
		e->acked(e);
	}
}

void statsn_fini(struct statsn *l)
{
	struct statsn_entry *e, *next;

	for (e = TAILQ_FIRST(&l->entries); e; e = next) {
		next = TAILQ_NEXT(e, link);
		statsn_remove(l, e);
		e->acked(e);
	}
}
