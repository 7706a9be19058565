/* What the tests of wiping share: a medium of one byte, and a log that nobody reads. */
#ifndef WIPE_RIG_H
#define WIPE_RIG_H

#include "keep_rig.h"

#define WIPE_BYTES ((size_t)RIG_BLOCKS * 512)

static inline void wipe_open(struct rig *r)
{
	static unsigned int errors;

	log_set_sink(keep_no_log, &errors);
	rig_start(r);
	memset(r->disk->bytes, 0x5a, WIPE_BYTES);
	r->disk->nsubmits = 0;
}

static inline void wipe_close(struct rig *r)
{
	rig_close(r);
	log_set_sink(NULL, NULL);
}

#endif
