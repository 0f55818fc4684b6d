/* From a key to what it does: the mode first, then the pane, the screen's
 * keys, the table of actions. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/secret.h"
#include "common/text.h"
#include "tui/app.h"

#define COUNT_MAX 9999999
#define COUNT_REST 600000 /* us after which a number means a pane */

static void
line_start(struct app *a, enum app_mode mode)
{
	edit_clear(&a->line);
	a->mode = mode;
}

static void
line_key(struct app *a, uint32_t key)
{
	struct pane *p = app_focus(a);

	if (key == KEY_ESC_ || !p) {
		a->mode = MODE_NORMAL;
		return;
	}
	if (key != KEY_ENTER_) {
		edit_key(&a->line, key);
		return;
	}
	if (a->mode == MODE_FILTER)
		list_filter(p, edit_text(&a->line));
	else {
		free(p->find);
		p->find = xstrdup(edit_text(&a->line));
		if (!list_find(p, 1))
			app_say(a, true, STR_NO_MATCH, p->find);
	}
	a->mode = MODE_NORMAL;
}

static void
confirm_key(struct app *a, uint32_t key)
{
	bool yes = key == 'y' || key == 'Y' || key == KEY_ENTER_;

	if (!yes && key != 'n' && key != 'N' && key != KEY_ESC_ && key != 'q')
		return;
	a->mode = MODE_NORMAL;
	if (yes && a->pending.quit)
		a->quit = true;
	else if (yes && a->pending.write)
		app_write_rows(
		    a, a->pending.write, &a->pending.rows, a->pending.label);
	app_forget_pending(a);
}

static void
locked_key(struct app *a, uint32_t key)
{
	if (key != KEY_ENTER_) {
		edit_key(&a->line, key);
		return;
	}
	if (a->is_checking)
		return;
	a->is_checking = true;
	a->host.unlock(edit_text(&a->line), a->host.arg);
	if (a->line.text)
		secret_wipe(a->line.text, a->line.len);
	edit_clear(&a->line);
}

static void
quit_ask(struct app *a)
{
	struct buf text = {0};
	size_t n = queue_count(&a->queue, false);

	if (n == 0) {
		a->quit = true;
		return;
	}
	app_format_string(a, STR_QUIT_QUEUED, &text, n);
	free(a->confirm);
	a->confirm = buf_take(&text);
	app_forget_pending(a);
	a->pending = (struct pending){.quit = true};
	a->mode = MODE_CONFIRM;
}

static void
pane_cycle(struct app *a, int by)
{
	struct view *v = a->view;
	size_t at = v->focus;

	for (size_t i = 0; i < v->pane_count; i++) {
		at = (at + v->pane_count + (size_t)by) % v->pane_count;
		if (v->panes[at].rect.h > 0 && v->panes[at].ops)
			break;
	}
	v->focus = at;
}

/* The list behind moves, and this screen opens anew for its next row. */
static void
record_step(struct app *a, int by)
{
	struct view *v = a->view;
	struct pane *opener;

	if (!v || !v->parent || v->opener < 0)
		return;
	opener = &v->parent->panes[v->opener];
	if (!opener->def->open || !pane_step(opener, by))
		return;
	app_back(a);
	pane_run(opener, opener->def->open);
}

static void
back_or_clear(struct app *a)
{
	struct pane *p = app_focus(a);

	if (p && (p->narrow || (p->source_count && p->sources[0].search) ||
		     (p->ops == &table_ops && p->sources[0].filter.len)))
		list_filter(p, "");
	else if (p && p->marks.count > 0)
		id_list_clear(&p->marks);
	else
		app_back(a);
}

static void
refresh_all(struct app *a)
{
	for (size_t i = 0; i < a->view->pane_count; i++)
		for (int j = 0; j < a->view->panes[i].source_count; j++)
			source_refresh(&a->view->panes[i].sources[j]);
}

static void
act_anywhere(struct app *a, enum action act)
{
	switch (act) {
	case ACT_HELP:
		picker_open(a, PICK_HELP, app_focus(a));
		break;
	case ACT_PALETTE:
		picker_open(a, PICK_PALETTE, app_focus(a));
		break;
	case ACT_QUEUE:
		picker_open(a, PICK_QUEUE, NULL);
		break;
	case ACT_BACK:
		back_or_clear(a);
		break;
	case ACT_QUIT:
		quit_ask(a);
		break;
	case ACT_UNDO:
		app_undo(a);
		break;
	case ACT_LOCK:
		app_lock(a);
		break;
	case ACT_SUSPEND:
		if (a->host.suspend)
			a->host.suspend(a->host.arg);
		break;
	case ACT_REDRAW:
		if (a->host.redraw)
			a->host.redraw(a->host.arg);
		break;
	default:
		break;
	}
}

void
app_act(struct app *a, enum action act, long count)
{
	struct pane *p = app_focus(a);

	if (p && p->ops && p->ops->act(p, act, count))
		return;
	act_anywhere(a, act);
	if (!a->view)
		return;
	if (act == ACT_REFRESH)
		refresh_all(a);
	else if (act == ACT_PANE_NEXT || act == ACT_PANE_BACK)
		pane_cycle(a, act == ACT_PANE_NEXT ? 1 : -1);
	else if (act == ACT_RECORD_NEXT || act == ACT_RECORD_BACK)
		record_step(a, act == ACT_RECORD_NEXT ? 1 : -1);
	else if ((act == ACT_FIND || act == ACT_FILTER) && p && p->ops &&
		 p->ops->rows && p->source_count > 0)
		line_start(a, act == ACT_FIND ? MODE_FIND : MODE_FILTER);
}

static const struct key_def *
own_key(const struct key_list *l, const char *name)
{
	for (size_t i = 0; i < l->count; i++)
		if (strcmp(l->items[i].key, name) == 0)
			return &l->items[i];
	return NULL;
}

/* Keys of the pane, the screen, then of other panes that show: a hint that is
 * on the screen works. */
static bool
screen_key(struct app *a, struct pane *p, uint32_t key)
{
	const struct key_def *k;
	char name[16];

	if (!p || key >= KEY_SPECIAL_)
		return false;
	keys_name(key, name);
	if ((k = own_key(&p->def->keys, name)) ||
	    (k = own_key(&a->view->def->keys, name))) {
		pane_run(p, k);
		return true;
	}
	return false;
}

static void
say_nothing(struct app *a, uint32_t key, bool rows, bool tree)
{
	const struct action_def *near = action_nearest(key, rows, tree);
	char name[16], other[16];
	size_t n;

	keys_name(key, name);
	if (!near) {
		app_say(a, true, STR_KEY_NOTHING, name);
		return;
	}
	n = strcspn(near->keys, " ");
	snprintf(other, sizeof(other), "%.*s", (int)n, near->keys);
	app_say(a, true, STR_KEY_NEAREST, name, other,
	    a->lang == LANG_ZH ? near->zh : near->en);
}

static void
normal_key(struct app *a, uint32_t key)
{
	struct pane *p = app_focus(a);
	bool rows = p && p->ops && p->ops->rows,
	     tree = p && p->ops == &tree_ops;
	long count = a->count;
	enum action act;

	if (p && p->ops && p->ops->key(p, key, count))
		return;
	key = text_fold_fullwidth(key);
	if (rows && key >= '0' && key <= '9' && (key != '0' || count > 0)) {
		a->count = count * 10 + (long)(key - '0');
		a->count = a->count > COUNT_MAX ? COUNT_MAX : a->count;
		a->count_due = a->host.now() + COUNT_REST;
		return;
	}
	a->count = 0;
	a->count_due = 0;
	if (screen_key(a, p, key))
		return;
	act = action_of_key(key, rows, tree);
	if (act != ACT_NONE)
		app_act(a, act, count);
	else
		say_nothing(a, key, rows, tree);
}

void
app_key(struct app *a, uint32_t key)
{
	static void (*const modes[])(struct app *, uint32_t) = {
	    [MODE_NORMAL] = normal_key,
	    [MODE_FIND] = line_key,
	    [MODE_FILTER] = line_key,
	    [MODE_PICKER] = picker_key,
	    [MODE_CONFIRM] = confirm_key,
	    [MODE_LOCKED] = locked_key,
	};

	a->last_key = a->host.now();
	a->dirty = true;
	if (a->mode == MODE_NORMAL) {
		free(a->message);
		a->message = xstrdup("");
		a->message_bad = false;
	}
	modes[a->mode](a, key);
}

void
app_paste(struct app *a, const char *text)
{
	struct pane *p = app_focus(a);

	a->last_key = a->host.now();
	a->dirty = true;
	if (a->mode == MODE_FIND || a->mode == MODE_FILTER ||
	    a->mode == MODE_LOCKED)
		edit_paste(&a->line, text, false);
	else if (a->mode == MODE_PICKER)
		edit_paste(&a->picker.edit, text, false);
	else if (a->mode == MODE_NORMAL && p && p->fields)
		form_paste(p, text);
	else if (a->mode == MODE_NORMAL && p && p->ops == &table_ops &&
		 pane_extra(p->def, "prompt")) {
		edit_paste(&p->prompt, text, false);
		p->prompt_due = a->last_key;
	} else
		app_say(a, true, STR_PASTE_REFUSED);
}
