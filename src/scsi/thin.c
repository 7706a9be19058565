#include "scsi/thin.h"

#include "base/log.h"
#include "base/units.h"
#include "scsi/ua.h"

/* Bytes that are written between two looks: some of what is left to the threshold. */
#define LOOK_MIN  ((uint64_t)1 << 20)
#define LOOK_MAX  ((uint64_t)64 << 20)
#define LOOK_PART 8 /* … of it: others may write to the file system, too */

bool thin_is_counted(const struct scsi_lu *lu)
{
	return lu->opt.thin && lu->store->caps & STORE_CAN_SPACE;
}

uint8_t thin_exponent(const struct scsi_lu *lu)
{
	return (uint8_t)(THIN_SET_SHIFT - lu->block_shift);
}

uint32_t thin_sets(uint64_t bytes)
{
	uint64_t sets = bytes >> THIN_SET_SHIFT;

	return sets < UINT32_MAX ? (uint32_t)sets : UINT32_MAX;
}

/* Bytes of the file system that are left when the threshold is reached. */
static uint64_t left_at_threshold(const struct scsi_lu *lu)
{
	return lu->thin.total / 100 * (100 - lu->opt.soft_threshold);
}

uint32_t thin_threshold(const struct scsi_lu *lu)
{
	return thin_sets(left_at_threshold(lu));
}

static void tell(struct scsi_lu *lu, uint64_t available)
{
	char left[24], of[24];

	log_warning("%s: soft threshold reached: %s of %s are left", lu->name,
		    size_format(left, sizeof(left), available),
		    size_format(of, sizeof(of), lu->thin.total));
	ua_set_lu(lu, UA_SOFT_THRESHOLD, NULL);
}

static void looked(struct store_io *io)
{
	struct scsi_lu *lu = io->user;
	uint64_t at, ahead = 0;
	bool is_reached;

	lu->thin.is_looking = false;
	if (!lu->opt.soft_threshold)
		return; /* there is none any more */
	lu->thin.due = lu->writes.bytes + LOOK_MAX;
	if (io->error)
		return; /* the next look may be luckier */
	lu->thin.total = io->space.total;
	at = left_at_threshold(lu);
	is_reached = io->space.available <= at;
	if (is_reached && !lu->thin.is_reached)
		tell(lu, io->space.available);
	lu->thin.is_reached = is_reached;
	if (!is_reached)
		ahead = (io->space.available - at) / LOOK_PART;
	if (ahead < LOOK_MAX)
		lu->thin.due = lu->writes.bytes + (ahead > LOOK_MIN ? ahead : LOOK_MIN);
}

void thin_look(struct scsi_lu *lu)
{
	lu->thin.due = UINT64_MAX;
	if (!lu->opt.soft_threshold || !thin_is_counted(lu) || lu->thin.is_looking)
		return;
	lu->thin.is_looking = true;
	lu->thin.io = (struct store_io){ .op = STORE_SPACE, .done = looked, .user = lu };
	store_submit(lu->store, &lu->thin.io);
}
