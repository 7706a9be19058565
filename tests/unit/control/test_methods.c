/* The table of methods: sorted, whole, with a function for each. */
#include "control/methods.h"

#include "base/method.h"
#include "unit.h"

#include <string.h>

static void rows_are_sorted_and_found(void)
{
	size_t i;

	for (i = 0; i < nmethods; i++) {
		CU_ASSERT(i == 0 || strcmp(methods[i - 1].name, methods[i].name) < 0);
		CU_ASSERT_PTR_EQUAL(method_find(methods[i].name), &methods[i]);
	}
	CU_ASSERT_PTR_NULL(method_find("nosuch"));
	CU_ASSERT_PTR_NULL(method_find(""));
}

static void each_has_a_function(void)
{
	size_t i;

	for (i = 0; i < nmethods; i++) {
		if (!methods_has(methods[i].name))
			CU_FAIL(methods[i].name);
	}
	CU_ASSERT_FALSE(methods_has("nosuch"));
}

/* Positions: what must be given stands before what may be, pairs are the last. */
static void parameters_can_be_told_apart(void)
{
	size_t i, k;

	for (i = 0; i < nmethods; i++) {
		bool optional = false, pairs = false;

		CU_ASSERT_PTR_NOT_NULL(methods[i].help);
		for (k = 0; k < method_nparams(&methods[i]); k++) {
			const struct method_param *p = &methods[i].params[k];

			CU_ASSERT_PTR_NOT_NULL(p->name);
			CU_ASSERT_PTR_NOT_NULL(p->help);
			if (p->kind == METHOD_SWITCH)
				continue;
			CU_ASSERT_PTR_NOT_NULL(p->word);
			CU_ASSERT_FALSE(pairs);
			CU_ASSERT(!optional || p->optional);
			CU_ASSERT(p->kind != METHOD_NUMBER || p->max > p->min);
			CU_ASSERT(p->kind != METHOD_CHOICE || p->choices[0]);
			optional = p->optional;
			pairs = p->kind == METHOD_PAIRS;
		}
	}
}

static const struct unit_test tests[] = {
	{ "rows are sorted and found", rows_are_sorted_and_found },
	{ "each has a function", each_has_a_function },
	{ "parameters can be told apart", parameters_can_be_told_apart },
};

UNIT_MAIN("methods", tests)
