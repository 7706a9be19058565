#include "config/plan.h"

#include "config/check.h"
#include "config/edit.h"
#include "config/merge.h"
#include "config/parse.h"
#include "config/same.h"
#include "scsi/device.h"
#include "scsi/lu.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const struct conf_where nowhere = { NULL, 0 };

void plan_init(struct plan *p, const struct request *rq, const struct running *now,
	       struct store_env *env)
{
	*p = (struct plan){ .rq = rq, .now = now, .env = env };
	conf_faults_init(&p->faults);
}

/* ---- what is to run ---- */

/* The file as it is now, and in it what was changed since it was read before. */
static int read_file(struct plan *p)
{
	int err;

	if (!p->now->path) {
		conf_fault(&p->faults, nowhere, NULL, NULL,
			   "itgtd was started with --serve: there is no file to read");
		return -EINVAL;
	}
	p->base = running_tree();
	err = p->base ? conf_parse_file(p->base, p->now->path, &p->faults) : -ENOMEM;
	if (!err)
		err = conf_tree_complete(p->base);
	if (!err)
		err = conf_tree_add_group(p->base);
	if (!err)
		err = conf_tree_copy(p->tree, p->base);
	if (!err && !p->rq->discard)
		err = conf_merge(p->tree, p->now->base, p->now->tree, &p->faults);
	return err;
}

static int edit(struct plan *p)
{
	int err = conf_tree_copy(p->tree, p->now->tree);

	return err ? err : request_edit(p->tree, p->rq, &p->faults);
}

static int check(struct plan *p)
{
	int err = config_init(&p->config, p->now->config->world.core);

	if (err)
		return err;
	p->has_config = true;
	err = config_check(&p->config, p->tree, &p->faults);
	return err ? err : conf_tree_complete(p->tree);
}

/* ---- what differs ---- */

static const struct conf_node *target_of(const struct conf_node *n)
{
	while (n && n->section != &conf_target)
		n = n->parent;
	return n;
}

static int add_line(struct plan *p, const struct conf_change *c)
{
	char text[CONF_CHANGE_MAX];
	const struct conf_node *target = target_of(c->node);
	struct plan_line *l;

	assert(p->lines); /* there is room for each */
	l = &p->lines[p->nlines++];
	p->touches_targets |= c->node->section != &conf_lun && c->node->parent;
	l->means = conf_change_means(c);
	l->text = strdup(conf_change_format(text, c));
	if (target)
		l->target = strdup(target->title);
	return l->text && (!target || l->target) ? 0 : -ENOMEM;
}

static int compare(struct plan *p)
{
	const struct conf_change *c;
	struct conf_diff d;
	int err;

	conf_diff_init(&d);
	err = conf_diff(&d, p->now->tree->root, p->tree->root);
	if (!err) {
		conf_diff_check(&d, &p->faults);
		p->lines = calloc(d.count + 1, sizeof(*p->lines));
		err = p->lines ? 0 : -ENOMEM;
	}
	STAILQ_FOREACH (c, &d.list, link) {
		if (!err)
			err = add_line(p, c);
	}
	conf_diff_fini(&d);
	return err;
}

/* ---- LUNs ---- */

static int by_place(const void *a, const void *b)
{
	const struct config_lun *x = *(struct config_lun *const *)a;
	const struct config_lun *y = *(struct config_lun *const *)b;
	int order = strcmp(x->target->name, y->target->name);

	return order ? order : (x->number > y->number) - (x->number < y->number);
}

/* All LUNs of c by target and number; NULL: no memory. */
static struct config_lun **sorted(const struct config *c, size_t *n)
{
	struct config_lun *l, **list;

	*n = 0;
	STAILQ_FOREACH (l, &c->luns, link)
		(*n)++;
	list = calloc(*n + 1, sizeof(struct config_lun *));
	if (!list)
		return NULL;
	*n = 0;
	STAILQ_FOREACH (l, &c->luns, link)
		list[(*n)++] = l;
	qsort(list, *n, sizeof(struct config_lun *), by_place);
	return list;
}

/* The unit that runs as l. NULL: one that was changed before is not at rest yet. */
static struct scsi_lu *find_live(struct plan *p, const struct config_lun *l, struct target **t)
{
	struct scsi_lu *lu;

	*t = world_target(&p->now->config->world, l->target->name);
	lu = *t ? scsi_device_lu(&(*t)->device, l->number) : NULL;
	if (!lu)
		conf_fault(&p->faults, nowhere, NULL, NULL,
			   "target \"%s\": LUN %u has not come to rest after an earlier change "
			   "(try again)",
			   l->target->name, l->number);
	return lu;
}

/* What it takes to make after of before, both there: the gravest effect of all options. */
static void weigh(struct plan_lun *row, const struct config_lun *before,
		  const struct config_lun *after)
{
	size_t i;

	for (i = 0; i < conf_lun.noptions; i++) {
		const struct conf_option *o = &conf_lun.options[i];

		if (conf_entry_same(conf_node_entry(before->node, o->name),
				    conf_node_entry(after->node, o->name)))
			continue;
		switch (conf_effect(after->node, o)) {
		case EFFECT_RESIZE:
			/* A size that is not given any more is the one that it has. */
			if (after->options.size && after->options.size != row->live->store->size)
				row->resize = after->options.size;
			break;
		case EFFECT_REOPEN: row->reopens = true; break;
		case EFFECT_REPLACE: row->goes = true; break;
		default: break;
		}
	}
	if (row->goes) {
		row->reopens = false;
		row->resize = 0;
	}
}

/* Before and after at the same place; one of them may be NULL. */
static int add_lun(struct plan *p, struct config_lun *before, struct config_lun *after)
{
	struct plan_lun row = { .after = after };

	assert(before || after);
	if (before) {
		row.live = find_live(p, before, &row.target);
		if (!row.live)
			return -EINVAL;
		row.goes = !after;
	} else {
		row.target = world_target(&p->now->config->world, after->target->name);
	}
	if (before && after) {
		if (conf_node_same(before->node, after->node))
			return 0;
		weigh(&row, before, after);
	}
	p->luns[p->nluns++] = row;
	return 0;
}

static int pair_up(struct plan *p, struct config_lun **a, size_t na, struct config_lun **b,
		   size_t nb)
{
	size_t i = 0, j = 0;
	int err = 0;

	assert(a && b);
	while (!err && (i < na || j < nb)) {
		int order = i == na ? 1 : j == nb ? -1 : by_place(&a[i], &b[j]);

		err = add_lun(p, order <= 0 ? a[i] : NULL, order >= 0 ? b[j] : NULL);
		i += order <= 0;
		j += order >= 0;
	}
	return err;
}

static int plan_luns(struct plan *p)
{
	size_t na, nb;
	struct config_lun **a = sorted(p->now->config, &na), **b = sorted(&p->config, &nb);
	int err = -ENOMEM;

	if (a && b)
		p->luns = calloc(na + nb + 1, sizeof(*p->luns));
	if (p->luns)
		err = pair_up(p, a, na, b, nb);
	free(a);
	free(b);
	return err;
}

/* ---- stores ---- */

static const struct config_lun *config_of(const struct config *c, const struct plan_lun *row)
{
	const struct config_lun *l;

	STAILQ_FOREACH (l, &c->luns, link) {
		if (l->number == row->live->opt.number &&
		    strcmp(l->target->name, row->target->name) == 0)
			return l;
	}
	return NULL;
}

/* Does a LUN that goes serve that path? */
static bool is_left(const struct plan *p, const char *path)
{
	const struct config_lun *l;
	size_t i;

	for (i = 0; path && i < p->nluns; i++) {
		l = p->luns[i].goes ? config_of(p->now->config, &p->luns[i]) : NULL;
		if (l && l->options.path && strcmp(l->options.path, path) == 0)
			return true;
	}
	return false;
}

static int open_one(struct plan *p, struct plan_lun *row)
{
	char why[STORE_WHY_MAX] = "";
	int err;

	row->takes_over = row->reopens || is_left(p, row->after->options.path);
	err = build_store(row->after, p->env, row->takes_over,
			  row->reopens ? row->live->store->size : 0, &row->store, why);
	if (!err && !row->reopens) {
		err = build_lu(p->config.world.core, row->after, row->store, &row->lu, why);
		if (!err) {
			row->store = NULL; /* lu owns it */
			scsi_device_place(row->target ? &row->target->device
						      : &row->after->target->device,
					  row->lu);
		}
	}
	if (err)
		conf_fault(&p->faults, row->after->node->where, row->after->node, NULL, "%s", why);
	return err ? -EINVAL : 0;
}

/* What a LUN of that number has kept in the state directory was another one's when it replaces it.
 */
static int load_one(struct plan *p, const struct plan_lun *row)
{
	int err = row->lu && !row->live ? scsi_lu_load(row->lu) : 0;

	if (err)
		conf_fault(&p->faults, row->after->node->where, row->after->node, NULL, "%s",
			   strerror(-err));
	return err;
}

static int open_all(struct plan *p)
{
	size_t i;
	int err = 0, one;

	for (i = 0; i < p->nluns; i++) {
		struct plan_lun *row = &p->luns[i];

		if (!row->after || (row->live && !row->goes && !row->reopens))
			continue;
		one = open_one(p, row);
		if (!one)
			one = load_one(p, row);
		if (one)
			err = one; /* all that is wrong is told in one go */
	}
	return err;
}

/* ---- all of it ---- */

static int make(struct plan *p)
{
	int err;

	p->tree = running_tree();
	if (!p->tree)
		return -ENOMEM;
	err = p->rq->kind < REQUEST_EDITS ? edit(p) : read_file(p);
	if (!err)
		err = check(p);
	if (!err)
		err = compare(p);
	if (!err && p->faults.count > 0)
		err = -EINVAL;
	if (err || p->rq->kind == REQUEST_DIFF)
		return err;
	err = plan_luns(p);
	return err ? err : open_all(p);
}

void plan_make(struct plan *p)
{
	p->err = make(p);
}

void plan_undo(struct plan *p)
{
	size_t i;

	for (i = 0; i < p->nluns; i++) {
		struct plan_lun *row = &p->luns[i];

		if (row->lu) {
			lun_mask_free(row->lu->opt.user);
			store_abandon(scsi_lu_dismiss(row->lu));
		}
		store_abandon(row->store);
		row->lu = NULL;
		row->store = NULL;
	}
}

void plan_fini(struct plan *p)
{
	size_t i;

	for (i = 0; i < p->nlines; i++) {
		free(p->lines[i].text);
		free(p->lines[i].target);
	}
	free(p->lines);
	free(p->luns);
	if (p->has_config)
		config_fini(&p->config);
	running_tree_free(p->tree);
	running_tree_free(p->base);
	conf_faults_fini(&p->faults);
}
