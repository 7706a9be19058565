#include "initiator/ini_param.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum kind { NUMBER, BOOLEAN, DIGEST };

struct row {
	const char *key;
	enum kind kind;
	size_t at; /* in struct ini_param */
};

#define ROW(name, kind)                                       \
	{                                                     \
#name, kind, offsetof(struct ini_param, name) \
	}

static const struct row rows[] = {
	ROW(DataDigest, DIGEST),           ROW(DataPDUInOrder, BOOLEAN),
	ROW(DataSequenceInOrder, BOOLEAN), ROW(DefaultTime2Retain, NUMBER),
	ROW(DefaultTime2Wait, NUMBER),     ROW(ErrorRecoveryLevel, NUMBER),
	ROW(FirstBurstLength, NUMBER),     ROW(HeaderDigest, DIGEST),
	ROW(ImmediateData, BOOLEAN),       ROW(InitialR2T, BOOLEAN),
	ROW(MaxBurstLength, NUMBER),       ROW(MaxConnections, NUMBER),
	ROW(MaxOutstandingR2T, NUMBER),    ROW(MaxRecvDataSegmentLength, NUMBER),
	ROW(TargetPortalGroupTag, NUMBER), ROW(iSCSIProtocolLevel, NUMBER),
};

void ini_param_init(struct ini_param *p)
{
	*p = (struct ini_param){
		.MaxRecvDataSegmentLength = 8192,
		.own_MaxRecvDataSegmentLength = 8192,
		.FirstBurstLength = 65536,
		.MaxBurstLength = 262144,
		.MaxOutstandingR2T = 1,
		.MaxConnections = 1,
		.DefaultTime2Wait = 2,
		.DefaultTime2Retain = 20,
		.iSCSIProtocolLevel = 1,
		.InitialR2T = true,
		.ImmediateData = true,
		.DataPDUInOrder = true,
		.DataSequenceInOrder = true,
	};
}

static bool number_of(const char *value, uint32_t *out)
{
	unsigned long long n;
	char *end;

	if (*value < '0' || *value > '9')
		return false;
	errno = 0;
	n = strtoull(value, &end, 0);
	if (*end || errno || n > UINT32_MAX)
		return false;
	*out = (uint32_t)n;
	return true;
}

/* One of two words. */
static bool word_of(const char *value, const char *yes, const char *no, bool *out)
{
	if (strcmp(value, yes) != 0 && strcmp(value, no) != 0)
		return false;
	*out = strcmp(value, yes) == 0;
	return true;
}

bool ini_param_set(struct ini_param *p, const char *key, const char *value)
{
	size_t i;
	void *at;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (strcmp(rows[i].key, key) != 0)
			continue;
		at = (char *)p + rows[i].at;
		switch (rows[i].kind) {
		case NUMBER: return number_of(value, at);
		case BOOLEAN: return word_of(value, "Yes", "No", at);
		case DIGEST: return word_of(value, "CRC32C", "None", at);
		}
	}
	return false;
}
