#include "conf.h"
#include "config/options.h"
#include "unit.h"

#include <stdbool.h>

static const struct conf_section *const sections[] = {
	&conf_root, &conf_portal_group, &conf_auth_group, &conf_chap, &conf_target, &conf_lun,
};

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static void rows_are_sorted_and_whole(void)
{
	size_t s, i;

	for (s = 0; s < COUNT(sections); s++) {
		CU_ASSERT_TRUE(sections[s]->noptions > 0);
		for (i = 0; i < sections[s]->noptions; i++) {
			const struct conf_option *o = &sections[s]->options[i];

			CU_ASSERT_TRUE(i == 0 || strcmp(o[-1].name, o->name) < 0);
			CU_ASSERT_TRUE(strlen(o->meaning) > 0);
			CU_ASSERT_TRUE(o->min <= o->max);
			CU_ASSERT_EQUAL(o->kind == CONF_CHOICE, o->choices != NULL);
			CU_ASSERT_PTR_EQUAL(conf_option(sections[s], o->name), o);
		}
	}
	CU_ASSERT_PTR_NULL(conf_option(&conf_root, "size"));
	CU_ASSERT_PTR_NULL(conf_option(&conf_root, ""));
}

static void a_slip_finds_the_name_that_was_meant(void)
{
	CU_ASSERT_STRING_EQUAL(conf_option_near(&conf_lun, "blocksize"), "block-size");
	CU_ASSERT_STRING_EQUAL(conf_option_near(&conf_lun, "sise"), "size");
	CU_ASSERT_STRING_EQUAL(conf_option_near(&conf_root, "portal-grup"), "portal-group");
	CU_ASSERT_STRING_EQUAL(conf_option_near(&conf_lun, "szie"), "size");
	CU_ASSERT_STRING_EQUAL(conf_option_near(&conf_lun, "wirte-cahce"), "write-cache");
	CU_ASSERT_STRING_EQUAL(conf_option_near(&conf_target, "lnu"), "lun");
	CU_ASSERT_PTR_NULL(conf_option_near(&conf_lun, "foo")); /* two letters from io */
	CU_ASSERT_PTR_NULL(conf_option_near(&conf_lun, "bath2"));
	CU_ASSERT_PTR_NULL(conf_option_near(&conf_lun, "ip"));
	CU_ASSERT_PTR_NULL(conf_option_near(&conf_lun, "colour"));
	CU_ASSERT_PTR_NULL(conf_option_near(&conf_lun, "x"));
	CU_ASSERT_PTR_NULL(conf_option_near(
		&conf_lun, "a-name-that-is-much-longer-than-any-option-that-there-is"));
}

static void an_option_knows_its_home(void)
{
	CU_ASSERT_PTR_EQUAL(conf_option_home("path"), &conf_lun);
	CU_ASSERT_PTR_EQUAL(conf_option_home("log-level"), &conf_root);
	CU_ASSERT_PTR_EQUAL(conf_option_home("lun"), &conf_target);
	CU_ASSERT_PTR_EQUAL(conf_option_home("target"), &conf_root);
	CU_ASSERT_PTR_NULL(conf_option_home("colour"));
}

/* The built-in values of a target are those of the target layer, word for word. */
static void presets_are_the_target_layers(void)
{
	const struct target_limits *want = &target_limits_default, *got;
	struct conf c;

	conf_open(&c, "target iqn.2026-11.org.example:a {}");
	CU_ASSERT_EQUAL_FATAL(c.err, 0);
	got = &TAILQ_FIRST(&c.config.world.targets)->limits;
#define SAME(field) CU_ASSERT_EQUAL(got->field, want->field)
	SAME(MaxRecvDataSegmentLength);
	SAME(FirstBurstLength);
	SAME(MaxBurstLength);
	SAME(MaxOutstandingR2T);
	SAME(MaxConnections);
	SAME(ErrorRecoveryLevel);
	SAME(DefaultTime2Wait);
	SAME(DefaultTime2Retain);
	SAME(InitialR2T);
	SAME(ImmediateData);
	SAME(HeaderDigest);
	SAME(DataDigest);
	SAME(nop_interval_ms);
	SAME(nop_timeout_ms);
	SAME(queue_depth);
#undef SAME
	conf_close(&c);
}

static const struct unit_test tests[] = {
	{ "rows are sorted, unique and whole", rows_are_sorted_and_whole },
	{ "a slip finds the name that was meant", a_slip_finds_the_name_that_was_meant },
	{ "an option knows the section it belongs in", an_option_knows_its_home },
	{ "built-in values are the target layer's", presets_are_the_target_layers },
};

UNIT_MAIN("config/options", tests)
