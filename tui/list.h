/*
 * Between the files of tables, trees and alert panes: list_draw.c how they
 * look, list_rows.c which rows show, list_columns.c their columns, list_keys.c
 * what keys do to them.
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

#endif
