/* What a sector carries, so that it can be told from every other that was ever written. Pure. */
#ifndef LOAD_PATTERN_H
#define LOAD_PATTERN_H

#include <stdbool.h>
#include <stdint.h>

#define PATTERN_LEN 512 /* bytes */

struct pattern {
	uint64_t sector;     /* its address, in units of PATTERN_LEN */
	uint32_t generation; /* the number of the write */
	uint32_t seed;       /* of the run */
};

/* Fill the PATTERN_LEN bytes at to: p itself first, then words that follow from it. */
void pattern_fill(uint8_t *to, const struct pattern *p);

/* Is all of it there? */
bool pattern_matches(const uint8_t *at, const struct pattern *p);

/* What stands at its beginning, true or not. */
void pattern_read(const uint8_t *at, struct pattern *out);

#endif
