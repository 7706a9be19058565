#include "store/env.h"

#include "drive.h"

#include <errno.h>

static const struct store_params null_params = {
	.backend = "null",
	.size = MIB,
	.block_size = 512,
};

static bool is_readable(struct store_env *env)
{
	struct pollfd p = { .fd = store_env_fd(env), .events = POLLIN };

	return poll(&p, 1, 0) == 1;
}

static void without_requests_nothing_happens(void)
{
	struct store_env *env = drive_env();

	CU_ASSERT_FALSE(store_env_reap(env, false));
	CU_ASSERT_FALSE(store_env_reap(env, true));
	store_env_flush(env);
	CU_ASSERT_FALSE(is_readable(env));
	store_env_free(env);
	store_env_free(NULL);
}

static void done_comes_from_reap_only(void)
{
	struct store_env *env = drive_env();
	struct store *s = drive_open(env, &null_params);
	struct drive_io d;

	drive_submit(s, &d, STORE_FLUSH, 0, 0, 0, NULL);
	CU_ASSERT_EQUAL(d.done, 0);
	CU_ASSERT_EQUAL(s->in_flight, 1);
	CU_ASSERT_TRUE(store_env_reap(env, false));
	CU_ASSERT_EQUAL(d.done, 1);
	CU_ASSERT_EQUAL(s->in_flight, 0);
	CU_ASSERT_FALSE(store_env_reap(env, false));
	store_close(s);
	store_env_free(env);
}

/* A loop that flushes last and then sleeps is woken by what was finished meanwhile. */
static void flush_wakes_for_what_is_finished(void)
{
	struct store_env *env = drive_env();
	struct store *s = drive_open(env, &null_params);
	struct drive_io d;

	drive_submit(s, &d, STORE_FLUSH, 0, 0, 0, NULL);
	CU_ASSERT_FALSE(is_readable(env));
	store_env_flush(env);
	CU_ASSERT_TRUE(is_readable(env));
	CU_ASSERT_TRUE(store_env_reap(env, true));
	CU_ASSERT_FALSE(is_readable(env));
	store_close(s);
	store_env_free(env);
}

/* A chain: each end submits the next. */
struct chain {
	struct store_io io;
	struct store *store;
	int left;
	bool inside; /* of done() */
};

static void next_of_chain(struct store_io *io)
{
	struct chain *c = io->user;

	CU_ASSERT_FALSE(c->inside);
	c->inside = true;
	if (--c->left > 0)
		store_submit(c->store, io);
	c->inside = false;
}

static void one_reap_ends_what_was_there_before_it(void)
{
	struct store_env *env = drive_env();
	struct store *s = drive_open(env, &null_params);
	struct chain c = { .store = s, .left = 3 };
	int turns = 0;

	c.io = (struct store_io){ .op = STORE_FLUSH, .done = next_of_chain, .user = &c };
	store_submit(s, &c.io);
	while (store_env_reap(env, false))
		turns++;
	CU_ASSERT_EQUAL(turns, 3);
	CU_ASSERT_EQUAL(c.left, 0);
	store_close(s);
	store_env_free(env);
}

static int fail_to_work(struct store_io *io)
{
	(void)io;
	return -EDQUOT;
}

static void what_a_worker_says_goes_to_the_next_step(void)
{
	struct store_env *env = drive_env();
	struct store *s = drive_open(env, &null_params);
	struct drive_io d = { .io = { .store = s, .done = drive_done } };

	d.io.user = &d;
	s->in_flight++;
	env_work(&d.io, fail_to_work, env_finish);
	drive_wait(env, &d, 1);
	CU_ASSERT_EQUAL(d.io.error, -EDQUOT);
	CU_ASSERT_EQUAL(s->in_flight, 0);
	store_close(s);
	store_env_free(env);
}

static const struct unit_test tests[] = {
	{ "without requests nothing happens", without_requests_nothing_happens },
	{ "done() is called by reap and never by submit", done_comes_from_reap_only },
	{ "flush wakes the loop for what is finished", flush_wakes_for_what_is_finished },
	{ "what done() submits waits for the next reap", one_reap_ends_what_was_there_before_it },
	{ "what a worker says goes to the next step", what_a_worker_says_goes_to_the_next_step },
};

UNIT_MAIN("store/env", tests)
