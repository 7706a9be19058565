#include "report.h"

#include <inttypes.h>
#include <stdio.h>

#define NS_PER_US 1e3
#define NS_PER_S  1e9

static const struct {
	const char *name; /* in JSON */
	const char *label;
	uint32_t ppm;
} quantiles[] = {
	{ "p50", "p50", 500000 },    { "p90", "p90", 900000 },  { "p99", "p99", 990000 },
	{ "p999", "p99.9", 999000 }, { "max", "max", 1000000 },
};

static double seconds(const struct result *r)
{
	return (double)r->measured_ns / NS_PER_S;
}

static uint64_t all_ios(const struct options *o)
{
	uint64_t ios = 0;
	size_t i;

	for (i = 0; i < o->njobs; i++)
		ios += o->jobs[i].ios;
	return ios;
}

static double per_io_us(uint64_t ns, uint64_t ios)
{
	return ios ? (double)ns / NS_PER_US / (double)ios : 0;
}

static double share(const struct proc_cpu *cpu, const struct result *r)
{
	return r->measured_ns ? (double)cpu->total_ns / (double)r->measured_ns : 0;
}

static double quantile_us(const struct job *job, uint32_t ppm)
{
	return (double)histogram_quantile(&job->latency_ns, ppm) / NS_PER_US;
}

static double mean_us(const struct job *job)
{
	return per_io_us(job->latency_ns.sum, job->latency_ns.count);
}

static void job_text(const struct job *job, const struct result *r)
{
	double s = seconds(r);
	size_t i;

	printf("%u session%s x %u, %u bytes %s, %u %% reads%s\n", job->sessions,
	       job->sessions == 1 ? "" : "s", job->depth, job->len,
	       job->sequential ? "sequential" : "random", job->read_percent,
	       job->single ? ", one command a send" : "");
	printf("  %.0f IOPS   %.1f MB/s\n", (double)job->ios / s, (double)job->bytes / s / 1e6);
	printf("  latency us: mean %.1f", mean_us(job));
	for (i = 0; i < sizeof(quantiles) / sizeof(quantiles[0]); i++)
		printf("   %s %.1f", quantiles[i].label, quantile_us(job, quantiles[i].ppm));
	printf("\n");
	if (job->refused)
		printf("  %" PRIu64 " ended with BUSY or TASK SET FULL and were repeated\n",
		       job->refused);
}

void report_text(const struct options *o, const struct result *r)
{
	uint64_t ios = all_ios(o);
	size_t i;

	for (i = 0; i < o->njobs; i++)
		job_text(&o->jobs[i], r);
	if (o->pid)
		printf("  target's processor time: %.2f us per I/O (user %.2f, system %.2f),"
		       " %.0f %% of a core\n",
		       per_io_us(r->target.total_ns, ios), per_io_us(r->target.user_ns, ios),
		       per_io_us(r->target.system_ns, ios), share(&r->target, r) * 100);
	printf("  this program's: %.2f us per I/O, %.0f %% of a core; login %.1f ms\n",
	       per_io_us(r->self.total_ns, ios), share(&r->self, r) * 100,
	       (double)r->login_ns / 1e6);
	if (o->verify)
		printf("  verified: %" PRIu64 " bytes read back, all as written\n", r->verified);
}

static void job_json(const struct job *job, const struct result *r)
{
	double s = seconds(r);
	size_t i;

	printf("{\"sessions\": %u, \"depth\": %u, \"len\": %u, \"read_percent\": %u,"
	       " \"sequential\": %s, \"single\": %s, \"ios\": %" PRIu64 ", \"refused\": %" PRIu64
	       ", \"iops\": %.1f, \"mb_s\": %.3f, \"latency_us\": {\"mean\": %.3f",
	       job->sessions, job->depth, job->len, job->read_percent,
	       job->sequential ? "true" : "false", job->single ? "true" : "false", job->ios,
	       job->refused, (double)job->ios / s, (double)job->bytes / s / 1e6, mean_us(job));
	for (i = 0; i < sizeof(quantiles) / sizeof(quantiles[0]); i++)
		printf(", \"%s\": %.3f", quantiles[i].name, quantile_us(job, quantiles[i].ppm));
	printf("}}");
}

static void cpu_json(const char *name, const struct proc_cpu *cpu, const struct options *o,
		     const struct result *r)
{
	uint64_t ios = all_ios(o);

	printf(", \"%s\": {\"us_per_io\": %.4f, \"user_us_per_io\": %.4f,"
	       " \"system_us_per_io\": %.4f, \"cores\": %.4f}",
	       name, per_io_us(cpu->total_ns, ios), per_io_us(cpu->user_ns, ios),
	       per_io_us(cpu->system_ns, ios), share(cpu, r));
}

void report_json(const struct options *o, const struct result *r)
{
	size_t i;

	printf("{\"jobs\": [");
	for (i = 0; i < o->njobs; i++) {
		if (i)
			printf(", ");
		job_json(&o->jobs[i], r);
	}
	printf("], \"seconds\": %.4f, \"login_s\": %.6f, \"seed\": %u", seconds(r),
	       (double)r->login_ns / NS_PER_S, o->seed);
	if (o->pid)
		cpu_json("target_cpu", &r->target, o, r);
	cpu_json("load_cpu", &r->self, o, r);
	if (o->verify)
		printf(", \"verified_bytes\": %" PRIu64, r->verified);
	printf("}\n");
}
