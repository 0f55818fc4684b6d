/* Forms as they look. */
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/text.h"
#include "tui/field.h"

#define LABEL_MAX 16
#define FIELD_MAX 40 /* cells of one that has no error beside it */

static int
field_height(const struct field_def *f)
{
	return strcmp(f->type, "note") == 0 && f->height > 1 ? f->height : 1;
}

/* The bytes of a note's line that begins at `s`, and with its line break. */
static size_t
note_line(const char *s, int w, size_t *with_break)
{
	int used;
	size_t n = text_fit(s, w, &used);
	const char *nl = memchr(s, '\n', n);

	if (nl)
		n = (size_t)(nl - s);
	else if (n == 0 && *s)
		text_decode(s, strlen(s), &n);
	*with_break = n + (s[n] == '\n');
	return n;
}

/* The line that has the caret. */
static int
note_caret(const struct edit *e, int w)
{
	const char *s = edit_text(e);
	size_t at = 0, n, all;
	int line = 0;

	for (;; at += all, line++) {
		n = note_line(s + at, w, &all);
		if (e->at <= at + n || all == 0)
			return line;
	}
}

/* A note wraps within its box, which follows the caret. */
static void
draw_note(struct pane *p, struct grid *g, struct rect r, size_t i, bool caret)
{
	const struct edit *e = &p->fields[i].edit;
	const char *s = edit_text(e);
	int line = note_caret(e, r.w), top = line < r.h ? 0 : line - r.h + 1;
	size_t at = 0, n, all;
	char *part;

	for (int y = 0; y < top + r.h; y++, at += all) {
		n = note_line(s + at, r.w, &all);
		if (y < top)
			continue;
		part = xstrndup(s + at, n);
		grid_put(g, r.y + y - top, r.x, r.w, part, STYLE_EDIT);
		if (caret && y == line) {
			part[e->at - at] = '\0';
			g->cursor_y = r.y + y - top;
			g->cursor_x = r.x + text_width(part);
			g->cursor_shown = true;
		}
		free(part);
	}
}

static int
draw_field(struct pane *p, struct grid *g, int y, size_t i, int label_cells,
    bool focused)
{
	const struct field_def *f = &p->def->fields[i];
	struct rect r = p->rect;
	bool here = focused && i == p->field;
	int x = r.x + 1, height = field_height(f), w;
	const char *tail = p->fields[i].error;

	grid_put(g, y, x, label_cells, label_text(&f->label, pane_app(p)->lang),
	    here ? STYLE_HEADING : STYLE_PLAIN);
	grid_put(g, y, x + label_cells, 2, f->required ? "*" : " ", STYLE_BAD);
	x += label_cells + 2;
	w = r.x + r.w - x - 2;
	if (w > FIELD_MAX && !tail[0])
		w = FIELD_MAX;
	if (w > FIELD_MAX)
		w = w > FIELD_MAX + 24 ? w - 26 : FIELD_MAX - 2;
	if (w < 4)
		return y + height;
	grid_put(g, y, x, 1, "[", STYLE_MUTED);
	if (height > 1)
		draw_note(p, g, (struct rect){y, x + 1, height, w}, i, here);
	else
		edit_draw(&p->fields[i].edit, g, (struct rect){y, x + 1, 1, w},
		    here ? STYLE_EDIT : STYLE_PLAIN, here, false);
	grid_put(g, y + height - 1, x + w + 1, 1, "]", STYLE_MUTED);
	if (!tail[0] && here && (f->lookup || f->choices))
		tail = "F4";
	grid_put(g, y, x + w + 3, r.x + r.w - (x + w + 3), tail,
	    p->fields[i].error[0] ? STYLE_BAD : STYLE_MUTED);
	return y + height;
}

void
form_draw(struct pane *p, struct grid *g, bool focused)
{
	const struct app *a = pane_app(p);
	int y = p->rect.y, end = y + p->rect.h, cells = 4, w;
	size_t first = 0;
	struct buf hint = {0};

	pane_heading(p, g, focused, "");
	y++;
	for (size_t i = 0; i < p->def->field_count; i++) {
		w = text_width(label_text(&p->def->fields[i].label, a->lang));
		cells = w > cells ? w : cells;
	}
	cells = cells > LABEL_MAX ? LABEL_MAX : cells;
	for (; first < p->field; first++) {
		w = 0;
		for (size_t i = first; i <= p->field; i++)
			w += field_height(&p->def->fields[i]);
		if (y + w <= end)
			break;
	}
	for (size_t i = first; i < p->def->field_count && y < end; i++)
		y = draw_field(p, g, y, i, cells + 1, focused);
	if (y + 1 < end && focused) {
		form_hint(a->lang == LANG_ZH, &hint);
		grid_put(g, y + 1, p->rect.x + 1, p->rect.w - 1, buf_str(&hint),
		    STYLE_MUTED);
		buf_clear(&hint);
	}
}

void
form_lines(const struct pane *p, int width, int *want, int *least)
{
	int n = 3;

	(void)width;
	for (size_t i = 0; i < p->def->field_count; i++)
		n += field_height(&p->def->fields[i]);
	*want = p->def->height ? p->def->height + 1 : n;
	*least = *want < 4 ? *want : 4;
}
