#include "target/target.h"

#include "scsi/lu.h"
#include "scsi/tport.h"
#include "target/portal.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <stringprep.h>

#define LOWER_HEX "0123456789abcdef"

const struct target_limits target_limits_default = {
	.MaxRecvDataSegmentLength = 262144,
	.FirstBurstLength = 262144,
	.MaxBurstLength = 1048576,
	.MaxOutstandingR2T = 8,
	.MaxConnections = 8,
	.ErrorRecoveryLevel = 2,
	.DefaultTime2Wait = 2,
	.DefaultTime2Retain = 20,
	.InitialR2T = false,
	.ImmediateData = true,
	.HeaderDigest = TARGET_DIGEST_NONE | TARGET_DIGEST_CRC32C,
	.DataDigest = TARGET_DIGEST_NONE | TARGET_DIGEST_CRC32C,
	.nop_interval_ms = 30000,
	.nop_timeout_ms = 30000,
	.queue_depth = 128,
};

/*
 * What RFC 3722, 6.2 prohibits beside the common tables, but for the underscore:
 * Windows puts the host's name into its initiator name, and many have one there.
 */
static const Stringprep_table_element prohibited[] = {
	{ .start = 0x01, .end = 0x2c },
	{ .start = 0x2f, .end = 0x2f },
	{ .start = 0x3b, .end = 0x40 },
	{ .start = 0x5b, .end = 0x5e },
	{ .start = 0x60, .end = 0x60 },
	{ .start = 0x7b, .end = 0x7f },
	{ .start = 0x3002, .end = 0x3002 }, /* ideographic full stop */
	{ .start = 0 },
};

#define PROFILE_MAX 32 /* steps; RFC 3722 has about 20 */

/* The library's profile for iSCSI with that one table exchanged. 0, -EINVAL, -ENAMETOOLONG. */
static int prepare(char *name, size_t size)
{
	Stringprep_profile profile[PROFILE_MAX] = { { .table = NULL } };
	size_t i;
	int rc;

	for (i = 0; stringprep_iscsi[i].operation; i++) {
		assert(i + 1 < PROFILE_MAX);
		profile[i] = stringprep_iscsi[i];
		if (profile[i].table == stringprep_iscsi_prohibit) {
			profile[i].table = prohibited;
			profile[i].table_size = sizeof(prohibited) / sizeof(prohibited[0]) - 1;
		}
	}
	rc = stringprep(name, size, 0, profile);
	if (rc == STRINGPREP_TOO_SMALL_BUFFER)
		return -ENAMETOOLONG; /* folding made it longer */
	return rc == STRINGPREP_OK ? 0 : -EINVAL;
}

/* The part of a name after its type: what follows "iqn." and so on. */
typedef bool body_fn(const char *body);

/* "YYYY-MM.": when the naming authority owned its domain (RFC 7143, 4.2.7.4). */
static bool is_date(const char *s)
{
	size_t i;

	for (i = 0; i < 8; i++) {
		const char *want = i == 4 ? "-" : i == 7 ? "." : "0123456789";

		if (!s[i] || !strchr(want, s[i]))
			return false;
	}
	return (s[5] == '0' && s[6] != '0') || (s[5] == '1' && s[6] <= '2');
}

/* A date, the reversed domain name, and what its owner likes after a colon. */
static bool is_iqn(const char *body)
{
	const char *label;
	size_t len;

	if (!is_date(body))
		return false;
	for (label = body + 8;; label += len + 1) {
		len = strspn(label, "abcdefghijklmnopqrstuvwxyz0123456789-");
		if (len == 0)
			return false;
		if (label[len] != '.')
			return label[len] == ':' || label[len] == '\0';
	}
}

/* EUI-64 (4.2.7.5). */
static bool is_eui(const char *body)
{
	return strlen(body) == 16 && strspn(body, LOWER_HEX) == 16;
}

/* T11 Network Address Authority, 64 or 128 bits (4.2.7.6). */
static bool is_naa(const char *body)
{
	size_t len = strlen(body);

	return (len == 16 || len == 32) && strspn(body, LOWER_HEX) == len;
}

static const struct {
	const char *prefix;
	body_fn *is_body;
} name_types[] = {
	{ "eui.", is_eui },
	{ "iqn.", is_iqn },
	{ "naa.", is_naa },
};

int target_name_normalise(char out[static TARGET_NAME_MAX], const char *name)
{
	size_t len = strlen(name), i;
	char prepared[TARGET_NAME_MAX] = { 0 };
	int err;

	if (len >= sizeof(prepared))
		return -ENAMETOOLONG;
	memcpy(prepared, name, len + 1);
	err = prepare(prepared, sizeof(prepared));
	if (err)
		return err;
	for (i = 0; i < sizeof(name_types) / sizeof(name_types[0]); i++) {
		if (strncmp(prepared, name_types[i].prefix, 4) == 0) {
			if (!name_types[i].is_body(prepared + 4))
				return -EINVAL;
			memcpy(out, prepared, sizeof(prepared));
			return 0;
		}
	}
	return -EINVAL;
}

int target_alias_set(char out[static TARGET_ALIAS_MAX], const char *alias)
{
	size_t len = strlen(alias), i;
	uint32_t *ucs4;

	if (len >= TARGET_ALIAS_MAX)
		return -ENAMETOOLONG;
	for (i = 0; i < len; i++) {
		if ((unsigned char)alias[i] < 0x20 || alias[i] == 0x7f)
			return -EINVAL;
	}
	ucs4 = stringprep_utf8_to_ucs4(alias, -1, NULL); /* only to learn whether it can be */
	if (!ucs4)
		return -EINVAL;
	free(ucs4);
	memcpy(out, alias, len + 1);
	return 0;
}

void target_port(const struct target *t, uint16_t tag, struct scsi_tport *out)
{
	*out = (struct scsi_tport){ .rel_id = tag, .group = tag };
	snprintf(out->name, sizeof(out->name), "%s,t,0x%04x", t->name, tag);
}

int target_add_group(struct target *t, struct portal_group *g)
{
	struct scsi_tport port;

	if (t->ngroups == TARGET_GROUPS_MAX)
		return -ENOSPC;
	target_port(t, g->tag, &port);
	tport_add(&t->device, &port); /* there is room: one port a group */
	t->groups[t->ngroups++] = g;
	return 0;
}

void target_settle_ports(struct target *t)
{
	struct scsi_device *d = &t->device;
	struct scsi_tport port;
	uint8_t i, g;

	for (i = d->nports; i-- > 0;) {
		for (g = 0; g < t->ngroups && t->groups[g]->tag != d->ports[i].rel_id; g++)
			;
		if (g == t->ngroups)
			(void)tport_remove(d, d->ports[i].rel_id); /* busy: another time */
	}
	for (g = 0; g < t->ngroups; g++) {
		target_port(t, t->groups[g]->tag, &port);
		(void)tport_add(d, &port); /* most are there; without room: another time */
	}
}

bool target_in_group(const struct target *t, const struct portal_group *g)
{
	uint8_t i;

	for (i = 0; i < t->ngroups; i++) {
		if (t->groups[i] == g)
			return true;
	}
	return false;
}

bool lun_mask_same(const struct lun_mask *a, const struct lun_mask *b)
{
	return a && b ? access_names_same(&a->names, &b->names) : a == b;
}

void lun_mask_free(struct lun_mask *m)
{
	if (!m)
		return;
	access_names_fini(&m->names);
	free(m);
}

struct target *target_new(struct scsi_core *core, const char *name)
{
	size_t len = strlen(name);
	struct target *t;

	if (len >= sizeof(t->name))
		return NULL;
	t = calloc(1, sizeof(*t));
	if (!t)
		return NULL;
	memcpy(t->name, name, len);
	t->limits = target_limits_default;
	scsi_device_init(&t->device, core, name);
	return t;
}

void target_free(struct target *t)
{
	struct scsi_lu *lu;
	uint32_t number;

	if (!t)
		return;
	for (lu = map_next(&t->device.lus, 0, &number); lu;
	     lu = map_next(&t->device.lus, number + 1, &number)) {
		lun_mask_free(lu->opt.user);
		lu->opt.user = NULL;
	}
	scsi_device_fini(&t->device);
	free(t);
}
