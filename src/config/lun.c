#include "config/lun.h"

#include "base/units.h"
#include "config/auth.h"
#include "config/read.h"
#include "scsi/device.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define BIT(backend) (1u << (backend))
#define A_PATH       (BIT(CONF_BACKEND_PATH) | BIT(CONF_BACKEND_FILE) | BIT(CONF_BACKEND_BLOCK))
#define A_MEMORY     (BIT(CONF_BACKEND_RAM) | BIT(CONF_BACKEND_NULL))

/* Options that some backends need, or do not have. */
static const struct {
	const char *option;
	unsigned int allowed, needed; /* by which backends */
	const char *write;            /* when it is missing */
} uses[] = {
	{ "io", A_PATH, 0, NULL },
	{ "path", A_PATH, A_PATH, "write the file or block device that holds the data" },
	{ "size", A_MEMORY | BIT(CONF_BACKEND_FILE) | BIT(CONF_BACKEND_PATH), A_MEMORY,
	  "write 512M, 10G, 1T" },
};

static void check_backend(const struct conf_node *node, unsigned int backend,
			  struct conf_faults *faults)
{
	const struct conf_entry *e;
	size_t i;

	for (i = 0; i < sizeof(uses) / sizeof(uses[0]); i++) {
		e = conf_node_entry(node, uses[i].option);
		if ((uses[i].needed & BIT(backend)) && !e)
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

/* Two LUNs on one file or device overwrite each other. */
static void warn_shared(const struct config *c, const struct conf_node *node, const char *path,
			struct conf_faults *faults)
{
	char other[512];
	const struct config_lun *l;

	STAILQ_FOREACH (l, &c->luns, link) {
		if (!path || !l->options.path || strcmp(l->options.path, path) != 0)
			continue;
		conf_where_format(other, sizeof(other), l->node);
		conf_warning(
			faults, conf_value(node, "path")->where, node, "path",
			"is served twice, which only a cluster's file system survives (see %s)",
			other);
		return;
	}
}

static int check_number(const struct config *c, const struct conf_node *node,
			struct conf_faults *faults, uint32_t *number)
{
	const struct config_lun *l;
	uint64_t n;

	if (conf_number(node->title, 0, SCSI_LUN_MAX, &n)) {
		conf_fault(faults, node->where, node, NULL, "a LUN is a number from 0 to %d",
			   SCSI_LUN_MAX);
		return -EINVAL;
	}
	STAILQ_FOREACH (l, &c->luns, link) {
		if (l->node->parent == node->parent && l->number == n) {
			conf_fault(faults, node->where, node, NULL,
				   "there is a LUN of that number already");
			return -EINVAL;
		}
	}
	*number = (uint32_t)n;
	return 0;
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
	struct conf_lun_options o = { .block_size = 512 };
	struct config_lun *l;
	uint32_t number = 0;
	int err = check_number(c, node, faults, &number);

	conf_read_section(node, &o, faults);
	check_backend(node, (unsigned int)o.backend, faults);
	check_sizes(node, &o, faults);
	check_ascii(node, "serial", o.serial, faults);
	check_ascii(node, "vendor", o.vendor, faults);
	check_ascii(node, "product", o.product, faults);
	warn_shared(c, node, o.path, faults);
	l = err ? NULL : calloc(1, sizeof(*l));
	if (!l) {
		if (!err)
			conf_fault(faults, node->where, node, NULL, "%s", strerror(ENOMEM));
		return;
	}
	l->target = t;
	l->node = node;
	l->number = number;
	l->options = o;
	l->mask = check_mask(node, faults);
	STAILQ_INSERT_TAIL(&c->luns, l, link);
}
