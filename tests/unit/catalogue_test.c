/* Reading the header of statement files: what is accepted, and what not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "common/diag.h"
#include "common/mem.h"
#include "server/catalogue.h"
#include "server/sqlfile.h"

#define HEAD "-- statement: a/b\n-- purpose: P.\n-- roles: all\n"
#define ONE HEAD "-- rows: one\n"

/* good: it is read; else there is a fault. */
static const struct row {
	const char *text;
	bool good;
} rows[] = {
    {ONE "select 1", true},
    {ONE "-- args: x bigint, y text?\nselect :x, :y", true},
    {ONE "select :me, :lo, :hi, :lo2, :hi2", true},
    {ONE "-- watch: customer\nselect 1", true},
    {"", false},
    {"select 1", false},
    {ONE, false},
    {ONE "select 1; select 2", false},
    {ONE "select :x", false},
    {ONE "-- args: x bigint\nselect 1", true},
    {ONE "-- args: x nosuchtype\nselect :x", false},
    {ONE "-- colour: red\nselect 1", false},
    {"-- statement: a/c\n-- purpose: P.\n-- roles: all\n-- rows: one\nselect 1",
	false},
    {"-- statement: a/b\n-- purpose: P.\n-- roles: king\n-- rows: one\nselect "
     "1",
	false},
    {HEAD "-- rows: seven\nselect 1", false},
    {HEAD "-- rows: many\nselect 1 as id", false},
    {HEAD "-- rows: many\n-- key: id\n-- sort: id\nselect 1 as id", true},
};

static struct catalogue *
read_one(const char *text, struct diags *d)
{
	const struct sqlfile files[] = {
	    {"api/a/b.sql", text, strlen(text)}, {NULL, NULL, 0}};

	return catalogue_read(files, d);
}

static void
headers_are_checked(void **state)
{
	struct catalogue *c;
	struct diags *d;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		d = diags_new();
		c = read_one(rows[i].text, d);
		if (!!c != rows[i].good || !diags_errors(d) != rows[i].good)
			fail_msg("row %zu: %s", i, rows[i].text);
		catalogue_free(c);
		diags_free(d);
	}
}

static void
a_statement_is_as_its_header_says(void **state)
{
	struct diags *d = diags_new();
	struct catalogue *c =
	    read_one("-- statement: a/b\n-- purpose: P.\n"
		     "-- roles: rep ops\n-- rows: one\n-- undo: none\n"
		     "-- args: x bigint, y text?\n"
		     "-- changes: lead task\n"
		     "select api.f(:x, :y, :me, :x)",
		d);
	const struct statement *s;

	(void)state;
	assert_non_null(c);
	assert_null(catalogue_find(c, "a/bb", 4));
	s = catalogue_find(c, "a/bb", 3);
	assert_non_null(s);
	assert_true(s->is_write);
	assert_int_equal(
	    s->roles, catalogue_role_bit("rep") | catalogue_role_bit("ops"));
	assert_int_equal(s->arg_count, 2);
	assert_false(s->args[0].optional);
	assert_true(s->args[1].optional);
	assert_int_equal(s->text[0].params, 3);
	assert_int_equal(s->text[0].source[2], SOURCE_ME);
	assert_true(catalogue_topic(c, "lead") >= 0);
	assert_int_equal(catalogue_topic(c, "customer"), -1);
	catalogue_free(c);
	diags_free(d);
}

static void
the_shipped_files_are_good(void **state)
{
	struct diags *d = diags_new();
	struct catalogue *c = catalogue_read(sqlfile_table, d);

	(void)state;
	assert_non_null(c);
	assert_true(catalogue_count(c) > 50);
	assert_int_equal(catalogue_role_bit("king"), 0);
	catalogue_free(c);
	diags_free(d);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(headers_are_checked),
	    cmocka_unit_test(a_statement_is_as_its_header_says),
	    cmocka_unit_test(the_shipped_files_are_good),
	};

	return cmocka_run_group_tests_name("catalogue", tests, NULL, NULL);
}
