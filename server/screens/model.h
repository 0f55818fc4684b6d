/*
 * A screen file as structs.  Strings are borrowed from the YAML documents,
 * which screens.c keeps until the bundles are made; arrays are owned.
 */
#ifndef SERVER_SCREENS_MODEL_H
#define SERVER_SCREENS_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/yaml.h"

struct catalogue;
struct phrases;
struct statement;

struct words { /* a text in both languages; zh NULL: not given */
	const char *zh;
	const char *en;
};

struct bind {
	const struct yaml *at;
	const char *arg;
	const char *value; /* "$name", or a constant as written; NULL: null */
	bool quoted;	   /* a constant in quotes stays text */
};

struct column {
	const struct yaml *at;
	const char *name;
	struct words head;
	const char *format;
	const char *codes;
	int width;
};

struct key {
	const struct yaml *at;
	const char *key; /* "" for open */
	const char *target;
	struct words label;
	struct words confirm;
	struct bind *binds;
	size_t bind_count;
};

struct field {
	const struct yaml *at;
	const char *arg;
	struct words label;
	struct words help;
	const char *type;
	const char *choices;
	const char *lookup;
	const char *show;
	const char *fallback;
	int required; /* -1: by the argument */
	int height;
};

struct order {
	const char *column;
	bool descending;
};

struct pane {
	const struct yaml *at;
	const char *widget;
	const char *statement; /* NULL for `text: none` */
	const char *id;
	const char *of;
	struct words title;
	struct words body;
	struct bind *binds;
	size_t bind_count;
	struct column *columns;
	size_t column_count;
	bool has_columns;
	struct key open; /* target NULL: none */
	struct key *keys;
	size_t key_count;
	struct field *fields;
	size_t field_count;
	struct order *sort;
	size_t sort_count;
	const char *extra[5]; /* prompt, depth, level, value, goal */
	int weight, side, height;
	const struct statement *source; /* set by check.c */
};

extern const char *const screen_extra_names[]; /* of pane.extra, NULL ends */

struct screen {
	const struct yaml_doc *doc;
	const char *name;
	struct words title;
	unsigned roles; /* catalogue_role_bit() of each */
	unsigned home;
	int menu; /* -1: not in it */
	const char **args;
	size_t arg_count;
	struct pane *panes;
	size_t pane_count;
	struct key *keys;
	size_t key_count;
};

struct screen_set {
	struct screen *screens;
	size_t count;
};

/* read.c: the file's screen; false if it has faults (they are in d).  What was
 * read must be cleared either way. */
bool screen_read(struct screen *s, const struct yaml_doc *doc, struct diags *d);
void screen_clear(struct screen *s);

/* check.c: resolves sources and defaults, reports what does not fit. */
void screens_check(struct screen_set *set, const struct catalogue *c,
    const struct phrases *p, struct diags *d);
const struct screen *screen_find(
    const struct screen_set *set, const char *name);

struct buf;
/* bundle.c: the bundle for one role (its bit). */
void bundle_encode(const struct screen_set *set, unsigned role,
    const struct catalogue *c, const struct phrases *p, struct buf *out);

#endif
