#include "scsi/sbc_wipe.h"

#include "wipe_rig.h"

#include "scsi/tmf.h"
#include "scsi/wipe.h"

static const uint8_t erase[10] = { 0x48, 0x02 };
static const uint8_t erase_immed[10] = { 0x48, 0x82 };
static const uint8_t leave[10] = { 0x48, 0x1f };
static const uint8_t tur[6];
static const uint8_t read10[10] = { 0x28, [8] = 1 };

static bool is_all(const struct rig *r, uint8_t byte)
{
	const uint8_t *p = r->disk->bytes;

	return p[0] == byte && !memcmp(p, p + 1, WIPE_BYTES - 1);
}

/* The sense of a command of x[x]; its bytes 15 to 17 in specific. */
static uint32_t sense_of(struct rig *r, int x, const uint8_t *cdb, size_t len, uint8_t *specific)
{
	struct rig_cmd c;

	rig_cmd_init(&c, &r->x[x], cdb, len);
	if (cdb[0] == 0x28)
		rig_expect_in(&c, 512);
	rig_do(r, &c);
	scsi_task_fini(&c.t);
	if (specific)
		memcpy(specific, c.t.sense + 15, 3);
	return rig_sense(&c);
}

/* What REQUEST SENSE of x[1] brings. */
static uint32_t polled(struct rig *r)
{
	static const uint8_t cdb[6] = { 0x03, [4] = 18 };
	struct rig_cmd c;
	const uint8_t *p;
	uint32_t code;

	rig_cmd_init(&c, &r->x[1], cdb, 6);
	rig_expect_in(&c, 18);
	rig_do(r, &c);
	CU_ASSERT_EQUAL(c.t.status, SCSI_GOOD);
	p = c.t.buf->data;
	code = (uint32_t)p[2] << 16 | (uint32_t)p[12] << 8 | p[13];
	scsi_task_fini(&c.t);
	return code;
}

/* OVERWRITE with the pattern "abc". */
static void overwrite(struct rig *r, struct rig_cmd *c, uint8_t byte1, uint8_t count)
{
	static uint8_t list[7];
	const uint8_t cdb[10] = { 0x48, byte1, [8] = 7 };

	memcpy(list, (const uint8_t[]){ count, 0, 0, 3, 'a', 'b', 'c' }, 7);
	rig_cmd_init(c, &r->x[0], cdb, 10);
	rig_expect_out(c, list, 7);
	rig_submit(c);
	rig_run(r);
}

/* Without IMMED: the end of the command is that of the wipe, and all is on the medium. */
static void an_erase(void)
{
	struct rig_cmd c;
	struct rig r;

	wipe_open(&r);
	rig_none(&r, &c, erase, 10);
	CU_ASSERT_EQUAL(c.t.status, SCSI_GOOD);
	scsi_task_fini(&c.t);
	CU_ASSERT(is_all(&r, 0));
	CU_ASSERT_EQUAL(r.disk->nsubmits, 2);
	CU_ASSERT_EQUAL(r.disk->ops[0], STORE_DISCARD);
	CU_ASSERT_EQUAL(r.disk->ops[1], STORE_FLUSH);
	CU_ASSERT_EQUAL(sense_of(&r, 0, tur, 6, NULL), SENSE_NONE);
	rig_none(&r, &c, leave, 10); /* nothing has failed */
	CU_ASSERT_EQUAL(c.t.status, SCSI_GOOD);
	scsi_task_fini(&c.t);
	wipe_close(&r);
}

/* Two passes in four pieces: each block begins with the pattern. */
static void an_overwrite(void)
{
	struct rig_cmd c;
	struct rig r;
	size_t i;
	bool good = true;

	wipe_open(&r);
	overwrite(&r, &c, 0x01, 2);
	rig_wait(&r, &c);
	CU_ASSERT_EQUAL(c.t.status, SCSI_GOOD);
	scsi_task_fini(&c.t);
	CU_ASSERT_EQUAL(r.disk->nsubmits, 5);
	for (i = 0; i < WIPE_BYTES; i++)
		good &= r.disk->bytes[i] == "abc"[i % 512 % 3];
	CU_ASSERT(good);
	wipe_close(&r);
}

/* INVERT: an even number of passes begins with the inversion, so that the last is never one. */
static void every_other_pass_is_inverted(void)
{
	static const struct {
		uint8_t passes;
		uint8_t first; /* byte of the first pass */
	} vectors[] = { { 1, 'a' }, { 2, 'a' ^ 0xff }, { 3, 'a' }, { 4, 'a' ^ 0xff } };
	struct rig_cmd c;
	struct rig r;
	size_t i;

	for (i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		wipe_open(&r);
		r.disk->hold = true;
		overwrite(&r, &c, 0x01, 0x80 | vectors[i].passes);
		rig_release(r.disk, 1);
		CU_ASSERT_EQUAL(r.disk->bytes[0], vectors[i].first);
		r.disk->hold = false;
		rig_wait(&r, &c);
		CU_ASSERT_EQUAL(c.t.status, SCSI_GOOD);
		CU_ASSERT_EQUAL(r.disk->bytes[0], 'a');
		CU_ASSERT_EQUAL(r.disk->bytes[WIPE_BYTES - 1], "abc"[511 % 3]);
		scsi_task_fini(&c.t);
		wipe_close(&r);
	}
}

/* With IMMED it goes on behind its command; others are told how far it is. */
static void others_meanwhile(void)
{
	static const uint8_t inquiry[6] = { 0x12 };
	uint8_t specific[3];
	struct rig_cmd c;
	struct rig r;

	wipe_open(&r);
	r.disk->hold = true;
	overwrite(&r, &c, 0x81, 2);
	CU_ASSERT_EQUAL(c.done, 1);
	CU_ASSERT_EQUAL(c.t.status, SCSI_GOOD);
	scsi_task_fini(&c.t);
	CU_ASSERT_EQUAL(sense_of(&r, 1, read10, 10, specific), SENSE_SANITIZING);
	CU_ASSERT_EQUAL(specific[0], 0x80);
	CU_ASSERT_EQUAL(be16(specific + 1), 0);
	rig_release(r.disk, 1);
	rig_run(&r);
	CU_ASSERT_EQUAL(sense_of(&r, 0, tur, 6, specific), SENSE_SANITIZING);
	CU_ASSERT_EQUAL(be16(specific + 1), 0x4000); /* a piece of four */
	CU_ASSERT_EQUAL(sense_of(&r, 0, erase, 10, NULL), SENSE_SANITIZING);
	CU_ASSERT_EQUAL(sense_of(&r, 0, leave, 10, NULL), SENSE_SANITIZING);
	CU_ASSERT_EQUAL(sense_of(&r, 1, inquiry, 6, NULL), SENSE_NONE);
	CU_ASSERT_EQUAL(polled(&r), SENSE_SANITIZING);
	r.disk->hold = false;
	rig_release(r.disk, 1);
	rig_run(&r);
	CU_ASSERT_EQUAL(sense_of(&r, 1, read10, 10, NULL), SENSE_NONE);
	CU_ASSERT_EQUAL(polled(&r), SENSE_NONE);
	wipe_close(&r);
}

static void tmf_done(struct scsi_tmf *tmf)
{
	(void)tmf;
}

/* A reset ends the command that waits, and not what it has begun. */
static void a_reset_does_not_stop_it(void)
{
	struct scsi_tmf tmf = { .function = SCSI_LU_RESET, .done = tmf_done };
	struct rig_cmd c;
	struct rig r;

	wipe_open(&r);
	r.disk->hold = true;
	overwrite(&r, &c, 0x01, 1);
	tmf.nexus = &r.x[0];
	scsi_tmf_submit(&tmf);
	rig_run(&r);
	CU_ASSERT_EQUAL(c.done, 0); /* its piece is with the store */
	rig_release(r.disk, 1);
	rig_run(&r);
	CU_ASSERT_EQUAL(c.done, 1);
	CU_ASSERT(c.t.aborted);
	scsi_task_fini(&c.t);
	CU_ASSERT_EQUAL(sense_of(&r, 0, tur, 6, NULL), SENSE_LU_RESET);
	CU_ASSERT_EQUAL(sense_of(&r, 0, tur, 6, NULL), SENSE_SANITIZING);
	r.disk->hold = false;
	rig_release(r.disk, 1);
	rig_run(&r);
	CU_ASSERT_EQUAL(sense_of(&r, 0, tur, 6, NULL), SENSE_NONE);
	CU_ASSERT_EQUAL(memcmp(r.disk->bytes + WIPE_BYTES - 512, "abcabc", 6), 0);
	wipe_close(&r);
}

/* After a failure: with AUSE it may be left, without only a SANITIZE that succeeds ends it. */
static void failures(void)
{
	static const uint8_t format[6] = { 0x04 };
	static const uint8_t erase_ause[10] = { 0x48, 0x22 };
	struct rig_cmd c;
	struct rig r;

	wipe_open(&r);
	r.disk->error = -5; /* EIO */
	CU_ASSERT_EQUAL(sense_of(&r, 0, erase_ause, 10, NULL), SENSE_SANITIZE_FAILED);
	r.disk->error = 0;
	CU_ASSERT_EQUAL(sense_of(&r, 1, read10, 10, NULL), SENSE_SANITIZE_FAILED);
	CU_ASSERT_EQUAL(polled(&r), SENSE_SANITIZE_FAILED);
	CU_ASSERT_EQUAL(sense_of(&r, 0, format, 6, NULL), SENSE_SANITIZE_FAILED);
	CU_ASSERT_EQUAL(sense_of(&r, 0, leave, 10, NULL), SENSE_NONE);
	CU_ASSERT_EQUAL(sense_of(&r, 1, read10, 10, NULL), SENSE_NONE);
	CU_ASSERT_FALSE(is_all(&r, 0));

	r.disk->error = -5;
	CU_ASSERT_EQUAL(sense_of(&r, 0, erase, 10, NULL), SENSE_SANITIZE_FAILED);
	r.disk->error = 0;
	rig_none(&r, &c, leave, 10);
	CU_ASSERT_EQUAL(rig_sense(&c), SENSE_CDB_FIELD);
	rig_check_pointer(&c, true, 1, 4);
	scsi_task_fini(&c.t);
	rig_none(&r, &c, erase_ause, 10);
	CU_ASSERT_EQUAL(rig_sense(&c), SENSE_CDB_FIELD);
	rig_check_pointer(&c, true, 1, 5);
	scsi_task_fini(&c.t);
	CU_ASSERT_EQUAL(sense_of(&r, 0, tur, 6, NULL), SENSE_SANITIZE_FAILED);
	CU_ASSERT_EQUAL(sense_of(&r, 0, erase, 10, NULL), SENSE_NONE);
	CU_ASSERT_EQUAL(sense_of(&r, 1, read10, 10, NULL), SENSE_NONE);
	CU_ASSERT(is_all(&r, 0));
	wipe_close(&r);
}

static void failed_formats(void)
{
	static const uint8_t format[6] = { 0x04 };
	struct rig r;

	wipe_open(&r);
	r.disk->error = -5;
	CU_ASSERT_EQUAL(sense_of(&r, 0, format, 6, NULL), SENSE_FORMAT_FAILED);
	r.disk->error = 0;
	CU_ASSERT_EQUAL(sense_of(&r, 1, read10, 10, NULL), SENSE_FORMAT_CORRUPTED);
	CU_ASSERT_EQUAL(sense_of(&r, 1, leave, 10, NULL), SENSE_FORMAT_CORRUPTED);
	CU_ASSERT_EQUAL(sense_of(&r, 0, format, 6, NULL), SENSE_NONE);
	CU_ASSERT_EQUAL(sense_of(&r, 1, read10, 10, NULL), SENSE_NONE);
	CU_ASSERT(is_all(&r, 0));
	wipe_close(&r);
}

/* Parameter lists, and what becomes of them. */
/* clang-format off */
static const struct {
	const char *what;
	uint8_t cdb[10];
	uint8_t list[8];
	uint32_t sense;
	uint8_t len; /* bytes that come */
	bool in_cdb;
	uint8_t byte, bit;
} list_vectors[] = {
	{ "no list", { 0x48, 1 }, { 1 }, SENSE_CDB_FIELD, 5, true, 7, 7 },
	{ "no pattern", { 0x48, 1, [8] = 4 }, { 1 }, SENSE_CDB_FIELD, 4, true, 7, 7 },
	{ "more than a block", { 0x48, 1, [7] = 2, 5 }, { 1 }, SENSE_CDB_FIELD, 8, true, 7, 7 },
	{ "less comes", { 0x48, 1, [8] = 6 }, { 1, 0, 0, 2 }, SENSE_LIST_LENGTH, 5, false, 0, 0 },
	{ "TEST", { 0x48, 1, [8] = 5 }, { 0x21, 0, 0, 1 }, SENSE_LIST_FIELD, 5, false, 0, 6 },
	{ "no pass", { 0x48, 1, [8] = 5 }, { 0x80, 0, 0, 1 }, SENSE_LIST_FIELD, 5, false, 0, 4 },
	{ "a pattern of nothing", { 0x48, 1, [8] = 5 }, { 1 }, SENSE_LIST_FIELD, 5, false, 2, 7 },
	{ "a longer pattern", { 0x48, 1, [8] = 5 }, { 1, 0, 0, 2 }, SENSE_LIST_FIELD, 5, false, 2, 7
	  },
	{ "a list for an erase", { 0x48, 2, [8] = 5 }, { 1 }, SENSE_CDB_FIELD, 0, true, 8, 2 },
	{ "cryptography", { 0x48, 3 }, { 0 }, SENSE_CDB_FIELD, 0, true, 1, 4 },
	{ "protection", { 0x04, 0x40 }, { 0 }, SENSE_CDB_FIELD, 0, true, 1, 6 },
	{ "CMPLST alone", { 0x04, 0x08 }, { 0 }, SENSE_CDB_FIELD, 0, true, 1, 3 },
	{ "half a header", { 0x04, 0x10 }, { 0 }, SENSE_LIST_LENGTH, 3, false, 0, 0 },
	{ "protection fields", { 0x04, 0x10 }, { 1 }, SENSE_LIST_FIELD, 4, false, 0, 0 },
	{ "DPRY without FOV", { 0x04, 0x10 }, { 0, 0x40 }, SENSE_LIST_FIELD, 4, false, 1,
	  SENSE_NO_BIT },
	{ "a pattern of its own", { 0x04, 0x10 }, { 0, 0x88 }, SENSE_LIST_FIELD, 4, false, 1,
	  SENSE_NO_BIT },
	{ "defects", { 0x04, 0x18 }, { [3] = 8 }, SENSE_LIST_FIELD, 4, false, 2, 7 },
	{ "defects, long", { 0x04, 0x38 }, { [7] = 8 }, SENSE_LIST_FIELD, 8, false, 4, 7 },
	{ "a protection interval", { 0x04, 0x30 }, { [3] = 1 }, SENSE_LIST_FIELD, 8, false, 3,
	  SENSE_NO_BIT },
	{ "FOV, DPRY", { 0x04, 0x18 }, { 0, 0xc0 }, SENSE_NONE, 4, false, 0, 0 },
	{ "long", { 0x04, 0x38 }, { 0 }, SENSE_NONE, 8, false, 0, 0 },
};
/* clang-format on */

/* Parameter lists: what is refused names its field, and nothing is wiped. */
static void lists(void)
{
	struct rig_cmd c;
	struct rig r;
	size_t i;

	for (i = 0; i < sizeof(list_vectors) / sizeof(list_vectors[0]); i++) {
		wipe_open(&r);
		rig_out(&r, &c, list_vectors[i].cdb, 10, list_vectors[i].list, list_vectors[i].len);
		if (rig_sense(&c) != list_vectors[i].sense)
			CU_FAIL(list_vectors[i].what);
		CU_ASSERT(is_all(&r, list_vectors[i].sense ? 0x5a : 0));
		if (list_vectors[i].sense == SENSE_CDB_FIELD ||
		    list_vectors[i].sense == SENSE_LIST_FIELD)
			rig_check_pointer(&c, list_vectors[i].in_cdb, list_vectors[i].byte,
					  list_vectors[i].bit);
		scsi_task_fini(&c.t);
		wipe_close(&r);
	}
}

/* IMMED of a format is in its list. */
static void a_format_goes_on(void)
{
	static const uint8_t format[6] = { 0x04, 0x10 };
	static const uint8_t list[4] = { 0, 0x02 };
	struct rig_cmd c;
	struct rig r;

	wipe_open(&r);
	r.disk->hold = true;
	rig_out(&r, &c, format, 6, list, 4);
	CU_ASSERT_EQUAL(c.t.status, SCSI_GOOD);
	scsi_task_fini(&c.t);
	CU_ASSERT_EQUAL(sense_of(&r, 1, tur, 6, NULL), SENSE_FORMATTING);
	CU_ASSERT_EQUAL(polled(&r), SENSE_FORMATTING);
	r.disk->hold = false;
	rig_release(r.disk, 1);
	rig_run(&r);
	CU_ASSERT_EQUAL(sense_of(&r, 1, tur, 6, NULL), SENSE_NONE);
	wipe_close(&r);
}

static void protected_media_stay_as_they_are(void)
{
	struct rig r;

	wipe_open(&r);
	r.lu->opt.read_only = true;
	CU_ASSERT_EQUAL(sense_of(&r, 0, erase, 10, NULL), SENSE_PROTECTED);
	r.lu->opt.read_only = false;
	r.lu->swp = true;
	CU_ASSERT_EQUAL(sense_of(&r, 0, erase, 10, NULL), SENSE_SWP);
	CU_ASSERT(is_all(&r, 0x5a));
	wipe_close(&r);
}

/* ---- with a state directory ---- */

/* Begin an erase, and end the process before it is done. */
static void cut_short(struct rig *r, const struct keep_dir *d)
{
	struct rig_cmd c;

	keep_start(r, d);
	r->disk->hold = true;
	rig_none(r, &c, erase_immed, 10);
	CU_ASSERT_EQUAL(c.t.status, SCSI_GOOD);
	scsi_task_fini(&c.t);
	r->core.is_closing = true;
	rig_release(r->disk, 1);
	rig_run(r);
	CU_ASSERT_EQUAL(sense_of(r, 0, tur, 6, NULL), SENSE_SANITIZING);
	rig_close(r);
}

/* Let what the workers have come back. */
static void settle(struct rig *r)
{
	int patience = 1000;

	rig_run(r);
	while (r->lu->store->in_flight && patience--) {
		struct pollfd fd = { .fd = store_env_fd(r->env), .events = POLLIN };

		poll(&fd, 1, 10);
		rig_run(r);
	}
}

static void it_survives_a_restart(void)
{
	unsigned int errors = 0;
	struct keep_dir d;
	uint8_t p[4096];
	struct rig r;

	log_set_sink(keep_no_log, &errors);
	keep_dir_make(&d);
	cut_short(&r, &d);
	CU_ASSERT(keep_get(&d, "wipe", p) > 0);

	rig_open(&r);
	memset(r.disk->bytes, 0x5a, WIPE_BYTES);
	r.core.state_dir = d.path;
	CU_ASSERT_EQUAL(scsi_lu_load(r.lu), 0);
	rig_run(&r);
	CU_ASSERT_EQUAL(r.disk->nsubmits, 0); /* a worker may have loaded it */
	scsi_lu_start(r.lu);
	settle(&r);
	CU_ASSERT(is_all(&r, 0));
	rig_greet(&r, &r.x[0], 0);
	CU_ASSERT_EQUAL(sense_of(&r, 0, tur, 6, NULL), SENSE_NONE);
	CU_ASSERT_EQUAL(keep_get(&d, "wipe", p), 0);
	CU_ASSERT_EQUAL(errors, 0);
	rig_close(&r);
	log_set_sink(NULL, NULL);
	keep_dir_remove(&d);
}

/* So does a failure, also one that an operator's mistake makes of it. */
static void failures_survive(void)
{
	static const struct {
		const char *what;
		uint32_t at;
		uint8_t byte;
		bool goes_on;
	} vectors[] = {
		{ "as it was", 0, 'i', true },         { "it has failed", 33, 4, false },
		{ "another medium", 40, 1, false },    { "no such kind", 32, 9, false },
		{ "no pass", 34, 0, false },           { "a pattern for an erase", 37, 1, false },
		{ "another unit's", 20, 0xff, false },
	};
	unsigned int errors = 0;
	struct keep_dir d;
	uint8_t p[4096], copy[4096];
	struct rig r;
	uint32_t len;
	size_t i;

	log_set_sink(keep_no_log, &errors);
	keep_dir_make(&d);
	cut_short(&r, &d);
	len = keep_get(&d, "wipe", p);
	CU_ASSERT_EQUAL_FATAL(len, 32 + 16 + 4);
	for (i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		memcpy(copy, p, len);
		copy[vectors[i].at] = vectors[i].byte;
		keep_put(&d, "wipe", copy, len);
		rig_open(&r);
		memset(r.disk->bytes, 0x5a, WIPE_BYTES);
		r.core.state_dir = d.path;
		CU_ASSERT_EQUAL(scsi_lu_load(r.lu), 0);
		scsi_lu_start(r.lu);
		settle(&r);
		rig_greet(&r, &r.x[0], 0);
		if (is_all(&r, 0x5a) == vectors[i].goes_on)
			CU_FAIL(vectors[i].what);
		CU_ASSERT_EQUAL(sense_of(&r, 0, tur, 6, NULL),
				vectors[i].goes_on ? SENSE_NONE : SENSE_SANITIZE_FAILED);
		rig_close(&r);
	}
	log_set_sink(NULL, NULL);
	keep_dir_remove(&d);
}

/* Left, a failure is gone for good; what cannot be kept is not begun. */
static void what_is_kept(void)
{
	static const uint8_t erase_ause[10] = { 0x48, 0x22 };
	unsigned int errors = 0;
	struct keep_dir d;
	uint8_t p[4096];
	struct rig r;

	log_set_sink(keep_no_log, &errors);
	keep_dir_make(&d);
	keep_start(&r, &d);
	memset(r.disk->bytes, 0x5a, WIPE_BYTES);
	r.disk->error = -5;
	CU_ASSERT_EQUAL(sense_of(&r, 0, erase_ause, 10, NULL), SENSE_SANITIZE_FAILED);
	r.disk->error = 0;
	CU_ASSERT(keep_get(&d, "wipe", p) > 0);
	CU_ASSERT_EQUAL(p[33], 1 | 4);
	CU_ASSERT_EQUAL(sense_of(&r, 0, leave, 10, NULL), SENSE_NONE);
	CU_ASSERT_EQUAL(keep_get(&d, "wipe", p), 0);
	r.core.state_dir = "/dev/null";
	CU_ASSERT_EQUAL(sense_of(&r, 0, erase, 10, NULL), SENSE_HARDWARE);
	CU_ASSERT_EQUAL(sense_of(&r, 0, tur, 6, NULL), SENSE_NONE);
	CU_ASSERT(is_all(&r, 0x5a));

	/* A failure from before that stands, until another one begins. */
	r.core.state_dir = d.path;
	r.disk->error = -5;
	CU_ASSERT_EQUAL(sense_of(&r, 0, erase, 10, NULL), SENSE_SANITIZE_FAILED);
	r.disk->error = 0;
	r.core.state_dir = "/dev/null";
	CU_ASSERT_EQUAL(sense_of(&r, 0, erase, 10, NULL), SENSE_HARDWARE);
	CU_ASSERT_EQUAL(sense_of(&r, 0, tur, 6, NULL), SENSE_SANITIZE_FAILED);
	r.core.state_dir = d.path;
	CU_ASSERT_EQUAL(sense_of(&r, 0, erase, 10, NULL), SENSE_NONE);
	CU_ASSERT_EQUAL(sense_of(&r, 0, tur, 6, NULL), SENSE_NONE);
	CU_ASSERT(is_all(&r, 0));
	rig_close(&r);
	log_set_sink(NULL, NULL);
	keep_dir_remove(&d);
}

/*
 * Done, but that it is done cannot be kept: a restart would wipe it again, and what was
 * written since. So it counts as failed, until it can be left.
 */
static void an_end_that_cannot_be_kept(void)
{
	unsigned int errors = 0;
	struct keep_dir d;
	uint8_t p[4096];
	struct rig_cmd c;
	struct rig r;

	log_set_sink(keep_no_log, &errors);
	keep_dir_make(&d);
	keep_start(&r, &d);
	r.disk->hold = true;
	rig_none(&r, &c, (const uint8_t[10]){ 0x48, 0xa2 }, 10); /* IMMED, AUSE */
	CU_ASSERT_EQUAL(c.t.status, SCSI_GOOD);
	scsi_task_fini(&c.t);
	r.core.state_dir = "/dev/null";
	r.disk->hold = false;
	rig_release(r.disk, 1);
	settle(&r);
	CU_ASSERT_EQUAL(sense_of(&r, 0, tur, 6, NULL), SENSE_SANITIZE_FAILED);
	CU_ASSERT_EQUAL(sense_of(&r, 0, leave, 10, NULL), SENSE_HARDWARE);
	CU_ASSERT_EQUAL(sense_of(&r, 0, tur, 6, NULL), SENSE_SANITIZE_FAILED);
	r.core.state_dir = d.path;
	CU_ASSERT_EQUAL(sense_of(&r, 0, leave, 10, NULL), SENSE_NONE);
	CU_ASSERT_EQUAL(sense_of(&r, 0, tur, 6, NULL), SENSE_NONE);
	CU_ASSERT_EQUAL(keep_get(&d, "wipe", p), 0);
	rig_close(&r);
	log_set_sink(NULL, NULL);
	keep_dir_remove(&d);
}

static const struct unit_test tests[] = {
	{ "an erase is done when its command is", an_erase },
	{ "an overwrite has its pattern in each block", an_overwrite },
	{ "with INVERT every other pass is inverted, never the last",
	  every_other_pass_is_inverted },
	{ "others are told how far it is", others_meanwhile },
	{ "a reset does not stop it", a_reset_does_not_stop_it },
	{ "failures, restricted and not", failures },
	{ "failed formats", failed_formats },
	{ "lists are checked before anything is wiped", lists },
	{ "a format goes on behind its command", a_format_goes_on },
	{ "protected media stay as they are", protected_media_stay_as_they_are },
	{ "it survives a restart", it_survives_a_restart },
	{ "failures survive, and a doubt is a failure", failures_survive },
	{ "what is kept, and what cannot be", what_is_kept },
	{ "an end that cannot be kept is a failure", an_end_that_cannot_be_kept },
};

UNIT_MAIN("scsi/sbc_wipe", tests)
