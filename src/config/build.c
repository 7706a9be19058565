#include "config/build.h"

#include "config/fault.h"
#include "scsi/device.h"
#include "scsi/lu.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static const char *const backends[] = {
	[CONF_BACKEND_FILE] = "file",
	[CONF_BACKEND_BLOCK] = "block",
	[CONF_BACKEND_RAM] = "ram",
	[CONF_BACKEND_NULL] = "null",
};

/* A path alone says by what is there whether it is a device. */
static const char *backend_of(const struct conf_lun_options *o)
{
	struct stat st;

	if (o->backend != CONF_BACKEND_PATH && o->backend != CONF_BACKEND_CDROM)
		return backends[o->backend];
	if (stat(o->path, &st) == 0 && S_ISBLK(st.st_mode))
		return backends[CONF_BACKEND_BLOCK];
	return backends[CONF_BACKEND_FILE];
}

int build_store(const struct config_lun *l, struct store_env *env, bool takes_over, uint64_t size,
		struct store **out, char why[static STORE_WHY_MAX])
{
	const struct conf_lun_options *o = &l->options;
	struct store_params p = {
		.backend = backend_of(o),
		.path = o->path,
		.size = size ? size : o->size,
		.io = (enum store_mode)o->io,
		.block_size = (uint32_t)o->block_size,
		.read_only = o->read_only,
		.thin = o->thin,
		.max_iops = o->max_iops,
		.max_bandwidth = o->max_bandwidth,
		.takes_over = takes_over,
	};

	return store_open(env, &p, out, why);
}

/* Copy a text that check.c has measured; NULL leaves "". */
static void copy(char *dst, size_t size, const char *text)
{
	if (text)
		snprintf(dst, size, "%s", text);
}

int build_lu(struct scsi_core *core, struct config_lun *l, struct store *store,
	     struct scsi_lu **out, char why[static STORE_WHY_MAX])
{
	const struct conf_lun_options *o = &l->options;
	struct scsi_lu_options opt = {
		.number = l->number,
		.type = o->backend == CONF_BACKEND_CDROM ? SCSI_CDROM : SCSI_DISK,
		.block_size = (uint32_t)o->block_size,
		.physical_block_size = (uint32_t)o->physical_block_size,
		.write_cache = o->write_cache,
		.thin = o->thin,
		.read_only = o->read_only,
		.removable = o->removable,
		.soft_threshold = (uint8_t)o->soft_threshold,
		.user = l->mask,
	};
	int err;

	copy(opt.serial, sizeof(opt.serial), o->serial);
	copy(opt.vendor, sizeof(opt.vendor), o->vendor);
	copy(opt.product, sizeof(opt.product), o->product);
	scsi_lu_identity(&opt, l->target->name);
	err = scsi_lu_new(core, store, &opt, out);
	if (err)
		snprintf(why, STORE_WHY_MAX, "its options do not fit its store: %s",
			 strerror(-err));
	else
		l->mask = NULL; /* the logical unit has it now, and the target owns it later */
	return err;
}

/* The logical unit of an open store, which it then owns; the target then owns the mask. */
static int build_lun(struct config *c, struct config_lun *l, char why[static STORE_WHY_MAX])
{
	struct scsi_lu *lu = NULL;
	int err;

	err = build_lu(c->world.core, l, l->store, &lu, why);
	if (err)
		return err;
	l->store = NULL;
	scsi_device_place(&l->target->device, lu);
	err = scsi_lu_load(lu);
	if (!err)
		err = scsi_device_add(&l->target->device, lu);
	if (err) {
		snprintf(why, STORE_WHY_MAX, "%s", strerror(-err));
		lun_mask_free(lu->opt.user);
		scsi_lu_free(lu);
	}
	return err;
}

/* First all stores are opened: until then nothing is there that cannot be undone. */
int config_build(struct config *c, struct store_env *env, char why[static CONFIG_WHY_MAX])
{
	char reason[STORE_WHY_MAX] = "", where[CONFIG_WHY_MAX - STORE_WHY_MAX - 2];
	const struct config_lun *faulty = NULL;
	struct config_lun *l;
	int err = 0;

	STAILQ_FOREACH (l, &c->luns, link) {
		err = err ? err : build_store(l, env, false, 0, &l->store, reason);
		faulty = err && !faulty ? l : faulty;
	}
	STAILQ_FOREACH (l, &c->luns, link) {
		err = err ? err : build_lun(c, l, reason);
		faulty = err && !faulty ? l : faulty;
	}
	if (!err)
		return 0;
	STAILQ_FOREACH (l, &c->luns, link) {
		store_abandon(l->store);
		l->store = NULL;
	}
	conf_where_format(where, sizeof(where), faulty->node);
	snprintf(why, CONFIG_WHY_MAX, "%s: %s", where, reason);
	return err;
}
