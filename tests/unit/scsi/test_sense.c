#include "scsi/sense.h"

#include "unit.h"

#include <string.h>

static const struct {
	const char *what;
	struct sense sense;
	uint8_t len;
	uint8_t bytes[32];
} vectors[] = {
	{ "fixed, nothing but the code",
	  { .code = SENSE_OPCODE },
	  18,
	  { 0x70, 0, 0x05, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x20, 0x00 } },
	{ "fixed, field and bit in the CDB",
	  { .code = SENSE_CDB_FIELD, .where = SENSE_IN_CDB, .byte = 2, .bit = 7 },
	  18,
	  { 0x70, 0, 0x05, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x24, 0x00, 0, 0xcf, 0, 2 } },
	{ "fixed, field in the parameter list, no bit",
	  { .code = SENSE_LIST_FIELD, .where = SENSE_IN_LIST, .byte = 0x123, .bit = SENSE_NO_BIT },
	  18,
	  { 0x70, 0, 0x05, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x26, 0x00, 0, 0x80, 0x01, 0x23 } },
	{ "fixed, information",
	  { .code = SENSE_MISCOMPARE, .has_info = true, .info = 0x01020304 },
	  18,
	  { 0xf0, 0, 0x0e, 1, 2, 3, 4, 10, 0, 0, 0, 0, 0x1d, 0x00 } },
	{ "fixed, information of more than 32 bits is left out",
	  { .code = SENSE_MISCOMPARE, .has_info = true, .info = 0x100000000 },
	  18,
	  { 0x70, 0, 0x0e, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x1d, 0x00 } },
	{ "fixed, deferred",
	  { .code = SENSE_WRITE_ERROR, .deferred = true },
	  18,
	  { 0x71, 0, 0x03, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x0c, 0x00 } },
};

static const struct {
	const char *what;
	struct sense sense;
	uint8_t len;
	uint8_t bytes[32];
} descriptor_vectors[] = {
	{ "nothing but the code", { .code = SENSE_LUNS_CHANGED }, 8, { 0x72, 0x06, 0x3f, 0x0e } },
	{ "information of 64 bits",
	  { .code = SENSE_MISCOMPARE, .has_info = true, .info = 0x0102030405060708 },
	  20,
	  { 0x72, 0x0e, 0x1d, 0, 0, 0, 0, 12, 0x00, 0x0a, 0x80, 0, 1, 2, 3, 4, 5, 6, 7, 8 } },
	{ "field pointer",
	  { .code = SENSE_CDB_FIELD, .where = SENSE_IN_CDB, .byte = 14, .bit = 0 },
	  16,
	  { 0x72, 0x05, 0x24, 0, 0, 0, 0, 8, 0x02, 0x06, 0, 0, 0xc8, 0, 14, 0 } },
	{ "both, deferred",
	  { .code = SENSE_WRITE_ERROR,
	    .deferred = true,
	    .has_info = true,
	    .info = 1,
	    .where = SENSE_IN_LIST,
	    .byte = 1,
	    .bit = SENSE_NO_BIT },
	  28,
	  { 0x73, 0x03, 0x0c, 0, 0, 0, 0, 20, 0x00, 0x0a, 0x80, 0, 0, 0,
	    0,    0,    0,    0, 0, 1, 2, 6,  0,    0,    0x80, 0, 1, 0 } },
};

/* What a destination said is passed on behind what the copy manager says. */
static void copy_aborted(void)
{
	static const uint8_t fixed[] = { 0x70, 0, 0x0a, 0, 0, 0, 0, 16,   0,    18,   0,    7,
					 0x0d, 1, 0,    0, 0, 0, 2, 0x70, 0x01, 0x03, 0x05, 0x07 };
	static const uint8_t descriptors[] = {
		0x72, 0x0a, 0x0d, 1, 0, 0,    0, 21, 0x01, 0x0a, 0, 0, 0, 0, 0,
		0,    0,    0,    0, 7, 0x0c, 7, 2,  2,    0x70, 1, 3, 5, 7,
	};
	struct sense_copy c = { .segment = 7, .status = SCSI_CHECK_CONDITION, .by_dest = true };
	struct sense s = { .code = SENSE_COPY_DEVICE, .copy = &c };
	uint8_t out[SCSI_SENSE_MAX];

	c.len = 5;
	memcpy(c.sense, fixed + 19, c.len);
	CU_ASSERT_EQUAL(sense_format(out, &s, false), sizeof(fixed));
	CU_ASSERT_EQUAL(memcmp(out, fixed, sizeof(fixed)), 0);
	CU_ASSERT_EQUAL(sense_format(out, &s, true), sizeof(descriptors));
	CU_ASSERT_EQUAL(memcmp(out, descriptors, sizeof(descriptors)), 0);

	/* A fault in the segment itself: SD, and nothing passed on. */
	c.status = SCSI_GOOD;
	s.where = SENSE_IN_SEGMENT;
	s.byte = 12;
	s.bit = 7;
	CU_ASSERT_EQUAL(sense_format(out, &s, false), 18);
	CU_ASSERT(out[8] == 0 && out[9] == 0 && out[11] == 7);
	CU_ASSERT(out[15] == 0xaf && out[16] == 0 && out[17] == 12);
}

/* However much a copy tells, it fits. */
static void most_that_a_copy_tells_fits(void)
{
	struct sense_copy c = { .status = SCSI_CHECK_CONDITION, .len = SENSE_FORWARD_MAX };
	struct sense s = {
		.code = SENSE_COPY_DEVICE, .has_info = true, .where = SENSE_IN_SEGMENT, .copy = &c
	};
	uint8_t out[SCSI_SENSE_MAX];

	CU_ASSERT(sense_format(out, &s, false) <= SCSI_SENSE_MAX);
	CU_ASSERT(sense_format(out, &s, true) <= SCSI_SENSE_MAX);
}

static void fixed_format(void)
{
	uint8_t out[SCSI_SENSE_MAX];
	size_t i;

	for (i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		CU_ASSERT_EQUAL(sense_format(out, &vectors[i].sense, false), vectors[i].len);
		CU_ASSERT_EQUAL(memcmp(out, vectors[i].bytes, vectors[i].len), 0);
	}
}

static void descriptor_format(void)
{
	uint8_t out[SCSI_SENSE_MAX];
	size_t i;

	for (i = 0; i < sizeof(descriptor_vectors) / sizeof(descriptor_vectors[0]); i++) {
		CU_ASSERT_EQUAL(sense_format(out, &descriptor_vectors[i].sense, true),
				descriptor_vectors[i].len);
		CU_ASSERT_EQUAL(memcmp(out, descriptor_vectors[i].bytes, descriptor_vectors[i].len),
				0);
	}
}

static const struct unit_test tests[] = {
	{ "sense in fixed format has its fields where SPC puts them", fixed_format },
	{ "an aborted copy tells the segment, and what another unit said", copy_aborted },
	{ "the most that a copy tells fits", most_that_a_copy_tells_fits },
	{ "sense in descriptor format has a descriptor for each thing told", descriptor_format },
};

UNIT_MAIN("scsi/sense", tests)
