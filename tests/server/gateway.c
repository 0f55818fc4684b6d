/*
 * The gateway with real clients and a real PostgreSQL (FIREBREAK_PG):
 * - an invited device joins, an unknown one is refused, a revoked one is sent
 *   away at once
 * - a read, a write, the write again, a refusal, wrong names, arguments, roles
 * - pages forward and backward hold every row once, in order
 * - a watched pane hears of a write in its range and of no other
 * - connections lost by PostgreSQL come back
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
#include "common/client.h"
#include "common/codec.h"
#include "common/diag.h"
#include "common/invite.h"
#include "common/keyfile.h"
#include "common/log.h"
#include "common/loop.h"
#include "common/mem.h"
#include "common/secret.h"
#include "server/catalogue.h"
#include "server/db/sync.h"
#include "server/gateway/gateway.h"
#include "server/sqlfile.h"
#include "tests/harness/harness.h"

#define PATIENCE UINT64_C(10000000)
#define CUSTOMERS 450

/* One terminal and what it has heard. */
struct terminal {
	struct client *client;
	struct keyfile *key;
	bool welcomed, closed, stale;
	struct client_welcome welcome;
	struct err over;
};

/* One answer. */
struct answer {
	bool done;
	struct err err;
	struct client_done end;
	int columns;
	int64_t first[256]; /* the first cell of each row */
	char second[256][48];
	int rows;
};

static struct loop *loop;
static struct gateway *gateway;
static struct catalogue *catalogue;
static struct keyfile *server_key;
static struct db_sync *admin;
static char address[300];
static int64_t rep_person, other_person, unit;
static struct terminal rep, boss, other;

/* Waiting -------------------------------------------------------------------
 */

static void
wait_for(const bool *what)
{
	uint64_t end = loop_now() + PATIENCE;
	struct loop_timer *alarm = loop_timer_new(loop, NULL, NULL);

	loop_timer_cancel(alarm);
	while (!*what && loop_now() < end)
		loop_turn(loop, false);
	assert_true(*what);
}

static int64_t
sql(const char *fmt, ...)
{
	struct buf b = {0};
	struct pg_result *r;
	struct err e;
	va_list ap;
	int64_t value;

	va_start(ap, fmt);
	buf_vaddf(&b, fmt, ap);
	va_end(ap);
	if (db_sync_run(admin, buf_str(&b), NULL, 0, &r, &e))
		fail_msg("%s: %s", buf_str(&b), e.text);
	value = db_rows(r) && db_columns(r) ? db_int(r, 0, 0) : 0;
	db_result_free(r);
	buf_clear(&b);
	return value;
}

/* Terminals ------------------------------------------------------------------
 */

static void
on_welcome(const struct client_welcome *w, void *arg)
{
	struct terminal *t = arg;

	t->welcome = *w;
	t->welcomed = true;
}

static void
on_stale(uint32_t id, void *arg)
{
	struct terminal *t = arg;

	(void)id;
	t->stale = true;
}

static void
on_closed(const struct err *e, void *arg)
{
	struct terminal *t = arg;

	t->over = *e;
	t->closed = true;
}

static const struct client_events events = {
    .on_welcome = on_welcome,
    .on_stale = on_stale,
    .on_closed = on_closed,
};

static void
dial(struct terminal *t, const uint8_t *secret)
{
	static struct client_hello hello = {
	    .version = "test", .lang = "en", .device_name = "desk"};

	hello.secret = secret;
	t->welcomed = t->closed = t->stale = false;
	t->client = client_new(loop, address, keyfile_public(server_key),
	    t->key, &hello, &events, t);
}

static void
hang_up(struct terminal *t)
{
	client_free(t->client);
	t->client = NULL;
}

static void
join(struct terminal *t, int64_t person)
{
	uint8_t secret[INVITE_SECRET_LEN], hash[SECRET_HASH_LEN];
	struct buf hex = {0};
	size_t i;

	secret_random(secret, sizeof(secret));
	secret_hash(secret, sizeof(secret), hash);
	for (i = 0; i < sizeof(hash); i++)
		buf_addf(&hex, "%02x", hash[i]);
	sql("select firebreak.invite_add('\\x%s', %lld, now() + "
	    "interval '1 hour')",
	    buf_str(&hex), (long long)person);
	buf_clear(&hex);
	t->key = keyfile_generate();
	dial(t, secret);
	wait_for(&t->welcomed);
}

/* Requests -------------------------------------------------------------------
 */

static void
on_columns(const struct client_column *columns, size_t count, void *arg)
{
	struct answer *a = arg;

	(void)columns;
	a->columns = (int)count;
}

static void
on_rows(struct codec_reader *r, size_t count, void *arg)
{
	struct answer *a = arg;
	struct codec_item item;
	size_t i, k, cells;

	for (i = 0; i < count; i++) {
		cells = codec_need_array(r);
		for (k = 0; k < cells; k++) {
			codec_next(r, &item);
			if (k == 0)
				a->first[a->rows] = item.integer;
			if (k == 1 && item.type == CODEC_TEXT)
				snprintf(a->second[a->rows],
				    sizeof(a->second[0]), "%.*s", (int)item.len,
				    (const char *)item.data);
		}
		a->rows++;
	}
}

static void
on_done(const struct err *e, const struct client_done *done, void *arg)
{
	struct answer *a = arg;

	a->err.code = ERR_NONE;
	if (e)
		a->err = *e;
	if (done)
		a->end = *done;
	a->done = true;
}

static const struct client_reply reply = {on_columns, on_rows, on_done};

static uint32_t
ask(struct terminal *t, const char *statement, struct buf *args,
    struct buf *options, struct answer *a)
{
	uint32_t id;

	memset(a, 0, sizeof(*a));
	id = client_ask(t->client, 0, statement, args, options, &reply, a);
	wait_for(&a->done);
	return id;
}

static void
write_visit(struct terminal *t, int64_t customer, const char *summary,
    const uint8_t id[16], struct answer *a)
{
	struct buf args = {0};

	codec_put_map(&args, 3);
	codec_put_text(&args, "customer_id");
	codec_put_int(&args, customer);
	codec_put_text(&args, "summary");
	codec_put_text(&args, summary);
	codec_put_text(&args, "on_site");
	codec_put_bool(&args, true);
	memset(a, 0, sizeof(*a));
	client_write(t->client, "visit/record", &args, id, &reply, a);
	wait_for(&a->done);
	buf_clear(&args);
}

/* The company ----------------------------------------------------------------
 */

static int64_t
person(const char *name, const char *role)
{
	int64_t id = sql("select firebreak.person_add('%s', '', 'en')", name);

	sql("select firebreak.seat_add(%lld, '%s', %lld)", (long long)unit,
	    role, (long long)id);
	return id;
}

static void
make_customers(int64_t owner, int count, const char *prefix)
{
	sql("with c as (insert into firebreak.customer (org_code, owner_id,"
	    " name, created_at, updated_at, recorded_at) select s.code, %lld,"
	    " '%s' || (i * 7919 %% 1000), now(), now(), now()"
	    " from generate_series(1, %d) i, firebreak.seat s"
	    " where s.person_id = %lld returning *)"
	    " insert into firebreak.customer_state (customer_id, org_code,"
	    " owner_id, light, created_at, last_interaction_at, last_key_at,"
	    " name) select customer_id, org_code, owner_id, customer_id %% 3,"
	    " now(), now() - (customer_id %% 50) * interval '1 day', now(),"
	    " name from c",
	    (long long)owner, prefix, count, (long long)owner);
}

static void
start_gateway(void)
{
	struct db_options db = {.light = 2,
	    .heavy = 1,
	    .light_timeout_ms = 250,
	    .heavy_timeout_ms = 10000,
	    .lock_timeout_ms = 200};
	struct gateway_options o = {.secret = keyfile_secret(server_key),
	    .public = keyfile_public(server_key),
	    .catalogue = catalogue,
	    .db = &db,
	    .limits = gateway_default_limits};
	char *dir = harness_temp_dir(), *conninfo;
	struct err e;

	db.conninfo = conninfo = xasprintf(
	    "host=%s user=firebreak_app dbname=firebreak", getenv("PGHOST"));
	snprintf(address, sizeof(address), "unix:%s/socket", dir);
	gateway = gateway_new(loop, &o);
	if (gateway_listen(gateway, address, &e))
		fail_msg("%s", e.text);
	free(conninfo);
	free(dir);
	wait_for(&gateway_counters(gateway)->database_up);
}

static void
read_catalogue(void)
{
	struct diags *d = diags_new();
	struct buf out = {0};

	catalogue = catalogue_read(sqlfile_table, d);
	if (!catalogue || catalogue_describe(catalogue, admin, d)) {
		diags_print(d, &out);
		fail_msg("%s", buf_str(&out));
	}
	diags_free(d);
}

static int
set_up(void **state)
{
	struct err e;

	(void)state;
	log_open("gateway_test", LOG_LEVEL_ERROR);
	admin = db_sync_open(getenv("FIREBREAK_PG"), &e);
	if (!admin)
		fail_msg("%s", e.text);
	loop = loop_new();
	server_key = keyfile_generate();
	read_catalogue();
	unit = sql("select firebreak.unit_add(null, 'Acme', 'company')");
	rep_person = person("Rep", "rep");
	other_person = person("Other", "rep");
	make_customers(rep_person, CUSTOMERS, "c");
	make_customers(other_person, 20, "x");
	start_gateway();
	join(&rep, rep_person);
	join(&other, other_person);
	join(&boss, person("Boss", "supervisor"));
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	hang_up(&rep);
	hang_up(&other);
	hang_up(&boss);
	gateway_free(gateway);
	keyfile_free(rep.key);
	keyfile_free(other.key);
	keyfile_free(boss.key);
	keyfile_free(server_key);
	catalogue_free(catalogue);
	db_sync_close(admin);
	loop_free(loop);
	return 0;
}

/* Tests ----------------------------------------------------------------------
 */

static void
unknown_device_is_refused(void **state)
{
	struct terminal t = {.key = keyfile_generate()};

	(void)state;
	dial(&t, NULL);
	wait_for(&t.closed);
	assert_int_equal(t.over.code, ERR_UNKNOWN_DEVICE);
	assert_false(t.welcomed);
	hang_up(&t);
	keyfile_free(t.key);
}

static void
mistakes_have_their_codes(void **state)
{
	struct buf args = {0};
	struct answer a;

	(void)state;
	ask(&rep, "no/such", NULL, NULL, &a);
	assert_int_equal(a.err.code, ERR_UNKNOWN_STATEMENT);
	ask(&rep, "visit/record", NULL, NULL, &a);
	assert_int_equal(a.err.code, ERR_UNKNOWN_STATEMENT);
	ask(&rep, "import/list", NULL, NULL, &a);
	assert_int_equal(a.err.code, ERR_NOT_ALLOWED);
	ask(&rep, "customer/get", NULL, NULL, &a);
	assert_int_equal(a.err.code, ERR_BAD_ARGUMENT);
	assert_string_equal(a.err.field, "customer_id");
	codec_put_map(&args, 1);
	codec_put_text(&args, "colour");
	codec_put_int(&args, 1);
	ask(&rep, "customer/list", &args, NULL, &a);
	assert_int_equal(a.err.code, ERR_BAD_ARGUMENT);
	buf_clear(&args);
}

static void
rows_are_those_in_range(void **state)
{
	struct answer a;

	(void)state;
	ask(&rep, "customer/list", NULL, NULL, &a);
	assert_int_equal(a.err.code, ERR_NONE);
	assert_int_equal(a.rows, 200);
	assert_true(a.end.more);
	assert_int_equal(a.end.total, CUSTOMERS);
	assert_true(a.end.total_is_exact);
	ask(&other, "customer/list", NULL, NULL, &a);
	assert_int_equal(a.rows, 20);
	assert_false(a.end.more);
	assert_int_equal(a.end.total, 20);
	ask(&boss, "customer/list", NULL, NULL, &a);
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
	return sql("select light from firebreak.customer_state "
		   "where customer_id = %lld",
	    (long long)customer);
}

static void
walk(bool forward, int descending, int64_t out[CUSTOMERS])
{
	struct buf o = {0};
	struct answer a;
	int n = 0, i, edge;

	put_page(&o, forward ? NULL : "last", 0, "", 0, descending);
	for (;;) {
		ask(&rep, "customer/list", NULL, &o, &a);
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
			    sql("select customer_id from "
				"firebreak.customer_state where owner_id = "
				"%lld order by light desc, name %s, "
				"customer_id %s offset %d limit 1",
				(long long)rep_person,
				descending ? "desc" : "asc",
				descending ? "desc" : "asc", i));
	}
}

static int64_t
first_customer(int64_t owner)
{
	return sql("select min(customer_id) from firebreak.customer "
		   "where owner_id = %lld",
	    (long long)owner);
}

static void
write_happens_once(void **state)
{
	uint8_t id[16];
	struct answer a, again;

	(void)state;
	client_request_id(id);
	write_visit(&rep, first_customer(rep_person), "met the boss", id, &a);
	assert_int_equal(a.err.code, ERR_NONE);
	assert_false(a.end.repeated);
	write_visit(
	    &rep, first_customer(rep_person), "met the boss", id, &again);
	assert_int_equal(again.err.code, ERR_NONE);
	assert_true(again.end.repeated);
	assert_int_equal(again.first[0], a.first[0]);
	assert_int_equal(again.columns, a.columns);
	assert_int_equal(sql("select count(*) from firebreak.activity"), 1);
}

static void
refusals_say_why(void **state)
{
	uint8_t id[16];
	struct answer a;

	(void)state;
	client_request_id(id);
	write_visit(&rep, first_customer(other_person), "not mine", id, &a);
	assert_int_equal(a.err.code, ERR_REFUSED);
	assert_string_equal(a.err.name, "not_found");
	assert_string_equal(a.err.field, "customer_id");
	memset(id, 0, sizeof(id));
	write_visit(&rep, first_customer(rep_person), "old", id, &a);
	assert_int_equal(a.err.code, ERR_TOO_OLD);
}

static void
watchers_hear_of_changes(void **state)
{
	struct buf o = {0};
	struct answer a;
	uint8_t id[16];

	(void)state;
	codec_put_map(&o, 1);
	codec_put_text(&o, "watch");
	codec_put_bool(&o, true);
	ask(&boss, "customer/list", NULL, &o, &a);
	ask(&other, "customer/list", NULL, &o, &a);
	boss.stale = other.stale = false;
	client_request_id(id);
	write_visit(&rep, first_customer(rep_person), "again", id, &a);
	assert_int_equal(a.err.code, ERR_NONE);
	wait_for(&boss.stale);
	ask(&other, "customer/list", NULL, NULL, &a); /* all sent has come */
	assert_false(other.stale);
	buf_clear(&o);
}

static bool
is_answered(void *arg)
{
	struct answer a;

	(void)arg;
	ask(&rep, "customer/list", NULL, NULL, &a);
	if (a.err.code == ERR_NONE)
		return true;
	assert_int_equal(a.err.code, ERR_UNAVAILABLE);
	loop_turn(loop, false);
	return false;
}

static void
lost_connections_come_back(void **state)
{
	(void)state;
	sql("select count(pg_terminate_backend(pid)) from pg_stat_activity "
	    "where usename = 'firebreak_app'");
	assert_true(harness_until(is_answered, NULL, 10000));
}

static void
revoked_device_is_sent_away(void **state)
{
	int topic = catalogue_topic(catalogue, "device");

	(void)state;
	assert_true(topic >= 0);
	sql("update firebreak.device set revoked_at = now() "
	    "where person_id = %lld",
	    (long long)other_person);
	gateway_changed(gateway, UINT64_C(1) << topic, 0, 0);
	wait_for(&other.closed);
	assert_int_equal(other.over.code, ERR_REVOKED);
	assert_false(rep.closed);
	hang_up(&other);
	dial(&other, NULL);
	wait_for(&other.closed);
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
	gateway_stop(gateway, note_stopped, &stopped);
	wait_for(&rep.closed);
	assert_int_equal(rep.over.code, ERR_STOPPING);
	wait_for(&stopped);
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
