/*
 * Keys and what they do: one table, from which the hint bar, `?`, the `:`
 * palette and docs/terminal.md are printed.
 */
#ifndef TUI_KEYS_H
#define TUI_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;

/* A key is a code point (control keys as their ASCII code) or one of these. */
enum {
	KEY_ENTER_ = '\r',
	KEY_TAB_ = '\t',
	KEY_ESC_ = 27,
	KEY_RUBOUT_ = 127,
	KEY_SPECIAL_ = 0x110000,
	KEY_UP_,
	KEY_DOWN_,
	KEY_LEFT_,
	KEY_RIGHT_,
	KEY_HOME_,
	KEY_END_,
	KEY_PGUP_,
	KEY_PGDN_,
	KEY_DELETE_,
	KEY_INSERT_,
	KEY_BACKTAB_,
	KEY_F0_, /* + n for Fn, n to 12 */
	KEY_F12_ = KEY_F0_ + 12,
	KEY_LAST_
};
#define KEY_CTRL(letter) ((uint32_t)((letter)&0x1f))
#define KEY_FN(n) ((uint32_t)(KEY_F0_ + (n)))

enum action {
	ACT_NONE,
	ACT_HELP,
	ACT_PALETTE,
	ACT_OPEN,
	ACT_TICK,
	ACT_FIND,
	ACT_FIND_NEXT,
	ACT_FIND_BACK,
	ACT_FILTER,
	ACT_BACK,
	ACT_QUIT,
	ACT_REFRESH,
	ACT_REDRAW,
	ACT_UNDO,
	ACT_COPY_CELL,
	ACT_COPY_ROW,
	ACT_SUSPEND,
	ACT_LOCK,
	ACT_DOWN,
	ACT_UP,
	ACT_LEFT,
	ACT_RIGHT,
	ACT_PAGE_DOWN,
	ACT_PAGE_UP,
	ACT_FIRST,
	ACT_LAST,
	ACT_PANE_NEXT,
	ACT_PANE_BACK,
	ACT_RECORD_NEXT,
	ACT_RECORD_BACK,
	ACT_MARK,
	ACT_SORT,
	ACT_SORT_MORE,
	ACT_NARROWER,
	ACT_WIDER,
	ACT_FIT,
	ACT_FREEZE,
	ACT_HIDE,
	ACT_UNHIDE,
	ACT_UNFOLD_ALL,
	ACT_PARENT,
	ACT_FOLLOW,
	ACT_QUEUE,
	ACT_COUNT
};

enum action_where {
	WHERE_ANY,
	WHERE_ROWS, /* tables, trees, alert panes */
	WHERE_TREE
};

struct action_def {
	enum action action;
	enum action_where where;
	int hint;	     /* order in the hint bar; 0: not in it */
	const char *keys;    /* names, blank separated; the first is shown */
	const char *zh, *en; /* short, for the hint bar */
	const char *help_zh, *help_en;
};

/* Keys of forms, where letters are text. */
struct form_key_def {
	uint32_t key;
	const char *name;
	bool hint; /* in the hint bar, in this order */
	const char *zh, *en;
	const char *help_zh, *help_en;
};

extern const struct form_key_def form_key_table[];
extern const size_t form_key_count;
/* "F10 save  Esc leave …", appended. */
void form_hint(bool zh, struct buf *out);

extern const struct action_def action_table[];
extern const size_t action_count;

const struct action_def *action_find(enum action a);
/* What the key does where these kinds of places are focused. */
enum action action_of_key(uint32_t key, bool rows, bool tree);
/* The action whose key looks most like this one (its other case, or the same
 * letter with Ctrl), or NULL. */
const struct action_def *action_nearest(uint32_t key, bool rows, bool tree);

/* "Enter", "F5", "C-x", "j"; out has room for 16. */
void keys_name(uint32_t key, char out[16]);
/* 0: no such name. */
uint32_t key_parse(const char *name);

/* The table of keys as Markdown, for docs/terminal.md. */
void keys_document(struct buf *out);

#endif
