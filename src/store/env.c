#include "store/env.h"

#include "base/clock.h"
#include "base/log.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

int store_env_new(unsigned int depth, unsigned int workers, struct store_env **out)
{
	struct store_env *env = calloc(1, sizeof(*env));
	int err;

	if (!env)
		return -ENOMEM;
	STAILQ_INIT(&env->finished);
	LIST_INIT(&env->alarms);
	env->due_ms = UINT64_MAX;
	env->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (env->fd < 0) {
		err = -errno;
		goto fail;
	}
	err = workers_init(&env->workers, workers, env->fd);
	if (err)
		goto fail;
	err = aio_init(&env->aio, depth, env->fd);
	if (err) /* slower without, and better than not at all */
		log_warning("store: no libaio context for %u requests (%s; see "
			    "/proc/sys/fs/aio-max-nr): direct I/O goes through threads",
			    depth, strerror(-err));
	*out = env;
	return 0;
fail:
	if (env->fd >= 0)
		close(env->fd);
	free(env);
	return err;
}

void store_env_free(struct store_env *env)
{
	if (!env)
		return;
	assert(STAILQ_EMPTY(&env->finished) && LIST_EMPTY(&env->alarms));
	workers_fini(&env->workers);
	aio_fini(&env->aio);
	close(env->fd);
	free(env);
}

int store_env_fd(const struct store_env *env)
{
	return env->fd;
}

void env_finish(struct store_io *io, long result)
{
	assert(result <= 0);
	io->error = (int)result;
	STAILQ_INSERT_TAIL(&io->store->env->finished, io, link);
}

void env_aio(struct store_io *io, void (*next)(struct store_io *io, long result))
{
	io->next = next;
	aio_queue(&io->store->env->aio, io);
}

void env_work(struct store_io *io, int (*work)(struct store_io *io),
	      void (*next)(struct store_io *io, long result))
{
	int err;

	io->work = work;
	io->next = next;
	err = workers_add(&io->store->env->workers, io);
	if (err)
		env_finish(io, err);
}

static void reap_workers(struct store_env *env)
{
	struct store_io_list back = STAILQ_HEAD_INITIALIZER(back);
	struct store_io *io;

	if (!workers_take(&env->workers, &back))
		return;
	while ((io = STAILQ_FIRST(&back))) {
		STAILQ_REMOVE_HEAD(&back, link);
		io->next(io, io->error);
	}
}

bool store_env_reap(struct store_env *env, bool wake)
{
	struct store_io_list finished = STAILQ_HEAD_INITIALIZER(finished);
	eventfd_t count;
	struct store_io *io;

	if (wake)
		eventfd_read(env->fd, &count); /* before the lists, so that no wake-up is lost */
	aio_reap(&env->aio, wake);
	reap_workers(env);
	if (STAILQ_EMPTY(&env->finished))
		return false;
	if (env->stamp)
		*env->stamp = clock_ns();
	STAILQ_CONCAT(&finished, &env->finished);
	while ((io = STAILQ_FIRST(&finished))) {
		STAILQ_REMOVE_HEAD(&finished, link);
		io->store->in_flight--;
		io->done(io); /* and io is the caller's again */
	}
	return true;
}

void store_env_flush(struct store_env *env)
{
	aio_flush(&env->aio);
	if (!STAILQ_EMPTY(&env->finished))
		eventfd_write(env->fd, 1);
}

void env_alarm_set(struct store_env *env, struct env_alarm *a, uint64_t due_ms)
{
	assert(due_ms > env->now_ms);
	if (!a->is_set)
		LIST_INSERT_HEAD(&env->alarms, a, link);
	a->is_set = true;
	a->due_ms = due_ms;
	if (due_ms < env->due_ms)
		env->due_ms = due_ms;
}

void env_alarm_stop(struct env_alarm *a)
{
	if (a->is_set)
		LIST_REMOVE(a, link);
	a->is_set = false;
}

/* Those that are set again in between stand in front of where the walk is. */
static void ring(struct store_env *env)
{
	struct env_alarm *a = LIST_FIRST(&env->alarms), *next;

	for (; a; a = next) {
		next = LIST_NEXT(a, link);
		if (a->due_ms > env->now_ms)
			continue;
		env_alarm_stop(a);
		a->ring(a);
	}
}

void store_env_tick(struct store_env *env, uint64_t now_ms)
{
	const struct env_alarm *a;

	env->now_ms = now_ms;
	if (now_ms < env->due_ms)
		return;
	ring(env);
	env->due_ms = UINT64_MAX;
	LIST_FOREACH (a, &env->alarms, link) {
		if (a->due_ms < env->due_ms)
			env->due_ms = a->due_ms;
	}
}

uint64_t store_env_due_ms(const struct store_env *env)
{
	return env->due_ms;
}

void store_env_stamp(struct store_env *env, uint64_t *ns)
{
	env->stamp = ns;
}
