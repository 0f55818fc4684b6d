/* common/diag: form, order, caret and suggestions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/diag.h"
#include "common/mem.h"

static const char rules[] = "rule: visits\n"
			    "  客户：where phots >= 3\n"
			    "\twhen now\r\n"
			    "last";
static const struct diag_file file = {"rules/v.yaml", rules, sizeof(rules) - 1};

static void
nothing_found(void **state)
{
	struct diags *d = diags_new();
	struct buf b = {0};

	(void)state;
	diags_print(d, &b);
	assert_string_equal(buf_str(&b), "");
	diags_print_json(d, &b);
	assert_string_equal(buf_str(&b), "[]\n");
	assert_string_equal(diags_first(d), "");
	assert_int_equal(diags_errors(d) + diags_warnings(d), 0);
	diags_free(d);
	diags_free(NULL);
	buf_clear(&b);
}

static void
caret_stands_under_cells(void **state)
{
	struct diags *d = diags_new();
	struct buf b = {0};

	(void)state;
	diag_add(d, &file, (struct diag_pos){2, 12}, "E014", "photos",
	    "only fields of the source", "unknown field \"%s\"", "phots");
	diags_print(d, &b);
	assert_string_equal(buf_str(&b),
	    "rules/v.yaml:2:12: error[E014]: unknown field \"phots\"\n"
	    "    客户：where phots >= 3\n"
	    "                ^\n"
	    "  did you mean \"photos\"?\n"
	    "  only fields of the source\n");
	diags_free(d);
	buf_clear(&b);
}

struct caret_row {
	struct diag_pos at;
	const char *shown;
};

static const struct caret_row caret_table[] = {
    {{0, 0}, "rules/v.yaml: error[E1]: x\n"},
    {{1, 1}, "rules/v.yaml:1:1: error[E1]: x\n  rule: visits\n  ^\n"},
    {{1, 0}, "rules/v.yaml:1: error[E1]: x\n  rule: visits\n"},
    {{3, 2}, "rules/v.yaml:3:2: error[E1]: x\n          when now\n"
	     "          ^\n"},
    {{4, 99}, "rules/v.yaml:4:99: error[E1]: x\n  last\n      ^\n"},
    {{9, 1}, "rules/v.yaml:9:1: error[E1]: x\n"},
};

static void
odd_places(void **state)
{
	struct diags *d;
	struct buf b = {0};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(caret_table); i++) {
		d = diags_new();
		buf_reset(&b);
		diag_add(d, &file, caret_table[i].at, "E1", NULL, NULL, "x");
		diags_print(d, &b);
		assert_string_equal(buf_str(&b), caret_table[i].shown);
		diags_free(d);
	}
	buf_clear(&b);
}

static void
long_lines_are_cut_around_the_caret(void **state)
{
	struct diags *d = diags_new();
	struct buf text = {0}, b = {0};
	struct diag_file f = {.name = "f"};
	const char *caret;
	int i;

	(void)state;
	for (i = 0; i < 5000; i++)
		buf_add_str(&text, i == 3000 ? "X" : "户");
	f.text = buf_str(&text);
	f.len = text.len;
	diag_add(d, &f, (struct diag_pos){1, 3001}, "E1", NULL, NULL, "x");
	diags_print(d, &b);
	assert_true(b.len < 700);
	caret = strchr(buf_str(&b), '^');
	assert_non_null(caret);
	assert_non_null(strchr(buf_str(&b), 'X'));
	/* X stands after half a screen of wide characters */
	assert_int_equal(caret - strrchr(buf_str(&b), 'X') > 0, 1);
	diags_free(d);
	buf_clear(&text);
	buf_clear(&b);
}

static void
sorted_and_counted(void **state)
{
	static const struct diag_file other = {"a.yaml", "", 0};
	struct diags *d = diags_new();
	struct buf b = {0};
	const char *s;

	(void)state;
	diag_add(d, &file, (struct diag_pos){9, 1}, "W031", NULL, NULL, "w");
	diag_add(d, &file, (struct diag_pos){8, 7}, "E1", NULL, NULL, "e87");
	diag_add(d, &file, (struct diag_pos){8, 2}, "E1", NULL, NULL, "e82");
	diag_add(d, &other, (struct diag_pos){99, 1}, "E1", NULL, NULL, "a");
	assert_int_equal(diags_errors(d), 3);
	assert_int_equal(diags_warnings(d), 1);
	assert_string_equal(diags_first(d), "rules/v.yaml:8:7: e87");
	diags_print(d, &b);
	s = buf_str(&b);
	assert_int_equal(strncmp(s, "a.yaml:99", 9), 0);
	assert_true(strstr(s, "e82") < strstr(s, "e87"));
	assert_true(strstr(s, "e87") < strstr(s, "warning[W031]"));
	diags_free(d);
	buf_clear(&b);
}

static void
json_is_escaped(void **state)
{
	struct diags *d = diags_new();
	struct buf b = {0};

	(void)state;
	diag_add(d, &file, (struct diag_pos){1, 2}, "W1", "s", NULL,
	    "a\"b\\c\n\xff客");
	diags_print_json(d, &b);
	assert_string_equal(buf_str(&b),
	    "[\n {\"file\":\"rules/v.yaml\",\"line\":1,\"column\":2,"
	    "\"severity\":\"warning\",\"code\":\"W1\","
	    "\"text\":\"a\\\"b\\\\c\\u000a\xef\xbf\xbd客\","
	    "\"suggest\":\"s\",\"why\":null}\n]\n");
	diags_free(d);
	buf_clear(&b);
}

struct near_row {
	const char *word;
	const char *near;
};

static const struct near_row near_table[] = {
    {"", NULL},
    {"phots", "photos"},
    {"photos", "photos"},
    {"titel", "title"}, /* two letters swapped */
    {"zh", "zh"},
    {"xy", NULL},
    {"completely", NULL},
    {"colums", "columns"},
};

static void
nearest_word(void **state)
{
	static const char *const words[] = {
	    "photos", "title", "zh", "columns", NULL};
	static const char *const none[] = {NULL};
	char huge[500];
	const char *near;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(near_table); i++) {
		near = diag_nearest(near_table[i].word, words);
		if (!near_table[i].near) {
			assert_null(near);
			continue;
		}
		assert_non_null(near);
		assert_string_equal(near, near_table[i].near);
	}
	assert_null(diag_nearest("title", none));
	memset(huge, 'x', sizeof(huge) - 1);
	huge[sizeof(huge) - 1] = '\0';
	assert_null(diag_nearest(huge, words));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(nothing_found),
	    cmocka_unit_test(caret_stands_under_cells),
	    cmocka_unit_test(odd_places),
	    cmocka_unit_test(long_lines_are_cut_around_the_caret),
	    cmocka_unit_test(sorted_and_counted),
	    cmocka_unit_test(json_is_escaped),
	    cmocka_unit_test(nearest_word),
	};

	return cmocka_run_group_tests_name("diag", tests, NULL, NULL);
}
