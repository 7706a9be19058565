#include "scsi/pr_save.h"

#include "base/bytes.h"
#include "base/log.h"
#include "scsi/core.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/*
 * Behind the head of keep.h, numbers in network order:
 *
 *   32  4  type of the reservation
 *   36  4  number of registrants
 *   40     for each: key (8), target port (2), bytes of its TransportID (2, the
 *          highest bit is set for the holder), TransportID
 */
#define HEADER_LEN (KEEP_HEAD + 8)
#define ENTRY_LEN  12
#define HOLDER_BIT 0x8000

const struct keep_kind pr_save_kind = {
	.magic = { 'i', 't', 'g', 't', 'd', '-', 'p', 'r' },
	.version = 1,
	.max = PR_SAVE_MAX,
	.suffix = "pr",
	.what = "reservations",
};

uint32_t pr_save_len(const struct pr *pr)
{
	uint32_t len = HEADER_LEN + KEEP_TAIL;
	uint32_t i;

	for (i = 0; i < pr->n; i++)
		len += ENTRY_LEN + pr->reg[i].tid.len;
	return len;
}

void pr_save_put(const struct pr *pr, const uint8_t naa[static SCSI_NAA_LEN], uint8_t *p)
{
	uint32_t len = pr_save_len(pr);
	uint32_t at = HEADER_LEN;
	uint32_t i;

	put_be32(p + 32, pr->type);
	put_be32(p + 36, pr->n);
	for (i = 0; i < pr->n; i++) {
		const struct pr_registrant *r = &pr->reg[i];

		put_be64(p + at, r->key);
		put_be16(p + at + 8, r->port);
		put_be16(p + at + 10, (uint16_t)(r->tid.len | (i == pr->holder ? HOLDER_BIT : 0)));
		memcpy(p + at + ENTRY_LEN, r->tid.bytes, r->tid.len);
		at += ENTRY_LEN + r->tid.len;
	}
	keep_frame(&pr_save_kind, naa, p, len);
}

/*
 * A registrant that is read. False: it makes no sense. Versions that compared ISIDs as text may
 * have written one port twice: it is registered once, with the key by which it holds the unit.
 */
static bool take(struct pr *pr, const struct tid *tid, uint16_t port, uint64_t key, bool holds)
{
	uint32_t i = pr_find(pr, tid, port);

	if (i == PR_NOBODY)
		i = pr_add(pr, tid, port, key);
	if (!key || i == PR_NOBODY || (holds && pr->holder != PR_NOBODY))
		return false;
	if (holds) {
		pr->reg[i].key = key;
		pr->holder = i;
	}
	return true;
}

/* One registrant at p, of len bytes at most. Its length; 0: it makes no sense. */
static uint32_t get_entry(struct pr *pr, const uint8_t *p, uint32_t len)
{
	uint32_t tid_len;
	struct tid tid;
	size_t used;

	if (len < ENTRY_LEN)
		return 0;
	tid_len = be16(p + 10) & (HOLDER_BIT - 1u);
	if (tid_len > len - ENTRY_LEN || tid_get(&tid, p + ENTRY_LEN, tid_len, &used) != TID_OK ||
	    used != tid_len || tid_is_device(&tid))
		return 0;
	if (!take(pr, &tid, be16(p + 8), be64(p), be16(p + 10) & HOLDER_BIT))
		return 0;
	return ENTRY_LEN + tid_len;
}

/* Do type and holder go together? */
static bool is_whole(const struct pr *pr, uint32_t type)
{
	bool held = pr->holder != PR_NOBODY;

	if (!pr->n)
		return false; /* of nobody there is no file */
	if (type == PR_NONE)
		return !held;
	return type <= UINT8_MAX && pr_is_type((uint8_t)type) && held != pr_is_all((uint8_t)type);
}

const char *pr_save_get(struct pr *pr, const uint8_t naa[static SCSI_NAA_LEN], const uint8_t *p,
			uint32_t len)
{
	const char *fault;
	uint32_t at = HEADER_LEN;
	uint32_t n;

	pr_init(pr);
	fault = keep_check(&pr_save_kind, naa, p, len);
	if (fault)
		return fault;
	if (len < HEADER_LEN + KEEP_TAIL)
		return "what it says makes no sense";
	for (n = be32(p + 36); n; n--) {
		uint32_t step = get_entry(pr, p + at, len - KEEP_TAIL - at);

		if (!step)
			break;
		at += step;
	}
	if (n || at != len - KEEP_TAIL || !is_whole(pr, be32(p + 32))) {
		pr_fini(pr);
		return "what it says makes no sense";
	}
	pr->type = (uint8_t)be32(p + 32);
	pr->aptpl = true;
	return NULL;
}

/* ---- the file ---- */

static void seal(struct scsi_lu *lu, const char *fault)
{
	char name[KEEP_NAME_MAX];

	keep_name(name, &pr_save_kind, lu);
	lu->pr.type = PR_WRITE_EXCLUSIVE;
	lu->pr.sealed = true;
	log_error(
		"%s: the reservations in %s/%s cannot be read: %s; nobody may write until they are "
		"cleared (itgtctl reservation clear)",
		lu->name, lu->core->state_dir, name, fault);
}

void pr_save_load(struct scsi_lu *lu)
{
	const char *fault;
	uint8_t *p;
	uint32_t len;
	int err;

	if (!keep_is_there(lu))
		return;
	err = keep_read(lu, &pr_save_kind, &p, &len, &fault);
	if (!err)
		fault = pr_save_get(&lu->pr, lu->naa, p, len);
	free(p);
	if (err != -ENOENT && fault)
		seal(lu, fault);
	lu->pr_version++;
}

void pr_save_start(struct keep *k, struct scsi_lu *lu, const struct pr *pr,
		   void (*done)(struct keep *k, int error))
{
	uint32_t len = 0;
	uint8_t *p = NULL;

	if (pr->aptpl && pr->n) {
		len = pr_save_len(pr);
		p = malloc(len);
		if (!p) {
			done(k, -ENOMEM);
			return;
		}
		pr_save_put(pr, lu->naa, p);
	}
	keep_write(k, lu, &pr_save_kind, p, len, done);
}
