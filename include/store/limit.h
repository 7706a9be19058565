/*
 * The limit filter: lets so many requests and bytes a second through to the store that
 * it stands on, and holds the others back in the order in which they came.
 *
 * Reads, writes, zeros and discards count as requests, and the bytes of reads and
 * writes; a flush passes. A request that is let through is the other store's from then
 * on: it costs a comparison or two, no memory and no second completion.
 */
#ifndef STORE_LIMIT_H
#define STORE_LIMIT_H

#include "store/store.h"

/* What was not used may be caught up on for so long. */
#define LIMIT_BURST_MS 100

/*
 * Put a filter on below, which becomes its own. max_iops, max_bandwidth: requests and
 * bytes a second, 0: any number. 0 or -ENOMEM with why; below stays the caller's then.
 */
int limit_open(struct store *below, uint64_t max_iops, uint64_t max_bandwidth, struct store **out,
	       char why[static STORE_WHY_MAX]);

#endif
