#include "store/file_open.h"

#include "drive.h"
#include "store/file.h"
#include "store/space.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

static struct store_params file_params(const char *path, uint64_t size)
{
	return (struct store_params){
		.backend = "file", .path = path, .size = size, .block_size = 512
	};
}

/* Opening fails with err, and the reason after the path is what. */
static void expect_fault(const struct store_params *p, int err, const char *what)
{
	struct store_env *env = drive_env();
	char why[STORE_WHY_MAX], wanted[STORE_WHY_MAX];
	struct store *s = NULL;

	snprintf(wanted, sizeof(wanted), "%.100s %.100s", p->path, what);
	CU_ASSERT_EQUAL(store_open(env, p, &s, why), err);
	CU_ASSERT_STRING_EQUAL(why, wanted);
	CU_ASSERT_PTR_NULL(s);
	store_env_free(env);
}

static void a_missing_file_is_made_only_with_a_size(void)
{
	struct drive_dir d;
	struct store_params p;
	struct store_env *env;
	struct store *s;
	struct stat st;

	CU_ASSERT_FATAL(drive_mkdir(&d, NULL));
	p = file_params(d.path, 0);
	expect_fault(&p, -ENOENT, "does not exist (with a size it would be made)");
	p.size = GIB;
	p.read_only = true;
	expect_fault(&p, -ENOENT, "does not exist (and none is made that is read-only)");
	p.size = 0;
	expect_fault(&p, -ENOENT, "does not exist");
	p.size = GIB;
	CU_ASSERT_EQUAL(drive_length(d.path), UINT64_MAX);
	p.read_only = false;
	env = drive_env();
	s = drive_open(env, &p);
	CU_ASSERT_EQUAL(s->size, GIB);
	CU_ASSERT_EQUAL_FATAL(stat(d.path, &st), 0);
	CU_ASSERT_EQUAL(st.st_size, (off_t)GIB);
	CU_ASSERT_EQUAL(st.st_mode & 07777, 0600);
	CU_ASSERT(st.st_blocks < 1024); /* sparse */
	store_close(s);
	store_env_free(env);
	drive_rmdir(&d);
}

static void a_file_that_cannot_be_made_leaves_nothing(void)
{
	struct drive_dir d;
	struct store_params p;

	CU_ASSERT_FATAL(drive_mkdir(&d, NULL));
	p = file_params(d.path, (uint64_t)1 << 62); /* more than ext4, or any file system, has */
	expect_fault(&p, -EFBIG, "cannot be made 4096P long: File too large");
	CU_ASSERT_EQUAL(drive_length(d.path), UINT64_MAX);
	strcat(d.dir, "/none/disk");
	p = file_params(d.dir, MIB);
	expect_fault(&p, -ENOENT, "cannot be made: its directory does not exist");
	d.dir[strlen(d.dir) - strlen("/none/disk")] = '\0';
	drive_rmdir(&d);
}

static void the_size_of_a_file_is_its_own_or_the_given(void)
{
	static const struct {
		uint64_t file, given; /* bytes before; the option */
		uint64_t served, after;
		uint32_t block;
		const char *log;
	} rows[] = {
		{ MIB, 0, MIB, MIB, 512, "" },
		{ MIB, 2 * MIB, 2 * MIB, 2 * MIB, 512, "" },
		{ 1000, 0, 512, 1000, 512, "the first 512 of its 1000 are served" },
		{ MIB + 512, 0, MIB, MIB + 512, 4096, "the first 1M of its 1049088 are served" },
		{ 2 * MIB, MIB, MIB, 2 * MIB, 512, "the first 1M of its 2M are served" },
		{ 0, MIB + 1, MIB, MIB, 512,
		  "size 1048577 is no multiple of 512 bytes: rounded down" },
	};
	struct store_env *env = drive_env();
	char line[STORE_WHY_MAX];
	struct store_params p;
	struct drive_dir d;
	struct store *s;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CU_ASSERT_FATAL(drive_mkdir(&d, NULL));
		drive_file(d.path, rows[i].file);
		line[0] = '\0';
		log_set_sink(drive_quiet, line);
		p = file_params(d.path, rows[i].given);
		p.block_size = rows[i].block;
		s = drive_open(env, &p);
		CU_ASSERT_EQUAL(s->size, rows[i].served);
		CU_ASSERT_EQUAL(drive_length(d.path), rows[i].after);
		CU_ASSERT_PTR_NOT_NULL(strstr(line, rows[i].log));
		CU_ASSERT(*rows[i].log || !*line);
		store_close(s);
		drive_rmdir(&d);
	}
	store_env_free(env);
}

/* What lies behind the served bytes stays, whatever the store is resized to. */
static void what_is_not_served_is_not_touched(void)
{
	struct store_env *env = drive_env();
	struct store_params p;
	struct drive_dir d;
	struct store *s;

	CU_ASSERT_FATAL(drive_mkdir(&d, NULL));
	drive_file(d.path, 4 * MIB);
	p = file_params(d.path, 2 * MIB);
	s = drive_open(env, &p);
	CU_ASSERT_EQUAL(drive_write(s, 0, 2 * MIB, 512, 0), -EINVAL);
	CU_ASSERT_EQUAL(store_resize(s, MIB), 0);
	CU_ASSERT_EQUAL(drive_length(d.path), 4 * MIB);
	CU_ASSERT_EQUAL(store_resize(s, 3 * MIB), 0);
	CU_ASSERT_EQUAL(drive_length(d.path), 4 * MIB);
	CU_ASSERT_EQUAL(drive_write(s, 0, 3 * MIB - 512, 512, 0), 0);
	CU_ASSERT_EQUAL(store_resize(s, 5 * MIB), 0);
	CU_ASSERT_EQUAL(drive_length(d.path), 5 * MIB);
	CU_ASSERT_EQUAL(store_resize(s, MIB), 0);
	CU_ASSERT_EQUAL(drive_length(d.path), 5 * MIB);
	store_close(s);
	store_env_free(env);
	drive_rmdir(&d);
}

static void faults_of_the_size_are_told(void)
{
	struct store_params p;
	struct drive_dir d;

	CU_ASSERT_FATAL(drive_mkdir(&d, NULL));
	drive_file(d.path, 0);
	p = file_params(d.path, 0);
	expect_fault(&p, -EINVAL, "has not one block (give it a size)");
	CU_ASSERT_EQUAL(truncate(d.path, 511), 0);
	expect_fault(&p, -EINVAL, "has not one block (give it a size)");
	p.size = MIB;
	p.read_only = true;
	expect_fault(&p, -EROFS, "is smaller than 1M, and is not grown for reading only");
	CU_ASSERT_EQUAL(drive_length(d.path), 511);
	drive_rmdir(&d);
}

static void make_directory(const char *path)
{
	CU_ASSERT_EQUAL(mkdir(path, 0700), 0);
}

static void make_fifo(const char *path)
{
	CU_ASSERT_EQUAL(mkfifo(path, 0600), 0);
}

static void make_socket(const char *path)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(a.sun_path, sizeof(a.sun_path), "%.100s", path);
	CU_ASSERT_EQUAL(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	close(fd);
}

static void make_null(const char *path)
{
	CU_ASSERT_EQUAL(symlink("/dev/null", path), 0);
}

static void make_loop(const char *path)
{
	CU_ASSERT_EQUAL(symlink(path, path), 0);
}

static void make_file(const char *path)
{
	drive_file(path, MIB);
}

static void what_is_no_disk_is_told(void)
{
	static const struct {
		void (*make)(const char *path);
		const char *backend;
		int err;
		const char *what;
	} rows[] = {
		{ make_directory, "file", -EISDIR, "is a directory" },
		{ make_fifo, "file", -EINVAL, "is a FIFO" },
		{ make_socket, "file", -EINVAL, "is a socket" },
		{ make_null, "file", -EINVAL, "is a character device" },
		{ make_null, "block", -EINVAL, "is a character device" },
		{ make_loop, "file", -ELOOP,
		  "cannot be opened: Too many levels of symbolic links" },
		{ make_file, "block", -ENOTBLK,
		  "is not a block device (backend \"file\" serves files)" },
	};
	struct store_params p;
	struct drive_dir d;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CU_ASSERT_FATAL(drive_mkdir(&d, NULL));
		rows[i].make(d.path);
		p = file_params(d.path, MIB);
		p.backend = rows[i].backend;
		expect_fault(&p, rows[i].err, rows[i].what);
		remove(d.path);
		drive_rmdir(&d);
	}
	p = file_params("/nowhere/itgtd-disk", MIB);
	p.backend = "block";
	expect_fault(&p, -ENOENT, "does not exist");
	p = file_params("/dev/null/disk", MIB);
	expect_fault(&p, -ENOTDIR, "cannot be opened: Not a directory");
}

/* A message keeps its reason however long the path is, and stays on one line. */
static void a_long_or_odd_path_keeps_the_reason_readable(void)
{
	struct store_env *env = drive_env();
	char path[1024], why[STORE_WHY_MAX];
	struct store_params p;
	struct store *s = NULL;
	size_t i;

	strcpy(path, "/nowhere");
	for (i = strlen(path); i < 1000; i++)
		path[i] = i % 100 ? 'x' : '/';
	strcpy(path + 1000, "/di\nsk");
	p = file_params(path, 0);
	CU_ASSERT_EQUAL(store_open(env, &p, &s, why), -ENOENT);
	CU_ASSERT_EQUAL(strncmp(why, "...x", 4), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(why, "/di?sk does not exist (with a size it would be made)"));
	store_env_free(env);
}

static void a_file_is_served_once(void)
{
	struct store_env *env = drive_env();
	char why[STORE_WHY_MAX], wanted[STORE_WHY_MAX];
	struct store *first, *second = NULL;
	struct store_params p;
	struct drive_dir d;

	CU_ASSERT_FATAL(drive_mkdir(&d, NULL));
	p = file_params(d.path, MIB);
	snprintf(wanted, sizeof(wanted), "%.100s is in use by another process or another LUN",
		 d.path);
	first = drive_open(env, &p);
	CU_ASSERT_EQUAL(store_open(env, &p, &second, why), -EBUSY);
	CU_ASSERT_STRING_EQUAL(why, wanted);
	p.size = 2 * MIB; /* and is not grown by who may not have it */
	CU_ASSERT_EQUAL(store_open(env, &p, &second, why), -EBUSY);
	CU_ASSERT_EQUAL(drive_length(d.path), MIB);
	p.size = 0;
	p.read_only = true;
	CU_ASSERT_EQUAL(store_open(env, &p, &second, why), -EBUSY);
	store_close(first);
	first = drive_open(env, &p);
	second = drive_open(env, &p); /* readers share */
	store_close(second);
	p.read_only = false;
	second = NULL;
	CU_ASSERT_EQUAL(store_open(env, &p, &second, why), -EBUSY);
	CU_ASSERT_PTR_NULL(second);
	store_close(first);
	store_env_free(env);
	drive_rmdir(&d);
}

/* Its lock ends with the store, though the kernel has the open file for a moment longer. */
static void a_closed_file_is_free(void)
{
	struct store_env *env = drive_env();
	struct store_params p;
	struct drive_dir d;
	struct store *s;
	int fd;

	CU_ASSERT_FATAL(drive_mkdir(&d, NULL));
	p = file_params(d.path, MIB);
	s = drive_open(env, &p);
	fd = dup(((struct file *)s)->fd);
	store_close(s);
	s = drive_open(env, &p);
	store_close(s);
	close(fd);
	store_env_free(env);
	drive_rmdir(&d);
}

/* The exit status is what opening said, as a positive number. */
static int open_in_another_process(const struct store_params *p)
{
	struct store_env *env = NULL;
	char why[STORE_WHY_MAX];
	struct store *s = NULL;
	int status = -1;
	pid_t pid = fork();

	CU_ASSERT_FATAL(pid >= 0);
	if (pid == 0) {
		if (store_env_new(8, 1, &env))
			_exit(255);
		_exit(-store_open(env, p, &s, why));
	}
	CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void two_processes_do_not_serve_one_file(void)
{
	struct store_env *env = drive_env();
	struct store_params p;
	struct drive_dir d;
	struct store *s;

	CU_ASSERT_FATAL(drive_mkdir(&d, NULL));
	p = file_params(d.path, MIB);
	s = drive_open(env, &p);
	CU_ASSERT_EQUAL(open_in_another_process(&p), EBUSY);
	store_close(s);
	CU_ASSERT_EQUAL(open_in_another_process(&p), 0);
	store_env_free(env);
	drive_rmdir(&d);
}

static void reading_only_is_kept(void)
{
	struct store_env *env = drive_env();
	struct store_params p;
	struct drive_dir d;
	struct store *s;

	CU_ASSERT_FATAL(drive_mkdir(&d, NULL));
	drive_file(d.path, MIB);
	p = file_params(d.path, 0);
	p.read_only = true;
	p.thin = true;
	s = drive_open(env, &p);
	CU_ASSERT_EQUAL(s->caps & ~(uint32_t)STORE_CAN_RESERVE,
			STORE_READ_ONLY | STORE_CAN_EXTENT | STORE_CAN_SPACE);
	CU_ASSERT_EQUAL((s->caps & STORE_CAN_RESERVE) != 0, /* it was reserved before */
			space_can_reserve(((struct file *)s)->fd));
	CU_ASSERT_EQUAL(drive(s, STORE_RESERVE, 0, 0, 512, NULL), -EROFS);
	CU_ASSERT_TRUE(drive_is_zero(s, 0, MIB));
	CU_ASSERT_EQUAL(drive_write(s, 0, 0, 512, 0), -EROFS);
	CU_ASSERT_EQUAL(drive(s, STORE_ZERO, 0, 0, 512, NULL), -EROFS);
	CU_ASSERT_EQUAL(drive(s, STORE_DISCARD, 0, 0, 512, NULL), -EROFS);
	CU_ASSERT_EQUAL(drive(s, STORE_FLUSH, 0, 0, 0, NULL), 0);
	CU_ASSERT_EQUAL(store_resize(s, 2 * MIB), -EROFS);
	store_close(s);
	store_env_free(env);
	drive_rmdir(&d);
}

static void what_the_mode_and_the_options_make_of_it(void)
{
	struct store_env *env = drive_env();
	struct store_params p;
	struct drive_dir d;
	struct store *s;

	CU_ASSERT_FATAL(drive_mkdir(&d, NULL));
	p = file_params(d.path, MIB);
	p.io = STORE_IO_CACHED;
	s = drive_open(env, &p);
	CU_ASSERT_EQUAL(s->io, STORE_IO_CACHED);
	CU_ASSERT_EQUAL(s->caps, STORE_CAN_EXTENT | STORE_CAN_SPACE); /* not thin */
	CU_ASSERT_EQUAL(s->discard_align, 0);
	CU_ASSERT_EQUAL(drive(s, STORE_DISCARD, 0, 0, 512, NULL), -EOPNOTSUPP);
	CU_ASSERT_STRING_EQUAL(s->ops->name, "file");
	CU_ASSERT_FALSE(fcntl(((struct file *)s)->fd, F_GETFL) & (O_DIRECT | O_NONBLOCK));
	store_close(s);
	p.io = STORE_IO_DIRECT;
	p.thin = true;
	p.block_size = 4096;
	s = drive_open(env, &p);
	CU_ASSERT_EQUAL(s->io_align, 4096);
	CU_ASSERT_EQUAL(s->io == STORE_IO_DIRECT,
			(fcntl(((struct file *)s)->fd, F_GETFL) & O_DIRECT) != 0);
	CU_ASSERT_TRUE(s->caps & STORE_CAN_DISCARD);
	CU_ASSERT_EQUAL((s->caps & STORE_CAN_RESERVE) != 0,
			space_can_reserve(((struct file *)s)->fd));
	store_close(s);
	store_env_free(env);
	drive_rmdir(&d);
}

/* What was opened for nothing leaves no trace. */
static void opening_is_undone(void)
{
	struct drive_dir d;
	struct store_params p;
	struct store_env *env;
	struct store *s;

	CU_ASSERT_FATAL(drive_mkdir(&d, NULL));
	env = drive_env();
	p = file_params(d.path, MIB);
	store_abandon(drive_open(env, &p));
	CU_ASSERT_EQUAL(drive_length(d.path), UINT64_MAX);
	drive_file(d.path, 4 * KIB);
	store_abandon(drive_open(env, &p));
	CU_ASSERT_EQUAL(drive_length(d.path), 4 * KIB);
	store_close(drive_open(env, &p)); /* in use: what was made stays */
	s = drive_open(env, &p);
	store_abandon(s);
	CU_ASSERT_EQUAL(drive_length(d.path), MIB);
	store_abandon(NULL);
	store_env_free(env);
	drive_rmdir(&d);
}

/* One store takes a file over from another, and keeps others from it in its turn. */
static void a_file_is_taken_over(void)
{
	struct drive_dir d;
	struct store_params p, over;
	struct store_env *env;
	struct store *old, *new;

	CU_ASSERT_FATAL(drive_mkdir(&d, NULL));
	env = drive_env();
	p = file_params(d.path, MIB);
	old = drive_open(env, &p);
	over = p;
	over.takes_over = true;
	new = drive_open(env, &over);
	CU_ASSERT_EQUAL(store_claim(new), -EBUSY);
	store_close(old);
	CU_ASSERT_EQUAL(store_claim(new), 0);
	expect_fault(&p, -EBUSY, "is in use by another process or another LUN");
	store_close(new);
	store_env_free(env);
	drive_rmdir(&d);
}

static const struct unit_test tests[] = {
	{ "a missing file is made only with a size, sparse and private",
	  a_missing_file_is_made_only_with_a_size },
	{ "a file that cannot be made leaves nothing", a_file_that_cannot_be_made_leaves_nothing },
	{ "the size of a file is its own or the given one",
	  the_size_of_a_file_is_its_own_or_the_given },
	{ "what is not served is not touched", what_is_not_served_is_not_touched },
	{ "faults of the size are told", faults_of_the_size_are_told },
	{ "what is no disk is told", what_is_no_disk_is_told },
	{ "a long or odd path keeps the reason readable",
	  a_long_or_odd_path_keeps_the_reason_readable },
	{ "a file is served by one writer or by readers", a_file_is_served_once },
	{ "a closed file is free", a_closed_file_is_free },
	{ "two processes do not serve one file", two_processes_do_not_serve_one_file },
	{ "reading only is kept", reading_only_is_kept },
	{ "the mode and the options show in the store", what_the_mode_and_the_options_make_of_it },
	{ "what was opened for nothing leaves no trace", opening_is_undone },
	{ "a file is taken over", a_file_is_taken_over },
};

UNIT_MAIN("store/file_open", tests)
