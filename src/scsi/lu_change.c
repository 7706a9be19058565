#include "scsi/lu_change.h"

#include "scsi/rangelock.h"
#include "scsi/sbc_rw.h"
#include "scsi/task.h"
#include "scsi/thin.h"
#include "scsi/ua.h"
#include "scsi/wipe.h"

#include <assert.h>

void scsi_lu_hold(struct scsi_lu *lu)
{
	rangelock_hold(lu);
	store_hurry(lu->store, true);
}

bool scsi_lu_is_quiet(const struct scsi_lu *lu)
{
	const struct scsi_task *t;

	assert(lu->is_held);
	if (lu->sync_busy || lu->thin.is_looking || wipe_is_busy(lu) || !store_is_idle(lu->store))
		return false;
	TAILQ_FOREACH (t, &lu->tasks, set_link) {
		if (t->in_range)
			return false;
	}
	return true;
}

void scsi_lu_go_on(struct scsi_lu *lu)
{
	store_hurry(lu->store, false);
	rangelock_go_on(lu);
}

/* As scsi_lu_new() does: what the store cannot is not told of. */
static void take_options(struct scsi_lu *lu, const struct scsi_lu_change *c)
{
	uint32_t caps = lu->store->caps;

	lu->opt.user = c->user;
	lu->opt.physical_block_size = c->physical_block_size;
	lu->opt.write_cache = c->write_cache;
	lu->opt.thin = c->thin && (caps & STORE_CAN_DISCARD || c->read_only);
	lu->opt.soft_threshold = c->soft_threshold;
	lu->opt.read_only = c->read_only || caps & STORE_READ_ONLY;
}

/*
 * The caching mode page follows the option: what is not told of cannot be set. Data that was
 * acknowledged out of the cache is on its way to stable storage when the cache is off.
 */
static void take_cache(struct scsi_lu *lu, bool before)
{
	if (lu->opt.write_cache == before)
		return;
	lu->wce = lu->opt.write_cache;
	ua_set_lu(lu, UA_MODE_CHANGED, NULL);
	if (!lu->wce)
		sbc_flush_behind(lu);
}

/* A threshold is reached anew when it is another one; a mode page has it. */
static void take_threshold(struct scsi_lu *lu, const struct scsi_lu_options *before)
{
	if (lu->opt.soft_threshold == before->soft_threshold && lu->opt.thin == before->thin)
		return;
	if (lu->opt.soft_threshold || before->soft_threshold)
		ua_set_lu(lu, UA_MODE_CHANGED, NULL);
	lu->thin.is_reached = false;
	thin_look(lu);
}

struct store *scsi_lu_change(struct scsi_lu *lu, const struct scsi_lu_change *c)
{
	const struct scsi_lu_options before = lu->opt;
	struct store *old = NULL;

	if (c->store) {
		assert(scsi_lu_is_quiet(lu) && c->store->size == lu->store->size);
		old = lu->store;
		lu->store = c->store; /* lu owns it now */
		store_settle(old);    /* a worker closes it */
	}
	take_options(lu, c);
	take_cache(lu, before.write_cache);
	take_threshold(lu, &before);
	if (lu->opt.physical_block_size != before.physical_block_size ||
	    lu->opt.thin != before.thin)
		ua_set_lu(lu, UA_CAPACITY, NULL); /* READ CAPACITY (16) has both of them */
	if (lu->opt.read_only != before.read_only)
		ua_set_lu(lu, UA_MODE_CHANGED, NULL); /* WP of MODE SENSE */
	return old;
}
