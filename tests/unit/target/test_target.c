#include "target/target.h"

#include "scsi/core.h"
#include "scsi/lu.h"
#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const struct {
	const char *what;
	const char *name;
	const char *normal; /* NULL: refused */
} names[] = {
	{ "iqn", "iqn.2001-04.com.example", "iqn.2001-04.com.example" },
	{ "iqn with its string", "iqn.2001-04.com.example:storage.tape1.sys1.xyz",
	  "iqn.2001-04.com.example:storage.tape1.sys1.xyz" },
	{ "capitals", "IQN.2001-04.COM.Example:Disk-A", "iqn.2001-04.com.example:disk-a" },
	{ "colons in the string", "iqn.1993-08.org.debian:01:abc",
	  "iqn.1993-08.org.debian:01:abc" },
	{ "one label", "iqn.2001-04.org:x", "iqn.2001-04.org:x" },
	{ "empty string", "iqn.2001-04.org.example:", "iqn.2001-04.org.example:" },
	{ "underscore of a Windows host", "iqn.1991-05.com.microsoft:My_Host",
	  "iqn.1991-05.com.microsoft:my_host" },
	{ "letters beyond ASCII, folded", "iqn.2001-04.org.example:\xc3\x84rger",
	  "iqn.2001-04.org.example:\xc3\xa4rger" },
	{ "a letter that unfolds",
	  "iqn.2001-04.org.example:stra\xc3\x9f"
	  "e",
	  "iqn.2001-04.org.example:strasse" },
	{ "full-width letters (NFKC)", "iqn.2001-04.org.example:\xef\xbc\xa1",
	  "iqn.2001-04.org.example:a" },
	{ "EUI-64", "eui.02004567A425678D", "eui.02004567a425678d" },
	{ "NAA, 64 bits", "naa.52004567BA64678D", "naa.52004567ba64678d" },
	{ "NAA, 128 bits", "NAA.62004567BA64678D0123456789ABCDEF",
	  "naa.62004567ba64678d0123456789abcdef" },

	{ "nothing", "", NULL },
	{ "type only", "iqn.", NULL },
	{ "another type", "wwn.2001-04.com.example", NULL },
	{ "no type", "2001-04.com.example", NULL },
	{ "month 0", "iqn.2001-00.com.example", NULL },
	{ "month 13", "iqn.2001-13.com.example", NULL },
	{ "short year", "iqn.201-04.com.example", NULL },
	{ "no domain", "iqn.2001-04.", NULL },
	{ "no dot after the date", "iqn.2001-04", NULL },
	{ "no domain but a string", "iqn.2001-04.:x", NULL },
	{ "empty label", "iqn.2001-04.com..example", NULL },
	{ "dot at the end of the domain", "iqn.2001-04.com.:x", NULL },
	{ "space", "iqn.2001-04.com.example:a b", NULL },
	{ "slash", "iqn.2001-04.com.example:a/b", NULL },
	{ "grave accent", "iqn.2001-04.com.example:a`b", NULL },
	{ "caret", "iqn.2001-04.com.example:a^b", NULL },
	{ "comma", "iqn.2001-04.com.example:a,b", NULL },
	{ "control character", "iqn.2001-04.com.example:a\nb", NULL },
	{ "ideographic full stop", "iqn.2001-04.com.example:a\xe3\x80\x82", NULL },
	{ "no UTF-8: lone byte", "iqn.2001-04.com.example:\xff", NULL },
	{ "no UTF-8: cut short", "iqn.2001-04.com.example:\xc3", NULL },
	{ "no UTF-8: too long a form", "iqn.2001-04.com.example:\xc0\xaf", NULL },
	{ "no UTF-8: surrogate", "iqn.2001-04.com.example:\xed\xa0\x80", NULL },
	{ "no UTF-8: past U+10FFFF", "iqn.2001-04.com.example:\xf5\x80\x80\x80", NULL },
	{ "EUI-64, a digit short", "eui.02004567A425678", NULL },
	{ "EUI-64, a digit long", "eui.02004567A425678D0", NULL },
	{ "EUI-64, no hex", "eui.02004567A425678G", NULL },
	{ "NAA, 24 digits", "naa.52004567BA64678D01234567", NULL },
	{ "NAA, no hex", "naa.52004567BA64678X", NULL },
};

static void names_are_checked_and_folded(void)
{
	char out[TARGET_NAME_MAX];
	size_t i;

	for (i = 0; i < COUNT(names); i++) {
		int want = names[i].normal ? 0 : -EINVAL;
		const char *text = names[i].normal ? names[i].normal : "untouched";

		strcpy(out, "untouched");
		if (target_name_normalise(out, names[i].name) != want || strcmp(out, text) != 0) {
			printf("\n  %s: \"%s\"", names[i].what, out);
			CU_FAIL("name");
		}
	}
}

static void names_have_at_most_223_bytes(void)
{
	char name[400] = "iqn.2001-04.com.example:", out[TARGET_NAME_MAX];

	memset(name + strlen(name), 'A', 223 - strlen(name));
	CU_ASSERT_EQUAL(target_name_normalise(out, name), 0);
	CU_ASSERT_EQUAL(strlen(out), 223);
	strcat(name, "A");
	CU_ASSERT_EQUAL(target_name_normalise(out, name), -ENAMETOOLONG);
	/* U+3300 is 3 bytes, and NFKC makes 5 letters of 3 bytes of it */
	strcpy(name, "iqn.2001-04.com.example:");
	while (strlen(name) < 200)
		strcat(name, "\xe3\x8c\x80");
	CU_ASSERT_EQUAL(target_name_normalise(out, name), -ENAMETOOLONG);
}

static void normal_names_stay(void)
{
	char once[TARGET_NAME_MAX], twice[TARGET_NAME_MAX];
	size_t i;

	for (i = 0; i < COUNT(names); i++) {
		if (!names[i].normal)
			continue;
		CU_ASSERT_EQUAL_FATAL(target_name_normalise(once, names[i].name), 0);
		CU_ASSERT_EQUAL(target_name_normalise(twice, once), 0);
		CU_ASSERT_STRING_EQUAL(once, twice);
	}
}

static void an_alias_is_text(void)
{
	char long_alias[TARGET_ALIAS_MAX + 1], out[TARGET_ALIAS_MAX];

	CU_ASSERT_EQUAL(target_alias_set(out, "Zo\xc3\xab's disk"), 0);
	CU_ASSERT_STRING_EQUAL(out, "Zo\xc3\xab's disk");
	CU_ASSERT_EQUAL(target_alias_set(out, "a\x1b[31m"), -EINVAL);
	CU_ASSERT_EQUAL(target_alias_set(out, "a\x7f"), -EINVAL);
	CU_ASSERT_EQUAL(target_alias_set(out, "a\xff"), -EINVAL);
	CU_ASSERT_STRING_EQUAL(out, "Zo\xc3\xab's disk");
	memset(long_alias, 'a', sizeof(long_alias));
	long_alias[255] = '\0';
	CU_ASSERT_EQUAL(target_alias_set(out, long_alias), 0);
	CU_ASSERT_EQUAL(strlen(out), 255);
	long_alias[255] = 'a';
	long_alias[256] = '\0';
	CU_ASSERT_EQUAL(target_alias_set(out, long_alias), -ENAMETOOLONG);
	CU_ASSERT_EQUAL(target_alias_set(out, ""), 0);
	CU_ASSERT_STRING_EQUAL(out, "");
}

static void a_new_target_has_the_built_in_limits(void)
{
	struct target *t = target_new(NULL, "iqn.2001-04.com.example:a");

	CU_ASSERT_PTR_NOT_NULL_FATAL(t);
	CU_ASSERT_STRING_EQUAL(t->name, "iqn.2001-04.com.example:a");
	CU_ASSERT_STRING_EQUAL(t->device.name, t->name);
	CU_ASSERT_STRING_EQUAL(t->alias, "");
	CU_ASSERT_PTR_NULL(t->auth);
	CU_ASSERT_EQUAL(t->limits.MaxRecvDataSegmentLength, 262144);
	CU_ASSERT_EQUAL(t->limits.FirstBurstLength, 262144);
	CU_ASSERT_EQUAL(t->limits.MaxBurstLength, 1048576);
	CU_ASSERT_EQUAL(t->limits.MaxOutstandingR2T, 8);
	CU_ASSERT_EQUAL(t->limits.MaxConnections, 8);
	CU_ASSERT_EQUAL(t->limits.ErrorRecoveryLevel, 2);
	CU_ASSERT_EQUAL(t->limits.DefaultTime2Wait, 2);
	CU_ASSERT_EQUAL(t->limits.DefaultTime2Retain, 20);
	CU_ASSERT_FALSE(t->limits.InitialR2T);
	CU_ASSERT_TRUE(t->limits.ImmediateData);
	CU_ASSERT_EQUAL(t->limits.HeaderDigest, TARGET_DIGEST_NONE | TARGET_DIGEST_CRC32C);
	CU_ASSERT_EQUAL(t->limits.DataDigest, TARGET_DIGEST_NONE | TARGET_DIGEST_CRC32C);
	CU_ASSERT_EQUAL(t->limits.nop_interval_ms, 30000);
	CU_ASSERT_EQUAL(t->limits.nop_timeout_ms, 30000);
	CU_ASSERT_EQUAL(t->limits.queue_depth, 128);
	target_free(t);
	target_free(NULL);
}

static void a_target_is_seen_through_its_groups(void)
{
	struct target *t = target_new(NULL, "iqn.2001-04.com.example:a");
	struct portal_group one = { .tag = 1 }, two = { .tag = 2 };

	CU_ASSERT_PTR_NOT_NULL_FATAL(t);
	CU_ASSERT_FALSE(target_in_group(t, &one));
	t->groups[t->ngroups++] = &two;
	CU_ASSERT_FALSE(target_in_group(t, &one));
	t->groups[t->ngroups++] = &one;
	CU_ASSERT_TRUE(target_in_group(t, &one));
	CU_ASSERT_TRUE(target_in_group(t, &two));
	target_free(t);
}

static void a_mask_is_freed_with_its_names(void)
{
	struct lun_mask *m = calloc(1, sizeof(*m));
	struct access_name *n = calloc(1, sizeof(*n));

	if (!m || !n)
		abort();
	STAILQ_INIT(&m->names);
	STAILQ_INSERT_TAIL(&m->names, n, link);
	lun_mask_free(m);
	lun_mask_free(NULL);
}

/* A store that only tells when it is closed. */
struct closing_store {
	struct store store;
	unsigned int *closed;
};

static void closing_store_close(struct store *s)
{
	struct closing_store *c = (struct closing_store *)s;

	(*c->closed)++;
	free(c);
}

static void add_lu(struct target *t, uint32_t number, unsigned int *closed)
{
	static const struct store_ops ops = { .name = "closing", .close = closing_store_close };
	struct scsi_lu_options opt = { .number = number, .block_size = 512 };
	struct closing_store *c = calloc(1, sizeof(*c));
	struct lun_mask *m = calloc(1, sizeof(*m));
	struct access_name *n = calloc(1, sizeof(*n));
	struct scsi_lu *lu;

	if (!c || !m || !n)
		abort();
	c->store = (struct store){ .ops = &ops, .size = 1 << 20, .io_align = 512 };
	c->closed = closed;
	STAILQ_INIT(&m->names);
	STAILQ_INSERT_TAIL(&m->names, n, link);
	opt.user = m;
	if (scsi_lu_new(t->device.core, &c->store, &opt, &lu) || scsi_device_add(&t->device, lu))
		abort();
}

/* The leak check of the sanitizer is half of this test. */
static void a_target_takes_its_luns_with_it(void)
{
	struct scsi_core core = { 0 };
	unsigned int closed = 0;
	struct target *t;

	t = target_new(&core, "iqn.2001-04.com.example:a");
	CU_ASSERT_PTR_NOT_NULL_FATAL(t);
	add_lu(t, 0, &closed);
	add_lu(t, 1, &closed);
	add_lu(t, 16383, &closed);
	target_free(t);
	CU_ASSERT_EQUAL(closed, 3);
}

static const struct unit_test tests[] = {
	{ "names are checked and folded", names_are_checked_and_folded },
	{ "names have at most 223 bytes", names_have_at_most_223_bytes },
	{ "a normal name stays as it is", normal_names_stay },
	{ "an alias is text", an_alias_is_text },
	{ "a new target has the built-in limits", a_new_target_has_the_built_in_limits },
	{ "a target is seen through its groups", a_target_is_seen_through_its_groups },
	{ "a mask is freed with its names", a_mask_is_freed_with_its_names },
	{ "a target takes its LUNs with it", a_target_takes_its_luns_with_it },
};

UNIT_MAIN("target/target", tests)
