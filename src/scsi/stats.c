#include "scsi/stats.h"

#include "scsi/cmd.h"
#include "scsi/core.h"
#include "scsi/lu.h"
#include "scsi/nexus.h"
#include "scsi/task.h"

#include <stdlib.h>

#define SYNC_10 0x35
#define SYNC_16 0x91

static const char *const names[FLOWS] = {
	[FLOW_READ] = "read",
	[FLOW_WRITE] = "write",
	[FLOW_SYNC] = "sync",
	[FLOW_OTHER] = "other",
};

const char *stats_flow_name(enum scsi_flow flow)
{
	return names[flow];
}

/* SPC-5, table 49 */
static const char *const sense_keys[STATS_SENSE_KEYS] = {
	"no sense",       "recovered error", "not ready",      "medium error",
	"hardware error", "illegal request", "unit attention", "data protect",
	"blank check",    "vendor specific", "copy aborted",   "aborted command",
	"reserved",       "volume overflow", "miscompare",     "completed",
};

const char *stats_sense_key_name(uint8_t key)
{
	return sense_keys[key];
}

static enum scsi_flow flow_of(const struct scsi_cmd *cmd)
{
	if (!cmd)
		return FLOW_OTHER;
	switch ((enum cmd_xfer)cmd->xfer) {
	case XFER_IN_BLOCKS: return FLOW_READ;
	case XFER_OUT_BLOCKS:
	case XFER_OUT_TWICE:
	case XFER_OUT_SAME: return FLOW_WRITE;
	default: break;
	}
	return cmd->opcode == SYNC_10 || cmd->opcode == SYNC_16 ? FLOW_SYNC : FLOW_OTHER;
}

static void add(struct scsi_traffic *s, const struct scsi_task *t, uint64_t ns)
{
	bool is_good = t->status == SCSI_GOOD;

	s->ops++;
	s->errors += !is_good;
	if (is_good)
		s->bytes += t->may_write ? t->out_want : t->in_len;
	s->time_ns += ns;
}

/* The first command of its kind brings the histogram along; without memory it goes uncounted. */
static void add_latency(struct histogram **h, uint64_t ns)
{
	if (!*h) {
		*h = malloc(sizeof(**h));
		if (!*h)
			return;
		histogram_init(*h);
	}
	histogram_add(*h, ns);
}

/* SPC-5, 4.4: the sense key is in byte 2 of fixed format and in byte 1 of descriptor format. */
static uint8_t sense_key(const struct scsi_task *t)
{
	bool is_descriptor = (t->sense[0] & 0x7e) == 0x72;

	return t->sense_len ? t->sense[is_descriptor ? 1 : 2] & 0x0f : 0;
}

static void add_status(struct scsi_stats *s, const struct scsi_task *t)
{
	switch ((enum scsi_status)t->status) {
	case SCSI_CHECK_CONDITION: s->sense[sense_key(t)]++; break;
	case SCSI_RESERVATION_CONFLICT: s->conflicts++; break;
	case SCSI_BUSY:
	case SCSI_TASK_SET_FULL: s->busy++; break;
	default: break;
	}
}

void stats_count(const struct scsi_task *t)
{
	struct scsi_stats *s = t->lu ? &t->lu->stats : NULL;
	enum scsi_flow flow = flow_of(t->cmd);
	uint64_t ns = t->core->now_ns - t->began_ns;

	if (t->cmd && t->cmd->flags & F_NO_WAIT)
		return; /* no command of an initiator's, and no data moves (xcopy.c) */
	if (t->abort_wanted) {
		if (s)
			s->aborted++;
		return;
	}
	add(&t->nexus->traffic[flow], t, ns);
	if (!s)
		return;
	add(&s->flows[flow], t, ns);
	if (flow != FLOW_OTHER)
		add_latency(&s->latency[flow], ns);
	if (t->status != SCSI_GOOD)
		add_status(s, t);
}

void stats_fini(struct scsi_stats *s)
{
	size_t i;

	for (i = 0; i < FLOWS; i++)
		free(s->latency[i]);
}
