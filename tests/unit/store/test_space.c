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
};

UNIT_MAIN("store/space", tests)
