#include "config/save.h"

#include "base/log.h"
#include "trees.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define A(inside) "target \"iqn.2026-11.org.example:a\" {\n" inside "}\n"
#define LUN(n)    "  lun \"" n "\" {\n    path = \"/" n "\"\n  }\n"

struct rig {
	struct running r;
	struct conf_tree base, tree;
	char dir[64], path[96], conf[16];
	char *why, *note;
};

static void start(struct rig *x, const char *base, const char *tree)
{
	memset(x, 0, sizeof(*x));
	strcpy(x->dir, "/var/tmp/itgtd-save-XXXXXX");
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(x->dir));
	strcpy(x->conf, "t.conf");
	snprintf(x->path, sizeof(x->path), "%s/%s", x->dir, SAVE_NAME);
	tree_read(&x->base, base);
	tree_read(&x->tree, tree);
	x->r = (struct running){
		.path = x->conf, .base = &x->base, .tree = &x->tree, .state_dir = x->dir
	};
}

static void end(struct rig *x)
{
	char command[128];

	conf_tree_fini(&x->base);
	conf_tree_fini(&x->tree);
	free(x->why);
	free(x->note);
	snprintf(command, sizeof(command), "rm -rf %s", x->dir);
	CU_ASSERT_EQUAL(system(command), 0);
}

static int save(struct rig *x, bool force)
{
	free(x->why);
	free(x->note);
	x->why = NULL;
	x->note = NULL;
	return save_write(&x->r, force, &x->why, &x->note);
}

static void has(const char *text, const char *what)
{
	CU_ASSERT_PTR_NOT_NULL_FATAL(text);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, what));
	if (!strstr(text, what))
		fprintf(stderr, "is: %s\nnot: %s\n", text, what);
}

/* What becomes of a file with what is kept; the faults and warnings are told. */
static int merge(const struct rig *x, const char *file, const char *result, const char *told)
{
	struct conf_faults faults;
	struct conf_tree t;
	char *text = NULL;
	size_t size;
	FILE *f;
	int err;

	conf_faults_init(&faults);
	tree_read(&t, file);
	err = save_merge(&t, x->dir, &faults);
	if (result)
		tree_is(&t, result);
	f = open_memstream(&text, &size);
	conf_faults_print(&faults, "", f);
	fclose(f);
	if (told)
		has(text, told);
	else
		CU_ASSERT_STRING_EQUAL(text, "");
	CU_ASSERT_EQUAL(err == -EINVAL, faults.count > 0);
	free(text);
	conf_faults_fini(&faults);
	conf_tree_fini(&t);
	return err;
}

static void what_is_saved_comes_back(void)
{
	struct rig x;

	start(&x, A(LUN("0") LUN("1")), A(LUN("0") LUN("2")));
	CU_ASSERT_EQUAL(merge(&x, A(LUN("0")), A(LUN("0")), NULL), 0);
	CU_ASSERT_EQUAL(save(&x, false), 0);
	has(x.note, "2 changes saved in /");
	CU_ASSERT_EQUAL(merge(&x, A(LUN("0") LUN("1")), A(LUN("0") LUN("2")), NULL), 0);
	CU_ASSERT_EQUAL(
		merge(&x, A(LUN("0") LUN("1") LUN("7")), A(LUN("0") LUN("7") LUN("2")), NULL), 0);
	CU_ASSERT_EQUAL(merge(&x, "", "", "is not in the file any more, which counts"), 0);
	end(&x);
}

/* Five of those before it, the newest first, and each of them whole. */
static void old_ones_are_kept(void)
{
	char command[512];
	struct rig x;
	int i;

	start(&x, A(LUN("0")), A(LUN("0") LUN("1")));
	for (i = 0; i < SAVE_KEPT + 3; i++)
		CU_ASSERT_EQUAL(save(&x, false), 0);
	snprintf(command, sizeof(command), "test \"$(ls %s | wc -l)\" = %d && cmp %s %s.%d", x.dir,
		 SAVE_KEPT + 1, x.path, x.path, SAVE_KEPT);
	CU_ASSERT_EQUAL(system(command), 0);
	end(&x);
}

/* Nothing takes the place of something only by force. */
static void never_empty_over_full(void)
{
	struct rig x;

	start(&x, A(LUN("0")), A(LUN("0") LUN("1")));
	CU_ASSERT_EQUAL(save(&x, false), 0);
	x.r.tree = x.r.base;
	CU_ASSERT_EQUAL(save(&x, false), -EEXIST);
	has(x.why, "nothing differs from t.conf");
	CU_ASSERT_EQUAL(merge(&x, A(LUN("0")), A(LUN("0") LUN("1")), NULL), 0);
	CU_ASSERT_EQUAL(save(&x, true), 0);
	has(x.note, "0 changes saved");
	CU_ASSERT_EQUAL(merge(&x, A(LUN("0")), A(LUN("0")), NULL), 0);
	CU_ASSERT_EQUAL(save(&x, false), 0); /* nothing over nothing */
	x.r.state_dir = NULL;
	CU_ASSERT_EQUAL(save(&x, false), -EINVAL);
	has(x.why, "there is no state directory");
	x.r.path = NULL;
	CU_ASSERT_EQUAL(save(&x, false), -EINVAL);
	has(x.why, "--serve");
	end(&x);
}

/* The file's bytes; the caller frees them. */
static char *slurp(const struct rig *x, size_t *len)
{
	char *text = calloc(1, 65536);
	FILE *f = fopen(x->path, "r");

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	*len = fread(text, 1, 65535, f);
	fclose(f);
	return text;
}

static void spit(const struct rig *x, const char *text, size_t len)
{
	FILE *f = fopen(x->path, "w");

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	CU_ASSERT_EQUAL(fwrite(text, 1, len, f), len);
	fclose(f);
}

/* However short it is cut, and whichever byte is another one: it is told, and nothing is merged. */
static void damage(void)
{
	struct rig x;
	size_t len, i;
	char *text;

	start(&x, A(LUN("0")), A(LUN("0") LUN("1")));
	CU_ASSERT_EQUAL(save(&x, false), 0);
	text = slurp(&x, &len);
	for (i = 0; i < len; i++) {
		spit(&x, text, i);
		CU_ASSERT_EQUAL(merge(&x, A(LUN("0")), A(LUN("0")),
				      "the changes that were saved cannot be read: it is "),
				-EINVAL);
	}
	spit(&x, text, len - 1);
	merge(&x, "", "", "it is cut short (put back one of changes.1 to .5, or remove it");
	for (i = 0; i < len; i++) {
		text[i] ^= 1;
		spit(&x, text, len);
		CU_ASSERT_EQUAL(merge(&x, A(LUN("0")), A(LUN("0")), "cannot be read: "), -EINVAL);
		text[i] ^= 1;
	}
	text[len - 2] = '\0';
	spit(&x, text, len);
	merge(&x, "", "", "its checksum does not match");
	CU_ASSERT_EQUAL(save(&x, false), 0); /* a good one in its place */
	free(text);
	end(&x);
}

static void other_versions(void)
{
	struct rig x;

	start(&x, "", "");
	spit(&x, "itgtd-changes 2 0 0 00000000 and more\nwhatever", 46);
	CU_ASSERT_EQUAL(merge(&x, "", "", "a newer itgtd has written it"), -EINVAL);
	CU_ASSERT_EQUAL(save(&x, false), -EEXIST);
	spit(&x, "something else\n", 15);
	CU_ASSERT_EQUAL(merge(&x, "", "", "it is no file of itgtd's"), -EINVAL);
	spit(&x, "itgtd-changes 1 999999999 999999999 00000000\n", 45);
	CU_ASSERT_EQUAL(merge(&x, "", "", "it is cut short"), -EINVAL);
	CU_ASSERT_EQUAL(truncate(x.path, 64 << 20), 0);
	CU_ASSERT_EQUAL(merge(&x, "", "", "it is longer than any can be"), -EINVAL);
	unlink(x.path);
	CU_ASSERT_EQUAL(mkfifo(x.path, 0600), 0);
	CU_ASSERT_EQUAL(merge(&x, "", "", "not a regular file"), -EINVAL);
	end(&x);
}

/* What is in the way of the new file leaves the old one good. */
static void no_space(void)
{
	char link_path[128];
	struct rig x;

	start(&x, A(LUN("0")), A(LUN("0") LUN("1")));
	CU_ASSERT_EQUAL(save(&x, false), 0);
	snprintf(link_path, sizeof(link_path), "%s.new", x.path);
	CU_ASSERT_EQUAL(mkdir(link_path, 0700), 0); /* in the way of the new one */
	CU_ASSERT_EQUAL(save(&x, false), -EISDIR);
	has(x.why, "Is a directory; what was saved before is still there");
	CU_ASSERT_EQUAL(merge(&x, A(LUN("0")), A(LUN("0") LUN("1")), NULL), 0);
	rmdir(link_path);
	CU_ASSERT_EQUAL(mkfifo(link_path, 0600), 0); /* that nobody reads: not waited for */
	CU_ASSERT_EQUAL(save(&x, false), 0);
	CU_ASSERT_EQUAL(access(link_path, F_OK), -1);
	end(&x);
}

static const struct unit_test tests[] = {
	{ "what is saved comes back", what_is_saved_comes_back },
	{ "those before it are kept", old_ones_are_kept },
	{ "nothing does not take the place of something", never_empty_over_full },
	{ "damage is told, wherever it is", damage },
	{ "what another version wrote is left alone", other_versions },
	{ "what cannot be written leaves the old one", no_space },
};

UNIT_MAIN("config/save", tests)
