/* The terminal in memory: a bundle, a port that answers, keys, the grid. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/mem.h"
#include "tui/app.h"

static struct app app;
static struct grid grid;
static uint64_t clock_us;
static bool online;
static struct {
	const struct client_reply *reply;
	void *arg;
	uint32_t id;
	bool write;
} asked[64];
static int asked_count;
static uint32_t last_id;

static uint64_t
fake_now(void)
{
	return clock_us;
}

static int64_t
fake_wallclock(void)
{
	return INT64_C(1768384830000000);
}

static bool
port_ready(void *arg)
{
	(void)arg;
	return online;
}

static uint32_t
put_request(uint32_t id, const struct client_reply *r, void *arg, bool write)
{
	assert_true(asked_count < 64);
	asked[asked_count].reply = r;
	asked[asked_count].arg = arg;
	asked[asked_count].write = write;
	return asked[asked_count++].id = id ? id : ++last_id;
}

static uint32_t
port_ask(void *p, uint32_t id, const char *st, const struct buf *args,
    const struct buf *options, const struct client_reply *r, void *arg)
{
	(void)p, (void)st, (void)args, (void)options;
	return put_request(id, r, arg, false);
}

static uint32_t
port_write(void *p, const char *st, const struct buf *args,
    const uint8_t request[REQUEST_ID_LEN], const struct client_reply *r,
    void *arg)
{
	(void)p, (void)st, (void)args, (void)request;
	return put_request(0, r, arg, true);
}

static void
port_unwatch(void *p, uint32_t id)
{
	(void)p, (void)id;
}

static void
port_cancel(void *p, uint32_t id)
{
	(void)p;
	for (int i = 0; i < asked_count; i++)
		if (asked[i].id == id)
			asked[i] = asked[--asked_count];
}

/* Answers everything that is open with `count` customers from `first` on. */
static void
answer(int first, int count, bool more)
{
	while (asked_count > 0) {
		struct client_done done = {
		    .rows = count, .more = more, .total = -1};
		struct codec_reader r;
		struct buf b = {0};
		const struct client_reply *reply = asked[0].reply;
		void *arg = asked[0].arg;

		for (int i = 0; i < count; i++) {
			codec_put_array(&b, 3);
			codec_put_int(&b, first + i);
			codec_put_int(&b, i % 4);
			codec_put_text(&b, i % 2 ? "精密工业" : "EduEquip");
		}
		asked[0] = asked[--asked_count];
		codec_open(&r, b.data, b.len);
		reply->on_rows(&r, (size_t)count, arg);
		reply->on_done(NULL, &done, arg);
		buf_clear(&b);
	}
}

static void
put_label(struct buf *b, const char *zh, const char *en)
{
	codec_put_array(b, 2);
	codec_put_text(b, zh);
	codec_put_text(b, en);
}

static void
put_column(struct buf *b, const char *name, const char *zh, const char *format)
{
	codec_put_array(b, 5);
	codec_put_text(b, name);
	put_label(b, zh, name);
	codec_put_text(b, format);
	codec_put_int(b, 0);
	codec_put_null(b);
}

static void
put_pane(struct buf *b)
{
	codec_put_array(b, 14);
	codec_put_text(b, "table");
	codec_put_null(b);
	put_label(b, "客户", "Customers");
	codec_put_text(b, "customer/list");
	codec_put_array(b, 0);
	codec_put_null(b);
	codec_put_array(b, 3);
	codec_put_int(b, 5);
	codec_put_int(b, 0);
	codec_put_int(b, 0);
	codec_put_array(b, 2);
	put_column(b, "light", "灯", "light");
	put_column(b, "name", "名称", "");
	codec_put_null(b);
	codec_put_array(b, 1);
	codec_put_array(b, 6);
	codec_put_text(b, "v");
	codec_put_text(b, "customer/confirm");
	codec_put_bool(b, true);
	put_label(b, "确认", "confirm");
	codec_put_array(b, 0);
	codec_put_null(b);
	codec_put_array(b, 0);
	codec_put_array(b, 0);
	codec_put_null(b);
	codec_put_array(b, 0);
}

static void
put_typed(struct buf *b, const char *name, const char *type)
{
	codec_put_array(b, 2);
	codec_put_text(b, name);
	codec_put_text(b, type);
}

static void
put_statement(struct buf *b, const char *name, bool write)
{
	codec_put_array(b, 9);
	codec_put_text(b, name);
	put_label(b, name, name);
	codec_put_bool(b, write);
	codec_put_array(b, 3);
	put_typed(b, "customer_id", "int");
	put_typed(b, "light", "int");
	put_typed(b, "name", "text");
	codec_put_array(b, write ? 1 : 0);
	if (write) {
		codec_put_array(b, 3);
		codec_put_text(b, "customer_id");
		codec_put_text(b, "int");
		codec_put_bool(b, false);
	}
	codec_put_text(b, "customer_id");
	codec_put_array(b, 1);
	codec_put_text(b, "name");
	codec_put_text(b, "name");
	codec_put_null(b);
}

static void
put_bundle(struct buf *b)
{
	codec_put_array(b, 5);
	codec_put_int(b, 1);
	codec_put_text(b, "customers");
	codec_put_array(b, 1);
	codec_put_array(b, 6);
	codec_put_text(b, "customers");
	put_label(b, "客户", "Customers");
	codec_put_int(b, 1);
	codec_put_array(b, 0);
	codec_put_array(b, 1);
	put_pane(b);
	codec_put_array(b, 0);
	codec_put_array(b, 2);
	put_statement(b, "customer/list", false);
	put_statement(b, "customer/confirm", true);
	codec_put_array(b, 0);
}

static int
setup(void **state)
{
	struct app_host host = {.now = fake_now, .wallclock = fake_wallclock};
	struct port port = {
	    port_ready, port_ask, port_write, port_unwatch, port_cancel, NULL};
	struct buf b = {0};
	struct err e;

	(void)state;
	online = true;
	clock_us = 1000000;
	asked_count = 0;
	app_init(&app, &host, &port, LANG_EN);
	put_bundle(&b);
	app_set_bundle(&app, bundle_read(b.data, b.len, &e));
	buf_clear(&b);
	grid_init(&grid, 24, 80);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	app_clear(&app);
	grid_clear(&grid);
	return 0;
}

static char *
screen(void)
{
	struct buf b = {0};

	app_view(&app, &grid);
	grid_print(&grid, &b);
	return buf_take(&b);
}

static void
expect(const char *text)
{
	char *s = screen();

	if (!strstr(s, text))
		fail_msg("\"%s\" is not in:\n%s", text, s);
	free(s);
}

static void
test_rows_are_drawn(void **state)
{
	(void)state;
	expect("loading");
	answer(1, 6, false);
	expect(">  ");
	expect("!!RED");
	expect("精密工业");
	expect("? help");
}

static void
test_selection_belongs_to_the_row(void **state)
{
	struct pane *p = app_focus(&app);

	(void)state;
	answer(1, 6, false);
	app_key(&app, 'j');
	app_key(&app, 'j');
	assert_int_equal(pane_row_id(p), 3);
	clock_us += 1000000;
	app_tick(&app);
	app_on_stale(&app, p->sources[0].watch_id);
	app_tick(&app);
	assert_int_equal(asked_count, 1);
	answer(0, 6, false);
	assert_int_equal(pane_row_id(p), 3);
	assert_int_equal(p->lists[0].at, 3);
}

static void
test_live_rows_wait_for_the_hands(void **state)
{
	struct pane *p = app_focus(&app);

	(void)state;
	answer(1, 6, false);
	app_key(&app, 'j');
	app_tick(&app);
	app_on_stale(&app, p->sources[0].watch_id);
	app_tick(&app);
	answer(0, 6, false);
	assert_int_equal(source_id(&p->sources[0], 0), 1);
	expect("1 new, press N");
	clock_us += 600000;
	app_tick(&app);
	assert_int_equal(source_id(&p->sources[0], 0), 0);
}

static void
test_three_pages_are_held(void **state)
{
	struct pane *p = app_focus(&app);

	(void)state;
	answer(0, 200, true);
	for (int page = 1; page < 8; page++) {
		app_view(&app, &grid);
		for (int i = 0; i < 200; i++)
			app_key(&app, 'j');
		answer(page * 200, 200, true);
	}
	assert_int_equal(source_count(&p->sources[0]), 600);
	assert_true(p->sources[0].base > 0);
	assert_int_equal(source_id(&p->sources[0], 0), p->sources[0].base);
}

static void
test_write_is_marked_until_acknowledged(void **state)
{
	(void)state;
	answer(1, 3, false);
	online = false;
	app_key(&app, 'v');
	assert_int_equal(queue_count(&app.queue, false), 1);
	expect(">~");
	online = true;
	app_on_welcome(
	    &app, &(struct client_welcome){.person = "Li Na", .lang = "en"});
	answer(1, 3, false);
	assert_int_equal(queue_count(&app.queue, false), 0);
	expect("saved: confirm");
}

static void
test_rows_of_the_cache_show_their_time(void **state)
{
	uint8_t key[32] = {1};
	char dir[] = "/tmp/app_test.XXXXXX";
	struct err cut = {.code = ERR_UNAVAILABLE, .text = "cut"},
		   revoked = {.code = ERR_REVOKED, .text = "revoked"};
	struct buf b = {0};
	char *rows;

	(void)state;
	setenv("TZ", "UTC", 1);
	assert_non_null(mkdtemp(dir));
	rows = xasprintf("%s/rows", dir);
	app.cache = cache_new(rows, key, CACHE_MAX);
	answer(1, 6, false);
	assert_int_equal(access(rows, F_OK), 0);
	/* a start without a connection */
	online = false;
	put_bundle(&b);
	app_set_bundle(&app, bundle_read(b.data, b.len, NULL));
	buf_clear(&b);
	app_on_closed(&app, &cut);
	expect("as of 10:00, offline");
	expect("精密工业");
	app_key(&app, 'G');
	app_key(&app, 'k');
	assert_int_equal(pane_row_id(app_focus(&app)), 5);
	app_key(&app, 'v');
	expect(">~");
	app.lang = LANG_ZH;
	expect("截至 10:00, 离线");
	app.lang = LANG_EN;
	/* live rows take their place, the write goes */
	online = true;
	app_on_welcome(
	    &app, &(struct client_welcome){.person = "Li Na", .lang = "en"});
	expect("as of 10:00");
	answer(1, 3, false);
	assert_true(app_focus(&app)->sources[0].as_of == 0);
	assert_int_equal(source_count(&app_focus(&app)->sources[0]), 3);
	assert_int_equal(queue_count(&app.queue, false), 0);
	/* nothing is left when the key is revoked */
	app_on_closed(&app, &revoked);
	assert_int_equal(access(rows, F_OK), -1);
	assert_null(app.view);
	expect("revoked");
	free(rows);
	rmdir(dir);
}

/* Answers the oldest request, a write, with an error. */
static void
fail_one(enum err_code code, const char *why)
{
	struct err e = {.code = code};
	const struct client_reply *reply = asked[0].reply;
	void *arg = asked[0].arg;

	assert_true(asked[0].write);
	snprintf(e.text, sizeof(e.text), "%s", why);
	memmove(asked, asked + 1, (size_t)--asked_count * sizeof(asked[0]));
	reply->on_done(&e, NULL, arg);
}

static void
refuse_one(const char *why)
{
	fail_one(ERR_REFUSED, why);
}

/* What the daemon put off is sent again while the link stands. */
static void
test_a_busy_write_is_sent_again(void **state)
{
	uint64_t due;

	(void)state;
	answer(1, 3, false);
	app_key(&app, 'v');
	assert_int_equal(asked_count, 1);
	fail_one(ERR_BUSY, "somebody holds it");
	assert_int_equal(asked_count, 0);
	assert_int_equal(queue_count(&app.queue, false), 1);
	due = app_tick(&app);
	assert_true(due > 0);
	assert_int_equal(asked_count, 0);
	while (due && asked_count == 0) {
		clock_us = due;
		due = app_tick(&app);
	}
	assert_int_equal(asked_count, 1);
	answer(1, 1, false);
	assert_int_equal(queue_count(&app.queue, false), 0);
}

static void
test_a_key_acts_on_each_marked_row(void **state)
{
	struct pane *p = app_focus(&app);

	(void)state;
	answer(1, 6, false);
	app_key(&app, ' ');
	app_key(&app, ' ');
	app_key(&app, 'j');
	app_key(&app, ' ');
	assert_int_equal(p->marks.count, 3);
	app_key(&app, 'v');
	assert_int_equal(asked_count, 3);
	assert_int_equal(queue_mark(&app.queue, 1), '~');
	assert_int_equal(queue_mark(&app.queue, 2), '~');
	assert_int_equal(queue_mark(&app.queue, 3), 0);
	assert_int_equal(queue_mark(&app.queue, 4), '~');
	assert_int_equal(p->marks.count, 0);
	assert_int_equal(pane_row_id(p), 5);
	refuse_one("not yours");
	expect("0 of 3 rows done, 1 refused: not yours");
	answer(1, 1, false);
	expect("2 of 3 rows done, 1 refused: not yours");
	assert_int_equal(queue_mark(&app.queue, 1), '!');
	assert_int_equal(queue_mark(&app.queue, 2), 0);
}

static void
test_marked_rows_that_went_are_said(void **state)
{
	struct pane *p = app_focus(&app);

	(void)state;
	answer(1, 6, false);
	app_key(&app, ' ');
	source_restart(&p->sources[0]);
	answer(2, 6, false);
	app_key(&app, 'v');
	assert_int_equal(asked_count, 0);
	expect("1 marked rows are not here any more");
}

static void
type_text(const char *text)
{
	for (; *text; text++)
		app_key(&app, (unsigned char)*text);
}

static void
test_the_palette_takes_an_argument(void **state)
{
	(void)state;
	answer(1, 6, false);
	type_text(":customers Edu");
	expect(">                Customers");
	app_key(&app, KEY_ENTER_);
	answer(1, 6, false);
	expect("&Edu");
	expect("> ");
	assert_non_null(app.view->parent);
	/* by pinyin initials, and what names nothing opens nothing */
	type_text(":kh x\r");
	assert_non_null(app.view->parent->parent);
	type_text(":nothing x\r");
	assert_int_equal(app.mode, MODE_PICKER);
}

static void
test_unknown_key_says_so(void **state)
{
	(void)state;
	answer(1, 3, false);
	app_key(&app, 'X');
	expect("X does nothing here; nearest is C-x lock");
}

static void
test_any_key_in_any_size(void **state)
{
	unsigned seed = 7;
	int sizes[][2] = {{1, 1}, {10, 40}, {24, 80}, {40, 120}, {2, 200}};

	(void)state;
	answer(1, 50, false);
	for (int i = 0; i < 4000; i++) {
		uint32_t key = (uint32_t)rand_r(&seed) % 160;

		if (key >= 128)
			key = KEY_SPECIAL_ + key - 127;
		app_key(&app, key);
		clock_us += (uint64_t)rand_r(&seed) % 300000;
		app_tick(&app);
		answer(1 + i % 9, 50, i % 3 == 0);
		if (i % 40 == 0) {
			grid_clear(&grid);
			grid_init(
			    &grid, sizes[i / 40 % 5][0], sizes[i / 40 % 5][1]);
		}
		app_view(&app, &grid);
	}
	assert_non_null(app.view);
}

#define APP_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    APP_TEST(test_rows_are_drawn),
	    APP_TEST(test_selection_belongs_to_the_row),
	    APP_TEST(test_live_rows_wait_for_the_hands),
	    APP_TEST(test_three_pages_are_held),
	    APP_TEST(test_write_is_marked_until_acknowledged),
	    APP_TEST(test_rows_of_the_cache_show_their_time),
	    APP_TEST(test_a_busy_write_is_sent_again),
	    APP_TEST(test_a_key_acts_on_each_marked_row),
	    APP_TEST(test_marked_rows_that_went_are_said),
	    APP_TEST(test_the_palette_takes_an_argument),
	    APP_TEST(test_unknown_key_says_so),
	    APP_TEST(test_any_key_in_any_size),
	};

	return cmocka_run_group_tests_name("app", tests, NULL, NULL);
}
