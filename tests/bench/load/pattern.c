#include "pattern.h"

#include "base/bytes.h"

#define WORDS      (PATTERN_LEN / 8)
#define HEAD_WORDS 2

static void make(uint64_t words[static WORDS], const struct pattern *p)
{
	uint64_t x = p->sector * 0x9e3779b97f4a7c15u ^ ((uint64_t)p->generation << 32 | p->seed);
	int i;

	words[0] = p->sector;
	words[1] = (uint64_t)p->generation << 32 | p->seed;
	x |= 1; /* xorshift stays at 0 */
	for (i = HEAD_WORDS; i < WORDS; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		words[i] = x;
	}
}

void pattern_fill(uint8_t *to, const struct pattern *p)
{
	uint64_t words[WORDS];

	make(words, p);
	memcpy(to, words, PATTERN_LEN);
}

bool pattern_matches(const uint8_t *at, const struct pattern *p)
{
	uint64_t words[WORDS];

	make(words, p);
	return memcmp(at, words, PATTERN_LEN) == 0;
}

void pattern_read(const uint8_t *at, struct pattern *out)
{
	uint64_t words[HEAD_WORDS];

	memcpy(words, at, sizeof(words));
	out->sector = words[0];
	out->generation = (uint32_t)(words[1] >> 32);
	out->seed = (uint32_t)words[1];
}
