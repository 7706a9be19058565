/* The parameter list of EXTENDED COPY (LID1) (SPC-4, 6.4): its checks, and what it says. Pure. */
#ifndef SCSI_XCOPY_LIST_H
#define SCSI_XCOPY_LIST_H

#include <stdbool.h>
#include <stdint.h>

struct sense;

/* What one list may hold: told by RECEIVE COPY OPERATING PARAMETERS and VPD page 8Fh. */
#define XCOPY_CSCDS    16
#define XCOPY_SEGMENTS 64

/* The descriptors there are. */
#define XCOPY_CSCD_ID        0xe4 /* identification descriptor CSCD descriptor */
#define XCOPY_CSCD_LEN       32
#define XCOPY_SEGMENT_B2B    0x02 /* block device to block device */
#define XCOPY_SEGMENT_LEN    28
#define XCOPY_DESCRIPTOR_MAX (XCOPY_CSCDS * XCOPY_CSCD_LEN + XCOPY_SEGMENTS * XCOPY_SEGMENT_LEN)

/* A list that is in order. */
struct xcopy_list {
	const uint8_t *cscds;    /* borrowed from the parameter data */
	const uint8_t *segments; /* likewise */
	uint16_t ncscds;
	uint16_t nsegments;
	uint8_t id;  /* LIST IDENTIFIER */
	bool has_id; /* else nobody will ask for what came of it */
};

/* A copy source or destination. */
struct xcopy_cscd {
	const uint8_t *designator; /* header and bytes, as in VPD page 83h; borrowed */
	bool is_null;              /* NUL: no device at all */
	bool pad;
	uint8_t device_type;
	uint32_t block_size; /* bytes */
};

/* A segment: where from, where to, how much. */
struct xcopy_segment {
	uint16_t source, dest; /* number of the CSCD descriptor */
	uint16_t blocks;
	bool by_dest; /* DC: blocks of the destination are counted, not of the source */
	bool cat;
	uint64_t source_lba, dest_lba;
};

/* Where its fields are, for a field pointer (SD set). */
enum {
	XCOPY_AT_CAT = 1,
	XCOPY_AT_SOURCE = 4,
	XCOPY_AT_DEST = 6,
	XCOPY_AT_BLOCKS = 10,
	XCOPY_AT_SOURCE_LBA = 12,
	XCOPY_AT_DEST_LBA = 20,
};

/*
 * Check len bytes at p (at least 1). False: fault says what is wrong. Nothing of it tells
 * whether what the list names is there.
 */
bool xcopy_list_get(struct xcopy_list *out, const uint8_t *p, uint32_t len, struct sense *fault);

/* The i-th segment; i < nsegments. */
void xcopy_list_segment(const struct xcopy_list *l, uint16_t i, struct xcopy_segment *out);

/* The CSCD with that number. False: the list has none. */
bool xcopy_list_cscd(const struct xcopy_list *l, uint16_t id, struct xcopy_cscd *out);

#endif
