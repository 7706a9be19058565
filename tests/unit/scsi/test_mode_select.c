#include "scsi/mode_select.h"

#include "keep_rig.h"

#define CACHING                 0x08, 18, 0x04, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0
#define CONTROL(b2, b3, b4, b5) 0x0a, 10, b2, b3, b4, b5, 0, 0, 0, 0, 0, 0

static void select_6(struct rig *r, struct rig_cmd *c, const uint8_t *list, uint8_t len)
{
	uint8_t cdb[6] = { 0x15, 0x10, 0, 0, len };

	rig_out(r, c, cdb, 6, list, len);
}

/* Set the control page's bytes 2 to 5. */
static void control(struct rig *r, uint8_t b2, uint8_t b3, uint8_t b4, uint8_t b5)
{
	uint8_t list[] = { 0, 0, 0, 0, CONTROL(b2, (uint8_t)(0x10 | b3), b4, b5) };
	struct rig_cmd c;

	select_6(r, &c, list, sizeof(list));
	CU_ASSERT_EQUAL(c.t.status, SCSI_GOOD);
	scsi_task_fini(&c.t);
}

static uint32_t probe(struct rig *r, int x)
{
	static const uint8_t tur[6];
	struct rig_cmd c;
	uint32_t sense;

	rig_cmd_init(&c, &r->x[x], tur, 6);
	rig_do(r, &c);
	sense = rig_sense(&c);
	scsi_task_fini(&c.t);
	return sense;
}

/* What is set is read back, is told to the others, and comes back to its default by a reset. */
static void values_change(void)
{
	static const uint8_t sense[6] = { 0x1a, 8, 0x0a, 0, 255 };
	static const uint8_t want[] = { CONTROL(0x04, 0x16, 0x30, 0x40) };
	struct rig_cmd c;
	struct rig r;

	rig_start(&r);
	control(&r, 0x04, 0x06, 0x30, 0x40);
	rig_in(&r, &c, sense, 6, 255);
	CU_ASSERT_EQUAL(memcmp(c.t.buf->data + 4, want, sizeof(want)), 0);
	scsi_task_fini(&c.t);
	CU_ASSERT(r.lu->d_sense && r.lu->tas && r.lu->qerr == QERR_NEXUS);
	CU_ASSERT_EQUAL(r.lu->ua_intlck, UA_INTLCK_ESTABLISH);
	scsi_lu_reset(r.lu);
	CU_ASSERT(!r.lu->d_sense && !r.lu->tas && !r.lu->qerr && !r.lu->ua_intlck && r.lu->wce);
	CU_ASSERT_EQUAL(probe(&r, 0), SENSE_NONE);
	CU_ASSERT_EQUAL(probe(&r, 1), SENSE_MODE_CHANGED);
	CU_ASSERT_EQUAL(probe(&r, 1), SENSE_NONE);
	control(&r, 0, 0, 0, 0); /* nothing changes: nobody is told */
	CU_ASSERT_EQUAL(probe(&r, 1), SENSE_NONE);
	rig_close(&r);
}

/* With the cache off a write is forced; what was cached before is flushed first. */
static void cache_off(void)
{
	static const uint8_t off[] = { 0, 0, 0, 0, [4] = 0x08, 18, [23] = 0 };
	static const uint8_t write10[10] = { 0x2a, [8] = 1 };
	static uint8_t data[512];
	struct rig_cmd c;
	struct rig r;

	rig_start(&r);
	r.disk->nsubmits = 0;
	select_6(&r, &c, off, sizeof(off));
	CU_ASSERT_EQUAL(c.t.status, SCSI_GOOD);
	CU_ASSERT_EQUAL(r.disk->ops[0], STORE_FLUSH);
	scsi_task_fini(&c.t);
	rig_out(&r, &c, write10, 10, data, 512);
	CU_ASSERT_EQUAL(r.disk->flags[1], STORE_FUA);
	scsi_task_fini(&c.t);
	rig_close(&r);
}

/* A write that was under way meanwhile, and ends behind that flush, is flushed itself. */
static void cache_off_under_a_write(void)
{
	static const uint8_t off[] = { 0, 0, 0, 0, [4] = 0x08, 18, [23] = 0 };
	static const uint8_t select[6] = { 0x15, 0x10, [4] = sizeof(off) };
	static const uint8_t write10[10] = { 0x2a, [8] = 1 };
	static const uint8_t data[512];
	struct store_io *write;
	struct rig_cmd w, c;
	struct rig r;

	rig_start(&r);
	r.disk->hold = true;
	rig_cmd_init(&w, &r.x[0], write10, 10);
	rig_expect_out(&w, data, 512);
	rig_submit(&w);
	rig_cmd_init(&c, &r.x[0], select, 6);
	rig_expect_out(&c, off, sizeof(off));
	rig_submit(&c);
	rig_run(&r);
	CU_ASSERT_EQUAL_FATAL(r.disk->nsubmits, 2);
	CU_ASSERT_EQUAL(r.disk->flags[0], 0);
	CU_ASSERT_EQUAL(r.disk->ops[1], STORE_FLUSH);
	write = STAILQ_FIRST(&r.disk->held); /* the flush comes back first */
	STAILQ_REMOVE_HEAD(&r.disk->held, link);
	STAILQ_INSERT_TAIL(&r.disk->held, write, link);
	rig_release(r.disk, 1);
	rig_run(&r);
	CU_ASSERT(c.done && !w.done);
	rig_release(r.disk, 1);
	rig_run(&r);
	CU_ASSERT_FALSE(w.done);
	CU_ASSERT_EQUAL(r.disk->nsubmits, 3);
	CU_ASSERT_EQUAL(r.disk->ops[2], STORE_FLUSH);
	rig_release(r.disk, 1);
	rig_run(&r);
	CU_ASSERT(w.done && w.t.status == SCSI_GOOD);
	scsi_task_fini(&w.t);
	scsi_task_fini(&c.t);
	rig_close(&r);
}

/* A cache that the options keep off cannot be switched on. */
static void cache_stays_off(void)
{
	static const uint8_t on[] = { 0, 0, 0, 0, CACHING };
	struct scsi_lu_options opt = rig_options();
	struct rig_cmd c;
	struct rig r;

	opt.write_cache = false;
	rig_open_with(&r, &opt);
	rig_greet(&r, &r.x[0], 0);
	select_6(&r, &c, on, sizeof(on));
	CU_ASSERT_EQUAL(rig_sense(&c), SENSE_LIST_FIELD);
	rig_check_pointer(&c, false, 6, 2);
	scsi_task_fini(&c.t);
	rig_close(&r);
}

static void write_protection(void)
{
	static const uint8_t write10[10] = { 0x2a, [8] = 1 };
	static const uint8_t sense[6] = { 0x1a, 8, 0x0a, 0, 255 };
	static uint8_t data[512];
	struct rig_cmd c;
	struct rig r;

	rig_start(&r);
	control(&r, 0, 0, 0x08, 0);
	rig_out(&r, &c, write10, 10, data, 512);
	CU_ASSERT_EQUAL(rig_sense(&c), SENSE_SWP);
	CU_ASSERT_EQUAL(c.got_data, 0);
	scsi_task_fini(&c.t);
	rig_in(&r, &c, sense, 6, 255);
	CU_ASSERT_EQUAL(c.t.buf->data[2], 0x90); /* WP */
	scsi_task_fini(&c.t);
	control(&r, 0, 0, 0, 0);
	rig_out(&r, &c, write10, 10, data, 512);
	CU_ASSERT_EQUAL(c.t.status, SCSI_GOOD);
	scsi_task_fini(&c.t);
	rig_close(&r);
}

/* Parameter lists, and what becomes of them. */
/* clang-format off */
static const struct {
	const char *what;
	uint8_t cdb_len;
	uint8_t len;  /* PARAMETER LIST LENGTH */
	uint8_t edtl; /* bytes that come */
	uint32_t sense;
	uint16_t byte;
	uint8_t bit;
	uint8_t list[64];
} list_vectors[] = {
	{ "none", 6, 0, 0, SENSE_NONE, 0, 0, { 0 } },
	{ "a header alone", 6, 4, 4, SENSE_NONE, 0, 0, { 0 } },
	{ "half a header", 6, 3, 3, SENSE_LIST_LENGTH, 0, 0, { 0 } },
	{ "half a header", 10, 7, 7, SENSE_LIST_LENGTH, 0, 0, { 0 } },
	{ "less than it says", 6, 16, 4, SENSE_LIST_LENGTH, 0, 0, { 0 } },
	{ "half a page", 6, 10, 10, SENSE_LIST_LENGTH, 0, 0, { 0, 0, 0, 0, CONTROL(4, 0x10, 0, 0) }
	  },
	{ "a byte of a page", 6, 5, 5, SENSE_LIST_LENGTH, 0, 0, { 0, 0, 0, 0, 0x0a } },
	{ "three bytes of a subpage", 6, 7, 7, SENSE_LIST_LENGTH, 0, 0, { 0, 0, 0, 0, 0x4a, 1, 0 }
	  },
	{ "a good page and half of one", 6, 20, 20, SENSE_LIST_LENGTH, 0, 0, { 0, 0, 0, 0,
	  CONTROL(4, 0x10, 0, 0), CONTROL(4, 0x10, 0, 0) } },
	{ "no such page", 6, 16, 16, SENSE_LIST_FIELD, 4, 5, { 0, 0, 0, 0, 0x0b, 10 } },
	{ "no such subpage", 6, 16, 16, SENSE_LIST_FIELD, 4, 5, { 0, 0, 0, 0, 0x4a, 2, 0, 8 } },
	{ "subpage 0", 6, 16, 16, SENSE_LIST_FIELD, 4, 5, { 0, 0, 0, 0, 0x4a, 0, 0, 8 } },
	{ "another page length", 6, 16, 16, SENSE_LIST_FIELD, 5, 7, { 0, 0, 0, 0, 0x0a, 11 } },
	{ "another subpage length", 6, 36, 36, SENSE_LIST_FIELD, 6, 7, { 0, 0, 0, 0, 0x4a, 1, 1, 28
	  } },
	{ "a bit that cannot be changed", 6, 16, 16, SENSE_LIST_FIELD, 7, 4, { 0, 0, 0, 0,
	  CONTROL(4, 0, 0, 0) } },
	{ "a bit that is reserved", 10, 20, 20, SENSE_LIST_FIELD, 19, 0, { [8] = 0x0a, 10, 4, 0x10,
	  [19] = 1 } },
	{ "a reserved QERR", 6, 16, 16, SENSE_LIST_FIELD, 7, 2, { 0, 0, 0, 0, CONTROL(4, 0x14, 0, 0)
	  } },
	{ "a reserved UA_INTLCK_CTRL", 6, 16, 16, SENSE_LIST_FIELD, 8, 5, { 0, 0, 0, 0, CONTROL(4,
	  0x10, 0x10, 0) } },
	{ "a good page before a bad one", 6, 28, 28, SENSE_LIST_FIELD, 19, 4, { 0, 0, 0, 0,
	  CONTROL(4, 0x10, 0, 0), CONTROL(4, 0, 0, 0) } },
	{ "a block descriptor as it is", 6, 12, 12, SENSE_NONE, 0, 0, { 0, 0, 0, 8, 0, 0, 0x10, 0,
	  0, 0, 2, 0 } },
	{ "of all blocks", 6, 12, 12, SENSE_NONE, 0, 0, { 0, 0, 0, 8, 0xff, 0xff, 0xff, 0xff, 0, 0,
	  2, 0 } },
	{ "of other blocks", 6, 12, 12, SENSE_LIST_FIELD, 4, 7, { 0, 0, 0, 8, 0, 0, 0x10, 1, 0, 0,
	  2, 0 } },
	{ "of another block length", 6, 12, 12, SENSE_LIST_FIELD, 9, 7, { 0, 0, 0, 8, 0, 0, 0, 0, 0,
	  0, 16, 0 } },
	{ "of an odd length", 6, 12, 12, SENSE_LIST_FIELD, 3, 7, { 0, 0, 0, 7 } },
	{ "that is not there", 6, 8, 8, SENSE_LIST_LENGTH, 0, 0, { 0, 0, 0, 8 } },
	{ "a long one", 10, 24, 24, SENSE_NONE, 0, 0, { [4] = 1, [7] = 16, [22] = 2 } },
	{ "a long one that is short", 10, 24, 24, SENSE_LIST_FIELD, 6, 7, { [4] = 1, [7] = 8 } },
};
/* clang-format on */

/* Lists that lie, in either CDB length; none of them changes anything. */
static void lists(void)
{
	struct rig_cmd c;
	struct rig r;
	size_t i;

	rig_start(&r);
	for (i = 0; i < sizeof(list_vectors) / sizeof(list_vectors[0]); i++) {
		uint8_t six[6] = { 0x15, 0x10, 0, 0, list_vectors[i].len };
		uint8_t ten[10] = { 0x55, 0x10, [8] = list_vectors[i].len };
		bool is_six = list_vectors[i].cdb_len == 6;

		rig_out(&r, &c, is_six ? six : ten, list_vectors[i].cdb_len, list_vectors[i].list,
			list_vectors[i].edtl);
		CU_ASSERT_EQUAL(rig_sense(&c), list_vectors[i].sense);
		if (list_vectors[i].sense == SENSE_LIST_FIELD)
			rig_check_pointer(&c, false, list_vectors[i].byte, list_vectors[i].bit);
		CU_ASSERT_FALSE(r.lu->d_sense);
		scsi_task_fini(&c.t);
	}
	rig_close(&r);
}

static void page_format_only(void)
{
	static const uint8_t vendor[6] = { 0x15, 0x00, 0, 0, 4 };
	static const uint8_t save[6] = { 0x15, 0x11, 0, 0, 4 };
	static const uint8_t list[4];
	struct rig_cmd c;
	struct rig r;

	rig_start(&r);
	rig_out(&r, &c, vendor, 6, list, 4);
	CU_ASSERT_EQUAL(rig_sense(&c), SENSE_CDB_FIELD);
	rig_check_pointer(&c, true, 1, 4);
	scsi_task_fini(&c.t);
	rig_out(&r, &c, save, 6, list, 4);
	CU_ASSERT_EQUAL(rig_sense(&c), SENSE_CDB_FIELD);
	rig_check_pointer(&c, true, 1, 0);
	scsi_task_fini(&c.t);
	rig_close(&r);
}

/* One READ of each nexus is with the store when a command of x[0] ends with CHECK CONDITION. */
static void qerr(void)
{
	static const struct {
		const char *what;
		uint8_t qerr, tas;
		bool own, other; /* are aborted */
		uint32_t sense;  /* that the other nexus finds */
	} vectors[] = {
		{ "QERR 00b", 0, 0, false, false, SENSE_NONE },
		{ "QERR 01b", 0x02, 0, true, true, SENSE_CLEARED },
		{ "QERR 01b, TAS", 0x02, 0x40, true, true, SENSE_NONE },
		{ "QERR 11b", 0x06, 0, true, false, SENSE_NONE },
	};
	static const uint8_t read10[10] = { 0x28, [8] = 1 };
	static const uint8_t bad[6] = { 0x12, 0x02 };
	struct rig_cmd c[2], fault;
	struct rig r;
	size_t i;
	int n;

	for (i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		rig_start(&r);
		control(&r, 0, vectors[i].qerr, 0, vectors[i].tas);
		probe(&r, 1);
		r.disk->hold = true;
		for (n = 0; n < 2; n++) {
			rig_cmd_init(&c[n], &r.x[n], read10, 10);
			rig_expect_in(&c[n], 512);
			rig_submit(&c[n]);
		}
		rig_run(&r);
		rig_none(&r, &fault, bad, 6);
		CU_ASSERT_EQUAL(rig_sense(&fault), SENSE_CDB_FIELD);
		r.disk->hold = false;
		rig_release(r.disk, 2);
		rig_run(&r);
		CU_ASSERT_EQUAL(c[0].t.aborted, vectors[i].own);
		CU_ASSERT_EQUAL(c[1].t.aborted, vectors[i].other && !vectors[i].tas);
		CU_ASSERT_EQUAL(c[1].t.status == SCSI_TASK_ABORTED, vectors[i].other);
		CU_ASSERT_EQUAL(probe(&r, 1), vectors[i].sense);
		scsi_task_fini(&c[0].t);
		scsi_task_fini(&c[1].t);
		scsi_task_fini(&fault.t);
		rig_close(&r);
	}
}

/* A unit attention is told until REQUEST SENSE takes it; 11b makes one of a refusal. */
static void interlock(void)
{
	static const uint8_t read10[10] = { 0x28, [8] = 1 };
	struct rig_cmd c;
	struct rig r;

	rig_start(&r);
	control(&r, 0, 0, 0x20, 0);
	CU_ASSERT_EQUAL(probe(&r, 1), SENSE_MODE_CHANGED);
	CU_ASSERT_EQUAL(probe(&r, 1), SENSE_MODE_CHANGED);
	rig_greet(&r, &r.x[1], 0);
	CU_ASSERT_EQUAL(probe(&r, 1), SENSE_NONE);
	control(&r, 0, 0, 0x30, 0);
	r.disk->error = -12; /* ENOMEM: BUSY */
	rig_in(&r, &c, read10, 10, 512);
	CU_ASSERT_EQUAL(c.t.status, SCSI_BUSY);
	scsi_task_fini(&c.t);
	CU_ASSERT_EQUAL(probe(&r, 0), SENSE_WAS_BUSY);
	CU_ASSERT_EQUAL(probe(&r, 0), SENSE_WAS_BUSY);
	rig_greet(&r, &r.x[0], 0);
	CU_ASSERT_EQUAL(probe(&r, 0), SENSE_NONE);
	rig_close(&r);
}

static void save(struct rig *r, struct rig_cmd *c, uint8_t b2, uint8_t b4)
{
	static const uint8_t cdb[6] = { 0x15, 0x11, 0, 0, 16 };
	uint8_t list[] = { 0, 0, 0, 0, CONTROL(b2, 0x10, b4, 0) };

	list[4] |= 0x80; /* PS as MODE SENSE told it: reserved here */
	rig_out(r, c, cdb, 6, list, sizeof(list));
}

/* Saved values are what a reset and a new start bring; MODE SENSE tells them, and PS. */
static void saved_values(void)
{
	static const uint8_t sense[6] = { 0x1a, 8, 0xca, 0, 255 };
	static const uint8_t want[] = { 0x8a, 10, 0x04, 0x10, 0x08, 0, 0, 0, 0, 0, 0, 0 };
	struct keep_dir d;
	struct rig_cmd c;
	struct rig r;

	keep_dir_make(&d);
	keep_start(&r, &d);
	save(&r, &c, 0x04, 0x08);
	CU_ASSERT_EQUAL(c.t.status, SCSI_GOOD);
	scsi_task_fini(&c.t);
	control(&r, 0, 0, 0, 0); /* current only */
	CU_ASSERT_EQUAL(probe(&r, 1), SENSE_MODE_CHANGED);
	CU_ASSERT(!r.lu->swp && !r.lu->d_sense);
	scsi_lu_reset(r.lu);
	CU_ASSERT(r.lu->swp && r.lu->d_sense && r.lu->wce);
	rig_close(&r);

	keep_start(&r, &d);
	CU_ASSERT(r.lu->swp && r.lu->d_sense && r.lu->wce);
	rig_in(&r, &c, sense, 6, 255);
	CU_ASSERT_EQUAL(c.t.status, SCSI_GOOD);
	CU_ASSERT_EQUAL(c.t.buf->data[2], 0x90);
	CU_ASSERT_EQUAL(memcmp(c.t.buf->data + 4, want, sizeof(want)), 0);
	scsi_task_fini(&c.t);
	rig_close(&r);
	keep_dir_remove(&d);
}

/* A reset that switches the cache off, as was saved, has what it held written out. */
static void a_reset_empties_the_cache(void)
{
	static const uint8_t off[] = { 0, 0, 0, 0, [4] = 0x08, 18, [23] = 0 };
	static const uint8_t on[] = { 0, 0, 0, 0, CACHING };
	static const uint8_t cdb[6] = { 0x15, 0x11, 0, 0, 24 };
	struct keep_dir d;
	struct rig_cmd c;
	struct rig r;

	keep_dir_make(&d);
	keep_start(&r, &d);
	rig_out(&r, &c, cdb, 6, off, sizeof(off));
	CU_ASSERT_EQUAL(c.t.status, SCSI_GOOD);
	scsi_task_fini(&c.t);
	select_6(&r, &c, on, sizeof(on));
	CU_ASSERT_EQUAL(c.t.status, SCSI_GOOD);
	scsi_task_fini(&c.t);
	r.disk->nsubmits = 0;
	scsi_lu_reset(r.lu);
	CU_ASSERT_FALSE(r.lu->wce);
	CU_ASSERT_EQUAL(r.disk->nsubmits, 1);
	CU_ASSERT_EQUAL(r.disk->ops[0], STORE_FLUSH);
	rig_close(&r);
	keep_dir_remove(&d);
}

/* What cannot be saved is not changed either. */
static void saving_fails(void)
{
	unsigned int errors = 0;
	struct rig_cmd c;
	struct rig r;

	rig_start(&r);
	r.core.state_dir = "/dev/null";
	log_set_sink(keep_no_log, &errors);
	save(&r, &c, 0x04, 0x08);
	log_set_sink(NULL, NULL);
	CU_ASSERT_EQUAL(rig_sense(&c), SENSE_HARDWARE);
	scsi_task_fini(&c.t);
	CU_ASSERT(!r.lu->swp && !r.lu->d_sense);
	CU_ASSERT_EQUAL(probe(&r, 1), SENSE_NONE);
	control(&r, 0x04, 0, 0, 0); /* the turn is over */
	CU_ASSERT(r.lu->d_sense);
	rig_close(&r);
}

/* While one is saved another waits: what comes later is what counts. */
static void one_at_a_time(void)
{
	static const uint8_t cdb[2][6] = { { 0x15, 0x11, 0, 0, 16 }, { 0x15, 0x10, 0, 0, 16 } };
	static const uint8_t lists[2][16] = { { 0, 0, 0, 0, CONTROL(0, 0x10, 0x08, 0) },
					      { 0, 0, 0, 0, CONTROL(0, 0x10, 0, 0x40) } };
	struct rig_cmd c[2];
	struct keep_dir d;
	struct rig r;
	int i;

	keep_dir_make(&d);
	keep_start(&r, &d);
	for (i = 0; i < 2; i++) {
		rig_cmd_init(&c[i], &r.x[0], cdb[i], 6);
		rig_expect_out(&c[i], lists[i], 16);
		rig_submit(&c[i]);
	}
	for (i = 0; i < 2; i++) {
		rig_wait(&r, &c[i]);
		CU_ASSERT_EQUAL(c[i].t.status, SCSI_GOOD);
		scsi_task_fini(&c[i].t);
	}
	CU_ASSERT(!r.lu->swp && r.lu->tas);
	CU_ASSERT(r.lu->saved[4] && !r.lu->saved[5]);
	rig_close(&r);
	keep_dir_remove(&d);
}

/* A file with values that are reserved, odd or unknown. */
static void saved_files(void)
{
	static const struct {
		const char *what;
		uint32_t len;
		uint8_t values[12];
		bool good;
	} vectors[] = {
		{ "nothing", 0, { 0 }, true },
		{ "a field of a later version", 8, { 0x0a, 5, 0x80, 1, 0x0a, 2, 4, 1 }, true },
		{ "a reserved QERR", 8, { 0x0a, 2, 4, 1, 0x0a, 3, 6, 2 }, false },
		{ "more than its bits hold", 4, { 0x0a, 2, 4, 2 }, false },
		{ "half of one", 6, { 0x0a, 2, 4, 1, 0x0a, 3 }, false },
	};
	unsigned int errors = 0;
	struct keep_dir d;
	struct rig_cmd c;
	struct rig r;
	uint8_t p[4096];
	size_t i;

	keep_dir_make(&d);
	keep_start(&r, &d);
	save(&r, &c, 0x04, 0);
	scsi_task_fini(&c.t);
	rig_close(&r);
	CU_ASSERT_EQUAL_FATAL(keep_get(&d, "mode", p), 32 + 24 + 4);
	log_set_sink(keep_no_log, &errors);
	for (i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		memcpy(p + 32, vectors[i].values, vectors[i].len);
		put_be32(p + 12, 36 + vectors[i].len);
		keep_put(&d, "mode", p, 36 + vectors[i].len);
		keep_start(&r, &d);
		CU_ASSERT_EQUAL(r.lu->has_saved, vectors[i].good);
		CU_ASSERT_EQUAL(r.lu->d_sense, vectors[i].good && vectors[i].len);
		CU_ASSERT(!r.lu->qerr && r.lu->wce);
		rig_close(&r);
	}
	CU_ASSERT_EQUAL(errors, 3);
	log_set_sink(NULL, NULL);
	keep_dir_remove(&d);
}

static const struct unit_test tests[] = {
	{ "values change, others are told, a reset sets them back", values_change },
	{ "the cache is flushed before it is off", cache_off },
	{ "a write under way then is flushed, too", cache_off_under_a_write },
	{ "a cache that the options keep off stays off", cache_stays_off },
	{ "software write protection", write_protection },
	{ "lists that lie are refused whole, with their field", lists },
	{ "only page format, without a place nothing is saved", page_format_only },
	{ "saved values outlive a reset and the process", saved_values },
	{ "a reset that switches the cache off empties it", a_reset_empties_the_cache },
	{ "what cannot be saved is not changed", saving_fails },
	{ "one at a time is saved", one_at_a_time },
	{ "files of saved values that lie", saved_files },
	{ "QERR says what a CHECK CONDITION takes with it", qerr },
	{ "UA_INTLCK_CTRL keeps unit attentions, or makes them", interlock },
};

UNIT_MAIN("scsi/mode_select", tests)
