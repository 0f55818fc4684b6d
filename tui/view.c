/* The whole frame: title, panes, what is typed, message, hints. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/text.h"
#include "tui/app.h"
#include "tui/layout.h"

#define LEAST_WIDTH 40
#define LEAST_HEIGHT 10

static void
link_text(const struct app *a, struct buf *out)
{
	size_t waiting = queue_count(&a->queue, false);
	size_t refused = queue_count(&a->queue, true);
	uint64_t away;
	char clock[32];

	if (a->link == LINK_ONLINE)
		buf_add_str(out, app_string(a, STR_CONNECTED));
	else if (a->link == LINK_CONNECTING)
		buf_add_str(out, app_string(a, STR_CONNECTING));
	else {
		away = (a->host.now() - a->offline_since) / 1000000;
		snprintf(clock, sizeof(clock), "%02d:%02d", (int)(away / 60),
		    (int)(away % 60));
		app_format_string(a, STR_OFFLINE, out, clock);
	}
	if (waiting > 0) {
		buf_add_byte(out, ' ');
		app_format_string(a, STR_QUEUED, out, waiting);
	}
	if (refused > 0) {
		buf_add_byte(out, ' ');
		app_format_string(a, STR_REFUSED, out, refused);
	}
}

static void
crumbs(const struct app *a, const struct view *v, struct buf *out)
{
	if (!v)
		return;
	crumbs(a, v->parent, out);
	buf_addf(out, " > %s", label_text(&v->def->title, a->lang));
	if (v->caption)
		buf_addf(out, " > %s", v->caption);
}

static void
draw_title(struct app *a, struct grid *g)
{
	struct buf left = {0}, right = {0};
	int w;

	buf_addf(&left, " firebreak  %s", a->person ? a->person : "");
	if (a->place && a->place[0])
		buf_addf(&left, " %s", a->place);
	crumbs(a, a->view, &left);
	link_text(a, &right);
	w = text_width(buf_str(&right));
	grid_put(g, 0, 0, g->width, buf_str(&left), STYLE_TITLE);
	if (w + 2 < g->width) {
		grid_put(g, 0, g->width - w - 3, 2, "", STYLE_TITLE);
		grid_put(g, 0, g->width - w - 1, w, (const char *)right.data,
		    a->link == LINK_OFFLINE ? STYLE_BAD : STYLE_TITLE);
	}
	buf_clear(&left);
	buf_clear(&right);
}

/* Hints in order of importance until the line is full; `?` is first and so
 * never the one that is left out. */
static int
put_hint(struct grid *g, int x, const char *key, const char *text)
{
	bool latin = (unsigned char)text[0] < 0x80;
	int need = text_width(key) + latin + text_width(text) + 2;

	if (x + need > g->width)
		return x;
	x += grid_put(g, g->height - 1, x, -1, key, STYLE_HEADING);
	x += latin;
	x += grid_put(g, g->height - 1, x, -1, text, STYLE_HINT);
	return x + 2;
}

static int
own_hints(struct app *a, struct grid *g, int x, const struct key_list *l)
{
	for (size_t i = 0; i < l->count; i++)
		x = put_hint(g, x, l->items[i].key,
		    label_text(&l->items[i].label, a->lang));
	return x;
}

static int
table_hints(struct app *a, struct grid *g, int x, int from, int to)
{
	struct pane *p = app_focus(a);
	bool rows = p && p->ops && p->ops->rows;
	char key[16];

	for (int order = from; order <= to; order++)
		for (size_t i = 0; i < action_count; i++) {
			const struct action_def *d = &action_table[i];

			if (d->hint != order ||
			    (d->where != WHERE_ANY && !rows) ||
			    (d->action == ACT_OPEN && (!p || !p->def->open)))
				continue;
			snprintf(key, sizeof(key), "%.*s",
			    (int)strcspn(d->keys, " "), d->keys);
			x = put_hint(
			    g, x, key, a->lang == LANG_ZH ? d->zh : d->en);
		}
	return x;
}

static void
draw_hints(struct app *a, struct grid *g)
{
	struct pane *p = app_focus(a);
	struct buf text = {0};
	int x = 1;

	grid_put(g, g->height - 1, 0, g->width, "", STYLE_HINT);
	if (p && p->fields) {
		form_hint(a->lang == LANG_ZH, &text);
		grid_put(g, g->height - 1, 1, g->width - 1, buf_str(&text),
		    STYLE_HINT);
		buf_clear(&text);
		return;
	}
	x = table_hints(a, g, x, 1, 3);
	if (p)
		x = own_hints(a, g, x, &p->def->keys);
	if (a->view)
		x = own_hints(a, g, x, &a->view->def->keys);
	table_hints(a, g, x, 4, 9);
}

static void
draw_message(struct app *a, struct grid *g)
{
	char count[32];

	if (a->count > 0) {
		snprintf(count, sizeof(count), "%ld …", a->count);
		grid_put(g, g->height - 2, 0, g->width, count, STYLE_PLAIN);
		return;
	}
	grid_put(g, g->height - 2, 0, g->width, a->message,
	    a->message_bad ? STYLE_BAD : STYLE_PLAIN);
}

static void
draw_missing(struct pane *p, struct grid *g)
{
	const struct app *a = pane_app(p);
	struct buf text = {0};

	if (!p->ops)
		app_format_string(a, STR_UNKNOWN_WIDGET, &text, p->def->widget);
	else
		app_format_string(
		    a, STR_NO_STATEMENT, &text, p->def->statement);
	grid_put(
	    g, p->rect.y, p->rect.x, p->rect.w, buf_str(&text), STYLE_MUTED);
	buf_clear(&text);
}

static bool
is_missing(const struct pane *p)
{
	return !p->ops || (p->def->statement && !p->statement);
}

static void
place_panes(struct view *v, const struct rect *area)
{
	struct layout_pane *panes = xcalloc(v->pane_count + 1, sizeof(*panes));

	for (size_t i = 0; i < v->pane_count; i++) {
		struct pane *p = &v->panes[i];

		panes[i].weight = p->def->weight;
		panes[i].side = p->def->side;
		panes[i].want = panes[i].least = 1;
		if (!is_missing(p))
			p->ops->lines(
			    p, area->w, &panes[i].want, &panes[i].least);
	}
	layout_place(panes, v->pane_count, area);
	for (size_t i = 0; i < v->pane_count; i++)
		v->panes[i].rect = panes[i].rect;
	free(panes);
}

/* Panes that show first, the focused one last: the cursor stays in it. */
static void
draw_panes(struct app *a, struct grid *g)
{
	struct view *v = a->view;
	struct rect area = {1, 0, g->height - 3, g->width};
	struct pane *p;

	place_panes(v, &area);
	if (v->panes[v->focus].rect.h == 0)
		v->focus = 0;
	for (size_t i = 1; i <= v->pane_count; i++) {
		p = &v->panes[(v->focus + i) % v->pane_count];
		if (p->rect.h <= 0)
			continue;
		if (is_missing(p))
			draw_missing(p, g);
		else
			p->ops->draw(p, g, i == v->pane_count);
	}
	for (size_t i = 0; i < v->pane_count; i++) {
		struct rect r = v->panes[i].rect;

		if (r.x > 0)
			for (int y = r.y; y < r.y + r.h; y++)
				grid_put(g, y, r.x - 2, 2, "|", STYLE_MUTED);
	}
}

static void
draw_line(struct app *a, struct grid *g)
{
	enum string s = a->mode == MODE_FIND ? STR_FIND : STR_FILTER;
	int y = g->height - 3, x;

	x = grid_put(g, y, 0, -1, app_string(a, s), STYLE_HEADING);
	edit_draw(&a->line, g, (struct rect){y, x, 1, g->width - x}, STYLE_EDIT,
	    true, false);
}

static void
draw_confirm(struct app *a, struct grid *g)
{
	int y = g->height - 3, x;

	grid_put(g, y, 0, g->width, "", STYLE_EDIT);
	x = grid_put(g, y, 0, -1, a->confirm ? a->confirm : "", STYLE_EDIT);
	grid_put(g, y, x + 2, g->width - x - 2, app_string(a, STR_CONFIRM_KEYS),
	    STYLE_EDIT);
	g->cursor_y = y;
	g->cursor_x = x < g->width ? x : 0;
}

static void
draw_locked(struct app *a, struct grid *g)
{
	int y = g->height / 3, x;
	int alerts = 0;
	struct buf text = {0};

	for (size_t i = 0; a->view && i < a->view->pane_count; i++)
		for (int j = 0; j < a->view->panes[i].source_count; j++)
			if (a->view->panes[i].ops == &alerts_ops)
				alerts += source_new_rows(
				    &a->view->panes[i].sources[j]);
	grid_put(g, y, 2, g->width - 2, app_string(a, STR_LOCK_SHORT),
	    STYLE_HEADING);
	x = 2 + grid_put(g, y + 2, 2, -1, app_string(a, STR_PASSPHRASE),
		    STYLE_PLAIN);
	edit_draw(&a->line, g, (struct rect){y + 2, x + 1, 1, 30}, STYLE_EDIT,
	    true, true);
	if (a->is_checking)
		grid_put(g, y + 4, 2, g->width - 2, app_string(a, STR_CHECKING),
		    STYLE_MUTED);
	else if (a->was_locked_wrong)
		grid_put(g, y + 4, 2, g->width - 2,
		    app_string(a, STR_PASSPHRASE_WRONG), STYLE_BAD);
	if (alerts > 0) {
		app_format_string(a, STR_ALERTS_WAIT, &text, alerts);
		grid_put(
		    g, y + 6, 2, g->width - 2, buf_str(&text), STYLE_YELLOW);
		buf_clear(&text);
	}
}

static void
draw_all(struct app *a, struct grid *g)
{
	if (a->mode == MODE_LOCKED) {
		draw_locked(a, g);
		return;
	}
	if (g->width < LEAST_WIDTH || g->height < LEAST_HEIGHT) {
		grid_put(g, 0, 0, g->width, app_string(a, STR_TOO_SMALL),
		    STYLE_PLAIN);
		return;
	}
	draw_title(a, g);
	draw_hints(a, g);
	draw_message(a, g);
	if (a->view && a->view->pane_count > 0)
		draw_panes(a, g);
	else
		grid_put(g, 2, 2, g->width - 2, app_string(a, STR_NO_SCREENS),
		    STYLE_MUTED);
	if (a->mode == MODE_PICKER)
		picker_draw(a, g);
	else if (a->mode == MODE_FIND || a->mode == MODE_FILTER)
		draw_line(a, g);
	else if (a->mode == MODE_CONFIRM)
		draw_confirm(a, g);
}

/* In a window too small for what it should show the cursor still is in it. */
void
app_view(struct app *a, struct grid *g)
{
	grid_erase(g);
	a->dirty = false;
	draw_all(a, g);
	if (g->cursor_y < 0 || g->cursor_y >= g->height || g->cursor_x < 0 ||
	    g->cursor_x >= g->width)
		g->cursor_y = g->cursor_x = 0;
}
