#include "iscsi/ranges.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

void ranges_init(struct ranges *s)
{
	s->r = s->few;
	s->n = 0;
	s->room = RANGES_INLINE;
}

void ranges_fini(struct ranges *s)
{
	if (s->r != s->few)
		free(s->r);
	ranges_init(s);
}

static int grow(struct ranges *s)
{
	uint16_t room = (uint16_t)(s->room * 4);
	struct range *r;

	if (room <= s->room || room > RANGES_MAX)
		return -ENOBUFS;
	r = malloc(room * sizeof(*r));
	if (!r)
		return -ENOMEM;
	memcpy(r, s->r, s->n * sizeof(*r));
	if (s->r != s->few)
		free(s->r);
	s->r = r;
	s->room = room;
	return 0;
}

/* The first range that does not lie wholly before begin; mostly the data comes in order. */
static uint16_t find(const struct ranges *s, uint32_t begin)
{
	uint16_t i = s->n;

	while (i > 0 && s->r[i - 1].end >= begin)
		i--;
	return i;
}

static void remove_at(struct ranges *s, uint16_t i)
{
	memmove(&s->r[i], &s->r[i + 1], (size_t)(s->n - i - 1) * sizeof(*s->r));
	s->n--;
}

static int insert_at(struct ranges *s, uint16_t i, struct range r)
{
	int err = s->n == s->room ? grow(s) : 0;

	if (err)
		return err;
	memmove(&s->r[i + 1], &s->r[i], (size_t)(s->n - i) * sizeof(*s->r));
	s->r[i] = r;
	s->n++;
	return 0;
}

int ranges_add(struct ranges *s, uint32_t begin, uint32_t len)
{
	struct range add = { begin, begin + len };
	uint16_t i = find(s, begin);

	assert(add.end >= begin);
	if (!len)
		return 0;
	if (i < s->n && s->r[i].end == begin) {
		/* It goes on where that one ends, and may close the gap to the next. */
		if (i + 1 < s->n && s->r[i + 1].begin < add.end)
			return -EEXIST;
		s->r[i].end = add.end;
		if (i + 1 < s->n && s->r[i + 1].begin == add.end) {
			s->r[i].end = s->r[i + 1].end;
			remove_at(s, (uint16_t)(i + 1));
		}
		return 0;
	}
	if (i < s->n && s->r[i].begin < add.end)
		return -EEXIST;
	if (i < s->n && s->r[i].begin == add.end) {
		s->r[i].begin = begin;
		return 0;
	}
	return insert_at(s, i, add);
}

bool ranges_gap(const struct ranges *s, uint32_t begin, uint32_t end, struct range *gap)
{
	uint16_t i;

	for (i = 0; i < s->n && s->r[i].begin <= begin; i++) {
		if (s->r[i].end > begin)
			begin = s->r[i].end;
	}
	if (begin >= end)
		return false;
	gap->begin = begin;
	gap->end = i < s->n && s->r[i].begin < end ? s->r[i].begin : end;
	return true;
}

int ranges_put(struct ranges *s, uint32_t begin, uint32_t len)
{
	uint32_t end = begin + len;
	struct range gap;
	int err = 0;

	assert(end >= begin);
	while (!err && ranges_gap(s, begin, end, &gap))
		err = ranges_add(s, gap.begin, gap.end - gap.begin);
	return err;
}

uint32_t ranges_prefix(const struct ranges *s)
{
	return s->n && s->r[0].begin == 0 ? s->r[0].end : 0;
}
