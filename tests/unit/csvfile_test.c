/* CSV records: encodings, quotes, line ends, what becomes a reject. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/mem.h"
#include "server/import/csvfile.h"

static struct csvfile *
open_text(const char *text, size_t len)
{
	struct err e;
	struct csvfile *c = csvfile_parse(text, len, NULL, &e);

	assert_non_null(c);
	return c;
}

static void
test_nothing(void **state)
{
	struct csvfile_record r;
	struct csvfile *c;

	(void)state;
	c = open_text("", 0);
	assert_false(csvfile_next(c, &r));
	csvfile_free(c);
	c = open_text("\n \r\n\t\n", 6);
	assert_false(csvfile_next(c, &r));
	csvfile_free(c);
	csvfile_free(NULL);
}

/* Each row: a text; its second record's fields joined by '|', the line it
 * begins on, or the word that its fault contains. */
static const struct row {
	const char *text;
	const char *fields;
	size_t line;
	const char *fault;
} rows[] = {
    {"a,b\n1,2\n", "1|2", 2, NULL},
    {"a,b\r\n1,2\r\n", "1|2", 2, NULL},
    {"a,b\r1,2\r", "1|2", 2, NULL},
    {"a,b\n1,2", "1|2", 2, NULL},
    {"\xef\xbb\xbf"
     "a,b\n1,2\n",
	"1|2", 2, NULL},
    {"a;b\n1;2\n", "1|2", 2, NULL},
    {"a\tb\n1\t2\n", "1|2", 2, NULL},
    {"a,b\n\n\n1,\n", "1|", 4, NULL},
    {"a,b\n\"1,x\",2\n", "1,x|2", 2, NULL},
    {"a,b\n\"1\"\"x\",2\n", "1\"x|2", 2, NULL},
    {"\"a\n1\",b\n1,2\n", "1|2", 3, NULL},
    {"a,b\n\"1\nx\",2\n", "1\nx|2", 2, NULL},
    {"a,b\n1,\"2\n", NULL, 2, "never closed"},
    {"a,b\n\"1\"x,2\n", NULL, 2, "doubled"},
    {"a,b\n1,\xff\xfe\n\xe4\xb8\xad\xe6\x96\x87\xe4\xb8\xad\xe6\x96\x87"
     "\xe4\xb8\xad\xe6\x96\x87\xe4\xb8\xad\xe6\x96\x87\xe4\xb8\xad\xe6\x96\x87"
     "\xe4\xb8\xad\xe6\x96\x87\xe4\xb8\xad\xe6\x96\x87\xe4\xb8\xad\xe6\x96\x87"
     "\xe4\xb8\xad\xe6\x96\x87\xe4\xb8\xad\xe6\x96\x87\xe4\xb8\xad\xe6\x96\x87"
     "\xe4\xb8\xad\xe6\x96\x87\xe4\xb8\xad\xe6\x96\x87\xe4\xb8\xad\xe6\x96\x87"
     "\xe4\xb8\xad\xe6\x96\x87\xe4\xb8\xad\xe6\x96\x87\xe4\xb8\xad\xe6\x96\x87"
     "\xe4\xb8\xad\xe6\x96\x87\xe4\xb8\xad\xe6\x96\x87\xe4\xb8\xad\xe6\x96\x87"
     "\xe4\xb8\xad\xe6\x96\x87\n",
	NULL, 2, "not UTF-8"},
};

static void
check_row(const struct row *row)
{
	struct csvfile *c = open_text(row->text, strlen(row->text));
	struct csvfile_record r;
	char joined[64] = "";
	size_t at = 0;

	assert_true(csvfile_next(c, &r));
	assert_true(csvfile_next(c, &r));
	assert_int_equal(r.line, row->line);
	if (row->fault) {
		assert_non_null(r.fault);
		assert_non_null(strstr(r.fault, row->fault));
	} else {
		assert_null(r.fault);
		for (size_t i = 0; i < r.count; i++) {
			if (i > 0)
				joined[at++] = '|';
			memcpy(joined + at, r.fields[i].text, r.fields[i].len);
			at += r.fields[i].len;
			joined[at] = '\0';
		}
		assert_string_equal(joined, row->fields);
	}
	csvfile_free(c);
}

static void
test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		check_row(&rows[i]);
}

static void
test_goes_on_after_a_fault(void **state)
{
	static const char text[] = "a,b\n\"1,2\n3,4\n5,6\n";
	struct csvfile *c = open_text(text, strlen(text));
	struct csvfile_record r;

	(void)state;
	assert_true(csvfile_next(c, &r));
	assert_true(csvfile_next(c, &r));
	assert_non_null(r.fault);
	assert_int_equal(r.offset, 4);
	assert_int_equal(r.len, 5);
	assert_true(csvfile_next(c, &r));
	assert_null(r.fault);
	assert_int_equal(r.line, 3);
	assert_string_equal(r.fields[1].text, "4");
	assert_true(csvfile_next(c, &r));
	assert_false(csvfile_next(c, &r));
	csvfile_rewind(c);
	assert_true(csvfile_next(c, &r));
	assert_string_equal(r.fields[0].text, "a");
	csvfile_free(c);
}

static void
test_nul_is_a_reject(void **state)
{
	static const char text[] = "a,b\n1,\0\n3,4\n";
	struct csvfile *c = open_text(text, sizeof(text) - 1);
	struct csvfile_record r;

	(void)state;
	assert_true(csvfile_next(c, &r));
	assert_true(csvfile_next(c, &r));
	assert_non_null(strstr(r.fault, "NUL"));
	assert_true(csvfile_next(c, &r));
	assert_null(r.fault);
	csvfile_free(c);
}

static void
test_gb18030(void **state)
{
	/* 客户名称,城市 / 上海恒信科技有限公司,上海 in GB18030, many times so
	 * that it can be told */
	static const char line[] =
	    "\xc9\xcf\xba\xa3\xba\xe3\xd0\xc5\xbf\xc6\xbc\xbc\xd3\xd0\xcf\xde"
	    "\xb9\xab\xcb\xbe,\xc9\xcf\xba\xa3\n";
	char text[40 * sizeof(line)];
	struct csvfile_record r;
	struct csvfile *c;
	size_t n = 0;

	(void)state;
	for (int i = 0; i < 40; i++, n += sizeof(line) - 1)
		memcpy(text + n, line, sizeof(line) - 1);
	c = open_text(text, n);
	assert_string_equal(csvfile_encoding(c), "GB18030");
	assert_true(csvfile_next(c, &r));
	assert_string_equal(r.fields[0].text, "上海恒信科技有限公司");
	assert_string_equal(r.fields[1].text, "上海");
	csvfile_free(c);
}

static void
test_utf16(void **state)
{
	static const char text[] = "\xff\xfe"
				   "a\0,\0b\0\r\0\n\0"
				   "1\0,\0\x2d\x4e\n\0";
	struct csvfile *c = open_text(text, sizeof(text) - 1);
	struct csvfile_record r;

	(void)state;
	assert_true(csvfile_next(c, &r));
	assert_true(csvfile_next(c, &r));
	assert_string_equal(r.fields[1].text, "中");
	csvfile_free(c);
}

static void
test_too_long(void **state)
{
	struct csvfile_options o = {.longest = 16};
	static const char text[] = "a,b\n\"1\n2\n3\n4\n5\n6\n7\n8\",9\nx,y\n";
	struct csvfile_record r;
	struct err e;
	struct csvfile *c = csvfile_parse(text, strlen(text), &o, &e);

	(void)state;
	assert_true(csvfile_next(c, &r));
	assert_true(csvfile_next(c, &r));
	assert_non_null(strstr(r.fault, "too long"));
	assert_int_equal(r.line, 2);
	csvfile_free(c);
}

static void
test_no_such_encoding(void **state)
{
	struct csvfile_options o = {.encoding = "klingon"};
	struct err e = {0};

	(void)state;
	assert_null(csvfile_parse("a\n", 2, &o, &e));
	assert_int_equal(e.code, ERR_BAD_ARGUMENT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_nothing),
	    cmocka_unit_test(test_rows),
	    cmocka_unit_test(test_goes_on_after_a_fault),
	    cmocka_unit_test(test_nul_is_a_reject),
	    cmocka_unit_test(test_gb18030),
	    cmocka_unit_test(test_utf16),
	    cmocka_unit_test(test_too_long),
	    cmocka_unit_test(test_no_such_encoding),
	};

	return cmocka_run_group_tests_name("csvfile", tests, NULL, NULL);
}
