#include "scsi/ident.h"

#include "keep_rig.h"

static void report(struct rig *r, struct rig_cmd *c, uint8_t itype)
{
	const uint8_t cdb[12] = { 0xa3, 0x05, [8] = 2, [10] = (uint8_t)(itype << 1) };

	rig_in(r, c, cdb, sizeof(cdb), 512);
}

static void set(struct rig *r, struct rig_cmd *c, uint8_t itype, const void *data, uint16_t len)
{
	uint8_t cdb[12] = { 0xa4, 0x06, [10] = (uint8_t)(itype << 1) };

	put_be16(cdb + 8, len);
	rig_out(r, c, cdb, sizeof(cdb), data, len);
}

/* The sense of x[1]'s TEST UNIT READY. */
static uint32_t attention(struct rig *r)
{
	static const uint8_t tur[6];
	struct rig_cmd c;

	rig_cmd_init(&c, &r->x[1], tur, 6);
	rig_do(r, &c);
	scsi_task_fini(&c.t);
	return rig_sense(&c);
}

static void what_is_set_outlives_the_process(void)
{
	static const uint8_t types[] = { 0, 0, 0, 8, 0, 0, 0, 64, 4, 0, 1, 0 };
	struct keep_dir d;
	struct rig_cmd c;
	struct rig r;

	keep_dir_make(&d);
	keep_start(&r, &d);
	report(&r, &c, 0x7f);
	CU_ASSERT_EQUAL(c.t.in_len, sizeof(types));
	CU_ASSERT_EQUAL(memcmp(c.t.buf->data, types, sizeof(types)), 0);
	scsi_task_fini(&c.t);
	set(&r, &c, 0, "four", 4);
	CU_ASSERT_EQUAL(c.t.status, SCSI_GOOD);
	scsi_task_fini(&c.t);
	CU_ASSERT_EQUAL(attention(&r), SENSE_IDENT_CHANGED);
	CU_ASSERT_EQUAL(attention(&r), SENSE_NONE);
	set(&r, &c, 2, "a text", 7);
	CU_ASSERT_EQUAL(c.t.status, SCSI_GOOD);
	scsi_task_fini(&c.t);
	rig_close(&r);

	keep_start(&r, &d);
	report(&r, &c, 0);
	CU_ASSERT_EQUAL(c.t.in_len, 8);
	CU_ASSERT_EQUAL(memcmp(c.t.buf->data, "\0\0\0\4four", 8), 0);
	scsi_task_fini(&c.t);
	report(&r, &c, 2);
	CU_ASSERT_EQUAL(memcmp(c.t.buf->data, "\0\0\0\7a text", 11), 0);
	scsi_task_fini(&c.t);
	set(&r, &c, 0, NULL, 0); /* none is set any more */
	CU_ASSERT_EQUAL(c.t.status, SCSI_GOOD);
	scsi_task_fini(&c.t);
	report(&r, &c, 0);
	CU_ASSERT_EQUAL(c.t.in_len, 4);
	scsi_task_fini(&c.t);
	rig_close(&r);
	keep_dir_remove(&d);
}

static void lists_that_are_refused(void)
{
	static const struct {
		const char *what;
		uint8_t itype;
		uint16_t len, edtl;
		uint32_t sense;
		bool in_cdb;
		uint16_t byte;
		uint8_t bit;
	} vectors[] = {
		{ "no such type", 1, 4, 4, SENSE_CDB_FIELD, true, 10, 7 },
		{ "the type that tells of types", 0x7f, 4, 4, SENSE_CDB_FIELD, true, 10, 7 },
		{ "too long", 0, 65, 65, SENSE_CDB_FIELD, true, 6, 7 },
		{ "too long a text", 2, 257, 257, SENSE_CDB_FIELD, true, 6, 7 },
		{ "a text without end", 2, 256, 256, SENSE_LIST_FIELD, false, 255, SENSE_NO_BIT },
		{ "less than it says", 0, 8, 7, SENSE_LIST_LENGTH, false, 0, 0 },
	};
	static uint8_t data[512];
	struct keep_dir d;
	struct rig_cmd c;
	struct rig r;
	size_t i;

	memset(data, 'x', sizeof(data));
	keep_dir_make(&d);
	keep_start(&r, &d);
	for (i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		uint8_t cdb[12] = { 0xa4, 0x06, [10] = (uint8_t)(vectors[i].itype << 1) };

		put_be16(cdb + 8, vectors[i].len);
		rig_out(&r, &c, cdb, sizeof(cdb), data, vectors[i].edtl);
		CU_ASSERT_EQUAL(rig_sense(&c), vectors[i].sense);
		if (vectors[i].sense != SENSE_LIST_LENGTH)
			rig_check_pointer(&c, vectors[i].in_cdb, vectors[i].byte, vectors[i].bit);
		scsi_task_fini(&c.t);
	}
	report(&r, &c, 1);
	CU_ASSERT_EQUAL(rig_sense(&c), SENSE_CDB_FIELD);
	rig_check_pointer(&c, true, 10, 7);
	scsi_task_fini(&c.t);
	CU_ASSERT_EQUAL(attention(&r), SENSE_NONE);
	rig_close(&r);
	keep_dir_remove(&d);
}

/* Without a state directory nothing can be set, and what cannot be kept is not taken. */
static void what_cannot_be_kept(void)
{
	struct rig_cmd c;
	struct rig r;
	unsigned int errors = 0;

	rig_start(&r);
	set(&r, &c, 0, "four", 4);
	CU_ASSERT_EQUAL(rig_sense(&c), SENSE_CDB_FIELD); /* the SERVICE ACTION */
	rig_check_pointer(&c, true, 1, 4);
	scsi_task_fini(&c.t);
	r.core.state_dir = "/dev/null";
	log_set_sink(keep_no_log, &errors);
	set(&r, &c, 0, "four", 4);
	log_set_sink(NULL, NULL);
	CU_ASSERT_EQUAL(rig_sense(&c), SENSE_HARDWARE);
	CU_ASSERT_EQUAL(errors, 1);
	scsi_task_fini(&c.t);
	report(&r, &c, 0);
	CU_ASSERT_EQUAL(c.t.in_len, 4);
	scsi_task_fini(&c.t);
	rig_close(&r);
}

/* Two at a time: the second waits, and both are there afterwards. */
static void one_at_a_time(void)
{
	static const uint8_t cdb[2][12] = { { 0xa4, 0x06, [9] = 4 },
					    { 0xa4, 0x06, [9] = 2, [10] = 4 } };
	struct rig_cmd c[2];
	struct keep_dir d;
	struct rig r;
	int i;

	keep_dir_make(&d);
	keep_start(&r, &d);
	for (i = 0; i < 2; i++) {
		rig_cmd_init(&c[i], &r.x[0], cdb[i], 12);
		rig_expect_out(&c[i], i ? "t" : "four", i ? 2 : 4);
		rig_submit(&c[i]);
	}
	rig_wait(&r, &c[0]);
	rig_wait(&r, &c[1]);
	for (i = 0; i < 2; i++) {
		CU_ASSERT_EQUAL(c[i].t.status, SCSI_GOOD);
		scsi_task_fini(&c[i].t);
	}
	rig_close(&r);
	keep_start(&r, &d);
	CU_ASSERT_EQUAL(r.lu->ident[0].len, 4);
	CU_ASSERT_EQUAL(r.lu->ident[1].len, 2);
	rig_close(&r);
	keep_dir_remove(&d);
}

/* Each byte of the file changed: nothing breaks, and a nonsense is told. */
static void files_that_lie(void)
{
	uint8_t p[4096], copy[4096];
	unsigned int errors = 0;
	struct keep_dir d;
	struct rig_cmd c;
	uint32_t len, i;
	struct rig r;

	keep_dir_make(&d);
	keep_start(&r, &d);
	set(&r, &c, 0, "four", 4);
	scsi_task_fini(&c.t);
	rig_close(&r);
	len = keep_get(&d, "id", p);
	CU_ASSERT_EQUAL_FATAL(len, 32 + 2 + 4 + 2 + 4);
	log_set_sink(keep_no_log, &errors);
	for (i = 0; i < len - 4; i++) {
		memcpy(copy, p, len);
		copy[i] ^= 0x81;
		keep_put(&d, "id", copy, len);
		errors = 0;
		keep_start(&r, &d);
		/* The bytes of the information itself may be any. */
		CU_ASSERT_EQUAL(errors, i < 34 || i >= 38);
		CU_ASSERT_EQUAL(r.lu->ident[0].len, errors ? 0 : 4);
		rig_close(&r);
	}
	log_set_sink(NULL, NULL);
	keep_dir_remove(&d);
}

static const struct unit_test tests[] = {
	{ "what is set outlives the process, and others are told",
	  what_is_set_outlives_the_process },
	{ "lists that are refused, with their field", lists_that_are_refused },
	{ "what cannot be kept is not taken", what_cannot_be_kept },
	{ "one is carried out at a time", one_at_a_time },
	{ "files that lie are told, and not used", files_that_lie },
};

UNIT_MAIN("scsi/ident", tests)
