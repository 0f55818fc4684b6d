/*
 * What a piece of text is, not how it looks: tui/term.c has the one table that
 * turns these into attributes and colours for the terminal at hand.
 */
#ifndef TUI_STYLE_H
#define TUI_STYLE_H

enum style {
	STYLE_PLAIN,
	STYLE_TITLE,	/* first line of the screen */
	STYLE_HEADING,	/* of a pane */
	STYLE_COLUMNS,	/* headings of columns */
	STYLE_FOCUS,	/* the selected row of the focused pane */
	STYLE_SELECTED, /* the selected row of another pane */
	STYLE_MUTED,
	STYLE_RED,
	STYLE_YELLOW,
	STYLE_BLUE,
	STYLE_GREEN,
	STYLE_BAD,  /* what was refused, or is not acceptable */
	STYLE_EDIT, /* the field under the caret */
	STYLE_HINT, /* the line of keys */
	STYLE_COUNT
};

/* One letter each: the second plane of a golden screen. */
char style_letter(enum style s);

#endif
