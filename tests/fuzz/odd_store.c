#include "odd_store.h"

#include "fuzz.h"
#include "store/env.h"

static void answer(struct odd_store *s, struct store_io *io)
{
	if (!s->error) {
		switch (io->op) {
		case STORE_READ: memcpy(io->data, s->bytes + io->offset, io->len); break;
		case STORE_WRITE: memcpy(s->bytes + io->offset, io->data, io->len); break;
		case STORE_DISCARD:
		case STORE_RESERVE:
		case STORE_ZERO: memset(s->bytes + io->offset, 0, io->len); break;
		case STORE_FLUSH:
		case STORE_COPY: break;
		case STORE_SPACE: /* fuller and fuller, and then empty again */
			s->asked++;
			io->space = (struct store_space){ 4096, (8 - s->asked % 8) << 20, 8 << 20 };
			break;
		case STORE_EXTENT:
			io->mapped = s->bytes[io->offset] != 0;
			io->reserved = !io->mapped && io->offset & s->store.io_align;
			io->extent_len = s->store.io_align;
			break;
		}
	}
	env_finish(io, s->error);
}

static void odd_submit(struct store_io *io)
{
	struct odd_store *s = (struct odd_store *)io->store;

	if (!s->hold) {
		answer(s, io);
		return;
	}
	s->nheld++;
	STAILQ_INSERT_TAIL(&s->held, io, link);
}

static void odd_close(struct store *store)
{
	struct odd_store *s = (struct odd_store *)store;

	MUST(!s->nheld, "%u requests are with a store that is closed", s->nheld);
	free(s->bytes);
	free(s);
}

static const struct store_ops odd_ops = {
	.name = "odd",
	.submit = odd_submit,
	.close = odd_close,
};

struct odd_store *odd_store_new(struct store_env *env, uint64_t size, uint32_t block_size)
{
	struct odd_store *s = calloc(1, sizeof(*s));

	MUST(s, "memory");
	s->store.ops = &odd_ops;
	s->store.env = env;
	s->store.size = size;
	s->store.io_align = block_size;
	s->store.discard_align = 2 * block_size;
	s->store.caps = STORE_CAN_DISCARD | STORE_CAN_EXTENT | STORE_CAN_SPACE | STORE_CAN_RESERVE;
	s->bytes = calloc(1, size);
	MUST(s->bytes, "memory");
	STAILQ_INIT(&s->held);
	return s;
}

void odd_store_answer(struct odd_store *s, unsigned int which)
{
	struct store_io *io = STAILQ_FIRST(&s->held);

	if (!io)
		return;
	for (which %= s->nheld; which; which--)
		io = STAILQ_NEXT(io, link);
	STAILQ_REMOVE(&s->held, io, store_io, link);
	s->nheld--;
	answer(s, io);
}

void odd_store_release(struct odd_store *s)
{
	s->hold = false;
	while (s->nheld)
		odd_store_answer(s, 0);
}
