#include "control/view_stats.h"

#include "control/view.h"
#include "scsi/lu.h"
#include "target/target.h"

/* Parts in a million of the commands that were at least so quick. */
static const struct {
	const char *name;
	uint32_t ppm;
} quantiles[] = {
	{ "p50_ns", 500000 },
	{ "p90_ns", 900000 },
	{ "p99_ns", 990000 },
	{ "p999_ns", 999000 },
};

static json_t *flow(const struct scsi_stats *s, enum scsi_flow i)
{
	json_t *json = json_pack("{s:s}", "direction", stats_flow_name(i));
	json_t *traffic = view_traffic(&s->flows[i]);
	const struct histogram *h = s->latency[i];
	size_t k;

	json_object_update(json, traffic);
	json_decref(traffic);
	if (!h)
		return json;
	json_object_set_new(json, "mean_ns", json_integer((json_int_t)(h->sum / h->count)));
	for (k = 0; k < sizeof(quantiles) / sizeof(quantiles[0]); k++)
		json_object_set_new(
			json, quantiles[k].name,
			json_integer((json_int_t)histogram_quantile(h, quantiles[k].ppm)));
	json_object_set_new(json, "max_ns", json_integer((json_int_t)h->max));
	return json;
}

json_t *view_stats(const struct target *t, const struct scsi_lu *lu)
{
	const struct scsi_stats *s = &lu->stats;
	json_t *flows = json_array(), *errors = json_object();
	size_t i;

	for (i = 0; i < FLOWS; i++)
		json_array_append_new(flows, flow(s, (enum scsi_flow)i));
	for (i = 0; i < STATS_SENSE_KEYS; i++) {
		if (s->sense[i])
			json_object_set_new(errors, stats_sense_key_name((uint8_t)i),
					    json_integer((json_int_t)s->sense[i]));
	}
	return json_pack("{s:o, s:I, s:I, s:I, s:I, s:I, s:o, s:o}", "target", view_text(t->name),
			 "lun", (json_int_t)lu->opt.number, "commands", (json_int_t)lu->ntasks,
			 "reservation_conflicts", (json_int_t)s->conflicts, "busy",
			 (json_int_t)s->busy, "aborted", (json_int_t)s->aborted, "sense_keys",
			 errors, "flows", flows);
}
