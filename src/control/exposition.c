#include "control/exposition.h"

#include "base/buf.h"
#include "base/histogram.h"
#include "iscsi/conn.h"
#include "iscsi/iscsi.h"
#include "iscsi/server.h"
#include "iscsi/session.h"
#include "iscsi/why.h"
#include "scsi/lu.h"
#include "target/world.h"

#include <assert.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

/* A page in the making, and the family that is being written. */
struct page {
	FILE *out;
	const struct control_env *env;
	const struct iscsi *iscsi;
	const char *name;
};

/* A label's value: UTF-8, as all names are, with what is escaped, and no control characters. */
static void put_label(struct page *p, const char *name, const char *value)
{
	fprintf(p->out, "%s=\"", name);
	for (; *value; value++) {
		if (*value == '\\' || *value == '"')
			fputc('\\', p->out);
		fputc((unsigned char)*value >= ' ' ? *value : '?', p->out);
	}
	fputc('"', p->out);
}

static void put_plain(struct page *p, uint64_t value)
{
	fprintf(p->out, "%s %" PRIu64 "\n", p->name, value);
}

/* With one label. */
static void put_one(struct page *p, const char *label, const char *value, uint64_t n)
{
	fprintf(p->out, "%s{", p->name);
	put_label(p, label, value);
	fprintf(p->out, "} %" PRIu64 "\n", n);
}

/* ---- histograms ---- */

/* Bounds of the buckets, ns. What is counted is far finer; these are what a page has room for. */
static const uint64_t bounds[] = {
	10000,     25000,      50000,      100000,     250000,      500000,    1000000,
	2500000,   5000000,    10000000,   25000000,   50000000,    100000000, 250000000,
	500000000, 1000000000, 2500000000, 5000000000, 10000000000,
};

#define BOUNDS (sizeof(bounds) / sizeof(bounds[0]))

/* labels: those of all its lines, each with a comma behind it. */
static void put_histogram(struct page *p, const char *labels, const struct histogram *h)
{
	uint64_t upto[BOUNDS];
	size_t i;

	histogram_cumulate(h, bounds, BOUNDS, upto);
	for (i = 0; i < BOUNDS; i++)
		fprintf(p->out, "%s_bucket{%sle=\"%g\"} %" PRIu64 "\n", p->name, labels,
			(double)bounds[i] / 1e9, upto[i]);
	fprintf(p->out, "%s_bucket{%sle=\"+Inf\"} %" PRIu64 "\n", p->name, labels, h->count);
	fprintf(p->out, "%s_sum{%s} %.9f\n", p->name, labels, (double)h->sum / 1e9);
	fprintf(p->out, "%s_count{%s} %" PRIu64 "\n", p->name, labels, h->count);
}

/* ---- the daemon ---- */

static void put_info(struct page *p)
{
	put_one(p, "version", ITGTD_VERSION, 1);
}

static void put_uptime(struct page *p)
{
	uint64_t ms = iscsi_server_now_ms(p->env->server) - p->env->started_ms;

	fprintf(p->out, "%s %.3f\n", p->name, (double)ms / 1000);
}

static void put_targets(struct page *p)
{
	put_plain(p, p->env->world->ntargets);
}

static void put_luns(struct page *p)
{
	const struct target *t;
	uint64_t n = 0;

	TAILQ_FOREACH (t, &p->env->world->targets, link)
		n += t->device.lus.count;
	put_plain(p, n);
}

static void put_buffers(struct page *p)
{
	const struct buf_pool *pool = p->env->pool;

	put_one(p, "state", "lent", pool->lent);
	put_one(p, "state", "kept", pool->kept);
}

static void put_buffers_most(struct page *p)
{
	put_plain(p, (uint64_t)p->env->pool->ceiling + p->env->pool->reserve);
}

static void put_lag(struct page *p)
{
	put_histogram(p, "", p->env->lag);
}

/* ---- connections, logins ---- */

static void put_connections(struct page *p)
{
	uint64_t states[CONN_STATES] = { 0 };
	const struct conn *c;
	int i;

	TAILQ_FOREACH (c, &p->iscsi->conns, link) {
		assert((int)c->state < CONN_STATES);
		states[c->state]++;
	}
	for (i = 0; i < CONN_STATES; i++)
		put_one(p, "state", conn_state_name((enum conn_state)i), states[i]);
}

static void put_accepted(struct page *p)
{
	put_plain(p, p->iscsi->counts.connections);
}

static void put_logins(struct page *p)
{
	put_plain(p, p->iscsi->counts.logins);
}

/* RFC 7143, 11.13.5: class and detail; those that never came are left out. */
static void put_refusals(struct page *p)
{
	unsigned int class, detail;
	uint64_t n;

	for (class = 0; class < WHY_CLASSES; class ++) {
		for (detail = 0; detail < WHY_DETAILS; detail++) {
			uint16_t status = (uint16_t)(class << 8 | detail);

			n = p->iscsi->why.by_status[class][detail];
			if (!n)
				continue;
			fprintf(p->out, "%s{status=\"0x%04x\",", p->name, (unsigned int)status);
			put_label(p, "reason", status ? why_status_name(status) : "no answer");
			fprintf(p->out, "} %" PRIu64 "\n", n);
		}
	}
}

static void put_digests(struct page *p)
{
	put_one(p, "part", "header", p->iscsi->counts.header_digests);
	put_one(p, "part", "data", p->iscsi->counts.data_digests);
}

static void put_tasks(struct page *p)
{
	put_plain(p, p->iscsi->tasks);
}

/* ---- targets and logical units ---- */

static void put_target_sessions(struct page *p)
{
	unsigned int most = EXPOSITION_MOST;
	const struct scsi_nexus *x;
	const struct target *t;
	uint64_t n;

	TAILQ_FOREACH (t, &p->env->world->targets, link) {
		if (!most--)
			return;
		n = 0;
		TAILQ_FOREACH (x, &t->device.nexuses, link)
			n++;
		put_one(p, "target", t->name, n);
	}
}

/* Each logical unit, up to EXPOSITION_MOST; labels is "target=…,lun=…,". */
static void each_lu(struct page *p,
		    void (*put)(struct page *p, const char *labels, const struct scsi_lu *lu))
{
	unsigned int most = EXPOSITION_MOST;
	char labels[TARGET_NAME_MAX + 64];
	const struct target *t;
	const struct scsi_lu *lu;
	uint32_t number;

	TAILQ_FOREACH (t, &p->env->world->targets, link) {
		for (number = 0; (lu = map_next(&t->device.lus, number, &number)); number++) {
			if (!most--)
				return;
			/* A target's name has nothing that would have to be escaped. */
			(void)snprintf(labels, sizeof(labels), "target=\"%s\",lun=\"%" PRIu32 "\",",
				       t->name, number);
			put(p, labels, lu);
		}
	}
}

/* One line for each kind of command; at: the member of struct scsi_traffic. */
static void put_flows(struct page *p, const char *labels, const struct scsi_traffic *flows,
		      size_t at)
{
	int i;

	for (i = 0; i < FLOWS; i++)
		fprintf(p->out, "%s{%sop=\"%s\"} %" PRIu64 "\n", p->name, labels,
			stats_flow_name((enum scsi_flow)i),
			*(const uint64_t *)(const void *)((const char *)&flows[i] + at));
}

static void put_lu_commands(struct page *p, const char *labels, const struct scsi_lu *lu)
{
	put_flows(p, labels, lu->stats.flows, offsetof(struct scsi_traffic, ops));
}

static void put_lun_commands(struct page *p)
{
	each_lu(p, put_lu_commands);
}

static void put_lu_bytes(struct page *p, const char *labels, const struct scsi_lu *lu)
{
	put_flows(p, labels, lu->stats.flows, offsetof(struct scsi_traffic, bytes));
}

static void put_lun_bytes(struct page *p)
{
	each_lu(p, put_lu_bytes);
}

static void put_lu_errors(struct page *p, const char *labels, const struct scsi_lu *lu)
{
	put_flows(p, labels, lu->stats.flows, offsetof(struct scsi_traffic, errors));
}

static void put_lun_errors(struct page *p)
{
	each_lu(p, put_lu_errors);
}

/* By sense key (SPC-5, table 49), and what ended with another status. */
static void put_lu_failures(struct page *p, const char *labels, const struct scsi_lu *lu)
{
	const struct scsi_stats *s = &lu->stats;
	int i;

	for (i = 0; i < STATS_SENSE_KEYS; i++) {
		if (s->sense[i])
			fprintf(p->out, "%s{%scause=\"%s\"} %" PRIu64 "\n", p->name, labels,
				stats_sense_key_name((uint8_t)i), s->sense[i]);
	}
	fprintf(p->out, "%s{%scause=\"reservation conflict\"} %" PRIu64 "\n", p->name, labels,
		s->conflicts);
	fprintf(p->out, "%s{%scause=\"busy\"} %" PRIu64 "\n", p->name, labels, s->busy);
	fprintf(p->out, "%s{%scause=\"aborted\"} %" PRIu64 "\n", p->name, labels, s->aborted);
}

static void put_lun_failures(struct page *p)
{
	each_lu(p, put_lu_failures);
}

static void put_lu_depth(struct page *p, const char *labels, const struct scsi_lu *lu)
{
	fprintf(p->out, "%s{%s} %" PRIu32 "\n", p->name, labels, lu->ntasks);
}

static void put_lun_depth(struct page *p)
{
	each_lu(p, put_lu_depth);
}

static void put_lu_size(struct page *p, const char *labels, const struct scsi_lu *lu)
{
	fprintf(p->out, "%s{%s} %" PRIu64 "\n", p->name, labels, lu->blocks << lu->block_shift);
}

static void put_lun_size(struct page *p)
{
	each_lu(p, put_lu_size);
}

static void put_lu_latency(struct page *p, const char *labels, const struct scsi_lu *lu)
{
	char more[TARGET_NAME_MAX + 96];
	int i;

	for (i = 0; i < FLOWS; i++) {
		if (!lu->stats.latency[i])
			continue;
		(void)snprintf(more, sizeof(more), "%sop=\"%s\",", labels,
			       stats_flow_name((enum scsi_flow)i));
		put_histogram(p, more, lu->stats.latency[i]);
	}
}

static void put_lun_latency(struct page *p)
{
	each_lu(p, put_lu_latency);
}

/* ---- sessions ---- */

static void each_session(struct page *p, void (*put)(struct page *p, const struct session *s))
{
	unsigned int most = EXPOSITION_MOST;
	const struct session *s;

	TAILQ_FOREACH (s, &p->iscsi->sessions, link) {
		if (!most--)
			return;
		put(p, s);
	}
}

/* "{sid=…,target=…,initiator=…" and no brace behind it. */
static void put_session_labels(struct page *p, const struct session *s)
{
	fprintf(p->out, "%s{sid=\"%u\",", p->name, (unsigned int)s->tsih);
	put_label(p, "target", s->target ? s->target->name : "");
	fputc(',', p->out);
	put_label(p, "initiator", s->param.InitiatorName);
}

static void put_session_flow(struct page *p, const struct session *s, size_t at)
{
	int i;

	for (i = 0; i < FLOWS; i++) {
		put_session_labels(p, s);
		fprintf(p->out, ",op=\"%s\"} %" PRIu64 "\n", stats_flow_name((enum scsi_flow)i),
			*(const uint64_t *)(const void *)((const char *)&s->nexus.traffic[i] + at));
	}
}

static void put_one_session_commands(struct page *p, const struct session *s)
{
	put_session_flow(p, s, offsetof(struct scsi_traffic, ops));
}

static void put_session_commands(struct page *p)
{
	each_session(p, put_one_session_commands);
}

static void put_one_session_bytes(struct page *p, const struct session *s)
{
	put_session_flow(p, s, offsetof(struct scsi_traffic, bytes));
}

static void put_session_bytes(struct page *p)
{
	each_session(p, put_one_session_bytes);
}

static void put_one_session_errors(struct page *p, const struct session *s)
{
	put_session_flow(p, s, offsetof(struct scsi_traffic, errors));
}

static void put_session_errors(struct page *p)
{
	each_session(p, put_one_session_errors);
}

static void put_one_session_depth(struct page *p, const struct session *s)
{
	put_session_labels(p, s);
	fprintf(p->out, "} %" PRIu32 "\n", s->ntasks);
}

static void put_session_depth(struct page *p)
{
	each_session(p, put_one_session_depth);
}

/* ---- the page ---- */

static const struct family {
	const char *name, *type, *help;
	void (*put)(struct page *p);
} families[] = {
	{ "itgtd_buffer_bytes", "gauge",
	  "Memory of data buffers: lent to commands, or kept for the next.", put_buffers },
	{ "itgtd_buffer_limit_bytes", "gauge", "Memory that data buffers may take.",
	  put_buffers_most },
	{ "itgtd_commands", "gauge", "Commands in flight, of all sessions.", put_tasks },
	{ "itgtd_connections", "gauge", "TCP connections by state.", put_connections },
	{ "itgtd_connections_total", "counter", "TCP connections accepted.", put_accepted },
	{ "itgtd_digest_errors_total", "counter", "PDUs with a digest that did not match.",
	  put_digests },
	{ "itgtd_info", "gauge", "The daemon's version.", put_info },
	{ "itgtd_login_failures_total", "counter", "Logins that did not succeed, by login status.",
	  put_refusals },
	{ "itgtd_logins_total", "counter", "Logins that succeeded.", put_logins },
	{ "itgtd_loop_turn_seconds", "histogram",
	  "How long the event loop was busy before it looked for events again.", put_lag },
	{ "itgtd_lun_bytes_total", "counter", "Bytes moved by commands that ended GOOD.",
	  put_lun_bytes },
	{ "itgtd_lun_commands_total", "counter", "Commands that ended.", put_lun_commands },
	{ "itgtd_lun_errors_total", "counter", "Commands that ended with another status than GOOD.",
	  put_lun_errors },
	{ "itgtd_lun_failures_total", "counter",
	  "The same by cause: sense key or status; and commands that were aborted.",
	  put_lun_failures },
	{ "itgtd_lun_latency_seconds", "histogram", "How long commands took.", put_lun_latency },
	{ "itgtd_lun_queue_depth", "gauge", "Commands in the task set.", put_lun_depth },
	{ "itgtd_lun_size_bytes", "gauge", "Capacity.", put_lun_size },
	{ "itgtd_luns", "gauge", "Logical units.", put_luns },
	{ "itgtd_session_bytes_total", "counter", "Bytes moved by commands that ended GOOD.",
	  put_session_bytes },
	{ "itgtd_session_commands_total", "counter", "Commands that ended.", put_session_commands },
	{ "itgtd_session_errors_total", "counter",
	  "Commands that ended with another status than GOOD.", put_session_errors },
	{ "itgtd_session_queue_depth", "gauge", "Commands in flight.", put_session_depth },
	{ "itgtd_target_sessions", "gauge", "Sessions of a target.", put_target_sessions },
	{ "itgtd_targets", "gauge", "Targets.", put_targets },
	{ "itgtd_uptime_seconds", "gauge", "Time since the start.", put_uptime },
};

char *exposition_page(const struct control_env *env, size_t *len)
{
	struct page p = { .env = env, .iscsi = iscsi_server_core(env->server) };
	char *text = NULL;
	size_t i;
	bool whole;

	p.out = open_memstream(&text, len);
	if (!p.out)
		return NULL;
	for (i = 0; i < sizeof(families) / sizeof(families[0]); i++) {
		p.name = families[i].name;
		fprintf(p.out, "# HELP %s %s\n# TYPE %s %s\n", p.name, families[i].help, p.name,
			families[i].type);
		families[i].put(&p);
	}
	whole = !ferror(p.out);
	if (fclose(p.out) || !whole) {
		free(text);
		return NULL;
	}
	return text;
}
