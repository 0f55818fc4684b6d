/*
 * The gateway with real clients and a real PostgreSQL (FIREBREAK_PG):
 * - an invited device joins, an unknown one is refused, a revoked one is sent
 *   away at once
 * - a read, a write, the write again, a refusal, wrong names, arguments, roles
 * - pages forward and backward hold every row once, in order
 * - a watched pane hears of a write in its range and of no other
 * - filters, a search, an exact count
 * - a write whose terminal has gone is told all the same, also to the other
 *   gateway of the same database
 * - connections lost by PostgreSQL come back, and panes are told to ask again
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/codec.h"
#include "common/loop.h"
#include "common/mem.h"
#include "server/catalogue.h"
#include "tests/harness/gate.h"
#include "tests/harness/harness.h"

#define CUSTOMERS 450

static int64_t rep_person, other_person;
static struct gate_terminal rep, boss, other;

static const char slow_sql[] =
    "-- statement: test/slow\n-- purpose: Slow.\n-- roles: all\n"
    "-- rows: one\n-- watch: customer\n"
    "select 1::bigint as n, coalesce(pg_sleep(1.3)::text, '') as slept\n";
static const char slow_write_sql[] =
    "-- statement: test/slow_write\n-- purpose: A slow visit.\n-- roles: rep\n"
    "-- args: customer_id bigint, on_site bool, summary text\n"
    "-- rows: one\n-- changes: activity\n-- undo: activity/retract\n"
    "select id, org_code, id as activity_id, pg_sleep(1.3)::text as slept\n"
    "from api.visit_record(:customer_id, null, :on_site, null, null, null,\n"
    "    :summary, null, null)\n";
static const struct sqlfile slow_files[] = {
    {"api/test/slow.sql", slow_sql, sizeof(slow_sql) - 1},
    {"api/test/slow_write.sql", slow_write_sql, sizeof(slow_write_sql) - 1}};

static const struct sqlfile *
with_slow(void)
{
	static struct sqlfile files[400];
	size_t n = 0;

	for (; sqlfile_table[n].name; n++)
		files[n] = sqlfile_table[n];
	assert_true(n + COUNT_OF(slow_files) < COUNT_OF(files));
	memcpy(files + n, slow_files, sizeof(slow_files));
	return files;
}

static int
set_up(void **state)
{
	(void)state;
	gate_open(with_slow());
	rep_person = gate_person("Rep", "rep");
	other_person = gate_person("Other", "rep");
	gate_customers(rep_person, CUSTOMERS, "c");
	gate_customers(other_person, 20, "x");
	gate.gateway = gate_start(&gateway_default_limits, &gate.address);
	gate_join(&rep, rep_person);
	gate_join(&other, other_person);
	gate_join(&boss, gate_person("Boss", "supervisor"));
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	gate_leave(&rep);
	gate_leave(&other);
	gate_leave(&boss);
	gate_close();
	return 0;
}

/* Tests ----------------------------------------------------------------------
 */

static void
unknown_device_is_refused(void **state)
{
	struct gate_terminal t = {.key = keyfile_generate()};

	(void)state;
	gate_dial(&t, gate.address, NULL);
	gate_wait(&t.closed);
	assert_int_equal(t.over.code, ERR_UNKNOWN_DEVICE);
	assert_false(t.welcomed);
	gate_hang_up(&t);
	keyfile_free(t.key);
}

static void
mistakes_have_their_codes(void **state)
{
	struct buf args = {0};
	struct gate_answer a;

	(void)state;
	gate_ask(&rep, "no/such", NULL, NULL, &a);
	assert_int_equal(a.err.code, ERR_UNKNOWN_STATEMENT);
	gate_ask(&rep, "visit/record", NULL, NULL, &a);
	assert_int_equal(a.err.code, ERR_UNKNOWN_STATEMENT);
	gate_ask(&rep, "import/list", NULL, NULL, &a);
	assert_int_equal(a.err.code, ERR_NOT_ALLOWED);
	gate_ask(&rep, "customer/get", NULL, NULL, &a);
	assert_int_equal(a.err.code, ERR_BAD_ARGUMENT);
	assert_string_equal(a.err.field, "customer_id");
	codec_put_map(&args, 1);
	codec_put_text(&args, "colour");
	codec_put_int(&args, 1);
	gate_ask(&rep, "customer/list", &args, NULL, &a);
	assert_int_equal(a.err.code, ERR_BAD_ARGUMENT);
	buf_clear(&args);
}

static void
rows_are_those_in_range(void **state)
{
	struct gate_answer a;

	(void)state;
	gate_ask(&rep, "customer/list", NULL, NULL, &a);
	assert_int_equal(a.err.code, ERR_NONE);
	assert_int_equal(a.rows, 200);
	assert_true(a.end.more);
	assert_int_equal(a.end.total, CUSTOMERS);
	assert_true(a.end.total_is_exact);
	gate_ask(&other, "customer/list", NULL, NULL, &a);
	assert_int_equal(a.rows, 20);
	assert_false(a.end.more);
	assert_int_equal(a.end.total, 20);
	gate_ask(&boss, "customer/list", NULL, NULL, &a);
	assert_int_equal(a.end.total, CUSTOMERS + 20);
}

/* Options with a sort of light (one way) and name (another way). */
static void
put_page(struct buf *o, const char *place, int64_t light, const char *name,
    int64_t key, int descending)
{
	buf_reset(o);
	codec_put_map(o, place ? 3 : 2);
	codec_put_text(o, "limit");
	codec_put_int(o, 37);
	codec_put_text(o, "sort");
	codec_put_array(o, 2);
	codec_put_array(o, 2);
	codec_put_text(o, "light");
	codec_put_bool(o, true);
	codec_put_array(o, 2);
	codec_put_text(o, "name");
	codec_put_bool(o, descending);
	if (!place)
		return;
	codec_put_text(o, place);
	if (strcmp(place, "last") == 0) {
		codec_put_bool(o, true);
		return;
	}
	codec_put_array(o, 3);
	codec_put_int(o, light);
	codec_put_text(o, name);
	codec_put_int(o, key);
}

static int64_t
light_of(int64_t customer)
{
	return gate_sql("select light from firebreak.customer_state "
			"where customer_id = %lld",
	    (long long)customer);
}

static void
walk(bool forward, int descending, int64_t out[CUSTOMERS])
{
	struct buf o = {0};
	struct gate_answer a;
	int n = 0, i, edge;

	put_page(&o, forward ? NULL : "last", 0, "", 0, descending);
	for (;;) {
		gate_ask(&rep, "customer/list", NULL, &o, &a);
		assert_int_equal(a.err.code, ERR_NONE);
		assert_true(n + a.rows <= CUSTOMERS);
		for (i = 0; i < a.rows; i++)
			out[forward ? n + i : CUSTOMERS - n - a.rows + i] =
			    a.first[i];
		n += a.rows;
		if (!a.end.more)
			break;
		edge = forward ? a.rows - 1 : 0;
		put_page(&o, forward ? "after" : "before",
		    light_of(a.first[edge]), a.second[edge], a.first[edge],
		    descending);
	}
	assert_int_equal(n, CUSTOMERS);
	buf_clear(&o);
}

static void
pages_hold_every_row_once(void **state)
{
	static int64_t there[CUSTOMERS], back[CUSTOMERS];
	int descending, i;

	(void)state;
	for (descending = 0; descending < 2; descending++) {
		walk(true, descending, there);
		walk(false, descending, back);
		assert_memory_equal(there, back, sizeof(there));
		for (i = 0; i < CUSTOMERS; i += 41)
			assert_int_equal(there[i],
			    gate_sql(
				"select customer_id from "
				"firebreak.customer_state where owner_id = "
				"%lld order by light desc, name %s, "
				"customer_id %s offset %d limit 1",
				(long long)rep_person,
				descending ? "desc" : "asc",
				descending ? "desc" : "asc", i));
	}
}

static void
write_happens_once(void **state)
{
	uint8_t id[16];
	struct gate_answer a, again;

	(void)state;
	client_request_id(id);
	gate_visit(
	    &rep, gate_first_customer(rep_person), "met the boss", id, &a);
	assert_int_equal(a.err.code, ERR_NONE);
	assert_false(a.end.repeated);
	gate_visit(
	    &rep, gate_first_customer(rep_person), "met the boss", id, &again);
	assert_int_equal(again.err.code, ERR_NONE);
	assert_true(again.end.repeated);
	assert_int_equal(again.first[0], a.first[0]);
	assert_int_equal(again.columns, a.columns);
	assert_int_equal(
	    gate_sql("select count(*) from firebreak.activity"), 1);
}

static void
refusals_say_why(void **state)
{
	uint8_t id[16];
	struct gate_answer a;

	(void)state;
	client_request_id(id);
	gate_visit(&rep, gate_first_customer(other_person), "not mine", id, &a);
	assert_int_equal(a.err.code, ERR_REFUSED);
	assert_string_equal(a.err.name, "not_found");
	assert_string_equal(a.err.field, "customer_id");
	memset(id, 0, sizeof(id));
	gate_visit(&rep, gate_first_customer(rep_person), "old", id, &a);
	assert_int_equal(a.err.code, ERR_TOO_OLD);
}

static void
watchers_hear_of_changes(void **state)
{
	struct buf o = {0};
	struct gate_answer a;
	uint8_t id[16];

	(void)state;
	codec_put_map(&o, 1);
	codec_put_text(&o, "watch");
	codec_put_bool(&o, true);
	gate_ask(&boss, "customer/list", NULL, &o, &a);
	gate_ask(&other, "customer/list", NULL, &o, &a);
	boss.stale = other.stale = false;
	client_request_id(id);
	gate_visit(&rep, gate_first_customer(rep_person), "again", id, &a);
	assert_int_equal(a.err.code, ERR_NONE);
	gate_wait(&boss.stale);
	gate_ask(
	    &other, "customer/list", NULL, NULL, &a); /* all sent has come */
	assert_false(other.stale);
	buf_clear(&o);
}

static void
put_watch(struct buf *o)
{
	codec_put_map(o, 1);
	codec_put_text(o, "watch");
	codec_put_bool(o, true);
}

/* A watched id that is asked again without saying so keeps its watch. */
static void
asking_again_keeps_the_watch(void **state)
{
	struct gate_answer a, b;
	struct buf o = {0};
	uint8_t id[16];
	uint32_t watched;

	(void)state;
	put_watch(&o);
	watched = gate_ask(&boss, "customer/list", NULL, &o, &a);
	memset(&a, 0, sizeof(a));
	client_ask(
	    boss.client, watched, "customer/list", NULL, NULL, &gate_reply, &a);
	gate_wait(&a.done);
	assert_int_equal(a.err.code, ERR_NONE);
	boss.stale = false;
	client_request_id(id);
	gate_visit(&rep, gate_first_customer(rep_person), "once more", id, &b);
	gate_wait(&boss.stale);
	buf_clear(&o);
}

static void
put_filter(struct buf *o, const char *column, const char *op, int64_t value)
{
	codec_put_map(o, 2);
	codec_put_text(o, "count");
	codec_put_text(o, "exact");
	codec_put_text(o, "filter");
	codec_put_array(o, 1);
	codec_put_array(o, 3);
	codec_put_text(o, column);
	codec_put_text(o, op);
	codec_put_int(o, value);
}

static void
filters_and_searches_count_right(void **state)
{
	static const char *const ops[] = {"=", "!=", "<", "<=", ">", ">="};
	struct gate_answer a;
	struct buf o = {0};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(ops); i++) {
		buf_reset(&o);
		put_filter(&o, "light", ops[i], 1);
		gate_ask(&rep, "customer/list", NULL, &o, &a);
		assert_int_equal(a.err.code, ERR_NONE);
		assert_true(a.end.total_is_exact);
		assert_int_equal(a.end.total,
		    gate_sql("select count(*) from firebreak.customer_state"
			     " where owner_id = %lld and light %s 1",
			(long long)rep_person, ops[i]));
	}
	buf_reset(&o);
	codec_put_map(&o, 1);
	codec_put_text(&o, "search");
	codec_put_text(&o, "C91");
	gate_ask(&rep, "customer/list", NULL, &o, &a);
	assert_int_equal(a.err.code, ERR_NONE);
	assert_true(a.end.total > 0);
	assert_int_equal(a.end.total,
	    gate_sql("select count(*) from firebreak.customer_state where"
		     " owner_id = %lld and name like '%%c91%%'",
		(long long)rep_person));
	buf_clear(&o);
}

/* The write waits for a lock while its terminal goes; then it happens, and
 * watchers here and at another gateway hear of it. */
static void
writes_outlive_their_terminal(void **state)
{
	struct gate_terminal far = {.key = boss.key}, dying = {0};
	const struct gateway_counters *c = gateway_counters(gate.gateway);
	struct gate_answer a = {0};
	struct buf o = {0}, args = {0};
	struct gateway *second;
	uint64_t writes = c->writes, sessions = c->sessions;
	char *address;
	uint8_t id[16];

	(void)state;
	second = gate_start(&gateway_default_limits, &address);
	put_watch(&o);
	gate_dial(&far, address, NULL);
	gate_wait(&far.welcomed);
	gate_join(&dying, rep_person);
	gate_ask(&far, "customer/list", NULL, &o, &a);
	gate_ask(&boss, "customer/list", NULL, &o, &a);
	boss.stale = far.stale = false;
	gate_put_visit(&args, gate_first_customer(rep_person), "last words");
	client_request_id(id);
	gate_sql("begin");
	gate_sql("lock table firebreak.activity in share mode");
	client_write(dying.client, "visit/record", &args, id, &gate_reply, &a);
	while (c->writes == writes)
		loop_turn(gate.loop, true);
	gate_leave(&dying);
	while (c->sessions > sessions)
		loop_turn(gate.loop, true);
	assert_false(boss.stale || far.stale);
	gate_sql("commit");
	gate_wait(&boss.stale);
	gate_wait(&far.stale);
	assert_int_equal(gate_sql("select count(*) from firebreak.activity "
				  "where summary = 'last words'"),
	    1);
	gate_hang_up(&far);
	gateway_free(second);
	free(address);
	buf_clear(&o);
	buf_clear(&args);
}

static void
slow_reads_move_to_a_heavy_connection(void **state)
{
	const struct gateway_counters *c = gateway_counters(gate.gateway);
	uint64_t retries = c->heavy_retries;
	struct gate_answer a;

	(void)state;
	gate_ask(&rep, "test/slow", NULL, NULL, &a);
	assert_int_equal(a.err.code, ERR_NONE);
	assert_int_equal(a.rows, 1);
	assert_int_equal(c->heavy_retries, retries + 1);
}

/* It was rolled back by the timeout, so it is there once and not refused. */
static void
slow_writes_move_to_a_heavy_connection(void **state)
{
	const struct gateway_counters *c = gateway_counters(gate.gateway);
	uint64_t retries = c->heavy_retries;
	struct gate_answer a = {0};
	struct buf args = {0};
	uint8_t id[16];

	(void)state;
	gate_put_visit(&args, gate_first_customer(rep_person), "no hurry");
	client_request_id(id);
	client_write(rep.client, "test/slow_write", &args, id, &gate_reply, &a);
	gate_wait(&a.done);
	buf_clear(&args);
	assert_int_equal(a.err.code, ERR_NONE);
	assert_int_equal(c->heavy_retries, retries + 1);
	retries = (uint64_t)gate_sql("select count(*) from firebreak.activity "
				     "where summary = 'no hurry'");
	assert_int_equal(retries, 1);
}

/* A deputy sees the other's customers beside the own ones, as long as it
 * lasts. */
static void
deputies_have_a_second_range(void **state)
{
	struct gate_terminal t = {0};
	struct gate_answer a;
	int64_t person = gate_person("Deputy", "rep");

	(void)state;
	gate_customers(person, 7, "d");
	gate_sql("insert into firebreak.deputy (person_id, lo, hi, from_at,"
		 " until_at, reason) select %lld, code, code, now() -"
		 " interval '1 hour', now() + interval '1 hour', 'ill' from"
		 " firebreak.seat where person_id = %lld",
	    (long long)person, (long long)rep_person);
	gate_join(&t, person);
	gate_ask(&t, "customer/list", NULL, NULL, &a);
	assert_int_equal(a.err.code, ERR_NONE);
	assert_int_equal(a.end.total, CUSTOMERS + 7);
	gate_leave(&t);
}

/* Only the daemon's connections with this name end. */
static void
break_connections(const char *name)
{
	assert_true(gate_sql("select count(pg_terminate_backend(pid)) from "
			     "pg_stat_activity where usename = 'firebreak_app'"
			     " and application_name like 'firebreak %s'",
			name) > 0);
}

static bool
is_answered(void *arg)
{
	struct gate_answer a;

	(void)arg;
	gate_ask(&rep, "customer/list", NULL, NULL, &a);
	if (a.err.code == ERR_NONE)
		return true;
	assert_int_equal(a.err.code, ERR_UNAVAILABLE);
	loop_turn(gate.loop, false);
	return false;
}

static void
lost_connections_come_back(void **state)
{
	static const char *const names[] = {"%", "listen"};
	struct gate_answer a;
	struct buf o = {0};
	size_t i;

	(void)state;
	put_watch(&o);
	for (i = 0; i < COUNT_OF(names); i++) {
		gate_ask(&boss, "customer/list", NULL, &o, &a);
		assert_int_equal(a.err.code, ERR_NONE);
		boss.stale = false;
		break_connections(names[i]);
		gate_wait(&boss.stale);
		assert_true(harness_until(is_answered, NULL, 10000));
	}
	buf_clear(&o);
}

static void
revoked_device_is_sent_away(void **state)
{
	int topic = catalogue_topic(gate.catalogue, "device");

	(void)state;
	assert_true(topic >= 0);
	gate_sql("update firebreak.device set revoked_at = now() "
		 "where person_id = %lld",
	    (long long)other_person);
	gateway_changed(gate.gateway, UINT64_C(1) << topic, 0, 0);
	gate_wait(&other.closed);
	assert_int_equal(other.over.code, ERR_REVOKED);
	assert_false(rep.closed);
	gate_hang_up(&other);
	gate_dial(&other, gate.address, NULL);
	gate_wait(&other.closed);
	assert_int_equal(other.over.code, ERR_REVOKED);
}

static void
note_stopped(void *arg)
{
	*(bool *)arg = true;
}

static void
stopping_says_goodbye(void **state)
{
	bool stopped = false;

	(void)state;
	gateway_stop(gate.gateway, note_stopped, &stopped);
	gate_wait(&rep.closed);
	assert_int_equal(rep.over.code, ERR_STOPPING);
	gate_wait(&stopped);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(unknown_device_is_refused),
	    cmocka_unit_test(mistakes_have_their_codes),
	    cmocka_unit_test(rows_are_those_in_range),
	    cmocka_unit_test(pages_hold_every_row_once),
	    cmocka_unit_test(write_happens_once),
	    cmocka_unit_test(refusals_say_why),
	    cmocka_unit_test(watchers_hear_of_changes),
	    cmocka_unit_test(asking_again_keeps_the_watch),
	    cmocka_unit_test(filters_and_searches_count_right),
	    cmocka_unit_test(writes_outlive_their_terminal),
	    cmocka_unit_test(slow_reads_move_to_a_heavy_connection),
	    cmocka_unit_test(slow_writes_move_to_a_heavy_connection),
	    cmocka_unit_test(deputies_have_a_second_range),
	    cmocka_unit_test(lost_connections_come_back),
	    cmocka_unit_test(revoked_device_is_sent_away),
	    cmocka_unit_test(stopping_says_goodbye),
	};

	if (!getenv("FIREBREAK_PG")) {
		puts("1..0 # SKIP needs a PostgreSQL: tests/with-pg.sh");
		return 0;
	}
	return cmocka_run_group_tests_name("gateway", tests, set_up, tear_down);
}
