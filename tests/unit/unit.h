/* A unit test program: a table of tests, run by CUnit, told as it does. */
#ifndef UNIT_H
#define UNIT_H

#include <CUnit/Basic.h>
#include <stddef.h>

/* A fatal assertion leaves the case by a longjmp(), which clang's analyzer does not see. */
#ifdef __clang_analyzer__
#include <stdlib.h>
#undef CU_ASSERT_FATAL
#undef CU_ASSERT_EQUAL_FATAL
#undef CU_ASSERT_PTR_NOT_NULL_FATAL
#define CU_ASSERT_FATAL(value)              ((value) ? (void)0 : abort())
#define CU_ASSERT_EQUAL_FATAL(a, b)         CU_ASSERT_FATAL((a) == (b))
#define CU_ASSERT_PTR_NOT_NULL_FATAL(value) CU_ASSERT_FATAL((value) != NULL)
#endif

struct unit_test {
	const char *what; /* a sentence: what holds */
	void (*run)(void);
};

/* Run n tests as suite name. The exit status of the program. */
static inline int unit_run(const char *name, const struct unit_test *tests, size_t n)
{
	unsigned int failed;
	CU_pSuite suite;
	size_t i;

	if (CU_initialize_registry() != CUE_SUCCESS)
		return 2;
	suite = CU_add_suite(name, NULL, NULL);
	if (!suite)
		return 2;
	for (i = 0; i < n; i++) {
		if (!CU_add_test(suite, tests[i].what, tests[i].run))
			return 2;
	}
	CU_basic_set_mode(CU_BRM_VERBOSE);
	CU_basic_run_tests();
	failed = CU_get_number_of_failures();
	if (CU_get_number_of_tests_run() != n)
		failed++;
	CU_cleanup_registry();
	return failed ? 1 : 0;
}

#define UNIT_MAIN(name, tests)                                                    \
	int main(void)                                                            \
	{                                                                         \
		return unit_run(name, tests, sizeof(tests) / sizeof((tests)[0])); \
	}

#endif
