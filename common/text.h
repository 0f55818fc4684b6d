/*
 * Text as people see it: UTF-8, counted in terminal cells.  utf8proc
 * underneath; the policy is ours: controls become '?', emoji with joiners
 * become "[?]", variation selectors vanish, ambiguous width is narrow unless
 * text_set_ambiguous_wide(true) (the terminal's probe).
 */
#ifndef COMMON_TEXT_H
#define COMMON_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void text_set_ambiguous_wide(bool wide);

/* Decodes one code point at s (n bytes left, n > 0), storing its length;
 * malformed bytes give U+FFFD and length 1. */
uint32_t text_decode(const char *s, size_t n, size_t *len);
size_t text_encode(uint32_t c, char out[4]);

/* Cells of a code point: 0 (combining), 1 or 2.  For whole strings the forms
 * below, which know of clusters and of what is drawn in place of a character.
 */
int text_cell_width(uint32_t c);

/* What is drawn for one character as people count them. */
struct text_glyph {
	char
	    bytes[28]; /* valid UTF-8, no NUL at the end; nothing if len is 0 */
	size_t len;
	int cells; /* 0 only when len is 0; 3 for "[?]" */
};

/* The glyph of the character at s (n bytes left, n > 0); returns the bytes
 * passed over, at least 1.  Whoever draws goes through this, so that what is
 * drawn and what text_width counts cannot differ. */
size_t text_glyph_next(const char *s, size_t n, struct text_glyph *g);

/* Cells of a string. */
int text_width(const char *s);
/* Bytes of s that fit into `cells`, never splitting a character (or its
 * combining marks); *used gets the cells they take. */
size_t text_fit(const char *s, int cells, int *used);
bool text_is_valid(const char *s, size_t n);

/* Full-width ASCII (U+FF01..FF5E, ideographic space) to ASCII; others as is.
 * For keys typed with the input method left on. */
uint32_t text_fold_fullwidth(uint32_t c);

/* Comparison form: NFKC, case folded, blanks dropped.  The caller frees. */
char *text_fold(const char *s);

#endif
