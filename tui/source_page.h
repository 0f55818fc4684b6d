/*
 * Between source.c, which asks, and source_page.c, which keeps the rows.
 */
#ifndef TUI_SOURCE_PAGE_H
#define TUI_SOURCE_PAGE_H

#include "tui/source.h"

void page_clear(struct source_page *p);
void pages_clear(struct source_page *pages, int *count);
/* One more row, if it is one and there is room. */
void page_add(
    const struct source *s, struct source_page *p, struct codec_reader *r);
/* Marks the rows of a fresh page that differ from those shown, and counts
 * those that are new. */
void page_compare(struct source *s, struct source_page *p);

#endif
