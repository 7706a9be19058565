/* A map from 32-bit numbers (task tags, logical unit numbers) to pointers. */
#ifndef BASE_MAP_H
#define BASE_MAP_H

#include <stdint.h>

struct map_slot {
	uint32_t key;
	void *value; /* NULL: the slot is free */
};

struct map {
	struct map_slot *slots; /* owns; NULL while the map is empty and never grew */
	uint32_t mask;          /* number of slots - 1, a power of two less one */
	uint32_t count;
};

void map_init(struct map *m);

/* Frees the slots, not what they point to. The map may be used again after map_init(). */
void map_fini(struct map *m);

/*
 * Enter value under key. value must not be NULL.
 * 0; -EEXIST when the key is taken (nothing changes); -ENOMEM.
 */
int map_add(struct map *m, uint32_t key, void *value);

/* Room for n more entries, so that map_add() cannot run out of memory. 0 or -ENOMEM. */
int map_reserve(struct map *m, uint32_t n);

/* What is under key, or NULL. */
void *map_get(const struct map *m, uint32_t key);

/* Take out and return what is under key, or NULL. */
void *map_remove(struct map *m, uint32_t key);

/* The smallest entry with key >= from; NULL at the end. *key is set when not NULL. O(slots). */
void *map_next(const struct map *m, uint32_t from, uint32_t *key);

#endif
