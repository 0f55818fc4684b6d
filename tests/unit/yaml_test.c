/* common/yaml: the tree, its positions, its limits and its complaints. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/mem.h"
#include "common/say.h"
#include "common/yaml.h"
#include "tests/harness/harness.h"

struct bad_row {
	const char *text;
	const char *first; /* begins with */
};

static const struct bad_row bad_table[] = {
    {"", "f: nothing in it"},
    {"# only\n", "f: nothing in it"},
    {"a:\n\tb: 1\n", "f:2:1: a tab used to indent"},
    {"a:\n  b: 1\n  \tc: 2\n", "f:3:3: a tab used to indent"},
    {"a: 1\nb: 2\na: 3\n", "f:3:1: \"a\" is given twice (first in line 1)"},
    {"a: &x 1\n", "f:1:4: anchors"},
    {"a: *x\n", "f:1:4: anchors"},
    {"a: !!int 1\n", "f:1:4: tags"},
    {"--- a\n--- b\n", "f:2:1: a second document"},
    {"a: b: c\n", "f:1:5: a second \": \""},
    {"客户: x: y\n", "f:1:6: a second \": \""},
    {"a: \"open\n", "f:1:4: a quote is opened"},
    {"a: [1, 2\nb: 3\n", "f:1:4: the list opened"},
    {"{a: {b: c}\n", "f:1:1: the map opened"},
    {"a: 1\nb: \xff\n", "f:2:4: a character that is not UTF-8"},
    {"a: \x01\n", "f:1:4: a control character"},
    {"? [x]\n: y\n", "f:1:3: a key must be plain text"},
    {"a: \"x\\0y\"\n", "f:1:4: a value may not contain a NUL"},
    {"a: @x\n", "f:1:4: this character cannot begin a value"},
};

static void
faults_have_places(void **state)
{
	struct yaml_doc *doc;
	struct diags *d;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(bad_table); i++) {
		d = diags_new();
		doc = yaml_parse(
		    "f", bad_table[i].text, strlen(bad_table[i].text), d);
		assert_null(doc);
		assert_true(diags_errors(d) > 0);
		if (strncmp(diags_first(d), bad_table[i].first,
			strlen(bad_table[i].first)) != 0)
			fail_msg("%s instead of %s", diags_first(d),
			    bad_table[i].first);
		diags_free(d);
	}
}

/* In Chinese every fault has the same place and not a word of the English. */
static void
faults_speak_chinese(void **state)
{
	const char *said, *english;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(bad_table); i++) {
		struct diags *d = diags_new();

		say_language("zh");
		assert_null(yaml_parse(
		    "f", bad_table[i].text, strlen(bad_table[i].text), d));
		say_language("en");
		said = diags_first(d);
		english = strstr(bad_table[i].first, ": ");
		if (strncmp(said, bad_table[i].first,
			(size_t)(english - bad_table[i].first)) != 0)
			fail_msg("%s instead of %s", said, bad_table[i].first);
		if (strstr(said, english))
			fail_msg("%s is not Chinese", said);
		diags_free(d);
	}
}

static struct yaml_doc *
parse(const char *text, struct diags *d)
{
	return yaml_parse("f", text, strlen(text), d);
}

static void
tree_and_positions(void **state)
{
	struct diags *d = diags_new();
	struct yaml_doc *doc = parse("screen: customers\n"
				     "on: 012\n"
				     "title: { zh: \"客户\", en: Customers }\n"
				     "panes:\n"
				     "- one\n"
				     "- two: {}\n",
	    d);
	const struct yaml *node;

	(void)state;
	assert_non_null(doc);
	assert_int_equal(doc->root.kind, YAML_MAP);
	assert_int_equal(doc->root.count, 4);
	node = yaml_get(&doc->root, "on"); /* neither true nor ten */
	assert_string_equal(node->text, "012");
	assert_false(node->quoted);
	node = yaml_get(yaml_get(&doc->root, "title"), "en");
	assert_int_equal(node->at.line, 3);
	assert_int_equal(node->at.column, 24); /* in characters */
	assert_true(yaml_get(yaml_get(&doc->root, "title"), "zh")->quoted);
	node = yaml_get(&doc->root, "panes");
	assert_int_equal(node->kind, YAML_LIST);
	assert_int_equal(node->count, 2);
	assert_string_equal(node->items[0].text, "one");
	assert_int_equal(node->items[1].keys[0].at.line, 6);
	assert_int_equal(node->items[1].items[0].count, 0);
	assert_null(yaml_get(&doc->root, "none"));
	assert_null(yaml_get(node, "one"));
	assert_null(yaml_get(NULL, "one"));
	yaml_unload(doc);
	yaml_unload(NULL);
	diags_free(d);
}

static void
typed_readers(void **state)
{
	static const char *const names[] = {"n", "yes", "text", "list", NULL};
	struct diags *d = diags_new();
	struct yaml_doc *doc =
	    parse("n: 42\nyes: true\ntext: hi\nlist: [a]\nlst: 1\nnull:\n", d);
	const struct yaml *map = &doc->root;
	struct buf b = {0};

	(void)state;
	assert_true(yaml_int(doc, map, "n", 7, 0, 100, d) == 42);
	assert_true(yaml_int(doc, map, "none", 7, 0, 100, d) == 7);
	assert_true(yaml_bool(doc, map, "yes", false, d));
	assert_true(yaml_bool(doc, map, "none", true, d));
	assert_string_equal(yaml_text(doc, map, "text", "x", d), "hi");
	assert_string_equal(yaml_text(doc, map, "none", "x", d), "x");
	assert_string_equal(yaml_need_text(doc, map, "text", d), "hi");
	assert_int_equal(diags_errors(d), 0);

	assert_true(yaml_int(doc, map, "n", 7, 0, 41, d) == 7);
	assert_true(yaml_int(doc, map, "text", 7, 0, 41, d) == 7);
	assert_true(yaml_bool(doc, map, "n", true, d));
	assert_null(yaml_text(doc, map, "list", NULL, d));
	assert_null(yaml_need_text(doc, map, "none", d));
	assert_null(yaml_need_text(doc, map, "null", d));
	assert_int_equal(diags_errors(d), 6);
	assert_false(yaml_check_keys(doc, map, names, d));
	assert_int_equal(diags_errors(d), 8);
	diags_print(d, &b);
	assert_non_null(strstr(buf_str(&b), "did you mean \"list\"?"));
	assert_false(yaml_check_keys(doc, yaml_get(map, "n"), names, d));
	yaml_unload(doc);
	diags_free(d);
	buf_clear(&b);
}

/* `deep` lists in each other. */
static bool
takes_depth(int deep)
{
	struct diags *d = diags_new();
	struct yaml_doc *doc;
	struct buf b = {0};
	bool good;
	int i;

	for (i = 0; i < deep; i++)
		buf_add_str(&b, "[");
	for (i = 0; i < deep; i++)
		buf_add_str(&b, "]");
	doc = parse(buf_str(&b), d);
	good = doc != NULL;
	yaml_unload(doc);
	diags_free(d);
	buf_clear(&b);
	return good;
}

static void
limits_hold(void **state)
{
	struct diags *d = diags_new();
	struct buf b = {0};
	int i;

	(void)state;
	assert_true(takes_depth(32));
	assert_false(takes_depth(33));
	assert_false(takes_depth(3000));
	for (i = 0; i < 100001; i++)
		buf_add_str(&b, "- a\n");
	assert_null(parse(buf_str(&b), d));
	assert_non_null(strstr(diags_first(d), "more than 100,000 values"));
	diags_free(d);
	d = diags_new();
	while (b.len <= 1024 * 1024)
		buf_add_str(&b, "# filler\n");
	assert_null(parse(buf_str(&b), d));
	assert_non_null(strstr(diags_first(d), "longer than 1 MiB"));
	diags_free(d);
	buf_clear(&b);
}

static void
loads_files(void **state)
{
	struct diags *d = diags_new();
	char *dir = harness_temp_dir(), *path = harness_path(dir, "x.yaml");
	struct yaml_doc *doc;

	(void)state;
	assert_null(yaml_load(path, d));
	assert_non_null(strstr(diags_first(d), "No such file"));
	harness_write_text(path, "a: b\n");
	doc = yaml_load(path, d);
	assert_non_null(doc);
	assert_string_equal(doc->file.name, path);
	yaml_unload(doc);
	assert_null(yaml_load(dir, d)); /* a directory */
	assert_int_equal(diags_errors(d), 2);
	diags_free(d);
	free(path);
	free(dir);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(faults_have_places),
	    cmocka_unit_test(faults_speak_chinese),
	    cmocka_unit_test(limits_hold),
	    cmocka_unit_test(tree_and_positions),
	    cmocka_unit_test(typed_readers),
	    cmocka_unit_test(loads_files),
	};

	return cmocka_run_group_tests_name("yaml", tests, NULL, NULL);
}
