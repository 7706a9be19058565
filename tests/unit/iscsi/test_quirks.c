#include "iscsi/quirks.h"

#include "unit.h"

static void only_whom_they_are_for(void)
{
	CU_ASSERT_EQUAL(quirks_of("iqn.1998-01.com.vmware:esx1-4c2b"), QUIRK_DONE_IS_ABORTED);
	CU_ASSERT_EQUAL(quirks_of("iqn.1998-01.com.vmware"), 0);
	CU_ASSERT_EQUAL(quirks_of("iqn.1993-08.org.debian:01:iqn.1998-01.com.vmware:"), 0);
	CU_ASSERT_EQUAL(quirks_of(""), 0);
}

static const struct unit_test tests[] = {
	{ "quirks are for whom they are for", only_whom_they_are_for },
};

UNIT_MAIN("iscsi/quirks", tests)
