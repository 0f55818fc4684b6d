/*
 * The terminal: the only file that knows curses.  A frame is one write(2)
 * within synchronized output, and one that changes nothing writes nothing.
 * Whatever ends the program, the terminal is put back first.
 */
#ifndef TUI_TERM_H
#define TUI_TERM_H

#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"
#include "tui/grid.h"

/* 0, or -1 with e: no terminal, or one that cannot show screens. */
int term_start(struct err *e) __attribute__((warn_unused_result));
void term_stop(void);

void term_size(int *height, int *width);
/* After SIGWINCH: asks the kernel and tells curses. */
void term_resize(void);

/* Paints what differs from the frame before. */
void term_paint(const struct grid *g);
void term_redraw(void); /* the next frame paints all */

/* The next key (tui/keys.h), 0 when there is none.  KEY_PASTE_: call
 * term_pasted() for the text. */
#define KEY_PASTE_ 0x120000u
uint32_t term_key(void);
/* The window was closed: there will never be a key again. */
bool term_is_gone(void);
const char *term_pasted(void);

void term_suspend(void); /* back in the shell until continued */
void term_copy(const char *text);

#endif
