/* Columns of tables: order, width, what is hidden, what is copied. */
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "tui/app.h"
#include "tui/list.h"

#define COPY_MAX 4096

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

void
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

bool
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
