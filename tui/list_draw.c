/* Tables, trees and alert panes as they look. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/text.h"
#include "tui/app.h"
#include "tui/list.h"

#define MARK_CELLS 3 /* '>', the row's state, a blank */
#define FIT_LEAST 5

int
list_column_count(const struct pane *p)
{
	return (int)p->def->column_count;
}

enum style
list_cell(const struct pane *p, const struct source *s,
    const struct value *cells, int column, struct buf *out)
{
	const struct column_def *c = &p->def->columns[column];
	struct format_env env = app_format(pane_app(p));
	int at = statement_column_in(s->statement, c->name, env.lang);

	if (at < 0)
		return STYLE_PLAIN;
	return format_cell(
	    &env, c, s->statement->columns[at].type, &cells[at], out);
}

static bool
column_is_right(const struct pane *p, int column)
{
	const struct column_def *c = &p->def->columns[column];
	int at = statement_column(p->statement, c->name);

	return at >= 0 && format_is_right(c, p->statement->columns[at].type);
}

static void
cells_clear(const struct pane *p, struct value *cells)
{
	for (size_t i = 0; i < p->statement->column_count; i++)
		value_clear(&cells[i]);
}

/* Grows the widths to what these rows need. */
static void
widths_fit(const struct pane *p, const struct source *s, int top, int rows,
    int *widths)
{
	struct value *cells =
	    xcalloc(p->statement->column_count, sizeof(*cells));
	struct buf text = {0};
	int w;

	for (int row = top; row < top + rows && row < source_count(s); row++) {
		source_row(s, row, cells);
		for (int c = 0; c < list_column_count(p); c++) {
			if (p->columns[c].width > 0)
				continue;
			buf_reset(&text);
			list_cell(p, s, cells, c, &text);
			w = text_width(buf_str(&text));
			widths[c] = w > widths[c] ? w : widths[c];
		}
		cells_clear(p, cells);
	}
	buf_clear(&text);
	free(cells);
}

static void
heading_text(const struct pane *p, int column, struct buf *out)
{
	const struct source *s = &p->sources[0];
	const struct column_def *c = &p->def->columns[column];

	buf_reset(out);
	buf_add_str(out, label_text(&c->heading, pane_app(p)->lang));
	for (size_t i = 0; i < s->sort_count; i++)
		if (strcmp(s->sort[i].column, c->name) == 0)
			buf_add_byte(out, s->sort[i].descending ? 'v' : '^');
	buf_str(out);
}

/* The widest gives way first, so that 80 columns show as much as they can. */
static void
widths_shrink(const struct pane *p, int *widths, int room)
{
	int sum = 0, widest;

	for (int c = 0; c < list_column_count(p); c++)
		sum += p->columns[c].hidden ? 0 : widths[c] + 1;
	while (sum > room) {
		widest = -1;
		for (int c = 0; c < list_column_count(p); c++)
			if (!p->columns[c].hidden && p->columns[c].width == 0 &&
			    widths[c] > 2 * FIT_LEAST &&
			    !column_is_right(p, c) &&
			    (widest < 0 || widths[c] > widths[widest]))
				widest = c;
		if (widest < 0)
			return;
		widths[widest]--;
		sum--;
	}
}

void
list_widths(const struct pane *p, int room, int *widths)
{
	struct buf text = {0};

	for (int c = 0; c < list_column_count(p); c++) {
		heading_text(p, c, &text);
		widths[c] = p->columns[c].width > 0
				? p->columns[c].width
				: text_width((const char *)text.data);
	}
	for (int i = 0; i < p->source_count; i++)
		widths_fit(p, &p->sources[i], p->lists[i].top,
		    p->rect.h > 0 ? p->rect.h : 1, widths);
	widths_shrink(p, widths, room);
	buf_clear(&text);
}

/* The next column to draw after `c`: frozen ones, then from p->left on. */
static int
column_next(const struct pane *p, int c)
{
	for (c++; c < list_column_count(p); c++)
		if (!p->columns[c].hidden && (c < p->frozen || c >= p->left))
			return c;
	return -1;
}

static void
draw_headings(struct pane *p, struct grid *g, int y, const int *widths)
{
	int x = p->rect.x + MARK_CELLS, end = p->rect.x + p->rect.w, w;
	struct buf text = {0};
	enum style s;

	for (int c = column_next(p, -1); c >= 0 && x < end;
	     c = column_next(p, c)) {
		heading_text(p, c, &text);
		w = widths[c] < end - x ? widths[c] : end - x;
		s = c == p->column && app_focus(pane_app(p)) == p
			? STYLE_HEADING
			: STYLE_COLUMNS;
		if (column_is_right(p, c))
			grid_put_right(g, y, x, w, (const char *)text.data, s);
		else
			grid_put(g, y, x, w, (const char *)text.data, s);
		x += w + 1;
	}
	buf_clear(&text);
}

static char
row_mark(const struct pane *p, const struct source *s, int row)
{
	int64_t id = source_id(s, row);
	char mark = queue_mark(&pane_app(p)->queue, id);

	if (mark)
		return mark;
	if (id_list_has(&p->marks, id))
		return '+';
	return source_changed(s, row) ? '*' : ' ';
}

static void
tree_indent(
    const struct pane *p, const struct source *s, int row, struct buf *out)
{
	int depth = list_depth(p, s, row);

	if (depth < 0)
		return;
	for (int i = 0; i < depth && i < 16; i++)
		buf_add_str(out, "  ");
	if (list_depth(p, s, row + 1) > depth)
		buf_add_str(out,
		    id_list_has(&p->folds, source_id(s, row)) ? "> " : "v ");
	else
		buf_add_str(out, "  ");
}

static void
draw_cells(struct pane *p, struct grid *g, int y, const struct row_look *look,
    const int *widths)
{
	const struct source *s = &p->sources[look->section];
	struct value *cells =
	    xcalloc(p->statement->column_count, sizeof(*cells));
	int x = p->rect.x + MARK_CELLS, end = p->rect.x + p->rect.w, w;
	struct buf text = {0};
	enum style style;
	bool first = true;

	source_row(s, look->row, cells);
	for (int c = column_next(p, -1); c >= 0 && x < end;
	     c = column_next(p, c)) {
		buf_reset(&text);
		if (first)
			tree_indent(p, s, look->row, &text);
		first = false;
		style = list_cell(p, s, cells, c, &text);
		w = widths[c] < end - x ? widths[c] : end - x;
		if (look->base == STYLE_FOCUS || style == STYLE_PLAIN ||
		    s->as_of)
			style = look->base;
		if (column_is_right(p, c))
			grid_put_right(g, y, x, w, buf_str(&text), style);
		else
			grid_put(g, y, x, w, buf_str(&text), style);
		x += w + 1;
	}
	buf_clear(&text);
	cells_clear(p, cells);
	free(cells);
}

static void
draw_row(struct pane *p, struct grid *g, int y, int section, int row,
    const int *widths)
{
	const struct source *s = &p->sources[section];
	const struct list_ui *ui = &p->lists[section];
	bool selected =
	    section == p->section && ui->has_selected && ui->at == row;
	bool focused = app_focus(pane_app(p)) == p;
	struct row_look look = {section, row, row_mark(p, s, row), STYLE_PLAIN};
	char mark[3] = {selected ? '>' : ' ', (char)look.mark, 0};

	if (s->as_of)
		look.base = STYLE_MUTED;
	if (selected)
		look.base = focused ? STYLE_FOCUS : STYLE_SELECTED;
	if (!picture_draw(p, g, y, &look)) {
		grid_put(g, y, p->rect.x, p->rect.w, "", look.base);
		grid_put(g, y, p->rect.x, 2, mark,
		    mark[1] == '!' ? STYLE_BAD : look.base);
		draw_cells(p, g, y, &look, widths);
		picture_keep(p, g, y, &look);
	}
	if (selected && focused) {
		g->cursor_y = y;
		g->cursor_x = p->rect.x;
	}
}

/* Keeps the selected row within the window of `rows` lines. */
static void
scroll_into(struct pane *p, int section, int rows)
{
	struct list_ui *ui = &p->lists[section];
	const struct source *s = &p->sources[section];
	int above = 0;

	if (ui->top > source_count(s) - 1)
		ui->top = source_count(s) > 0 ? source_count(s) - 1 : 0;
	if (!ui->has_selected)
		return;
	if (ui->at < ui->top)
		ui->top = ui->at;
	for (int i = ui->at; i >= ui->top && i >= 0; i--)
		if (list_shows(p, s, i) && ++above > rows) {
			ui->top = i + 1;
			break;
		}
}

static void
draw_state(struct pane *p, struct grid *g, int y, const struct source *s)
{
	struct app *a = pane_app(p);
	const char *text = "";
	enum style style = STYLE_MUTED;

	if (s->state == SOURCE_FAILED) {
		text = s->err.text;
		style = STYLE_BAD;
	} else if (s->state == SOURCE_READY)
		text = app_string(a, STR_EMPTY);
	else if (s->state == SOURCE_LOADING)
		text = app_string(a, STR_LOADING);
	grid_put(
	    g, y, p->rect.x + MARK_CELLS, p->rect.w - MARK_CELLS, text, style);
}

static int
draw_rows(struct pane *p, struct grid *g, int y, int rows, int section,
    const int *widths)
{
	const struct source *s = &p->sources[section];
	int drawn = 0;

	for (int row = p->lists[section].top;
	     row < source_count(s) && drawn < rows; row++)
		if (list_shows(p, s, row))
			draw_row(p, g, y + drawn++, section, row, widths);
	if (drawn == 0 && rows > 0 && p->ops != &alerts_ops) {
		draw_state(p, g, y, s);
		drawn = 1;
	}
	return drawn;
}

/* "3/120", "1000+", the filter. */
static void
count_text(const struct pane *p, struct buf *out)
{
	const struct source *s = &p->sources[0];
	long at = p->lists[0].at + 1;
	int n = source_new_rows(s);

	if (pane_as_of(p, out))
		;
	else if (s->state == SOURCE_READY && s->total >= 0) {
		if (s->base >= 0 && p->lists[0].has_selected)
			buf_addf(out, "%ld/", s->base + at);
		buf_addf(out, "%lld%s", (long long)s->total,
		    s->total_exact ? "" : "+");
	} else if (s->state == SOURCE_READY && s->at_start && s->at_end)
		buf_addf(out, "%d", source_count(s));
	if (s->search)
		buf_addf(out, " &%s", s->search);
	if (p->narrow)
		buf_addf(out, " &%s", p->narrow);
	if (n > 0) {
		buf_add_byte(out, ' ');
		app_format_string(pane_app(p), STR_NEW_ROWS, out, n);
	}
	if (p->follow) {
		buf_add_byte(out, ' ');
		buf_add_str(out, app_string(pane_app(p), STR_FOLLOW_ON));
	}
}

static int
draw_prompt(struct pane *p, struct grid *g, int y, bool focused)
{
	struct rect r = {y, p->rect.x + 2, 1, p->rect.w - 2};

	if (!pane_extra(p->def, "prompt"))
		return 0;
	grid_put(g, y, p->rect.x, 2, "/ ", STYLE_HINT);
	edit_draw(&p->prompt, g, r, STYLE_EDIT, false, false);
	if (focused && !p->lists[0].has_selected) {
		g->cursor_y = y;
		g->cursor_x = r.x + text_width(edit_text(&p->prompt));
		g->cursor_shown = true;
	}
	return 1;
}

static void
table_draw(struct pane *p, struct grid *g, bool focused)
{
	const int *widths;
	struct buf extra = {0};
	int y = p->rect.y + 1, end = p->rect.y + p->rect.h;
	bool headings;

	count_text(p, &extra);
	pane_heading(p, g, focused, buf_str(&extra));
	buf_clear(&extra);
	if (y < end)
		y += draw_prompt(p, g, y, focused);
	headings = end - y > 2;
	scroll_into(p, 0, end - y - headings);
	widths = picture_widths(p, p->rect.w - MARK_CELLS);
	if (headings)
		draw_headings(p, g, y++, widths);
	if (y < end)
		draw_rows(p, g, y, end - y, 0, widths);
}

static void
alerts_heading(struct pane *p, struct grid *g, int y, int section)
{
	struct format_env env = app_format(pane_app(p));
	const struct source *s = &p->sources[section];
	struct buf text = {0};
	enum style style;
	int w;

	for (int i = 0; i < p->rect.w; i++)
		grid_put(g, y, p->rect.x + i, 1, "-", STYLE_HEADING);
	buf_addf(&text, "[%d] ", section + 1);
	grid_put(g, y, p->rect.x + 2, -1, " ", STYLE_HEADING);
	w = grid_put(g, y, p->rect.x + 3, -1, buf_str(&text), STYLE_HEADING);
	buf_reset(&text);
	style = format_level(&env, PANE_SOURCES - section, &text);
	w += grid_put(g, y, p->rect.x + 3 + w, -1, buf_str(&text), style);
	buf_reset(&text);
	if (s->state == SOURCE_READY)
		buf_addf(&text, " %lld%s ",
		    s->total >= 0 ? (long long)s->total : source_count(s),
		    s->total >= 0 && !s->total_exact ? "+" : "");
	else
		buf_addf(&text, " %s ",
		    s->state == SOURCE_FAILED ? s->err.text : "…");
	grid_put(g, y, p->rect.x + 3 + w, -1, buf_str(&text), STYLE_HEADING);
	buf_clear(&text);
}

/* Lines for the rows of each level: they go to red first, but the levels
 * below keep three each where they can. */
static void
alerts_share(const struct pane *p, int left, int rows[PANE_SOURCES])
{
	int want[PANE_SOURCES];

	for (int i = 0; i < PANE_SOURCES; i++)
		want[i] = source_count(&p->sources[i]);
	for (int i = 0; i < PANE_SOURCES; i++) {
		rows[i] = left;
		for (int j = i + 1; j < PANE_SOURCES; j++)
			rows[i] -= want[j] < 3 ? want[j] : 3;
		if (i == p->section && rows[i] < 1)
			rows[i] = left > 0 ? 1 : 0;
		if (rows[i] > want[i])
			rows[i] = want[i];
		if (rows[i] < 0)
			rows[i] = 0;
		left -= rows[i];
	}
}

static void
alerts_top(struct pane *p, struct grid *g, bool focused)
{
	struct buf extra = {0};
	int news = 0;

	for (int i = 0; i < PANE_SOURCES; i++)
		news += source_new_rows(&p->sources[i]);
	if (news > 0)
		app_format_string(pane_app(p), STR_NEW_ROWS, &extra, news);
	pane_as_of(p, &extra);
	pane_heading(p, g, focused, buf_str(&extra));
	buf_clear(&extra);
}

/* Each level gets its heading always, the columns theirs where there is
 * room. */
static void
alerts_draw(struct pane *p, struct grid *g, bool focused)
{
	const int *widths;
	int y = p->rect.y + 1, end = p->rect.y + p->rect.h,
	    left = p->rect.h - 1 - PANE_SOURCES, rows[PANE_SOURCES];
	bool headings = left > 2 * PANE_SOURCES;

	alerts_top(p, g, focused);
	alerts_share(p, left - headings, rows);
	for (int i = 0; i < PANE_SOURCES; i++)
		scroll_into(p, i, rows[i]);
	widths = picture_widths(p, p->rect.w - MARK_CELLS);
	if (headings)
		draw_headings(p, g, y++, widths);
	for (int i = 0; i < PANE_SOURCES && y < end; i++) {
		alerts_heading(p, g, y++, i);
		y += draw_rows(p, g, y, rows[i], i, widths);
	}
}

static void
list_lines(const struct pane *p, int width, int *want, int *least)
{
	(void)width;
	*want = p->def->height ? p->def->height + 1 : 0;
	*least = p->ops == &alerts_ops ? 2 * PANE_SOURCES + 1 : 4;
	if (*want && *want < *least)
		*least = *want;
}

const struct widget_ops table_ops = {
    "table", true, table_draw, list_key, list_act, list_lines};
const struct widget_ops tree_ops = {
    "tree", true, table_draw, list_key, list_act, list_lines};
const struct widget_ops alerts_ops = {
    "alerts", true, alerts_draw, list_key, list_act, list_lines};
