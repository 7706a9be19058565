/* A target: a name, a SCSI device, the portal groups it is seen through, who may come, and what it
 * agrees to. */
#ifndef TARGET_TARGET_H
#define TARGET_TARGET_H

#include "scsi/device.h"
#include "target/access.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#define TARGET_NAME_MAX   224 /* bytes with the ending zero (RFC 7143, 4.2.7.1: 223) */
#define TARGET_ALIAS_MAX  256
#define TARGET_GROUPS_MAX 16 /* portal groups of one target */

/* What the target is willing to agree to; names are the keys of RFC 7143, section 13. */
struct target_limits {
	uint32_t MaxRecvDataSegmentLength; /* bytes: 512 to 2^24-1, ours */
	uint32_t FirstBurstLength;         /* bytes */
	uint32_t MaxBurstLength;           /* bytes */
	uint32_t MaxOutstandingR2T;
	uint32_t MaxConnections;
	uint32_t ErrorRecoveryLevel;
	uint32_t DefaultTime2Wait;   /* s */
	uint32_t DefaultTime2Retain; /* s */
	bool InitialR2T;
	bool ImmediateData;
	uint8_t HeaderDigest; /* set of TARGET_DIGEST_… that it takes */
	uint8_t DataDigest;
	uint32_t nop_interval_ms; /* 0: never ping */
	uint32_t nop_timeout_ms;
	uint32_t queue_depth; /* command window of a session */
};

#define TARGET_DIGEST_NONE   0x1
#define TARGET_DIGEST_CRC32C 0x2

/* The built-in values, as interface.md and itgtd.conf(5) give them. */
extern const struct target_limits target_limits_default;

struct portal_group;

struct target {
	char name[TARGET_NAME_MAX]; /* normalised: case folded */
	char alias[TARGET_ALIAS_MAX];
	struct scsi_device device;                      /* LUs are in it */
	struct portal_group *groups[TARGET_GROUPS_MAX]; /* borrowed from the world */
	uint8_t ngroups;
	const struct auth_group *auth; /* borrowed from the world */
	struct target_limits limits;
	TAILQ_ENTRY(target) link;
};

/*
 * A target with default limits, in no group, with no LU. name: normalised, shorter
 * than TARGET_NAME_MAX. core: borrowed. NULL: no memory.
 */
struct target *target_new(struct scsi_core *core, const char *name);

/* Frees its LUs, their stores and masks. No session is left. NULL is fine. */
void target_free(struct target *t);

/*
 * Let it be seen through that group, by which its device gets a port. 0; -ENOSPC:
 * TARGET_GROUPS_MAX are there already.
 */
int target_add_group(struct target *t, struct portal_group *g);

/*
 * Its device's ports are those of its groups, and those that a nexus still came by. To be called
 * again when such a nexus is gone.
 */
void target_settle_ports(struct target *t);

/* The target port that belongs to a group (RFC 7143, 4.4.2): its name has the group's tag. */
void target_port(const struct target *t, uint16_t tag, struct scsi_tport *out);

/* Is the target seen through that group? */
bool target_in_group(const struct target *t, const struct portal_group *g);

/*
 * What a LUN keeps for masking: opt.user of its scsi_lu, allocated. Once the LU is in a
 * target's device, the target owns it. NULL: everybody sees the LUN.
 */
struct lun_mask {
	struct access_names names;
};

/* Do they let the same see it? NULL is everybody. */
bool lun_mask_same(const struct lun_mask *a, const struct lun_mask *b);

/* NULL is fine. */
void lun_mask_free(struct lun_mask *m);

/*
 * Check an iSCSI name and bring it to the one form in which names are compared: the
 * stringprep profile of RFC 3722 (case folded, NFKC, nothing prohibited; "_" is let pass), then the
 * formats of RFC 7143, 4.2.7: iqn.YYYY-MM.reversed.domain[:string], eui. and 16, or
 * naa. and 16 or 32 hexadecimal digits. out is written on success only.
 * 0; -EINVAL (also when it is not UTF-8); -ENAMETOOLONG past 223 bytes.
 */
int target_name_normalise(char out[static TARGET_NAME_MAX], const char *name);

/*
 * Copy an alias: UTF-8 without control characters, for people to read (RFC 7143, 13.6, 13.7).
 * 0; -EINVAL; -ENAMETOOLONG past 255 bytes. out is written on success only.
 */
int target_alias_set(char out[static TARGET_ALIAS_MAX], const char *alias);

#endif
