/* A set of bytes: sorted ranges that do not touch. What has come of a write's data. Pure but for
 * memory. */
#ifndef ISCSI_RANGES_H
#define ISCSI_RANGES_H

#include <stdbool.h>
#include <stdint.h>

#define RANGES_INLINE 4    /* without memory of their own */
#define RANGES_MAX    1024 /* gaps that a peer may make us remember */

struct range {
	uint32_t begin; /* bytes */
	uint32_t end;   /* the byte behind it */
};

struct ranges {
	struct range *r; /* few, or owns memory */
	uint16_t n;
	uint16_t room;
	struct range few[RANGES_INLINE];
};

void ranges_init(struct ranges *s);

/* Forget all, and give memory back. May be used again at once. */
void ranges_fini(struct ranges *s);

/*
 * Add len bytes at begin; nothing is added when len is 0. 0; -EEXIST: one of them is there
 * already, nothing changes; -ENOBUFS: too many gaps; -ENOMEM.
 */
int ranges_add(struct ranges *s, uint32_t begin, uint32_t len);

/* Add those of len bytes at begin that are not there yet. 0; as ranges_add(), with some added. */
int ranges_put(struct ranges *s, uint32_t begin, uint32_t len);

/* The first bytes from begin on, before end, that are not there. False: all are. */
bool ranges_gap(const struct ranges *s, uint32_t begin, uint32_t end, struct range *gap);

/* How many bytes from 0 on are there without a gap. */
uint32_t ranges_prefix(const struct ranges *s);

#endif
