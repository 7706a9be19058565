#include "dvt/report.h"

#include "base/units.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define PROGRESS_MS 200
#define REPEAT_MAX  4096

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

void report_init(struct report *r, const struct options *o)
{
	*r = (struct report){ .options = o, .begin_ms = now_ms() };
	if (o->json)
		r->failed = json_array();
}

void report_fini(struct report *r)
{
	json_decref(r->failed);
}

uint64_t report_ms(const struct report *r)
{
	return now_ms() - r->begin_ms;
}

/* ---- coverage ---- */

static uint32_t edges_of(const struct report *r, int key)
{
	const struct space *s = &r->options->space;
	uint32_t n = 0;

	if (!(s->keys & 1u << key))
		return 0;
	if (space_keys[key].rule == SPACE_AUTH)
		return (s->has_mutual ? 3u : s->has_chap ? 2u : 1u) - (s->always_chap ? 1u : 0u);
	while (space_keys[key].edges[n])
		n++;
	return n;
}

static void meet(struct report *r, const struct round *round)
{
	int a, b;

	for (a = 0; a < SPACE_KEYS; a++) {
		for (b = a + 1; b < SPACE_KEYS; b++) {
			if (round->edge[a] >= 0 && round->edge[b] >= 0)
				r->met[a][b] |= UINT64_C(1)
						<< (round->edge[a] * REPORT_EDGES + round->edge[b]);
		}
	}
}

/* 13.14: FirstBurstLength never meets a lesser MaxBurstLength; both have the same edges. */
static uint32_t pairs_of(const struct report *r, int a, int b)
{
	uint32_t n = edges_of(r, a), m = edges_of(r, b);

	return a == space_find("FirstBurstLength") && b == space_find("MaxBurstLength") && m
		       ? n * (n + 1) / 2
		       : n * m;
}

/* Pairs of edges of two keys: how many have met, and how many there are. */
static void coverage(const struct report *r, uint32_t *met, uint32_t *all)
{
	int a, b;

	*met = *all = 0;
	for (a = 0; a < SPACE_KEYS; a++) {
		for (b = a + 1; b < SPACE_KEYS; b++) {
			*all += pairs_of(r, a, b);
			*met += (uint32_t)__builtin_popcountll(r->met[a][b]);
		}
	}
}

/* ---- telling ---- */

static void clear_line(struct report *r)
{
	if (r->has_line)
		fputs("\r\033[K", stderr);
	r->has_line = false;
}

static void progress(struct report *r)
{
	uint64_t ms = report_ms(r);

	if (r->options->quiet || !isatty(STDERR_FILENO) || ms - r->told_ms < PROGRESS_MS)
		return;
	r->told_ms = ms;
	clear_line(r);
	fprintf(stderr, "round %" PRIu64, r->rounds);
	if (r->options->rounds)
		fprintf(stderr, " of %" PRIu64, r->options->rounds);
	fprintf(stderr, ", %" PRIu64 " failed, %" PRIu64 " s", r->failures, ms / 1000);
	fflush(stderr);
	r->has_line = true;
}

static void tell_failure(struct report *r, const struct round *round, const char *why)
{
	char keys[SPACE_LINES_MAX], repeat[REPEAT_MAX];

	space_describe(round, keys);
	options_repeat(r->options, round->number, repeat, sizeof(repeat));
	clear_line(r);
	fprintf(stderr, "itgt-dvt: round %" PRIu64 ": %s\n  keys: %s\n  again: %s\n", round->number,
		why, keys, repeat);
	if (r->failed)
		json_array_append_new(r->failed, json_pack("{s:I s:s s:s s:s}", "round",
							   (json_int_t)round->number, "why", why,
							   "keys", keys, "repeat", repeat));
}

void report_round(struct report *r, const struct round *round, const char *why)
{
	r->rounds++;
	r->failures += why != NULL;
	meet(r, round);
	if (why)
		tell_failure(r, round, why);
	progress(r);
}

static void json_summary(const struct report *r, const struct walk *w, uint32_t met, uint32_t all)
{
	json_t *root = json_pack(
		"{s:s s:I s:I s:I s:I s:I s:i s:i s:f s:O}", "target", r->options->url_text, "seed",
		(json_int_t)r->options->space.seed, "rounds", (json_int_t)r->rounds, "failures",
		(json_int_t)r->failures, "connections", (json_int_t)w->connections, "bytes",
		(json_int_t)w->bytes, "pairs_met", (int)met, "pairs", (int)all, "seconds",
		(double)report_ms(r) / 1000, "failed", (json_t *)r->failed);

	if (root && !json_dumpf(root, stdout, JSON_INDENT(2)))
		putchar('\n');
	json_decref(root);
}

void report_summary(struct report *r, const struct walk *w)
{
	char rounds[COUNT_TEXT_MAX], connections[COUNT_TEXT_MAX];
	uint32_t met, all;

	clear_line(r);
	coverage(r, &met, &all);
	if (r->options->json) {
		json_summary(r, w, met, all);
		return;
	}
	printf("%s, %s, %.1f MB in %.1f s; %" PRIu32 " of %" PRIu32 " pairs of edges met\n",
	       count_format(rounds, r->rounds, "round"),
	       count_format(connections, w->connections, "connection"), (double)w->bytes / 1e6,
	       (double)report_ms(r) / 1000, met, all);
	if (r->failures)
		printf("%s failed\n", count_format(rounds, r->failures, "round"));
	else
		printf("every round held (seed %" PRIu64 ")\n", r->options->space.seed);
}
