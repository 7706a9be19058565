#include "scsi/lu.h"

#include "base/bytes.h"
#include "scsi/buffer.h"
#include "scsi/cmd_table.h"
#include "scsi/ident.h"
#include "scsi/itl.h"
#include "scsi/mmc_table.h"
#include "scsi/mode.h"
#include "scsi/mode_save.h"
#include "scsi/pr_save.h"
#include "scsi/sbc_rw.h"
#include "scsi/thin.h"
#include "scsi/ua.h"
#include "scsi/wipe.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_VENDOR  "ITGT"
#define DEFAULT_PRODUCT "VIRTUAL-DISK"
#define CDROM_PRODUCT   "VIRTUAL-CDROM"

/* An organization's number of those that nobody is given: the local bit is set (IEEE 802, 8.4). */
#define LOCAL_OUI 0x024954

#define FNV_START 0xcbf29ce484222325u

/* FNV-1a, going on from h. */
static uint64_t hash_add(uint64_t h, const char *text)
{
	for (; *text; text++)
		h = (h ^ (uint8_t)*text) * 0x100000001b3u;
	return h;
}

/* Spread what hash_add() made over all bits. */
static uint64_t hash_end(uint64_t h)
{
	h = (h ^ (h >> 30)) * 0xbf58476d1ce4e5b9u;
	h = (h ^ (h >> 27)) * 0x94d049bb133111ebu;
	return h ^ (h >> 31);
}

/* n characters of 5 bits each, the highest first. */
static void put_base32(char *dst, uint64_t value, unsigned int n)
{
	static const char digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

	while (n--)
		*dst++ = digits[value >> (5 * n) & 31];
}

/*
 * The first 8 characters are 40 bits: the name's hash plus the LUN times an odd
 * number. For one name that is a different value for each LUN, without exception.
 */
static void make_serial(char serial[static SCSI_SERIAL_MAX], const char *name, uint32_t number)
{
	uint64_t name_hash = hash_end(hash_add(FNV_START, name));
	uint64_t head = name_hash + number * (uint64_t)0x9e3779b97f4a7c15;
	uint64_t tail = hash_end(name_hash ^ ((uint64_t)number << 32));

	put_base32(serial, head & 0xffffffffff, 8);
	put_base32(serial + 8, tail & 0xfffffffffffffff, 12);
	serial[20] = '\0';
}

void scsi_lu_identity(struct scsi_lu_options *opt, const char *target_name)
{
	if (!opt->serial[0])
		make_serial(opt->serial, target_name, opt->number);
	if (!opt->vendor[0])
		memcpy(opt->vendor, DEFAULT_VENDOR, sizeof(DEFAULT_VENDOR));
	if (!opt->product[0] && opt->type == SCSI_CDROM)
		memcpy(opt->product, CDROM_PRODUCT, sizeof(CDROM_PRODUCT));
	else if (!opt->product[0])
		memcpy(opt->product, DEFAULT_PRODUCT, sizeof(DEFAULT_PRODUCT));
}

/* NAA 6h (SPC-5, 7.7.6.6.5): number of the organization, 36 and 64 bits made from the serial. */
static void make_naa(struct scsi_lu *lu)
{
	uint64_t h = hash_add(hash_add(FNV_START, lu->opt.vendor), lu->opt.serial);
	uint64_t low = hash_end(h);
	uint64_t high = hash_end(h ^ low) & 0xfffffffff;

	put_be64(lu->naa, (uint64_t)6 << 60 | (uint64_t)LOCAL_OUI << 36 | high);
	put_be64(lu->naa + 8, low);
}

/* SPC-5, 4.3.1: 20h to 7Eh */
static bool is_ascii(const char *text)
{
	for (; *text; text++) {
		if (*text < 0x20 || *text > 0x7e)
			return false;
	}
	return true;
}

static bool is_power_of_two(uint32_t n)
{
	return n && !(n & (n - 1));
}

/* An optical drive reads what was written elsewhere. */
static bool has_block_size(const struct scsi_lu_options *o)
{
	if (o->type == SCSI_CDROM)
		return o->block_size == 2048 && o->read_only && o->removable && !o->thin;
	return o->block_size == 512 || o->block_size == 4096;
}

static bool fits(const struct scsi_lu_options *o, const struct store *store)
{
	if (o->number > SCSI_LUN_MAX || !has_block_size(o))
		return false;
	if (o->physical_block_size % o->block_size ||
	    !is_power_of_two(o->physical_block_size / o->block_size) ||
	    o->physical_block_size > 1u << 20)
		return false;
	if (store->size < o->block_size || !store->io_align || o->block_size % store->io_align)
		return false;
	return is_ascii(o->serial) && is_ascii(o->vendor) && is_ascii(o->product);
}

int scsi_lu_new(struct scsi_core *core, struct store *store, const struct scsi_lu_options *opt,
		struct scsi_lu **out)
{
	struct scsi_lu *lu = calloc(1, sizeof(*lu));

	if (!lu)
		return -ENOMEM;
	lu->opt = *opt;
	if (!lu->opt.physical_block_size)
		lu->opt.physical_block_size = opt->block_size;
	if (!fits(&lu->opt, store)) {
		free(lu);
		return -EINVAL;
	}
	scsi_lu_identity(&lu->opt, "");
	/* What may not be written cannot be unmapped either way: UNMAP is there to say so. */
	lu->opt.thin = opt->thin && (store->caps & STORE_CAN_DISCARD || opt->read_only);
	lu->opt.read_only = opt->read_only || store->caps & STORE_READ_ONLY;
	lu->core = core;
	lu->store = store; /* lu owns store now */
	lu->cmds = opt->type == SCSI_CDROM ? mmc_table : cmd_table;
	lu->ncmds = opt->type == SCSI_CDROM ? mmc_table_len : cmd_table_len;
	lu->block_shift = (uint8_t)__builtin_ctz(opt->block_size);
	lu->blocks = store->size >> lu->block_shift;
	snprintf(lu->name, sizeof(lu->name), "LUN %" PRIu32, opt->number);
	make_naa(lu);
	mode_reset(lu);
	TAILQ_INIT(&lu->tasks);
	TAILQ_INIT(&lu->line);
	TAILQ_INIT(&lu->itls);
	pr_init(&lu->pr);
	lu->pr_version = 1;
	STAILQ_INIT(&lu->pr_waiting);
	STAILQ_INIT(&lu->keep_waiting);
	lu->thin.due = UINT64_MAX; /* until scsi_lu_start() */
	*out = lu;
	return 0;
}

int scsi_lu_load(struct scsi_lu *lu)
{
	pr_save_load(lu);
	mode_save_load(lu);
	ident_load(lu);
	return wipe_load(lu);
}

void scsi_lu_start(struct scsi_lu *lu)
{
	thin_look(lu);
	wipe_go_on(lu);
}

bool scsi_lu_is_idle(const struct scsi_lu *lu)
{
	return TAILQ_EMPTY(&lu->tasks) && !lu->sync_busy && !lu->thin.is_looking &&
	       !wipe_is_busy(lu) && store_is_idle(lu->store);
}

struct store *scsi_lu_dismiss(struct scsi_lu *lu)
{
	struct store *store = lu->store;
	struct scsi_itl *itl;

	assert(scsi_lu_is_idle(lu));
	while ((itl = TAILQ_FIRST(&lu->itls)))
		itl_free(itl);
	wipe_free(lu);
	buffer_free(lu);
	pr_fini(&lu->pr);
	stats_fini(&lu->stats);
	free(lu);
	store_settle(store); /* a worker may close it */
	return store;
}

void scsi_lu_free(struct scsi_lu *lu)
{
	if (lu)
		store_close(scsi_lu_dismiss(lu));
}

void scsi_lu_reset(struct scsi_lu *lu)
{
	struct scsi_itl *itl;
	bool wce = lu->wce;

	lu->stopped = false;
	mode_reset(lu);
	if (wce && !lu->wce) /* by saved values: what was cached goes to the medium, too */
		sbc_flush_behind(lu);
	lu->reserved_by = NULL;
	TAILQ_FOREACH (itl, &lu->itls, lu_link) {
		itl_allow(itl);
		xcopy_log_clear(&itl->copies);
	}
}

void scsi_lu_capacity_changed(struct scsi_lu *lu)
{
	uint64_t blocks = lu->store->size >> lu->block_shift;

	if (!blocks || blocks == lu->blocks)
		return;
	lu->blocks = blocks;
	ua_set_lu(lu, UA_CAPACITY, NULL);
}
