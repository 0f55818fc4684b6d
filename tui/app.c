/* Screens and their stack, messages, time, lock. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/secret.h"
#include "tui/app.h"

#define HANDS_OFF 500000 /* us after the last key */
#define OF_DELAY 120000
#define HANDS_PAUSE 500000 /* us between two renewals while keys come */
#define MESSAGE_MAX 600

void
app_touch(struct app *a)
{
	a->dirty = true;
}

void
app_init(struct app *a, const struct app_host *host, const struct port *port,
    int lang)
{
	*a = (struct app){
	    .host = *host, .port = *port, .lang = lang, .dirty = true};
	a->queue.fd = -1;
	a->message = xstrdup("");
}

static void
view_free(struct view *v)
{
	struct pane *picking = v->app->picker.pane;

	/* a form may be answered while something is looked up for it */
	if (picking && picking->view == v)
		picker_close(v->app);
	for (size_t i = 0; i < v->pane_count; i++)
		pane_clear_all(&v->panes[i]);
	free(v->panes);
	values_clear(&v->args);
	free(v->caption);
	free(v);
}

void
app_close_all(struct app *a)
{
	struct view *v;

	picker_close(a);
	while ((v = a->view)) {
		a->view = v->parent;
		view_free(v);
	}
}

void
app_forget_pending(struct app *a)
{
	free(a->pending.write);
	free(a->pending.label);
	row_writes_clear(&a->pending.rows);
	a->pending = (struct pending){0};
}

void
app_keep_all(struct app *a)
{
	for (struct view *v = a->view; v; v = v->parent)
		for (size_t i = 0; i < v->pane_count; i++)
			pane_keep(&v->panes[i]);
}

void
app_keep_drafts(struct app *a)
{
	for (struct view *v = a->view; v; v = v->parent)
		for (size_t i = 0; i < v->pane_count; i++)
			if (v->panes[i].fields)
				form_keep_draft(&v->panes[i]);
}

void
app_clear(struct app *a)
{
	app_keep_all(a);
	app_keep_drafts(a);
	drafts_save(&a->drafts);
	app_close_all(a);
	app_forget_pending(a);
	bundle_free(a->bundle);
	queue_close(&a->queue);
	cache_free(a->cache);
	edit_clear(&a->line);
	drafts_clear(&a->drafts);
	drafts_clear(&a->lasts);
	free(a->message);
	free(a->confirm);
	free(a->person);
	free(a->role);
	free(a->place);
	free(a->undo);
	free(a->undo_label);
	free(a->batch.why);
	row_writes_clear(&a->undo_rows);
	*a = (struct app){0};
}

const char *
app_string(const struct app *a, enum string s)
{
	return lang_string(s, a->lang);
}

/* The formats are constants of tui/lang.c, checked by a test. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
void
app_say(struct app *a, bool bad, enum string s, ...)
{
	char text[MESSAGE_MAX];
	va_list ap;

	va_start(ap, s);
	vsnprintf(text, sizeof(text), app_string(a, s), ap);
	va_end(ap);
	free(a->message);
	a->message = xstrdup(text);
	a->message_bad = bad;
	a->dirty = true;
}

void
app_format_string(const struct app *a, enum string s, struct buf *out, ...)
{
	char text[MESSAGE_MAX];
	va_list ap;

	va_start(ap, out);
	vsnprintf(text, sizeof(text), app_string(a, s), ap);
	va_end(ap);
	buf_add_str(out, text);
}
#pragma GCC diagnostic pop

struct format_env
app_format(const struct app *a)
{
	return (struct format_env){
	    .bundle = a->bundle,
	    .lang = a->lang,
	    .now = a->host.wallclock(),
	};
}

struct pane *
app_focus(struct app *a)
{
	if (!a->view || a->view->pane_count == 0)
		return NULL;
	return &a->view->panes[a->view->focus];
}

/* The first pane that takes keys has the focus. */
static void
view_focus_first(struct view *v)
{
	for (size_t i = 0; i < v->pane_count; i++)
		if (v->panes[i].ops &&
		    (v->panes[i].ops->rows || v->panes[i].fields)) {
			v->focus = i;
			return;
		}
}

bool
app_open(struct app *a, const char *screen, struct values *args,
    const char *caption, struct pane *opener)
{
	const struct screen_def *def = bundle_screen(a->bundle, screen);
	struct view *v;

	if (!def) {
		values_clear(args);
		app_say(a, true, STR_NO_SCREEN, screen);
		return false;
	}
	v = xcalloc(1, sizeof(*v));
	v->app = a;
	v->def = def;
	v->args = *args;
	*args = (struct values){0};
	v->caption = caption ? xstrdup(caption) : NULL;
	v->parent = a->view;
	v->opener = opener && a->view ? (int)(opener - a->view->panes) : -1;
	v->panes = xcalloc(def->pane_count + 1, sizeof(*v->panes));
	a->view = v;
	for (size_t i = 0; i < def->pane_count; i++) {
		v->pane_count = i + 1;
		pane_init(&v->panes[i], v, &def->panes[i]);
	}
	view_focus_first(v);
	for (size_t i = 0; i < v->pane_count; i++)
		if (!v->panes[i].def->of)
			pane_ask(&v->panes[i]);
	a->dirty = true;
	return true;
}

void
app_back(struct app *a)
{
	struct view *v = a->view;

	if (!v)
		return;
	if (!v->parent) {
		app_say(a, false, STR_HOME);
		return;
	}
	for (size_t i = 0; i < v->pane_count; i++)
		if (v->panes[i].fields)
			form_keep_draft(&v->panes[i]);
	a->view = v->parent;
	view_free(v);
	a->dirty = true;
}

/* What is open, from the bottom up, to be opened again under new screens. */
struct reopen {
	char *name, *caption;
	struct values args;
};

void
app_set_bundle(struct app *a, struct bundle *b)
{
	struct reopen open[16] = {0};
	size_t n = 0;
	bool had = a->bundle != NULL;
	struct values none = {0};

	for (struct view *v = a->view; v && n < COUNT_OF(open);
	     v = v->parent, n++) {
		open[n].name = xstrdup(v->def->name);
		open[n].caption = v->caption ? xstrdup(v->caption) : NULL;
		open[n].args = values_copy(&v->args);
	}
	app_keep_drafts(a);
	app_close_all(a);
	bundle_free(a->bundle);
	a->bundle = b;
	if (n == 0 || !bundle_screen(b, open[n - 1].name))
		app_open(a, b->home, &none, NULL, NULL);
	while (n-- > 0) {
		if (bundle_screen(b, open[n].name))
			app_open(a, open[n].name, &open[n].args,
			    open[n].caption, NULL);
		values_clear(&open[n].args);
		free(open[n].name);
		free(open[n].caption);
	}
	if (had)
		app_say(a, false, STR_SCREENS_NEW);
	if (a->mode == MODE_PICKER)
		a->mode = MODE_NORMAL;
}

void
app_lock(struct app *a)
{
	if (!a->host.has_passphrase)
		return;
	picker_close(a);
	edit_clear(&a->line);
	a->was_locked_wrong = false;
	a->mode = MODE_LOCKED;
	a->dirty = true;
}

void
app_unlocked(struct app *a, bool good)
{
	a->is_checking = false;
	a->was_locked_wrong = !good;
	if (good && a->mode == MODE_LOCKED)
		a->mode = MODE_NORMAL;
	/* what was typed meanwhile was meant for another try */
	if (good && a->line.text) {
		secret_wipe(a->line.text, a->line.len);
		edit_clear(&a->line);
	}
	a->last_key = a->host.now();
	a->dirty = true;
}

/* A pane that follows another asks when the selection has rested a little. */
static void
follow_master(struct pane *p, uint64_t now)
{
	struct view *v = p->view;

	for (size_t i = 0; i < v->pane_count; i++) {
		struct pane *m = &v->panes[i];

		if (!m->def->id || strcmp(m->def->id, p->def->of) != 0)
			continue;
		if (pane_has_row(m) &&
		    (!p->of_any || pane_row_id(m) != p->of_row)) {
			p->of_due = now + (p->of_any ? OF_DELAY : 0);
			p->of_row = pane_row_id(m);
			p->of_any = true;
		}
	}
}

static void
soonest(uint64_t *next, uint64_t due)
{
	if (due && (!*next || due < *next))
		*next = due;
}

static void
pane_tick(struct pane *p, uint64_t now, uint64_t *next)
{
	if (p->def->of)
		follow_master(p, now);
	if (p->of_due && now >= p->of_due) {
		p->of_due = 0;
		pane_ask(p);
	}
	if (p->prompt_due && now >= p->prompt_due) {
		p->prompt_due = 0;
		pane_ask(p);
	}
	if (p->refresh_due && now >= p->refresh_due) {
		p->refresh_due = 0;
		p->refreshed_at = now;
		for (int i = 0; i < p->source_count; i++)
			if (p->sources[i].stale)
				source_refresh(&p->sources[i]);
	}
	soonest(next, p->of_due);
	soonest(next, p->prompt_due);
	soonest(next, p->refresh_due);
}

static void
hands(struct app *a, bool on)
{
	a->hands_on = on;
	for (struct view *v = a->view; v; v = v->parent)
		for (size_t i = 0; i < v->pane_count; i++) {
			struct pane *p = &v->panes[i];

			for (int j = 0; j < p->source_count; j++)
				source_hold(&p->sources[j], on);
			if (p->ops && p->ops->rows && !on) {
				list_settle(p);
				a->dirty = true;
			}
		}
}

uint64_t
app_tick(struct app *a)
{
	uint64_t now = a->host.now(), next = 0;

	if (a->hands_on != (now < a->last_key + HANDS_OFF))
		hands(a, !a->hands_on);
	if (a->hands_on)
		soonest(&next, a->last_key + HANDS_OFF);
	if (a->count_due && now >= a->count_due) {
		a->count_due = 0;
		if (a->view && a->count >= 1 &&
		    (size_t)a->count <= a->view->pane_count)
			a->view->focus = (size_t)a->count - 1;
		a->count = 0;
		a->dirty = true;
	}
	soonest(&next, a->count_due);
	for (size_t i = 0; a->view && i < a->view->pane_count; i++)
		pane_tick(&a->view->panes[i], now, &next);
	if (a->resend_due && now >= a->resend_due)
		app_resend(a);
	soonest(&next, a->resend_due);
	if (a->mode == MODE_PICKER) {
		picker_tick(a, now);
		soonest(&next, a->picker.due);
	}
	if (a->locks_after && a->mode != MODE_LOCKED) {
		if (now >= a->last_key + a->locks_after)
			app_lock(a);
		else
			soonest(&next, a->last_key + a->locks_after);
	}
	return next;
}

/* Keys come before news: who types or walks gets those twice a second. */
static uint64_t
refresh_time(const struct app *a, const struct pane *p)
{
	uint64_t now = a->host.now(), next = p->refreshed_at + HANDS_PAUSE;

	return now < a->last_key + HANDS_OFF && next > now ? next : now;
}

void
app_on_stale(struct app *a, uint32_t id)
{

	for (struct view *v = a->view; v; v = v->parent)
		for (size_t i = 0; i < v->pane_count; i++) {
			struct pane *p = &v->panes[i];

			for (int j = 0; j < p->source_count; j++)
				if (p->sources[j].watch_id == id) {
					p->sources[j].stale = true;
					if (!p->refresh_due)
						p->refresh_due =
						    refresh_time(a, p);
				}
		}
}
