#include "store/space.h"

#include "drive.h"

#include <errno.h>

/* File systems that differ: one of a disk, one of memory. */
static const char *const places[] = { NULL, "/dev/shm" };

/* 1 MiB of 'x' from 1 MiB on in a file of 4 MiB. */
static int island(const char *path)
{
	uint8_t *data = drive_buffer(MIB);
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	CU_ASSERT_FATAL(fd >= 0);
	memset(data, 'x', MIB);
	CU_ASSERT_EQUAL(ftruncate(fd, 4 * MIB), 0);
	CU_ASSERT_EQUAL(pwrite(fd, data, MIB, MIB), (ssize_t)MIB);
	CU_ASSERT_EQUAL(fsync(fd), 0);
	free(data);
	return fd;
}

/* Is each byte of the range c? */
static bool all(int fd, uint64_t offset, uint64_t len, uint8_t c)
{
	uint8_t *data = drive_buffer(len);
	bool right = pread(fd, data, len, (off_t)offset) == (ssize_t)len;
	uint64_t i;

	for (i = 0; right && i < len; i++)
		right = data[i] == c;
	free(data);
	return right;
}

static void on_each(void (*test)(const char *path, int fd))
{
	struct drive_dir d;
	size_t i;
	int fd;

	for (i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		if (!drive_mkdir(&d, places[i]))
			continue;
		fd = island(d.path);
		test(d.path, fd);
		close(fd);
		drive_rmdir(&d);
	}
}

static void check_extents(const char *path, int fd)
{
	static const struct {
		uint64_t offset, len;
		bool mapped;
		uint64_t alike;
	} rows[] = {
		{ 0, 4 * MIB, false, MIB },           /* up to the data */
		{ 0, 64 * KIB, false, 64 * KIB },     /* no further than asked */
		{ MIB, 3 * MIB, true, MIB },          /* up to the hole */
		{ MIB + 4096, 8192, true, 8192 },     /* no further than asked */
		{ 2 * MIB, 2 * MIB, false, 2 * MIB }, /* up to the end of the file */
		{ 4 * MIB - 512, 512, false, 512 },   /* its last block */
		{ 2 * MIB - 4096, 8192, true, 4096 }, /* the last of the data */
	};
	uint64_t alike;
	bool mapped;
	size_t i;

	(void)path;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CU_ASSERT_EQUAL(space_extent(fd, rows[i].offset, rows[i].len, 512, &mapped, &alike),
				0);
		CU_ASSERT_EQUAL(mapped, rows[i].mapped);
		CU_ASSERT_EQUAL(alike, rows[i].alike);
	}
	CU_ASSERT_EQUAL(space_extent(-1, 0, 512, 512, &mapped, &alike), -EBADF);
}

static void extents_are_told(void)
{
	on_each(check_extents);
}

/* A block larger than those of the file system is mapped when any of it is. */
static void check_partly_mapped(const char *path, int fd)
{
	uint64_t alike;
	bool mapped;

	(void)path;
	CU_ASSERT_EQUAL(space_extent(fd, 0, 4 * MIB, 2 * MIB, &mapped, &alike), 0);
	CU_ASSERT_TRUE(mapped);
	CU_ASSERT_EQUAL(alike, 2 * MIB);
	CU_ASSERT_EQUAL(space_punch(fd, MIB, MIB / 2), 0);
	CU_ASSERT_EQUAL(space_extent(fd, MIB, MIB, MIB, &mapped, &alike), 0);
	CU_ASSERT_TRUE(mapped);
	CU_ASSERT_EQUAL(alike, MIB);
	CU_ASSERT_EQUAL(space_extent(fd, 0, 4 * MIB, 256 * KIB, &mapped, &alike), 0);
	CU_ASSERT_FALSE(mapped);
	CU_ASSERT_EQUAL(alike, MIB + MIB / 2);
	CU_ASSERT_EQUAL(space_extent(fd, 0, 4 * MIB, MIB, &mapped, &alike), 0);
	CU_ASSERT_FALSE(mapped);
	CU_ASSERT_EQUAL(alike, MIB); /* the block that the data begins in is mapped */
}

static void a_block_with_a_byte_of_data_is_mapped(void)
{
	on_each(check_partly_mapped);
}

static void check_punch(const char *path, int fd)
{
	uint64_t before = drive_space(path);

	CU_ASSERT_EQUAL(space_punch(fd, MIB + 512, MIB / 2), 0);
	CU_ASSERT_TRUE(all(fd, MIB, 512, 'x'));
	CU_ASSERT_TRUE(all(fd, MIB + 512, MIB / 2, 0)); /* its odd edges, too */
	CU_ASSERT_TRUE(all(fd, MIB + MIB / 2 + 512, MIB / 2 - 512, 'x'));
	CU_ASSERT(drive_space(path) <= before - MIB / 2 + 8192);
	CU_ASSERT_EQUAL(space_punch(fd, 3 * MIB, 8 * MIB), 0);
	CU_ASSERT_EQUAL(drive_length(path), 4 * MIB); /* never longer */
}

static void a_punched_range_reads_as_zeros_and_takes_no_space(void)
{
	on_each(check_punch);
}

static void check_zero(const char *path, int fd)
{
	uint64_t before = drive_space(path);

	CU_ASSERT_EQUAL(space_zero_file(fd, MIB + 512, MIB / 2, true), 0);
	CU_ASSERT_TRUE(all(fd, MIB, 512, 'x'));
	CU_ASSERT_TRUE(all(fd, MIB + 512, MIB / 2, 0));
	CU_ASSERT_TRUE(all(fd, MIB + MIB / 2 + 512, MIB / 2 - 512, 'x'));
	CU_ASSERT(drive_space(path) >= before); /* kept */
	CU_ASSERT_EQUAL(drive_length(path), 4 * MIB);
}

static void a_zeroed_range_stays_allocated(void)
{
	on_each(check_zero);
}

/* BLKZEROOUT is refused by a file: the zeros are written, more than are written at once. */
static void check_written(const char *path, int fd)
{
	(void)path;
	CU_ASSERT_EQUAL(space_zero_device(fd, 512, 3 * MIB), 0);
	CU_ASSERT_TRUE(all(fd, 0, 3 * MIB + 512, 0));
	CU_ASSERT(drive_space(path) >= 3 * MIB);
}

static void zeros_are_written_where_nothing_else_works(void)
{
	on_each(check_written);
}

static void check_probe(const char *path, int fd)
{
	uint64_t before = drive_space(path);
	int ro = open(path, O_RDONLY | O_CLOEXEC);

	CU_ASSERT_TRUE(space_can_punch(fd, 4 * MIB));
	CU_ASSERT_EQUAL(drive_length(path), 4 * MIB);
	CU_ASSERT_EQUAL(drive_space(path), before);
	CU_ASSERT_TRUE(all(fd, MIB, MIB, 'x'));
	CU_ASSERT_FALSE(space_can_punch(ro, 4 * MIB));
	close(ro);
}

static void asking_whether_holes_work_changes_nothing(void)
{
	on_each(check_probe);
}

/* Is all of the range alike, as space_extent() and space_reserved() have it? */
static bool is_reserved(int fd, uint64_t offset, uint64_t len, bool *reserved)
{
	uint64_t alike;
	bool mapped;

	CU_ASSERT_EQUAL(space_extent(fd, offset, len, 512, &mapped, &alike), 0);
	CU_ASSERT_FALSE(mapped);
	CU_ASSERT_EQUAL(alike, len);
	CU_ASSERT_EQUAL(space_reserved(fd, offset, len, 512, reserved, &alike), 0);
	return alike == len;
}

static void check_reserve(const char *path, int fd)
{
	uint64_t before = drive_space(path), alike;
	bool can = space_can_reserve(fd), reserved;

	CU_ASSERT_FALSE(can && strncmp(path, "/dev/shm", 8) == 0);
	if (!can) {
		printf("(%s reserves nothing) ", path);
		return;
	}
	CU_ASSERT_EQUAL(space_reserve(fd, 64 * KIB, 64 * KIB), 0);
	CU_ASSERT_EQUAL(space_reserve(fd, MIB + 64 * KIB, 64 * KIB), 0); /* of the island */
	CU_ASSERT_EQUAL(space_reserve(fd, 3 * MIB, 8 * MIB), 0);
	CU_ASSERT_EQUAL(drive_length(path), 4 * MIB); /* never longer */
	CU_ASSERT(drive_space(path) >= before + MIB + 64 * KIB);
	CU_ASSERT_TRUE(is_reserved(fd, 0, 64 * KIB, &reserved) && !reserved);
	CU_ASSERT_TRUE(is_reserved(fd, 64 * KIB, 64 * KIB, &reserved) && reserved);
	CU_ASSERT_TRUE(is_reserved(fd, 128 * KIB, MIB - 128 * KIB, &reserved) && !reserved);
	CU_ASSERT_TRUE(is_reserved(fd, MIB + 64 * KIB, 64 * KIB, &reserved) && reserved);
	CU_ASSERT_TRUE(is_reserved(fd, 2 * MIB, MIB, &reserved) && !reserved);
	CU_ASSERT_TRUE(is_reserved(fd, 3 * MIB, MIB, &reserved) && reserved);
	CU_ASSERT_EQUAL(space_punch(fd, 3 * MIB, 64 * KIB), 0);
	CU_ASSERT_TRUE(is_reserved(fd, 3 * MIB, 64 * KIB, &reserved) && !reserved);
	/* A block of which a part is reserved is not, and who asks on begins behind it. */
	CU_ASSERT_EQUAL(space_reserved(fd, 0, MIB, 96 * KIB, &reserved, &alike), 0);
	CU_ASSERT(!reserved && alike == 96 * KIB);
	CU_ASSERT_EQUAL(space_reserved(fd, 96 * KIB, 96 * KIB, 96 * KIB, &reserved, &alike), 0);
	CU_ASSERT(!reserved && alike == 96 * KIB);
	CU_ASSERT_TRUE(all(fd, 0, MIB, 0));
	CU_ASSERT_TRUE(all(fd, MIB, 64 * KIB, 'x'));
	CU_ASSERT_TRUE(all(fd, MIB + 64 * KIB, 64 * KIB, 0));
	CU_ASSERT_TRUE(all(fd, MIB + 128 * KIB, MIB - 128 * KIB, 'x'));
	CU_ASSERT_EQUAL(space_reserved(-1, 0, 512, 512, &reserved, &alike), -EBADF);
}

/* What was reserved piece by piece, and lies about on the disk, is told as one. */
static void check_pieces(const char *path, int fd)
{
	bool reserved;
	uint64_t i;

	(void)path;
	if (!space_can_reserve(fd))
		return;
	for (i = 0; i < 16; i += 2)
		CU_ASSERT_EQUAL(space_reserve(fd, 2 * MIB + i * 4096, 4096), 0);
	CU_ASSERT_TRUE(is_reserved(fd, 2 * MIB, 4096, &reserved) && reserved);
	CU_ASSERT_FALSE(is_reserved(fd, 2 * MIB, 8192, &reserved));
	for (i = 1; i < 16; i += 2)
		CU_ASSERT_EQUAL(space_reserve(fd, 2 * MIB + i * 4096, 4096), 0);
	CU_ASSERT_TRUE(is_reserved(fd, 2 * MIB, 64 * KIB, &reserved) && reserved);
	CU_ASSERT_FALSE(is_reserved(fd, 2 * MIB, 128 * KIB, &reserved));
}

static void pieces_of_reserved_space_are_one(void)
{
	on_each(check_pieces);
}

static void reserved_space_is_told_from_holes(void)
{
	on_each(check_reserve);
}

/* Data in the file that goes to the disk only later is no reserved space. */
static void check_unwritten_data(const char *path, int fd)
{
	uint64_t alike;
	bool mapped;

	if (!space_can_reserve(fd))
		return;
	(void)path;
	CU_ASSERT_EQUAL(space_reserve(fd, 3 * MIB, MIB), 0);
	CU_ASSERT_EQUAL(pwrite(fd, "data", 4, 3 * MIB), 4);
	CU_ASSERT_EQUAL(space_extent(fd, 3 * MIB, MIB, 512, &mapped, &alike), 0);
	CU_ASSERT_TRUE(mapped);
}

static void what_was_written_is_mapped_at_once(void)
{
	on_each(check_unwritten_data);
}

#define SMALL_FS (512 * MIB)

/* Take all there is, for as long as what is returned is open. -1: that is too much. */
static int fill_up(const char *dir)
{
	int fd = open(dir, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
	uint8_t *data = drive_buffer(MIB);
	struct store_space space;
	size_t len = MIB;

	CU_ASSERT_FATAL(fd >= 0);
	CU_ASSERT_EQUAL_FATAL(space_usage(fd, &space), 0);
	if (space.total > SMALL_FS) {
		close(fd);
		fd = -1;
	}
	while (fd >= 0 && len >= 512) {
		if (write(fd, data, len) < 0)
			len /= 2;
	}
	CU_ASSERT(fd < 0 || fsync(fd) == 0);
	free(data);
	return fd;
}

static void check_full(int fd)
{
	uint8_t *data = drive_buffer(2 * MIB);

	CU_ASSERT_EQUAL(space_reserve(fd, 2 * MIB, 2 * MIB), -ENOSPC);
	CU_ASSERT_EQUAL(pwrite(fd, data, 256 * KIB, 64 * KIB), 256 * KIB);
	CU_ASSERT_EQUAL(pwrite(fd, data, MIB, MIB), (ssize_t)MIB);
	CU_ASSERT_EQUAL(fsync(fd), 0);
	CU_ASSERT(pwrite(fd, data, 2 * MIB, 2 * MIB) < (ssize_t)(2 * MIB));
	CU_ASSERT_TRUE(all(fd, 64 * KIB, 256 * KIB, 0xa5));
	CU_ASSERT_TRUE(all(fd, MIB, MIB, 0xa5));
	free(data);
}

/*
 * What it is for: when there is no space left, what was reserved can be written, and what was
 * not cannot. Only on a small file system: tests/system/file_systems.py has some.
 */
static void reserved_space_is_there_when_nothing_else_is(void)
{
	struct drive_dir d;
	int fd, fill = -1;

	CU_ASSERT_FATAL(drive_mkdir(&d, NULL));
	fd = island(d.path);
	if (space_can_reserve(fd)) {
		CU_ASSERT_EQUAL(space_reserve(fd, 64 * KIB, 256 * KIB), 0);
		CU_ASSERT_EQUAL(space_reserve(fd, MIB, MIB), 0); /* it was data */
		CU_ASSERT_EQUAL(fsync(fd), 0);
		fill = fill_up(d.dir);
	}
	if (fill >= 0) {
		check_full(fd);
		close(fill);
		printf("on a file system that is full: ");
	}
	close(fd);
	drive_rmdir(&d);
}

static const struct unit_test tests[] = {
	{ "extents are told as they are", extents_are_told },
	{ "a block with a byte of data in it is mapped", a_block_with_a_byte_of_data_is_mapped },
	{ "a punched range reads as zeros and takes no space",
	  a_punched_range_reads_as_zeros_and_takes_no_space },
	{ "a zeroed range stays allocated", a_zeroed_range_stays_allocated },
	{ "zeros are written where nothing else works",
	  zeros_are_written_where_nothing_else_works },
	{ "asking whether holes can be punched changes nothing",
	  asking_whether_holes_work_changes_nothing },
	{ "reserved space is told from holes", reserved_space_is_told_from_holes },
	{ "pieces of reserved space are one", pieces_of_reserved_space_are_one },
	{ "what was written is mapped at once", what_was_written_is_mapped_at_once },
	{ "reserved space is there when nothing else is",
	  reserved_space_is_there_when_nothing_else_is },
};

UNIT_MAIN("store/space", tests)
