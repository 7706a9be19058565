#include "config/merge.h"

#include "trees.h"

#define T(inside)  "target \"iqn.2026-11.org.example:a\" {\n" inside "}\n"
#define L(n, path) "  lun \"" n "\" {\n    path = \"" path "\"\n  }\n"
#define DEPTH(n)   "  queue-depth = " n "\n"

/* What the file said, what was made of it, what the file says now; what comes of it. */
static const struct {
	const char *what, *base, *ours, *file, *result, *told;
} cases[] = {
	{ "nothing was changed", T(L("0", "/a")), T(L("0", "/a")), T(L("0", "/b")), T(L("0", "/b")),
	  "" },
	{ "a LUN was added", T(L("0", "/a")), T(L("0", "/a") L("1", "/b")), T(L("0", "/c")),
	  T(L("0", "/c") L("1", "/b")), "" },
	{ "a LUN was added, and the file has another of its number", T(L("0", "/a")),
	  T(L("0", "/a") L("1", "/b")), T(L("0", "/a") L("1", "/c")), T(L("0", "/a") L("1", "/c")),
	  "was added at run-time, and to the file, which counts" },
	{ "a LUN was added, and then to the file, too", T(L("0", "/a")),
	  T(L("0", "/a") L("1", "/b")), T(L("0", "/a") L("1", "/b")), T(L("0", "/a") L("1", "/b")),
	  "" },
	{ "a LUN was removed", T(L("0", "/a") L("1", "/b")), T(L("0", "/a")),
	  T(L("0", "/a") L("1", "/b") L("2", "/c")), T(L("0", "/a") L("2", "/c")), "" },
	{ "a LUN was removed, and has another path now", T(L("0", "/a") L("1", "/b")),
	  T(L("0", "/a")), T(L("0", "/a") L("1", "/c")), T(L("0", "/a") L("1", "/c")),
	  "changed in the file, which counts: it is back" },
	{ "a LUN was removed, and from the file, too", T(L("0", "/a") L("1", "/b")),
	  T(L("0", "/a")), T(L("0", "/a")), T(L("0", "/a")), "" },
	{ "an option was set", T(L("0", "/a")), T(DEPTH("7") L("0", "/a")), T(L("0", "/b")),
	  T(DEPTH("7") L("0", "/b")), "" },
	{ "an option was set, and in the file to something else", T(DEPTH("6")), T(DEPTH("7")),
	  T(DEPTH("8")), T(DEPTH("8")), "queue-depth: the file was changed here since" },
	{ "an option was set back", T(DEPTH("6")), T(""), T(DEPTH("6") L("0", "/a")),
	  T(L("0", "/a")), "" },
	{ "a target was added", T(""), T("") "target \"iqn.2026-11.org.example:b\" {\n}\n", "",
	  "target \"iqn.2026-11.org.example:b\" {\n}\n", "" },
	{ "a target was changed, and is gone", T(""), T(DEPTH("7")), "", "",
	  "is not in the file any more, which counts" },
	{ "a target was removed", T(DEPTH("7")), "", T(DEPTH("7")) "max-connections = 9\n",
	  "max-connections = 9\n", "" },
};

static void merge(size_t i, const struct conf_tree *base, const struct conf_tree *ours)
{
	struct conf_faults told;
	struct conf_tree into;
	char *text = NULL;
	size_t size;
	FILE *f;

	conf_faults_init(&told);
	tree_read(&into, cases[i].file);
	CU_ASSERT_EQUAL(conf_merge(&into, base, ours, &told), 0);
	tree_is(&into, cases[i].result);
	f = open_memstream(&text, &size);
	conf_faults_print(&told, "", f);
	fclose(f);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, cases[i].told));
	CU_ASSERT_EQUAL(*text != '\0', *cases[i].told != '\0');
	if (!strstr(text, cases[i].told))
		fprintf(stderr, "%s: told \"%s\"\n", cases[i].what, text);
	CU_ASSERT_EQUAL(told.count, 0); /* these are no faults */
	free(text);
	conf_faults_fini(&told);
	conf_tree_fini(&into);
}

static void the_file_counts(void)
{
	struct conf_tree base, ours;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		tree_read(&base, cases[i].base);
		tree_read(&ours, cases[i].ours);
		merge(i, &base, &ours);
		conf_tree_fini(&base);
		conf_tree_fini(&ours);
	}
}

/* What differs, written and read again, does the same as the whole. */
static void parts_do_the_same(void)
{
	struct conf_tree base, ours, base_part, ours_part, a, b;
	char *text;
	size_t i, n;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		tree_read(&base, cases[i].base);
		tree_read(&ours, cases[i].ours);
		CU_ASSERT_EQUAL_FATAL(conf_tree_init(&base_part) || conf_tree_init(&ours_part), 0);
		CU_ASSERT_EQUAL(conf_split(&base, &ours, &base_part, &ours_part, &n), 0);
		CU_ASSERT_EQUAL(n, i > 0);
		text = tree_text(&base_part);
		tree_read(&a, text);
		free(text);
		text = tree_text(&ours_part);
		tree_read(&b, text);
		CU_ASSERT(i > 0 || !*text);
		free(text);
		merge(i, &a, &b);
		conf_tree_fini(&base);
		conf_tree_fini(&ours);
		conf_tree_fini(&base_part);
		conf_tree_fini(&ours_part);
		conf_tree_fini(&a);
		conf_tree_fini(&b);
	}
}

static const struct unit_test tests[] = {
	{ "where both were changed, the file counts", the_file_counts },
	{ "the parts that differ do the same as the whole", parts_do_the_same },
};

UNIT_MAIN("config/merge", tests)
