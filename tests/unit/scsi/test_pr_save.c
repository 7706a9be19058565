#include "scsi/pr_save.h"

#include "pr_rig.h"

#include "base/crc32c.h"
#include "base/log.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static const uint8_t naa[SCSI_NAA_LEN] = "0123456789abcde";

/* Two registrants, the second of which holds the reservation. */
static void fill(struct pr *pr)
{
	struct tid tid;

	pr_init(pr);
	tid_make(&tid, "iqn.a,i,0x01");
	pr_add(pr, &tid, 1, 0xa);
	tid_make(&tid, "iqn.b,i,0x01");
	pr_add(pr, &tid, 2, 0xb);
	pr->type = PR_EXCLUSIVE_ACCESS;
	pr->holder = 1;
	pr->aptpl = true;
}

static void what_is_put_is_got(void)
{
	uint8_t p[256];
	struct pr a, b;
	uint32_t len;

	fill(&a);
	len = pr_save_len(&a);
	CU_ASSERT_FATAL(len <= sizeof(p));
	pr_save_put(&a, naa, p);
	CU_ASSERT_PTR_NULL_FATAL(pr_save_get(&b, naa, p, len));
	CU_ASSERT_EQUAL(b.n, 2);
	CU_ASSERT_EQUAL(b.type, PR_EXCLUSIVE_ACCESS);
	CU_ASSERT_EQUAL(b.holder, 1);
	CU_ASSERT(b.aptpl && !b.sealed);
	CU_ASSERT_EQUAL(b.reg[0].key, 0xa);
	CU_ASSERT_EQUAL(b.reg[1].port, 2);
	CU_ASSERT(tid_same(&a.reg[1].tid, &b.reg[1].tid));
	pr_fini(&a);
	pr_fini(&b);
}

static void the_fullest_fits(void)
{
	char name[TID_MAX];
	struct tid tid;
	uint8_t *p = malloc(PR_SAVE_MAX);
	struct pr a, b;
	unsigned int i;

	pr_init(&a);
	for (i = 0; i < PR_REGISTRANTS_MAX; i++) {
		snprintf(name, sizeof(name), "%0223u,i,0x%012x", i, i);
		CU_ASSERT_EQUAL(tid_make(&tid, name), 0);
		CU_ASSERT_EQUAL(pr_add(&a, &tid, 1, i + 1), i);
	}
	CU_ASSERT_EQUAL(pr_add(&a, &tid, 2, 1), PR_NOBODY);
	CU_ASSERT_EQUAL(pr_save_len(&a), PR_SAVE_MAX);
	pr_save_put(&a, naa, p);
	CU_ASSERT_PTR_NULL(pr_save_get(&b, naa, p, PR_SAVE_MAX));
	CU_ASSERT_EQUAL(b.n, PR_REGISTRANTS_MAX);
	pr_fini(&a);
	pr_fini(&b);
	free(p);
}

/* Any bit that is wrong, and any end that comes too early. */
static void damage_is_seen(void)
{
	uint8_t p[256];
	struct pr pr;
	uint32_t len, i;

	fill(&pr);
	len = pr_save_len(&pr);
	pr_save_put(&pr, naa, p);
	pr_fini(&pr);
	for (i = 0; i < 8 * len; i++) {
		p[i / 8] ^= (uint8_t)(1 << i % 8);
		CU_ASSERT_PTR_NOT_NULL(pr_save_get(&pr, naa, p, len));
		p[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	for (i = 0; i < len; i++)
		CU_ASSERT_PTR_NOT_NULL(pr_save_get(&pr, naa, p, i));
	CU_ASSERT_PTR_NULL(pr_save_get(&pr, naa, p, len));
	pr_fini(&pr);
}

static void seal(uint8_t *p, uint32_t len)
{
	put_be32(p + len - 4, crc32c_end(crc32c_add(CRC32C_START, p, len - 4)));
}

/* Each byte changed, with a checksum that is right: nonsense is refused, and nothing breaks. */
static void lies_are_seen_through(void)
{
	uint8_t p[256], copy[256];
	struct pr pr;
	uint32_t len, i;
	unsigned int v;

	fill(&pr);
	len = pr_save_len(&pr);
	pr_save_put(&pr, naa, p);
	pr_fini(&pr);
	for (i = 0; i < len - 4; i++) {
		for (v = 0; v < 256; v++) {
			memcpy(copy, p, len);
			copy[i] = (uint8_t)v;
			seal(copy, len);
			if (!pr_save_get(&pr, naa, copy, len))
				CU_ASSERT(pr.n == 2 && pr.holder < 2 && pr_is_type(pr.type));
			pr_fini(&pr);
		}
	}
}

static const struct {
	const char *what;
	uint32_t at, value; /* four bytes */
	const char *fault;
} lies[] = {
	{ "a newer version", 8, 2, "it was written by a newer version" },
	{ "no version", 8, 0, "its version is unknown" },
	{ "another length", 12, 4096, "it is not as long as it says" },
	{ "another logical unit", 16, 7, "it is of another logical unit" },
	{ "no such type", 32, 2, "what it says makes no sense" },
	{ "a type past a byte", 32, 0x101, "what it says makes no sense" },
	{ "a holder where all are", 32, PR_WRITE_EXCLUSIVE_ALL, "what it says makes no sense" },
	{ "a holder of nothing", 32, PR_NONE, "what it says makes no sense" },
	{ "more registrants than there are", 36, 3, "what it says makes no sense" },
	{ "fewer", 36, 1, "what it says makes no sense" },
	{ "four billion", 36, UINT32_MAX, "what it says makes no sense" },
	{ "nobody", 36, 0, "what it says makes no sense" },
};

static void each_lie_is_named(void)
{
	uint8_t p[256];
	struct pr pr;
	uint32_t len;
	size_t i;

	for (i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		const char *fault;

		fill(&pr);
		len = pr_save_len(&pr);
		pr_save_put(&pr, naa, p);
		pr_fini(&pr);
		put_be32(p + lies[i].at, lies[i].value);
		seal(p, len);
		fault = pr_save_get(&pr, naa, p, len);
		CU_ASSERT_PTR_NOT_NULL_FATAL(fault);
		if (strcmp(fault, lies[i].fault) != 0)
			CU_FAIL(lies[i].what);
	}
}

/* A registrant as an older version wrote it, with its own spelling of the port. Its bytes. */
static uint32_t put_old(uint8_t *p, uint64_t key, bool holds, const char *name)
{
	uint32_t padded = ((uint32_t)strlen(name) + 4) & ~3u;

	memset(p, 0, 16 + padded);
	put_be64(p, key);
	put_be16(p + 8, 1);
	put_be16(p + 10, (uint16_t)((holds ? 0x8000 : 0) | (4 + padded)));
	p[12] = 0x45;
	put_be16(p + 14, (uint16_t)padded);
	memcpy(p + 16, name, strlen(name) + 1);
	return 16 + padded;
}

/* Versions that compared ISIDs as text could have one port twice: it is registered once. */
static void an_old_spelling_is_read(void)
{
	uint8_t p[256];
	struct tid a, b;
	struct pr pr;
	uint32_t len = 40;

	len += put_old(p + len, 0xa, false, "iqn.2026-11.org.example:a,i,0x23d000001");
	len += put_old(p + len, 0xb, false, "iqn.2026-11.org.example:b,i,0x1");
	len += put_old(p + len, 0xc, true, "iqn.2026-11.org.example:a,i,0x00023d000001");
	put_be32(p + 32, PR_EXCLUSIVE_ACCESS);
	put_be32(p + 36, 3);
	keep_frame(&pr_save_kind, naa, p, len + 4);
	CU_ASSERT_PTR_NULL_FATAL(pr_save_get(&pr, naa, p, len + 4));
	CU_ASSERT_EQUAL_FATAL(pr.n, 2);
	tid_make(&a, "iqn.2026-11.org.example:a,i,0x00023d000001");
	tid_make(&b, "iqn.2026-11.org.example:b,i,0x000000000001");
	CU_ASSERT(tid_same(&pr.reg[0].tid, &a));
	CU_ASSERT(tid_same(&pr.reg[1].tid, &b));
	CU_ASSERT_EQUAL(pr.reg[0].key, 0xc); /* the holder's */
	CU_ASSERT_EQUAL(pr.reg[1].key, 0xb);
	CU_ASSERT_EQUAL(pr.holder, 0);
	pr_fini(&pr);
}

/* ---- with a file ---- */

static char dir[64];

static void path_of(char *path, size_t size, const char *end)
{
	snprintf(path, size, "%s/iqn.2026-11.org.example:disk1,0.pr%s", dir, end);
}

static void no_log(void *arg, enum log_level level, const char *line)
{
	unsigned int *errors = arg;

	(void)line;
	*errors += level == LOG_LEVEL_ERROR;
}

/* A rig whose reservations persist in dir, after what would be a start of the daemon. */
static void start(struct rig *r)
{
	rig_open(r);
	r->core.state_dir = dir;
	pr_save_load(r->lu);
	rig_greet(r, &r->x[0], 0);
	rig_greet(r, &r->x[1], 0);
}

static void make_dir(void)
{
	strcpy(dir, "/tmp/itgtd-pr-XXXXXX");
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(dir));
}

static void remove_dir(void)
{
	char path[256];

	path_of(path, sizeof(path), "");
	unlink(path);
	path_of(path, sizeof(path), ".new");
	unlink(path);
	CU_ASSERT_EQUAL(rmdir(dir), 0); /* nothing else was left there */
}

static uint8_t register_aptpl(struct rig *r, struct scsi_nexus *x, uint64_t key, uint64_t new_key)
{
	struct pr_cmd p;

	pr_cmd_init(&p, PR_REGISTER, 0, key, new_key);
	p.list[20] = APTPL;
	return pr_send(r, &p, x);
}

/* The process ends without a word after the last status; the next one knows it all. */
static void reservations_survive(void)
{
	uint8_t in[4096];
	struct rig r;

	make_dir();
	start(&r);
	CU_ASSERT_EQUAL(register_aptpl(&r, &r.x[0], 0, 0xa), SCSI_GOOD);
	CU_ASSERT_EQUAL(register_aptpl(&r, &r.x[1], 0, 0xb), SCSI_GOOD);
	CU_ASSERT_EQUAL(pr_do(&r, &r.x[1], PR_RESERVE, PR_EXCLUSIVE_ACCESS, 0xb, 0), SCSI_GOOD);
	rig_close(&r);

	start(&r);
	CU_ASSERT_EQUAL(pr_read(&r, 1, in), 24);
	CU_ASSERT_EQUAL(be32(in), 0); /* PRGENERATION starts anew */
	CU_ASSERT_EQUAL(be64(in + 8), 0xb);
	CU_ASSERT_EQUAL(in[21], PR_EXCLUSIVE_ACCESS);
	CU_ASSERT_EQUAL(pr_read(&r, 2, in), 8);
	CU_ASSERT(in[2] & 0x01); /* PTPL_C */
	CU_ASSERT(in[3] & 0x01); /* PTPL_A */
	CU_ASSERT_EQUAL(pr_do(&r, &r.x[0], PR_RELEASE, PR_EXCLUSIVE_ACCESS, 0xa, 0), SCSI_GOOD);
	CU_ASSERT_EQUAL(r.lu->pr.type, PR_EXCLUSIVE_ACCESS); /* it was not x[0]'s to release */
	CU_ASSERT_EQUAL(pr_do(&r, &r.x[0], PR_CLEAR, 0, 0xa, 0), SCSI_GOOD);
	rig_close(&r);

	start(&r);
	CU_ASSERT_EQUAL(r.lu->pr.n, 0);
	rig_close(&r);
	remove_dir();
}

/* The last REGISTER says whether they persist. */
static void without_aptpl_nothing_is_kept(void)
{
	char path[256];
	struct rig r;

	make_dir();
	path_of(path, sizeof(path), "");
	start(&r);
	register_aptpl(&r, &r.x[0], 0, 0xa);
	CU_ASSERT_EQUAL(access(path, F_OK), 0);
	CU_ASSERT_EQUAL(pr_do(&r, &r.x[0], PR_REGISTER, 0, 0xa, 0xc), SCSI_GOOD);
	CU_ASSERT_EQUAL(access(path, F_OK), -1);
	CU_ASSERT_EQUAL(r.lu->pr.n, 1);
	CU_ASSERT_FALSE(r.lu->pr.aptpl);
	rig_close(&r);
	remove_dir();
}

static void without_a_directory_it_is_refused(void)
{
	uint8_t in[4096];
	struct pr_cmd p;
	struct rig r;

	rig_start(&r);
	pr_read(&r, 2, in);
	CU_ASSERT_EQUAL(in[2] & 0x01, 0);
	pr_cmd_init(&p, PR_REGISTER, 0, 0, 0xa);
	p.list[20] = APTPL;
	CU_ASSERT_EQUAL(pr_fault(&r, &p, &r.x[0]), SENSE_LIST_FIELD);
	rig_check_pointer(&p.c, false, 20, 0);
	CU_ASSERT_EQUAL(r.lu->pr.n, 0);
	rig_close(&r);
}

/* What cannot be written down does not count. */
static void a_failed_write_changes_nothing(void)
{
	unsigned int errors = 0;
	struct pr_cmd p;
	struct rig r;

	make_dir();
	start(&r);
	register_aptpl(&r, &r.x[0], 0, 0xa);
	remove_dir();
	log_set_sink(no_log, &errors);
	pr_cmd_init(&p, PR_RESERVE, PR_WRITE_EXCLUSIVE, 0xa, 0);
	CU_ASSERT_EQUAL(pr_fault(&r, &p, &r.x[0]), SENSE_HARDWARE);
	log_set_sink(NULL, NULL);
	CU_ASSERT_EQUAL(errors, 1);
	CU_ASSERT_EQUAL(r.lu->pr.type, PR_NONE);
	CU_ASSERT_EQUAL(mkdir(dir, 0700), 0);
	CU_ASSERT_EQUAL(pr_do(&r, &r.x[0], PR_RESERVE, PR_WRITE_EXCLUSIVE, 0xa, 0), SCSI_GOOD);
	rig_close(&r);
	remove_dir();
}

/* The status waits for the worker, and the command that comes meanwhile for its turn. */
static void the_status_waits_for_the_disk(void)
{
	struct pr_cmd a, b;
	struct rig r;

	make_dir();
	start(&r);
	pr_cmd_init(&a, PR_REGISTER, 0, 0, 0xa);
	a.list[20] = APTPL;
	pr_cmd_init(&b, PR_REGISTER, 0, 0, 0xb);
	b.list[20] = APTPL;
	pr_submit(&a, &r.x[0]);
	pr_submit(&b, &r.x[1]);
	scsi_core_run(&r.core);
	scsi_core_run(&r.core);
	CU_ASSERT_EQUAL(a.c.done, 0);
	CU_ASSERT_EQUAL(r.lu->pr.n, 0);
	CU_ASSERT_EQUAL(b.c.t.state, SCSI_TASK_RUNNING);
	rig_wait(&r, &a.c);
	rig_wait(&r, &b.c);
	CU_ASSERT_EQUAL(a.c.t.status, SCSI_GOOD);
	CU_ASSERT_EQUAL(b.c.t.status, SCSI_GOOD);
	CU_ASSERT(a.c.order < b.c.order);
	CU_ASSERT_EQUAL(r.lu->pr.n, 2);
	scsi_task_fini(&a.c.t);
	scsi_task_fini(&b.c.t);
	rig_close(&r);
	remove_dir();
}

static void write_file(const uint8_t *p, size_t len)
{
	char path[256];
	int fd;

	path_of(path, sizeof(path), "");
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	CU_ASSERT_FATAL(fd >= 0);
	CU_ASSERT_EQUAL(write(fd, p, len), (ssize_t)len);
	close(fd);
}

/* Nobody may write or change reservations; reading goes on; the file is left alone. */
static void check_sealed(struct rig *r)
{
	static const uint8_t write[10] = { 0x2a, [8] = 1 }, read[10] = { 0x28, [8] = 1 };
	static const uint8_t block[512];
	char path[256];
	struct rig_cmd c;

	CU_ASSERT(r->lu->pr.sealed);
	rig_out(r, &c, write, sizeof(write), block, 512);
	CU_ASSERT_EQUAL(c.t.status, SCSI_RESERVATION_CONFLICT);
	scsi_task_fini(&c.t);
	rig_in(r, &c, read, sizeof(read), 512);
	CU_ASSERT_EQUAL(c.t.status, SCSI_GOOD);
	scsi_task_fini(&c.t);
	CU_ASSERT_EQUAL(register_aptpl(r, &r->x[0], 0, 0xa), SCSI_RESERVATION_CONFLICT);
	CU_ASSERT_EQUAL(pr_do(r, &r->x[0], PR_PREEMPT, 1, 0, 0), SCSI_RESERVATION_CONFLICT);
	path_of(path, sizeof(path), "");
	CU_ASSERT_EQUAL(access(path, F_OK), 0);
}

static void a_damaged_file_seals_the_unit(void)
{
	static const size_t lengths[] = { 0, 7, 100, PR_SAVE_MAX + 1, 1u << 20 };
	uint8_t *p = calloc(1, 1u << 20);
	unsigned int errors = 0;
	struct rig r;
	size_t i;

	make_dir();
	for (i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		write_file(p, lengths[i]);
		log_set_sink(no_log, &errors);
		start(&r);
		log_set_sink(NULL, NULL);
		CU_ASSERT_EQUAL(errors, i + 1);
		check_sealed(&r);
		rig_close(&r);
	}
	remove_dir();
	free(p);
}

static void a_newer_file_seals_the_unit(void)
{
	uint8_t p[256];
	unsigned int errors = 0;
	struct pr pr;
	struct rig r;
	uint32_t len;

	make_dir();
	rig_open(&r);
	fill(&pr);
	len = pr_save_len(&pr);
	pr_save_put(&pr, r.lu->naa, p);
	pr_fini(&pr);
	rig_close(&r);
	put_be32(p + 8, 2);
	seal(p, len);
	write_file(p, len);
	log_set_sink(no_log, &errors);
	start(&r);
	log_set_sink(NULL, NULL);
	CU_ASSERT_EQUAL(errors, 1);
	check_sealed(&r);
	rig_close(&r);
	remove_dir();
}

/* Half a new file beside a whole old one: the old one counts. */
static void a_write_that_was_cut_off_does_not_count(void)
{
	char path[256], new_path[256];
	struct rig r;
	int fd;

	make_dir();
	path_of(path, sizeof(path), "");
	path_of(new_path, sizeof(new_path), ".new");
	start(&r);
	register_aptpl(&r, &r.x[0], 0, 0xa);
	rig_close(&r);
	fd = open(new_path, O_WRONLY | O_CREAT, 0600);
	CU_ASSERT_FATAL(fd >= 0);
	CU_ASSERT_EQUAL(write(fd, "itgtd", 5), 5);
	close(fd);
	start(&r);
	CU_ASSERT_EQUAL(r.lu->pr.n, 1);
	CU_ASSERT_FALSE(r.lu->pr.sealed);
	CU_ASSERT_EQUAL(register_aptpl(&r, &r.x[1], 0, 0xb), SCSI_GOOD);
	CU_ASSERT_EQUAL(access(new_path, F_OK), -1);
	rig_close(&r);
	remove_dir();
}

/* A symbolic link or a pipe in its place is not followed, and does not block. */
static void only_a_file_is_a_file(void)
{
	unsigned int errors = 0;
	char path[256];
	struct rig r;

	make_dir();
	path_of(path, sizeof(path), "");
	CU_ASSERT_EQUAL(symlink("/etc/passwd", path), 0);
	log_set_sink(no_log, &errors);
	start(&r);
	CU_ASSERT(r.lu->pr.sealed);
	rig_close(&r);
	unlink(path);
	CU_ASSERT_EQUAL(mkfifo(path, 0600), 0);
	start(&r);
	log_set_sink(NULL, NULL);
	CU_ASSERT(r.lu->pr.sealed);
	CU_ASSERT_EQUAL(errors, 2);
	rig_close(&r);
	unlink(path);
	path_of(path, sizeof(path), ".new");
	CU_ASSERT_EQUAL(mkfifo(path, 0600), 0);
	start(&r);
	CU_ASSERT_EQUAL(register_aptpl(&r, &r.x[0], 0, 0xa), SCSI_GOOD);
	CU_ASSERT_EQUAL(access(path, F_OK), -1);
	rig_close(&r);
	remove_dir();
}

static const struct unit_test tests[] = {
	{ "what is put is got", what_is_put_is_got },
	{ "the most registrants with the longest names fit, and no more", the_fullest_fits },
	{ "a bit that is wrong or an end that is missing is seen", damage_is_seen },
	{ "a right checksum on nonsense helps nothing", lies_are_seen_through },
	{ "each fault of a file is named", each_lie_is_named },
	{ "a port that an older version spelled in two ways is one", an_old_spelling_is_read },
	{ "reservations with APTPL survive the end of the process", reservations_survive },
	{ "without APTPL nothing is kept", without_aptpl_nothing_is_kept },
	{ "without a directory APTPL is refused", without_a_directory_it_is_refused },
	{ "what cannot be written down does not count", a_failed_write_changes_nothing },
	{ "the status waits for the disk, and others for the status",
	  the_status_waits_for_the_disk },
	{ "a damaged, empty or endless file seals the unit against writing",
	  a_damaged_file_seals_the_unit },
	{ "so does the file of a newer version", a_newer_file_seals_the_unit },
	{ "a write that was cut off does not count", a_write_that_was_cut_off_does_not_count },
	{ "a link or a pipe is no such file", only_a_file_is_a_file },
};

UNIT_MAIN("scsi/pr_save", tests)
