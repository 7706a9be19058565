#include "conf.h"
#include "unit.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* Parse only. The faults are in c->told; conf_close() afterwards. */
static void parse(struct conf *c, const char *text)
{
	conf_start(c);
	c->err = conf_parse_text(&c->tree, "t.conf", text, strlen(text), &c->faults);
	conf_tell(c);
}

static const struct conf_node *child(const struct conf_node *n, size_t i)
{
	const struct conf_node *at = STAILQ_FIRST(&n->children);

	while (at && i-- > 0)
		at = STAILQ_NEXT(at, link);
	return at;
}

static void lines_count_through_comments_and_sections(void)
{
	static const char text[] = "# first\n"
				   "log-level = debug   // second\n"
				   "/* third\n"
				   "   fourth */ target \"iqn.2026-11.org.example:a\" {\n"
				   "  alias = 'b'\n"
				   "  # sixth\n"
				   "  lun 0 { path = /x\n"
				   "    size = 1G }\n"
				   "  queue-depth = 7\n"
				   "}\n"
				   "max-connections = 5\n";
	const struct conf_node *t, *lun;
	struct conf c;

	parse(&c, text);
	CU_ASSERT_EQUAL_FATAL(c.err, 0);
	t = child(c.tree.root, 0);
	CU_ASSERT_PTR_NOT_NULL_FATAL(t);
	lun = child(t, 0);
	CU_ASSERT_PTR_NOT_NULL_FATAL(lun);
	CU_ASSERT_EQUAL(conf_node_entry(c.tree.root, "log-level")->where.line, 2);
	CU_ASSERT_EQUAL(t->where.line, 4);
	CU_ASSERT_STRING_EQUAL(t->title, "iqn.2026-11.org.example:a");
	CU_ASSERT_EQUAL(conf_node_entry(t, "alias")->where.line, 5);
	CU_ASSERT_EQUAL(lun->where.line, 7);
	CU_ASSERT_EQUAL(conf_node_entry(lun, "path")->where.line, 7);
	CU_ASSERT_EQUAL(conf_node_entry(lun, "size")->where.line, 8);
	CU_ASSERT_EQUAL(conf_node_entry(t, "queue-depth")->where.line, 9);
	CU_ASSERT_EQUAL(conf_node_entry(c.tree.root, "max-connections")->where.line, 11);
	conf_close(&c);
}

static void lists_grow_and_have_lines(void)
{
	const struct conf_value *v;
	struct conf c;

	parse(&c, "portal-group 1 {\n listen = { a,\n b }\n listen += c\n listen += { d } }");
	CU_ASSERT_EQUAL_FATAL(c.err, 0);
	v = STAILQ_FIRST(&conf_node_entry(child(c.tree.root, 0), "listen")->values);
	CU_ASSERT_STRING_EQUAL(v->text, "a");
	v = STAILQ_NEXT(v, link);
	CU_ASSERT_STRING_EQUAL(v->text, "b");
	CU_ASSERT_EQUAL(v->where.line, 3);
	v = STAILQ_NEXT(v, link);
	CU_ASSERT_STRING_EQUAL(v->text, "c");
	v = STAILQ_NEXT(v, link);
	CU_ASSERT_STRING_EQUAL(v->text, "d");
	CU_ASSERT_EQUAL(v->where.line, 5);
	CU_ASSERT_PTR_NULL(STAILQ_NEXT(v, link));
	conf_close(&c);
}

static void sections_of_one_title_are_both_kept(void)
{
	struct conf c;

	parse(&c, "target a { alias = 1 }\ntarget a { alias = 2 }\ntarget \"\" {}\n");
	CU_ASSERT_EQUAL_FATAL(c.err, 0);
	CU_ASSERT_PTR_NOT_NULL_FATAL(child(c.tree.root, 2));
	CU_ASSERT_STRING_EQUAL(child(c.tree.root, 0)->title, "a");
	CU_ASSERT_STRING_EQUAL(child(c.tree.root, 1)->title, "a");
	CU_ASSERT_EQUAL(child(c.tree.root, 1)->where.line, 2);
	conf_close(&c);
}

/* Each row: a text, and all that is told of it, line by line. */
static const struct {
	const char *text, *told;
} faults[] = {
	{ "log-level = info\nlog-levle = info\n",
	  "t.conf:2: \"log-levle\" is not an option here (did you mean log-level?)\n" },
	{ "colour = blue\ncolour = green\n", "t.conf:1: \"colour\" is not an option here\n"
					     "t.conf:2: \"colour\" is not an option here\n" },
	{ "size = 1G\ntarget a {\n log-level = info\n lun 0 {\n alias = x\n}\n}\n",
	  "t.conf:1: \"size\" is not an option here (it belongs inside lun)\n"
	  "t.conf:3: target \"a\": \"log-level\" is not an option here (it stands outside of any "
	  "section)\n"
	  "t.conf:5: target \"a\": lun 0: \"alias\" is not an option here (it belongs inside "
	  "target)\n" },
	{ "a1 = {}\na2 = { b, c }\na3 += d\na4 e { f = g h { i(j) } }\n"
	  "a5 { k\n = l }\na6(m, n)\na7()\nlog-level = info",
	  "t.conf: \"a1\" is not an option here\n"
	  "t.conf:2: \"a2\" is not an option here\n"
	  "t.conf:3: \"a3\" is not an option here\n"
	  "t.conf:4: \"a4\" is not an option here\n"
	  "t.conf:5: \"a5\" is not an option here\n"
	  "t.conf:7: \"a6\" is not an option here\n"
	  "t.conf:8: \"a7\" is not an option here\n" },
	{ "log-level = info\nlog-level = debug\n",
	  "t.conf:2: log-level: is given twice (first in line 1)\n" },
	{ "target a {\n portal-groups = { 1, 2 }\n portal-groups = 3\n}",
	  "t.conf:3: target \"a\": portal-groups: is given twice (first in line 2)\n" },
	{ "target a {\n portal-groups = { }\n}",
	  "t.conf:1: target \"a\": portal-groups: is an empty list (leave it out, or write what is "
	  "in it)\n" },
	{ "log-level info", "t.conf:1: \"log-level\" has no = and no value behind it\n" },
	{ "\ntarget {\n}",
	  "t.conf:2: \"target\" has no title behind it (write NAME \"TITLE\" { })\n" },
	{ "colour\n", "t.conf:1: \"colour\" is not an option here\n" },
	{ "target a\n\nlog-level = info", "t.conf:3: \"target\" has no { behind its title\n" },
	{ "target\n", "t.conf:1: the file ends here, and a value or a } should come\n" },
	{ "include\n\n", "t.conf:1: the file ends here, and a value or a } should come\n" },
	{ "target a {\ncolour x { lun 0 {\npath = } } }",
	  "t.conf:2: target \"a\": \"colour\" is not an option here\n"
	  "t.conf:3: target \"a\": \"}\" is not expected here (a name or a value is missing before "
	  "it)\n" },
	{ "include = x", "t.conf:1: \"include\" has no parentheses behind it (write "
			 "include(\"/etc/itgtd.d/lab.conf\"))\n" },
	{ "max-connections = 5\nlog-level =\n\n# the end\n\n",
	  "t.conf:2: the file ends here, and a value or a } should come\n" },
	{ "log-level =\nmax-connections = 5\n",
	  "t.conf:2: \"=\" is not expected here (a name or a value is missing before it)\n" },
	{ "target a { lun 0 {\npath = } }",
	  "t.conf:2: target \"a\": lun 0: \"}\" is not expected here (a name or a value is missing "
	  "before it)\n" },
	{ "\ntarget a {\n  log-level = x\n", "t.conf:2: the { here is never closed\n" },
	{ "log-level = \"x\n", "t.conf:1: the text in quotes that begins here never ends\n" },
	{ "log-level = \"\\999\"",
	  "t.conf:1: \"\\\\999\" is no escape sequence (write \\\\ for one backslash)\n" },
	{ "\"\" = 1", "t.conf:1: this cannot be understood\n" },
	{ "target a { portal-groups = { 1 \"b\n!\" } }",
	  "t.conf:2: target \"a\": \"b\\x0a!\" is not expected here (a comma or a } is missing "
	  "before it)\n" },
	{ "log-level = a, b\n",
	  "t.conf:1: \",\" is not expected here (a list is written NAME = { VALUE, VALUE })\n" },
	{ "include(a, b)\n", "t.conf:1: include: takes one file (write "
			     "include(\"/etc/itgtd.d/lab.conf\"))\n" },
	{ "include(/nonexistent/a)\ncolour = 1",
	  "t.conf:1: include: \"/nonexistent/a\": No such file or directory\n"
	  "t.conf:2: \"colour\" is not an option here\n" },
};

static void faults_are_told_in_one_go(void)
{
	struct conf c;
	size_t i;

	for (i = 0; i < COUNT(faults); i++) {
		parse(&c, faults[i].text);
		CU_ASSERT_EQUAL(c.err, -EINVAL);
		conf_is_told(&c, faults[i].text, faults[i].told);
		conf_close(&c);
	}
}

/* libconfuse's scanner is one for the process: a broken text must not spoil the next. */
static void a_fault_does_not_spoil_the_next_text(void)
{
	struct conf c;
	size_t i;

	for (i = 0; i < COUNT(faults); i++) {
		parse(&c, faults[i].text);
		conf_close(&c);
		parse(&c, "target a { lun 0 { path = x } }\nmax-connections = 7");
		CU_ASSERT_EQUAL(c.err, 0);
		CU_ASSERT_STRING_EQUAL(
			conf_node_entry(c.tree.root, "max-connections") ? "there" : "", "there");
		conf_close(&c);
	}
}

/* More unknown names than one would believe: some are told, and it ends. */
static void it_ends_with_any_number_of_unknown_names(void)
{
	static char text[400 * 16];
	struct conf c;
	size_t len = 0;
	int i;

	for (i = 0; i < 400; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "name%d = 1\n", i);
	parse(&c, text);
	CU_ASSERT_EQUAL(c.err, -EINVAL);
	CU_ASSERT_TRUE(c.faults.count >= 100);
	conf_close(&c);
}

static void write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	fputs(text, f);
	fclose(f);
}

#define TEN(text) text text text text text text text text text text

/* Files of a directory of their own, removed at the end. */
static void files_include_files(void)
{
	char dir[] = "/tmp/itgtd-test-XXXXXX", path[64], want[512];
	struct conf c;

	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(dir));
	CU_ASSERT_EQUAL_FATAL(chdir(dir), 0);
	CU_ASSERT_EQUAL(mkdir("d", 0700), 0);
	write_file("a.conf", "colour = 1\ninclude(d/b.conf)\nlog-levle = 1\n");
	write_file("d/b.conf", "# b\ninclude(c.conf)\ntarget t {\n sise = 1\n}\n");
	write_file("d/c.conf", "max-connections = 3\n");
	write_file("loop.conf", "include(loop.conf)\n");
	write_file("half.conf", "target t {\n");

	snprintf(path, sizeof(path), "%s/a.conf", dir);
	conf_start(&c);
	CU_ASSERT_EQUAL(conf_parse_file(&c.tree, path, &c.faults), -EINVAL);
	conf_tell(&c);
	snprintf(want, sizeof(want),
		 "%s/a.conf:1: \"colour\" is not an option here\n"
		 "%s/a.conf:3: \"log-levle\" is not an option here (did you mean log-level?)\n"
		 "%s/d/b.conf:4: target \"t\": \"sise\" is not an option here\n",
		 dir, dir, dir);
	CU_ASSERT_STRING_EQUAL(c.told, want);
	CU_ASSERT_PTR_NOT_NULL(conf_node_entry(c.tree.root, "max-connections"));
	conf_close(&c);

	conf_start(&c);
	CU_ASSERT_EQUAL(conf_parse_file(&c.tree, "loop.conf", &c.faults), -EINVAL);
	conf_tell(&c);
	CU_ASSERT_STRING_EQUAL(c.told,
			       "loop.conf:1: include: files include each other more than 8 deep\n");
	conf_close(&c);

	write_file("empty.conf", "");
	write_file("ten.conf", TEN("include(empty.conf)\n"));
	write_file("hundred.conf", TEN("include(ten.conf)\n"));
	parse(&c, TEN("include(hundred.conf)\n")); /* 1110 of them */
	CU_ASSERT_STRING_EQUAL(c.told,
			       "hundred.conf:1: include: more than 1000 files are included\n");
	conf_close(&c);

	parse(&c, "include(half.conf)");
	CU_ASSERT_STRING_EQUAL(c.told, "half.conf:1: the { here is never closed\n");
	conf_close(&c);

	unlink("a.conf");
	unlink("d/b.conf");
	unlink("d/c.conf");
	unlink("loop.conf");
	unlink("half.conf");
	unlink("empty.conf");
	unlink("ten.conf");
	unlink("hundred.conf");
	rmdir("d");
	CU_ASSERT_EQUAL(chdir("/"), 0);
	CU_ASSERT_EQUAL(rmdir(dir), 0);
}

static void a_file_that_is_not_there_is_a_fault(void)
{
	struct conf c;

	conf_start(&c);
	CU_ASSERT_EQUAL(conf_parse_file(&c.tree, "/nonexistent", &c.faults), -EINVAL);
	conf_tell(&c);
	CU_ASSERT_STRING_EQUAL(c.told, "/nonexistent: No such file or directory\n");
	conf_close(&c);
}

static const struct unit_test tests[] = {
	{ "lines count through comments and sections", lines_count_through_comments_and_sections },
	{ "lists grow, and each value has its line", lists_grow_and_have_lines },
	{ "sections of one title are both kept", sections_of_one_title_are_both_kept },
	{ "faults are told in one go, each with its line", faults_are_told_in_one_go },
	{ "a fault does not spoil the next text", a_fault_does_not_spoil_the_next_text },
	{ "it ends with any number of unknown names", it_ends_with_any_number_of_unknown_names },
	{ "files include files, and faults name them", files_include_files },
	{ "a file that is not there is a fault", a_file_that_is_not_there_is_a_fault },
};

UNIT_MAIN("config/parse", tests)
