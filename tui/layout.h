/*
 * Which panes stand where: computed from the size of the terminal at each
 * frame.  Narrow or low windows lose panes by weight, never the first.
 */
#ifndef TUI_LAYOUT_H
#define TUI_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>

#include "tui/bundle.h"
#include "tui/grid.h"

#define LAYOUT_SIDES_FROM 110 /* columns from which two sides fit */

struct layout_pane {
	int weight;
	enum pane_side side;
	int want;  /* lines, heading included; 0: a share of what is left */
	int least; /* lines below which it is of no use */
	struct rect rect; /* out; h 0: dropped */
};

/* Fills in the rects of `count` panes within `area`. */
void layout_place(
    struct layout_pane *panes, size_t count, const struct rect *area);

#endif
