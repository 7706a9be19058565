#include "options.h"

#include "base/units.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define LEN_MAX        (16u << 20) /* bytes: what an iSCSI PDU's buffer offset makes sense for */
#define VERIFY_RANGE   (1ull << 30)
#define EXIT_USAGE     2
#define INITIATOR_NAME "iqn.2026-11.org.itgtd:load"

static const char usage[] =
	"Usage: itgt-load [OPTION]... iscsi://HOST[:PORT]/TARGET/LUN\n"
	"Load an iSCSI target and tell what it does with it.\n"
	"\n"
	"What a session does (--also begins another kind of session, from the defaults):\n"
	"  -s, --sessions N       sessions (1)\n"
	"  -q, --depth N          commands in flight in each (32)\n"
	"  -b, --block SIZE       bytes of a command (4K)\n"
	"  -r, --read PERCENT     share of reads (100)\n"
	"  -S, --sequential       ascending addresses (random)\n"
	"  -1, --single           send each command by itself (all of a turn together)\n"
	"      --also             the options that follow are another kind's\n"
	"\n"
	"All of it:\n"
	"  -t, --time DURATION    how long is measured (5s)\n"
	"  -w, --warm-up DURATION how long is not measured before (1s)\n"
	"      --range SIZE       use so much of the logical unit (all; with --verify 1G)\n"
	"      --idle N           sessions that do nothing (0)\n"
	"      --header-digest    CRC32C of headers\n"
	"      --data-digest      CRC32C of data\n"
	"      --lenient          put up with a wrong StatSN in an R2T (istgt)\n"
	"      --verify           check what is read, and read all that was written at the end\n"
	"      --seed N           of addresses and of what is written (from the clock)\n"
	"      --pid PID          the target's process: tell its processor time\n"
	"      --initiator NAME   " INITIATOR_NAME "\n"
	"      --json             results in JSON\n"
	"      --quiet            no progress line\n"
	"\n"
	"What is on the logical unit is overwritten, unless all sessions read 100 %.\n"
	"Exit codes: 0 done; 1 the target failed, or data was wrong; 2 wrong usage.\n";

enum {
	OPT_ALSO = 256,
	OPT_RANGE,
	OPT_IDLE,
	OPT_HEADER_DIGEST,
	OPT_DATA_DIGEST,
	OPT_LENIENT,
	OPT_VERIFY,
	OPT_SEED,
	OPT_PID,
	OPT_INITIATOR,
	OPT_JSON,
	OPT_QUIET,
};

static const struct option options[] = {
	{ "sessions", required_argument, NULL, 's' },
	{ "depth", required_argument, NULL, 'q' },
	{ "block", required_argument, NULL, 'b' },
	{ "read", required_argument, NULL, 'r' },
	{ "sequential", no_argument, NULL, 'S' },
	{ "single", no_argument, NULL, '1' },
	{ "also", no_argument, NULL, OPT_ALSO },
	{ "time", required_argument, NULL, 't' },
	{ "warm-up", required_argument, NULL, 'w' },
	{ "range", required_argument, NULL, OPT_RANGE },
	{ "idle", required_argument, NULL, OPT_IDLE },
	{ "header-digest", no_argument, NULL, OPT_HEADER_DIGEST },
	{ "data-digest", no_argument, NULL, OPT_DATA_DIGEST },
	{ "lenient", no_argument, NULL, OPT_LENIENT },
	{ "verify", no_argument, NULL, OPT_VERIFY },
	{ "seed", required_argument, NULL, OPT_SEED },
	{ "pid", required_argument, NULL, OPT_PID },
	{ "initiator", required_argument, NULL, OPT_INITIATOR },
	{ "json", no_argument, NULL, OPT_JSON },
	{ "quiet", no_argument, NULL, OPT_QUIET },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

/* A number from least to most. */
static bool number(const char *text, uint64_t least, uint64_t most, uint32_t *out)
{
	char *end;
	unsigned long long n = strtoull(text, &end, 10);

	if (end == text || *end || *text == '-' || n < least || n > most)
		return false;
	*out = (uint32_t)n;
	return true;
}

static bool size(const char *text, uint64_t most, uint64_t *out)
{
	return size_parse(text, out) == 0 && *out && *out <= most;
}

static struct job *job_add(struct options *o)
{
	struct job *job = &o->jobs[o->njobs++];

	*job = (struct job){ .sessions = 1, .depth = 32, .len = 4096, .read_percent = 100 };
	histogram_init(&job->latency_ns);
	return job;
}

/* An option of the kind of session that stands last. False: the value is wrong. */
static bool take_job_option(struct options *o, int opt, const char *value)
{
	struct job *job = &o->jobs[o->njobs - 1];
	uint64_t len = 0;

	switch (opt) {
	case 's': return number(value, 1, 60000, &job->sessions);
	case 'q': return number(value, 1, 4096, &job->depth);
	case 'b':
		if (!size(value, LEN_MAX, &len) || len % 512)
			return false;
		job->len = (uint32_t)len;
		return true;
	case 'r': return number(value, 0, 100, &job->read_percent);
	case 'S': job->sequential = true; return true;
	case '1': job->single = true; return true;
	case OPT_ALSO:
		if (o->njobs == OPTIONS_JOBS_MAX)
			return false;
		job_add(o);
		return true;
	default: return false;
	}
}

/* An option of the whole run. False: the value is wrong. */
static bool take_option(struct options *o, int opt, const char *value)
{
	uint32_t n = 0;

	switch (opt) {
	case 't': return duration_parse(value, &o->time_ms) == 0 && o->time_ms;
	case 'w': return duration_parse(value, &o->warm_up_ms) == 0;
	case OPT_RANGE: return size(value, UINT64_MAX, &o->range_bytes);
	case OPT_IDLE: return number(value, 0, 60000, &o->idle);
	case OPT_HEADER_DIGEST: o->header_digest = true; return true;
	case OPT_DATA_DIGEST: o->data_digest = true; return true;
	case OPT_LENIENT: o->lenient = true; return true;
	case OPT_VERIFY: o->verify = true; return true;
	case OPT_SEED: return number(value, 0, UINT32_MAX, &o->seed);
	case OPT_PID:
		if (!number(value, 1, INT32_MAX, &n))
			return false;
		o->pid = (pid_t)n;
		return true;
	case OPT_INITIATOR: o->initiator = value; return true;
	case OPT_JSON: o->json = true; return true;
	case OPT_QUIET: o->progress = false; return true;
	default: return take_job_option(o, opt, value);
	}
}

static int wrong(const char *what, const char *value)
{
	(void)fprintf(stderr, "itgt-load: %s\"%s\" (--help tells what there is)\n", what, value);
	return EXIT_USAGE;
}

int options_parse(struct options *o, int argc, char **argv)
{
	int opt;

	*o = (struct options){ .time_ms = 5000,
			       .warm_up_ms = 1000,
			       .initiator = INITIATOR_NAME,
			       .seed = (uint32_t)time(NULL),
			       .progress = isatty(STDERR_FILENO) };
	job_add(o);
	while ((opt = getopt_long(argc, argv, "s:q:b:r:S1t:w:h", options, NULL)) != -1) {
		if (opt == 'h') {
			(void)fputs(usage, stdout);
			return 0;
		}
		if (opt == '?')
			return EXIT_USAGE;
		if (!take_option(o, opt, optarg))
			return wrong("not a value for its option: ", optarg ? optarg : "--also");
	}
	if (optind != argc - 1)
		return wrong("one URL is wanted, not ", optind < argc ? argv[optind + 1] : "");
	if (ini_url_parse(argv[optind], &o->url) < 0)
		return wrong("not an iSCSI URL: ", argv[optind]);
	if (o->verify && !o->range_bytes)
		o->range_bytes = VERIFY_RANGE;
	return -1;
}
