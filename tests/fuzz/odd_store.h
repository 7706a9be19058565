/* A store that answers when it is told to, and with the error it is told. */
#ifndef ODD_STORE_H
#define ODD_STORE_H

#include "store/store.h"

struct odd_store {
	struct store store; /* first */
	uint8_t *bytes;     /* owns */
	bool hold;          /* else requests are answered at once */
	int error;          /* what they are answered with: 0 or -errno */
	unsigned int nheld;
	unsigned int asked; /* how often for the space there is */
	struct store_io_list held;
};

/* size: bytes, whole blocks of block_size. */
struct odd_store *odd_store_new(struct store_env *env, uint64_t size, uint32_t block_size);

/* Answer one held request: not always the oldest. Nothing when there is none. */
void odd_store_answer(struct odd_store *s, unsigned int which);

/* Hold nothing any more, and answer all that was held. */
void odd_store_release(struct odd_store *s);

#endif
