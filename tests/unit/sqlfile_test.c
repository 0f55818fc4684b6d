/* The lexer that everything uses which looks into SQL text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "common/buf.h"
#include "common/mem.h"
#include "server/sqlfile.h"

/* What is found, each with a | behind. */
static const struct row {
	const char *text, *statements, *placeholders;
} rows[] = {
    {"", "", ""},
    {";", "", ""},
    {"select 1", "select 1|", ""},
    {"a; b;", "a|b|", ""},
    {"select ';'; b", "select ';'|b|", ""},
    {"select 'it''s;'; b", "select 'it''s;'|b|", ""},
    {"select \";\"; b", "select \";\"|b|", ""},
    {"do $$ a; b $$; c", "do $$ a; b $$|c|", ""},
    {"do $x$ $$ ; $$ $x$; c", "do $x$ $$ ; $$ $x$|c|", ""},
    {"a /* ; */ b; c", "a /* ; */ b|c|", ""},
    {"a -- ;\nb; c", "a -- ;\nb|c|", ""},
    {"x = :one and y = :two_2", "x = :one and y = :two_2|", "one|two_2|"},
    {"x::text = :one::text", "x::text = :one::text|", "one|"},
    {"':no' :yes", "':no' :yes|", "yes|"},
    {"$$ :no $$ :yes", "$$ :no $$ :yes|", "yes|"},
    {"/* :no */ :yes -- :no", ":yes -- :no|", "yes|"},
};

static void
statements_end_at_semicolons(void **state)
{
	size_t i, at, len;
	struct buf b = {0};
	const char *start;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		buf_reset(&b);
		at = 0;
		while (
		    sqlfile_next_statement(rows[i].text, &at, &start, &len)) {
			buf_add(&b, start, len);
			buf_add_byte(&b, '|');
		}
		assert_string_equal(buf_str(&b), rows[i].statements);
	}
	buf_clear(&b);
}

static void
placeholders_are_outside_of_quotes(void **state)
{
	size_t i, at, len;
	struct buf b = {0};
	const char *name;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		buf_reset(&b);
		at = 0;
		while (
		    sqlfile_next_placeholder(rows[i].text, &at, &name, &len)) {
			buf_add(&b, name, len);
			buf_add_byte(&b, '|');
		}
		assert_string_equal(buf_str(&b), rows[i].placeholders);
	}
	buf_clear(&b);
}

static void
every_file_is_there_once(void **state)
{
	const struct sqlfile *f;

	(void)state;
	assert_null(sqlfile_find("api/no/such.sql"));
	for (f = sqlfile_table; f->name; f++) {
		assert_ptr_equal(sqlfile_find(f->name), f);
		assert_int_equal(strlen(f->text), f->len);
	}
	assert_true(f > sqlfile_table);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(statements_end_at_semicolons),
	    cmocka_unit_test(placeholders_are_outside_of_quotes),
	    cmocka_unit_test(every_file_is_there_once),
	};

	return cmocka_run_group_tests_name("sqlfile", tests, NULL, NULL);
}
