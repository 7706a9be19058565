/*
 * What is counted of commands, for each logical unit and each I_T nexus.
 *
 * A command takes from the moment its bytes came out of the socket to the moment its last
 * request was found finished; a write's data may be on its way from the initiator in
 * between. Both moments are those of a batch (scsi_core.now_ns): the clock is read once for
 * all that one recvmsg brought, and once for all requests that were finished together, never
 * for a command. What needs no request to the store takes no time by this clock.
 */
#ifndef SCSI_STATS_H
#define SCSI_STATS_H

#include "base/histogram.h"

#include <stdint.h>

struct scsi_task;

enum scsi_flow {
	FLOW_READ,  /* READ */
	FLOW_WRITE, /* WRITE, WRITE SAME, COMPARE AND WRITE and their like */
	FLOW_SYNC,  /* SYNCHRONIZE CACHE */
	FLOW_OTHER, /* everything else, and what is no command at all */
	FLOWS
};

/* Whatever ended, but for what was aborted. */
struct scsi_traffic {
	uint64_t ops;
	uint64_t bytes;   /* moved */
	uint64_t errors;  /* ended with any status but GOOD */
	uint64_t time_ns; /* of all together: its growth in a second is the mean queue depth */
};

#define STATS_SENSE_KEYS 16

struct scsi_stats {
	struct scsi_traffic flows[FLOWS];
	struct histogram *latency[FLOWS]; /* owns; ns; NULL: nothing yet. None for FLOW_OTHER */
	uint64_t sense[STATS_SENSE_KEYS]; /* CHECK CONDITION, by sense key */
	uint64_t conflicts;               /* RESERVATION CONFLICT */
	uint64_t busy;                    /* BUSY and TASK SET FULL */
	uint64_t aborted;
};

/* "read", "write", "sync", "other". */
const char *stats_flow_name(enum scsi_flow flow);

/* "medium error"; key: 0 to STATS_SENSE_KEYS - 1. */
const char *stats_sense_key_name(uint8_t key);

/* t has ended: count it where it belongs. */
void stats_count(const struct scsi_task *t);

void stats_fini(struct scsi_stats *s);

#endif
