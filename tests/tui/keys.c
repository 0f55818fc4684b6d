/*
 * Every key of every screen of one role: what its target needs is given by the
 * row, by the screen or by the form that opens.  First what the bundle says,
 * of all keys; then, where there are rows, the keys are pressed, and what goes
 * out at once must not be refused for something that nobody was asked for.
 * Prints TAP.
 *
 *     keys KEYFILE
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/keyfile.h"
#include "common/log.h"
#include "common/loop.h"
#include "common/mem.h"
#include "tui/app.h"
#include "tui/net.h"

#define PATIENCE 15000000 /* us */
#define VISITED_MAX 64

static struct app app;
static struct port net; /* what the app's port stands before */
static struct loop *loop;
static struct loop_timer *timer;
static struct grid grid;
static int looked, pressed, sent, faults;

/* The write under way; one key makes one. */
static struct {
	const struct client_reply *reply;
	void *arg;
	bool open, was;
	struct err err;
	struct values args;
} under_way;

static const char *visited[VISITED_MAX];
static size_t visited_count;

static void
fault(const char *screen, const struct key_def *k, const char *what,
    const char *name)
{
	printf("# %s: key %s to %s: %s %s\n", screen,
	    k->key[0] ? k->key : "Enter", k->target, what, name);
	faults++;
}

/* What the bundle says ------------------------------------------------------
 */

static bool
ends_with(const char *s, const char *end)
{
	size_t n = strlen(s), m = strlen(end);

	return n >= m && strcmp(s + n - m, end) == 0;
}

static bool
screen_gives(const struct screen_def *s, const char *name)
{
	for (size_t i = 0; i < s->arg_count; i++)
		if (strcmp(s->args[i], name) == 0)
			return true;
	return false;
}

static bool
row_gives(const struct pane_def *p, const char *name)
{
	const struct statement_def *st =
	    bundle_statement(app.bundle, p->statement);

	return st && !st->is_write && statement_column(st, name) >= 0;
}

/* A key of the whole screen takes the row of whichever pane has the focus. */
static bool
is_given(const struct screen_def *s, const struct pane_def *p,
    const struct key_def *k, const char *name)
{
	for (size_t i = 0; i < k->with.count; i++) {
		const struct value *v = &k->with.items[i].value;

		if (strcmp(k->with.items[i].arg, name) != 0)
			continue;
		if (v->type != CODEC_TEXT || v->text[0] != '$')
			return v->type != CODEC_NULL;
		name = v->text + 1;
		break;
	}
	if (screen_gives(s, name) || (p && row_gives(p, name)))
		return true;
	for (size_t i = 0; !p && i < s->pane_count; i++)
		if (row_gives(&s->panes[i], name))
			return true;
	return false;
}

static const struct field_def *
form_field(const struct screen_def *form, const char *arg)
{
	for (size_t i = 0; form && i < form->pane_count; i++)
		for (size_t j = 0; j < form->panes[i].field_count; j++)
			if (strcmp(form->panes[i].fields[j].arg, arg) == 0)
				return &form->panes[i].fields[j];
	return NULL;
}

/* A person can fill it in: the number of a record is looked up, and a choice
 * has something to choose. */
static bool
can_be_filled(const struct field_def *f)
{
	size_t n = f->choices ? strlen(f->choices) : 0;

	if (!f->choices)
		return f->lookup || !ends_with(f->arg, "_id");
	for (size_t i = 0; i < app.bundle->phrase_count; i++)
		if (strncmp(app.bundle->phrases[i].code, f->choices, n) == 0 &&
		    app.bundle->phrases[i].code[n] == '.')
			return true;
	return false;
}

static void
look_write(const struct screen_def *s, const struct pane_def *p,
    const struct key_def *k)
{
	const struct statement_def *st =
	    bundle_statement(app.bundle, k->target);
	const struct screen_def *form = bundle_form(app.bundle, k->target);
	struct values known = {0};

	if (!st) {
		fault(s->name, k, "no such statement", "");
		return;
	}
	for (size_t i = 0; i < st->arg_count; i++)
		if (is_given(s, p, k, st->args[i].name) &&
		    (ends_with(st->args[i].name, "_id") ||
			strcmp(st->args[i].name, "version") == 0))
			values_set(&known, st->args[i].name, value_int(1));
	if (!form)
		form = bundle_make_form(app.bundle, st, &known, &k->label);
	for (size_t i = 0; i < st->arg_count; i++) {
		const char *name = st->args[i].name;
		const struct field_def *f = form_field(form, name);

		if (f && !can_be_filled(f) && !is_given(s, p, k, name))
			fault(s->name, k, "nobody can fill in", name);
		if (!st->args[i].nullable && !f && !is_given(s, p, k, name))
			fault(s->name, k, "nothing gives", name);
	}
	values_clear(&known);
}

/* The forms of the screen that a key opens. */
static void
look_screen(const struct screen_def *s, const struct pane_def *p,
    const struct key_def *k)
{
	const struct screen_def *to = bundle_screen(app.bundle, k->target);

	for (size_t i = 0; to && i < to->pane_count; i++) {
		const struct pane_def *form = &to->panes[i];
		const struct statement_def *st =
		    bundle_statement(app.bundle, form->statement);

		if (strcmp(form->widget, "form") != 0 || !st)
			continue;
		for (size_t j = 0; j < st->arg_count; j++) {
			const char *name = st->args[j].name;
			const struct field_def *f = form_field(to, name);

			if (st->args[j].nullable || (f && can_be_filled(f)))
				continue;
			if (!screen_gives(to, name) || !is_given(s, p, k, name))
				fault(s->name, k, "nothing gives", name);
		}
	}
	if (!to && k->target[0] != '$')
		fault(s->name, k, "no such screen", "");
}

static void
look_keys(const struct screen_def *s, const struct pane_def *p,
    const struct key_list *l)
{
	for (size_t i = 0; i < l->count; i++) {
		looked++;
		if (l->items[i].is_write)
			look_write(s, p, &l->items[i]);
		else
			look_screen(s, p, &l->items[i]);
	}
}

static void
look_everywhere(void)
{
	for (size_t i = 0; i < app.bundle->screen_count; i++) {
		const struct screen_def *s = &app.bundle->screens[i];

		look_keys(s, NULL, &s->keys);
		for (size_t j = 0; j < s->pane_count; j++) {
			const struct pane_def *p = &s->panes[j];

			look_keys(s, p, &p->keys);
			if (p->open)
				look_keys(s, p, &(struct key_list){p->open, 1});
		}
	}
}

/* What the keys do ----------------------------------------------------------
 */

static void
on_write_rows(struct codec_reader *rows, size_t count, void *arg)
{
	(void)arg;
	under_way.reply->on_rows(rows, count, under_way.arg);
}

static void
on_write_done(const struct err *e, const struct client_done *done, void *arg)
{
	(void)arg;
	under_way.open = false;
	if (e)
		under_way.err = *e;
	under_way.reply->on_done(e, done, under_way.arg);
}

static uint32_t
port_write(void *arg, const char *statement, const struct buf *args,
    const uint8_t request[REQUEST_ID_LEN], const struct client_reply *reply,
    void *reply_arg)
{
	static const struct client_reply mine = {
	    .on_rows = on_write_rows, .on_done = on_write_done};

	under_way.reply = reply;
	under_way.arg = reply_arg;
	under_way.open = under_way.was = true;
	under_way.err = (struct err){0};
	values_clear(&under_way.args);
	under_way.args = values_read(args);
	return net.write(arg, statement, args, request, &mine, NULL);
}

static bool
is_loading(void)
{
	for (size_t i = 0; app.view && i < app.view->pane_count; i++) {
		const struct pane *p = &app.view->panes[i];

		if (p->of_due || p->prompt_due)
			return true;
		for (int j = 0; j < p->source_count; j++)
			if (p->sources[j].asked_id)
				return true;
	}
	return !app.view || under_way.open;
}

static void
wait_loaded(void)
{
	uint64_t end = loop_now() + PATIENCE;

	for (;;) {
		app_tick(&app);
		if (!is_loading())
			break;
		if (loop_now() > end)
			fatalx("no data within 15 s: %s", app.message);
		loop_timer_set(timer, 10000);
		loop_turn(loop, true);
	}
	app_view(&app, &grid);
}

static bool
is_bound(const struct key_def *k, const char *arg)
{
	for (size_t i = 0; i < k->with.count; i++)
		if (strcmp(k->with.items[i].arg, arg) == 0)
			return true;
	return false;
}

/* Which record it is comes from the row; else only what the key says.  That
 * the record itself is refused (it is another's, it is closed) may be. */
static void
judge_sent(const char *screen, const struct key_def *k)
{
	for (size_t i = 0; i < under_way.args.count; i++) {
		const char *name = under_way.args.items[i].name;

		if (!ends_with(name, "_id") && strcmp(name, "version") != 0 &&
		    !is_bound(k, name))
			fault(screen, k, "sent at once, with the row's own",
			    name);
	}
	if (under_way.err.field[0] && !ends_with(under_way.err.field, "_id"))
		fault(screen, k, "sent at once, and refused for",
		    under_way.err.field);
}

static void
press_write(const char *screen, const struct key_def *k)
{
	const struct view *before = app.view;

	under_way.was = false;
	app_key(&app, key_parse(k->key));
	if (app.mode == MODE_CONFIRM)
		app_key(&app, 'y');
	wait_loaded();
	sent += under_way.was;
	if (under_way.was)
		judge_sent(screen, k);
	if (!under_way.was && app.view == before)
		fault(screen, k, "nothing happened:", app.message);
	while (app.view != before)
		app_back(&app);
	wait_loaded();
}

static bool
is_visited(const char *name)
{
	for (size_t i = 0; i < visited_count; i++)
		if (strcmp(visited[i], name) == 0)
			return true;
	if (visited_count == VISITED_MAX)
		return true;
	visited[visited_count++] = name;
	return false;
}

static void visit(void);

static void
press(size_t pane, const struct key_def *k)
{
	struct view *v = app.view;

	/* the first device may be this one */
	if (strcmp(k->target, "device/revoke") == 0)
		return;
	v->focus = pane;
	pressed++;
	if (k->is_write) {
		press_write(v->def->name, k);
		return;
	}
	app_key(&app, k->key[0] ? key_parse(k->key) : KEY_ENTER_);
	wait_loaded();
	if (app.view == v)
		fault(v->def->name, k, "nothing opened:", app.message);
	else
		visit();
	while (app.view != v)
		app_back(&app);
}

static void
visit(void)
{
	struct view *v = app.view;

	if (is_visited(v->def->name))
		return;
	for (size_t i = 0; i < v->pane_count; i++) {
		const struct pane_def *p = v->panes[i].def;

		if (!pane_has_row(&v->panes[i]))
			continue;
		for (size_t j = 0; j < p->keys.count; j++)
			press(i, &p->keys.items[j]);
		for (size_t j = 0; j < v->def->keys.count; j++)
			press(i, &v->def->keys.items[j]);
		if (p->open && v->panes[i].ops->rows &&
		    pane_has_row(&v->panes[i]))
			press(i, p->open);
	}
}

static void
visit_everything(void)
{
	for (size_t i = 0; i < app.bundle->screen_count; i++) {
		struct values none = {0};

		if (!app.bundle->screens[i].in_menu)
			continue;
		app_open(&app, app.bundle->screens[i].name, &none, NULL, NULL);
		wait_loaded();
		visit();
		app_back(&app);
	}
}

static void
on_nothing(void *arg)
{
	(void)arg;
}

int
main(int argc, char **argv)
{
	struct net_options o = {.device = "keys", .once = true};
	struct app_host host = {.now = loop_now, .wallclock = loop_wallclock};
	struct keyfile *key;
	struct net *n;
	struct err e;

	log_open("keys", LOG_LEVEL_WARN);
	key = argc == 2 ? keyfile_load(argv[1], NULL, &e) : NULL;
	if (!key)
		fatalx("usage: keys KEYFILE");
	loop = loop_new();
	timer = loop_timer_new(loop, on_nothing, NULL);
	n = net_new(loop, &app);
	net = net_port(n);
	app_init(&app, &host,
	    &(struct port){net.is_ready, net.ask, port_write, net.unwatch,
		net.cancel, net.arg},
	    LANG_EN);
	app.lang_fixed = true;
	grid_init(&grid, 60, 200);
	o.key = key;
	net_connect(n, &o);
	wait_loaded();
	look_everywhere();
	printf("# %s: %d keys\n", app.role, looked);
	printf("%sok 1 - what each key needs is given\n",
	    faults || !looked ? "not " : "");
	faults = 0;
	visit_everything();
	printf("# %s: %d pressed, %d writes at once, %zu screens\n", app.role,
	    pressed, sent, visited_count);
	printf("%sok 2 - no key is refused for what nobody was asked\n1..2\n",
	    faults || !pressed ? "not " : "");
	app_clear(&app);
	values_clear(&under_way.args);
	net_free(n);
	loop_timer_cancel(timer);
	loop_free(loop);
	keyfile_free(key);
	grid_clear(&grid);
	return 0;
}
