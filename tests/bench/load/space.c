#include "space.h"

#include "pattern.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int space_init(struct space *s, uint32_t block_len, uint64_t blocks, uint32_t seed, bool verify)
{
	size_t sectors = (size_t)(blocks * (block_len / PATTERN_LEN));

	*s = (struct space){ .block_len = block_len, .blocks = blocks, .seed = seed };
	if (!verify)
		return 0;
	s->generations = calloc(sectors, sizeof(*s->generations));
	s->users = calloc(sectors, sizeof(*s->users));
	if (s->generations && s->users)
		return 0;
	space_free(s);
	return -ENOMEM;
}

void space_free(struct space *s)
{
	free(s->generations);
	free(s->users);
	*s = (struct space){ 0 };
}

static size_t sectors_of(const struct space *s, uint64_t blocks)
{
	return (size_t)(blocks * (s->block_len / PATTERN_LEN));
}

bool space_claim(struct space *s, const struct extent *e, bool is_write)
{
	size_t from = sectors_of(s, e->lba), n = sectors_of(s, e->blocks), i;
	uint8_t *users;

	if (!s->users)
		return true;
	users = s->users + from;
	for (i = 0; i < n; i++) {
		if (is_write ? users[i] != 0 : users[i] >= SPACE_WRITING - 1)
			return false;
	}
	for (i = 0; i < n; i++)
		users[i] = is_write ? SPACE_WRITING : (uint8_t)(users[i] + 1);
	return true;
}

void space_release(struct space *s, const struct extent *e, bool is_write)
{
	size_t from = sectors_of(s, e->lba), n = sectors_of(s, e->blocks), i;

	if (!s->users)
		return;
	for (i = from; i < from + n; i++)
		s->users[i] = is_write ? 0 : (uint8_t)(s->users[i] - 1);
}

uint32_t space_fill(struct space *s, const struct extent *e, uint8_t *data)
{
	size_t from = sectors_of(s, e->lba), n = sectors_of(s, e->blocks), i;
	struct pattern p = { .seed = s->seed };

	if (++s->writes == 0)
		s->writes = 1;
	p.generation = s->writes;
	for (i = 0; i < n; i++) {
		p.sector = from + i;
		pattern_fill(data + i * PATTERN_LEN, &p);
	}
	return p.generation;
}

void space_written(struct space *s, const struct extent *e, uint32_t generation)
{
	size_t from = sectors_of(s, e->lba), n = sectors_of(s, e->blocks), i;

	for (i = from; i < from + n; i++)
		s->generations[i] = generation;
}

bool space_check(const struct space *s, const struct extent *e, const uint8_t *data, char *why,
		 size_t size)
{
	size_t from = sectors_of(s, e->lba), n = sectors_of(s, e->blocks), i;
	struct pattern want = { .seed = s->seed }, found;

	for (i = 0; i < n; i++, data += PATTERN_LEN) {
		want.sector = from + i;
		want.generation = s->generations[from + i];
		if (!want.generation || pattern_matches(data, &want))
			continue;
		pattern_read(data, &found);
		(void)snprintf(why, size,
			       "sector %" PRIu64
			       " (of 512 bytes), in a read of %u blocks at %" PRIu64
			       ": write %u of seed %u should be there; it begins as"
			       " sector %" PRIu64 ", write %u, seed %u",
			       want.sector, e->blocks, e->lba, want.generation, want.seed,
			       found.sector, found.generation, found.seed);
		return false;
	}
	return true;
}

/* Blocks are written whole: their first sector speaks for them. */
static bool is_written(const struct space *s, uint64_t lba)
{
	return s->generations[sectors_of(s, lba)] != 0;
}

bool space_next_written(const struct space *s, uint64_t *lba, uint32_t max, struct extent *out)
{
	uint64_t at = *lba;

	while (at < s->blocks && !is_written(s, at))
		at++;
	*out = (struct extent){ .lba = at };
	while (at < s->blocks && out->blocks < max && is_written(s, at)) {
		out->blocks++;
		at++;
	}
	*lba = at;
	return out->blocks > 0;
}
