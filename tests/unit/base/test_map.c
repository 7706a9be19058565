#include "base/map.h"
#include "unit.h"

#include <errno.h>

#define MANY 5000u

static int things[MANY]; /* something to point to */

static void an_empty_map(void)
{
	uint32_t key = 5;
	struct map m;

	map_init(&m);
	CU_ASSERT_EQUAL(m.count, 0);
	CU_ASSERT_PTR_NULL(map_get(&m, 0));
	CU_ASSERT_PTR_NULL(map_remove(&m, 0));
	CU_ASSERT_PTR_NULL(map_next(&m, 0, &key));
	CU_ASSERT_EQUAL(key, 5);
	map_fini(&m);
	map_fini(&m);
}

static void add_get_remove(void)
{
	struct map m;

	map_init(&m);
	CU_ASSERT_EQUAL(map_add(&m, 7, &things[0]), 0);
	CU_ASSERT_EQUAL(map_add(&m, 0, &things[1]), 0);
	CU_ASSERT_EQUAL(map_add(&m, 0xffffffff, &things[2]), 0);
	CU_ASSERT_EQUAL(map_add(&m, 7, &things[3]), -EEXIST);
	CU_ASSERT_EQUAL(m.count, 3);
	CU_ASSERT_PTR_EQUAL(map_get(&m, 7), &things[0]);
	CU_ASSERT_PTR_EQUAL(map_get(&m, 0), &things[1]);
	CU_ASSERT_PTR_EQUAL(map_get(&m, 0xffffffff), &things[2]);
	CU_ASSERT_PTR_NULL(map_get(&m, 8));
	CU_ASSERT_PTR_EQUAL(map_remove(&m, 7), &things[0]);
	CU_ASSERT_PTR_NULL(map_remove(&m, 7));
	CU_ASSERT_PTR_NULL(map_get(&m, 7));
	CU_ASSERT_EQUAL(m.count, 2);
	CU_ASSERT_EQUAL(map_add(&m, 7, &things[3]), 0);
	CU_ASSERT_PTR_EQUAL(map_get(&m, 7), &things[3]);
	map_fini(&m);
}

/* The keys of tests below: dense, in large steps, and as a hostile peer might choose them. */
static uint32_t dense(uint32_t i)
{
	return i;
}

static uint32_t upper_bits_only(uint32_t i)
{
	return i << 19;
}

static uint32_t scattered(uint32_t i)
{
	return i * 2654435761u;
}

/* Add all, remove every third in a far order, and see that exactly the others are there. */
static void survive(uint32_t (*key_of)(uint32_t i))
{
	uint32_t i, n = 0;
	struct map m;

	map_init(&m);
	for (i = 0; i < MANY; i++) {
		CU_ASSERT_EQUAL_FATAL(map_add(&m, key_of(i), &things[i]), 0);
		CU_ASSERT_TRUE_FATAL(m.count * 4 <= (m.mask + 1) * 3);
	}
	for (i = MANY; i-- > 0;) {
		if (i % 3 == 0)
			CU_ASSERT_PTR_EQUAL_FATAL(map_remove(&m, key_of(i)), &things[i]);
	}
	for (i = 0; i < MANY; i++) {
		void *want = i % 3 == 0 ? NULL : &things[i];

		CU_ASSERT_PTR_EQUAL_FATAL(map_get(&m, key_of(i)), want);
		n += want != NULL;
	}
	CU_ASSERT_EQUAL(m.count, n);
	for (i = 0; i < MANY; i++)
		map_remove(&m, key_of(i));
	CU_ASSERT_EQUAL(m.count, 0);
	CU_ASSERT_PTR_NULL(map_next(&m, 0, NULL));
	map_fini(&m);
}

static void many_entries(void)
{
	survive(dense);
	survive(upper_bits_only);
	survive(scattered);
}

/* A session's life: tags come and go, a few at a time; the map does not grow. */
static void a_moving_window(void)
{
	uint32_t i, slots;
	struct map m;

	map_init(&m);
	for (i = 0; i < 32; i++)
		CU_ASSERT_EQUAL(map_add(&m, i, &things[i % MANY]), 0);
	slots = m.mask;
	for (; i < 100000; i++) {
		CU_ASSERT_PTR_EQUAL_FATAL(map_remove(&m, i - 32), &things[(i - 32) % MANY]);
		CU_ASSERT_EQUAL_FATAL(map_add(&m, i, &things[i % MANY]), 0);
	}
	CU_ASSERT_EQUAL(m.mask, slots);
	CU_ASSERT_EQUAL(m.count, 32);
	map_fini(&m);
}

static void in_order_of_keys(void)
{
	static const uint32_t keys[] = { 0xffffffff, 3, 70000, 0, 9 };
	static const uint32_t sorted[] = { 0, 3, 9, 70000, 0xffffffff };
	uint32_t key, from = 0;
	struct map m;
	size_t i;

	map_init(&m);
	for (i = 0; i < 5; i++)
		CU_ASSERT_EQUAL(map_add(&m, keys[i], &things[keys[i] % MANY]), 0);
	for (i = 0; i < 5; i++) {
		CU_ASSERT_PTR_EQUAL(map_next(&m, from, &key), &things[sorted[i] % MANY]);
		CU_ASSERT_EQUAL(key, sorted[i]);
		from = key + 1;
	}
	CU_ASSERT_PTR_EQUAL(map_next(&m, 10, NULL), &things[70000 % MANY]);
	map_remove(&m, 0xffffffff);
	CU_ASSERT_PTR_NULL(map_next(&m, 70001, &key));
	map_fini(&m);
}

/* Who has reserved room gets it without memory. */
static void room_is_reserved(void)
{
	struct map_slot *slots;
	struct map m;
	uint32_t i;

	map_init(&m);
	CU_ASSERT_EQUAL(map_add(&m, 7, &things[7]), 0);
	CU_ASSERT_EQUAL(map_reserve(&m, 1000), 0);
	slots = m.slots;
	for (i = 100; i < 1100; i++)
		CU_ASSERT_EQUAL(map_add(&m, i, &things[i % MANY]), 0);
	CU_ASSERT_PTR_EQUAL(m.slots, slots);
	CU_ASSERT_PTR_EQUAL(map_get(&m, 7), &things[7]);
	map_fini(&m);
}

static const struct unit_test tests[] = {
	{ "an empty map has nothing", an_empty_map },
	{ "what is added is found, once, until it is removed", add_get_remove },
	{ "thousands of entries survive growth and removal, whatever their keys", many_entries },
	{ "entries that come and go do not make it grow", a_moving_window },
	{ "room is reserved", room_is_reserved },
	{ "a walk meets each entry in the order of keys", in_order_of_keys },
};

UNIT_MAIN("base/map", tests)
