/* A pane's arguments, its sources, and what its keys open. */
#include <stdlib.h>
#include <string.h>

#include "common/loop.h"
#include "common/mem.h"
#include "common/text.h"
#include "tui/list.h"

#define KEEP_PAUSE (60 * UINT64_C(1000000)) /* us */

static const struct widget_ops *const widget_table[] = {
    &table_ops, &tree_ops, &alerts_ops, &form_ops, &text_ops, &gauge_ops};

struct app *
pane_app(const struct pane *p)
{
	return p->view->app;
}

/* What is typed above a table is asked once; its answers are not kept. */
static void
pane_keep_source(struct pane *p, struct source *s)
{
	struct app *a = pane_app(p);

	if (s->loaded_at == s->kept_at || pane_extra(p->def, "prompt"))
		return;
	s->kept_at = s->loaded_at;
	cache_keep(a->cache, s,
	    a->host.wallclock() - (int64_t)(loop_now() - s->loaded_at));
}

/* A live list is not written at each of its changes. */
static void
keep_now_and_then(struct pane *p, struct source *s)
{
	if (!s->kept_at || s->loaded_at - s->kept_at > KEEP_PAUSE)
		pane_keep_source(p, s);
}

static void
on_source(struct source *s, void *arg)
{
	struct pane *p = arg;

	keep_now_and_then(p, s);
	if (p->ops->rows)
		list_settle(p);
	pane_app(p)->dirty = true;
}

void
pane_keep(struct pane *p)
{
	for (int i = 0; i < p->source_count; i++)
		pane_keep_source(p, &p->sources[i]);
}

static void
sort_copy(struct source *s, const struct pane_def *def)
{
	s->sort = xcalloc(def->sort_count, sizeof(*s->sort));
	s->sort_count = def->sort_count;
	for (size_t i = 0; i < def->sort_count; i++)
		s->sort[i] = (struct sort_def){
		    .column = xstrdup(def->sort[i].column),
		    .descending = def->sort[i].descending,
		};
}

/* Red first: the level's filter makes three tables of one statement. */
static void
filter_level(struct source *s, const char *column, int level)
{
	codec_put_array(&s->filter, 1);
	codec_put_array(&s->filter, 3);
	codec_put_text(&s->filter, column);
	codec_put_text(&s->filter, "=");
	codec_put_int(&s->filter, level);
}

void
pane_init(struct pane *p, struct view *v, const struct pane_def *def)
{
	const char *level = pane_extra(def, "level");

	*p = (struct pane){.def = def, .view = v};
	p->statement = bundle_statement(v->app->bundle, def->statement);
	for (size_t i = 0; i < COUNT_OF(widget_table); i++)
		if (strcmp(widget_table[i]->name, def->widget) == 0)
			p->ops = widget_table[i];
	p->columns = xcalloc(def->column_count + 1, sizeof(*p->columns));
	if (!p->ops)
		return;
	for (size_t i = 0; i < def->column_count; i++)
		p->columns[i].width = def->columns[i].width;
	if (p->ops == &form_ops) {
		form_init(p);
		return;
	}
	if (!p->statement)
		return;
	p->source_count = p->ops == &alerts_ops ? PANE_SOURCES : 1;
	for (int i = 0; i < p->source_count; i++) {
		source_init(
		    &p->sources[i], &v->app->port, p->statement, on_source, p);
		sort_copy(&p->sources[i], def);
		if (p->ops == &alerts_ops && level)
			filter_level(&p->sources[i], level, PANE_SOURCES - i);
	}
}

void
pane_clear_all(struct pane *p)
{
	for (int i = 0; i < p->source_count; i++)
		source_clear(&p->sources[i]);
	form_clear(p);
	picture_free(p);
	free(p->columns);
	id_list_clear(&p->marks);
	id_list_clear(&p->folds);
	free(p->find);
	free(p->narrow);
	edit_clear(&p->prompt);
}

bool
pane_has_row(const struct pane *p)
{
	return p->source_count > 0 && p->ops &&
	       (p->ops->rows ? p->lists[p->section].has_selected
			     : source_count(&p->sources[0]) > 0);
}

int64_t
pane_row_id(const struct pane *p)
{
	if (!pane_has_row(p))
		return 0;
	if (p->ops->rows)
		return p->lists[p->section].selected;
	return source_id(&p->sources[0], 0);
}

static int
pane_row(const struct pane *p)
{
	return p->ops->rows ? p->lists[p->section].at : 0;
}

struct value
pane_value(struct pane *p, const char *name)
{
	const struct value *v;
	int column;

	if (pane_has_row(p)) {
		column = statement_column(p->statement, name);
		if (column >= 0)
			return source_cell(
			    &p->sources[p->section], pane_row(p), column);
	}
	v = values_get(&p->view->args, name);
	return v ? value_copy(v) : (struct value){.type = CODEC_NULL};
}

/* The argument `name` for a target: as `with` says, else by its name.  `row`
 * is the pane whose selected row counts, NULL: only the screen. */
static struct value
resolve(struct view *v, struct pane *row, const struct bind_list *with,
    const char *name)
{
	const struct value *found;

	for (size_t i = 0; i < with->count; i++) {
		const struct bind *b = &with->items[i];

		if (strcmp(b->arg, name) != 0)
			continue;
		if (b->value.type != CODEC_TEXT || b->value.text[0] != '$')
			return value_copy(&b->value);
		name = b->value.text + 1;
		break;
	}
	if (row)
		return pane_value(row, name);
	found = values_get(&v->args, name);
	return found ? value_copy(found) : (struct value){.type = CODEC_NULL};
}

static struct pane *
pane_master(const struct pane *p)
{
	for (size_t i = 0; p->def->of && i < p->view->pane_count; i++) {
		struct pane *other = &p->view->panes[i];

		if (other->def->id && strcmp(other->def->id, p->def->of) == 0)
			return other;
	}
	return NULL;
}

/* All arguments that can be given are; false if one that must be is not. */
static bool
fill_args(const struct pane *p, struct values *out)
{
	const char *prompt = pane_extra(p->def, "prompt");
	bool complete = true;

	values_clear(out);
	for (size_t i = 0; i < p->statement->arg_count; i++) {
		const struct typed_name *arg = &p->statement->args[i];
		struct value v =
		    resolve(p->view, pane_master(p), &p->def->with, arg->name);

		if (prompt && strcmp(prompt, arg->name) == 0) {
			value_clear(&v);
			v = value_text(edit_text(&p->prompt));
			complete &= p->prompt.len > 0;
		}
		if (v.type != CODEC_NULL)
			values_set(out, arg->name, v);
		else
			complete &= arg->nullable;
	}
	return complete;
}

void
pane_ask(struct pane *p)
{
	struct values args = {0};
	bool complete;

	if (p->source_count == 0)
		return;
	complete = fill_args(p, &args);
	p->arriving = true;
	for (int i = 0; i < p->source_count; i++) {
		struct source *s = &p->sources[i];

		values_clear(&s->args);
		s->args = values_copy(&args);
		p->lists[i] = (struct list_ui){0};
		if (!complete)
			continue;
		source_restart(s);
		if (!s->asked_id && cache_recall(pane_app(p)->cache, s) &&
		    p->ops->rows)
			list_settle(p);
	}
	values_clear(&args);
	pane_app(p)->dirty = true;
}

bool
pane_as_of(const struct pane *p, struct buf *out)
{
	static const struct column_def clock = {.format = "clock"};
	const struct app *a = pane_app(p);
	struct format_env env = app_format(a);
	struct value at = {.type = CODEC_INT};
	struct buf text = {0};

	for (int i = 0; i < p->source_count && !at.integer; i++)
		at.integer = p->sources[i].as_of;
	if (!at.integer)
		return false;
	format_cell(&env, &clock, "time", &at, &text);
	app_format_string(a,
	    a->link == LINK_OFFLINE ? STR_AS_OF_OFFLINE : STR_AS_OF, out,
	    buf_str(&text));
	buf_clear(&text);
	return true;
}

static char *
row_caption(struct pane *p)
{
	struct value v;

	if (!pane_has_row(p))
		return NULL;
	for (size_t i = 0; i < p->def->column_count; i++) {
		const char *name = p->def->columns[i].name;
		int column =
		    statement_column_in(p->statement, name, pane_app(p)->lang);

		if (column < 0 || p->def->columns[i].format[0] ||
		    strcmp(p->statement->columns[column].type, "text") != 0)
			continue;
		v = pane_value(p, p->statement->columns[column].name);
		if (v.type == CODEC_TEXT)
			return v.text;
		value_clear(&v);
	}
	return NULL;
}

static void
open_screen(
    struct pane *p, const struct key_def *k, const struct screen_def *screen)
{
	struct values args = {0};
	char *caption = row_caption(p);

	for (size_t i = 0; i < screen->arg_count; i++) {
		struct value v = resolve(p->view, p, &k->with, screen->args[i]);

		if (v.type != CODEC_NULL)
			values_set(&args, screen->args[i], v);
	}
	app_open(pane_app(p), screen->name, &args, caption, p);
	free(caption);
}

/* A write that lacks arguments goes through the screen that has its form; what
 * is known is filled in there. */
static void
open_form(
    struct pane *p, const struct screen_def *screen, const struct values *known)
{
	struct values args = values_copy(known);
	char *caption = row_caption(p);

	app_open(pane_app(p), screen->name, &args, caption, p);
	free(caption);
}

/* The one thing that is missing is picked at once. */
static void
pick_at_once(struct app *a)
{
	struct pane *p = app_focus(a);

	if (!p || !p->fields || p->def->field_count != 1 ||
	    p->fields[0].edit.len > 0)
		return;
	if (p->def->fields[0].choices)
		picker_open(a, PICK_CHOICE, p);
	else if (p->def->fields[0].lookup)
		picker_open(a, PICK_LOOKUP, p);
}

/* Of a row a write takes which record it is, by itself: the rest of what the
 * row shows was not said about the write, a new person has not its name. */
static bool
is_of_row(const struct key_def *k, const char *arg)
{
	size_t n = strlen(arg);

	for (size_t i = 0; i < k->with.count; i++)
		if (strcmp(k->with.items[i].arg, arg) == 0)
			return true;
	return (n > 3 && strcmp(arg + n - 3, "_id") == 0) ||
	       strcmp(arg, "version") == 0;
}

/* The write's arguments as the selected row has them; false: one that must be
 * given is missing. */
static bool
write_args(struct pane *p, const struct key_def *k,
    const struct statement_def *st, struct values *args)
{
	bool complete = true;

	for (size_t i = 0; i < st->arg_count; i++) {
		const char *name = st->args[i].name;
		struct value v = {.type = CODEC_NULL};

		if (is_of_row(k, name))
			v = resolve(p->view, p, &k->with, name);
		if (v.type != CODEC_NULL)
			values_set(args, name, v);
		else
			complete &= st->args[i].nullable;
	}
	return complete;
}

/* As if this row were the selected one; false: it is not here any more. */
static bool
stand_on(struct pane *p, int64_t id)
{
	for (int i = 0; i < p->source_count; i++) {
		int row = source_find(&p->sources[i], id);

		if (row < 0)
			continue;
		p->section = i;
		p->lists[i].at = row;
		p->lists[i].selected = id;
		p->lists[i].has_selected = true;
		return true;
	}
	return false;
}

/* The write on each marked row that is here; false: one lacks arguments. */
static bool
marked_writes(struct pane *p, const struct key_def *k,
    const struct statement_def *st, struct row_writes *out)
{
	struct list_ui lists[PANE_SOURCES];
	int section = p->section;
	bool complete = true;

	memcpy(lists, p->lists, sizeof(lists));
	for (size_t i = 0; i < p->marks.count; i++) {
		struct values args = {0};

		if (!stand_on(p, p->marks.ids[i]))
			continue;
		complete &= write_args(p, k, st, &args);
		row_writes_add(out, args, p->marks.ids[i]);
	}
	memcpy(p->lists, lists, sizeof(lists));
	p->section = section;
	return complete;
}

/* Takes over the writes. */
static void
confirm_or_write(
    struct pane *p, const struct key_def *k, struct row_writes *rows)
{
	struct app *a = pane_app(p);
	const char *label = label_text(&k->label, a->lang);
	struct buf text = {0};
	char *caption;

	if (!k->confirm.text[a->lang]) {
		app_write_rows(a, k->target, rows, label);
		row_writes_clear(rows);
		return;
	}
	buf_addf(&text, "%s  ", label_text(&k->confirm, a->lang));
	if (rows->count > 1)
		app_format_string(a, STR_ROWS_CONFIRM, &text, (int)rows->count);
	else if ((caption = row_caption(p))) {
		buf_add_str(&text, caption);
		free(caption);
	}
	free(a->confirm);
	a->confirm = xstrdup(buf_str(&text));
	buf_clear(&text);
	app_forget_pending(a);
	a->pending = (struct pending){
	    .write = xstrdup(k->target),
	    .label = xstrdup(label),
	    .rows = *rows,
	};
	a->mode = MODE_CONFIRM;
}

static void
run_marked(
    struct pane *p, const struct key_def *k, const struct statement_def *st)
{
	struct app *a = pane_app(p);
	struct row_writes rows = {0};

	if (!marked_writes(p, k, st, &rows)) {
		app_say(a, true, STR_ROWS_FORM, label_text(&k->label, a->lang));
		row_writes_clear(&rows);
		return;
	}
	if (rows.count < p->marks.count) {
		app_say(
		    a, true, STR_ROWS_GONE, (int)(p->marks.count - rows.count));
		row_writes_clear(&rows);
		return;
	}
	id_list_clear(&p->marks);
	confirm_or_write(p, k, &rows);
}

static void
run_write(struct pane *p, const struct key_def *k)
{
	struct app *a = pane_app(p);
	const struct statement_def *st = bundle_statement(a->bundle, k->target);
	const struct screen_def *form;
	struct row_writes rows = {0};
	struct values args = {0};

	if (!st) {
		app_say(a, true, STR_NO_STATEMENT, k->target);
		return;
	}
	if (p->ops && p->ops->rows && p->marks.count > 0) {
		run_marked(p, k, st);
		return;
	}
	if (write_args(p, k, st, &args)) {
		row_writes_add(&rows, args, pane_row_id(p));
		confirm_or_write(p, k, &rows);
		return;
	}
	form = bundle_form(a->bundle, k->target);
	if (!form && p->ops && p->ops->rows && !pane_has_row(p))
		app_say(a, true, STR_SELECT_FIRST);
	else if (form)
		open_form(p, form, &args);
	else {
		open_form(p, bundle_make_form(a->bundle, st, &args, &k->label),
		    &args);
		pick_at_once(a);
	}
	values_clear(&args);
}

void
pane_run(struct pane *p, const struct key_def *k)
{
	struct app *a = pane_app(p);
	const struct screen_def *screen;
	struct value name = {.type = CODEC_NULL};
	const char *target = k->target;

	if (k->is_write) {
		run_write(p, k);
		return;
	}
	if (target[0] == '$') {
		name = pane_value(p, target + 1);
		target = name.type == CODEC_TEXT ? name.text : "";
	}
	screen = bundle_screen(a->bundle, target);
	if (screen)
		open_screen(p, k, screen);
	else
		app_say(a, true, STR_NO_SCREEN, target);
	value_clear(&name);
}

void
pane_heading(struct pane *p, struct grid *g, bool focused, const char *extra)
{
	struct app *a = pane_app(p);
	struct rect r = p->rect;
	const char *title = label_text(&p->def->title, a->lang);
	struct buf b = {0};
	int used;
	size_t n;

	if (!title[0] && p->statement)
		title = label_text(&p->statement->purpose, a->lang);
	for (int i = 0; i < r.w; i++)
		grid_put(g, r.y, r.x + i, 1, "-", STYLE_HEADING);
	if (r.w >= 8) {
		buf_addf(&b, " %s%s%s ", title, extra[0] ? " " : "", extra);
		n = text_fit(buf_str(&b), r.w - 4, &used);
		b.data[n] = '\0';
		grid_put(
		    g, r.y, r.x + 2, used, (const char *)b.data, STYLE_HEADING);
		buf_clear(&b);
	}
	if (focused && p->view->pane_count > 1)
		grid_put(g, r.y, r.x, 1, ">", STYLE_HEADING);
}
