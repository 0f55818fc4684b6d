/* A screenful of cells. */
#include "tui/grid.h"

#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/mem.h"
#include "common/text.h"

static const char style_letters[STYLE_COUNT] = {
    [STYLE_PLAIN] = '.',
    [STYLE_TITLE] = 'T',
    [STYLE_HEADING] = 'H',
    [STYLE_COLUMNS] = 'C',
    [STYLE_FOCUS] = 'F',
    [STYLE_SELECTED] = 'S',
    [STYLE_MUTED] = 'm',
    [STYLE_RED] = 'R',
    [STYLE_YELLOW] = 'Y',
    [STYLE_BLUE] = 'B',
    [STYLE_GREEN] = 'G',
    [STYLE_BAD] = '!',
    [STYLE_EDIT] = 'E',
    [STYLE_HINT] = 'K',
};

char
style_letter(enum style s)
{
	return style_letters[s];
}

void
grid_init(struct grid *g, int height, int width)
{
	g->height = height > 0 ? height : 1;
	g->width = width > 0 ? width : 1;
	g->cells =
	    xcalloc((size_t)g->height * (size_t)g->width, sizeof(*g->cells));
	grid_erase(g);
}

void
grid_clear(struct grid *g)
{
	free(g->cells);
	*g = (struct grid){0};
}

void
grid_erase(struct grid *g)
{
	size_t n = (size_t)g->height * (size_t)g->width;

	for (size_t i = 0; i < n; i++)
		g->cells[i] = (struct grid_cell){.c = ' '};
	g->cursor_y = g->cursor_x = 0;
	g->cursor_shown = false;
}

static struct grid_cell *
cell_at(const struct grid *g, int y, int x)
{
	if (y < 0 || x < 0 || y >= g->height || x >= g->width)
		return NULL;
	return &g->cells[(size_t)y * (size_t)g->width + (size_t)x];
}

const struct grid_cell *
grid_at(const struct grid *g, int y, int x)
{
	return cell_at(g, y, x);
}

/* A cell about to be overwritten may be half of a wide character: its other
 * half must not stay behind. */
static void
cell_release(struct grid *g, int y, int x)
{
	struct grid_cell *cell = cell_at(g, y, x), *left, *right;

	if (!cell)
		return;
	if (cell->c == 0) {
		left = cell_at(g, y, x - 1);
		if (left)
			left->c = ' ';
	}
	right = cell_at(g, y, x + 1);
	if (right && right->c == 0)
		right->c = ' ';
}

static void
cell_set(struct grid *g, int y, int x, uint32_t c, enum style s)
{
	struct grid_cell *cell = cell_at(g, y, x);

	if (!cell)
		return;
	cell_release(g, y, x);
	*cell = (struct grid_cell){.c = c, .style = (uint8_t)s};
}

static void
cell_set_wide(struct grid *g, int y, int x, uint32_t c, enum style s)
{
	struct grid_cell *right = cell_at(g, y, x + 1);

	if (!right || x < 0) {
		cell_set(g, y, x, ' ', s);
		cell_set(g, y, x + 1, ' ', s);
		return;
	}
	cell_set(g, y, x, c, s);
	cell_release(g, y, x + 1);
	*right = (struct grid_cell){.c = 0, .style = (uint8_t)s};
}

/* A mark belongs to the character before. */
static void
cell_mark(struct grid *g, int y, int x, uint32_t c)
{
	struct grid_cell *cell = cell_at(g, y, x - 1);

	if (cell && cell->c == 0)
		cell = cell_at(g, y, x - 2);
	if (cell && cell->mark == 0)
		cell->mark = c;
}

/* One glyph, at most as wide as it says; returns its cells. */
static int
put_glyph(
    struct grid *g, int y, int x, const struct text_glyph *glyph, enum style s)
{
	int at = 0, cells;
	size_t len;
	uint32_t c;

	for (size_t i = 0; i < glyph->len; i += len) {
		c = text_decode(glyph->bytes + i, glyph->len - i, &len);
		cells = text_cell_width(c);
		if (cells == 0)
			cell_mark(g, y, x + at, c);
		else if (cells == 2)
			cell_set_wide(g, y, x + at, c, s);
		else
			cell_set(g, y, x + at, c, s);
		at += cells;
	}
	return at;
}

int
grid_put(struct grid *g, int y, int x, int w, const char *text, enum style s)
{
	size_t left = strlen(text), len;
	struct text_glyph glyph;
	int at = 0;

	for (; left > 0; text += len, left -= len) {
		if (text[0] >= ' ' && text[0] < 0x7f &&
		    (left == 1 || (text[1] >= ' ' && text[1] < 0x7f))) {
			len = 1;
			if (w >= 0 && at >= w)
				break;
			cell_set(g, y, x + at++, (uint32_t)text[0], s);
			continue;
		}
		len = text_glyph_next(text, left, &glyph);
		if (w >= 0 && at + glyph.cells > w)
			break;
		at += put_glyph(g, y, x + at, &glyph, s);
	}
	for (; at < w; at++)
		cell_set(g, y, x + at, ' ', s);
	return at;
}

int
grid_put_right(
    struct grid *g, int y, int x, int w, const char *text, enum style s)
{
	int cells = text_width(text), pad = w > cells ? w - cells : 0;

	grid_put(g, y, x, pad, "", s);
	return pad + grid_put(g, y, x + pad, w - pad, text, s);
}

void
grid_paint(struct grid *g, int y, int x, int w, enum style s)
{
	struct grid_cell *cell;

	for (int i = 0; i < w; i++) {
		cell = cell_at(g, y, x + i);
		if (cell)
			cell->style = (uint8_t)s;
	}
}

static void
print_cell(const struct grid_cell *cell, struct buf *out)
{
	char utf8[4];

	if (cell->c == 0)
		return;
	buf_add(out, utf8, text_encode(cell->c, utf8));
	if (cell->mark)
		buf_add(out, utf8, text_encode(cell->mark, utf8));
}

void
grid_print(const struct grid *g, struct buf *out)
{
	for (int y = 0; y < g->height; y++) {
		int end = g->width;

		while (end > 0 && cell_at(g, y, end - 1)->c == ' ')
			end--;
		for (int x = 0; x < end; x++)
			print_cell(cell_at(g, y, x), out);
		buf_add_byte(out, '\n');
	}
}

void
grid_print_styles(const struct grid *g, struct buf *out)
{
	for (int y = 0; y < g->height; y++) {
		int end = g->width;

		while (end > 0 && cell_at(g, y, end - 1)->style == STYLE_PLAIN)
			end--;
		for (int x = 0; x < end; x++)
			buf_add_byte(
			    out, (uint8_t)style_letter(
				     (enum style)cell_at(g, y, x)->style));
		buf_add_byte(out, '\n');
	}
}
