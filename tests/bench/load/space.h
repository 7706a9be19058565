/*
 * The blocks that are read and written. With verification it knows what each sector
 * holds and which are in flight, and keeps overlapping commands apart: a write shares
 * its blocks with nobody, reads share theirs.
 */
#ifndef LOAD_SPACE_H
#define LOAD_SPACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct space {
	uint32_t block_len; /* bytes of a logical block */
	uint64_t blocks;
	uint32_t seed;

	/* With verification; else NULL. An entry for each sector of PATTERN_LEN bytes. */
	uint32_t *generations; /* owns; the write whose data is there, 0: unknown */
	uint8_t *users;        /* owns; reads in flight, or SPACE_WRITING */
	uint32_t writes;       /* generations given out */
};

#define SPACE_WRITING 0xff

/* A run of blocks. */
struct extent {
	uint64_t lba;
	uint32_t blocks;
};

/* block_len and blocks as the logical unit has them. 0 or -ENOMEM. */
int space_init(struct space *s, uint32_t block_len, uint64_t blocks, uint32_t seed, bool verify);
void space_free(struct space *s);

/* Make e busy. False: it overlaps with what is in flight, and nothing has changed. */
bool space_claim(struct space *s, const struct extent *e, bool is_write);
void space_release(struct space *s, const struct extent *e, bool is_write);

/* Fill data for a write of e. Returns its generation, for space_written(). */
uint32_t space_fill(struct space *s, const struct extent *e, uint8_t *data);

/* The write of e with that generation has ended well. */
void space_written(struct space *s, const struct extent *e, uint32_t generation);

/*
 * Does data read from e hold what was written there? What was never written is not
 * looked at. When not, why is told in words.
 */
bool space_check(const struct space *s, const struct extent *e, const uint8_t *data, char *why,
		 size_t size);

/* The next run of written blocks from *lba on, at most max; *lba is put behind it. False: none. */
bool space_next_written(const struct space *s, uint64_t *lba, uint32_t max, struct extent *out);

#endif
