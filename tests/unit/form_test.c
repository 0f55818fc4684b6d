/* Forms: fields, keys, drafts, what is undone. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
	    FAKE_TEST(test_undo_takes_back_all_marked_rows),
	    FAKE_TEST(test_undo_says_what_it_did_not),
	    FAKE_TEST(test_undo_is_of_the_last_verb),
	};

	return cmocka_run_group_tests_name("form", tests, NULL, NULL);
}
