/* common/buf: growth, formatting, handing over. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"

static void
empty_is_valid(void **state)
{
	struct buf b = {0};

	(void)state;
	buf_add(&b, NULL, 0);
	assert_int_equal(b.len, 0);
	assert_string_equal(buf_str(&b), "");
	assert_int_equal(b.len, 0);
	buf_clear(&b);
	buf_clear(&b);
	assert_null(b.data);
}

static void
grows_and_keeps(void **state)
{
	struct buf b = {0};
	size_t i;

	(void)state;
	for (i = 0; i < 100000; i++)
		buf_add_byte(&b, (uint8_t)(i * 7));
	assert_int_equal(b.len, 100000);
	for (i = 0; i < b.len; i++)
		assert_int_equal(b.data[i], (uint8_t)(i * 7));
	assert_true(b.size >= b.len);
	buf_clear(&b);
}

static void
reset_keeps_memory(void **state)
{
	struct buf b = {0};
	uint8_t *was;

	(void)state;
	buf_add_str(&b, "twelve bytes");
	was = b.data;
	buf_reset(&b);
	assert_int_equal(b.len, 0);
	assert_string_equal(buf_str(&b), "");
	assert_ptr_equal(b.data, was);
	buf_clear(&b);
}

static void
formats_across_growth(void **state)
{
	struct buf b = {0};
	char wide[300];

	(void)state;
	memset(wide, 'x', sizeof(wide) - 1);
	wide[sizeof(wide) - 1] = '\0';
	buf_add_str(&b, "[");
	buf_addf(&b, "%s-%d", wide, -7);
	buf_add_str(&b, "]");
	assert_int_equal(b.len, 299 + 5);
	assert_string_equal(buf_str(&b) + 300, "--7]");
	buf_clear(&b);
}

static void
take_hands_over(void **state)
{
	struct buf b = {0};
	char *s;

	(void)state;
	s = buf_take(&b);
	assert_string_equal(s, "");
	free(s);
	buf_add_str(&b, "mine");
	s = buf_take(&b);
	assert_string_equal(s, "mine");
	assert_null(b.data);
	assert_int_equal(b.len + b.size, 0);
	free(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(empty_is_valid),
	    cmocka_unit_test(grows_and_keeps),
	    cmocka_unit_test(reset_keeps_memory),
	    cmocka_unit_test(formats_across_growth),
	    cmocka_unit_test(take_hands_over),
	};

	return cmocka_run_group_tests_name("buf", tests, NULL, NULL);
}
