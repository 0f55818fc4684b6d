/* Which rows of a table, tree or alert pane show, and which is selected. */
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/text.h"
#include "tui/app.h"
#include "tui/list.h"

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

void
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
