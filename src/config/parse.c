#include "config/parse.h"

#include "config/source.h"
#include "config/syntax.h"

#include <assert.h>
#include <confuse.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define INCLUDE_MAX 8    /* files inside each other; include_fault() says so, too */
#define FILES_MAX   1000 /* files that are included; likewise */
#define DEPTH_MAX   8    /* sections inside each other: three, and an unknown one */
#define PASSES_MAX  200  /* readings of the file: one for each name that is unknown */

/*
 * libconfuse stops at the first option that it does not know. To tell all of
 * them in one go, each such name is learned, and the file is read once more
 * with an option of that name which does nothing but report itself. What the
 * name is, a value, a section or a function, is found out by trying.
 */
enum shape { SHAPE_VALUE, SHAPE_TITLED, SHAPE_UNTITLED, SHAPE_FUNCTION, SHAPES };

struct unknown {
	const struct conf_section *section; /* where it stands */
	char *name;                         /* owns */
	enum shape shape;
	int line; /* where it was seen first */
	bool met; /* in this reading, in that shape */
	STAILQ_ENTRY(unknown) link;
};

struct parse {
	const char *path;               /* borrowed */
	const struct conf_source *text; /* borrowed; NULL: read path */
	struct conf_tree *tree;
	struct conf_node *at;   /* the innermost section that is open */
	cfg_t *open[DEPTH_MAX]; /* libconfuse's own of it, the last, and of those around it */
	size_t nopen;
	struct conf_faults faults;       /* of this reading */
	STAILQ_HEAD(, unknown) unknowns; /* the last learned first */
	bool learned;                    /* in this reading: read again */
	bool no_memory;
	int depth;                    /* of includes */
	int nfiles;                   /* that were included in this reading */
	int last_line;                /* of the file that is being read */
	struct conf_node *value_node; /* the value that was read last, and where it is */
	struct conf_entry *value;
};

/* libconfuse gives its callbacks no pointer of ours, and its scanner is one for the process. */
static struct parse *parsing;

/* Stands for any unknown section; nothing in it is looked at. */
static const struct conf_section *const no_sections[] = { NULL };
static const struct conf_section unknown_section = { "?", "?", NULL, 0, no_sections, "?" };

static struct conf_where where_is(cfg_t *cfg)
{
	struct conf_where w = { NULL, 0 };

	if (!cfg->filename)
		return w; /* the root, before there is a file */
	w.origin = conf_tree_origin(parsing->tree, CONF_FILE, cfg->filename);
	w.line = cfg->line;
	if (!w.origin)
		parsing->no_memory = true;
	return w;
}

static struct unknown *unknown_find(const struct conf_section *section, const char *name)
{
	struct unknown *u;

	STAILQ_FOREACH (u, &parsing->unknowns, link) {
		if (u->section == section && strcmp(u->name, name) == 0)
			return u;
	}
	return NULL;
}

static void unknown_learn(const struct conf_section *section, const char *name, int line)
{
	struct unknown *u = calloc(1, sizeof(*u));
	char *copy = strdup(name);

	if (!u || !copy) {
		free(u);
		free(copy);
		parsing->no_memory = true;
		return;
	}
	u->section = section;
	u->name = copy;
	u->line = line;
	STAILQ_INSERT_HEAD(&parsing->unknowns, u, link);
	parsing->learned = true;
}

/* An unknown section may have been meant to be one that others refer to. */
static void unknown_met(cfg_t *cfg, struct unknown *u)
{
	bool is_section = u->shape == SHAPE_TITLED || u->shape == SHAPE_UNTITLED;

	u->met = true;
	if (parsing->at->parent || is_section)
		parsing->at->is_partial = true;
	conf_fault_unknown(&parsing->faults, where_is(cfg), parsing->at, u->name);
}

/* The reading ends here: what is open may have more in it. */
static void cut(void)
{
	struct conf_node *n;

	for (n = parsing->at; n; n = n->parent)
		n->is_partial = true;
}

/* A value of an option; called by libconfuse as it reads it. */
static int on_value(cfg_t *cfg, cfg_opt_t *opt, const char *text, void *result)
{
	const struct conf_option *o = conf_option(parsing->at->section, opt->name);
	struct unknown *u = o ? NULL : unknown_find(parsing->at->section, opt->name);
	bool is_first = opt->nvalues <= 1; /* after "=", of a list's values */
	struct conf_where where = where_is(cfg);
	struct conf_entry *e = conf_node_entry(parsing->at, opt->name);

	*(void **)result = parsing; /* anything but NULL; never read */
	parsing->value = NULL;
	if (u && is_first)
		unknown_met(cfg, u);
	if (!o)
		return 0;
	if (e && is_first) {
		conf_fault(&parsing->faults, where, parsing->at, opt->name,
			   "is given twice (first in line %d)", e->where.line);
		return 0;
	}
	parsing->value_node = parsing->at;
	parsing->value = conf_node_add_value(parsing->at, o, text, where);
	if (!parsing->value)
		parsing->no_memory = true;
	return 0;
}

static const struct conf_section *section_of(const struct conf_section *in, const char *name)
{
	size_t i;

	for (i = 0; in->sections[i]; i++) {
		if (strcmp(in->sections[i]->name, name) == 0)
			return in->sections[i];
	}
	return NULL;
}

/*
 * A section begins. Every section has a hidden option with a built-in value, and
 * libconfuse reads that first of all: it is our hook. The title is taken away
 * from libconfuse, which would replace a section by the next of the same title:
 * that is a fault for check.c to tell.
 */
static int on_begin(cfg_t *cfg, cfg_opt_t *opt, const char *text, void *result)
{
	const struct conf_section *in = parsing->at ? parsing->at->section : NULL;
	const struct conf_section *s = in ? section_of(in, cfg->name) : &conf_root;
	const char *title = cfg->title ? cfg->title : "";
	struct conf_node *n;

	(void)opt;
	(void)text;
	*(void **)result = parsing;
	parsing->value = NULL;
	if (!in)
		return 0; /* the root is there already */
	if (s) {
		n = conf_node_add(parsing->at, s, title, where_is(cfg));
	} else {
		struct unknown *u = unknown_find(in, cfg->name);

		if (u)
			unknown_met(cfg, u);
		n = conf_node_new(parsing->at, &unknown_section, title, where_is(cfg));
	}
	if (!n) {
		parsing->no_memory = true;
		return -1;
	}
	parsing->at = n;
	assert(parsing->nopen < DEPTH_MAX);
	parsing->open[parsing->nopen++] = cfg;
	if (cfg->title)
		cfg->title[0] = '\0';
	return 0;
}

/* Leave the innermost section. */
static void leave(void)
{
	struct conf_node *n = parsing->at;

	parsing->at = n->parent;
	parsing->nopen--;
	parsing->value = NULL;
	if (n->section == &unknown_section)
		conf_node_free(n);
}

/* "initiators = {}": libconfuse reads no value, and calls nothing. */
static void tell_empty_lists(cfg_t *cfg)
{
	struct conf_node *n = parsing->at;
	struct conf_where where = n->where;
	size_t i;

	if (!where.origin) /* the root: it has a file, but no line */
		where.origin = where_is(cfg).origin;
	for (i = 0; cfg->opts[i].name; i++) {
		const cfg_opt_t *opt = &cfg->opts[i];
		struct unknown *u = unknown_find(n->section, opt->name);

		if (opt->type != CFGT_PTR || !(opt->flags & CFGF_MODIFIED))
			continue;
		if (conf_option(n->section, opt->name) && !conf_node_entry(n, opt->name))
			conf_fault(&parsing->faults, where, n, opt->name,
				   "is an empty list (leave it out, or write what is in it)");
		else if (u && !u->met)
			conf_fault_unknown(&parsing->faults, where, n, u->name);
	}
}

/* A section ends. */
static int on_end(cfg_t *cfg, cfg_opt_t *opt)
{
	(void)cfg;
	(void)opt;
	if (parsing->at->section != &unknown_section)
		tell_empty_lists(parsing->open[parsing->nopen - 1]);
	leave();
	return 0;
}

/* A function that is not there. */
static int on_function(cfg_t *cfg, cfg_opt_t *opt, int argc, const char **argv)
{
	struct unknown *u = unknown_find(parsing->at->section, opt->name);

	(void)argc;
	(void)argv;
	if (u)
		unknown_met(cfg, u);
	return 0;
}

/*
 * "log-level =", and on the next line "max-connections = 5": the second name was taken
 * for the value of the first option.
 */
static void take_back_value(const char *fmt, va_list ap)
{
	va_list copy;

	va_copy(copy, ap);
	if (parsing->value && conf_syntax_is_stray(fmt) &&
	    strcmp(va_arg(copy, const char *), "=") == 0)
		conf_node_drop_value(parsing->value_node, parsing->value);
	va_end(copy);
	parsing->value = NULL;
}

/* libconfuse tells an error; it stops reading after that, but for what is said below. */
static void on_error(cfg_t *cfg, const char *fmt, va_list ap)
{
	const struct conf_section *in = parsing->at->section;
	struct unknown *u = STAILQ_FIRST(&parsing->unknowns);
	struct conf_where where = where_is(cfg);
	const struct conf_node *known = parsing->at;

	if (strcmp(fmt, "no such option '%s'") == 0) {
		if (in == &unknown_section)
			cfg->flags |= CFGF_IGNORE_UNKNOWN; /* from here to its end */
		else
			unknown_learn(in, va_arg(ap, const char *), cfg->line);
		return;
	}
	/* A name that was learned did not have the shape that was tried. */
	if (u && !u->met && u->shape + 1 < SHAPES) {
		u->shape++;
		parsing->learned = true;
		return;
	}
	if (u && !u->met) {
		cfg->line = u->line;
		unknown_met(cfg, u);
		return;
	}
	if (where.line > parsing->last_line)
		where.line =
			parsing->last_line; /* the end of the file is not where it went wrong */
	take_back_value(fmt, ap);
	cut();
	while (known->section == &unknown_section)
		known = known->parent;
	conf_syntax_fault(&parsing->faults, where, known, fmt, ap);
}

/* Read one file's text into cfg. 0 or not. */
static int read_source(cfg_t *cfg, struct conf_source *s)
{
	int line, rc, outer_last = parsing->last_line;
	const char *fault = conf_source_prepare(s, &line);
	struct conf_origin *origin = conf_tree_origin(parsing->tree, CONF_FILE, cfg->filename);
	FILE *f;

	if (origin)
		origin->is_public = s->is_public;
	if (fault) {
		cfg->line = line;
		conf_fault(&parsing->faults, where_is(cfg), NULL, NULL, "%s", fault);
		cut();
		return -1;
	}
	f = fmemopen(s->text, s->len, "r");
	if (!f) {
		parsing->no_memory = true;
		return -1;
	}
	parsing->last_line = s->last_line;
	rc = cfg_parse_fp(cfg, f);
	parsing->last_line = outer_last;
	fclose(f);
	return rc;
}

/* Why no file may be included here; NULL: one may. */
static const char *include_fault(int argc)
{
	if (argc != 1)
		return "takes one file (write include(\"/etc/itgtd.d/lab.conf\"))";
	if (parsing->depth == INCLUDE_MAX)
		return "files include each other more than 8 deep";
	return parsing->nfiles == FILES_MAX ? "more than 1000 files are included" : NULL;
}

/*
 * include("FILE"). libconfuse has such a function, but what it has opened when an
 * error ends the reading stays open, and it takes paths from the working directory.
 */
static int on_include(cfg_t *cfg, cfg_opt_t *opt, int argc, const char **argv)
{
	struct conf_where where = where_is(cfg);
	char quoted[CONF_QUOTED_MAX], *outer = cfg->filename;
	struct conf_source s;
	const char *fault = include_fault(argc);
	int line = cfg->line, err;

	(void)opt;
	if (fault) {
		cut();
		conf_fault(&parsing->faults, where, NULL, "include", "%s", fault);
		return argc == 1 ? -1 : 0;
	}
	parsing->nfiles++;
	cfg->filename = conf_source_beside(outer, argv[0]);
	if (!cfg->filename) {
		cfg->filename = outer;
		parsing->no_memory = true;
		return -1;
	}
	parsing->depth++;
	err = conf_source_read(&s, cfg->filename);
	if (err) {
		conf_fault(&parsing->faults, where, NULL, "include", "%s: %s",
			   conf_quote(quoted, cfg->filename), conf_source_error(err));
		cut();
		err = 0; /* read on: there may be more to tell */
	} else {
		err = read_source(cfg, &s);
	}
	parsing->depth--;
	conf_source_fini(&s);
	free(cfg->filename);
	cfg->filename = outer;
	cfg->line = line;
	return err;
}

/* libconfuse copies the arrays that it gets, and all they point to. */
static void opts_free(cfg_opt_t *opts)
{
	size_t i;

	for (i = 0; opts && opts[i].name; i++)
		opts_free(opts[i].subopts);
	free(opts);
}

#define HIDDEN "\n" /* no name in a file can be that */

/* An option of libconfuse for a name that was learned. */
static cfg_opt_t opt_unknown(const struct unknown *u)
{
	cfg_opt_t opt = { .name = u->name };

	if (u->shape == SHAPE_FUNCTION) {
		opt.type = CFGT_FUNC;
		opt.func = on_function;
	} else if (u->shape == SHAPE_VALUE) {
		opt.type = CFGT_PTR;
		opt.flags = CFGF_LIST;
		opt.parsecb = on_value;
	} else {
		opt.type = CFGT_SEC;
		opt.flags = CFGF_MULTI | (u->shape == SHAPE_TITLED ? CFGF_TITLE : 0);
		opt.validcb = on_end;
	}
	return opt;
}

/* The most options that section s may have here. */
static size_t opts_count(const struct conf_section *s)
{
	const struct unknown *u;
	size_t n = s->noptions + 3, i; /* hidden, include, end */

	for (i = 0; s->sections[i]; i++)
		n++;
	STAILQ_FOREACH (u, &parsing->unknowns, link)
		n++;
	return n;
}

/*
 * libconfuse's idea of a section. Each option is a list of texts to it: what kind
 * the values are is for check.c, which does not stop at the first fault.
 * NULL: no memory.
 */
static cfg_opt_t *opts_new(const struct conf_section *s)
{
	cfg_opt_t *opts = calloc(opts_count(s), sizeof(*opts)), *o = opts;
	const struct unknown *u;
	size_t i;

	if (!opts)
		return NULL;
	*o++ = (cfg_opt_t){ .name = HIDDEN,
			    .type = CFGT_PTR,
			    .parsecb = on_begin,
			    .def = { .parsed = (char *)"x" } }; /* is copied */
	for (i = 0; i < s->noptions; i++)
		*o++ = (cfg_opt_t){ .name = s->options[i].name,
				    .type = CFGT_PTR,
				    .flags = CFGF_LIST,
				    .parsecb = on_value };
	if (s == &conf_root)
		*o++ = (cfg_opt_t)CFG_FUNC("include", on_include);
	STAILQ_FOREACH (u, &parsing->unknowns, link) {
		if (u->section != s)
			continue;
		*o = opt_unknown(u);
		if (o->type == CFGT_SEC && !(o->subopts = opts_new(&unknown_section)))
			goto fail;
		o++;
	}
	for (i = 0; s->sections[i]; i++) {
		*o = (cfg_opt_t){ .name = s->sections[i]->name,
				  .type = CFGT_SEC,
				  .flags = CFGF_MULTI | CFGF_TITLE,
				  .validcb = on_end };
		o->subopts = opts_new(s->sections[i]);
		if (!o->subopts)
			goto fail;
		o++;
	}
	return opts;
fail:
	opts_free(opts);
	return NULL;
}

/* Read the outermost file. */
static int read_root(cfg_t *cfg)
{
	struct conf_source s;
	int err;

	if (parsing->text)
		err = conf_source_copy(&s, parsing->text->text, parsing->text->len);
	else
		err = conf_source_read(&s, parsing->path);
	if (err) {
		cfg->line = 0;
		cut();
		conf_fault(&parsing->faults, where_is(cfg), NULL, NULL, "%s",
			   conf_source_error(err));
		return err;
	}
	err = read_source(cfg, &s);
	conf_source_fini(&s);
	return err;
}

/* One reading. False: no memory. */
static bool read_once(void)
{
	cfg_opt_t *opts = opts_new(&conf_root);
	struct unknown *u;
	cfg_t *cfg;
	int rc;

	STAILQ_FOREACH (u, &parsing->unknowns, link)
		u->met = false;
	cfg = opts ? cfg_init(opts, CFGF_NONE) : NULL;
	opts_free(opts);
	if (!cfg)
		return false;
	parsing->at = parsing->tree->root;
	parsing->value = NULL;
	parsing->nfiles = 0;
	cfg->filename = strdup(parsing->path);
	cfg_set_error_function(cfg, on_error);
	rc = cfg->filename ? read_root(cfg) : -ENOMEM;
	while (parsing->at != parsing->tree->root)
		leave(); /* an error came in the middle of them */
	if (rc == 0)
		tell_empty_lists(cfg);
	if (rc != 0 && !parsing->learned && STAILQ_EMPTY(&parsing->faults.list))
		conf_fault(&parsing->faults, where_is(cfg), NULL, NULL,
			   "this cannot be understood");
	cfg_free(cfg);
	return !parsing->no_memory;
}

/* Read again and again until no reading learns a new name. */
static int read_until_known(void)
{
	int pass, err;

	for (pass = 0; pass < PASSES_MAX; pass++) {
		parsing->learned = false;
		parsing->at = NULL;
		if (!read_once())
			return -ENOMEM;
		if (!parsing->learned)
			break;
		if (pass + 1 < PASSES_MAX)
			conf_faults_fini(&parsing->faults);
		conf_tree_fini(parsing->tree);
		err = conf_tree_init(parsing->tree);
		if (err)
			return err;
	}
	return parsing->faults.count > 0 ? -EINVAL : 0;
}

static int parse(struct parse *p, struct conf_faults *faults)
{
	struct unknown *u;
	int err;

	conf_faults_init(&p->faults);
	STAILQ_INIT(&p->unknowns);
	parsing = p;
	err = read_until_known();
	parsing = NULL;
	conf_faults_move(faults, &p->faults);
	while ((u = STAILQ_FIRST(&p->unknowns))) {
		STAILQ_REMOVE_HEAD(&p->unknowns, link);
		free(u->name);
		free(u);
	}
	return err;
}

int conf_parse_file(struct conf_tree *t, const char *path, struct conf_faults *faults)
{
	struct parse p = { .path = path, .tree = t };

	return parse(&p, faults);
}

int conf_parse_text(struct conf_tree *t, const char *name, const char *text, size_t len,
		    struct conf_faults *faults)
{
	struct conf_source s = { .text = (char *)text, .len = len };
	struct parse p = { .path = name, .text = &s, .tree = t };

	return parse(&p, faults);
}
