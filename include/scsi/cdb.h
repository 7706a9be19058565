/* Command descriptor blocks: where the common fields sit (SPC-5, 4.2). Pure. */
#ifndef SCSI_CDB_H
#define SCSI_CDB_H

#include <stdint.h>

enum cdb_form {
	CDB_PLAIN,    /* none of the fields below */
	CDB_RW6,      /* 21-bit LBA, 8-bit TRANSFER LENGTH of which 0 means 256 */
	CDB_RW10,     /* LBA in 2-5, blocks in 7-8 */
	CDB_RW12,     /* LBA in 2-5, blocks in 6-9 */
	CDB_RW16,     /* LBA in 2-9, blocks in 10-13 */
	CDB_CAW16,    /* LBA in 2-9, blocks in 13 */
	CDB_ATOMIC16, /* LBA in 2-9, blocks in 12-13 */
	CDB_LBA16,    /* LBA in 2-9, ALLOCATION LENGTH in 10-13 */
	CDB_ALLOC6,   /* ALLOCATION LENGTH in 4 */
	CDB_ALLOC6W,  /* ALLOCATION LENGTH in 3-4 */
	CDB_ALLOC8,   /* ALLOCATION LENGTH in 8-9 */
	CDB_CD,       /* LBA in 2-5, blocks in 6-8 */
	CDB_MSF,      /* minute, second and frame: the first in 3-5, behind the last in 6-8 */
	CDB_ALLOC10,  /* ALLOCATION or PARAMETER LIST LENGTH in 7-8 */
	CDB_ALLOC24,  /* ALLOCATION or PARAMETER LIST LENGTH in 6-8 */
	CDB_ALLOC12,  /* ALLOCATION LENGTH in 6-9 */
	CDB_ALLOC16,  /* ALLOCATION LENGTH in 10-13 */
	CDB_LIST9,    /* PARAMETER LIST LENGTH in 5-8 */
	CDB_FORMS
};

/* What the fields say; 0 where the form has none. */
struct cdb_fields {
	uint64_t lba;
	uint64_t blocks;
	uint32_t alloc_len; /* bytes */
};

/* Bytes of a CDB with that operation code (SPC-5, table 26); 0: not of a fixed length. */
uint8_t cdb_len(uint8_t opcode);

/* Read the fields of a CDB that has all bytes of its form. */
void cdb_get(enum cdb_form form, const uint8_t *cdb, struct cdb_fields *out);

/* The byte where the form's length (blocks or bytes) begins; 0: it has none. */
uint8_t cdb_length_at(enum cdb_form form);

#endif
