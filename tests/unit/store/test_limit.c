#include "store/limit.h"

#include "drive.h"

#include <errno.h>

#define MANY 200

/* A RAM store behind limits, and requests for it. The clock is the test's. */
struct bench {
	struct store_env *env;
	struct store *s;
	struct drive_io io[MANY];
	uint8_t *data; /* of all of them */
	uint64_t now_ms;
};

static void start(struct bench *b, uint64_t iops, uint64_t bandwidth)
{
	const struct store_params p = { .backend = "ram",
					.size = 64 * MIB,
					.block_size = 512,
					.thin = true,
					.max_iops = iops,
					.max_bandwidth = bandwidth };

	b->env = drive_env();
	b->now_ms = 1000000;
	store_env_tick(b->env, b->now_ms);
	b->s = drive_open(b->env, &p);
	b->data = drive_buffer(16 * MIB);
}

static void end(struct bench *b)
{
	CU_ASSERT_EQUAL(store_env_due_ms(b->env), UINT64_MAX);
	store_close(b->s);
	store_env_free(b->env);
	free(b->data);
}

static void submit(struct bench *b, size_t n, enum store_op op, uint64_t len)
{
	size_t i;

	for (i = 0; i < n; i++)
		drive_submit(b->s, &b->io[i], op, 0, 0, len, b->data);
}

/* How many of the first n have come back by now. */
static size_t back(struct bench *b, size_t n)
{
	size_t i, count = 0;

	while (store_env_reap(b->env, false))
		;
	for (i = 0; i < n; i++)
		count += (size_t)b->io[i].done;
	return count;
}

/* A loop that wakes up whenever it is due. */
static void pass_time(struct bench *b, uint64_t ms)
{
	uint64_t until = b->now_ms + ms;

	while (store_env_due_ms(b->env) <= until)
		store_env_tick(b->env, store_env_due_ms(b->env));
	b->now_ms = until;
	store_env_tick(b->env, until);
}

/* 100 a second: a tenth of a second's worth goes at once, the first one beyond that, too. */
static void so_many_requests_a_second(void)
{
	struct bench b;
	size_t i;

	start(&b, 100, 0);
	submit(&b, MANY, STORE_READ, 512);
	CU_ASSERT_EQUAL(back(&b, MANY), 11);
	CU_ASSERT_EQUAL(store_env_due_ms(b.env), b.now_ms + 10);
	pass_time(&b, 9);
	CU_ASSERT_EQUAL(back(&b, MANY), 11);
	pass_time(&b, 1);
	CU_ASSERT_EQUAL(back(&b, MANY), 12);
	for (i = 0; i < 10; i++) { /* one that is late by some ms does not make it slower */
		b.now_ms += 99;
		store_env_tick(b.env, b.now_ms);
	}
	CU_ASSERT_EQUAL(back(&b, MANY), 111);
	pass_time(&b, 10);
	CU_ASSERT_EQUAL(back(&b, MANY), 112);
	for (i = 0; i < MANY; i++) /* first come, first served */
		CU_ASSERT_EQUAL(b.io[i].done, i < 112);
	pass_time(&b, 10000);
	CU_ASSERT_EQUAL(back(&b, MANY), MANY);
	end(&b);
}

static void so_many_bytes_a_second(void)
{
	struct bench b;

	start(&b, 0, 10 * MIB);
	submit(&b, 20, STORE_WRITE, MIB);
	CU_ASSERT_EQUAL(back(&b, 20), 2);
	pass_time(&b, 1000);
	CU_ASSERT_EQUAL(back(&b, 20), 12);
	pass_time(&b, 1000);
	CU_ASSERT_EQUAL(back(&b, 20), 20);
	end(&b);
}

/* Longer than a second's worth: it goes, and those behind it wait until it is paid for. */
static void a_request_of_any_size_goes_through(void)
{
	struct bench b;

	start(&b, 0, 4 * MIB);
	submit(&b, 2, STORE_READ, 16 * MIB);
	CU_ASSERT_EQUAL(back(&b, 2), 1);
	pass_time(&b, 3899);
	CU_ASSERT_EQUAL(back(&b, 2), 1);
	pass_time(&b, 1);
	CU_ASSERT_EQUAL(back(&b, 2), 2);
	end(&b);
}

static void the_narrower_of_two_limits_holds(void)
{
	struct bench b;

	start(&b, 1000, MIB);
	submit(&b, 100, STORE_WRITE, 64 * KIB);
	pass_time(&b, 1000);
	CU_ASSERT_EQUAL(back(&b, 100), 2 + 16);
	pass_time(&b, 10000);
	CU_ASSERT_EQUAL(back(&b, 100), 100);
	submit(&b, MANY, STORE_WRITE, 512);
	CU_ASSERT_EQUAL(back(&b, MANY), 101);
	pass_time(&b, 1000);
	CU_ASSERT_EQUAL(back(&b, MANY), MANY);
	end(&b);
}

/* What was not used for an hour is not there afterwards, nor what a loop slept through. */
static void rest_is_not_saved_up(void)
{
	struct bench b;

	start(&b, 100, 0);
	pass_time(&b, 3600000);
	submit(&b, MANY, STORE_READ, 512);
	CU_ASSERT_EQUAL(back(&b, MANY), 11);
	b.now_ms += 1000;
	store_env_tick(b.env, b.now_ms);
	CU_ASSERT_EQUAL(back(&b, MANY), 22);
	pass_time(&b, 10000);
	CU_ASSERT_EQUAL(back(&b, MANY), MANY);
	end(&b);
}

static void a_flush_does_not_wait(void)
{
	struct bench b;
	bool mapped;

	start(&b, 1, 0);
	submit(&b, 2, STORE_DISCARD, MIB);
	CU_ASSERT_EQUAL(back(&b, 2), 1);
	CU_ASSERT_EQUAL(drive(b.s, STORE_FLUSH, 0, 0, 0, NULL), 0);
	CU_ASSERT_NOT_EQUAL(drive_extent(b.s, 0, MIB, &mapped), UINT64_MAX);
	CU_ASSERT_EQUAL(back(&b, 2), 1);
	pass_time(&b, 1000);
	CU_ASSERT_EQUAL(back(&b, 2), 2);
	end(&b);
}

static void what_is_recalled_comes_back_at_once(void)
{
	struct bench b;

	start(&b, 1, 0);
	submit(&b, 4, STORE_WRITE, 512);
	store_recall(b.s, &b.io[0].io); /* gone through: too late, and harmless */
	store_recall(b.s, &b.io[2].io);
	CU_ASSERT_EQUAL(b.io[2].done, 0); /* never from inside */
	CU_ASSERT_EQUAL(back(&b, 4), 2);
	CU_ASSERT_EQUAL(b.io[0].io.error, 0);
	CU_ASSERT_EQUAL(b.io[2].io.error, -ECANCELED);
	store_recall(b.s, &b.io[1].io);
	store_recall(b.s, &b.io[3].io);
	CU_ASSERT_EQUAL(back(&b, 4), 4);
	submit(&b, 1, STORE_WRITE, 512); /* what was recalled is not paid for */
	pass_time(&b, 1000);
	CU_ASSERT_EQUAL(back(&b, 1), 1);
	end(&b);
}

/* A request waits while the store becomes smaller: it must not reach beyond the end. */
static void what_waited_is_looked_at_again(void)
{
	struct bench b;

	start(&b, 1, 0);
	submit(&b, 1, STORE_READ, 512);
	drive_submit(b.s, &b.io[1], STORE_WRITE, 0, 63 * MIB, MIB, b.data);
	CU_ASSERT_EQUAL(store_resize(b.s, 32 * MIB), 0);
	CU_ASSERT_EQUAL(b.s->size, 32 * MIB);
	pass_time(&b, 1000);
	CU_ASSERT_EQUAL(back(&b, 2), 2);
	CU_ASSERT_EQUAL(b.io[1].io.error, -EINVAL);
	end(&b);
}

/* Whoever waits until nothing is in flight waits for what has been handed on, too. */
static void what_was_handed_on_is_in_flight(void)
{
	struct bench b;

	start(&b, 1, 0);
	CU_ASSERT_TRUE(store_is_idle(b.s));
	submit(&b, 2, STORE_READ, 512);
	CU_ASSERT_FALSE(store_is_idle(b.s));
	store_recall(b.s, &b.io[1].io);
	CU_ASSERT_EQUAL(back(&b, 2), 2);
	CU_ASSERT_TRUE(store_is_idle(b.s));
	submit(&b, 1, STORE_FLUSH, 0);
	CU_ASSERT_EQUAL(b.s->in_flight, 0);
	CU_ASSERT_FALSE(store_is_idle(b.s));
	CU_ASSERT_EQUAL(back(&b, 1), 1);
	pass_time(&b, 1000);
	end(&b);
}

static void it_looks_like_the_store_below(void)
{
	struct store_params p = { .backend = "ram", .size = MIB, .block_size = 4096, .thin = true };
	struct store_env *env = drive_env();
	struct store *plain = drive_open(env, &p), *limited;
	char why[STORE_WHY_MAX];

	p.max_iops = 1000000;
	p.read_only = true;
	limited = drive_open(env, &p);
	CU_ASSERT_EQUAL(limited->size, plain->size);
	CU_ASSERT_EQUAL(limited->io_align, plain->io_align);
	CU_ASSERT_EQUAL(limited->discard_align, plain->discard_align);
	CU_ASSERT_TRUE(plain->caps & STORE_AT_ONCE);
	CU_ASSERT_EQUAL(limited->caps, (plain->caps & ~(uint32_t)STORE_AT_ONCE) | STORE_READ_ONLY);
	CU_ASSERT_EQUAL(drive_write(limited, 0, 0, 4096, 1), -EROFS);
	CU_ASSERT_TRUE(drive_is_zero(limited, 0, MIB));
	CU_ASSERT_STRING_EQUAL(plain->ops->name, "ram"); /* no limit, no filter */
	store_close(limited);
	CU_ASSERT_EQUAL(limit_open(plain, 0, 0, &limited, why), 0);
	CU_ASSERT_EQUAL(drive_write(limited, 0, 0, 4096, 1), 0);
	CU_ASSERT_TRUE(drive_holds(limited, 0, 4096, 1));
	store_close(limited); /* plain went with it */
	store_env_free(env);
}

/* Who waits for the store to be idle waits for no limit. What went is charged. */
static void in_a_hurry_nothing_waits(void)
{
	struct bench b;

	start(&b, 10, 0);
	submit(&b, 6, STORE_READ, 512);
	CU_ASSERT_EQUAL(back(&b, 6), 2);
	store_hurry(b.s, true);
	CU_ASSERT_EQUAL(back(&b, 6), 6);
	submit(&b, 5, STORE_READ, 512);
	CU_ASSERT_EQUAL(back(&b, 5), 5);
	store_hurry(b.s, false);
	submit(&b, 1, STORE_READ, 512);
	pass_time(&b, 999);
	CU_ASSERT_EQUAL(back(&b, 1), 0);
	pass_time(&b, 1);
	CU_ASSERT_EQUAL(back(&b, 1), 1);
	end(&b);
}

static const struct unit_test tests[] = {
	{ "so many requests a second", so_many_requests_a_second },
	{ "so many bytes a second", so_many_bytes_a_second },
	{ "a request of any size goes through", a_request_of_any_size_goes_through },
	{ "the narrower of two limits holds", the_narrower_of_two_limits_holds },
	{ "rest is not saved up", rest_is_not_saved_up },
	{ "a flush does not wait", a_flush_does_not_wait },
	{ "what is recalled comes back at once", what_is_recalled_comes_back_at_once },
	{ "what waited is looked at again", what_waited_is_looked_at_again },
	{ "in a hurry nothing waits", in_a_hurry_nothing_waits },
	{ "what was handed on is in flight", what_was_handed_on_is_in_flight },
	{ "it looks like the store below", it_looks_like_the_store_below },
};

UNIT_MAIN("store/limit", tests)
