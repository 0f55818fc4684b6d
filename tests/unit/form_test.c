/* Forms: fields, keys, drafts, what is undone. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/text.h"
#include "tests/harness/fake_app.h"

static void
test_a_key_asks_for_what_it_lacks(void **state)
{
	const struct value *v;

	(void)state;
	fake_answer(1, 3, false);
	fake_type("c");
	assert_int_equal(fake_asked, 0);
	assert_int_equal(app.mode, MODE_PICKER);
	fake_expect("close");
	fake_expect(">                call");
	fake_type("demo\r");
	fake_expect("[demo");
	app_key(&app, KEY_FN(10));
	assert_int_equal(fake_asked, 1);
	assert_string_equal(fake_requests[0].statement, "customer/close");
	v = values_get(&fake_requests[0].args, "kind");
	assert_string_equal(v->text, "demo");
	v = values_get(&fake_requests[0].args, "customer_id");
	assert_int_equal(v->integer, 1);
	fake_answer(1, 3, false);
	fake_expect("saved: close");
	assert_null(app.view->parent);
}

/* A choice that is typed: exactly, or as much as fits one alone. */
static void
test_choices_may_be_typed(void **state)
{
	static const struct {
		const char *typed, *code; /* NULL: it is to be picked */
	} rows[] = {{"demo", "demo"}, {"DEMAND", "demand"}, {"call", "call"},
	    {"电", "call"}, {"dem", NULL}, {"x", NULL}, {"c", "call"}};

	(void)state;
	fake_answer(1, 3, false);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		fake_type("w");
		assert_int_equal(app_focus(&app)->field, 2);
		app_paste(&app, rows[i].typed);
		fake_type("\r");
		if (rows[i].code)
			assert_string_equal(
			    app_focus(&app)->fields[2].chosen.text,
			    rows[i].code);
		else
			fake_expect("choose with F4");
		fake_type("\025\033"); /* C-u, Esc */
		drafts_clear(&app.drafts);
	}
}

static void
test_the_help_of_a_form_has_its_keys(void **state)
{
	(void)state;
	fake_answer(1, 3, false);
	fake_type("w");
	app_key(&app, KEY_FN(1));
	fake_expect("F10            check all fields");
	fake_expect("S-Tab");
	fake_expect("choose one");
	fake_type("check all\r");
	assert_int_equal(app.mode, MODE_NORMAL);
	fake_expect("required");
}

static void
test_a_refused_form_stays_and_says_where(void **state)
{
	(void)state;
	fake_answer(1, 3, false);
	fake_type("wcall\rabout a price");
	app_key(&app, KEY_FN(10));
	assert_int_equal(fake_asked, 1);
	fake_fail(ERR_REFUSED, "too short", "summary");
	fake_expect("too short");
	fake_expect("about a price");
	assert_int_equal(app_focus(&app)->field, 3);
	assert_int_equal(queue_count(&app.queue, true), 0);
}

/* An answer while something is looked up for the form. */
static void
test_an_answer_closes_what_is_picked(void **state)
{
	(void)state;
	fake_answer(1, 3, false);
	fake_type("wcall\rabout a price");
	app_key(&app, KEY_FN(10));
	app_key(&app, KEY_UP_);
	app_key(&app, KEY_FN(4));
	assert_int_equal(app.mode, MODE_PICKER);
	fake_answer(1, 3, false);
	assert_int_equal(app.mode, MODE_NORMAL);
	fake_type("jj");
	fake_expect("Customers");
}

/* A draft comes back with its record's form, and with no other. */
static void
test_a_draft_belongs_to_its_record(void **state)
{
	(void)state;
	fake_answer(1, 3, false);
	fake_type("wcall\rabout a price\033");
	fake_expect("draft kept");
	fake_type("jw");
	assert_int_equal(app_focus(&app)->fields[3].edit.len, 0);
	fake_type("\033kw");
	fake_expect("about a price");
	assert_string_equal(app_focus(&app)->fields[2].chosen.text, "call");
	/* new screens come while it is open */
	fake_type(", again");
	app_set_bundle(&app, fake_bundle());
	fake_expect("about a price, again");
	app_key(&app, KEY_FN(10));
	fake_answer(1, 3, false);
	assert_int_equal(app.drafts.count, 0);
}

/* Nothing typed, nothing kept. */
/* More than a field takes is cut at a character, and is quick to draw. */
static void
test_a_paste_is_cut(void **state)
{
	char *much = calloc(3, 40000);
	struct edit e = {0};

	(void)state;
	for (int i = 0; i < 30000; i++)
		memcpy(much + 3 * i, "\346\227\245", 3);
	edit_paste(&e, "ab", false);
	edit_paste(&e, much, false);
	assert_int_equal(e.len, 2 + (EDIT_MAX - 2) / 3 * 3);
	assert_int_equal(e.at, e.len);
	edit_draw(
	    &e, &grid, (struct rect){0, 0, 1, 20}, STYLE_EDIT, true, false);
	assert_int_equal(grid.cursor_x, 18);
	fake_answer(1, 3, false);
	fake_type("wcall\r");
	app_paste(&app, much);
	fake_expect("\346\227\245");
	edit_clear(&e);
	free(much);
}

/* What is drawn is as wide as what is counted, and ends where it must. */
static void
test_wide_characters_at_edges(void **state)
{
	static const char *const rows[] = {"\346\227\245", "a\346\227\245",
	    "e\314\201", "\360\237\221\251\342\200\215\360\237\221\247",
	    "\360\237\207\250\360\237\207\263", "\342\200\256x", "\377\376",
	    "\346\227", "\007\033[31m", "\342\235\244\357\270\217"};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (int w = 1; w < 6; w++) {
			int cells = text_width(rows[i]);

			grid_erase(&grid);
			assert_int_equal(
			    grid_put(&grid, 0, 3, -1, rows[i], STYLE_PLAIN),
			    cells);
			/* at the right edge, then over half of it */
			assert_int_equal(
			    grid_put(&grid, 1, 80 - w, w, rows[i], STYLE_PLAIN),
			    w);
			grid_put(&grid, 1, 80 - w + 1, 1, "|", STYLE_PLAIN);
			for (int x = 0; x < 80; x++) {
				const struct grid_cell *c =
				    grid_at(&grid, 1, x);

				assert_true(c->c >= ' ' || c->c == 0);
				if (c->c == 0)
					assert_int_equal(
					    text_cell_width(
						grid_at(&grid, 1, x - 1)->c),
					    2);
			}
		}
}

static void
test_defaults_are_no_draft(void **state)
{
	(void)state;
	fake_answer(1, 3, false);
	fake_type("w\033");
	assert_int_equal(app.drafts.count, 0);
}

static void
test_drafts_outlive_the_program(void **state)
{
	uint8_t key[32] = {3}, other[32] = {4};
	char dir[] = "/tmp/form_test.XXXXXX", path[64];
	struct values about = {0};
	struct drafts d = {0};

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/drafts", dir);
	values_set(&about, "customer_id", value_int(7));
	drafts_open(&d, path, key);
	values_set(drafts_get(&d, "visit/record", &about, true), "=summary",
	    value_text("kept"));
	drafts_save(&d);
	drafts_clear(&d);
	/* another key opens nothing */
	drafts_open(&d, path, other);
	assert_int_equal(d.count, 0);
	drafts_clear(&d);
	drafts_open(&d, path, key);
	assert_null(drafts_get(&d, "visit/record", NULL, false));
	assert_string_equal(
	    values_get(
		drafts_get(&d, "visit/record", &about, false), "=summary")
		->text,
	    "kept");
	/* the last one goes with its file */
	drafts_drop(&d, "visit/record", &about);
	drafts_save(&d);
	assert_int_equal(access(path, F_OK), -1);
	drafts_clear(&d);
	values_clear(&about);
	rmdir(dir);
}

static void
test_undo_takes_back_all_marked_rows(void **state)
{
	(void)state;
	fake_answer(1, 6, false);
	fake_type("   v");
	assert_int_equal(fake_asked, 3);
	fake_fail(ERR_REFUSED, "not yours", "");
	fake_answer(9, 6, false);
	fake_expect("2 of 3 rows done");
	fake_type("u");
	assert_int_equal(fake_asked, 2);
	for (int i = 0; i < 2; i++) {
		assert_string_equal(
		    fake_requests[i].statement, "customer/restore");
		assert_int_equal(
		    values_get(&fake_requests[i].args, "customer_id")->integer,
		    2 + i);
	}
	fake_answer(9, 6, false);
	fake_expect("undone");
	fake_type("u");
	assert_int_equal(fake_asked, 0);
	fake_expect("nothing to undo");
}

static void
test_undo_says_what_it_did_not(void **state)
{
	(void)state;
	fake_answer(1, 6, false);
	fake_type("  v");
	fake_answer(9, 6, false);
	fake_type("u");
	fake_fail(ERR_REFUSED, "too late", "");
	fake_answer(9, 6, false);
	fake_expect("1 of 2 rows undone: too late");
}

static void
test_undo_is_of_the_last_verb(void **state)
{
	(void)state;
	fake_answer(1, 6, false);
	fake_type("  v");
	fake_answer(9, 6, false);
	fake_type("gv");
	fake_answer(9, 6, false);
	fake_type("u");
	assert_int_equal(fake_asked, 1);
	assert_int_equal(
	    values_get(&fake_requests[0].args, "customer_id")->integer, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    FAKE_TEST(test_a_key_asks_for_what_it_lacks),
	    FAKE_TEST(test_choices_may_be_typed),
	    FAKE_TEST(test_the_help_of_a_form_has_its_keys),
	    FAKE_TEST(test_a_refused_form_stays_and_says_where),
	    FAKE_TEST(test_an_answer_closes_what_is_picked),
	    FAKE_TEST(test_a_draft_belongs_to_its_record),
	    FAKE_TEST(test_a_paste_is_cut),
	    FAKE_TEST(test_wide_characters_at_edges),
	    FAKE_TEST(test_defaults_are_no_draft),
	    FAKE_TEST(test_drafts_outlive_the_program),
	    FAKE_TEST(test_undo_takes_back_all_marked_rows),
	    FAKE_TEST(test_undo_says_what_it_did_not),
	    FAKE_TEST(test_undo_is_of_the_last_verb),
	};

	return cmocka_run_group_tests_name("form", tests, NULL, NULL);
}
