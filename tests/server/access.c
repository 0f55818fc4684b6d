/*
 * The access matrix, generated from the catalogue: a new statement is covered
 * by being there.  Needs FIREBREAK_PG: a superuser's connection to a database
 * with the schema.
 *
 * A small company is built, one region of which is the stranger's.  A marker
 * is written into every text of that region's rows.  Then a person of each
 * role in another region runs every statement with the stranger's ids for
 * arguments:
 *  - no answer may contain the marker;
 *  - no row of the stranger's region may be changed, added or gone.
 * And a check of the check: with the stranger's own ranges the marker is
 * seen.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/diag.h"
#include "common/mem.h"
#include "server/catalogue.h"
#include "server/db/sync.h"
#include "server/sqlfile.h"

#define MARKER "zqxforeign"

static struct db_sync *db;
static int tests, failures;

struct person {
	int64_t id, lo, hi;
};

static void
must(const char *sql, struct pg_result **rows)
{
	struct err e;

	if (db_sync_run(db, sql, NULL, 0, rows, &e) == 0)
		return;
	printf("Bail out! %s\n# in %s\n", e.text, sql);
	exit(1);
}

static int64_t
must_int(const char *sql)
{
	struct pg_result *rows;
	int64_t value;

	must(sql, &rows);
	value = db_rows(rows) ? db_int(rows, 0, 0) : 0;
	db_result_free(rows);
	return value;
}

static void
must_script(const char *name, const char *text)
{
	struct err e;

	if (db_sync_script(db, name, text, &e) == 0)
		return;
	printf("Bail out! %s\n", e.text);
	exit(1);
}

/* The stranger's region is the first of the company's; a helper table names
 * its range, and every role gets a seat in a region of its own. */
static const char setup_sql[] =
    "create table public.foreign_range as select code_lo as lo, code_hi as hi"
    " from firebreak.org_unit where kind = 'region' order by unit_id limit 1;"
    "create table public.actor as"
    " select r.role, firebreak.person_add('actor ' || r.role, 'a' ||"
    "   r.role || '@x.test', 'en', '2020-01-01') as person_id"
    " from unnest(array['rep','supervisor','ops','finance','technical',"
    "   'service','marketing','supply']) as r(role);"
    "create table public.actor_unit as select unit_id, code_lo, code_hi"
    " from firebreak.org_unit where kind = 'region'"
    " order by unit_id desc limit 1;"
    "select firebreak.seat_add(u.unit_id, a.role, a.person_id)"
    " from public.actor a, public.actor_unit u;";

/* Every text column of every row-scoped table; where a constraint forbids the
 * marker, that column keeps what it has. */
static const char mark_sql[] =
    "do $$ declare c record; begin"
    " for c in select a.attrelid::regclass as t, a.attname as n"
    "  from pg_attribute a join pg_class k on k.oid = a.attrelid"
    "  join pg_namespace s on s.oid = k.relnamespace"
    "  where s.nspname = 'firebreak' and k.relkind in ('r', 'p')"
    "  and not k.relispartition and a.attnum > 0 and not a.attisdropped"
    "  and a.atttypid = 'text'::regtype and a.attgenerated = ''"
    "  and exists (select from pg_attribute o where o.attrelid = a.attrelid"
    "   and o.attname = 'org_code') loop"
    "  begin execute format('update %s set %I = ''" MARKER
    " '' || left(coalesce(%I, ''''), 20)"
    "   where org_code between (select lo from public.foreign_range)"
    "   and (select hi from public.foreign_range)', c.t, c.n, c.n);"
    "  exception when others then null; end;"
    " end loop;"
    " update firebreak.person p set name = '" MARKER " ' || p.name"
    " from firebreak.seat s, public.foreign_range f"
    " where s.person_id = p.person_id and s.code between f.lo and f.hi;"
    " end $$";

/* One number for all rows of the stranger's region, in all tables. */
static const char checksum_sql[] =
    "create function public.foreign_sum() returns bigint language plpgsql as"
    " $$ declare c record; s bigint := 0; v bigint; begin"
    " for c in select k.oid::regclass as t from pg_class k"
    "  join pg_namespace n on n.oid = k.relnamespace"
    "  where n.nspname = 'firebreak' and k.relkind in ('r', 'p')"
    "  and not k.relispartition and exists (select from pg_attribute o"
    "   where o.attrelid = k.oid and o.attname = 'org_code') loop"
    "  execute format('select coalesce(sum(hashtextextended(t::text, 0)"
    "   %% 1000000007), 0) from %s t, public.foreign_range f"
    "   where t.org_code between f.lo and f.hi', c.t) into v;"
    "  s := (s * 31 + v) % 1000000000000007;"
    " end loop;"
    " select s + coalesce(sum(hashtextextended(t::text, 1) % 1000000007), 0)"
    "  into s from firebreak.seat t, public.foreign_range f"
    "  where t.code between f.lo and f.hi;"
    " return s; end $$";

/* A foreign id for an argument, by its name; the entity's table and key. */
static const struct {
	const char *arg;
	const char *sql;
} id_table[] = {
    {"activity_id", "select activity_id from firebreak.activity t"},
    {"alert_id", "select alert_id from firebreak.alert t"},
    {"audit_id", "select audit_id from firebreak.audit_all t"},
    {"contact_id", "select contact_id from firebreak.contact t"},
    {"customer_id", "select customer_id from firebreak.customer t"},
    {"lead_id", "select lead_id from firebreak.lead t"},
    {"opportunity_id", "select opportunity_id from firebreak.opportunity t"},
    {"task_id", "select task_id from firebreak.task t"},
};

static int64_t
foreign_id(const char *arg)
{
	static const char seat[] =
	    "select s.person_id from firebreak.seat s, public.foreign_range f"
	    " where s.code between f.lo and f.hi and s.person_id is not null"
	    " and s.role = 'rep' order by 1 limit 1";
	char *sql;
	int64_t id;

	if (strcmp(arg, "person_id") == 0 || strcmp(arg, "owner_id") == 0 ||
	    strcmp(arg, "heir_id") == 0 || strcmp(arg, "deputy_id") == 0)
		return must_int(seat);
	if (strcmp(arg, "unit_id") == 0 || strcmp(arg, "parent_id") == 0)
		return must_int("select u.unit_id from firebreak.org_unit u,"
				" public.foreign_range f where u.code_lo >="
				" f.lo and u.code_hi <= f.hi order by u.depth"
				" desc, 1 limit 1");
	if (strcmp(arg, "device_id") == 0)
		return must_int(
		    "select d.device_id from firebreak.device d"
		    " join firebreak.seat s on s.person_id = d.person_id,"
		    " public.foreign_range f"
		    " where s.code between f.lo and f.hi limit 1");
	for (size_t i = 0; i < COUNT_OF(id_table); i++) {
		if (strcmp(arg, id_table[i].arg) != 0)
			continue;
		sql = xasprintf("%s, public.foreign_range f where t.org_code"
				" between f.lo and f.hi order by 1 limit 1",
		    id_table[i].sql);
		id = must_int(sql);
		free(sql);
		return id;
	}
	return 1;
}

/* A value that a function takes seriously. */
static char *
plausible(const struct catalogue_arg *a)
{
	size_t n = strlen(a->name);

	if (n > 3 && strcmp(a->name + n - 3, "_id") == 0)
		return xasprintf("%lld", (long long)foreign_id(a->name));
	if (strcmp(a->name, "cause") == 0)
		return xstrdup("visit_made");
	if (strcmp(a->name, "kind") == 0)
		return xstrdup("call");
	if (strcmp(a->name, "role") == 0)
		return xstrdup("rep");
	if (strcmp(a->name, "stage") == 0 || strcmp(a->name, "grade") == 0 ||
	    strcmp(a->name, "state") == 0 || strcmp(a->name, "status") == 0 ||
	    strcmp(a->name, "level") == 0 || strcmp(a->name, "light") == 0 ||
	    a->optional)
		return NULL;
	switch (a->kind) {
	case DB_INT:
		return xstrdup("1");
	case DB_BOOL:
		return xstrdup("true");
	case DB_REAL:
		return xstrdup("0.5");
	case DB_DATE:
	case DB_TIME:
		return xstrdup("2030-01-01");
	default:
		return xstrdup(strcmp(a->name, "text") == 0 ? "zq" : "x");
	}
}

/* With optional ids given too: they are the interesting ones. */
static char **
args_make(const struct statement *s)
{
	char **values = xcalloc((size_t)s->arg_count + 1, sizeof(*values));

	for (int i = 0; i < s->arg_count; i++)
		values[i] = plausible(&s->args[i]);
	return values;
}

static void
args_free(const struct statement *s, char **values)
{
	for (int i = 0; i < s->arg_count; i++)
		free(values[i]);
	free(values);
}

static void
become(const struct person *p)
{
	char *sql = xasprintf("set local firebreak.person = %lld;"
			      "set local firebreak.lo = %lld;"
			      "set local firebreak.hi = %lld;"
			      "set local role firebreak_app",
	    (long long)p->id, (long long)p->lo, (long long)p->hi);

	must_script("become", sql);
	free(sql);
}

/* Runs a statement as somebody; rows is NULL if it was refused. */
static struct pg_result *
run_as(const struct statement *s, const struct person *p, char **args)
{
	const struct catalogue_text *t = &s->text[0];
	struct db_value values[CATALOGUE_PARAMS_MAX];
	char me[24], lo[24], hi[24];
	struct pg_result *rows = NULL;
	struct err e;

	snprintf(me, sizeof(me), "%lld", (long long)p->id);
	snprintf(lo, sizeof(lo), "%lld", (long long)p->lo);
	snprintf(hi, sizeof(hi), "%lld", (long long)p->hi);
	for (int i = 0; i < t->params; i++) {
		const char *v = t->source[i] >= 0	    ? args[t->source[i]]
				: t->source[i] == SOURCE_ME ? me
				: t->source[i] == SOURCE_LO ? lo
				: t->source[i] == SOURCE_HI ? hi
							    : NULL;
		values[i] = (struct db_value){v, v ? (int)strlen(v) : 0};
	}
	become(p);
	if (db_sync_run(db, t->sql, values, t->params, &rows, &e) != 0)
		return NULL;
	return rows;
}

static bool
has_marker(const struct pg_result *rows)
{
	for (int r = 0; r < db_rows(rows); r++)
		for (int c = 0; c < db_columns(rows); c++) {
			int type = db_column_type(rows, c);

			if ((type == DB_TEXT || type == DB_JSON) &&
			    strstr(db_text(rows, r, c, NULL), MARKER))
				return true;
		}
	return false;
}

static void
check(const struct statement *s, const char *role, const struct person *p)
{
	int64_t before = must_int("select public.foreign_sum()"), after;
	char **args = args_make(s);
	struct pg_result *rows;
	bool leaked, changed;

	must_script("begin", "begin");
	rows = run_as(s, p, args);
	leaked = rows && has_marker(rows);
	/* A refused statement has nothing left to look at. */
	if (rows)
		must_script("reset", "reset role");
	after = rows ? must_int("select public.foreign_sum()") : before;
	must_script("rollback", "rollback");
	changed = before != after;
	printf("%s %d - %s as %s\n", leaked || changed ? "not ok" : "ok",
	    ++tests, s->name, role);
	if (leaked)
		printf("# a row of another region was read\n");
	if (changed)
		printf("# a row of another region was changed\n");
	failures += leaked || changed;
	db_result_free(rows);
	args_free(s, args);
}

/* That the marker can be seen at all, by those whose it is. */
static void
check_marker(const struct catalogue *c)
{
	struct person p = {
	    .id = must_int("select person_id from public.actor"
			   " where role = 'ops'"),
	    .lo = must_int("select lo from public.foreign_range"),
	    .hi = must_int("select hi from public.foreign_range"),
	};
	const struct statement *s = catalogue_find(c, "customer/list", 13);
	char **args = xcalloc((size_t)s->arg_count + 1, sizeof(*args));
	struct pg_result *rows;

	must_script("begin", "begin");
	rows = run_as(s, &p, args);
	printf("%s %d - the marker is there to be seen\n",
	    rows && has_marker(rows) ? "ok" : "not ok", ++tests);
	failures += !(rows && has_marker(rows));
	db_result_free(rows);
	must_script("rollback", "rollback");
	free(args);
}

static void
check_all(const struct catalogue *c)
{
	for (const char *const *r = catalogue_roles(); *r; r++) {
		char *sql = xasprintf(
		    "select person_id from public.actor where role = '%s'", *r);
		char *range = xasprintf(
		    "from firebreak.scope_of(%lld)", (long long)must_int(sql));
		char *lo = xasprintf("select lo %s", range);
		char *hi = xasprintf("select hi %s", range);
		struct person p = {must_int(sql), must_int(lo), must_int(hi)};

		for (int i = 0; i < catalogue_count(c); i++)
			check(catalogue_at(c, i), *r, &p);
		free(sql);
		free(range);
		free(lo);
		free(hi);
	}
}

int
main(void)
{
	const char *conninfo = getenv("FIREBREAK_PG");
	struct diags *d = diags_new();
	struct catalogue *c;
	struct buf out = {0};
	struct err e;

	setvbuf(stdout, NULL, _IOLBF, 0);
	db = db_sync_open(conninfo ? conninfo : "", &e);
	if (!db) {
		printf("Bail out! %s\n", e.text);
		return 1;
	}
	c = catalogue_read(sqlfile_table, d);
	if (!c || catalogue_describe(c, db, d) != 0) {
		diags_print(d, &out);
		printf("Bail out! the catalogue is faulty\n%s", buf_str(&out));
		return 1;
	}
	must_script("demo.sql", sqlfile_find("demo.sql")->text);
	must("select demo.build(reps => 12, customers => 120, days => 30)",
	    NULL);
	must_script("setup", setup_sql);
	must(mark_sql, NULL);
	must(checksum_sql, NULL);
	check_marker(c);
	check_all(c);
	printf("1..%d\n", tests);
	catalogue_free(c);
	db_sync_close(db);
	diags_free(d);
	return failures != 0;
}
