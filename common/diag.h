/*
 * What is wrong with a text somebody wrote (YAML, SQL, CSV, a config): file,
 * line, column, the line itself with a caret, a suggestion, a reason.  A
 * reader collects all it finds; the caller prints them in one run.
 */
#ifndef COMMON_DIAG_H
#define COMMON_DIAG_H

#include <stdbool.h>
#include <stddef.h>

struct buf;

struct diag_pos {
	int line;   /* from 1; 0: the file as a whole */
	int column; /* from 1, in characters */
};

/* A text under reading: kept so that its lines can be shown. */
struct diag_file {
	const char *name; /* as people call it; borrowed */
	const char *text; /* borrowed, must outlive the diags */
	size_t len;
};

struct diags; /* the list; grows without bound on purpose: one per fault */

struct diags *diags_new(void);
void diags_free(struct diags *d);

/* `code` is E… or W…, e.g. "E014"; `suggest` and `why` may be NULL. */
void diag_add(struct diags *d, const struct diag_file *f, struct diag_pos at,
    const char *code, const char *suggest, const char *why, const char *fmt,
    ...) __attribute__((format(printf, 7, 8)));

size_t diags_errors(const struct diags *d);
size_t diags_warnings(const struct diags *d);

/* All, sorted by file and position:
 *     rules/visits.yaml:23:18: error[E014]: unknown field "phots" of visits
 *       where phots >= 3
 *             ^
 *       did you mean "photos"?
 *       a rule may only name fields that its source lists
 * The caret is placed by cell width, so that it holds under Chinese text. */
void diags_print(const struct diags *d, struct buf *out);
void diags_print_json(const struct diags *d, struct buf *out);

/* First error on one line, "file:line:col: sentence"; "" if there is none. */
const char *diags_first(const struct diags *d);

/* The nearest of the NULL-terminated words, or NULL if none is near. */
const char *diag_nearest(const char *word, const char *const *words);

#endif
