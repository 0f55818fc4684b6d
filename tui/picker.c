/* One picker: palette, help, lookups, choices, the queue. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/text.h"
#include "tui/app.h"
#include "tui/pinyin.h"

#define LOOKUP_DELAY 150000
#define PICKER_LINES 14

static void
items_clear(struct picker *k)
{
	for (size_t i = 0; i < k->count; i++) {
		free(k->items[i].text);
		free(k->items[i].keys);
		free(k->items[i].match);
		free(k->items[i].value);
	}
	free(k->items);
	k->items = NULL;
	k->count = 0;
}

static struct pick_item *
item_add(
    struct picker *k, const char *text, const char *other, const char *keys)
{
	struct pick_item *item;
	struct buf match = {0};

	k->items = xrealloc_array(k->items, k->count + 1, sizeof(*k->items));
	item = &k->items[k->count++];
	*item =
	    (struct pick_item){.text = xstrdup(text), .keys = xstrdup(keys)};
	buf_addf(&match, "%s\n%s\n", text, other);
	pinyin_initials(text, &match);
	buf_add_byte(&match, '\n');
	pinyin_initials(other, &match);
	item->match = text_fold(buf_str(&match));
	buf_clear(&match);
	return item;
}

static void
add_keys(
    struct app *a, struct picker *k, const struct key_list *l, struct pane *p)
{
	for (size_t i = 0; i < l->count; i++) {
		struct pick_item *item = item_add(k,
		    label_text(&l->items[i].label, a->lang),
		    label_text(&l->items[i].label, !a->lang), l->items[i].key);

		item->key = &l->items[i];
		item->pane = p;
	}
}

static void
add_form_keys(struct app *a, struct picker *k, struct pane *p)
{
	for (size_t i = 0; i < form_key_count; i++) {
		const struct form_key_def *d = &form_key_table[i];
		bool zh = a->lang == LANG_ZH;
		struct pick_item *item = item_add(k,
		    zh ? d->help_zh : d->help_en, zh ? d->en : d->zh, d->name);

		item->press = d->key;
		item->pane = p;
	}
}

/* Of an action's keys those that are no text: in a form letters are. */
static void
keys_of(const struct action_def *d, bool form, char *out, size_t size)
{
	char *names = xstrdup(d->keys), *save = NULL;

	out[0] = '\0';
	for (char *k = strtok_r(names, " ", &save); k;
	     k = strtok_r(NULL, " ", &save)) {
		size_t n = strlen(out);

		if (!form || strlen(k) > 1)
			snprintf(
			    out + n, size - n, "%s%s", n > 0 ? " " : "", k);
	}
	free(names);
}

static void
add_actions(struct app *a, struct picker *k, bool help)
{
	struct pane *p = app_focus(a);
	bool rows = p && p->ops && p->ops->rows, form = p && p->fields;
	char keys[64];

	for (size_t i = 0; i < action_count; i++) {
		const struct action_def *d = &action_table[i];
		const char *text = a->lang == LANG_ZH ? d->zh : d->en;

		if ((d->where == WHERE_ROWS && !rows) ||
		    (d->where == WHERE_TREE && (!p || p->ops != &tree_ops)))
			continue;
		keys_of(d, form, keys, sizeof(keys));
		/* by its keys in the help, by its name among the commands */
		if (help && !keys[0])
			continue;
		if (help)
			text = a->lang == LANG_ZH ? d->help_zh : d->help_en;
		item_add(k, text, a->lang == LANG_ZH ? d->en : d->zh, keys)
		    ->action = d->action;
	}
}

static void
add_screens(struct app *a, struct picker *k)
{
	for (size_t i = 0; a->bundle && i < a->bundle->screen_count; i++) {
		const struct screen_def *s = &a->bundle->screens[i];

		if (s->in_menu)
			item_add(k, label_text(&s->title, a->lang),
			    label_text(&s->title, !a->lang), "")
			    ->screen = s;
	}
}

static void
add_choices(struct app *a, struct picker *k)
{
	const struct field_def *f = &k->pane->def->fields[k->pane->field];
	size_t n = strlen(f->choices);

	for (size_t i = 0; i < a->bundle->phrase_count; i++) {
		const struct phrase_def *ph = &a->bundle->phrases[i];

		if (strncmp(ph->code, f->choices, n) == 0 && ph->code[n] == '.')
			item_add(k, label_text(&ph->text, a->lang),
			    label_text(&ph->text, !a->lang), "")
			    ->value = xstrdup(ph->code + n + 1);
	}
}

static void
add_queued(struct app *a, struct picker *k)
{
	for (size_t i = 0; i < a->queue.count; i++) {
		struct queue_item *q = a->queue.items[i];
		char *text = xasprintf(
		    "%s  %s", q->label, q->sentence ? q->sentence : "");

		item_add(k, text, q->statement,
		    q->state == QUEUE_REFUSED ? "!" : "~")
		    ->queued = q;
		free(text);
	}
}

static const struct field_def *
picked_field(const struct picker *k)
{
	return &k->pane->def->fields[k->pane->field];
}

static void
on_lookup(struct source *s, void *arg)
{
	struct app *a = arg;
	struct picker *k = &a->picker;
	int show = statement_column(s->statement, picked_field(k)->show);

	items_clear(k);
	for (int i = 0; i < source_count(s); i++) {
		struct value v = source_cell(s, i, show);
		char *text = value_string(&v);

		item_add(k, text, "", "")->id = source_id(s, i);
		free(text);
		value_clear(&v);
	}
	if (k->selected >= (int)k->count)
		k->selected = 0;
	a->dirty = true;
}

static void
lookup_ask(struct picker *k)
{
	free(k->source.search);
	k->source.search = k->edit.len > 0 && k->source.statement->search
			       ? xstrdup(edit_text(&k->edit))
			       : NULL;
	source_restart(&k->source);
}

void
picker_open(struct app *a, enum pick_kind kind, struct pane *pane)
{
	struct picker *k = &a->picker;
	const struct statement_def *st;

	picker_close(a);
	*k = (struct picker){.kind = kind, .pane = pane};
	a->mode = MODE_PICKER;
	if (kind == PICK_LOOKUP) {
		st = bundle_statement(a->bundle, picked_field(k)->lookup);
		if (!st) {
			a->mode = MODE_NORMAL;
			app_say(
			    a, true, STR_NO_STATEMENT, picked_field(k)->lookup);
			return;
		}
		edit_set(&k->edit, edit_text(&pane->fields[pane->field].edit));
		source_init(&k->source, &a->port, st, on_lookup, a);
		lookup_ask(k);
	} else if (kind == PICK_CHOICE)
		add_choices(a, k);
	else if (kind == PICK_QUEUE)
		add_queued(a, k);
	else {
		if (pane && pane->fields && kind == PICK_HELP)
			add_form_keys(a, k, pane);
		if (pane)
			add_keys(a, k, &pane->def->keys, pane);
		if (pane)
			add_keys(a, k, &a->view->def->keys, pane);
		if (kind == PICK_PALETTE)
			add_screens(a, k);
		add_actions(a, k, kind == PICK_HELP);
	}
}

void
picker_close(struct app *a)
{
	struct picker *k = &a->picker;

	items_clear(k);
	edit_clear(&k->edit);
	source_clear(&k->source);
	k->pane = NULL;
	k->due = 0;
	if (a->mode == MODE_PICKER)
		a->mode = MODE_NORMAL;
}

void
picker_tick(struct app *a, uint64_t now)
{
	struct picker *k = &a->picker;

	if (!k->due || now < k->due)
		return;
	k->due = 0;
	if (k->kind == PICK_LOOKUP)
		lookup_ask(k);
}

static struct pick_item *
item_matching(struct picker *k, const char *needle, bool screens, int n)
{
	for (size_t i = 0; i < k->count; i++)
		if ((!screens || k->items[i].screen) &&
		    strstr(k->items[i].match, needle) && n-- == 0)
			return &k->items[i];
	return NULL;
}

/* The n-th item that fits what was typed; NULL past the end.  Where nothing
 * fits the whole, what stands after the first blank is for the screen that the
 * first word names: `rest`, for the caller to free, else NULL. */
static struct pick_item *
picked(struct picker *k, int n, char **rest)
{
	char *needle =
	    text_fold(k->kind == PICK_LOOKUP ? "" : edit_text(&k->edit));
	const char *blank = strchr(edit_text(&k->edit), ' ');
	struct pick_item *found;

	if (rest)
		*rest = NULL;
	if (k->kind != PICK_PALETTE || !blank ||
	    item_matching(k, needle, false, 0))
		found = item_matching(k, needle, false, n);
	else {
		char *word = xstrndup(
		    edit_text(&k->edit), (size_t)(blank - edit_text(&k->edit)));

		free(needle);
		needle = text_fold(word);
		free(word);
		found = item_matching(k, needle, true, n);
		if (found && rest)
			*rest = xstrdup(blank + strspn(blank, " "));
	}
	free(needle);
	return found;
}

/* `:customers 华为`: the screen's first table shows what has this in it. */
static void
open_screen(struct app *a, const struct screen_def *screen, const char *rest)
{
	struct values none = {0};
	struct pane *p;

	if (!app_open(a, screen->name, &none, NULL, NULL) || !rest ||
	    !rest[0] || !(p = app_focus(a)) || !p->ops || !p->ops->rows ||
	    p->source_count == 0)
		return;
	if (pane_extra(p->def, "prompt")) {
		edit_set(&p->prompt, rest);
		p->prompt_due = a->host.now();
	} else
		list_filter(p, rest);
}

static void
picker_run(struct app *a)
{
	struct picker *k = &a->picker;
	char *text, *value, *rest;
	struct pick_item *found = picked(k, k->selected, &rest), item;
	struct pane *pane = k->pane;
	enum pick_kind kind = k->kind;

	if (!found)
		return;
	item = *found;
	text = xstrdup(item.text);
	value = item.value ? xstrdup(item.value) : NULL;
	picker_close(a);
	if (kind == PICK_LOOKUP)
		form_choose(pane, value_int(item.id), text);
	else if (kind == PICK_CHOICE)
		form_choose(pane, value_text(value), text);
	else if (item.queued) {
		if (item.queued->state == QUEUE_REFUSED)
			queue_dismiss(&a->queue, item.queued);
	} else if (item.press == KEY_ESC_)
		app_act(a, ACT_BACK, 0);
	else if (item.press)
		item.pane->ops->key(item.pane, item.press, 0);
	else if (item.key)
		pane_run(item.pane, item.key);
	else if (item.screen)
		open_screen(a, item.screen, rest);
	else
		app_act(a, item.action, 0);
	free(text);
	free(value);
	free(rest);
}

void
picker_key(struct app *a, uint32_t key)
{
	struct picker *k = &a->picker;

	if (k->kind == PICK_PALETTE && k->edit.len == 0)
		key = text_fold_fullwidth(key);
	if (key == KEY_ESC_ || key == KEY_FN(3))
		picker_close(a);
	else if (key == KEY_ENTER_)
		picker_run(a);
	else if (key == KEY_DOWN_ || key == KEY_TAB_) {
		if (picked(k, k->selected + 1, NULL))
			k->selected++;
	} else if (key == KEY_UP_ || key == KEY_BACKTAB_)
		k->selected -= k->selected > 0;
	else if (edit_key(&k->edit, key)) {
		k->selected = 0;
		if (k->kind == PICK_LOOKUP)
			k->due = a->host.now() + LOOKUP_DELAY;
	}
}

static void
draw_head(struct app *a, struct grid *g, int y)
{
	struct picker *k = &a->picker;
	enum string s = k->kind == PICK_PALETTE ? STR_COMMAND : STR_HELP_TITLE;
	const char *title = app_string(a, s), *help = "";
	int x;

	if (k->kind == PICK_LOOKUP || k->kind == PICK_CHOICE)
		title = label_text(&picked_field(k)->label, a->lang);
	else if (k->kind == PICK_QUEUE)
		title = app_string(a, STR_QUEUE_TITLE);
	if (k->kind == PICK_HELP && k->pane && k->pane->fields)
		help = form_help(k->pane);
	for (int i = 0; i < g->width; i++)
		grid_put(g, y, i, 1, "-", STYLE_HEADING);
	grid_put(g, y, 2, -1, " ", STYLE_HEADING);
	x = 3 + grid_put(g, y, 3, -1, title, STYLE_HEADING);
	x += grid_put(g, y, x, -1, " ", STYLE_HEADING);
	if (help[0])
		grid_put(g, y, x, -1, help, STYLE_BLUE);
}

void
picker_draw(struct app *a, struct grid *g)
{
	struct picker *k = &a->picker;
	int rows = g->height - 8 < PICKER_LINES ? g->height - 8 : PICKER_LINES;
	int y = g->height - 3 - rows;
	struct pick_item *item;

	draw_head(a, g, y - 1);
	if (k->selected < k->top)
		k->top = k->selected;
	if (k->selected >= k->top + rows)
		k->top = k->selected - rows + 1;
	for (int i = 0; i < rows; i++) {
		bool here = k->top + i == k->selected;
		enum style s = here ? STYLE_FOCUS : STYLE_PLAIN;

		item = picked(k, k->top + i, NULL);
		grid_put(g, y + i, 0, g->width, here ? ">" : "", s);
		if (!item)
			continue;
		grid_put(g, y + i, 2, 14, item->keys, s);
		grid_put(g, y + i, 17, g->width - 17, item->text, s);
	}
	grid_put(g, g->height - 3, 0, 2, "> ", STYLE_HEADING);
	edit_draw(&k->edit, g, (struct rect){g->height - 3, 2, 1, g->width - 2},
	    STYLE_EDIT, true, false);
}
