/*
 * Topics, generated from the catalogue: when a write changes the answer of a
 * read, they must share a topic, or a terminal would show what was.  Needs
 * FIREBREAK_PG: a superuser's connection to a database with the schema.
 *
 * In one transaction per write: every read is answered to a supervisor, to the
 * rep who owns the records and to operations, the write is made, every read is
 * answered again.  The clock stands still.
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

#define READS_MAX 256
#define READERS 3

static struct db_sync *db;
static const struct catalogue *catalogue;
static int tests, failures;
static bool worked[READS_MAX]; /* by number: was answered at least once */
static bool moved[READS_MAX];  /* was changed by a write */

struct person {
	int64_t id, lo, hi;
};

static void
bail(const char *sql, const struct err *e)
{
	printf("Bail out! %s\n# in %s\n", e->text, sql);
	exit(1);
}

static void
must_script(const char *text)
{
	struct err e;

	if (db_sync_script(db, "topics", text, &e) != 0)
		bail(text, &e);
}

/* The first cell as text, NULL if there is none or it is null. */
static char *
must_text(const char *sql)
{
	struct pg_result *rows;
	char *wrapped = xasprintf("select (%s)::text", sql), *text = NULL;
	struct err e;

	if (db_sync_run(db, wrapped, NULL, 0, &rows, &e) != 0)
		bail(wrapped, &e);
	if (db_rows(rows) && !db_is_null(rows, 0, 0))
		text = xstrdup(db_text(rows, 0, 0, NULL));
	db_result_free(rows);
	free(wrapped);
	return text;
}

static int64_t
must_int(const char *sql)
{
	char *text = must_text(sql);
	int64_t value = text ? strtoll(text, NULL, 10) : 0;

	free(text);
	return value;
}

/* A customer with everything, its owner, and somebody of every role in
 * the region of that customer; ops sits at the top. */
static const char setup_sql[] =
    "create table public.pick as select c.customer_id, c.owner_id,"
    "  c.org_code, (select min(contact_id) from firebreak.contact k"
    "   where k.customer_id = c.customer_id) as contact_id,"
    "  o.opportunity_id"
    " from firebreak.customer c join firebreak.opportunity o"
    "  using (customer_id)"
    " where o.closed_at is null and exists (select from "
    "firebreak.contact k"
    "  where k.customer_id = c.customer_id) and exists (select from"
    "  firebreak.activity a where a.customer_id = c.customer_id)"
    " order by 1, o.opportunity_id limit 1;"
    "create table public.spot as select u.* from firebreak.org_unit u,"
    " public.pick p where u.kind = 'region'"
    " and p.org_code between u.code_lo and u.code_hi;"
    "create table public.actor as select r.role, firebreak.person_add("
    "  'actor ' || r.role, 'a' || r.role || '@x.test', 'en', "
    "'2020-01-01')"
    "  as person_id"
    " from "
    "unnest(array['supervisor','ops','finance','technical','service',"
    "  'marketing','supply','rep']) as r(role);"
    "select firebreak.seat_add(case when a.role = 'ops' then (select "
    "unit_id"
    "  from firebreak.org_unit where parent_id is null) else u.unit_id "
    "end,"
    "  a.role, a.person_id) from public.actor a, public.spot u;"
    "insert into public.actor select 'rep', owner_id from public.pick;"
    "insert into firebreak.device (person_id, public_key, created_at)"
    " select owner_id, sha256('a device'), now() from public.pick;"
    "insert into firebreak.alert (rule_id, level, title, text_zh, "
    "text_en,"
    "  subject_kind, subject_id, org_code, customer_id, person_id,"
    "  opened_at, changed_at, recorded_at)"
    " select 'a/rule', 2, 'title', 'text', 'text', 'customer',"
    "  customer_id, org_code, customer_id, owner_id, now(), now(), "
    "now()"
    " from public.pick;";

#define PICK(column) "select " column " from public.pick"
#define NEWEST(id, table) "select max(" id ") from firebreak." table
#define IN_SPOT \
	" t, public.spot u where t.org_code between u.code_lo and u.code_hi"
#define OTHER_REP                                                          \
	"select min(s.person_id) from firebreak.seat s, public.spot u"     \
	" where s.role = 'rep' and s.code between u.code_lo and u.code_hi" \
	" and s.person_id not in (select owner_id from public.pick)"

/* What arguments are given: for one statement, or for all. */
static const struct {
	const char *statement, *arg, *sql;
} arg_table[] = {
    {"customer/transfer", "person_id", OTHER_REP},
    {"lead/dispatch", "person_id", OTHER_REP},
    {"people/leave", "heir_id", OTHER_REP},
    {"people/move", "unit_id",
	"select max(t.unit_id) from firebreak.org_unit t"
	" where t.kind = 'team' and not exists (select from public.pick p"
	" where p.org_code between t.code_lo and t.code_hi)"},
    {"alert/mute", "reason", "select 'known'"},
    {"contact/remove", "contact_id", NEWEST("contact_id", "contact")},
    {"activity/record", "kind", "select 'call'"},
    {"people/create", "role", "select 'rep'"},
    {"people/create", "email", "select 'new@x.test'"},
    {"unit/create", "parent_id", "select unit_id from public.spot"},
    {"unit/create", "kind", "select 'area'"},
    {"customer/create", "name", "select 'a customer nobody knew'"},
    {"customer/update", "city", "select 'Elsewhere'"},
    {"contact/update", "title", "select 'Chief of Everything'"},
    {"opportunity/update", "name", "select 'another name'"},
    {"people/update", "name", "select 'Another Name'"},
    {NULL, "activity_id",
	"select max(activity_id) from firebreak.activity a, "
	"public.pick p"
	" where a.customer_id = p.customer_id"},
    {NULL, "alert_id", "select max(alert_id) from firebreak.alert" IN_SPOT},
    {NULL, "audit_id", NEWEST("audit_id", "audit_open")},
    {NULL, "contact_id", PICK("contact_id")},
    {NULL, "customer_id", PICK("customer_id")},
    {NULL, "opportunity_id", PICK("opportunity_id")},
    {NULL, "person_id", PICK("owner_id")},
    {NULL, "owner_id", PICK("owner_id")},
    {NULL, "deputy_id", OTHER_REP},
    {NULL, "deputy_row", NEWEST("deputy_id", "deputy")},
    {NULL, "device_id", NEWEST("device_id", "device")},
    {NULL, "lead_id", "select max(lead_id) from firebreak.lead" IN_SPOT},
    {NULL, "task_id", NEWEST("task_id", "task")},
    {NULL, "unit_id", "select unit_id from public.spot"},
    {NULL, "version",
	"select version from firebreak.customer join public.pick"
	" using (customer_id)"},
    {"", "cause", "select 'visit_made'"},
    {NULL, "hours", "select 4"},
    {NULL, "days", "select 2"},
    {NULL, "amount", "select 7700"},
    {NULL, "won", "select true"},
    {NULL, "until", "select clock.now() + interval '3 days'"},
    {NULL, "due_at", "select clock.now() + interval '3 hours'"},
    {NULL, "expected_close", "select clock.today() + 30"},
    {NULL, "text", "select 'an'"},
    {NULL, "name", "select 'a new name'"},
    {NULL, "what", "select 'something to be done'"},
    {NULL, "summary", "select 'what was said there'"},
    {NULL, "reason", "select 'because it must be tried'"},
    {NULL, "body", "select 'a word about it'"},
};

/* What must have happened before: writes, made first, or SQL. */
static const struct {
	const char *statement, *first, *sql;
} before_table[] = {
    {"alert/unack", "alert/ack", NULL},
    {"alert/unmute", "alert/mute", NULL},
    {"contact/restore", "contact/update", NULL},
    {"customer/restore", "customer/update", NULL},
    {"opportunity/restore", "opportunity/update", NULL},
    {"contact/remove", "contact/create", NULL},
    {"activity/retract", "visit/record", NULL},
    {"people/undeputy", "people/deputy", NULL},
    {"suspension/override", "suspension/trip", NULL},
    {"task/done", "task/create", NULL},
    {"task/drop", "task/create", NULL},
    {"task/reopen", "task/create", "task/done"},
    {"lead/dispatch", "lead/create", NULL},
    {"lead/take", "lead/create", NULL},
    {"lead/recall", "lead/create", "lead/dispatch"},
    {"lead/convert", "lead/create", "lead/take"},
    {"lead/untake", "lead/create", "lead/take"},
    {"commitment/restore", "commitment/set", NULL},
};

static char *
arg_value(const struct statement *s, const struct catalogue_arg *a)
{
	for (size_t i = 0; i < COUNT_OF(arg_table); i++) {
		const char *of = arg_table[i].statement;

		if (strcmp(arg_table[i].arg, a->name) != 0)
			continue;
		/* reads are asked for all, but for what they cannot
		 * omit */
		if (of && *of && strcmp(of, s->name) != 0)
			continue;
		if (a->optional && !(s->is_write && of))
			continue;
		return arg_table[i].sql ? must_text(arg_table[i].sql) : NULL;
	}
	return NULL;
}

static void
become(const struct person *p)
{
	char *sql = xasprintf("set local firebreak.person = %lld;"
			      "set local firebreak.lo = %lld;"
			      "set local firebreak.hi = %lld;"
			      "set local role firebreak_app",
	    (long long)p->id, (long long)p->lo, (long long)p->hi);

	must_script(sql);
	free(sql);
}

/* One number for an answer, whatever the order of its rows. */
static const char sum_begin[] =
    "select coalesce(sum(hashtextextended(q::text, 0) % 1000000007), 0)"
    "::bigint from (";
static const char sum_end[] = ") q";

/* Runs a statement as somebody, or one number of its answer; NULL if
 * refused. The transaction goes on as the superuser's either way. */
static struct pg_result *
run_as(const struct statement *s, const struct person *p, bool summed,
    struct err *e)
{
	const struct catalogue_text *t = &s->text[0];
	char *args[CATALOGUE_PARAMS_MAX + 3] = {0};
	struct db_value values[CATALOGUE_PARAMS_MAX];
	char *sql = xasprintf(
	    "%s%s%s", summed ? sum_begin : "", t->sql, summed ? sum_end : "");
	char **context = args + s->arg_count;
	struct pg_result *rows = NULL;

	for (int i = 0; i < s->arg_count; i++)
		args[i] = arg_value(s, &s->args[i]);
	context[0] = xasprintf("%lld", (long long)p->id);
	context[1] = xasprintf("%lld", (long long)p->lo);
	context[2] = xasprintf("%lld", (long long)p->hi);
	for (int i = 0; i < t->params; i++) {
		const char *v = t->source[i] >= 0	    ? args[t->source[i]]
				: t->source[i] == SOURCE_ME ? context[0]
				: t->source[i] == SOURCE_LO ? context[1]
				: t->source[i] == SOURCE_HI ? context[2]
							    : NULL;
		values[i] = (struct db_value){v, v ? (int)strlen(v) : 0};
	}
	must_script("savepoint one");
	become(p);
	if (db_sync_run(db, sql, values, t->params, &rows, e) != 0) {
		rows = NULL;
		must_script("rollback to one");
	}
	must_script("reset role");
	for (int i = 0; i < s->arg_count + 3; i++)
		free(args[i]);
	free(sql);
	return rows;
}

static int64_t
read_sum(const struct statement *s, const struct person *p)
{
	struct err e;
	struct pg_result *rows = run_as(s, p, true, &e);
	int64_t sum = -1;

	if (rows) {
		sum = db_int(rows, 0, 0);
		worked[s->number] = true;
	}
	db_result_free(rows);
	return sum;
}

static void
read_all(const struct person *p, int64_t *sums)
{
	for (int i = 0; i < catalogue_count(catalogue); i++) {
		const struct statement *s = catalogue_at(catalogue, i);

		if (!s->is_write)
			sums[i] = read_sum(s, p);
	}
}

static struct person
actor_at(const char *role, int n)
{
	char *sql = xasprintf("select person_id from public.actor where role ="
			      " '%s' order by person_id offset %d limit 1",
	    role, n);
	struct person p = {.id = must_int(sql)};
	char *lo = xasprintf(
	    "select lo from firebreak.scope_of(%lld)", (long long)p.id);
	char *hi = xasprintf(
	    "select hi from firebreak.scope_of(%lld)", (long long)p.id);

	if (p.id) {
		p.lo = must_int(lo);
		p.hi = must_int(hi);
	}
	free(sql);
	free(lo);
	free(hi);
	return p;
}

/* By the first who may and can. */
static bool
write_once(const struct statement *s, struct err *e)
{
	err_set(e, ERR_REFUSED, "nobody may");
	for (const char *const *r = catalogue_roles(); *r; r++) {
		if (!(s->roles & catalogue_role_bit(*r)))
			continue;
		for (int n = 0; n < 2; n++) {
			struct person p = actor_at(*r, n);
			struct pg_result *rows =
			    p.id ? run_as(s, &p, false, e) : NULL;

			db_result_free(rows);
			if (rows)
				return true;
		}
	}
	return false;
}

static bool
write_named(const char *name, struct err *e)
{
	return !name ||
	       write_once(catalogue_find(catalogue, name, strlen(name)), e);
}

static bool
write_before(const struct statement *s, struct err *e)
{
	for (size_t i = 0; i < COUNT_OF(before_table); i++)
		if (strcmp(before_table[i].statement, s->name) == 0)
			return write_named(before_table[i].first, e) &&
			       write_named(before_table[i].sql, e);
	return true;
}

/* Sums of all reads for each reader. */
struct answers {
	int64_t sums[READERS][READS_MAX];
};

static void
read_everything(const struct person readers[READERS], struct answers *a)
{
	for (int i = 0; i < READERS; i++)
		read_all(&readers[i], a->sums[i]);
}

/* Whether one of the readers sees another answer than before. */
static bool
is_changed(const struct answers *was, const struct answers *is, int read)
{
	for (int i = 0; i < READERS; i++)
		if (was->sums[i][read] != is->sums[i][read])
			return true;
	return false;
}

static int
compare(const struct statement *w, const struct answers *was,
    const struct answers *is)
{
	int bad = 0, changed = 0;

	for (int i = 0; i < catalogue_count(catalogue); i++) {
		const struct statement *s = catalogue_at(catalogue, i);

		if (s->is_write || !is_changed(was, is, i))
			continue;
		changed++;
		moved[i] = true;
		if (s->topics & w->topics)
			continue;
		printf(
		    "# %s changes %s: no topic in common\n", w->name, s->name);
		bad++;
	}
	printf("# %s changes %d answers\n", w->name, changed);
	return bad + !changed; /* what shows nothing proves nothing */
}

static void
verdict(
    const struct statement *w, bool good, const char *what, const struct err *e)
{
	printf("%s %d - %s", good ? "ok" : "not ok", ++tests, w->name);
	if (e)
		printf("%s: %s %s", what, e->name, e->text);
	printf("\n");
	failures += !good;
	must_script("rollback");
}

static void
check(const struct statement *w, const struct person readers[READERS])
{
	static struct answers was, is;
	struct err e;

	must_script("begin; select set_config('firebreak.now', "
		    "now()::text, true)");
	if (!write_before(w, &e)) {
		verdict(w, false, ": before it", &e);
		return;
	}
	read_everything(readers, &was);
	if (!write_once(w, &e)) {
		verdict(w, false, "", &e);
		return;
	}
	read_everything(readers, &is);
	verdict(w, compare(w, &was, &is) == 0, "", NULL);
}

/* A read that was never answered proves nothing. */
static void
check_reads(void)
{
	for (int i = 0; i < catalogue_count(catalogue); i++) {
		const struct statement *s = catalogue_at(catalogue, i);

		if (s->is_write)
			continue;
		printf("%s %d - %s was answered\n", worked[i] ? "ok" : "not ok",
		    ++tests, s->name);
		failures += !worked[i];
		if (s->topics && !moved[i])
			printf("# %s: no write changed its answer\n", s->name);
	}
}

static void
company_make(void)
{
	must_script(sqlfile_find("demo.sql")->text);
	must_script("select demo.build(reps => 12, customers => 120,"
		    " days => 30)");
	must_script(setup_sql);
}

int
main(void)
{
	const char *conninfo = getenv("FIREBREAK_PG");
	struct diags *d = diags_new();
	struct catalogue *c;
	struct person readers[READERS];
	struct buf out = {0};
	struct err e;

	setvbuf(stdout, NULL, _IOLBF, 0);
	db = db_sync_open(conninfo ? conninfo : "", &e);
	if (!db)
		bail("connecting", &e);
	c = catalogue_read(sqlfile_table, d);
	if (!c || catalogue_describe(c, db, d) != 0 ||
	    catalogue_count(c) > READS_MAX) {
		diags_print(d, &out);
		printf("Bail out! the catalogue is faulty\n%s", buf_str(&out));
		return 1;
	}
	catalogue = c;
	company_make();
	readers[0] = actor_at("supervisor", 0);
	readers[1] = actor_at("rep", 0);
	readers[2] = actor_at("ops", 0);
	for (int i = 0; i < catalogue_count(c); i++)
		if (catalogue_at(c, i)->is_write)
			check(catalogue_at(c, i), readers);
	check_reads();
	printf("1..%d\n", tests);
	catalogue_free(c);
	db_sync_close(db);
	diags_free(d);
	return failures != 0;
}
