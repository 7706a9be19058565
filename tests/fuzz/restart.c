#include "restart.h"

#include "base/bytes.h"
#include "base/crc32c.h"
#include "scsi/pr_save.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#define PATH_MAX_LEN 64
#define FILE_MAX     PR_SAVE_MAX /* bytes: the longest of them */

/* ---- the directory ---- */

/* The process's; libFuzzer runs one input after the other. By its descriptor it has the same name
 * in every process: what libFuzzer sees compared becomes part of inputs. */
static char dir[PATH_MAX_LEN];
static char real[PATH_MAX_LEN];

static void empty_dir(void)
{
	DIR *d = opendir(dir);
	const struct dirent *e;

	MUST(d, "%s", dir);
	while ((e = readdir(d))) {
		if (e->d_name[0] != '.')
			MUST(!unlinkat(dirfd(d), e->d_name, 0), "%s/%s", dir, e->d_name);
	}
	closedir(d);
}

static void remove_dir(void)
{
	empty_dir();
	rmdir(real);
}

const char *restart_dir(void)
{
	bool has_memory = access("/dev/shm", W_OK) == 0;
	int fd;

	if (dir[0]) {
		empty_dir();
		return dir;
	}
	snprintf(real, sizeof(real), "%s/itgtd-fuzz-XXXXXX", has_memory ? "/dev/shm" : "/tmp");
	MUST(mkdtemp(real), "%s", real);
	fd = open(real, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	MUST(fd >= 0, "%s", real);
	snprintf(dir, sizeof(dir), "/proc/self/fd/%d", fd);
	atexit(remove_dir);
	return dir;
}

/* One byte of a file is another one, and the checksum at its end what it must be then. */
static void damage(const struct rig *r, unsigned int lun, const char *suffix, struct feed *f)
{
	static uint8_t bytes[FILE_MAX];
	char path[512];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "%s/%s,%u.%s", dir, r->dev.name, lun, suffix);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return;
	n = read(fd, bytes, sizeof(bytes));
	MUST(n > KEEP_TAIL, "%s has %zd bytes", path, n);
	bytes[feed_u16(f) % (size_t)n] ^= feed_u8(f);
	put_be32(bytes + n - KEEP_TAIL,
		 crc32c_end(crc32c_add(CRC32C_START, bytes, (size_t)n - KEEP_TAIL)));
	MUST(pwrite(fd, bytes, (size_t)n, 0) == n, "%s", path);
	close(fd);
}

/* ---- what must be there again ---- */

struct kept {
	struct rig *r;
	uint8_t *pr; /* owns */
	unsigned int lun;
	uint32_t pr_len; /* bytes; 0: no reservations that persist */
	struct scsi_ident ident[SCSI_IDENTS];
	uint8_t saved[SCSI_MODE_FIELDS];
	bool has_saved;
	bool sealed;
	bool wiping;
};

static void note(struct kept *k, const struct scsi_lu *lu)
{
	k->sealed = lu->pr.sealed;
	k->pr_len = lu->pr.aptpl && lu->pr.n ? pr_save_len(&lu->pr) : 0;
	k->pr = malloc(k->pr_len + 1);
	MUST(k->pr, "memory");
	if (k->pr_len)
		pr_save_put(&lu->pr, lu->naa, k->pr);
	k->has_saved = lu->has_saved;
	memcpy(k->saved, lu->saved, sizeof(k->saved));
	memcpy(k->ident, lu->ident, sizeof(k->ident));
	k->wiping = lu->wipe;
}

static void check(const struct kept *was, const struct scsi_lu *lu)
{
	struct kept is = { 0 };
	unsigned int i;

	note(&is, lu);
	MUST(is.sealed == was->sealed, "LUN %u: reservations", was->lun);
	MUST(is.sealed || (is.pr_len == was->pr_len && !memcmp(is.pr, was->pr, is.pr_len)),
	     "LUN %u has other reservations", was->lun);
	MUST(is.pr_len || is.sealed || !lu->pr.n, "LUN %u: registrations that were not kept",
	     was->lun);
	MUST(is.has_saved == was->has_saved &&
		     (!is.has_saved || !memcmp(is.saved, was->saved, sizeof(is.saved))),
	     "LUN %u has other saved mode pages", was->lun);
	for (i = 0; i < SCSI_IDENTS; i++)
		MUST(is.ident[i].len == was->ident[i].len &&
			     !memcmp(is.ident[i].bytes, was->ident[i].bytes, is.ident[i].len),
		     "LUN %u has other identifying information", was->lun);
	MUST(is.wiping == was->wiping, "LUN %u: what wipes it", was->lun);
	free(is.pr);
}

/* ---- stop and start ---- */

static void gone(struct scsi_lu *lu, void *user)
{
	struct kept *k = user;

	note(k, lu);
	k->r->stores[k->lun] = scsi_lu_dismiss(lu);
}

void restart(struct rig *r, struct feed *f)
{
	static const char *const suffixes[] = { "pr", "mode", "id", "wipe" };
	uint8_t how = feed_u8(f);
	struct kept kept[RIG_LUNS] = { 0 };
	unsigned int i, damaged = RIG_LUNS;

	for (i = 0; i < RIG_LUNS; i++) {
		kept[i].r = r;
		kept[i].lun = i;
		scsi_device_remove(&r->dev, scsi_device_lu(&r->dev, i), gone, &kept[i]);
	}
	rig_stop(r);
	if (how & 0x80) {
		damaged = how % RIG_LUNS;
		damage(r, damaged, suffixes[how >> 3 & 3], f);
	}
	rig_start(r);
	for (i = 0; i < RIG_LUNS; i++) {
		const struct scsi_lu *lu = scsi_device_lu(&r->dev, i);

		if (i != damaged)
			check(&kept[i], lu);
		if (lu->wipe)
			r->stale[i] = true; /* it goes on */
		free(kept[i].pr);
	}
}
