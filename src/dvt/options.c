#include "dvt/options.h"

#include "base/regular.h"
#include "base/units.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define DEFAULT_ROUNDS    200
#define DEFAULT_FAILURES  10
#define DEFAULT_TIMEOUT   10000 /* ms */
#define DEFAULT_INITIATOR "iqn.2026-11.org.itgtd:dvt"

static const char usage[] =
	"Usage: itgt-dvt [OPTION]... iscsi://HOST[:PORT]/TARGET/LUN\n"
	"Log in to an iSCSI target again and again, each time with other keys, and hold what it\n"
	"answers and does against RFC 7143.\n"
	"\n"
	"      --write            write, too: what is on the logical unit is lost\n"
	"  -n, --rounds N         so many logins (200; without a limit where --time stands alone)\n"
	"  -t, --time DURATION    so long at most, as 30s or 5m\n"
	"      --seed N           of everything that is chosen (from the clock)\n"
	"      --from N           begin with round N of the seed (1)\n"
	"  -k, --keys KEY[,KEY]   vary these only; the others have the RFC's defaults\n"
	"      --chap USER:FILE   also log in with CHAP; FILE has the secret in its first line\n"
	"      --mutual-chap USER:FILE\n"
	"                         and let the target prove itself with this name and secret\n"
	"      --always-chap      in every round\n"
	"      --failures N       end after so many (10; 0: never)\n"
	"      --timeout DURATION how long one answer may take (10s)\n"
	"      --lenient          put up with a wrong number that does no harm: StatSN in an R2T, "
	"ExpDataSN\n"
	"      --initiator NAME   " DEFAULT_INITIATOR "\n"
	"      --list-keys        tell the keys and the values that are tried\n"
	"      --json             the summary in JSON, on standard output\n"
	"  -q, --quiet            no progress line\n"
	"  -h, --help\n"
	"  -V, --version\n"
	"\n"
	"Exit codes: 0 every round held; 1 a round failed; 2 wrong usage; 3 the target could not "
	"be\n"
	"reached.\n";

enum {
	OPT_WRITE = 256,
	OPT_SEED,
	OPT_FROM,
	OPT_CHAP,
	OPT_ALWAYS_CHAP,
	OPT_MUTUAL_CHAP,
	OPT_FAILURES,
	OPT_TIMEOUT,
	OPT_INITIATOR,
	OPT_LENIENT,
	OPT_LIST_KEYS,
	OPT_JSON,
};

static const struct option long_options[] = {
	{ "write", no_argument, NULL, OPT_WRITE },
	{ "rounds", required_argument, NULL, 'n' },
	{ "time", required_argument, NULL, 't' },
	{ "seed", required_argument, NULL, OPT_SEED },
	{ "from", required_argument, NULL, OPT_FROM },
	{ "keys", required_argument, NULL, 'k' },
	{ "chap", required_argument, NULL, OPT_CHAP },
	{ "always-chap", no_argument, NULL, OPT_ALWAYS_CHAP },
	{ "mutual-chap", required_argument, NULL, OPT_MUTUAL_CHAP },
	{ "failures", required_argument, NULL, OPT_FAILURES },
	{ "timeout", required_argument, NULL, OPT_TIMEOUT },
	{ "initiator", required_argument, NULL, OPT_INITIATOR },
	{ "lenient", no_argument, NULL, OPT_LENIENT },
	{ "list-keys", no_argument, NULL, OPT_LIST_KEYS },
	{ "json", no_argument, NULL, OPT_JSON },
	{ "quiet", no_argument, NULL, 'q' },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ NULL, 0, NULL, 0 },
};

static bool wrong(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static bool wrong(const char *fmt, ...)
{
	va_list args;

	fputs("itgt-dvt: ", stderr);
	va_start(args, fmt);
	(void)vfprintf(stderr, fmt, args);
	va_end(args);
	fputs("\nTry 'itgt-dvt --help'.\n", stderr);
	return false;
}

static bool take_number(const char *option, const char *text, uint64_t least, uint64_t *out)
{
	char *end;
	unsigned long long n;

	errno = 0;
	n = strtoull(text, &end, 10);
	if (*text < '0' || *text > '9' || *end || errno || n < least)
		return wrong("--%s: \"%s\" is not a number from %" PRIu64, option, text, least);
	*out = n;
	return true;
}

static bool take_duration(const char *option, const char *text, uint64_t *ms)
{
	if (!duration_parse(text, ms) && *ms && *ms < INT32_MAX)
		return true;
	return wrong("--%s: \"%s\" is not a time (write 500ms, 30s, 5m)", option, text);
}

/* "USER:FILE" */
static bool take_chap(const char *option, const char *text, char user[static OPTIONS_USER_MAX],
		      struct secret *secret)
{
	const char *colon = strchr(text, ':');
	size_t len = colon ? (size_t)(colon - text) : 0;
	int err;

	if (!len || !colon[1] || len >= OPTIONS_USER_MAX)
		return wrong("--%s: \"%s\" is not USER:FILE", option, text);
	memcpy(user, text, len);
	user[len] = '\0';
	err = secret_read(secret, colon + 1);
	if (err)
		return wrong("--%s: %s: %s", option, colon + 1,
			     err == -EPERM    ? "others may read it (chmod 600)"
			     : err == -EINVAL ? "its first line is empty"
					      : regular_error(err));
	return true;
}

static bool take_keys(struct options *o, const char *text)
{
	char name[64];
	size_t len;
	int key;

	o->keys = text;
	for (o->space.keys = 0; *text; text += len + (text[len] == ',')) {
		len = strcspn(text, ",");
		(void)snprintf(name, sizeof(name), "%.*s", (int)len, text);
		key = len < sizeof(name) ? space_find(name) : -1;
		if (key < 0)
			return wrong(
				"--keys: \"%.*s\" is no key that is tried (--list-keys tells them)",
				(int)len, text);
		o->space.keys |= 1u << key;
	}
	return o->space.keys || wrong("--keys: none is named");
}

static void list_keys(void)
{
	int key, i;

	for (key = 0; key < SPACE_KEYS; key++) {
		const struct space_key *k = &space_keys[key];

		printf("%-26s", k->name);
		for (i = 0; k->edges[i]; i++)
			printf("%s%s", i ? " | " : "", k->edges[i]);
		if (k->most)
			printf(" | any from %" PRIu32 " to %" PRIu32, k->least, k->most);
		putchar('\n');
	}
}

static bool take_time(struct options *o, const char *value)
{
	return take_duration("time", value, &o->time_ms);
}

static bool take_timeout(struct options *o, const char *value)
{
	uint64_t ms = 0;

	if (!take_duration("timeout", value, &ms))
		return false;
	o->timeout_ms = (uint32_t)ms;
	return true;
}

/* False: wrong. */
static bool take(struct options *o, int opt, const char *value)
{
	switch (opt) {
	case OPT_WRITE: o->writes = true; return true;
	case 'n': return take_number("rounds", value, 1, &o->rounds);
	case 't': return take_time(o, value);
	case OPT_SEED: return take_number("seed", value, 0, &o->space.seed);
	case OPT_FROM: return take_number("from", value, 1, &o->first);
	case 'k': return take_keys(o, value);
	case OPT_CHAP: o->chap = value; return take_chap("chap", value, o->user, &o->secret);
	case OPT_ALWAYS_CHAP: o->space.always_chap = true; return true;
	case OPT_MUTUAL_CHAP:
		o->mutual_chap = value;
		return take_chap("mutual-chap", value, o->mutual_user, &o->mutual_secret);
	case OPT_FAILURES: return take_number("failures", value, 0, &o->failures);
	case OPT_TIMEOUT: return take_timeout(o, value);
	case OPT_INITIATOR: o->initiator = value; return true;
	case OPT_LENIENT: o->lenient = true; return true;
	case OPT_JSON: o->json = true; return true;
	case 'q': o->quiet = true; return true;
	default: return false;
	}
}

static bool check(struct options *o, int argc, char **argv)
{
	if (optind != argc - 1)
		return wrong(optind == argc ? "which target? (iscsi://HOST[:PORT]/TARGET/LUN)"
					    : "one target at a time");
	o->url_text = argv[optind];
	if (ini_url_parse(o->url_text, &o->url))
		return wrong("\"%s\" is not iscsi://HOST[:PORT]/TARGET/LUN", o->url_text);
	if (o->mutual_chap && !o->chap)
		return wrong(
			"--mutual-chap needs --chap: a target proves itself only to who does, too");
	if (o->space.always_chap && !o->chap)
		return wrong("--always-chap needs --chap");
	if (o->mutual_chap && o->secret.len == o->mutual_secret.len &&
	    secret_equal(o->secret.bytes, o->mutual_secret.bytes, o->secret.len))
		return wrong("--mutual-chap: both directions must have secrets of their own (RFC "
			     "7143, 12.1.3)");
	o->space.has_chap = o->chap != NULL;
	o->space.has_mutual = o->mutual_chap != NULL;
	if (!o->rounds && !o->time_ms)
		o->rounds = DEFAULT_ROUNDS;
	return true;
}

enum options_verdict options_parse(struct options *o, int argc, char **argv)
{
	struct timespec now;
	int opt;

	clock_gettime(CLOCK_REALTIME, &now);
	*o = (struct options){
		.initiator = DEFAULT_INITIATOR,
		.space = { .keys = UINT32_MAX, .seed = (uint64_t)now.tv_sec },
		.first = 1,
		.failures = DEFAULT_FAILURES,
		.timeout_ms = DEFAULT_TIMEOUT,
	};
	while ((opt = getopt_long(argc, argv, "n:t:k:qhV", long_options, NULL)) >= 0) {
		switch (opt) {
		case 'h': fputs(usage, stdout); return OPTIONS_DONE;
		case 'V': puts("itgt-dvt " ITGTD_VERSION); return OPTIONS_DONE;
		case OPT_LIST_KEYS: list_keys(); return OPTIONS_DONE;
		case '?': /* getopt_long() has told it */
			fputs("Try 'itgt-dvt --help'.\n", stderr);
			return OPTIONS_WRONG;
		default:
			if (!take(o, opt, optarg))
				return OPTIONS_WRONG;
		}
	}
	return check(o, argc, argv) ? OPTIONS_RUN : OPTIONS_WRONG;
}

void options_wipe(struct options *o)
{
	secret_wipe(&o->secret);
	secret_wipe(&o->mutual_secret);
}

void options_repeat(const struct options *o, uint64_t round, char *dst, size_t size)
{
	const struct {
		const char *option, *value;
	} more[] = {
		{ "--keys", o->keys },
		{ "--chap", o->chap },
		{ "--mutual-chap", o->mutual_chap },
		{ "--initiator",
		  strcmp(o->initiator, DEFAULT_INITIATOR) != 0 ? o->initiator : NULL },
	};
	int at = snprintf(dst, size,
			  "itgt-dvt%s%s%s --seed %" PRIu64 " --from %" PRIu64 " --rounds 1",
			  o->writes ? " --write" : "", o->lenient ? " --lenient" : "",
			  o->space.always_chap ? " --always-chap" : "", o->space.seed, round);
	size_t i;

	for (i = 0; i < sizeof(more) / sizeof(more[0]); i++) {
		if (more[i].value && at >= 0 && (size_t)at < size)
			at += snprintf(dst + at, size - (size_t)at, " %s '%s'", more[i].option,
				       more[i].value);
	}
	if (at >= 0 && (size_t)at < size)
		(void)snprintf(dst + at, size - (size_t)at, " '%s'", o->url_text);
}
