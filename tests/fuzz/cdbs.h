/* CDBs from bytes: the rows of the command table with their fields filled, or anything at all. */
#ifndef CDBS_H
#define CDBS_H

#include "fuzz.h"
#include "scsi/cmd.h"

#include <stdbool.h>
#include <stddef.h>

struct cdb_made {
	uint8_t cdb[16];
	const struct scsi_cmd *row; /* NULL: any bytes */
	bool in, out;               /* which way data goes */
	uint32_t exact;             /* bytes that the CDB moves; 0 when row is NULL */
};

/* A command table. */
struct cdb_table {
	const struct scsi_cmd *rows;
	size_t n;
};

/* block_size: bytes, of the logical unit that it is for; the table: its own. */
void cdb_make(struct feed *f, struct cdb_table table, uint32_t block_size, struct cdb_made *out);

/* Data-out for it: len bytes, a pattern or a parameter list. */
void cdb_data(struct feed *f, const struct cdb_made *c, uint8_t *data, uint32_t len);

#endif
