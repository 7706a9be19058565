#include "store/blockdev.h"

#include "drive.h"
#include "store/file.h"

#include <errno.h>
#include <linux/loop.h>
#include <sys/ioctl.h>

/* A loop device on a file of 16 MiB. */
struct disk {
	struct drive_dir d;
	int fd;        /* keeps it; it goes with the last descriptor */
	char path[32]; /* of the device */
};

/* Another test may be quicker to take the free one: ask again. */
static int take_loop(const struct loop_config *config, char path[static 32])
{
	int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
	int i, n, fd = -1;

	for (i = 0; control >= 0 && fd < 0 && i < 20; i++) {
		n = ioctl(control, LOOP_CTL_GET_FREE);
		snprintf(path, 32, "/dev/loop%d", n);
		fd = open(path, O_RDWR | O_CLOEXEC);
		if (fd < 0)
			break;
		if (ioctl(fd, LOOP_CONFIGURE, config)) {
			close(fd);
			fd = -1;
			if (errno != EBUSY)
				break;
		}
	}
	if (control >= 0)
		close(control);
	return fd;
}

/* False: loop devices are not to be had here. */
static bool disk_start(struct disk *k, uint32_t block)
{
	struct loop_config config = { .block_size = block };
	int fd;

	if (!drive_mkdir(&k->d, NULL))
		return false;
	drive_file(k->d.path, 16 * MIB);
	fd = open(k->d.path, O_RDWR | O_CLOEXEC);
	config.fd = (uint32_t)fd;
	config.info.lo_flags = LO_FLAGS_AUTOCLEAR;
	k->fd = take_loop(&config, k->path);
	close(fd);
	if (k->fd >= 0)
		return true;
	printf("(no loop devices: skipped) ");
	drive_rmdir(&k->d);
	return false;
}

static void disk_stop(struct disk *k)
{
	close(k->fd);
	drive_rmdir(&k->d);
}

static struct store_params disk_params(const struct disk *k, uint32_t block)
{
	return (struct store_params){
		.backend = "block",
		.path = k->path,
		.block_size = block,
		.thin = true,
	};
}

static void a_device_answers(void)
{
	uint64_t size = 0;
	uint32_t block = 0;
	struct disk k;

	if (!disk_start(&k, 512))
		return;
	CU_ASSERT_EQUAL(blockdev_size(k.fd, &size), 0);
	CU_ASSERT_EQUAL(size, 16 * MIB);
	CU_ASSERT_EQUAL(blockdev_block(k.fd, &block), 0);
	CU_ASSERT_EQUAL(block, 512);
	CU_ASSERT(blockdev_discard_align(k.fd) >= 512);
	CU_ASSERT_EQUAL(blockdev_optimal(k.fd) % 512, 0);
	CU_ASSERT_EQUAL(blockdev_zero(k.fd, 0, MIB), 0);
	disk_stop(&k);
}

static void a_file_does_not_answer(void)
{
	struct drive_dir d;
	uint64_t size;
	uint32_t block;
	int fd;

	CU_ASSERT_FATAL(drive_mkdir(&d, NULL));
	drive_file(d.path, MIB);
	fd = open(d.path, O_RDWR | O_CLOEXEC);
	CU_ASSERT_EQUAL(blockdev_size(fd, &size), -ENOTTY);
	CU_ASSERT_EQUAL(blockdev_block(fd, &block), -ENOTTY);
	CU_ASSERT_EQUAL(blockdev_zero(fd, 0, 4096), -ENOTTY);
	CU_ASSERT_EQUAL(blockdev_optimal(fd), 0);
	CU_ASSERT_EQUAL(blockdev_discard_align(fd), 0);
	close(fd);
	drive_rmdir(&d);
}

static void serve(const struct disk *k, enum store_mode io)
{
	struct store_env *env = drive_env();
	struct store_params p = disk_params(k, 512);
	bool mapped;
	struct store *s;

	p.io = io;
	s = drive_open(env, &p);
	CU_ASSERT_STRING_EQUAL(s->ops->name, "block");
	CU_ASSERT_EQUAL(s->size, 16 * MIB);
	CU_ASSERT_EQUAL(s->io, io);
	CU_ASSERT_EQUAL(drive_write(s, STORE_FUA, 512, 4 * MIB, 1), 0);
	CU_ASSERT_EQUAL(drive_write(s, 0, 16 * MIB - 512, 512, 2), 0);
	CU_ASSERT_EQUAL(drive(s, STORE_FLUSH, 0, 0, 0, NULL), 0);
	CU_ASSERT_TRUE(drive_holds(s, 512, 4 * MIB, 1));
	CU_ASSERT_EQUAL_FATAL(s->caps, STORE_CAN_DISCARD);
	CU_ASSERT_EQUAL(drive(s, STORE_DISCARD, 0, KIB, MIB, NULL), 0);
	CU_ASSERT_TRUE(drive_is_zero(s, KIB, MIB));
	CU_ASSERT_EQUAL(drive(s, STORE_ZERO, STORE_FUA, MIB + KIB, MIB, NULL), 0);
	CU_ASSERT_TRUE(drive_is_zero(s, MIB + KIB, MIB));
	CU_ASSERT_TRUE(drive_holds(s, 512, 512, 1));
	CU_ASSERT_TRUE(drive_holds(s, 2 * MIB + KIB, MIB, 1));
	CU_ASSERT_TRUE(drive_holds(s, 16 * MIB - 512, 512, 2));
	CU_ASSERT_EQUAL(drive_extent(s, 0, 16 * MIB, &mapped), 16 * MIB);
	CU_ASSERT_TRUE(mapped);
	store_close(s);
	store_env_free(env);
}

static void a_device_is_served_as_a_file_is(void)
{
	struct disk k;

	if (!disk_start(&k, 512))
		return;
	serve(&k, STORE_IO_DIRECT);
	CU_ASSERT(drive_space(k.d.path) <= 3 * MIB + 64 * KIB); /* the discard reached the file */
	serve(&k, STORE_IO_CACHED);
	disk_stop(&k);
}

static void a_device_is_claimed(void)
{
	struct store_env *env = drive_env();
	char why[STORE_WHY_MAX], wanted[STORE_WHY_MAX];
	struct store *s, *other = NULL;
	struct store_params p;
	struct disk k;

	if (disk_start(&k, 512)) {
		p = disk_params(&k, 512);
		p.backend = "file";
		s = drive_open(env, &p);
		CU_ASSERT_STRING_EQUAL(s->ops->name, "block");
		snprintf(wanted, sizeof(wanted), "%s is in use (mounted, or by another process)",
			 k.path);
		CU_ASSERT_EQUAL(store_open(env, &p, &other, why), -EBUSY);
		CU_ASSERT_STRING_EQUAL(why, wanted);
		p.read_only = true;
		CU_ASSERT_EQUAL(store_open(env, &p, &other, why), -EBUSY);
		store_close(s);
		disk_stop(&k);
	}
	store_env_free(env);
}

static void the_size_of_a_device_is_its_own(void)
{
	struct store_env *env = drive_env();
	char why[STORE_WHY_MAX], wanted[STORE_WHY_MAX];
	struct store_params p;
	struct store *s = NULL;
	struct disk k;

	if (disk_start(&k, 512)) {
		p = disk_params(&k, 512);
		p.size = 32 * MIB;
		snprintf(wanted, sizeof(wanted), "%s is smaller than 32M", k.path);
		CU_ASSERT_EQUAL(store_open(env, &p, &s, why), -EINVAL);
		CU_ASSERT_STRING_EQUAL(why, wanted);
		p.size = 8 * MIB;
		s = drive_open(env, &p);
		CU_ASSERT_EQUAL(s->size, 8 * MIB);
		CU_ASSERT_EQUAL(store_resize(s, 32 * MIB), -EOPNOTSUPP);
		CU_ASSERT_EQUAL(store_resize(s, 16 * MIB), 0);
		CU_ASSERT_EQUAL(drive_write(s, 0, 15 * MIB, MIB, 1), 0);
		CU_ASSERT_EQUAL(truncate(k.d.path, 32 * MIB), 0);
		CU_ASSERT_EQUAL(ioctl(k.fd, LOOP_SET_CAPACITY, 0), 0);
		CU_ASSERT_EQUAL(store_resize(s, 32 * MIB), 0); /* the device has grown */
		CU_ASSERT_EQUAL(drive_write(s, 0, 31 * MIB, MIB, 1), 0);
		store_close(s);
		disk_stop(&k);
	}
	store_env_free(env);
}

/* Blocks of 512 bytes on a device of 4096: only the page cache can do that. */
static void a_device_of_larger_blocks_is_served_cached(void)
{
	struct store_env *env = drive_env();
	char line[STORE_WHY_MAX] = "";
	struct store_params p;
	struct store *s;
	struct disk k;

	if (disk_start(&k, 4096)) {
		log_set_sink(drive_quiet, line);
		p = disk_params(&k, 512);
		s = drive_open(env, &p);
		CU_ASSERT_PTR_NOT_NULL(strstr(line, k.path));
		CU_ASSERT_PTR_NOT_NULL(strstr(line,
					      "O_DIRECT wants blocks of 4096 bytes, not of 512: "
					      "served through the page cache"));
		CU_ASSERT_EQUAL(s->io, STORE_IO_CACHED);
		CU_ASSERT_EQUAL(s->caps, 0); /* it would not take each range */
		CU_ASSERT_EQUAL(drive_write(s, 0, 512, 64 * KIB, 1), 0);
		CU_ASSERT_TRUE(drive_holds(s, 512, 64 * KIB, 1));
		CU_ASSERT_EQUAL(drive(s, STORE_ZERO, 0, KIB, 8 * KIB, NULL), 0);
		CU_ASSERT_TRUE(drive_is_zero(s, KIB, 8 * KIB));
		CU_ASSERT_TRUE(drive_holds(s, 512, 512, 1));
		CU_ASSERT_TRUE(drive_holds(s, 9 * KIB, KIB, 1));
		store_close(s);
		p.block_size = 4096;
		s = drive_open(env, &p);
		CU_ASSERT_EQUAL(s->io, STORE_IO_DIRECT);
		CU_ASSERT_EQUAL(s->caps, STORE_CAN_DISCARD);
		store_close(s);
		disk_stop(&k);
	}
	store_env_free(env);
}

static const struct unit_test tests[] = {
	{ "a device answers", a_device_answers },
	{ "a file does not", a_file_does_not_answer },
	{ "a device is served as a file is", a_device_is_served_as_a_file_is },
	{ "a device is claimed", a_device_is_claimed },
	{ "the size of a device is its own", the_size_of_a_device_is_its_own },
	{ "a device of larger blocks is served cached",
	  a_device_of_larger_blocks_is_served_cached },
};

UNIT_MAIN("store/blockdev", tests)
