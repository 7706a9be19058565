#include "config/options.h"

#include "base/log.h"
#include "config/config.h"

#include <stdbool.h>
#include <string.h>

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

#define SECOND UINT64_C(1000) /* ms */
#define HOUR   (3600 * SECOND)
#define KIB    (UINT64_C(1) << 10)
#define MIB    (UINT64_C(1) << 20)
#define TIB    (UINT64_C(1) << 40)
#define PIB    (UINT64_C(1) << 50)

static const struct conf_choice log_levels[] = {
	{ "error", LOG_LEVEL_ERROR },   { "warning", LOG_LEVEL_WARNING },
	{ "notice", LOG_LEVEL_NOTICE }, { "info", LOG_LEVEL_INFO },
	{ "debug", LOG_LEVEL_DEBUG },   { NULL, 0 },
};

static const struct conf_choice backends[] = {
	{ "file", CONF_BACKEND_FILE }, { "block", CONF_BACKEND_BLOCK }, { "ram", CONF_BACKEND_RAM },
	{ "null", CONF_BACKEND_NULL }, { "cdrom", CONF_BACKEND_CDROM }, { NULL, 0 },
};

static const struct conf_choice block_sizes[] = { { "512", 512 }, { "4096", 4096 }, { NULL, 0 } };

static const struct conf_choice io_modes[] = {
	{ "direct", STORE_IO_DIRECT },
	{ "cached", STORE_IO_CACHED },
	{ NULL, 0 },
};

#define AT(field) offsetof(struct conf_settings, field)
static const struct conf_option root_options[] = {
	{ "buffer-memory", CONF_SIZE, "256M", 16 * MIB, TIB, NULL, AT(buffer_memory),
	  "memory for the data of commands in flight" },
	{ "busy-poll", CONF_NUMBER, "0", 0, 10000, NULL, AT(busy_poll_us),
	  "microseconds that the loop looks for more before it sleeps" },
	{ "control-group", CONF_TEXT, NULL, 1, 255, NULL, AT(control_group),
	  "whose members may use the control socket" },
	{ "control-socket", CONF_TEXT, "/run/itgtd/control.sock", 0, 107, NULL, AT(control_socket),
	  "where itgtctl reaches the daemon" },
	{ "log-level", CONF_CHOICE, "info", 0, 0, log_levels, AT(log_level),
	  "the least grave messages that are logged" },
	{ "login-timeout", CONF_DURATION, "15s", SECOND, HOUR, NULL, AT(login_timeout_ms),
	  "how long a login may take" },
	{ "max-connections", CONF_NUMBER, "1024", 1, 65535, NULL, AT(max_connections),
	  "connections at a time, all portals together" },
	{ "metrics", CONF_TEXT, NULL, 1, 63, NULL, AT(metrics),
	  "address and port of the page of metrics" },
	{ "shutdown-timeout", CONF_DURATION, "10s", 0, HOUR, NULL, AT(shutdown_timeout_ms),
	  "how long commands in flight may take when the daemon ends" },
	{ "state-directory", CONF_TEXT, "/var/lib/itgtd", 1, 4000, NULL, AT(state_directory),
	  "where reservations are kept that persist" },
};
#undef AT

#define AT(field) offsetof(struct conf_portal_group_options, field)
static const struct conf_option portal_group_options[] = {
	{ "discovery-auth-group", CONF_TEXT, "no-authentication", 1, 63, NULL,
	  AT(discovery_auth_group), "who may ask for the targets there are" },
	{ "listen", CONF_LIST, "0.0.0.0:3260, [::]:3260", 0, 0, NULL, 0, "addresses to listen on" },
	{ "redirect", CONF_TEXT, NULL, 1, 63, NULL, AT(redirect), "where logins are sent instead" },
	{ "redirect-permanent", CONF_BOOL, "no", 0, 0, NULL, AT(redirect_permanent),
	  "they need not come here again" },
};
#undef AT

static const struct conf_option auth_group_options[] = {
	{ "chap-algorithms", CONF_LIST, "SHA3-256, SHA-256, SHA1, MD5", 0, 0, NULL, 0,
	  "hashes for CHAP in order of preference" },
	{ "initiator-names", CONF_LIST, NULL, 0, 0, NULL, 0, "initiators that may come" },
	{ "initiator-portals", CONF_LIST, NULL, 0, 0, NULL, 0, "networks that they come from" },
};

#define AT(field) offsetof(struct conf_chap_options, field)
static const struct conf_option chap_options[] = {
	{ "mutual-secret", CONF_TEXT, NULL, 1, SECRET_MAX, NULL, AT(mutual_secret),
	  "the secret that the target proves itself with" },
	{ "mutual-secret-file", CONF_TEXT, NULL, 1, 4095, NULL, AT(mutual_secret_file),
	  "a file that has it in its first line" },
	{ "mutual-user", CONF_TEXT, NULL, 1, ACCESS_USER_MAX - 1, NULL, AT(mutual_user),
	  "the name that the target proves itself with" },
	{ "secret", CONF_TEXT, NULL, 1, SECRET_MAX, NULL, AT(secret), "the initiator's secret" },
	{ "secret-file", CONF_TEXT, NULL, 1, 4095, NULL, AT(secret_file),
	  "a file that has it in its first line" },
};
#undef AT

#define AT(field)  offsetof(struct conf_target_options, field)
#define LIMIT(key) offsetof(struct conf_target_options, limits.key)
#define PDU_MAX    16777215 /* RFC 7143, 13.12 to 13.14: 512 to 2^24-1 */
static const struct conf_option target_options[] = {
	{ "DataDigest", CONF_LIST, "None, CRC32C", 0, 0, NULL, 0, "checksums on data" },
	{ "DefaultTime2Retain", CONF_SECONDS, "20", 0, 3600, NULL, LIMIT(DefaultTime2Retain),
	  "seconds that a session outlives its last connection" },
	{ "DefaultTime2Wait", CONF_SECONDS, "2", 0, 3600, NULL, LIMIT(DefaultTime2Wait),
	  "seconds before an initiator comes again" },
	{ "ErrorRecoveryLevel", CONF_NUMBER, "2", 0, 2, NULL, LIMIT(ErrorRecoveryLevel),
	  "the highest level offered" },
	{ "FirstBurstLength", CONF_BYTES, "262144", 512, PDU_MAX, NULL, LIMIT(FirstBurstLength),
	  "bytes of a write that come unasked" },
	{ "HeaderDigest", CONF_LIST, "None, CRC32C", 0, 0, NULL, 0, "checksums on headers" },
	{ "ImmediateData", CONF_BOOL, "yes", 0, 0, NULL, LIMIT(ImmediateData),
	  "whether a write may carry data with it" },
	{ "InitialR2T", CONF_BOOL, "no", 0, 0, NULL, LIMIT(InitialR2T),
	  "whether a write waits to be asked for data" },
	{ "MaxBurstLength", CONF_BYTES, "1048576", 512, PDU_MAX, NULL, LIMIT(MaxBurstLength),
	  "bytes of a sequence of data PDUs" },
	{ "MaxConnections", CONF_NUMBER, "8", 1, 64, NULL, LIMIT(MaxConnections),
	  "connections of a session" },
	{ "MaxOutstandingR2T", CONF_NUMBER, "8", 1, 65535, NULL, LIMIT(MaxOutstandingR2T),
	  "requests for data of a write at a time" },
	{ "MaxRecvDataSegmentLength", CONF_BYTES, "262144", 512, PDU_MAX, NULL,
	  LIMIT(MaxRecvDataSegmentLength), "bytes of data in a PDU to the target" },
	{ "alias", CONF_TEXT, NULL, 1, TARGET_ALIAS_MAX - 1, NULL, AT(alias), "a name for people" },
	{ "alua-states", CONF_LIST, NULL, 0, 0, NULL, 0, "access states of its portal groups" },
	{ "auth-group", CONF_TEXT, "no-authentication", 1, 63, NULL, AT(auth_group),
	  "who may log in" },
	{ "nop-interval", CONF_DURATION, "30s", 0, HOUR, NULL, LIMIT(nop_interval_ms),
	  "how long a connection may be silent before it is pinged" },
	{ "nop-timeout", CONF_DURATION, "30s", SECOND, HOUR, NULL, LIMIT(nop_timeout_ms),
	  "how long the answer to a ping may take" },
	{ "portal-groups", CONF_LIST, NULL, 0, 0, NULL, 0,
	  "portal groups that it is seen through" },
	{ "queue-depth", CONF_NUMBER, "128", 1, 1024, NULL, LIMIT(queue_depth),
	  "commands of a session at a time" },
};
#undef AT
#undef LIMIT

#define AT(field) offsetof(struct conf_lun_options, field)
static const struct conf_option lun_options[] = {
	{ "backend", CONF_CHOICE, NULL, 0, 0, backends, AT(backend), "what holds the data" },
	{ "block-size", CONF_CHOICE, "512", 0, 0, block_sizes, AT(block_size),
	  "bytes of a logical block" },
	{ "initiators", CONF_LIST, NULL, 0, 0, NULL, 0, "initiators that see it" },
	{ "io", CONF_CHOICE, "direct", 0, 0, io_modes, AT(io),
	  "past the page cache or through it" },
	{ "max-bandwidth", CONF_RATE, "0", 0, TIB, NULL, AT(max_bandwidth),
	  "bytes a second that are read and written at most" },
	{ "max-iops", CONF_IOPS, "0", 0, 10000000, NULL, AT(max_iops),
	  "requests a second to what holds the data, at most" },
	{ "path", CONF_TEXT, NULL, 1, 4095, NULL, AT(path), "the file or block device" },
	{ "physical-block-size", CONF_SIZE, "4096", 512, 64 * KIB, NULL, AT(physical_block_size),
	  "bytes that the medium writes at a time" },
	{ "product", CONF_TEXT, "VIRTUAL-DISK", 1, SCSI_PRODUCT_LEN, NULL, AT(product),
	  "product identification" },
	{ "read-only", CONF_BOOL, "no", 0, 0, NULL, AT(read_only), "refuse writes" },
	{ "removable", CONF_BOOL, "no", 0, 0, NULL, AT(removable),
	  "tell that its medium is removable" },
	{ "serial", CONF_TEXT, NULL, 1, SCSI_SERIAL_MAX - 1, NULL, AT(serial),
	  "unit serial number" },
	{ "size", CONF_SIZE, NULL, 512, 1024 * PIB, NULL, AT(size), "its capacity" },
	{ "soft-threshold", CONF_NUMBER, "0", 0, 99, NULL, AT(soft_threshold),
	  "percent of its file system in use that initiators are told of" },
	{ "thin", CONF_BOOL, "yes", 0, 0, NULL, AT(thin), "UNMAP gives space back" },
	{ "vendor", CONF_TEXT, "ITGT", 1, SCSI_VENDOR_LEN, NULL, AT(vendor),
	  "vendor identification" },
	{ "write-cache", CONF_BOOL, "yes", 0, 0, NULL, AT(write_cache),
	  "whether a write may be done before it is on stable storage" },
};
#undef AT

static const struct conf_section *const in_root[] = {
	&conf_auth_group,
	&conf_portal_group,
	&conf_target,
	NULL,
};
static const struct conf_section *const in_auth_group[] = { &conf_chap, NULL };
static const struct conf_section *const in_target[] = { &conf_lun, NULL };
static const struct conf_section *const nothing[] = { NULL };

const struct conf_section conf_root = {
	"root", NULL, root_options, COUNT(root_options), in_root, "the daemon as a whole",
};
const struct conf_section conf_portal_group = {
	"portal-group", "its tag, 1 to 65535",    portal_group_options, COUNT(portal_group_options),
	nothing,        "addresses to listen on",
};
const struct conf_section conf_auth_group = {
	"auth-group",       "its name",
	auth_group_options, COUNT(auth_group_options),
	in_auth_group,      "who may come, and how they prove who they are",
};
const struct conf_section conf_chap = {
	"chap", "the user's name", chap_options, COUNT(chap_options), nothing, "an account",
};
const struct conf_section conf_target = {
	"target", "its iSCSI name", target_options, COUNT(target_options), in_target, "a target",
};
const struct conf_section conf_lun = {
	"lun", "its number, 0 to 16383", lun_options, COUNT(lun_options), nothing, "a logical unit",
};

static const struct conf_section *const all[] = {
	&conf_root, &conf_portal_group, &conf_auth_group, &conf_chap, &conf_target, &conf_lun,
};

const struct conf_option *conf_option(const struct conf_section *s, const char *name)
{
	size_t low = 0, high = s->noptions;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		int order = strcmp(s->options[mid].name, name);

		if (order == 0)
			return &s->options[mid];
		if (order < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}

static bool has_section(const struct conf_section *s, const char *name)
{
	size_t i;

	for (i = 0; s->sections[i]; i++) {
		if (strcmp(s->sections[i]->name, name) == 0)
			return true;
	}
	return false;
}

const struct conf_section *conf_option_home(const char *name)
{
	size_t i;

	for (i = 0; i < COUNT(all); i++) {
		if (conf_option(all[i], name) || has_section(all[i], name))
			return all[i];
	}
	return NULL;
}

#define NAME_MAX_LEN 32 /* bytes; longer than any option's name */

/* Slips of the keys that are forgiven in a name of that length. */
static unsigned int forgiven(size_t len)
{
	return len <= 2 ? 0 : len <= 6 ? 1 : 2;
}

static unsigned int least_of(unsigned int a, unsigned int b)
{
	return a < b ? a : b;
}

/* How many letters must be put in, taken out, changed, or changed places to make a of b. */
static unsigned int distance(const char *a, size_t alen, const char *b, size_t blen)
{
	unsigned int rows[3][NAME_MAX_LEN + 1]; /* two behind, the last one, this one */
	size_t i, j;

	for (j = 0; j <= blen; j++)
		rows[0][j] = (unsigned int)j;
	for (i = 1; i <= alen; i++) {
		const unsigned int *before = rows[(i + 1) % 3], *above = rows[(i - 1) % 3];
		unsigned int *row = rows[i % 3];

		row[0] = (unsigned int)i;
		for (j = 1; j <= blen; j++) {
			row[j] = least_of(above[j - 1] + (a[i - 1] != b[j - 1]),
					  least_of(above[j], row[j - 1]) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				row[j] = least_of(row[j], before[j - 2] + 1);
		}
	}
	return rows[alen % 3][blen];
}

/* Remember candidate when it is nearer to name than what is remembered. */
static void nearer(const char *candidate, const char *name, unsigned int *least, const char **near)
{
	size_t len = strlen(name), clen = strlen(candidate);
	unsigned int d;

	if (len > NAME_MAX_LEN || clen > NAME_MAX_LEN)
		return;
	d = distance(candidate, clen, name, len);
	if (d < *least) {
		*least = d;
		*near = candidate;
	}
}

const char *conf_option_near(const struct conf_section *s, const char *name)
{
	unsigned int least = forgiven(strlen(name)) + 1;
	const char *near = NULL;
	size_t i;

	for (i = 0; i < s->noptions; i++)
		nearer(s->options[i].name, name, &least, &near);
	for (i = 0; s->sections[i]; i++)
		nearer(s->sections[i]->name, name, &least, &near);
	return near;
}
