/* itgt-dvt: domain validation of an iSCSI target. itgt-dvt(1) is its manual. */
#include "dvt/options.h"
#include "dvt/report.h"
#include "dvt/walk.h"

#include <signal.h>
#include <stdio.h>

enum { EXIT_HELD, EXIT_FAILED, EXIT_USAGE, EXIT_UNREACHED };

static bool is_over(const struct options *o, const struct report *r)
{
	return (o->rounds && r->rounds == o->rounds) ||
	       (o->time_ms && report_ms(r) >= o->time_ms) ||
	       (o->failures && r->failures == o->failures);
}

static int walk(const struct options *o, struct walk *w)
{
	char why[WALK_WHY_MAX];
	struct report report;
	struct round r;
	uint64_t failures;

	report_init(&report, o);
	do {
		space_round(&o->space, o->first + report.rounds, &r);
		report_round(&report, &r, walk_round(w, &r, why) ? NULL : why);
	} while (!is_over(o, &report));
	report_summary(&report, w);
	failures = report.failures;
	report_fini(&report);
	return failures ? EXIT_FAILED : EXIT_HELD;
}

static int run(const struct options *o)
{
	char why[WALK_WHY_MAX];
	int code = EXIT_UNREACHED;
	struct walk w;

	if (walk_init(&w, o))
		fprintf(stderr, "itgt-dvt: no memory\n");
	else if (walk_reach(&w, why))
		fprintf(stderr, "itgt-dvt: %s\n", why);
	else
		code = walk(o, &w);
	walk_fini(&w);
	return code;
}

int main(int argc, char **argv)
{
	struct options o;
	enum options_verdict verdict = options_parse(&o, argc, argv);
	int code = verdict == OPTIONS_DONE ? EXIT_HELD : EXIT_USAGE;

	(void)signal(SIGPIPE, SIG_IGN);
	if (verdict == OPTIONS_RUN)
		code = run(&o);
	options_wipe(&o);
	return code;
}
