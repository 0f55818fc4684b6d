/*
 * First letters of the pinyin of common hanzi: GB 2312 orders its first level
 * by pronunciation, so 23 boundaries tell them.
 */
#ifndef TUI_PINYIN_H
#define TUI_PINYIN_H

struct buf;

/* Appends one lower-case letter per hanzi (others as they are, in lower
 * case; what has no letter is left out). */
void pinyin_initials(const char *text, struct buf *out);

#endif
