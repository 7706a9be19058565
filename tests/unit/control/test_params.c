#include "control/params.h"

#include "unit.h"

#include <string.h>

/* A method that has parameters of every kind. */
static const struct method every = {
	.name = "test.every",
	.help = "a test",
	.params = { { .name = "target", .word = "IQN", .kind = METHOD_TARGET, .help = "x" },
		    { .name = "lun",
		      .word = "LUN",
		      .kind = METHOD_NUMBER,
		      .optional = true,
		      .max = 9,
		      .help = "x" },
		    { .name = "force", .kind = METHOD_SWITCH, .help = "x" },
		    { .name = "options",
		      .word = "NAME=VALUE",
		      .kind = METHOD_PAIRS,
		      .optional = true,
		      .help = "x" } },
};

static const struct method choice = {
	.name = "test.choice",
	.help = "a test",
	.params = { { .name = "way",
		      .word = "WAY",
		      .kind = METHOD_CHOICE,
		      .choices = { "up", "down" },
		      .help = "x" } },
};

static const struct {
	const struct method *m;
	const char *params; /* JSON; NULL: none */
	const char *result; /* what it becomes, or … */
	const char *why;    /* … what is wrong */
} vectors[] = {
	{ &every, "{\"target\":\"a\"}", "{\"target\":\"a\"}", NULL },
	{ &every, "[\"a\"]", "{\"target\":\"a\"}", NULL },
	{ &every, "[\"a\",9,true,{\"x\":\"y\"}]",
	  "{\"target\":\"a\",\"lun\":9,\"force\":true,\"options\":{\"x\":\"y\"}}", NULL },
	{ &every, NULL, NULL, "target is missing" },
	{ &every, "[]", NULL, "target is missing" },
	{ &every, "[\"a\",9,true,{},1]", NULL, "test.every takes at most 4 parameters" },
	{ &every, "[1]", NULL, "target must be a string" },
	{ &every, "[\"a\",10]", NULL, "lun must be a number from 0 to 9" },
	{ &every, "[\"a\",-1]", NULL, "lun must be a number from 0 to 9" },
	{ &every, "[\"a\",1.0]", NULL, "lun must be a number from 0 to 9" },
	{ &every, "[\"a\",null]", NULL, "lun must be a number from 0 to 9" },
	{ &every, "[\"a\",1,\"yes\"]", NULL, "force must be true or false" },
	{ &every, "[\"a\",1,true,{\"x\":1}]", NULL, "options must be an object of strings" },
	{ &every, "{\"target\":\"a\",\"luns\":1}", NULL, "test.every has no parameter \"luns\"" },
	{ &choice, "[\"up\"]", "{\"way\":\"up\"}", NULL },
	{ &choice, "[\"left\"]", NULL, "way must be one of up, down" },
	{ &choice, "[7]", NULL, "way must be one of up, down" },
};

static void parameters_are_held_against_the_row(void)
{
	char why[PARAMS_WHY_MAX];
	size_t i;

	for (i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		json_t *params = vectors[i].params ? json_loads(vectors[i].params, 0, NULL) : NULL;
		json_t *expected =
			vectors[i].result ? json_loads(vectors[i].result, 0, NULL) : NULL;
		json_t *got = params_check(vectors[i].m, params, why);

		if (expected) {
			CU_ASSERT(json_equal(got, expected));
		} else {
			CU_ASSERT_STRING_EQUAL(why, vectors[i].why);
		}
		CU_ASSERT_EQUAL(!got, !expected);
		json_decref(params);
		json_decref(expected);
		json_decref(got);
	}
}

static const struct unit_test tests[] = {
	{ "parameters are held against the row", parameters_are_held_against_the_row },
};

UNIT_MAIN("params", tests)
