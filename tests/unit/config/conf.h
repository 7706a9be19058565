/* What the tests of config share: a configuration from a text, and what is told of it. */
#ifndef UNIT_CONFIG_CONF_H
#define UNIT_CONFIG_CONF_H

#include "config/check.h"
#include "config/parse.h"
#include "scsi/core.h"
#include "unit.h"

#include <stdio.h>
#include <string.h>

#define TOLD_MAX 16384

/* A text that has been parsed and checked. */
struct conf {
	struct buf_pool pool;
	struct scsi_core core;
	struct conf_tree tree;
	struct conf_faults faults;
	struct config config;
	int err;
	char told[TOLD_MAX]; /* all faults, a line each */
};

static inline void conf_tell(struct conf *c)
{
	FILE *f = fmemopen(c->told, sizeof(c->told), "w");

	memset(c->told, 0, sizeof(c->told));
	if (!f)
		return;
	conf_faults_print(&c->faults, "", f);
	fclose(f);
}

static inline void conf_start(struct conf *c)
{
	buf_pool_init(&c->pool, 1 << 20, 0);
	scsi_core_init(&c->core, &c->pool);
	conf_faults_init(&c->faults);
	c->err = conf_tree_init(&c->tree);
	if (!c->err)
		c->err = config_init(&c->config, &c->core);
}

/* Check what is in the tree, and note what is told. */
static inline void conf_check(struct conf *c)
{
	int err = config_check(&c->config, &c->tree, &c->faults);

	if (!c->err)
		c->err = err;
	conf_tell(c);
}

/* "t.conf" with that text. */
static inline void conf_open(struct conf *c, const char *text)
{
	conf_start(c);
	c->err = conf_parse_text(&c->tree, "t.conf", text, strlen(text), &c->faults);
	conf_check(c);
}

static inline void conf_close(struct conf *c)
{
	config_fini(&c->config);
	conf_tree_fini(&c->tree);
	conf_faults_fini(&c->faults);
	buf_pool_fini(&c->pool);
}

/* What is told of text is that; else it is shown. */
static inline void conf_is_told(const struct conf *c, const char *text, const char *told)
{
	CU_ASSERT_STRING_EQUAL(c->told, told);
	if (strcmp(c->told, told) != 0)
		printf("\n<%s>\ntold:\n%s", text, c->told);
}

/* A text, and all that is told of it. */
struct conf_row {
	const char *text, *told;
};

/* Each of n texts comes to err when it is parsed and checked, and its faults are told. */
static inline void conf_check_rows(const struct conf_row *rows, size_t n, int err)
{
	struct conf c;
	size_t i;

	for (i = 0; i < n; i++) {
		conf_open(&c, rows[i].text);
		CU_ASSERT_EQUAL(c.err, err);
		conf_is_told(&c, rows[i].text, rows[i].told);
		conf_close(&c);
	}
}

#endif
