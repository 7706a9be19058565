#include "daemon/load.h"

#include "base/log.h"
#include "config/check.h"
#include "config/edit.h"
#include "config/parse.h"
#include "config/save.h"
#include "config/serve.h"
#include "config/source.h"
#include "daemon/args.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool is_serve(const struct args *a)
{
	return a->serve.nspecs > 0;
}

/*
 * A pipe gives its text once, and whoever starts the daemon may wait for it. A reload then finds
 * no file there.
 */
static int read_file(struct running *r, const char *path, struct conf_faults *faults)
{
	static const struct conf_where nowhere = { NULL, 0 };
	struct conf_source s;
	int err = conf_source_read_pipe(&s, path);

	if (err == -ENOTSUP)
		return conf_parse_file(r->tree, path, faults);
	if (err) {
		conf_fault(faults, nowhere, NULL, NULL, "%s: %s", path, conf_source_error(err));
		return -EINVAL;
	}
	err = conf_parse_text(r->tree, path, s.text, s.len, faults);
	conf_source_fini(&s);
	return err;
}

static int read_tree(struct running *r, const struct args *a, struct conf_faults *faults)
{
	return is_serve(a) ? conf_serve_tree(r->tree, &a->serve, faults)
			   : read_file(r, a->config, faults);
}

/* Absolute, for wherever the process is later; links in it are followed when it is read. */
static int keep_path(struct running *r, const char *path)
{
	char *here = *path == '/' ? NULL : getcwd(NULL, 0);

	if (*path == '/')
		r->path = strdup(path);
	else if (here && asprintf(&r->path, "%s/%s", here, path) < 0)
		r->path = NULL;
	free(here);
	return r->path ? 0 : -ENOMEM;
}

/* What changes are held against later, and where the file is then. */
static int keep_base(struct running *r, const struct args *a)
{
	int err = conf_tree_complete(r->tree);

	if (!err)
		err = conf_tree_copy(r->base, r->tree);
	return err || is_serve(a) ? err : keep_path(r, a->config);
}

int load_start(struct running *r, const struct args *a, struct scsi_core *core)
{
	struct conf_faults faults;
	int err, checked;

	r->tree = running_tree();
	r->base = running_tree();
	if (!r->tree || !r->base || config_init(r->config, core))
		return -ENOMEM;
	conf_faults_init(&faults);
	err = read_tree(r, a, &faults);
	if (err != -ENOMEM) {
		checked = config_check(r->config, r->tree, &faults);
		err = err ? err : checked;
	}
	conf_faults_print(&faults, is_serve(a) ? "itgtd: " : "", stderr);
	conf_faults_fini(&faults);
	if (!is_serve(a) && !a->has_config && access(a->config, F_OK) && errno == ENOENT)
		log_notice("without a configuration file: itgtd --serve disk.img,size=10G");
	if (!err && !a->check)
		err = keep_base(r, a);
	if (err && err != -EINVAL)
		log_error("%s", strerror(-err));
	return err;
}

/* What the file and the saved changes together say takes the place of what the file says. */
static int check_merged(struct running *r, struct conf_tree *merged, struct conf_faults *faults)
{
	struct scsi_core *core = r->config->world.core;
	int err;

	config_fini(r->config);
	running_tree_free(r->tree);
	r->tree = merged;
	err = config_init(r->config, core);
	if (err)
		return err;
	err = config_check(r->config, merged, faults);
	return err ? err : conf_tree_complete(merged);
}

int load_saved(struct running *r)
{
	struct conf_tree *merged = running_tree();
	struct conf_faults faults;
	int err = merged ? conf_tree_copy(merged, r->base) : -ENOMEM;

	conf_faults_init(&faults);
	if (!err)
		err = save_merge(merged, r->state_dir, &faults);
	if (err)
		running_tree_free(merged);
	else
		err = check_merged(r, merged, &faults);
	conf_faults_print(&faults, "", stderr);
	conf_faults_fini(&faults);
	if (err && err != -EINVAL)
		log_error("%s", strerror(-err));
	return err;
}

void load_fini(struct running *r)
{
	if (r->config->world.core)
		config_fini(r->config);
	running_tree_free(r->tree);
	running_tree_free(r->base);
	free(r->path);
}
