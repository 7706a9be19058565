#include "initiator/ini_url.h"
#include "unit.h"

#include <errno.h>

/* The address ends where the line of several ends, and a missing port is 3260. */
static void parts_are_found(void)
{
	static const struct {
		const char *text, *host, *port, *target;
		uint16_t lun;
	} cases[] = {
		{ "iscsi://127.0.0.1:3261/iqn.2026-11.org.itgtd:demo/0", "127.0.0.1", "3261",
		  "iqn.2026-11.org.itgtd:demo", 0 },
		{ "iscsi://host/iqn.a:b/16383 iscsi://other/iqn.a:b/1", "host", "3260", "iqn.a:b",
		  16383 },
		{ "iscsi://[::1]:3260/eui.0123456789abcdef/300", "::1", "3260",
		  "eui.0123456789abcdef", 300 },
		{ "iscsi://[fe80::1]/naa.0123456789abcdef/1\n", "fe80::1", "3260",
		  "naa.0123456789abcdef", 1 },
	};
	struct ini_url url;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CU_ASSERT_EQUAL_FATAL(ini_url_parse(cases[i].text, &url), 0);
		CU_ASSERT_STRING_EQUAL(url.host, cases[i].host);
		CU_ASSERT_STRING_EQUAL(url.port, cases[i].port);
		CU_ASSERT_STRING_EQUAL(url.target, cases[i].target);
		CU_ASSERT_EQUAL(url.lun, cases[i].lun);
	}
}

static void nonsense_is_refused(void)
{
	static const char *const cases[] = {
		"",
		"http://host/iqn.a:b/0",
		"iscsi://",
		"iscsi:///iqn.a:b/0",
		"iscsi://host",
		"iscsi://host/",
		"iscsi://host/iqn.a:b",
		"iscsi://host/iqn.a:b/",
		"iscsi://host//0",
		"iscsi://host/iqn.a:b/16384",
		"iscsi://host/iqn.a:b/99999999999999999999",
		"iscsi://host/iqn.a:b/0x1",
		"iscsi://host:0/iqn.a:b/0",
		"iscsi://host:65536/iqn.a:b/0",
		"iscsi://host:12a/iqn.a:b/0",
		"iscsi://host:/iqn.a:b/0",
		"iscsi://[::1/iqn.a:b/0",
		"iscsi://[::1]x/iqn.a:b/0",
	};
	struct ini_url url;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		CU_ASSERT_EQUAL(ini_url_parse(cases[i], &url), -EINVAL);
}

static const struct unit_test tests[] = {
	{ "host, port, target and LUN are found in a URL", parts_are_found },
	{ "what is not such a URL is refused", nonsense_is_refused },
};

UNIT_MAIN("initiator/ini_url", tests)
