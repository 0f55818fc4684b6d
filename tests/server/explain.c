/*
 * The plans of every list, by every sortable column, for a rep, a team, a
 * region, the company, and people with a second range, over a made-up company
 * with big tables: the very text the gateway would send, EXPLAINed as the
 * daemon's role with a session's settings; pages from both ends and from the
 * middle, both directions, filtered and searched.  A plan fails that scans a
 * table of more than BIG rows from end to end, or sorts more than BIG rows.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/codec.h"
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
static int tests, failures, plans;

/* lo2 .. hi2: the second range, none if lo2 > hi2. */
static struct scope {
	const char *name, *sql, *second;
	int64_t person, lo, hi, lo2, hi2;
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
    {.name = "rep for a colleague",
	.sql = "select person_id, code, code from firebreak.seat where role = "
	       "'rep' and person_id is not null order by code limit 1",
	.second = "select code, code from firebreak.seat where role = 'rep'"
		  " and person_id is not null order by code desc limit 1"},
    {.name = "team and another",
	.sql = "select s.person_id, u.code_lo, u.code_hi from"
	       " firebreak.org_unit u join firebreak.seat s on s.unit_id ="
	       " u.unit_id and s.role = 'supervisor' where u.kind = 'team'"
	       " order by 2, 1 limit 1",
	.second = "select code_lo, code_hi from firebreak.org_unit"
		  " where kind = 'team' order by code_lo desc limit 1"},
    {.name = "region and another",
	.sql = "select s.person_id, u.code_lo, u.code_hi from"
	       " firebreak.org_unit u join firebreak.seat s on s.unit_id ="
	       " u.unit_id and s.role = 'supervisor' where u.kind = 'region'"
	       " order by 2, 1 limit 1",
	.second = "select code_lo, code_hi from firebreak.org_unit"
		  " where kind = 'region' order by code_lo desc limit 1"},
};

/* What is asked of each. */
static const struct variant {
	const char *name;
	enum list_place place;
	bool down, filter, search;
} variants[] = {
    {.name = "first page"},
    {.name = "first page, down", .down = true},
    {.name = "last page", .place = LIST_LAST},
    {.name = "page after", .place = LIST_AFTER},
    {.name = "page after, down", .place = LIST_AFTER, .down = true},
    {.name = "page before", .place = LIST_BEFORE},
    {.name = "filtered", .filter = true},
    {.name = "searched", .search = true},
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
		scopes[i].lo2 = 1;
		if (!scopes[i].second)
			continue;
		r = run(admin, scopes[i].second, NULL);
		scopes[i].lo2 = db_int(r, 0, 0);
		scopes[i].hi2 = db_int(r, 0, 1);
		db_result_free(r);
	}
}

static bool
has_second(const struct scope *s)
{
	return s->lo2 <= s->hi2;
}

static int
put_supplied(int source, const struct scope *s, struct params *p)
{
	switch (source) {
	case SOURCE_ME:
		return params_add_int(p, s->person, NULL);
	case SOURCE_LO:
		return params_add_int(p, s->lo, NULL);
	case SOURCE_HI:
		return params_add_int(p, s->hi, NULL);
	case SOURCE_LO2:
		return has_second(s) ? params_add_int(p, s->lo2, NULL)
				     : params_add_null(p, NULL);
	default:
		return has_second(s) ? params_add_int(p, s->hi2, NULL)
				     : params_add_null(p, NULL);
	}
}

/* Values of the statement itself: a record's number or a text for what must be
 * given, nothing for what may be missing. */
static void
put_values(const struct statement *st, const struct scope *s, struct params *p)
{
	const struct catalogue_text *t = &st->text[has_second(s)];
	const struct catalogue_arg *a;
	int i, failed = 0;

	params_reset(p);
	for (i = 0; i < t->params; i++) {
		a = t->source[i] >= 0 ? &st->args[t->source[i]] : NULL;
		if (!a)
			failed |= put_supplied(t->source[i], s, p);
		else if (a->optional)
			failed |= params_add_null(p, NULL);
		else if (a->kind == DB_INT)
			failed |= params_add_int(p, 1, NULL);
		else if (a->kind == DB_TEXT)
			failed |= params_add_text(p, "an", 2, NULL);
		else
			bail(st->name, "no value for an argument");
	}
	if (failed)
		bail(st->name, "too many values");
}

static void
set_local(const char *name, int64_t value)
{
	char *sql =
	    xasprintf("set local firebreak.%s = %lld", name, (long long)value);

	do_sql(app, sql);
	free(sql);
}

static void
enter(const struct scope *s)
{
	do_sql(app, "begin");
	set_local("person", s->person);
	set_local("lo", s->lo);
	set_local("hi", s->hi);
	if (!has_second(s))
		return;
	set_local("lo2", s->lo2);
	set_local("hi2", s->hi2);
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
	if (list_count(
		st, has_second(s), LIST_NARROW + 1, &nothing, &sql, &p, &e))
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

static const char *
judge(const struct pg_result *plan)
{
	const char *fault = NULL;
	int i;

	for (i = 0; i < db_rows(plan) && !fault; i++)
		fault = fault_of(db_text(plan, i, 0, NULL));
	return fault;
}

static void
show(const char *fault, const struct variant *v, const struct pg_result *plan)
{
	printf("# %s: %s\n", v->name, fault);
	for (int i = 0; i < db_rows(plan); i++)
		printf("#   %s\n", db_text(plan, i, 0, NULL));
}

static void
sort_by(
    struct list_options *o, const struct statement *st, int column, bool down)
{
	*o = (struct list_options){.search = -1, .limit = LIST_PAGE_MOST};
	o->sort[o->sort_count++] = (struct list_sort){column, down};
	if (column != st->key_column)
		o->sort[o->sort_count++] =
		    (struct list_sort){st->key_column, down};
}

/* One cell of a page as a value of the options; false if it is null. */
static bool
keep_cell(struct list_options *o, const struct statement *st,
    const struct pg_result *page, int row, int column)
{
	struct buf cell = {0};
	struct codec_reader r;
	struct err e;
	int rc;

	if (db_is_null(page, row, column))
		return false;
	db_encode_cell(page, row, column, &cell);
	codec_open(&r, cell.data, cell.len);
	rc = params_read(&o->values, st->columns[column].kind, &r, &e);
	buf_clear(&cell);
	if (rc)
		bail(st->name, e.text);
	return true;
}

/* Completes the options with values that the list has.  False if the variant
 * cannot be asked of this list. */
static bool
fill_options(struct list_options *o, const struct statement *st,
    const struct variant *v, const struct pg_result *page)
{
	int row = db_rows(page) / 2;

	if ((v->filter || v->place == LIST_AFTER || v->place == LIST_BEFORE) &&
	    db_rows(page) == 0)
		return false;
	o->place = v->place;
	if (v->filter) {
		o->filter[o->filter_count++] = (struct list_filter){
		    o->sort[0].column, LIST_EQ, o->values.count};
		return keep_cell(o, st, page, row, o->sort[0].column);
	}
	if (v->search) {
		o->search = o->values.count;
		if (params_add_text(&o->values, "an", 2, NULL))
			bail(st->name, "too many values");
		return st->search_column >= 0;
	}
	o->cursor = o->values.count;
	for (int i = 0; i < o->sort_count &&
			(v->place == LIST_AFTER || v->place == LIST_BEFORE);
	     i++)
		if (!keep_cell(o, st, page, row, o->sort[i].column))
			return false;
	return true;
}

static struct pg_result *
send_page(const struct statement *st, const struct scope *s, bool narrow,
    const struct list_options *o, const char *how)
{
	struct params p = {0};
	struct buf sql = {0};
	struct pg_result *rows;
	struct err e;

	put_values(st, s, &p);
	buf_add_str(&sql, how);
	if (list_page(st, has_second(s), narrow, o, &sql, &p, &e))
		bail(st->name, e.text);
	rows = run(app, buf_str(&sql), &p);
	params_clear(&p);
	buf_clear(&sql);
	return rows;
}

/* True if the plan of one variant is as it should be; page has values. */
static bool
explain(const struct statement *st, const struct scope *s, int column,
    bool narrow, const struct variant *v, const struct pg_result *page)
{
	struct list_options o;
	struct pg_result *plan;
	const char *fault = NULL;

	sort_by(&o, st, column, v->down);
	if (fill_options(&o, st, v, page)) {
		plan = send_page(st, s, narrow, &o, "explain ");
		fault = judge(plan);
		plans++;
		if (fault)
			show(fault, v, plan);
		db_result_free(plan);
	}
	list_options_clear(&o);
	return !fault;
}

static void
check_column(
    const struct statement *st, const struct scope *s, int column, bool narrow)
{
	struct list_options o;
	struct pg_result *page;
	bool good = true;

	sort_by(&o, st, column, false);
	o.limit = 20;
	page = send_page(st, s, narrow, &o, "");
	for (size_t i = 0; i < COUNT_OF(variants); i++)
		good &= explain(st, s, column, narrow, &variants[i], page);
	db_result_free(page);
	printf("%s %d - %s by %s, %s (%s)\n", good ? "ok" : "not ok", ++tests,
	    st->name, st->columns[column].name, s->name,
	    narrow ? "narrow" : "wide");
	failures += !good;
}

static void
check(const struct statement *st)
{
	bool narrow;

	for (size_t i = 0; i < COUNT_OF(scopes); i++) {
		enter(&scopes[i]);
		narrow = is_narrow(st, &scopes[i]);
		for (int k = 0; k < st->sort_count; k++)
			check_column(st, &scopes[i], st->sort[k], narrow);
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
	printf("# %d plans\n1..%d\n", plans, tests);
	catalogue_free(c);
	db_sync_close(app);
	db_sync_close(admin);
	free(conninfo);
	return failures != 0;
}
