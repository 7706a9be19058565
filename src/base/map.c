/*
 * Open addressing with linear probing. An entry stands at the slot its key is
 * hashed to, or behind it with no free slot between; removal shifts entries back,
 * so that this stays true without marks for deleted slots.
 */
#include "base/map.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#define MAP_FIRST_SLOTS 16u

/*
 * Keys are chosen outside, often in steps of a power of two. Every bit of the
 * key reaches every bit of the result.
 */
static uint32_t mix(uint32_t k)
{
	k ^= k >> 16;
	k *= 0x7feb352du;
	k ^= k >> 15;
	k *= 0x846ca68bu;
	k ^= k >> 16;
	return k;
}

void map_init(struct map *m)
{
	*m = (struct map){ 0 };
}

void map_fini(struct map *m)
{
	free(m->slots);
	map_init(m);
}

/* The slot that key has, or would get. There is always a free one. */
static struct map_slot *find(const struct map *m, uint32_t key)
{
	uint32_t i = mix(key) & m->mask;

	while (m->slots[i].value && m->slots[i].key != key)
		i = (i + 1) & m->mask;
	return &m->slots[i];
}

/* Twice the slots. 0 or -ENOMEM, and then nothing has changed. */
static int grow(struct map *m)
{
	uint32_t n = m->slots ? (m->mask + 1) * 2 : MAP_FIRST_SLOTS;
	struct map bigger = { .mask = n - 1, .count = m->count };
	uint32_t i;

	if (n == 0)
		return -ENOMEM;
	bigger.slots = calloc(n, sizeof(bigger.slots[0]));
	if (!bigger.slots)
		return -ENOMEM;
	for (i = 0; m->slots && i <= m->mask; i++) {
		if (m->slots[i].value)
			*find(&bigger, m->slots[i].key) = m->slots[i];
	}
	free(m->slots);
	*m = bigger;
	return 0;
}

static bool has_room(const struct map *m, uint32_t n)
{
	return m->slots && n <= (m->mask + 1) / 4 * 3 && m->count <= (m->mask + 1) / 4 * 3 - n;
}

int map_reserve(struct map *m, uint32_t n)
{
	int err = 0;

	while (!err && !has_room(m, n))
		err = grow(m);
	return err;
}

int map_add(struct map *m, uint32_t key, void *value)
{
	struct map_slot *slot;
	int err;

	assert(value);
	if (map_get(m, key))
		return -EEXIST;
	if (!has_room(m, 1)) {
		err = grow(m);
		if (err)
			return err;
	}
	slot = find(m, key);
	slot->key = key;
	slot->value = value;
	m->count++;
	return 0;
}

void *map_get(const struct map *m, uint32_t key)
{
	return m->slots ? find(m, key)->value : NULL;
}

void *map_remove(struct map *m, uint32_t key)
{
	uint32_t hole, i, home;
	struct map_slot *slot;
	void *value;

	if (!m->slots)
		return NULL;
	slot = find(m, key);
	value = slot->value;
	if (!value)
		return NULL;
	hole = (uint32_t)(slot - m->slots);
	for (i = (hole + 1) & m->mask; m->slots[i].value; i = (i + 1) & m->mask) {
		home = mix(m->slots[i].key) & m->mask;
		/* It may go back to the hole unless that lies before its home. */
		if (((i - home) & m->mask) >= ((i - hole) & m->mask)) {
			m->slots[hole] = m->slots[i];
			hole = i;
		}
	}
	m->slots[hole] = (struct map_slot){ 0 };
	m->count--;
	return value;
}

void *map_next(const struct map *m, uint32_t from, uint32_t *key)
{
	const struct map_slot *best = NULL, *slot;
	uint32_t i;

	for (i = 0; m->slots && i <= m->mask; i++) {
		slot = &m->slots[i];
		if (slot->value && slot->key >= from && (!best || slot->key < best->key))
			best = slot;
	}
	if (!best)
		return NULL;
	if (key)
		*key = best->key;
	return best->value;
}
