#include "store/null.h"

#include "store/env.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void null_submit(struct store_io *io)
{
	if (io->op == STORE_READ)
		memset(io->data, 0, io->len);
	env_finish(io, 0);
}

static int null_resize(struct store *s, uint64_t size)
{
	(void)s;
	(void)size;
	return 0;
}

static void null_close(struct store *s)
{
	free(s);
}

static const struct store_ops null_ops = {
	.name = "null",
	.submit = null_submit,
	.resize = null_resize,
	.close = null_close,
};

int null_open(struct store_env *env, const struct store_params *p, struct store **out,
	      char why[static STORE_WHY_MAX])
{
	struct store *s = calloc(1, sizeof(*s));

	if (!s) {
		snprintf(why, STORE_WHY_MAX, "no memory for a null store");
		return -ENOMEM;
	}
	s->ops = &null_ops;
	s->env = env;
	s->size = p->size;
	s->io_align = p->block_size;
	s->discard_align = p->thin ? p->block_size : 0;
	s->caps = STORE_VOLATILE | STORE_AT_ONCE | (p->thin ? STORE_CAN_DISCARD : 0);
	s->io = STORE_IO_CACHED;
	*out = s;
	return 0;
}
