/*
 * Between list_draw.c (how tables, trees and alert panes look) and
 * list_keys.c (what keys do to them).
 */
#ifndef TUI_LIST_H
#define TUI_LIST_H

#include "tui/app.h"

bool list_key(struct pane *p, uint32_t key, long count);
bool list_act(struct pane *p, enum action act, long count);
/* Depth of a tree's row; -1: no tree, or no such row. */
int list_depth(const struct pane *p, const struct source *s, int row);
/* Cells of each column, for `room` cells in all. */
void list_widths(const struct pane *p, int room, int *widths);

#endif
