/* What keys do to tables, trees and alert panes. */
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/text.h"
#include "tui/app.h"
#include "tui/list.h"

#define PROMPT_DELAY 150000 /* us of rest before asking */
#define COPY_MAX 4096

bool
id_list_has(const struct id_list *l, int64_t id)
{
	for (size_t i = 0; i < l->count; i++)
		if (l->ids[i] == id)
			return true;
	return false;
}

void
id_list_toggle(struct id_list *l, int64_t id)
{
	for (size_t i = 0; i < l->count; i++)
		if (l->ids[i] == id) {
			l->ids[i] = l->ids[--l->count];
			return;
		}
	l->ids = xrealloc_array(l->ids, l->count + 1, sizeof(*l->ids));
	l->ids[l->count++] = id;
}

void
id_list_clear(struct id_list *l)
{
	free(l->ids);
	*l = (struct id_list){0};
}

int
list_depth(const struct pane *p, const struct source *s, int row)
{
	const char *name = pane_extra(p->def, "depth");
	struct value v;

	if (p->ops != &tree_ops || !name || row >= source_count(s))
		return -1;
	v = source_cell(s, row, statement_column(s->statement, name));
	value_clear(&v);
	return v.integer < 0 ? 0 : (int)(v.integer & 0xff);
}

static bool
row_contains(
    const struct pane *p, const struct source *s, int row, const char *needle)
{
	struct value *cells =
	    xcalloc(p->statement->column_count, sizeof(*cells));
	struct buf text = {0};
	char *folded;
	bool found;

	source_row(s, row, cells);
	for (int c = 0; c < list_column_count(p); c++) {
		list_cell(p, s, cells, c, &text);
		buf_add_byte(&text, '\n');
	}
	folded = text_fold(buf_str(&text));
	found = strstr(folded, needle) != NULL;
	free(folded);
	buf_clear(&text);
	for (size_t i = 0; i < p->statement->column_count; i++)
		value_clear(&cells[i]);
	free(cells);
	return found;
}

/* Rows within a folded one, or that our own filter leaves out, do not show. */
bool
list_shows(const struct pane *p, const struct source *s, int row)
{
	int depth, above;

	if (p->narrow) {
		const char *text = p->narrow + (p->narrow[0] == '!');
		char *needle = text_fold(text);
		bool has = row_contains(p, s, row, needle);

		free(needle);
		if (has == (p->narrow[0] == '!'))
			return false;
	}
	if (p->folds.count == 0)
		return true;
	depth = list_depth(p, s, row);
	for (int i = row - 1; i >= 0 && depth > 0; i--) {
		above = list_depth(p, s, i);
		if (above < depth) {
			if (id_list_has(&p->folds, source_id(s, i)))
				return false;
			depth = above;
		}
	}
	return true;
}

static void
list_select(struct pane *p, int section, int row)
{
	struct list_ui *ui = &p->lists[section];

	p->section = section;
	p->arriving = false;
	ui->selected = source_id(&p->sources[section], row);
	ui->has_selected = true;
	ui->at = row;
}

static void
settle_section(struct pane *p, int section)
{
	struct list_ui *ui = &p->lists[section];
	const struct source *s = &p->sources[section];
	int count = source_count(s), row, moved;

	if (count == 0) {
		ui->has_selected = false;
		ui->top = 0;
		return;
	}
	if (p->follow && s->at_start && section == p->section) {
		list_select(p, section, 0);
		return;
	}
	if (!ui->has_selected) {
		ui->at = 0;
		ui->selected = source_id(s, 0);
		ui->has_selected = true;
		return;
	}
	row = source_find(s, ui->selected);
	if (row < 0) {
		row = ui->at < count ? ui->at : count - 1;
		ui->selected = source_id(s, row);
	}
	/* the selected row keeps its line on the screen */
	moved = row - ui->at;
	ui->top = ui->top + moved > 0 ? ui->top + moved : 0;
	ui->at = row;
}

/* Whichever level is answered first, the selection begins in the top one. */
static void
settle_arrival(struct pane *p)
{
	p->arriving = false;
	for (int i = p->source_count; i-- > 0;) {
		p->arriving |= p->sources[i].state == SOURCE_LOADING;
		if (p->lists[i].has_selected)
			p->section = i;
	}
}

void
list_settle(struct pane *p)
{
	for (int i = 0; i < p->source_count; i++)
		settle_section(p, i);
	if (p->arriving)
		settle_arrival(p);
	for (int i = 0;
	     i < p->source_count && !p->lists[p->section].has_selected; i++)
		if (p->lists[i].has_selected)
			p->section = i;
}

/* One step in a direction over rows that show; false at the end. */
static bool
list_step(struct pane *p, int by)
{
	struct source *s = &p->sources[p->section];
	int row = p->lists[p->section].at, section = p->section;

	do {
		row += by;
		if (row >= 0 && row < source_count(s))
			continue;
		section += by;
		if (section < 0 || section >= p->source_count)
			return false;
		s = &p->sources[section];
		if (source_count(s) == 0)
			continue;
		row = by > 0 ? 0 : source_count(s) - 1;
	} while (row < 0 || row >= source_count(s) || !list_shows(p, s, row));
	list_select(p, section, row);
	return true;
}

bool
pane_step(struct pane *p, int by)
{
	return p->ops && p->ops->rows && pane_has_row(p) && list_step(p, by);
}

static void
list_prefetch(struct pane *p)
{
	struct source *s = &p->sources[p->section];
	int at = p->lists[p->section].at;

	if (at > source_count(s) - SOURCE_PAGE_ROWS / 2)
		source_more(s, false);
	else if (at < SOURCE_PAGE_ROWS / 2)
		source_more(s, true);
}

static void
list_move(struct pane *p, long by)
{
	long n = by < 0 ? -by : by;

	p->follow = false;
	while (n-- > 0 && list_step(p, by < 0 ? -1 : 1))
		;
	list_prefetch(p);
}

static void
list_goto(struct pane *p, long number)
{
	struct source *s = &p->sources[p->section];
	long row = number - 1 - (s->base > 0 ? s->base : 0);

	p->follow = false;
	if (row >= 0 && row < source_count(s))
		list_select(p, p->section, (int)row);
	else
		app_say(pane_app(p), true, STR_ROW_FAR, number);
}

static void
list_end(struct pane *p, bool last)
{
	struct source *s = &p->sources[p->section];

	p->follow = false;
	/* offline the last row that is here is the last one */
	if ((last ? !s->at_end : !s->at_start) &&
	    s->port->is_ready(s->port->arg)) {
		source_jump(s, last);
		p->lists[p->section].has_selected = false;
		if (last)
			p->lists[p->section] = (struct list_ui){
			    .selected = INT64_MIN,
			    .has_selected = true,
			    .at = SOURCE_PAGE_ROWS,
			};
		return;
	}
	if (source_count(s) > 0)
		list_select(p, p->section, last ? source_count(s) - 1 : 0);
}

bool
list_find(struct pane *p, int direction)
{
	char *needle = text_fold(p->find ? p->find : "");
	struct source *s = &p->sources[p->section];
	int count = source_count(s), at = p->lists[p->section].at;
	bool found = false;

	for (int i = 1; i <= count && !found && needle[0]; i++) {
		int row = ((at + direction * i) % count + count) % count;

		if (!list_shows(p, s, row) || !row_contains(p, s, row, needle))
			continue;
		list_select(p, p->section, row);
		found = true;
	}
	free(needle);
	return found;
}

/* "quiet_days > 30": an operator and a value on a sortable column. */
static bool
filter_column(struct pane *p, const char *text, struct buf *filter)
{
	static const char *const ops[] = {">=", "<=", "!=", "=", ">", "<"};
	const struct statement_def *st = p->statement;
	const char *at = NULL, *op = NULL;
	char *name, *end;
	long long n;

	for (size_t i = 0; i < COUNT_OF(ops) && !at; i++)
		if ((at = strstr(text, ops[i])))
			op = ops[i];
	if (!at || at == text)
		return false;
	name = xstrndup(text, (size_t)(at - text));
	for (size_t i = 0; i < p->def->column_count; i++) {
		const struct column_def *c = &p->def->columns[i];

		if ((strcmp(c->name, name) != 0 &&
			strcmp(label_text(&c->heading, LANG_ZH), name) != 0 &&
			strcmp(label_text(&c->heading, LANG_EN), name) != 0) ||
		    !statement_sorts(st, c->name))
			continue;
		at += strlen(op);
		codec_put_array(filter, 1);
		codec_put_array(filter, 3);
		codec_put_text(filter, c->name);
		codec_put_text(filter, op);
		n = strtoll(at, &end, 10);
		if (*at && !*end)
			codec_put_int(filter, n);
		else
			codec_put_text(filter, at);
		break;
	}
	free(name);
	return filter->len > 0;
}

void
list_filter(struct pane *p, const char *text)
{
	struct source *s = &p->sources[0];
	struct app *a = pane_app(p);
	bool asked = s->search || (s->filter.len && p->ops != &alerts_ops);

	free(p->narrow);
	p->narrow = NULL;
	free(s->search);
	s->search = NULL;
	if (p->ops != &alerts_ops)
		buf_reset(&s->filter);
	if (text[0] && p->ops == &table_ops &&
	    filter_column(p, text, &s->filter))
		asked = true;
	else if (text[0] && text[0] != '!' && s->statement->search &&
		 p->ops == &table_ops) {
		s->search = xstrdup(text);
		asked = true;
	} else if (text[0])
		p->narrow = xstrdup(text);
	if (asked) {
		p->lists[0] = (struct list_ui){0};
		source_restart(s);
	}
	list_settle(p);
	if (text[0])
		app_say(a, false, STR_FILTERED, text);
	else
		app_say(a, false, STR_FILTER_OFF);
}

static void
list_sort(struct pane *p, bool more)
{
	const char *name = p->def->columns[p->column].name;
	struct app *a = pane_app(p);

	if (!statement_sorts(p->statement, name)) {
		app_say(a, true, STR_NOT_SORTABLE,
		    label_text(&p->def->columns[p->column].heading, a->lang));
		return;
	}
	for (int i = 0; i < p->source_count; i++) {
		struct source *s = &p->sources[i];
		size_t at = 0;

		while (
		    at < s->sort_count && strcmp(s->sort[at].column, name) != 0)
			at++;
		if (at < s->sort_count && (more || s->sort_count == 1))
			s->sort[at].descending = !s->sort[at].descending;
		else {
			while (!more && s->sort_count > 0)
				free(s->sort[--s->sort_count].column);
			s->sort = xrealloc_array(
			    s->sort, s->sort_count + 1, sizeof(*s->sort));
			s->sort[s->sort_count++] =
			    (struct sort_def){.column = xstrdup(name)};
		}
		source_restart(s);
		p->lists[i].top = 0;
	}
	app_say(a, false, STR_SORTED_BY,
	    label_text(&p->def->columns[p->column].heading, a->lang));
}

static void
list_column(struct pane *p, int by)
{
	int c = p->column;

	do
		c += by;
	while (c >= 0 && c < list_column_count(p) && p->columns[c].hidden);
	if (c < 0 || c >= list_column_count(p))
		return;
	p->column = c;
	if (p->left > c)
		p->left = c;
	if (c >= p->frozen) {
		int *widths = xcalloc(p->def->column_count, sizeof(*widths));
		int x = 3, room = p->rect.w;

		list_widths(p, p->rect.w - 3, widths);
		for (int i = 0; i <= c; i++)
			if (!p->columns[i].hidden &&
			    (i < p->frozen || i >= p->left))
				x += widths[i] + 1;
		while (x > room && p->left < c)
			x -= widths[p->left++] + 1;
		free(widths);
	}
}

static void
list_width(struct pane *p, int by)
{
	int *widths = xcalloc(p->def->column_count, sizeof(*widths));
	int w;

	list_widths(p, p->rect.w - 3, widths);
	w = widths[p->column] + by;
	p->columns[p->column].width = w < 2 ? 2 : w > 100 ? 100 : w;
	free(widths);
}

static void
list_hide(struct pane *p, bool hide)
{
	struct app *a = pane_app(p);
	int shown = 0;

	for (int i = 0; i < list_column_count(p); i++)
		shown += !p->columns[i].hidden;
	if (!hide) {
		app_say(a, shown == list_column_count(p), STR_NOTHING_HIDDEN);
		for (int i = 0; i < list_column_count(p); i++)
			p->columns[i].hidden = false;
		if (shown < list_column_count(p))
			app_say(a, false, STR_HIDDEN, "-");
		return;
	}
	if (shown < 2)
		return;
	p->columns[p->column].hidden = true;
	app_say(a, false, STR_HIDDEN,
	    label_text(&p->def->columns[p->column].heading, a->lang));
	list_column(p, p->column > 0 ? -1 : 1);
}

static void
list_copy(struct pane *p, bool row)
{
	struct app *a = pane_app(p);
	const struct source *s = &p->sources[p->section];
	struct value *cells =
	    xcalloc(p->statement->column_count, sizeof(*cells));
	struct buf text = {0};

	source_row(s, p->lists[p->section].at, cells);
	for (int c = 0; c < list_column_count(p); c++) {
		if (!row && c != p->column)
			continue;
		if (text.len > 0)
			buf_add_byte(&text, '\t');
		list_cell(p, s, cells, c, &text);
	}
	if (text.len > COPY_MAX)
		app_say(a, true, STR_COPY_TOO_LONG);
	else if (a->host.copy) {
		a->host.copy(buf_str(&text), a->host.arg);
		app_say(a, false, STR_SENT_COPY);
	}
	for (size_t i = 0; i < p->statement->column_count; i++)
		value_clear(&cells[i]);
	free(cells);
	buf_clear(&text);
}

static void
list_mark_range(struct pane *p)
{
	const struct source *s = &p->sources[p->section];
	int at = p->lists[p->section].at, from = at;

	if (p->marks.count > 0) {
		int64_t last = p->marks.ids[p->marks.count - 1];

		from = source_find(s, last);
	}
	if (from < 0 || from == at)
		id_list_toggle(&p->marks, source_id(s, at));
	else
		for (int i = from < at ? from + 1 : at;
		     i <= (from < at ? at : from - 1); i++)
			if (!id_list_has(&p->marks, source_id(s, i)))
				id_list_toggle(&p->marks, source_id(s, i));
	app_say(pane_app(p), false, STR_MARKED, (int)p->marks.count);
}

/* The newest row that has not been looked at, in the gravest level first. */
static bool
list_new(struct pane *p)
{
	for (int i = 0; i < p->source_count; i++) {
		struct source *s = &p->sources[i];

		if (source_new_rows(s) == 0)
			continue;
		source_hold(s, false);
		source_mark_seen(s);
		list_settle(p);
		for (int row = 0; row < source_count(s); row++)
			if (source_changed(s, row)) {
				list_select(p, i, row);
				break;
			}
		return true;
	}
	return false;
}

static bool
tree_fold(struct pane *p, bool fold)
{
	const struct source *s = &p->sources[0];
	int at = p->lists[0].at, depth = list_depth(p, s, at);
	int64_t id = source_id(s, at);

	if (p->ops != &tree_ops || depth < 0)
		return false;
	if (list_depth(p, s, at + 1) > depth &&
	    id_list_has(&p->folds, id) != fold) {
		id_list_toggle(&p->folds, id);
		return true;
	}
	return true;
}

static void
tree_parent(struct pane *p)
{
	const struct source *s = &p->sources[0];
	int at = p->lists[0].at, depth = list_depth(p, s, at);

	while (--at >= 0)
		if (list_depth(p, s, at) < depth) {
			list_select(p, 0, at);
			return;
		}
}

static bool
list_layout_act(struct pane *p, enum action act)
{
	if (list_column_count(p) == 0)
		return false;
	switch (act) {
	case ACT_SORT:
	case ACT_SORT_MORE:
		list_sort(p, act == ACT_SORT_MORE);
		return true;
	case ACT_NARROWER:
	case ACT_WIDER:
		list_width(p, act == ACT_WIDER ? 1 : -1);
		return true;
	case ACT_FIT:
		p->columns[p->column].width = 0;
		return true;
	case ACT_FREEZE:
		p->frozen = p->frozen == p->column + 1 ? 0 : p->column + 1;
		app_say(pane_app(p), false, STR_FROZEN, p->frozen);
		return true;
	case ACT_HIDE:
	case ACT_UNHIDE:
		list_hide(p, act == ACT_HIDE);
		return true;
	case ACT_LEFT:
	case ACT_RIGHT:
		if (!tree_fold(p, act == ACT_LEFT))
			list_column(p, act == ACT_LEFT ? -1 : 1);
		return true;
	default:
		return false;
	}
}

static bool
list_row_act(struct pane *p, enum action act)
{
	switch (act) {
	case ACT_OPEN:
		if (!p->def->open)
			return false;
		pane_run(p, p->def->open);
		return true;
	case ACT_TICK:
		id_list_toggle(&p->marks, pane_row_id(p));
		list_move(p, 1);
		return true;
	case ACT_MARK:
		list_mark_range(p);
		return true;
	case ACT_COPY_CELL:
	case ACT_COPY_ROW:
		list_copy(p, act == ACT_COPY_ROW);
		return true;
	case ACT_PARENT:
		tree_parent(p);
		return true;
	case ACT_UNFOLD_ALL:
		id_list_clear(&p->folds);
		return true;
	default:
		return false;
	}
}

static bool
list_move_act(struct pane *p, enum action act, long count)
{
	long n = count > 0 ? count : 1,
	     page = p->rect.h > 4 ? p->rect.h - 3 : 1;

	switch (act) {
	case ACT_DOWN:
	case ACT_UP:
		list_move(p, act == ACT_DOWN ? n : -n);
		return true;
	case ACT_PAGE_DOWN:
	case ACT_PAGE_UP:
		list_move(p, act == ACT_PAGE_DOWN ? n * page : -n * page);
		return true;
	case ACT_FIRST:
	case ACT_LAST:
		if (count > 0)
			list_goto(p, count);
		else
			list_end(p, act == ACT_LAST);
		return true;
	default:
		return false;
	}
}

bool
list_act(struct pane *p, enum action act, long count)
{
	struct app *a = pane_app(p);

	if (p->source_count == 0)
		return false;
	if (act == ACT_FOLLOW) {
		p->follow = !p->follow;
		app_say(a, false, p->follow ? STR_FOLLOW_ON : STR_FOLLOW_OFF);
		if (p->follow)
			list_settle(p);
		return true;
	}
	if (act == ACT_FIND_BACK && list_new(p))
		return true;
	if (act == ACT_FIND_NEXT || act == ACT_FIND_BACK) {
		if (!p->find)
			app_say(a, true, STR_NO_NEW);
		else if (!list_find(p, act == ACT_FIND_NEXT ? 1 : -1))
			app_say(a, true, STR_NO_MATCH, p->find);
		return true;
	}
	if (list_layout_act(p, act))
		return true;
	if (!pane_has_row(p))
		return list_move_act(p, act, count);
	return list_move_act(p, act, count) || list_row_act(p, act);
}

/* Typing in the prompt above a table; Down and Enter go to the rows. */
bool
list_key(struct pane *p, uint32_t key, long count)
{
	(void)count;
	if (!pane_extra(p->def, "prompt") || key == KEY_LEFT_ ||
	    key == KEY_RIGHT_)
		return false;
	if (!edit_key(&p->prompt, key))
		return false;
	p->prompt_due = pane_app(p)->host.now() + PROMPT_DELAY;
	return true;
}
