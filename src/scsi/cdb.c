#include "scsi/cdb.h"

#include "base/bytes.h"

/* Each field: first byte and number of bytes; 0 bytes: the form has no such field. */
struct layout {
	uint8_t lba, lba_len;
	uint8_t blocks, blocks_len;
	uint8_t alloc, alloc_len;
};

static const struct layout layouts[CDB_FORMS] = {
	[CDB_RW6] = { 1, 3, 4, 1, 0, 0 },     [CDB_RW10] = { 2, 4, 7, 2, 0, 0 },
	[CDB_RW12] = { 2, 4, 6, 4, 0, 0 },    [CDB_RW16] = { 2, 8, 10, 4, 0, 0 },
	[CDB_CAW16] = { 2, 8, 13, 1, 0, 0 },  [CDB_ATOMIC16] = { 2, 8, 12, 2, 0, 0 },
	[CDB_LBA16] = { 2, 8, 0, 0, 10, 4 },  [CDB_ALLOC6] = { 0, 0, 0, 0, 4, 1 },
	[CDB_ALLOC6W] = { 0, 0, 0, 0, 3, 2 }, [CDB_ALLOC10] = { 0, 0, 0, 0, 7, 2 },
	[CDB_ALLOC12] = { 0, 0, 0, 0, 6, 4 }, [CDB_ALLOC16] = { 0, 0, 0, 0, 10, 4 },
	[CDB_ALLOC24] = { 0, 0, 0, 0, 6, 3 }, [CDB_LIST9] = { 0, 0, 0, 0, 5, 4 },
	[CDB_ALLOC8] = { 0, 0, 0, 0, 8, 2 },  [CDB_CD] = { 2, 4, 6, 3, 0, 0 },
	[CDB_MSF] = { 3, 3, 6, 3, 0, 0 },
};

uint8_t cdb_len(uint8_t opcode)
{
	/* by group code, the upper three bits */
	static const uint8_t lengths[8] = { 6, 10, 10, 0, 16, 12, 0, 0 };

	return lengths[opcode >> 5];
}

static uint64_t number(const uint8_t *p, uint8_t len)
{
	switch (len) {
	case 1: return p[0];
	case 2: return be16(p);
	case 3: return be24(p);
	case 4: return be32(p);
	case 8: return be64(p);
	default: return 0;
	}
}

/* The LBA of a time on a CD (MMC-6, 4.2.3.9); one in front of the first is past every end. */
static uint64_t lba_of(uint64_t msf)
{
	return ((msf >> 16) * 60 + (msf >> 8 & 0xff)) * 75 + (msf & 0xff) - 150;
}

void cdb_get(enum cdb_form form, const uint8_t *cdb, struct cdb_fields *out)
{
	const struct layout *l = &layouts[form];

	out->lba = number(cdb + l->lba, l->lba_len);
	out->blocks = number(cdb + l->blocks, l->blocks_len);
	out->alloc_len = (uint32_t)number(cdb + l->alloc, l->alloc_len);
	if (form == CDB_RW6) { /* SBC-4, 5.15: three bits of byte 1 are reserved */
		out->lba &= 0x1fffff;
		if (!out->blocks)
			out->blocks = 256;
	}
	if (form == CDB_MSF) { /* an end in front of the start is past every end, too */
		out->lba = lba_of(out->lba);
		out->blocks = lba_of(out->blocks) - out->lba;
	}
}

uint8_t cdb_length_at(enum cdb_form form)
{
	const struct layout *l = &layouts[form];

	return l->blocks_len ? l->blocks : l->alloc;
}
