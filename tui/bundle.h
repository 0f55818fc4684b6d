/*
 * What the daemon sent (docs/screens.md section 2) as structs: the screens of
 * a role, the statements they use, the phrases for codes.  Read once, then
 * constant; a new one replaces it whole.
 */
#ifndef TUI_BUNDLE_H
#define TUI_BUNDLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "tui/value.h"

enum { LANG_ZH, LANG_EN, LANG_COUNT };

/* zh and en; both NULL where the bundle has null. */
struct label {
	char *text[LANG_COUNT];
};

struct bind {
	char *arg;
	struct value value; /* text "$name": from the row or the screen */
};

struct bind_list {
	struct bind *items;
	size_t count;
};

struct key_def {
	char *key; /* "" for open */
	char *target;
	bool is_write;
	struct label label;
	struct bind_list with;
	struct label confirm;
};

struct key_list {
	struct key_def *items;
	size_t count;
};

struct column_def {
	char *name;
	struct label heading;
	char *format;
	int width;
	char *codes;
};

struct field_def {
	char *arg;
	struct label label;
	char *type;
	char *choices;
	char *lookup;
	char *show;
	bool required;
	char *initial;
	struct label help;
	int height;
};

struct sort_def {
	char *column;
	bool descending;
};

enum pane_side { SIDE_WHOLE, SIDE_LEFT, SIDE_RIGHT };

struct pane_def {
	char *widget;
	char *id;
	struct label title;
	char *statement;
	struct bind_list with;
	char *of;
	int weight;
	enum pane_side side;
	int height; /* 0: a share */
	struct column_def *columns;
	size_t column_count;
	struct key_def *open; /* NULL: Enter opens nothing */
	struct key_list keys;
	struct field_def *fields;
	size_t field_count;
	struct bind_list extra;
	struct label body;
	struct sort_def *sort;
	size_t sort_count;
};

struct screen_def {
	char *name;
	struct label title;
	bool in_menu;
	char **args;
	size_t arg_count;
	struct pane_def *panes;
	size_t pane_count;
	struct key_list keys;
};

struct typed_name {
	char *name;
	char *type;
	bool nullable;
};

struct statement_def {
	char *name;
	struct label purpose;
	bool is_write;
	struct typed_name *columns;
	size_t column_count;
	struct typed_name *args;
	size_t arg_count;
	char *key;
	char **sort;
	size_t sort_count;
	char *search;
	char *undo;
};

struct phrase_def {
	char *code;
	struct label text;
};

struct bundle {
	char *home;
	struct screen_def *screens;
	size_t screen_count;
	struct statement_def *statements;
	size_t statement_count;
	struct phrase_def *phrases;
	size_t phrase_count;
	struct screen_def **forms; /* made here, see bundle_make_form */
	size_t form_count;
};

/* NULL with e when the bytes are no bundle of a version we know. */
struct bundle *bundle_read(const void *data, size_t len, struct err *e);
void bundle_free(struct bundle *b);

const struct screen_def *bundle_screen(
    const struct bundle *b, const char *name);
const struct statement_def *bundle_statement(
    const struct bundle *b, const char *name);
/* The phrase "<prefix>.<value>", or NULL. */
const char *bundle_phrase(
    const struct bundle *b, const char *prefix, const char *value, int lang);
/* The screen with a form for this write, or NULL. */
const struct screen_def *bundle_form(const struct bundle *b, const char *write);

/* A screen with a form for the arguments of a write that are not known yet
 * (tui/autoform.c), called as the key that leads to it; the bundle owns it. */
const struct screen_def *bundle_make_form(struct bundle *b,
    const struct statement_def *st, const struct values *known,
    const struct label *title);

/* A word of a pane's `extra`, or NULL. */
const char *pane_extra(const struct pane_def *p, const char *word);
/* Position of a column in a statement's answer, or -1. */
int statement_column(const struct statement_def *s, const char *name);
/* The same of "<name>_zh" or "<name>_en" where the answer has that. */
int statement_column_in(
    const struct statement_def *s, const char *name, int lang);
bool statement_sorts(const struct statement_def *s, const char *column);
/* "" when the label is null. */
const char *label_text(const struct label *l, int lang);

#endif
