/*
 * A line of text under a caret, with the keys of readline.
 */
#ifndef TUI_EDIT_H
#define TUI_EDIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tui/grid.h"

#define EDIT_MAX 65536 /* bytes; more is cut off */

struct edit {
	char *text; /* owned; NULL is "" */
	size_t len;
	size_t at; /* the caret: a byte, at the start of a character */
};

void edit_clear(struct edit *e);
const char *edit_text(const struct edit *e);
void edit_set(struct edit *e, const char *text); /* caret at the end */
/* Whether the key was one of editing (text included). */
bool edit_key(struct edit *e, uint32_t key);
/* Pasted text: line breaks become blanks unless `lines`, other controls go. */
void edit_paste(struct edit *e, const char *text, bool lines);
/* Draws within w cells, scrolled so that the caret shows; with caret the
 * cursor is put there.  `secret` shows stars. */
void edit_draw(const struct edit *e, struct grid *g, struct rect r,
    enum style s, bool caret, bool secret);

#endif
