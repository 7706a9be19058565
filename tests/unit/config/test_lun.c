#include "conf.h"
#include "config/lun.h"
#include "unit.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define A "target \"iqn.2026-11.org.example:a\": "
#define B "target \"iqn.2026-11.org.example:b\": "

/* LUNs of one target, and of another one when b is not empty. conf_close() afterwards. */
static void open_luns(struct conf *c, const char *a, const char *b)
{
	char text[2048];

	snprintf(text, sizeof(text),
		 "target iqn.2026-11.org.example:a { auth-group = deny\n%s}\n%s%s%s", a,
		 *b ? "target iqn.2026-11.org.example:b { auth-group = deny\n" : "", b,
		 *b ? "}\n" : "");
	conf_open(c, text);
}

static void check_told(const char *a, const char *b, const char *told)
{
	struct conf c;

	open_luns(&c, a, b);
	CU_ASSERT_STRING_EQUAL(c.told, told);
	if (strcmp(c.told, told) != 0)
		printf("\ntold:\n%s", c.told);
	conf_close(&c);
}

static void a_serial_number_is_one_luns_alone(void)
{
	check_told("lun 0 { backend = ram size = 1M serial = S }\n"
		   "lun 1 { backend = ram size = 1M serial = s }\n"
		   "lun 2 { backend = ram size = 1M serial = S }\n",
		   "",
		   "t.conf:4: " A "lun 2: serial: \"S\" is another LUN's serial number, too (see "
		   "t.conf:2: " A "lun 0)\n");
	check_told("lun 0 { backend = ram size = 1M serial = S }\n",
		   "lun 0 { backend = ram size = 1M serial = S }\n",
		   "t.conf:5: " B "lun 0: serial: \"S\" is another LUN's serial number, too (see "
		   "t.conf:2: " A "lun 0)\n");
	check_told("lun 0 { backend = ram size = 1M }\nlun 1 { backend = ram size = 1M }\n", "",
		   "");
}

/* A number that is none does not keep the rest of the LUN from being looked at. */
static void a_lun_without_a_number_is_looked_at(void)
{
	check_told("lun 0x1 { backend = ram size = 1M serial = S\ninitiators = \"\" }\n"
		   "lun 1 { backend = ram size = 1M serial = S }\n",
		   "",
		   "t.conf:2: " A "lun \"0x1\": a LUN is a decimal number from 0 to 16383\n"
		   "t.conf:3: " A
		   "lun \"0x1\": initiators: \"\" is not an initiator name or pattern "
		   "(write iqn.1993-08.org.debian:01:*)\n"
		   "t.conf:4: " A "lun 1: serial: \"S\" is another LUN's serial number, too (see "
		   "t.conf:2: " A "lun \"0x1\")\n");
}

/* A folder with a file, a link to it, and another name for it. */
struct folder {
	char dir[32];
	char file[64], link[64], name[64], odd[64], fresh[64], fresh_odd[80];
};

static void make(struct folder *f)
{
	FILE *out;

	strcpy(f->dir, "/tmp/itgtd-test-XXXXXX");
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(f->dir));
	snprintf(f->file, sizeof(f->file), "%s/file", f->dir);
	snprintf(f->link, sizeof(f->link), "%s/link", f->dir);
	snprintf(f->name, sizeof(f->name), "%s/name", f->dir);
	snprintf(f->odd, sizeof(f->odd), "%s/./file", f->dir);
	snprintf(f->fresh, sizeof(f->fresh), "%s/fresh", f->dir);
	snprintf(f->fresh_odd, sizeof(f->fresh_odd), "%s/../%s/fresh", f->dir,
		 strrchr(f->dir, '/') + 1);
	out = fopen(f->file, "w");
	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	(void)fclose(out);
	CU_ASSERT_EQUAL(symlink(f->file, f->link), 0);
	CU_ASSERT_EQUAL(link(f->file, f->name), 0);
}

static void unmake(const struct folder *f)
{
	unlink(f->file);
	unlink(f->link);
	unlink(f->name);
	CU_ASSERT_EQUAL(rmdir(f->dir), 0);
}

/* How many faults two LUNs of these paths have. */
static unsigned int faults_of(const char *one, bool one_reads, const char *two, bool two_reads)
{
	struct conf c;
	char a[160], b[160];
	unsigned int n;

	snprintf(a, sizeof(a), "lun 0 { path = \"%s\" read-only = %s size = 1M }\n", one,
		 one_reads ? "yes" : "no");
	snprintf(b, sizeof(b), "lun 0 { path = \"%s\" read-only = %s size = 1M }\n", two,
		 two_reads ? "yes" : "no");
	open_luns(&c, a, b);
	n = c.faults.count;
	CU_ASSERT_EQUAL(n > 0, strstr(c.told, "is served by another LUN, too (see t.conf:2: " A
					      "lun 0; let both be read-only") != NULL);
	conf_close(&c);
	return n;
}

static void a_file_that_is_written_is_one_luns_alone(void)
{
	struct folder f;

	make(&f);
	CU_ASSERT_EQUAL(faults_of(f.file, false, f.file, false), 1);
	CU_ASSERT_EQUAL(faults_of(f.file, false, f.link, false), 1);
	CU_ASSERT_EQUAL(faults_of(f.name, false, f.file, false), 1);
	CU_ASSERT_EQUAL(faults_of(f.odd, true, f.file, false), 1);
	CU_ASSERT_EQUAL(faults_of(f.file, false, f.link, true), 1);
	CU_ASSERT_EQUAL(faults_of(f.file, true, f.link, true), 0);
	/* Not there yet: the folder and the name count. */
	CU_ASSERT_EQUAL(faults_of(f.fresh, false, f.fresh_odd, false), 1);
	CU_ASSERT_EQUAL(faults_of(f.fresh, false, f.file, false), 0);
	CU_ASSERT_EQUAL(faults_of("/nonexistent/a", false, "/nonexistent/b", false), 0);
	unmake(&f);
}

static void memory_is_never_shared(void)
{
	check_told("lun 0 { backend = ram size = 1M }\nlun 1 { backend = null size = 1M }\n",
		   "lun 0 { backend = ram size = 1M }\n", "");
}

static const struct unit_test tests[] = {
	{ "a serial number is one LUN's alone", a_serial_number_is_one_luns_alone },
	{ "a LUN without a number is looked at, too", a_lun_without_a_number_is_looked_at },
	{ "a file that is written is one LUN's alone", a_file_that_is_written_is_one_luns_alone },
	{ "memory is never shared", memory_is_never_shared },
};

UNIT_MAIN("config/lun", tests)
