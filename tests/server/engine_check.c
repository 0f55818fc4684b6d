/*
 * The engine on a real database, on a clock that the test moves.
 *
 * - freshness: yellow after 30 days, red after 60, green on confirmation; each
 *   step carries the instant at which it became true
 * - breaker: trips on the 51st visit, stops dispatch in the database, half
 *   open with an allowance, closes, reopens at its deadline
 * - restart: nothing is repeated, nothing is lost
 * - the stored states equal those of a full evaluation from nothing
 *
 * Needs PGHOST and PGDATABASE of a database with the schema and no rows.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/diag.h"
#include "common/log.h"
#include "common/loop.h"
#include "common/mem.h"
#include "server/db/sync.h"
#include "server/engine/engine.h"

#define DAY INT64_C(86400000000)
#define HOUR INT64_C(3600000000)
#define START INT64_C(1767574800000000) /* 2026-01-05 01:00 UTC */

static struct loop *loop;
static struct engine *engine;
static struct db_sync *db;
static int64_t clock_us = START;
static int number, bad;

static int64_t
test_clock(void *arg)
{
	(void)arg;
	return clock_us;
}

static void
ok(bool good, const char *what)
{
	printf("%s %d - %s\n", good ? "ok" : "not ok", ++number, what);
	bad += !good;
	fflush(stdout);
}

static void
run(const char *sql)
{
	struct err e = {0};

	if (db_sync_run(db, sql, NULL, 0, NULL, &e))
		fatalx("%s: %s", sql, e.text);
}

/* The first cell as text. */
static char *
one(const char *sql)
{
	struct pg_result *rows;
	struct err e = {0};
	char *text, *wrapped = xasprintf("select (%s)::text", sql);
	const char *cell;
	int len;

	if (db_sync_run(db, wrapped, NULL, 0, &rows, &e))
		fatalx("%s: %s", sql, e.text);
	cell = db_text(rows, 0, 0, &len);
	text = xstrndup(cell, (size_t)len);
	db_result_free(rows);
	free(wrapped);
	return text;
}

static void
is(const char *sql, const char *want, const char *what)
{
	char *got = one(sql);

	ok(strcmp(got, want) == 0, what);
	if (strcmp(got, want) != 0)
		printf("# got %s, wanted %s\n", got, want);
	free(got);
}

static void
set_clock(int64_t at)
{
	char *sql;

	clock_us = at;
	sql = xasprintf("select set_config('firebreak.now', (timestamptz"
			" 'epoch' + %" PRId64
			" * interval '1 microsecond')::text, false)",
	    at);
	run(sql);
	free(sql);
}

static void
engine_start(void)
{
	struct engine_options o = {.conninfo = "user=firebreak_app",
	    .pack = "server/packs/standard",
	    .clock = test_clock};
	struct diags *d = diags_new();
	struct buf out = {0};

	engine = engine_new(loop, &o, d);
	if (!engine) {
		diags_print(d, &out);
		fatalx("the rules do not load:\n%s", buf_str(&out));
	}
	diags_free(d);
}

/* Until the engine has nothing left to do at the present instant. */
static void
settle(void)
{
	struct engine_stats s;
	uint64_t errors;

	engine_stats(engine, &s);
	errors = s.errors;
	engine_poke(engine);
	do {
		loop_turn(loop, true);
		engine_stats(engine, &s);
	} while (s.errors == errors && (!s.ready || !engine_is_idle(engine)));
	if (s.errors != errors)
		fatalx("the engine failed");
}

static void
move_to(int64_t at)
{
	set_clock(at);
	settle();
}

static void
restart(void)
{
	engine_free(engine);
	/* the lock goes with the connection, a moment later */
	engine_start();
	settle();
}

static void
make_company(void)
{
	run("insert into firebreak.org_unit (unit_id, parent_id, name, kind,"
	    " depth, code_lo, code_hi) values (1, null, 'C', 'company', 0, 0,"
	    " 9999), (2, 1, 'T', 'team', 1, 1000, 1999)");
	run("insert into firebreak.org_closure values (1,1,0),(2,2,0),(1,2,1)");
	run("insert into firebreak.person (person_id, name, recorded_at)"
	    " select i, 'P' || i, clock.now() from generate_series(1, 6) i");
	run("insert into firebreak.seat (unit_id, code, person_id, role, since)"
	    " select 2, 1000 + i, i, case i when 1 then 'supervisor' else"
	    " 'rep' end, clock.now() from generate_series(1, 6) i");
	run("insert into firebreak.customer (customer_id, org_code, owner_id,"
	    " name, created_at, updated_at, recorded_at) select i, 1002, 2,"
	    " 'K' || i, clock.now(), clock.now(), clock.now()"
	    " from generate_series(1, 3) i");
	run("insert into firebreak.customer_state (customer_id, org_code,"
	    " owner_id, created_at, last_interaction_at, last_key_at, name)"
	    " select i, 1002, 2, clock.now(), clock.now(), clock.now(),"
	    " 'K' || i from generate_series(1, 3) i");
}

#define LIGHT(id) \
	"select light from firebreak.customer_state where customer_id = " id
#define STEP(rule, subject, to)                                            \
	"select round(extract(epoch from max(at)) * 1000000)::bigint from" \
	" firebreak.transition where rule_id = '" rule                     \
	"' and subject = " subject " and to_state = '" to "'"
#define BREAKER(id)                                                     \
	"select coalesce((select state from firebreak.rule_state where" \
	" rule_id = 'zero-yield-visits' and subject = " id "), 'closed')"

static void
is_at(const char *sql, int64_t want, const char *what)
{
	char *text = xasprintf("%" PRId64, want);

	is(sql, text, what);
	free(text);
}

static void
touch(const char *customer, bool key)
{
	char *sql = xasprintf("update firebreak.customer_state set"
			      " last_interaction_at = clock.now()%s where"
			      " customer_id = %s",
	    key ? ", last_key_at = clock.now()" : "", customer);

	run(sql);
	free(sql);
	sql = xasprintf(
	    "insert into firebreak.activity (customer_id, happened_at, kind,"
	    " org_code, person_id, effective, recorded_at) values (%s,"
	    " clock.now(), 'call', 1002, 2, true, clock.now())",
	    customer);
	run(sql);
	free(sql);
	sql = xasprintf(
	    "insert into firebreak.change_queue (source, subject, customer_id,"
	    " org_code, person_id, at) values ('interactions', %s, %s, 1002, 2,"
	    " clock.now())",
	    customer, customer);
	run(sql);
	free(sql);
}

static void
test_freshness(void)
{
	move_to(START + 30 * DAY);
	is(LIGHT("1"), "0", "green on the 30th day");
	move_to(START + 31 * DAY);
	is(LIGHT("1"), "1", "yellow after 30 days");
	is_at(STEP("customer-freshness", "1", "yellow"), START + 30 * DAY + 1,
	    "dated when it became true, not when it was seen");
	touch("2", true);
	settle();
	is(LIGHT("2"), "0", "an interaction makes it green");
	is_at(STEP("customer-freshness", "2", "ok"), START + 31 * DAY,
	    "green at the recorded instant");
	touch("3", false);
	move_to(START + 70 * DAY);
	is(LIGHT("1"), "2", "red after 60 days");
	is(LIGHT("3"), "2", "talking alone does not refresh key fields");
	is_at(STEP("customer-freshness", "3", "yellow"), START + 30 * DAY + 1,
	    "yellow once");
	is("select count(*) from firebreak.alert where closed_at is null and"
	   " rule_id = 'customer-freshness'",
	    "3", "three alerts on the wall: two red, one yellow");
	is("select count(*) from firebreak.task where customer_id = 1", "2",
	    "the owner's task and the intervention");
	is("select outcomes[1] || person_id from firebreak.task"
	   " where customer_id = 1 and kind = 'intervene'",
	    "协助1", "the supervisor must decide");
	touch("1", true);
	settle();
	is(LIGHT("1"), "0", "confirmed: green");
	is("select count(*) from firebreak.alert where closed_at is null and"
	   " rule_id = 'customer-freshness'",
	    "2", "its alert is closed");
}

static void
visit(int64_t at)
{
	set_clock(at);
	run("insert into firebreak.activity (customer_id, happened_at, kind,"
	    " org_code, person_id, recorded_at) values (1, clock.now(),"
	    " 'visit', 1002, 2, clock.now())");
	run("insert into firebreak.change_queue (source, subject, customer_id,"
	    " org_code, person_id, at) values ('visits', 2, 1, 1002, 2,"
	    " clock.now())");
}

static void
opportunity(int64_t at)
{
	set_clock(at);
	run("insert into firebreak.opportunity (customer_id, org_code,"
	    " owner_id, name, stage, stage_entered_at, valid, valid_at,"
	    " expected_close, created_at, updated_at, recorded_at) values (1,"
	    " 1002, 2, 'O', 'needs', clock.now(), true, clock.now(),"
	    " '2026-12-31', clock.now(), clock.now(), clock.now())");
	run("insert into firebreak.change_queue (source, subject, customer_id,"
	    " org_code, person_id, at) values ('new_opps', 2, 1, 1002, 2,"
	    " clock.now())");
	settle();
}

static void
test_breaker(int64_t from)
{
	for (int i = 0; i < 50; i++)
		visit(from + i * HOUR);
	settle();
	is(BREAKER("2"), "closed", "50 visits do not trip it");
	is("select firebreak.pass(2, 'lead_dispatch')", "true",
	    "leads pass while it is closed");
	restart();
	visit(from + 50 * HOUR);
	settle();
	is(BREAKER("2"), "open", "the 51st visit trips it");
	is_at(STEP("zero-yield-visits", "2", "open"), from + 50 * HOUR,
	    "at the instant of that visit");
	is("select firebreak.pass(2, 'lead_dispatch')", "false",
	    "the database itself refuses leads");
	is("select count(*) from firebreak.training where person_id = 2", "1",
	    "the lesson is pushed");
	is("select subject_name from firebreak.alert where closed_at is null"
	   " and rule_id = 'zero-yield-visits'",
	    "P2", "the manager sees an alert");
	move_to(from + 50 * HOUR + 7 * DAY - 1);
	is(BREAKER("2"), "open", "open until the seventh day");
	restart();
	move_to(from + 50 * HOUR + 8 * DAY);
	is(BREAKER("2"), "half_open", "half open after seven days");
	is("select allowance from firebreak.suspension where lifted_at is null",
	    "5", "five leads may pass");
	move_to(from + 50 * HOUR + 22 * DAY);
	is(BREAKER("2"), "open", "no good lead in 14 days: open again");
	is("select repeats from firebreak.rule_state where subject = 2 and"
	   " rule_id = 'zero-yield-visits'",
	    "1", "and longer this time");
	move_to(from + 50 * HOUR + 30 * DAY);
	is(BREAKER("2"), "half_open", "half open again");
	opportunity(from + 50 * HOUR + 31 * DAY);
	is(BREAKER("2"), "half_open", "one good opportunity is not enough");
	opportunity(from + 50 * HOUR + 32 * DAY);
	is(BREAKER("2"), "closed", "two good opportunities close it");
	is("select firebreak.pass(2, 'lead_dispatch')", "true",
	    "leads pass again");
	is("select string_agg(from_state || '>' || to_state, ' ' order by seq)"
	   " from firebreak.transition where rule_id = 'zero-yield-visits'",
	    "closed>open open>half_open half_open>open open>half_open"
	    " half_open>closed",
	    "every step once, in order, over two restarts");
	is("select count(*) from firebreak.change_queue", "0",
	    "nothing is left in the queue");
}

/* Judged from nothing, everybody stands where the events had brought him. */
static void
test_full(void)
{
	char *was =
	    one("select coalesce(string_agg(rule_id || subject || state,"
		" ' ' order by rule_id, subject), '') from"
		" firebreak.rule_state where subject_kind = 'customer'");
	char *steps = one("select count(*) from firebreak.transition");

	engine_free(engine);
	run("delete from firebreak.rule_state where subject_kind = 'customer'");
	run("update firebreak.engine set mark = clock.now()");
	engine_start();
	settle();
	is("select coalesce(string_agg(rule_id || subject || state, ' ' order"
	   " by rule_id, subject), '') from firebreak.rule_state where"
	   " subject_kind = 'customer'",
	    was, "full evaluation equals what the events led to");
	ok(atoi(steps) > 5, "there were steps to compare");
	free(was);
	free(steps);
}

int
main(void)
{
	struct err e = {0};

	log_open("engine_check", LOG_LEVEL_WARN);
	db = db_sync_open("user=postgres", &e);
	if (!db)
		fatalx("%s", e.text);
	loop = loop_new();
	set_clock(START);
	make_company();
	engine_start();
	settle();
	test_freshness();
	test_breaker(START + 100 * DAY);
	test_full();
	engine_free(engine);
	db_sync_close(db);
	loop_free(loop);
	printf("1..%d\n", number);
	return bad > 0;
}
