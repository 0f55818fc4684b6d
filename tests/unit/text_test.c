/* common/text: widths, cutting, what is drawn instead, comparison forms. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/mem.h"
#include "common/text.h"

struct width_row {
	const char *text;
	int narrow, wide; /* cells, by the ambiguous switch */
	const char *drawn;
};

static const struct width_row width_table[] = {
    {"", 0, 0, ""},
    {"abc", 3, 3, "abc"},
    {"客户", 4, 4, "客户"},
    {"，。（）：；", 12, 12, "，。（）：；"},
    {"ＡＢ　", 6, 6, "ＡＢ　"},
    {"“…”—·×", 6, 12, "“…”—·×"},
    {"│●■▲", 4, 8, "│●■▲"},
    {"e\xcc\x81x", 2, 2, "e\xcc\x81x"},
    {"\xcc\x81x", 2, 2, "?x"},
    {"a\tb\n", 4, 4, "a?b?"},
    {"a\x1b[31mb", 7, 7, "a?[31mb"},
    {"a\xffz", 3, 3, "a?z"},
    {"\xe5\xae", 2, 2, "??"},
    {"❤\xef\xb8\x8fx", 2, 2, "❤x"},
    {"🟡", 2, 2, "🟡"},
    {"👨\xe2\x80\x8d👩\xe2\x80\x8d👧!", 4, 4, "[?]!"},
    {"👍🏽", 3, 3, "[?]"},
    {"🇨🇳", 3, 3, "[?]"},
    {"a\xe2\x80\xaez", 2, 2, "az"}, /* right-to-left override */
    {"\xef\xbb\xbfx", 1, 1, "x"},   /* byte order mark */
    {"\xee\x80\x80", 1, 1, "?"},    /* private use */
    {"한글", 4, 4, "한글"},
};

static void
draw(const char *s, struct buf *out)
{
	struct text_glyph g;
	size_t n = strlen(s), at = 0, used;

	buf_reset(out);
	while (at < n) {
		used = text_glyph_next(s + at, n - at, &g);
		assert_true(used > 0 && used <= n - at);
		assert_true(g.len <= sizeof(g.bytes));
		assert_int_equal(g.len == 0, g.cells == 0);
		buf_add(out, g.bytes, g.len);
		at += used;
	}
}

static void
widths_and_drawing(void **state)
{
	struct buf b = {0};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(width_table); i++) {
		text_set_ambiguous_wide(true);
		assert_int_equal(
		    text_width(width_table[i].text), width_table[i].wide);
		text_set_ambiguous_wide(false);
		assert_int_equal(
		    text_width(width_table[i].text), width_table[i].narrow);
		draw(width_table[i].text, &b);
		assert_string_equal(buf_str(&b), width_table[i].drawn);
		assert_true(text_is_valid((char *)b.data, b.len));
	}
	buf_clear(&b);
}

static void
marks_without_end_are_cut(void **state)
{
	struct text_glyph g;
	struct buf b = {0};
	int i;

	(void)state;
	buf_add_str(&b, "e");
	for (i = 0; i < 1000; i++)
		buf_add_str(&b, "\xcc\x81");
	assert_int_equal(text_glyph_next(buf_str(&b), b.len, &g), b.len);
	assert_int_equal(g.cells, 1);
	assert_true(g.len <= sizeof(g.bytes));
	assert_true(text_is_valid(g.bytes, g.len));
	buf_clear(&b);
}

struct fit_row {
	const char *text;
	int cells;
	size_t bytes;
	int used;
};

static const struct fit_row fit_table[] = {
    {"", 5, 0, 0},
    {"abc", 0, 0, 0},
    {"abc", 2, 2, 2},
    {"客户", 1, 0, 0},
    {"客户", 3, 3, 2},
    {"客户", 4, 6, 4},
    {"e\xcc\x81x", 1, 3, 1},
    {"👍🏽x", 2, 0, 0},
    {"👍🏽x", 3, 8, 3},
};

static void
fits_whole_characters(void **state)
{
	int used;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(fit_table); i++) {
		used = -1;
		assert_int_equal(
		    text_fit(fit_table[i].text, fit_table[i].cells, &used),
		    fit_table[i].bytes);
		assert_int_equal(used, fit_table[i].used);
	}
	assert_int_equal(text_fit("abc", 2, NULL), 2);
}

static void
decodes_and_encodes(void **state)
{
	static const uint32_t points[] = {
	    1, 0x7f, 0x80, 0x7ff, 0x800, 0xfffd, 0x10000, 0x10ffff};
	char bytes[4];
	size_t i, len, used;

	(void)state;
	for (i = 0; i < COUNT_OF(points); i++) {
		len = text_encode(points[i], bytes);
		assert_int_equal(text_decode(bytes, len, &used), points[i]);
		assert_int_equal(used, len);
		if (len == 1)
			continue;
		/* cut short it is malformed */
		assert_int_equal(text_decode(bytes, len - 1, &used), 0xfffd);
		assert_int_equal(used, 1);
		assert_false(text_is_valid(bytes, len - 1));
	}
	assert_int_equal(text_encode(0xd800, bytes), 3);
	assert_memory_equal(bytes, "\xef\xbf\xbd", 3);
	assert_int_equal(text_encode(0x110000, bytes), 3);
}

static void
validity(void **state)
{
	(void)state;
	assert_true(text_is_valid("", 0));
	assert_true(text_is_valid("plain ascii of some length 客户", 33));
	assert_false(text_is_valid("plain ascii \xc0\xaf overlong", 23));
	assert_false(text_is_valid("\xed\xa0\x80", 3));
	assert_false(text_is_valid("\xf4\x90\x80\x80", 4));
	assert_false(text_is_valid("12345678\x80", 9));
}

static void
fullwidth_keys(void **state)
{
	(void)state;
	assert_int_equal(text_fold_fullwidth(0xff1a), ':');
	assert_int_equal(text_fold_fullwidth(0xff5e), '~');
	assert_int_equal(text_fold_fullwidth(0xff4a), 'j');
	assert_int_equal(text_fold_fullwidth(0x3000), ' ');
	assert_int_equal(text_fold_fullwidth(0xff5f), 0xff5f);
	assert_int_equal(text_fold_fullwidth('x'), 'x');
}

static void
comparison_forms(void **state)
{
	static const char *const pairs[][2] = {
	    {"", ""},
	    {" A b\tC ", "abc"},
	    {"ＡＣＭＥ　有限公司", "acme有限公司"},
	    {"GTX Pro", "gtxpro"},
	    {"Straße", "strasse"},
	    {"①", "1"},
	    {"e\xcc\x81", "é"},
	    {"ﬁ", "fi"},
	};
	size_t i;
	char *s;

	(void)state;
	for (i = 0; i < COUNT_OF(pairs); i++) {
		s = text_fold(pairs[i][0]);
		assert_string_equal(s, pairs[i][1]);
		free(s);
	}
	s = text_fold("\xff"); /* malformed text still has a form */
	assert_true(strlen(s) > 0);
	free(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(validity),
	    cmocka_unit_test(decodes_and_encodes),
	    cmocka_unit_test(widths_and_drawing),
	    cmocka_unit_test(marks_without_end_are_cut),
	    cmocka_unit_test(fits_whole_characters),
	    cmocka_unit_test(fullwidth_keys),
	    cmocka_unit_test(comparison_forms),
	};

	return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
