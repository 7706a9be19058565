/*
 * Values below 2 × 2^BITS have a bucket each. A larger one is shifted right until
 * only BITS + 1 bits are left: the shift says which power of two, the bits below
 * the first say which part of it.
 */
#include "base/histogram.h"

#include <assert.h>
#include <string.h>

#define PARTS (1u << HISTOGRAM_BITS)

static unsigned int log2_of(uint64_t v)
{
	return 63u - (unsigned int)__builtin_clzll(v);
}

static unsigned int bucket_of(uint64_t v)
{
	unsigned int shift;

	if (v < PARTS)
		return (unsigned int)v;
	if (v >> HISTOGRAM_TOP)
		return HISTOGRAM_BUCKETS - 1;
	shift = log2_of(v) - HISTOGRAM_BITS;
	return (shift << HISTOGRAM_BITS) + (unsigned int)(v >> shift);
}

/* The middle of a bucket. */
static uint64_t value_of(unsigned int bucket)
{
	unsigned int shift;

	if (bucket < 2 * PARTS)
		return bucket;
	shift = (bucket >> HISTOGRAM_BITS) - 1;
	return ((uint64_t)(bucket - (shift << HISTOGRAM_BITS)) << shift) + ((1ull << shift) >> 1);
}

void histogram_init(struct histogram *h)
{
	memset(h, 0, sizeof(*h));
	h->min = UINT64_MAX;
}

void histogram_add(struct histogram *h, uint64_t value)
{
	h->count++;
	h->sum += value;
	if (value < h->min)
		h->min = value;
	if (value > h->max)
		h->max = value;
	h->buckets[bucket_of(value)]++;
}

void histogram_merge(struct histogram *h, const struct histogram *from)
{
	unsigned int i;

	h->count += from->count;
	h->sum += from->sum;
	if (from->min < h->min)
		h->min = from->min;
	if (from->max > h->max)
		h->max = from->max;
	for (i = 0; i < HISTOGRAM_BUCKETS; i++)
		h->buckets[i] += from->buckets[i];
}

/* How many values the quantile covers: ppm of count, rounded up, at least one. No overflow. */
static uint64_t rank_of(uint64_t count, uint32_t ppm)
{
	uint64_t whole = count / 1000000 * ppm;
	uint64_t rest = (count % 1000000 * ppm + 999999) / 1000000;

	return whole + rest ? whole + rest : 1;
}

uint64_t histogram_quantile(const struct histogram *h, uint32_t ppm)
{
	uint64_t rank, seen = 0, value;
	unsigned int i;

	assert(ppm <= 1000000);
	if (!h->count)
		return 0;
	rank = rank_of(h->count, ppm);
	for (i = 0; i < HISTOGRAM_BUCKETS - 1; i++) {
		seen += h->buckets[i];
		if (seen >= rank)
			break;
	}
	value = i < HISTOGRAM_BUCKETS - 1 ? value_of(i) : h->max;
	if (value < h->min)
		value = h->min;
	return value > h->max ? h->max : value;
}

void histogram_cumulate(const struct histogram *h, const uint64_t *bounds, size_t n, uint64_t *out)
{
	unsigned int bucket = 0, end;
	uint64_t sum = 0;
	size_t i;

	for (i = 0; i < n; i++) {
		for (end = bucket_of(bounds[i]); bucket <= end; bucket++)
			sum += h->buckets[bucket];
		out[i] = sum;
	}
}
