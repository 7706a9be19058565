/*
 * The configuration: a file's text and the --serve SPECs, from the parser through
 * all checks. Nothing is opened but what is in the table below.
 */
#include "fuzz.h"

#include "base/log.h"
#include "config/check.h"
#include "config/parse.h"
#include "config/serve.h"
#include "scsi/core.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define SPECS_MAX 4

/* All files that there are. */
static const struct {
	const char *path;
	const char *text;
	mode_t mode;
} files[] = {
	{ "lab.conf", "auth-group \"lab\" { chap \"u\" { secret = \"0123456789ab\" } }\n", 0644 },
	{ "loop.conf", "include(\"loop.conf\")\n", 0644 },
	{ "open.conf", "target \"iqn.2026-11.org.example:x\" {\n", 0644 },
	{ "secret", "0123456789abcdef\n", 0600 },
	{ "shared", "0123456789abcdef\n", 0644 },
	{ "empty", "", 0600 },
};

/* The linker puts it in the place of open(2). */
int __wrap_open(const char *path, int flags, ...);

int __wrap_open(const char *path, int flags, ...)
{
	size_t i;
	int fd;

	(void)flags;
	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		if (strcmp(path, files[i].path) != 0)
			continue;
		fd = memfd_create(path, MFD_CLOEXEC);
		MUST(fd >= 0, "memfd_create");
		MUST(write(fd, files[i].text, strlen(files[i].text)) >= 0, "write");
		MUST(lseek(fd, 0, SEEK_SET) == 0 && !fchmod(fd, files[i].mode), "memfd");
		return fd;
	}
	errno = ENOENT;
	return -1;
}

/* ---- what holds of a configuration without a fault ---- */

static void check_target(const struct target *t)
{
	const struct target_limits *l = &t->limits;
	char name[TARGET_NAME_MAX];

	MUST(!target_name_normalise(name, t->name) && !strcmp(name, t->name), "\"%s\"", t->name);
	MUST(t->auth && t->ngroups >= 1 && t->ngroups <= TARGET_GROUPS_MAX, "\"%s\"", t->name);
	MUST(l->MaxRecvDataSegmentLength >= 512 && l->MaxRecvDataSegmentLength <= 0xffffff, "%u",
	     l->MaxRecvDataSegmentLength);
	MUST(l->FirstBurstLength >= 512 && l->FirstBurstLength <= l->MaxBurstLength, "%u",
	     l->FirstBurstLength);
	MUST(l->MaxBurstLength <= 0xffffff, "%u", l->MaxBurstLength);
	MUST(l->MaxOutstandingR2T >= 1 && l->MaxOutstandingR2T <= 65535, "%u",
	     l->MaxOutstandingR2T);
	MUST(l->HeaderDigest && l->DataDigest, "no digest, not even none");
	MUST(l->queue_depth >= 1, "%u", l->queue_depth);
	MUST(l->DefaultTime2Wait <= 3600 && l->DefaultTime2Retain <= 3600, "times");
}

static void check_lun(const struct config_lun *l)
{
	const struct conf_lun_options *o = &l->options;

	MUST(l->target && l->number <= SCSI_LUN_MAX, "LUN %u", l->number);
	MUST(o->block_size == 512 || o->block_size == 4096, "%d", o->block_size);
	MUST(o->size % (uint64_t)o->block_size == 0, "%llu bytes", (unsigned long long)o->size);
	MUST(o->path || o->backend == CONF_BACKEND_RAM || o->backend == CONF_BACKEND_NULL,
	     "backend %d without a path", o->backend);
}

static void check_config(const struct config *c)
{
	const struct config_lun *l;
	const struct target *t;

	MUST(c->settings.max_connections >= 1, "%u", c->settings.max_connections);
	TAILQ_FOREACH (t, &c->world.targets, link)
		check_target(t);
	STAILQ_FOREACH (l, &c->luns, link)
		check_lun(l);
}

/* ---- reading ---- */

/* Every fault is a line that people can read. */
static void check_faults(const struct conf_faults *faults, int err)
{
	const struct conf_fault *f;
	unsigned int n = 0;

	STAILQ_FOREACH (f, &faults->list, link) {
		n += !f->is_warning;
		MUST(f->text && f->text[0] && !strchr(f->text, '\n'), "\"%s\"", f->text);
	}
	MUST(n == faults->count, "%u faults, %u counted", n, faults->count);
	MUST((err == -EINVAL) == (n > 0), "%u faults and %d", n, err);
}

/* The command line's way: SPECs, each ended by a newline. */
static int serve(struct conf_tree *tree, char *text, struct conf_faults *faults)
{
	const char *specs[SPECS_MAX];
	struct conf_serve s = { .specs = specs };
	char *spec;

	for (spec = strtok(text, "\n"); spec && s.nspecs < SPECS_MAX; spec = strtok(NULL, "\n"))
		specs[s.nspecs++] = spec;
	return s.nspecs ? conf_serve_tree(tree, &s, faults) : 0;
}

/* libconfuse forgets the values it has read of a list when the list has a fault. */
const char *__lsan_default_suppressions(void);

const char *__lsan_default_suppressions(void)
{
	return "leak:libconfuse";
}

static void silence(void *arg, enum log_level level, const char *line)
{
	(void)arg;
	(void)level;
	(void)line;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	bool is_file = !size || data[0] != '\x01';
	char *text = strndup((const char *)data + !is_file, size - !is_file);
	struct conf_faults faults;
	struct scsi_core core;
	struct buf_pool pool;
	struct conf_tree tree;
	struct config config;
	int err, checked;

	MUST(text, "memory");
	log_set_sink(silence, NULL);
	buf_pool_init(&pool, 1 << 20, 0);
	scsi_core_init(&core, &pool);
	conf_faults_init(&faults);
	MUST(!conf_tree_init(&tree) && !config_init(&config, &core), "memory");
	if (is_file)
		err = conf_parse_text(&tree, "t.conf", (const char *)data, size, &faults);
	else
		err = serve(&tree, text, &faults);
	check_faults(&faults, err);
	checked = config_check(&config, &tree, &faults);
	check_faults(&faults, checked);
	if (!checked)
		check_config(&config);
	config_fini(&config);
	conf_tree_fini(&tree);
	conf_faults_fini(&faults);
	buf_pool_fini(&pool);
	free(text);
	return 0;
}
