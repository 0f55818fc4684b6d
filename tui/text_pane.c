/* Panes of one row: labels and values, a text of our own, a gauge. */
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/text.h"
#include "tui/app.h"

#define LABEL_CELLS 14 /* of a label that is short enough */
#define LEAST_CELLS 34 /* of a label with its value */
#define GAUGE_CELLS 20

struct flow {
	struct grid *g;
	struct rect r;
	int label; /* cells of a label */
	int y;	   /* the next line, counted from the text's first */
	int skip;  /* lines scrolled away */
};

static void
flow_line(struct flow *f, int x, const char *text, enum style s)
{
	int y = f->y - f->skip;

	if (y >= 0 && y < f->r.h)
		grid_put(f->g, f->r.y + y, f->r.x + x,
		    f->r.w > x ? f->r.w - x : 0, text, s);
}

/* Wraps by cells; # and - at a line's start are headings and points, ** is
 * passed over. */
static void
flow_text(struct flow *f, int x, const char *text)
{
	int room = f->r.w - x > 1 ? f->r.w - x : 1, used;

	while (*text) {
		const char *nl = strchr(text, '\n');
		size_t line = nl ? (size_t)(nl - text) : strlen(text);
		enum style style = STYLE_PLAIN;
		char *part = xstrndup(text, line), *at = part;

		if (*at == '#') {
			at += strspn(at, "# ");
			style = STYLE_HEADING;
		}
		do {
			size_t n = text_fit(at, room, &used);
			char *cut;

			if (n == 0 && *at)
				break;
			cut = xstrndup(at, n);
			flow_line(f, x, cut, style);
			f->y++;
			free(cut);
			at += n;
		} while (*at);
		free(part);
		text += line + (nl != NULL);
	}
}

static void
draw_value(
    struct pane *p, struct flow *f, size_t column, const struct value *cells)
{
	const struct column_def *c = &p->def->columns[column];
	struct format_env env = app_format(pane_app(p));
	int at = statement_column_in(p->statement, c->name, env.lang);
	struct buf text = {0};
	int whole;
	enum style s;

	if (at < 0)
		return;
	if (strcmp(c->format, "markdown") == 0) {
		if (cells[at].type == CODEC_TEXT)
			flow_text(f, 1, cells[at].text);
		return;
	}
	s = format_cell(
	    &env, c, p->statement->columns[at].type, &cells[at], &text);
	whole = f->r.w;
	f->r.w = f->label + 1; /* a long label is cut, not overwritten */
	flow_line(f, 1, label_text(&c->heading, env.lang), STYLE_MUTED);
	f->r.w = whole;
	if (text_width(buf_str(&text)) <= f->r.w - f->label - 2) {
		flow_line(f, f->label + 2, (const char *)text.data, s);
		f->y++;
	} else
		flow_text(f, f->label + 2, (const char *)text.data);
	buf_clear(&text);
}

/* The longest label of the pane, but no more than half of the width. */
static int
label_cells(const struct pane *p, int width)
{
	int most = LABEL_CELLS, w;

	for (size_t i = 0; i < p->def->column_count; i++) {
		w = text_width(
		    label_text(&p->def->columns[i].heading, pane_app(p)->lang));
		most = w > most ? w : most;
	}
	return most > width / 2 ? width / 2 : most;
}

/* Values that do not fit one below the other stand in columns. */
static void
draw_values(struct pane *p, struct flow *f, const struct value *cells)
{
	struct rect r = f->r;
	int n = (int)p->def->column_count, columns = 1;

	while (
	    r.h > 0 && columns * r.h < n && r.w / (columns + 1) >= LEAST_CELLS)
		columns++;
	f->r.w = r.w / columns;
	f->label = label_cells(p, f->r.w);
	if (columns > 1)
		f->skip = 0;
	for (int i = 0; i < n; i++) {
		if (columns > 1) {
			f->r.x = r.x + i / r.h * f->r.w;
			f->y = i % r.h;
		}
		draw_value(p, f, (size_t)i, cells);
	}
}

static const char *
row_state(const struct pane *p)
{
	const struct source *s = &p->sources[0];

	if (s->state == SOURCE_FAILED)
		return s->err.text;
	if (s->state == SOURCE_READY)
		return app_string(pane_app(p), STR_EMPTY);
	return s->state == SOURCE_LOADING ? app_string(pane_app(p), STR_LOADING)
					  : "";
}

static void
text_draw(struct pane *p, struct grid *g, bool focused)
{
	struct flow f = {.g = g, .skip = p->text_top};
	struct buf extra = {0};
	struct value *cells;

	pane_as_of(p, &extra);
	pane_heading(p, g, focused, buf_str(&extra));
	buf_clear(&extra);
	f.r = (struct rect){p->rect.y + 1, p->rect.x, p->rect.h - 1, p->rect.w};
	if (p->source_count == 0)
		flow_text(&f, 1, label_text(&p->def->body, pane_app(p)->lang));
	else if (source_count(&p->sources[0]) == 0)
		flow_line(&f, 1, row_state(p), STYLE_MUTED);
	else {
		cells = xcalloc(p->statement->column_count, sizeof(*cells));
		source_row(&p->sources[0], 0, cells);
		draw_values(p, &f, cells);
		for (size_t i = 0; i < p->statement->column_count; i++)
			value_clear(&cells[i]);
		free(cells);
	}
	if (p->text_top > f.y - 1)
		p->text_top = f.y > 0 ? f.y - 1 : 0;
	if (focused) {
		g->cursor_y = p->rect.y;
		g->cursor_x = p->rect.x;
	}
}

static bool
no_key(struct pane *p, uint32_t key, long count)
{
	(void)p, (void)key, (void)count;
	return false;
}

static bool
text_act(struct pane *p, enum action act, long count)
{
	int n = count > 0 ? (int)count : 1;
	int page = p->rect.h > 2 ? p->rect.h - 2 : 1;

	switch (act) {
	case ACT_DOWN:
		p->text_top += n;
		return true;
	case ACT_UP:
		p->text_top = p->text_top > n ? p->text_top - n : 0;
		return true;
	case ACT_PAGE_DOWN:
		p->text_top += page;
		return true;
	case ACT_PAGE_UP:
		p->text_top = p->text_top > page ? p->text_top - page : 0;
		return true;
	case ACT_FIRST:
		p->text_top = 0;
		return true;
	case ACT_OPEN:
		if (!p->def->open)
			return false;
		pane_run(p, p->def->open);
		return true;
	default:
		return false;
	}
}

static void
text_lines(const struct pane *p, int width, int *want, int *least)
{
	(void)width;
	*want = p->def->height	       ? p->def->height + 1
		: p->def->column_count ? (int)p->def->column_count + 1
				       : 0;
	*least = *want && *want < 3 ? *want : 3;
}

static double
number(struct pane *p, const char *word)
{
	struct value v = source_cell(&p->sources[0], 0,
	    statement_column(p->statement, pane_extra(p->def, word)));
	double d = v.type == CODEC_REAL ? v.real : (double)v.integer;

	value_clear(&v);
	return d;
}

/* One line: title, what is reached of what is meant, other columns. */
static void
gauge_draw(struct pane *p, struct grid *g, bool focused)
{
	struct format_env env = app_format(pane_app(p));
	struct value *cells;
	struct buf text = {0};
	double goal, share;

	buf_addf(&text, "%s ", label_text(&p->def->title, env.lang));
	if (p->source_count == 0 || source_count(&p->sources[0]) == 0) {
		if (p->source_count)
			buf_add_str(&text, row_state(p));
		grid_put(g, p->rect.y, p->rect.x, p->rect.w, buf_str(&text),
		    STYLE_MUTED);
		buf_clear(&text);
		return;
	}
	goal = number(p, "goal");
	share = goal > 0 ? number(p, "value") / goal : 0;
	format_bar(share, GAUGE_CELLS, &text);
	buf_addf(&text, " %.0f%%", share * 100);
	cells = xcalloc(p->statement->column_count, sizeof(*cells));
	source_row(&p->sources[0], 0, cells);
	for (size_t i = 0; i < p->def->column_count; i++) {
		const struct column_def *c = &p->def->columns[i];
		int at = statement_column(p->statement, c->name);

		if (at < 0)
			continue;
		buf_addf(&text, "  %s ", label_text(&c->heading, env.lang));
		format_cell(
		    &env, c, p->statement->columns[at].type, &cells[at], &text);
	}
	for (size_t i = 0; i < p->statement->column_count; i++)
		value_clear(&cells[i]);
	free(cells);
	grid_put(g, p->rect.y, p->rect.x, p->rect.w, buf_str(&text),
	    focused ? STYLE_SELECTED : STYLE_PLAIN);
	buf_clear(&text);
}

static void
gauge_lines(const struct pane *p, int width, int *want, int *least)
{
	(void)p, (void)width;
	*want = *least = 1;
}

const struct widget_ops text_ops = {
    "text", false, text_draw, no_key, text_act, text_lines};
const struct widget_ops gauge_ops = {
    "gauge", false, gauge_draw, no_key, text_act, gauge_lines};
