/*
 * The plans of every list, in every order, for a rep, a team, a region and the
 * company, over a made-up company with big tables: the very text the gateway
 * would send, EXPLAINed as the daemon's role with a session's settings.  A
 * plan fails that scans a table of more than BIG rows from end to end, or
 * sorts more than BIG rows.  Lists without `from:` are reported as skipped.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/diag.h"
#include "common/mem.h"
#include "server/catalogue.h"
#include "server/db/sync.h"
#include "server/list.h"
#include "server/params.h"
#include "server/sqlfile.h"

#define BIG 10000
#define BUILD                                                                \
	"select * from demo.build(reps => 500, customers => 50000, days => " \
	"60)"

static struct db_sync *admin, *app;
static int tests, failures;

static struct scope {
	const char *name, *sql; /* person, lo, hi */
	int64_t person, lo, hi;
} scopes[] = {
    {.name = "rep",
	.sql = "select person_id, code, code from firebreak.seat where role = "
	       "'rep' and person_id is not null order by code limit 1"},
    {.name = "team",
	.sql = "select s.person_id, u.code_lo, u.code_hi from"
	       " firebreak.org_unit u join firebreak.seat s on s.code between"
	       " u.code_lo and u.code_hi and s.role = 'rep' where u.kind ="
	       " 'team' order by 2, 1 limit 1"},
    {.name = "region",
	.sql = "select s.person_id, u.code_lo, u.code_hi from"
	       " firebreak.org_unit u join firebreak.seat s on s.code between"
	       " u.code_lo and u.code_hi and s.role = 'supervisor' where"
	       " u.kind = 'region' order by 2, 1 limit 1"},
    {.name = "company",
	.sql = "select s.person_id, u.code_lo, u.code_hi from"
	       " firebreak.org_unit u join firebreak.seat s on s.code between"
	       " u.code_lo and u.code_hi and s.role = 'ops' where"
	       " u.parent_id is null order by 2, 1 limit 1"},
};

static void
bail(const char *what, const char *why)
{
	printf("Bail out! %s: %s\n", what, why);
	exit(1);
}

static struct pg_result *
run(struct db_sync *s, const char *sql, struct params *p)
{
	struct pg_result *r;
	struct err e;

	if (db_sync_run(
		s, sql, p ? params_values(p) : NULL, p ? p->count : 0, &r, &e))
		bail(sql, e.text);
	return r;
}

static void
do_sql(struct db_sync *s, const char *sql)
{
	db_result_free(run(s, sql, NULL));
}

static void
build(void)
{
	const struct sqlfile *demo = sqlfile_find("demo.sql");
	struct err e;

	if (!demo || db_sync_script(admin, demo->name, demo->text, &e))
		bail("demo.sql", demo ? e.text : "is not there");
	do_sql(admin, BUILD);
	do_sql(admin, "reset role");
	do_sql(admin, "analyze");
}

static void
find_scopes(void)
{
	struct pg_result *r;
	size_t i;

	for (i = 0; i < COUNT_OF(scopes); i++) {
		r = run(admin, scopes[i].sql, NULL);
		if (db_rows(r) != 1)
			bail(scopes[i].name, "nobody there");
		scopes[i].person = db_int(r, 0, 0);
		scopes[i].lo = db_int(r, 0, 1);
		scopes[i].hi = db_int(r, 0, 2);
		db_result_free(r);
	}
}

/* Values of the statement itself: a customer of the scope for customer_id,
 * nothing for what may be missing.  False: no value for an argument. */
static bool
put_values(const struct statement *st, const struct scope *s, struct params *p)
{
	const struct catalogue_text *t = &st->text[0];
	const struct catalogue_arg *a;
	int i, failed = 0;

	params_reset(p);
	for (i = 0; i < t->params; i++) {
		a = t->source[i] >= 0 ? &st->args[t->source[i]] : NULL;
		if (t->source[i] == SOURCE_ME)
			failed = params_add_int(p, s->person, NULL);
		else if (t->source[i] == SOURCE_LO)
			failed = params_add_int(p, s->lo, NULL);
		else if (t->source[i] == SOURCE_HI)
			failed = params_add_int(p, s->hi, NULL);
		else if (!a || a->optional)
			failed = params_add_null(p, NULL);
		else if (strcmp(a->name, "customer_id") == 0)
			failed = params_add_int(p, 1, NULL);
		else
			return false;
	}
	return failed == 0;
}

static void
enter(const struct scope *s)
{
	struct buf b = {0};

	do_sql(app, "begin");
	buf_addf(&b, "set local firebreak.person = %lld", (long long)s->person);
	do_sql(app, buf_str(&b));
	buf_reset(&b);
	buf_addf(&b, "set local firebreak.lo = %lld", (long long)s->lo);
	do_sql(app, buf_str(&b));
	buf_reset(&b);
	buf_addf(&b, "set local firebreak.hi = %lld", (long long)s->hi);
	do_sql(app, buf_str(&b));
	buf_clear(&b);
}

static bool
is_narrow(const struct statement *st, const struct scope *s)
{
	static const struct list_options nothing = {.search = -1};
	struct params p = {0};
	struct buf sql = {0};
	struct pg_result *r;
	struct err e;
	bool narrow;

	put_values(st, s, &p);
	if (list_count(st, false, LIST_NARROW + 1, &nothing, &sql, &p, &e))
		bail(st->name, e.text);
	r = run(app, buf_str(&sql), &p);
	narrow = db_int(r, 0, 0) <= LIST_NARROW;
	db_result_free(r);
	params_clear(&p);
	buf_clear(&sql);
	return narrow;
}

static int64_t
table_rows(const char *name, size_t len)
{
	struct params p = {0};
	struct pg_result *r;
	int64_t rows;

	if (params_add_text(&p, name, len, NULL))
		bail("params", "full");
	r = run(admin,
	    "select coalesce(max(reltuples), 0)::bigint from pg_class"
	    " where relname = $1::text",
	    &p);
	rows = db_int(r, 0, 0);
	db_result_free(r);
	params_clear(&p);
	return rows;
}

/* NULL, or what is wrong with a line of a plan. */
static const char *
fault_of(const char *line)
{
	const char *at, *rows = strstr(line, "rows=");
	const char *node = line + strspn(line, " ->");

	if ((at = strstr(line, "Seq Scan on "))) {
		at += strlen("Seq Scan on ");
		if (table_rows(at, strcspn(at, " ")) > BIG)
			return "reads a whole table";
	}
	if (strncmp(node, "Sort ", 5) == 0 && rows &&
	    strtoll(rows + 5, NULL, 10) > BIG)
		return "sorts too many rows";
	return NULL;
}

static void
judge(const struct statement *st, const struct scope *s, int column,
    bool narrow, const struct pg_result *plan)
{
	const char *fault = NULL;
	int i;

	for (i = 0; i < db_rows(plan) && !fault; i++)
		fault = fault_of(db_text(plan, i, 0, NULL));
	printf("%s %d - %s by %s, %s (%s)\n", fault ? "not ok" : "ok", ++tests,
	    st->name, st->columns[column].name, s->name,
	    narrow ? "narrow" : "wide");
	if (!fault)
		return;
	failures++;
	printf("# %s:\n", fault);
	for (i = 0; i < db_rows(plan); i++)
		printf("#   %s\n", db_text(plan, i, 0, NULL));
}

static void
explain(
    const struct statement *st, const struct scope *s, int column, bool narrow)
{
	struct list_options o = {.search = -1, .limit = LIST_PAGE_MOST};
	struct params p = {0};
	struct buf sql = {0};
	struct pg_result *plan;
	struct err e;

	o.sort[o.sort_count++].column = column;
	if (column != st->key_column)
		o.sort[o.sort_count++].column = st->key_column;
	put_values(st, s, &p);
	buf_add_str(&sql, "explain ");
	if (list_page(st, false, narrow, &o, &sql, &p, &e))
		bail(st->name, e.text);
	plan = run(app, buf_str(&sql), &p);
	judge(st, s, column, narrow, plan);
	db_result_free(plan);
	params_clear(&p);
	buf_clear(&sql);
}

static void
skip(const struct statement *st, const char *why)
{
	printf("ok %d - %s # SKIP %s\n", ++tests, st->name, why);
}

static void
check(const struct statement *st)
{
	struct params p = {0};
	size_t i;
	int k;
	bool narrow, can = put_values(st, &scopes[0], &p);

	params_clear(&p);
	if (!st->from) {
		skip(st, "no from: a union or a function");
		return;
	}
	if (!can) {
		skip(st, "no value for an argument");
		return;
	}
	for (i = 0; i < COUNT_OF(scopes); i++) {
		enter(&scopes[i]);
		narrow = is_narrow(st, &scopes[i]);
		for (k = 0; k < st->sort_count; k++)
			explain(st, &scopes[i], st->sort[k], narrow);
		do_sql(app, "rollback");
	}
}

static struct catalogue *
read_catalogue(void)
{
	struct diags *d = diags_new();
	struct catalogue *c = catalogue_read(sqlfile_table, d);

	if (!c || catalogue_describe(c, admin, d))
		bail("sql/api", "is faulty, see tests/server/texts.sh");
	diags_free(d);
	return c;
}

int
main(void)
{
	struct catalogue *c;
	const struct statement *st;
	char *conninfo;
	struct err e;
	int i;

	if (!getenv("FIREBREAK_PG")) {
		puts("1..0 # SKIP needs a PostgreSQL: tests/with-pg.sh");
		return 0;
	}
	conninfo = xasprintf(
	    "host=%s user=firebreak_app dbname=firebreak", getenv("PGHOST"));
	admin = db_sync_open(getenv("FIREBREAK_PG"), &e);
	if (!admin || !(app = db_sync_open(conninfo, &e)))
		bail("PostgreSQL", e.text);
	c = read_catalogue();
	build();
	find_scopes();
	for (i = 0; i < catalogue_count(c); i++) {
		st = catalogue_at(c, i);
		if (st->rows == ROWS_MANY && !st->is_write)
			check(st);
	}
	printf("1..%d\n", tests);
	catalogue_free(c);
	db_sync_close(app);
	db_sync_close(admin);
	free(conninfo);
	return failures != 0;
}
