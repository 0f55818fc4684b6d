/*
 * PostgreSQL hangs, or dies while a write is open: whoever asks is told so
 * within the stated time, once; what it costs is bounded; and asking again
 * with the same request id shows what became of the write.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/codec.h"
#include "common/log.h"
#include "common/loop.h"
#include "common/mem.h"
#include "server/db/sync.h"
#include "tests/harness/gate.h"
#include "tests/harness/harness.h"

#define SECOND UINT64_C(1000000)
#define PATIENCE_MS 500
#define LIGHT_MS 1000 /* the harness's statement_timeout */
#define HEAVY_MS 10000
#define LIGHT_LOCK_MS 900 /* the harness's lock_timeout; heavy: ten times */
#define ROUNDS 200

static struct gate_terminal one;
static int64_t rep, customer;

/* Answers, counted ---------------------------------------------------------
 */

struct counted {
	struct gate_answer a;
	int times;
};

static void
on_counted(const struct err *e, const struct client_done *done, void *arg)
{
	struct counted *c = arg;

	c->times++;
	gate_reply.on_done(e, done, &c->a);
}

static struct client_reply counted_reply;

static void
send_visit(struct gate_terminal *t, const char *summary, const uint8_t id[16],
    struct counted *c)
{
	struct buf args = {0};

	memset(c, 0, sizeof(*c));
	gate_put_visit(&args, customer, summary);
	client_write(t->client, "visit/record", &args, id, &counted_reply, c);
	buf_clear(&args);
}

static void
send_ask(struct gate_terminal *t, struct counted *c)
{
	memset(c, 0, sizeof(*c));
	client_ask(
	    t->client, 0, "customer/list", NULL, NULL, &counted_reply, c);
}

static int64_t
visits(const char *summary)
{
	return gate_sql("select count(*) from firebreak.activity where "
			"summary = '%s'",
	    summary);
}

/* Faults -------------------------------------------------------------------
 */

static void
pg(const char *verb)
{
	const char *const argv[] = {"sh", "tests/pg.sh", verb, NULL};

	assert_int_equal(harness_run(argv, NULL, 10000), 0);
}

static void
turn_until(bool (*is_so)(void), uint64_t patience)
{
	uint64_t end = loop_now() + patience;

	while (!is_so() && loop_now() < end) {
		loop_turn(gate.loop, false);
		usleep(1000);
	}
	assert_true(is_so());
}

static bool
is_up(void)
{
	return gateway_counters(gate.gateway)->database_up;
}

static bool
is_down(void)
{
	return !is_up();
}

static void
admin_again(void)
{
	const char *conninfo = getenv("FIREBREAK_PG");
	uint64_t end = loop_now() + 20 * SECOND;
	struct err e;

	db_sync_close(gate.admin);
	do
		gate.admin = db_sync_open(conninfo, &e);
	while (!gate.admin && loop_now() < end);
	assert_non_null(gate.admin);
}

/* Writes again with the same id until PostgreSQL says something. */
static void
write_until_answered(
    const char *summary, const uint8_t id[16], struct gate_answer *a)
{
	uint64_t end = loop_now() + 20 * SECOND;

	do
		gate_visit(&one, customer, summary, id, a);
	while (err_is_retryable(a->err.code) && loop_now() < end);
	assert_int_equal(a->err.code, ERR_NONE);
}

/* The first connection that is back may be the heavy one. */
static void
ask_until_answered(void)
{
	uint64_t end = loop_now() + 20 * SECOND;
	struct gate_answer a;

	do
		gate_ask(&one, "customer/list", NULL, NULL, &a);
	while (err_is_retryable(a.err.code) && loop_now() < end);
	assert_int_equal(a.err.code, ERR_NONE);
}

/* What it costs ------------------------------------------------------------
 */

static size_t
resident(void)
{
	FILE *f = fopen("/proc/self/statm", "r");
	unsigned long pages = 0;

	assert_non_null(f);
	assert_int_equal(fscanf(f, "%*u %lu", &pages), 1);
	fclose(f);
	return pages * (size_t)sysconf(_SC_PAGESIZE);
}

static int
descriptors(void)
{
	DIR *d = opendir("/proc/self/fd");
	int n = 0;

	assert_non_null(d);
	while (readdir(d))
		n++;
	closedir(d);
	return n;
}

/* Tests --------------------------------------------------------------------
 */

static int
set_up(void **state)
{
	(void)state;
	counted_reply = gate_reply;
	counted_reply.on_done = on_counted;
	gate_open(sqlfile_table);
	rep = gate_person("Rep", "rep");
	gate_customers(rep, 5, "c");
	customer = gate_first_customer(rep);
	gate.patience_ms = PATIENCE_MS;
	gate.gateway = gate_start(&gateway_default_limits, &gate.address);
	gate_join(&one, rep);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	gate_leave(&one);
	gate_close();
	return 0;
}

static int
let_go(void **state)
{
	(void)state;
	pg("go");
	return 0;
}

/* Nobody asks anything, and still it is noticed. */
static void
a_hang_is_noticed_at_rest(void **state)
{
	uint64_t start;

	(void)state;
	turn_until(is_up, 5 * SECOND);
	pg("hang");
	start = loop_now();
	turn_until(is_down, 5 * SECOND);
	assert_true(loop_now() - start >= PATIENCE_MS * 1000 / 2);
	pg("go");
	turn_until(is_up, 20 * SECOND);
}

static void
a_hang_is_said_in_time_and_once(void **state)
{
	static struct counted asks[20], write;
	struct gate_answer again;
	uint8_t id[16];
	uint64_t start;
	size_t i;

	(void)state;
	client_request_id(id);
	pg("hang");
	start = loop_now();
	for (i = 0; i < COUNT_OF(asks); i++)
		send_ask(&one, &asks[i]);
	send_visit(&one, "hung", id, &write);
	gate_wait(&write.a.done);
	for (i = 0; i < COUNT_OF(asks); i++)
		gate_wait(&asks[i].a.done);
	assert_true(
	    loop_now() - start < (LIGHT_MS + 3 * PATIENCE_MS) * UINT64_C(1000));
	assert_int_equal(write.a.err.code, ERR_UNAVAILABLE);
	assert_true(write.a.err.text[0]);
	/* a heavy connection that was at work has its own time */
	turn_until(is_down, HEAVY_MS * 1000 + 5 * SECOND);
	pg("go");
	turn_until(is_up, 20 * SECOND);
	write_until_answered("hung", id, &again);
	assert_int_equal(visits("hung"), 1);
	for (i = 0; i < COUNT_OF(asks); i++)
		assert_int_equal(asks[i].times, 1);
	assert_int_equal(write.times, 1);
	assert_false(one.closed);
}

/* While it hangs people ask, and come and go. */
static void
a_hang_costs_little(void **state)
{
	static struct counted answers[ROUNDS];
	static struct gate_terminal t;
	int before = descriptors(), i;
	size_t held;

	(void)state;
	t.key = keyfile_generate();
	pg("hang");
	turn_until(is_down, HEAVY_MS * 1000 + 5 * SECOND);
	held = resident();
	for (i = 0; i < ROUNDS; i++) {
		send_ask(&one, &answers[i]);
		gate_wait(&answers[i].a.done);
		assert_int_equal(answers[i].a.err.code, ERR_UNAVAILABLE);
		gate_dial(&t, gate.address, NULL);
		gate_wait(&t.closed);
		assert_int_equal(t.over.code, ERR_UNAVAILABLE);
		gate_hang_up(&t);
	}
	assert_true(resident() < held + (8 << 20));
	assert_true(descriptors() <= before + 8);
	gate_leave(&t);
	pg("go");
	turn_until(is_up, 20 * SECOND);
	for (i = 0; i < ROUNDS; i++)
		assert_int_equal(answers[i].times, 1);
	ask_until_answered();
}

/* The write waits behind the lock of the administrator's transaction; returns
 * its backend. */
static pid_t
open_behind_a_lock(
    const char *summary, const uint8_t id[16], struct counted *write)
{
	pid_t pid;

	gate_sql("begin");
	gate_sql("select 1 from firebreak.customer_state where customer_id = "
		 "%lld for update",
	    (long long)customer);
	send_visit(&one, summary, id, write);
	do {
		loop_turn(gate.loop, false);
		pid = (pid_t)gate_sql("select coalesce(max(pid), 0) from "
				      "pg_stat_activity where "
				      "wait_event_type = 'Lock'");
	} while (pid == 0);
	return pid;
}

/* One backend of several: the others serve, what it had is answered. */
static void
one_backend_hangs(void **state)
{
	pid_t pid;
	struct counted write;
	struct gate_answer a;
	uint8_t id[16];

	(void)state;
	client_request_id(id);
	pid = open_behind_a_lock("stuck", id, &write);
	kill(pid, SIGSTOP);
	gate_wait(&write.a.done);
	assert_int_equal(write.a.err.code, ERR_UNAVAILABLE);
	assert_int_equal(write.times, 1);
	ask_until_answered();
	gate_sql("commit");
	kill(pid, SIGCONT);
	write_until_answered("stuck", id, &a);
	assert_int_equal(visits("stuck"), 1);
}

static uint64_t
heavy_retries(void)
{
	return gateway_counters(gate.gateway)->heavy_retries;
}

/* A record that somebody holds for longer than a light connection may wait:
 * the write goes on waiting on a heavy one, and is carried out. */
static void
a_lock_is_waited_for(void **state)
{
	uint64_t before = heavy_retries(), end;
	struct counted write;
	uint8_t id[16];

	(void)state;
	client_request_id(id);
	open_behind_a_lock("patient", id, &write);
	end = loop_now() + 10 * LIGHT_LOCK_MS * UINT64_C(1000);
	while (heavy_retries() == before && loop_now() < end)
		loop_turn(gate.loop, true);
	assert_int_equal(heavy_retries(), before + 1);
	gate_sql("commit");
	gate_wait(&write.a.done);
	assert_int_equal(write.a.err.code, ERR_NONE);
	assert_int_equal(write.times, 1);
	assert_int_equal(visits("patient"), 1);
}

static bool
last_words(void)
{
	return visits("last words") == 1;
}

/* Also when its terminal has gone meanwhile. */
static void
a_lock_is_waited_for_by_an_orphan(void **state)
{
	uint64_t before = heavy_retries(), end;
	struct counted write;
	uint8_t id[16];

	(void)state;
	client_request_id(id);
	open_behind_a_lock("last words", id, &write);
	gate_hang_up(&one);
	end = loop_now() + 10 * LIGHT_LOCK_MS * UINT64_C(1000);
	while (heavy_retries() == before && loop_now() < end)
		loop_turn(gate.loop, true);
	gate_sql("commit");
	turn_until(last_words, 5 * SECOND);
	gate_dial(&one, gate.address, NULL);
	gate_wait(&one.welcomed);
}

/* Nor is it for ever. */
static void
a_lock_without_end_is_said(void **state)
{
	struct counted write;
	struct gate_answer a;
	uint64_t end;
	uint8_t id[16];

	(void)state;
	client_request_id(id);
	open_behind_a_lock("held", id, &write);
	end = loop_now() + 20 * LIGHT_LOCK_MS * UINT64_C(1000);
	while (!write.a.done && loop_now() < end)
		loop_turn(gate.loop, true);
	assert_int_equal(write.a.err.code, ERR_BUSY);
	assert_true(err_is_retryable(ERR_BUSY));
	gate_sql("commit");
	assert_int_equal(visits("held"), 0);
	write_until_answered("held", id, &a);
	assert_int_equal(visits("held"), 1);
}

/* The write never happened; the same request does it. */
static void
killed_while_a_write_is_open(void **state)
{
	struct counted write;
	struct gate_answer a;
	uint8_t id[16];

	(void)state;
	client_request_id(id);
	open_behind_a_lock("open", id, &write);
	pg("kill");
	gate_wait(&write.a.done);
	assert_int_equal(write.a.err.code, ERR_UNAVAILABLE);
	pg("start");
	admin_again();
	assert_int_equal(visits("open"), 0);
	turn_until(is_up, 20 * SECOND);
	write_until_answered("open", id, &a);
	assert_false(a.end.repeated);
	assert_int_equal(visits("open"), 1);
	assert_int_equal(write.times, 1);
}

/* The write happened, its answer was lost with the daemon: the same request
 * gets it, from whichever daemon. */
static void
committed_and_not_answered(void **state)
{
	struct counted write;
	struct gate_answer a;
	uint8_t id[16];

	(void)state;
	client_request_id(id);
	open_behind_a_lock("done", id, &write);
	gate_sql("commit");
	/* the loop does not turn: the answer stays where it is */
	while (visits("done") == 0)
		;
	gateway_free(gate.gateway);
	free(gate.address);
	gate_wait(&write.a.done);
	assert_true(err_is_retryable(write.a.err.code));
	gate_hang_up(&one);
	gate.gateway = gate_start(&gateway_default_limits, &gate.address);
	gate_dial(&one, gate.address, NULL);
	gate_wait(&one.welcomed);
	write_until_answered("done", id, &a);
	assert_true(a.end.repeated);
	assert_int_equal(a.rows, 1);
	assert_int_equal(visits("done"), 1);
	assert_int_equal(write.times, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_teardown(a_hang_is_noticed_at_rest, let_go),
	    cmocka_unit_test_teardown(a_hang_is_said_in_time_and_once, let_go),
	    cmocka_unit_test_teardown(a_hang_costs_little, let_go),
	    cmocka_unit_test_teardown(one_backend_hangs, let_go),
	    cmocka_unit_test(a_lock_is_waited_for),
	    cmocka_unit_test(a_lock_is_waited_for_by_an_orphan),
	    cmocka_unit_test(a_lock_without_end_is_said),
	    cmocka_unit_test(killed_while_a_write_is_open),
	    cmocka_unit_test(committed_and_not_answered),
	};

	log_open("outage", LOG_LEVEL_ERROR);
	return cmocka_run_group_tests_name("outage", tests, set_up, tear_down);
}
