/*
 * A log-linear histogram, for latencies in nanoseconds and the like: each power of
 * two is cut into 32 parts of the same width, so that what comes out is within
 * 1.6 % of what went in, whatever its magnitude. Fixed size, no allocation.
 */
#ifndef BASE_HISTOGRAM_H
#define BASE_HISTOGRAM_H

#include <stddef.h>
#include <stdint.h>

#define HISTOGRAM_BITS    5  /* 2^5 parts of each power of two */
#define HISTOGRAM_TOP     40 /* 2^40 and more (18 min in ns) are not told apart */
#define HISTOGRAM_BUCKETS (((HISTOGRAM_TOP - HISTOGRAM_BITS + 1) << HISTOGRAM_BITS) + 1)

struct histogram {
	uint64_t count;
	uint64_t sum; /* of all values: sum / count is the exact mean */
	uint64_t min; /* exact; UINT64_MAX while empty */
	uint64_t max; /* exact; 0 while empty */
	uint64_t buckets[HISTOGRAM_BUCKETS];
};

/* An empty one. */
void histogram_init(struct histogram *h);

void histogram_add(struct histogram *h, uint64_t value);

/* Add all that is in from to h. */
void histogram_merge(struct histogram *h, const struct histogram *from);

/*
 * The value that ppm of 1,000,000 values do not exceed (500,000: the median).
 * The middle of its bucket, but never outside of min and max. 0 when empty.
 */
uint64_t histogram_quantile(const struct histogram *h, uint32_t ppm);

/* out[i]: how many values are at most bounds[i]; the n bounds ascend. As exact as the buckets are.
 */
void histogram_cumulate(const struct histogram *h, const uint64_t *bounds, size_t n, uint64_t *out);

#endif
