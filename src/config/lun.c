#include "config/lun.h"

#include "config/auth.h"
#include "config/read.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define BIT(backend) (1u << (backend))
#define A_PATH       (BIT(CONF_BACKEND_PATH) | BIT(CONF_BACKEND_FILE) | BIT(CONF_BACKEND_BLOCK))
#define A_MEMORY     (BIT(CONF_BACKEND_RAM) | BIT(CONF_BACKEND_NULL))
#define A_DISK       (A_PATH | A_MEMORY)
#define A_CDROM      BIT(CONF_BACKEND_CDROM)

/* Options that some backends need, or do not have. */
static const struct {
	const char *option;
	unsigned int allowed, needed; /* by which backends */
	const char *write;            /* when it is missing */
} uses[] = {
	{ "block-size", A_DISK, 0, NULL },
	{ "io", A_PATH | A_CDROM, 0, NULL },
	{ "path", A_PATH | A_CDROM, A_PATH | A_CDROM,
	  "write the file or block device that holds the data" },
	{ "physical-block-size", A_DISK, 0, NULL },
	{ "removable", A_DISK, 0, NULL },
	{ "size", A_MEMORY | BIT(CONF_BACKEND_FILE) | BIT(CONF_BACKEND_PATH), A_MEMORY,
	  "write 512M, 10G, 1T" },
	{ "thin", A_DISK, 0, NULL },
	{ "write-cache", A_DISK, 0, NULL },
};

/* What an optical drive is by nature. */
static void make_cdrom(const struct conf_node *node, struct conf_lun_options *o,
		       struct conf_faults *faults)
{
	if (conf_node_is_given(node, "read-only") && !o->read_only)
		conf_fault_value(faults, node, "read-only", conf_value(node, "read-only"),
				 "cannot be for backend \"cdrom\" (leave it out)");
	o->block_size = 2048;
	o->physical_block_size = 2048;
	o->write_cache = false;
	o->thin = false;
	o->read_only = true;
	o->removable = true;
	if (!conf_node_is_given(node, "product"))
		o->product = NULL; /* an optical drive's own */
}

static void check_backend(const struct conf_node *node, unsigned int backend,
			  struct conf_faults *faults)
{
	const struct conf_entry *e;
	size_t i;

	for (i = 0; i < sizeof(uses) / sizeof(uses[0]); i++) {
		e = conf_node_entry(node, uses[i].option);
		if ((uses[i].needed & BIT(backend)) && !e && !node->is_partial)
			conf_fault(faults, node->where, node, uses[i].option, "is missing (%s)",
				   uses[i].write);
		if (!(uses[i].allowed & BIT(backend)) && e && e->given)
			conf_fault(faults, e->where, node, uses[i].option,
				   "is not for backend \"%s\" (leave it out)",
				   conf_value(node, "backend")->text);
	}
}

static void check_sizes(const struct conf_node *node, struct conf_lun_options *o,
			struct conf_faults *faults)
{
	uint64_t block = (uint64_t)o->block_size;

	if (o->size % block != 0)
		conf_fault_value(faults, node, "size", conf_value(node, "size"),
				 "is not a multiple of block-size, %d bytes", o->block_size);
	if (!conf_node_is_given(node, "physical-block-size") && o->physical_block_size < block)
		o->physical_block_size = block;
	if (o->physical_block_size < block ||
	    (o->physical_block_size & (o->physical_block_size - 1)) != 0)
		conf_fault_value(faults, node, "physical-block-size",
				 conf_value(node, "physical-block-size"),
				 "is not block-size times a power of two (write 512, 4096)");
}

/* SPC: these are ASCII graphic characters and spaces. */
static void check_ascii(const struct conf_node *node, const char *option, const char *text,
			struct conf_faults *faults)
{
	for (; text && *text; text++) {
		if (*text < 0x20 || *text > 0x7e) {
			conf_fault_value(faults, node, option, conf_value(node, option),
					 "has a character that is not ASCII");
			return;
		}
	}
}

/*
 * Where the data is: device and inode, of the folder when there is no such file yet. Two
 * paths to one file have the same.
 */
static void find_place(struct config_lun *l)
{
	const char *path = l->options.path, *slash = strrchr(path, '/');
	struct stat st = { 0 };
	char *folder = NULL;

	l->place.name = "";
	if (stat(path, &st)) {
		l->place.name = slash ? slash + 1 : path;
		folder = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
		if (!folder || stat(folder, &st))
			l->place.name = NULL; /* nothing is there, and nothing can be made */
	}
	free(folder);
	l->place.device = S_ISBLK(st.st_mode) ? st.st_rdev : st.st_dev;
	l->place.inode = S_ISBLK(st.st_mode) ? 0 : st.st_ino;
}

static bool is_same_place(const struct config_lun *a, const struct config_lun *b)
{
	return a->place.name && b->place.name && a->place.device == b->place.device &&
	       a->place.inode == b->place.inode && strcmp(a->place.name, b->place.name) == 0;
}

static bool is_same_serial(const struct config_lun *a, const struct config_lun *b)
{
	return a->options.serial && b->options.serial &&
	       strcmp(a->options.serial, b->options.serial) == 0;
}

/* What two LUNs must not share: data that one of them writes, and the serial number. */
static void check_shared(const struct config *c, const struct config_lun *l,
			 struct conf_faults *faults)
{
	const struct config_lun *other, *path = NULL, *serial = NULL;
	const struct conf_node *node = l->node;
	char where[512];

	STAILQ_FOREACH (other, &c->luns, link) {
		if (!path && is_same_place(l, other) &&
		    !(l->options.read_only && other->options.read_only))
			path = other;
		if (!serial && is_same_serial(l, other))
			serial = other;
	}
	if (path)
		conf_fault_value(faults, node, "path", conf_value(node, "path"),
				 "is served by another LUN, too (see %s; let both be read-only, or "
				 "write another path)",
				 conf_where_format(where, sizeof(where), path->node));
	if (serial)
		conf_fault_value(faults, node, "serial", conf_value(node, "serial"),
				 "is another LUN's serial number, too (see %s)",
				 conf_where_format(where, sizeof(where), serial->node));
}

/* The number; UINT32_MAX when it is none, or another's. */
static uint32_t check_number(const struct config *c, const struct conf_node *node,
			     struct conf_faults *faults)
{
	const struct config_lun *l;
	uint64_t n;

	if (conf_number(node->title, 0, SCSI_LUN_MAX, &n)) {
		conf_fault(faults, node->where, node, NULL,
			   "a LUN is a decimal number from 0 to %d", SCSI_LUN_MAX);
		return UINT32_MAX;
	}
	STAILQ_FOREACH (l, &c->luns, link) {
		if (l->node->parent == node->parent && l->number == n) {
			conf_fault(faults, node->where, node, NULL,
				   "there is a LUN of that number already");
			return UINT32_MAX;
		}
	}
	return (uint32_t)n;
}

static struct lun_mask *check_mask(const struct conf_node *node, struct conf_faults *faults)
{
	struct lun_mask *m;

	if (!conf_node_is_given(node, "initiators"))
		return NULL;
	m = calloc(1, sizeof(*m));
	if (!m) {
		conf_fault(faults, node->where, node, NULL, "%s", strerror(ENOMEM));
		return NULL;
	}
	STAILQ_INIT(&m->names);
	conf_names_check(&m->names, node, "initiators", faults);
	return m;
}

void conf_lun_check(struct config *c, struct target *t, const struct conf_node *node,
		    struct conf_faults *faults)
{
	struct config_lun *l = calloc(1, sizeof(*l));

	if (!l) {
		conf_fault(faults, node->where, node, NULL, "%s", strerror(ENOMEM));
		return;
	}
	l->target = t;
	l->node = node;
	l->number = check_number(c, node, faults);
	l->options.block_size = 512;
	conf_read_section(node, &l->options, faults);
	check_backend(node, (unsigned int)l->options.backend, faults);
	if (l->options.backend == CONF_BACKEND_CDROM)
		make_cdrom(node, &l->options, faults);
	check_sizes(node, &l->options, faults);
	check_ascii(node, "serial", l->options.serial, faults);
	check_ascii(node, "vendor", l->options.vendor, faults);
	check_ascii(node, "product", l->options.product, faults);
	if (l->options.path)
		find_place(l);
	check_shared(c, l, faults);
	l->mask = check_mask(node, faults);
	STAILQ_INSERT_TAIL(&c->luns, l, link);
}
