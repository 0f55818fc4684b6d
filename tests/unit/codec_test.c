/* common/codec: bytes as RFC 8949 has them, and everything refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <float.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/codec.h"
#include "common/mem.h"

struct int_row {
	int64_t value;
	const char *bytes;
	size_t len;
};

static const struct int_row int_table[] = {
    {0, "\x00", 1},
    {23, "\x17", 1},
    {24, "\x18\x18", 2},
    {255, "\x18\xff", 2},
    {256, "\x19\x01\x00", 3},
    {65536, "\x1a\x00\x01\x00\x00", 5},
    {4294967296, "\x1b\x00\x00\x00\x01\x00\x00\x00\x00", 9},
    {INT64_MAX, "\x1b\x7f\xff\xff\xff\xff\xff\xff\xff", 9},
    {-1, "\x20", 1},
    {-24, "\x37", 1},
    {-25, "\x38\x18", 2},
    {-256, "\x38\xff", 2},
    {-257, "\x39\x01\x00", 3},
    {INT64_MIN, "\x3b\x7f\xff\xff\xff\xff\xff\xff\xff", 9},
};

static void
ints_both_ways(void **state)
{
	struct codec_reader r;
	struct buf b = {0};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(int_table); i++) {
		buf_reset(&b);
		codec_put_int(&b, int_table[i].value);
		assert_int_equal(b.len, int_table[i].len);
		assert_memory_equal(b.data, int_table[i].bytes, b.len);
		codec_open(&r, b.data, b.len);
		assert_true(codec_need_int(&r) == int_table[i].value);
		assert_true(codec_finished(&r));
	}
	buf_clear(&b);
}

static void
put_one_of_each(struct buf *b)
{
	codec_put_array(b, 7);
	codec_put_null(b);
	codec_put_bool(b, true);
	codec_put_real(b, DBL_MIN);
	codec_put_text(b, "客户");
	codec_put_text(b, NULL);
	codec_put_bytes(b, "\0\xff", 2);
	codec_put_map(b, 1);
	codec_put_textn(b, "keyed", 3);
	codec_put_bytes(b, NULL, 0);
}

static void
all_types_both_ways(void **state)
{
	static const enum codec_type expected[] = {CODEC_ARRAY, CODEC_NULL,
	    CODEC_BOOL, CODEC_REAL, CODEC_TEXT, CODEC_NULL, CODEC_BYTES,
	    CODEC_MAP, CODEC_TEXT, CODEC_BYTES};
	struct codec_item items[COUNT_OF(expected)];
	struct codec_reader r;
	struct buf b = {0};
	size_t i;

	(void)state;
	put_one_of_each(&b);
	codec_open(&r, b.data, b.len);
	for (i = 0; i < COUNT_OF(expected); i++) {
		assert_true(codec_next(&r, &items[i]));
		assert_int_equal(items[i].type, expected[i]);
	}
	assert_true(codec_finished(&r));
	assert_int_equal(items[0].count, 7);
	assert_true(items[2].boolean);
	assert_true(items[3].real == DBL_MIN);
	assert_int_equal(items[4].len, 6);
	assert_memory_equal(items[6].data, "\0\xff", 2);
	assert_int_equal(items[7].count, 1);
	assert_memory_equal(items[8].data, "key", 3);
	assert_int_equal(items[9].len, 0);
	assert_false(codec_next(&r, &items[0]));
	assert_false(codec_finished(&r));
	buf_clear(&b);
}

struct bad_row {
	const char *why;
	const char *bytes;
	size_t len;
};

static const struct bad_row bad_table[] = {
    {"nothing", "", 0},
    {"int cut", "\x19\x01", 2},
    {"text cut",
	"\x63"
	"ab",
	3},
    {"text not UTF-8", "\x62\xc3\x28", 3},
    {"text with a surrogate", "\x63\xed\xa0\x80", 4},
    {"int above 2^63", "\x1b\x80\0\0\0\0\0\0\0", 9},
    {"int below -2^63", "\x3b\x80\0\0\0\0\0\0\0", 9},
    {"array of more than there is", "\x84\x00\x00", 3},
    {"map of more than there is", "\xa2\x00\x00\x00", 4},
    {"array of 2^64-1", "\x9b\xff\xff\xff\xff\xff\xff\xff\xff", 9},
    {"text of 2^64-1", "\x7b\xff\xff\xff\xff\xff\xff\xff\xff", 9},
    {"indefinite array", "\x9f\x00\xff", 3},
    {"indefinite map", "\xbf\x00\x00\xff", 4},
    {"indefinite text", "\x7f\x61\x61\xff", 4},
    {"tag", "\xc0\x00", 2},
    {"half float", "\xf9\x3c\x00", 3},
    {"single float", "\xfa\x3f\x80\0\0", 5},
    {"undefined", "\xf7", 1},
    {"reserved", "\x1c\x00", 2},
    {"break", "\xff", 1},
    {"simple value", "\xe0", 1},
};

static void
malformed_is_refused(void **state)
{
	struct codec_reader r;
	struct codec_item item;
	uint8_t *copy;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(bad_table); i++) {
		/* exactly as long, so that a sanitizer sees one byte more */
		copy = xmalloc(bad_table[i].len);
		memcpy(copy, bad_table[i].bytes, bad_table[i].len);
		codec_open(&r, copy, bad_table[i].len);
		if (codec_next(&r, &item) || !r.failed)
			fail_msg("taken: %s", bad_table[i].why);
		codec_open(&r, copy, bad_table[i].len);
		if (codec_skip(&r))
			fail_msg("skipped: %s", bad_table[i].why);
		free(copy);
	}
}

static void
every_truncation_is_refused(void **state)
{
	struct codec_reader r;
	struct buf b = {0};
	size_t n;

	(void)state;
	put_one_of_each(&b);
	for (n = 0; n < b.len; n++) {
		codec_open(&r, b.data, n);
		assert_false(codec_skip(&r));
	}
	codec_open(&r, b.data, b.len);
	assert_true(codec_skip(&r));
	assert_true(codec_finished(&r));
	buf_clear(&b);
}

/* `deep` arrays around a null. */
static bool
skips_nested(size_t deep)
{
	struct codec_reader r;
	struct buf b = {0};
	bool good;

	while (deep-- > 0)
		codec_put_array(&b, 1);
	codec_put_null(&b);
	codec_open(&r, b.data, b.len);
	good = codec_skip(&r) && codec_finished(&r);
	buf_clear(&b);
	return good;
}

static void
nesting_ends_at_16(void **state)
{
	(void)state;
	assert_true(skips_nested(0));
	assert_true(skips_nested(16));
	assert_false(skips_nested(17));
	assert_false(skips_nested(100000));
}

static void
wrong_types_fail_and_stay(void **state)
{
	struct codec_reader r;
	struct buf b = {0};
	size_t len = 9;

	(void)state;
	codec_put_text(&b, "x");
	codec_put_int(&b, 5);
	codec_open(&r, b.data, b.len);
	assert_true(codec_need_int(&r) == 0);
	assert_true(r.failed);
	assert_true(codec_need_int(&r) == 0); /* sticky */
	codec_open(&r, b.data, b.len);
	assert_null(codec_need_bytes(&r, &len));
	assert_int_equal(len, 0);
	codec_open(&r, b.data, b.len);
	assert_int_equal(codec_need_array(&r) + codec_need_map(&r), 0);
	codec_open(&r, b.data, b.len);
	assert_false(codec_need_bool(&r));
	assert_false(codec_finished(&r));
	buf_clear(&b);
}

static void
text_copies(void **state)
{
	struct codec_reader r;
	struct buf b = {0};
	char *s;

	(void)state;
	codec_put_text(&b, "");
	codec_put_null(&b);
	codec_put_textn(&b, "a\0b", 3);
	codec_open(&r, b.data, b.len);
	s = codec_need_text(&r);
	assert_string_equal(s, "");
	free(s);
	assert_null(codec_need_text(&r));
	assert_false(r.failed);
	assert_null(codec_need_text(&r)); /* a NUL would cut it short */
	assert_true(r.failed);
	buf_clear(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(malformed_is_refused),
	    cmocka_unit_test(every_truncation_is_refused),
	    cmocka_unit_test(nesting_ends_at_16),
	    cmocka_unit_test(ints_both_ways),
	    cmocka_unit_test(all_types_both_ways),
	    cmocka_unit_test(wrong_types_fail_and_stay),
	    cmocka_unit_test(text_copies),
	};

	return cmocka_run_group_tests_name("codec", tests, NULL, NULL);
}
