/* Screens, keys, writes: the terminal in memory. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/mem.h"
#include "tests/harness/fake_app.h"
#include "tui/list.h"

static void
test_rows_are_drawn(void **state)
{
	(void)state;
	fake_expect("loading");
	fake_answer(1, 6, false);
	fake_expect(">  ");
	fake_expect("!!RED");
	fake_expect("精密工业");
	fake_expect("? help");
}

static void
test_selection_belongs_to_the_row(void **state)
{
	struct pane *p = app_focus(&app);

	(void)state;
	fake_answer(1, 6, false);
	app_key(&app, 'j');
	app_key(&app, 'j');
	assert_int_equal(pane_row_id(p), 3);
	fake_clock += 1000000;
	app_tick(&app);
	app_on_stale(&app, p->sources[0].watch_id);
	app_tick(&app);
	assert_int_equal(fake_asked, 1);
	fake_answer(0, 6, false);
	assert_int_equal(pane_row_id(p), 3);
	assert_int_equal(p->lists[0].at, 3);
}

static void
test_live_rows_wait_for_the_hands(void **state)
{
	struct pane *p = app_focus(&app);

	(void)state;
	fake_answer(1, 6, false);
	app_key(&app, 'j');
	app_tick(&app);
	app_on_stale(&app, p->sources[0].watch_id);
	app_tick(&app);
	fake_answer(0, 6, false);
	assert_int_equal(source_id(&p->sources[0], 0), 1);
	fake_expect("1 new, press N");
	fake_clock += 600000;
	app_tick(&app);
	assert_int_equal(source_id(&p->sources[0], 0), 0);
}

/* While keys come, news are fetched twice a second at most. */
static void
test_news_wait_while_keys_come(void **state)
{
	struct pane *p = app_focus(&app);
	int asks = 0;

	(void)state;
	fake_answer(1, 6, false);
	for (int ms = 0; ms < 2000; ms += 10) {
		fake_clock += 10000;
		app_key(&app, ms / 10 % 4 < 2 ? 'j' : 'k');
		app_on_stale(&app, p->sources[0].watch_id);
		app_tick(&app);
		asks += fake_asked;
		fake_answer(1, 6, false);
	}
	assert_in_range(asks, 3, 5);
	/* with no hands on it at once, each time */
	fake_clock += 1000000;
	app_tick(&app);
	fake_answer(1, 6, false);
	for (int i = 0; i < 5; i++) {
		fake_clock += 40000;
		app_on_stale(&app, p->sources[0].watch_id);
		app_tick(&app);
		assert_int_equal(fake_asked, 1);
		fake_answer(1, 6, false);
	}
}

static void
test_three_pages_are_held(void **state)
{
	struct pane *p = app_focus(&app);

	(void)state;
	fake_answer(0, 200, true);
	for (int page = 1; page < 8; page++) {
		app_view(&app, &grid);
		for (int i = 0; i < 200; i++)
			app_key(&app, 'j');
		fake_answer(page * 200, 200, true);
	}
	assert_int_equal(source_count(&p->sources[0]), 600);
	assert_true(p->sources[0].base > 0);
	assert_int_equal(source_id(&p->sources[0], 0), p->sources[0].base);
}

static void
test_write_is_marked_until_acknowledged(void **state)
{
	(void)state;
	fake_answer(1, 3, false);
	fake_online = false;
	app_key(&app, 'v');
	assert_int_equal(queue_count(&app.queue, false), 1);
	fake_expect(">~");
	fake_online = true;
	app_on_welcome(
	    &app, &(struct client_welcome){.person = "Li Na", .lang = "en"});
	fake_answer(1, 3, false);
	assert_int_equal(queue_count(&app.queue, false), 0);
	fake_expect("saved: confirm");
}

static void
test_rows_of_the_cache_show_their_time(void **state)
{
	uint8_t key[32] = {1};
	char dir[] = "/tmp/app_test.XXXXXX";
	struct err cut = {.code = ERR_UNAVAILABLE, .text = "cut"},
		   revoked = {.code = ERR_REVOKED, .text = "revoked"};
	char *rows;

	(void)state;
	setenv("TZ", "UTC", 1);
	assert_non_null(mkdtemp(dir));
	rows = xasprintf("%s/rows", dir);
	app.cache = cache_new(rows, key, CACHE_MAX);
	fake_answer(1, 6, false);
	assert_int_equal(access(rows, F_OK), 0);
	/* a start without a connection */
	fake_online = false;
	app_set_bundle(&app, fake_bundle());
	app_on_closed(&app, &cut);
	fake_expect("as of 10:00, offline");
	fake_expect("精密工业");
	app_key(&app, 'G');
	app_key(&app, 'k');
	assert_int_equal(pane_row_id(app_focus(&app)), 5);
	app_key(&app, 'v');
	fake_expect(">~");
	app.lang = LANG_ZH;
	fake_expect("截至 10:00, 离线");
	app.lang = LANG_EN;
	/* live rows take their place, the write goes */
	fake_online = true;
	app_on_welcome(
	    &app, &(struct client_welcome){.person = "Li Na", .lang = "en"});
	fake_expect("as of 10:00");
	fake_answer(1, 3, false);
	assert_true(app_focus(&app)->sources[0].as_of == 0);
	assert_int_equal(source_count(&app_focus(&app)->sources[0]), 3);
	assert_int_equal(queue_count(&app.queue, false), 0);
	/* nothing is left when the key is revoked */
	app_on_closed(&app, &revoked);
	assert_int_equal(access(rows, F_OK), -1);
	assert_null(app.view);
	fake_expect("revoked");
	free(rows);
	rmdir(dir);
}

static void
refuse_one(const char *why)
{
	fake_fail(ERR_REFUSED, why, "");
}

/* What the daemon put off is sent again while the link stands. */
static void
test_a_busy_write_is_sent_again(void **state)
{
	uint64_t due;

	(void)state;
	fake_answer(1, 3, false);
	app_key(&app, 'v');
	assert_int_equal(fake_asked, 1);
	fake_fail(ERR_BUSY, "somebody holds it", "");
	assert_int_equal(fake_asked, 0);
	assert_int_equal(queue_count(&app.queue, false), 1);
	due = app_tick(&app);
	assert_true(due > 0);
	assert_int_equal(fake_asked, 0);
	while (due && fake_asked == 0) {
		fake_clock = due;
		due = app_tick(&app);
	}
	assert_int_equal(fake_asked, 1);
	fake_answer(1, 1, false);
	assert_int_equal(queue_count(&app.queue, false), 0);
}

static void
test_a_key_acts_on_each_marked_row(void **state)
{
	struct pane *p = app_focus(&app);

	(void)state;
	fake_answer(1, 6, false);
	app_key(&app, ' ');
	app_key(&app, ' ');
	app_key(&app, 'j');
	app_key(&app, ' ');
	assert_int_equal(p->marks.count, 3);
	app_key(&app, 'v');
	assert_int_equal(fake_asked, 3);
	assert_int_equal(queue_mark(&app.queue, 1), '~');
	assert_int_equal(queue_mark(&app.queue, 2), '~');
	assert_int_equal(queue_mark(&app.queue, 3), 0);
	assert_int_equal(queue_mark(&app.queue, 4), '~');
	assert_int_equal(p->marks.count, 0);
	assert_int_equal(pane_row_id(p), 5);
	refuse_one("not yours");
	fake_expect("0 of 3 rows done, 1 refused: not yours");
	fake_answer(1, 1, false);
	fake_expect("2 of 3 rows done, 1 refused: not yours");
	assert_int_equal(queue_mark(&app.queue, 1), '!');
	assert_int_equal(queue_mark(&app.queue, 2), 0);
}

static void
test_marked_rows_that_went_are_said(void **state)
{
	struct pane *p = app_focus(&app);

	(void)state;
	fake_answer(1, 6, false);
	app_key(&app, ' ');
	source_restart(&p->sources[0]);
	fake_answer(2, 6, false);
	app_key(&app, 'v');
	assert_int_equal(fake_asked, 0);
	fake_expect("1 marked rows are not here any more");
}

static void
test_the_palette_takes_an_argument(void **state)
{
	(void)state;
	fake_answer(1, 6, false);
	fake_type(":customers Edu");
	fake_expect(">                Customers");
	app_key(&app, KEY_ENTER_);
	fake_answer(1, 6, false);
	fake_expect("&Edu");
	fake_expect("> ");
	assert_non_null(app.view->parent);
	/* by pinyin initials, and what names nothing opens nothing */
	fake_type(":kh x\r");
	assert_non_null(app.view->parent->parent);
	fake_type(":nothing x\r");
	assert_int_equal(app.mode, MODE_PICKER);
}

static int unlocks;

static void
fake_unlock(const char *passphrase, void *arg)
{
	(void)arg;
	unlocks += strcmp(passphrase, "one") == 0;
}

/* The loop goes on while the passphrase is tried. */
static void
test_unlocking_takes_its_time(void **state)
{
	(void)state;
	app.host.unlock = fake_unlock;
	app.host.has_passphrase = true;
	unlocks = 0;
	fake_answer(1, 3, false);
	app_key(&app, KEY_CTRL('x'));
	fake_type("one\r");
	assert_int_equal(unlocks, 1);
	fake_expect("unlocking");
	fake_type("\rtwo\r");
	assert_int_equal(unlocks, 1);
	fake_expect("***");
	app_unlocked(&app, false);
	fake_expect("wrong passphrase");
	fake_expect("***");
	fake_type("\025one\r");
	assert_int_equal(unlocks, 2);
	fake_type("left over");
	app_unlocked(&app, true);
	assert_int_equal(app.mode, MODE_NORMAL);
	assert_int_equal(app.line.len, 0);
	fake_expect("EduEquip");
}

static void
test_unknown_key_says_so(void **state)
{
	(void)state;
	fake_answer(1, 3, false);
	app_key(&app, 'X');
	fake_expect("X does nothing here; nearest is C-x lock");
}

/* What is kept of the last frame makes no other frame. */
static void
expect_same_afresh(void)
{
	struct buf kept = {0}, fresh = {0};

	app_view(&app, &grid);
	grid_print(&grid, &kept);
	grid_print_styles(&grid, &kept);
	for (size_t i = 0; i < app.view->pane_count; i++)
		picture_free(&app.view->panes[i]);
	app_view(&app, &grid);
	grid_print(&grid, &fresh);
	grid_print_styles(&grid, &fresh);
	assert_string_equal(buf_str(&kept), buf_str(&fresh));
	/* and this one is kept in turn */
	app_view(&app, &grid);
	buf_clear(&kept);
	buf_clear(&fresh);
}

static void
test_any_key_in_any_size(void **state)
{
	unsigned seed = 7;
	int sizes[][2] = {{1, 1}, {10, 40}, {24, 80}, {40, 120}, {2, 200}};

	(void)state;
	fake_answer(1, 50, false);
	for (int i = 0; i < 4000; i++) {
		uint32_t key = (uint32_t)rand_r(&seed) % 160;

		if (key >= 128)
			key = KEY_SPECIAL_ + key - 127;
		app_key(&app, key);
		fake_clock += (uint64_t)rand_r(&seed) % 300000;
		app_tick(&app);
		fake_answer(1 + i % 9, 50, i % 3 == 0);
		if (i % 40 == 0) {
			grid_clear(&grid);
			grid_init(
			    &grid, sizes[i / 40 % 5][0], sizes[i / 40 % 5][1]);
		}
		expect_same_afresh();
	}
	assert_non_null(app.view);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    FAKE_TEST(test_rows_are_drawn),
	    FAKE_TEST(test_selection_belongs_to_the_row),
	    FAKE_TEST(test_live_rows_wait_for_the_hands),
	    FAKE_TEST(test_news_wait_while_keys_come),
	    FAKE_TEST(test_three_pages_are_held),
	    FAKE_TEST(test_write_is_marked_until_acknowledged),
	    FAKE_TEST(test_rows_of_the_cache_show_their_time),
	    FAKE_TEST(test_a_busy_write_is_sent_again),
	    FAKE_TEST(test_a_key_acts_on_each_marked_row),
	    FAKE_TEST(test_marked_rows_that_went_are_said),
	    FAKE_TEST(test_the_palette_takes_an_argument),
	    FAKE_TEST(test_unlocking_takes_its_time),
	    FAKE_TEST(test_unknown_key_says_so),
	    FAKE_TEST(test_any_key_in_any_size),
	};

	return cmocka_run_group_tests_name("app", tests, NULL, NULL);
}
