/*
 * A screenful of cells.  Everything people see is written here with
 * grid_put(), which knows about width; tui/term.c paints what changed, tests
 * and --dump print it.  Any size from 1x1 on is fine; writes outside are
 * clipped.
 */
#ifndef TUI_GRID_H
#define TUI_GRID_H

#include <stdbool.h>
#include <stdint.h>

#include "tui/style.h"

struct buf;

struct grid_cell {
	uint32_t c;    /* code point; 0: right half of a wide character */
	uint32_t mark; /* one combining mark, or 0 */
	uint8_t style; /* enum style */
};

struct grid {
	int height;
	int width;
	struct grid_cell *cells; /* height x width, row after row */
	int cursor_y;		 /* the caret or the selected row, always */
	int cursor_x;
	bool cursor_shown; /* as a caret: in a field */
};

/* A part of the grid. */
struct rect {
	int y, x, h, w;
};

void grid_init(struct grid *g, int height, int width);
void grid_clear(struct grid *g); /* frees; all zero is a valid grid */

/* Every cell blank and plain, the cursor at the origin. */
void grid_erase(struct grid *g);

/* Text from (y, x), clipped and padded with blanks to exactly w cells (to the
 * text's own width with w < 0).  A wide character that does not fit becomes a
 * blank, as does the other half of one that is overwritten.  Returns the cells
 * written. */
int grid_put(
    struct grid *g, int y, int x, int w, const char *text, enum style s);
/* The same, with the text at the right end. */
int grid_put_right(
    struct grid *g, int y, int x, int w, const char *text, enum style s);

/* Gives cells that are there another style. */
void grid_paint(struct grid *g, int y, int x, int w, enum style s);

const struct grid_cell *grid_at(const struct grid *g, int y, int x);

/* Lines with trailing blanks removed; and the plane of style letters ('.' is
 * plain), likewise. */
void grid_print(const struct grid *g, struct buf *out);
void grid_print_styles(const struct grid *g, struct buf *out);

#endif
