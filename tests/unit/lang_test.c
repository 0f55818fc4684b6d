/* The language table and the names of the keys. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "tui/app.h"

/* "%s%d" of "to %s: %d rows": what a caller must give, in which order. */
static void
conversions(const char *format, char out[64])
{
	size_t n = 0;

	while ((format = strchr(format, '%')) && n < 50) {
		size_t len = strcspn(format + 1, "dsuxfgcp%") + 2;

		if (len > 2 || format[1] != '%')
			for (size_t i = 0; i < len && n < 60; i++)
				out[n++] = format[i];
		format += len;
	}
	out[n] = '\0';
}

static void
test_both_languages_are_complete(void **state)
{
	(void)state;
	for (int s = 0; s < STR_COUNT; s++) {
		const char *zh = lang_string((enum string)s, LANG_ZH);
		const char *en = lang_string((enum string)s, LANG_EN);
		char zh_takes[64], en_takes[64];

		assert_true(zh && zh[0] && en && en[0]);
		conversions(zh, zh_takes);
		conversions(en, en_takes);
		assert_string_equal(zh_takes, en_takes);
	}
	for (size_t i = 0; i < form_key_count; i++) {
		assert_int_equal(
		    key_parse(form_key_table[i].name), form_key_table[i].key);
		assert_true(form_key_table[i].help_zh[0]);
		assert_true(form_key_table[i].help_en[0]);
	}
	for (size_t i = 0; i < action_count; i++) {
		assert_non_null(action_table[i].help_zh);
		assert_non_null(action_table[i].help_en);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_both_languages_are_complete),
	};

	return cmocka_run_group_tests_name("lang", tests, NULL, NULL);
}
