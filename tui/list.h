/*
 * Between the files of tables, trees and alert panes: list_draw.c how they
 * look, list_rows.c which rows show, list_columns.c their columns, list_keys.c
 * what keys do to them, list_picture.c what was drawn of them last.
 */
#ifndef TUI_LIST_H
#define TUI_LIST_H

#include "tui/app.h"

bool list_key(struct pane *p, uint32_t key, long count);
bool list_act(struct pane *p, enum action act, long count);
void list_select(struct pane *p, int section, int row);
void list_copy(struct pane *p, bool row); /* or the cell */
/* Sort, width, hidden and frozen columns; false: not one of those. */
bool list_layout_act(struct pane *p, enum action act);
/* Folds or unfolds the selected row; false: no tree. */
bool tree_fold(struct pane *p, bool fold);
/* Depth of a tree's row; -1: no tree, or no such row. */
int list_depth(const struct pane *p, const struct source *s, int row);
/* Cells of each column, for `room` cells in all. */
void list_widths(const struct pane *p, int room, int *widths);

/* What a row's line shows beside its cells; without gaps, it is compared by
 * its bytes. */
struct row_look {
	int section, row;
	int mark; /* a character */
	enum style base;
};

/* list_widths() of before, while nothing that they come from has changed; to
 * be called at the begin of each frame. */
const int *picture_widths(struct pane *p, int room);
/* The row's line as it was drawn before; false: it is to be drawn. */
bool picture_draw(
    struct pane *p, struct grid *g, int y, const struct row_look *look);
void picture_keep(
    struct pane *p, const struct grid *g, int y, const struct row_look *look);
void picture_free(struct pane *p);

#endif
