/* Cells to values, and the forms that names are searched by. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/buf.h"
#include "common/mem.h"
#include "server/import/convert.h"

static const struct row {
	const char *type, *format, *text, *want; /* want NULL: refused */
} rows[] = {
    {"text", NULL, "x", "x"},
    {"ref:customer", NULL, "A-1", "A-1"},
    {"int", NULL, "", NULL},
    {"int", NULL, "12", "12"},
    {"int", NULL, "-1,234", "-1234"},
    {"int", NULL, "12.0", "12"},
    {"int", NULL, "12.5", NULL},
    {"int", NULL, "1234567890123456789", NULL},
    {"money", NULL, "0", "0"},
    {"money", NULL, "1054", "105400"},
    {"money", NULL, "1,234.5", "123450"},
    {"money", NULL, "-0.01", "-1"},
    {"money", NULL, "1.005", "101"},
    {"money", NULL, "1.004", "100"},
    {"money", NULL, "$12", "1200"},
    {"money", NULL, "1.2.3", NULL},
    {"money", NULL, "", NULL},
    {"money", NULL, "abc", NULL},
    {"money", NULL, "99999999999999999999", NULL},
    {"date", NULL, "2017-02-28", "2017-02-28"},
    {"date", NULL, "2016-02-29", "2016-02-29"},
    {"date", NULL, "2017-02-29", NULL},
    {"date", NULL, "2017-13-01", NULL},
    {"date", NULL, "1900-02-29", NULL},
    {"date", NULL, "2000-02-29", "2000-02-29"},
    {"date", NULL, "0000-01-01", NULL},
    {"date", NULL, "2017-04-31", NULL},
    {"date", NULL, "2017-02-28 10:00", "2017-02-28"},
    {"date", NULL, "28/02/2017", NULL},
    {"date", "%d/%m/%Y", "28/02/2017", "2017-02-28"},
    {"date", "%d/%m/%Y", "28/02/2017x", NULL},
    {"time", NULL, "2024-01-23T13:26:08.000+0000",
	"2024-01-23T13:26:08.000+0000"},
    {"time", NULL, "2021-01-07 6:49:18", "2021-01-07 6:49:18"},
    {"time", NULL, "2021-01-07 24:49", NULL},
    {"time", NULL, "2021-01-07 10:61", NULL},
    {"time", NULL, "2021-01-07 10:00:00.", NULL},
    {"time", NULL, "2021-01-07T10:00:00+16:00", NULL},
    {"time", NULL, "2021-01-07T10:00:00+8", NULL},
    {"time", NULL, "2021-01-07T10:00:00+08", "2021-01-07T10:00:00+08"},
    {"time", NULL, "2021-01-07T10:00:00-1530", "2021-01-07T10:00:00-1530"},
    {"time", NULL, "2021-01-07T10:00:00+08:99", NULL},
    {"time", NULL, "2021-01-07", "2021-01-07"},
    {"time", NULL, "1700000000", "2023-11-14 22:13:20+00"},
    {"time", NULL, "1700000000000", "2023-11-14 22:13:20+00"},
    {"time", NULL, "yesterday", NULL},
    {"bool", NULL, "TRUE", "t"},
    {"bool", NULL, "否", "f"},
    {"bool", NULL, "maybe", NULL},
};

static void
test_values(void **state)
{
	struct buf out = {0};
	const char *why;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		bool good;

		buf_reset(&out);
		good = convert_value(
		    rows[i].type, rows[i].format, rows[i].text, &out, &why);
		if (good != (rows[i].want != NULL))
			fail_msg("%s \"%s\"", rows[i].type, rows[i].text);
		if (good)
			assert_string_equal(buf_str(&out), rows[i].want);
		else
			assert_int_equal(out.len, 0);
	}
	buf_clear(&out);
}

static void
test_escape(void **state)
{
	struct buf out = {0};

	(void)state;
	convert_escape("", 0, &out);
	assert_int_equal(out.len, 0);
	convert_escape("a\tb\\c\nd\r", 8, &out);
	assert_string_equal(buf_str(&out), "a\\tb\\\\c\\nd\\r");
	buf_clear(&out);
}

static void
test_forms(void **state)
{
	struct buf out = {0};

	(void)state;
	assert_true(convert_grams("", 0, &out));
	assert_string_equal(buf_str(&out), "{}");
	buf_reset(&out);
	assert_true(convert_grams("Acme", 4, &out));
	assert_string_equal(buf_str(&out), "{\"ac\",\"cm\",\"me\"}");
	buf_reset(&out);
	assert_true(convert_grams("恒信a", 7, &out));
	assert_string_equal(buf_str(&out), "{\"恒信\",\"信a\"}");
	buf_reset(&out);
	assert_false(convert_grams("Zürich", 7, &out));
	assert_false(convert_folded("Ａ", 3, &out));
	assert_int_equal(out.len, 0);
	assert_true(convert_folded("  Acme 恒 ", 11, &out));
	assert_string_equal(buf_str(&out), "acme 恒");
	buf_clear(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_values),
	    cmocka_unit_test(test_escape),
	    cmocka_unit_test(test_forms),
	};

	return cmocka_run_group_tests_name("convert", tests, NULL, NULL);
}
