/*
 * Migrations on a real, empty database: each file once and in order; what was
 * applied never changes; a newer database is refused; a faulty file is named
 * with its place and leaves nothing behind.
 *
 * Needs FIREBREAK_PG: a database in which this program may do everything.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "server/db.h"
#include "server/db/sync.h"
#include "server/migrate.h"

#define FILE_OF(name, text)                  \
	{                                    \
		name, text, sizeof(text) - 1 \
	}

#define ONE FILE_OF("schema/001_one.sql", "create table public.one (n int);\n")
#define TWO FILE_OF("schema/002_two.sql", "create table public.two (n int);\n")

static const struct sqlfile one[] = {ONE, {0}};
static const struct sqlfile two[] = {
    FILE_OF("api/none.sql", "no migration"), ONE, TWO, {0}};
static const struct sqlfile changed[] = {
    FILE_OF("schema/001_one.sql", "create table public.one (n text);\n"), TWO,
    FILE_OF("schema/003_three.sql", "create table public.three (n int);\n"),
    {0}};
static const struct sqlfile faulty[] = {ONE, TWO,
    FILE_OF("schema/003_three.sql", "create table public.three (n int);\n"
				    "\n"
				    "alter table public.three add m itn;\n"),
    FILE_OF("schema/004_four.sql", "create table public.four (n int);\n"), {0}};

static struct db_sync *db;

static int64_t
number(const char *sql)
{
	struct pg_result *rows;
	struct err e;
	int64_t n;

	if (db_sync_run(db, sql, NULL, 0, &rows, &e) != 0)
		fail_msg("%s: %s", sql, e.text);
	n = db_int(rows, 0, 0);
	db_result_free(rows);
	return n;
}

static int64_t
tables(void)
{
	return number("select count(*) from pg_tables where schemaname ="
		      " 'public' and tablename in ('one', 'two', 'three',"
		      " 'four')");
}

/* Nothing was applied, and the sentence has both parts in it. */
static void
refused(const struct sqlfile *files, const char *part, const char *other)
{
	int64_t before = tables();
	struct migrate_report r;
	struct err e;

	assert_int_equal(migrate_run_files(db, files, &r, &e), -1);
	if (!strstr(e.text, part) || !strstr(e.text, other))
		fail_msg(
		    "\"%s\" and \"%s\" expected in: %s", part, other, e.text);
	assert_int_equal(r.applied, 0);
	assert_int_equal(tables(), before);
	/* others are not kept waiting */
	assert_int_equal(number("select count(*) from pg_locks"
				" where locktype = 'advisory'"
				" and pid = pg_backend_pid()"),
	    0);
}

static void
applied_once_and_in_order(void **state)
{
	struct migrate_report r;
	struct err e;

	(void)state;
	assert_int_equal(migrate_run_files(db, one, &r, &e), 0);
	assert_int_equal(r.from, 0);
	assert_int_equal(r.to, 1);
	assert_int_equal(r.applied, 1);
	assert_int_equal(migrate_run_files(db, two, &r, &e), 0);
	assert_int_equal(r.from, 1);
	assert_int_equal(r.to, 2);
	assert_int_equal(r.applied, 1);
	assert_int_equal(migrate_run_files(db, two, &r, &e), 0);
	assert_int_equal(r.applied, 0);
	assert_int_equal(migrate_run_files(db, two, NULL, &e), 0);
	assert_int_equal(tables(), 2);
}

static void
changed_file_is_refused(void **state)
{
	(void)state;
	refused(changed, "schema/001_one.sql differs from the file",
	    "an applied migration never changes, add a new one");
}

static void
newer_database_is_refused(void **state)
{
	(void)state;
	refused(one, "the database has migration 002",
	    "this program ends with 001");
}

/* File, line and column, the line, a caret; the table before it is gone. */
static void
fault_has_its_place(void **state)
{
	(void)state;
	refused(faulty, "schema/003_three.sql:3:32: error[E101]: ",
	    "type \"itn\" does not exist\n"
	    "  alter table public.three add m itn;\n"
	    "                                 ^");
	assert_int_equal(
	    number("select max(number) from firebreak_meta.migration"), 2);
}

/* A database of other files is not this program's. */
static void
check_says_what_to_do(void **state)
{
	struct err e;

	(void)state;
	assert_int_equal(migrate_check(db, &e), -1);
	assert_non_null(strstr(e.text, "schema/001_core.sql differs"));
	number("with gone as (delete from firebreak_meta.migration returning"
	       " 1) select count(*) from gone");
	assert_int_equal(migrate_check(db, &e), -1);
	assert_non_null(strstr(e.text, "the database is at migration 000"));
	assert_non_null(strstr(e.text, "run `firebreakctl migrate`"));
}

static void
check_of_an_empty_database(void **state)
{
	struct err e;

	(void)state;
	assert_int_equal(migrate_check(db, &e), -1);
	assert_non_null(strstr(e.text, "the database is at migration 000"));
}

static int
connect_db(void **state)
{
	struct err e;

	(void)state;
	db = db_sync_open(getenv("FIREBREAK_PG"), &e);
	if (!db)
		print_error("%s\n", e.text);
	return db ? 0 : -1;
}

static int
disconnect_db(void **state)
{
	(void)state;
	db_sync_close(db);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(check_of_an_empty_database),
	    cmocka_unit_test(applied_once_and_in_order),
	    cmocka_unit_test(changed_file_is_refused),
	    cmocka_unit_test(newer_database_is_refused),
	    cmocka_unit_test(fault_has_its_place),
	    cmocka_unit_test(check_says_what_to_do),
	};

	return cmocka_run_group_tests_name(
	    "migrate", tests, connect_db, disconnect_db);
}
