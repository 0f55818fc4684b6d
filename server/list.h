/*
 * The wrapper of list statements: sort, filter, search, keyset pages, counts.
 * Text alone is made here; who sends it is the gateway's business.  Every
 * value is a parameter, and the only names in the text are the catalogue's.
 *
 * In a narrow scope (at most LIST_NARROW rows) the statement is a fenced
 * subquery that is sorted as a whole; in a wide one the planner is left to
 * walk the index (column, key) of the sort column.
 */
#ifndef SERVER_LIST_H
#define SERVER_LIST_H

#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"
#include "server/catalogue.h"
#include "server/params.h"

struct codec_reader;

#define LIST_NARROW 10000
#define LIST_COUNT_MOST 1000
#define LIST_PAGE_MOST 200
#define LIST_SORT_MOST 6
#define LIST_FILTER_MOST 12

enum list_place { LIST_FIRST, LIST_AFTER, LIST_BEFORE, LIST_LAST };

enum list_op {
	LIST_EQ,
	LIST_NE,
	LIST_LT,
	LIST_LE,
	LIST_GT,
	LIST_GE,
	LIST_CONTAINS
};

struct list_sort {
	int column;
	bool descending;
};

struct list_filter {
	int column;
	enum list_op op;
	int value; /* place in values */
};

struct list_options {
	struct list_sort sort[LIST_SORT_MOST + 1]; /* with the key at the end */
	int sort_count;
	struct list_filter filter[LIST_FILTER_MOST];
	int filter_count;
	int search; /* place in values, -1: none */
	enum list_place place;
	int cursor; /* place in values of the first cell */
	int limit;
	bool watch, exact;
	struct params values; /* filters, search, cursor, in this order */
};

/* Reads the options map of an ASK (r NULL: none).  o is reset first and keeps
 * its memory from call to call; list_options_clear frees. */
int list_options_read(struct list_options *o, const struct statement *s,
    struct codec_reader *r, struct err *e) __attribute__((warn_unused_result));
void list_options_clear(struct list_options *o);

/* The page: its rows (in reverse for LIST_BEFORE and LIST_LAST) and one more
 * to tell whether there are more.  A narrow first page is sorted as a whole
 * anyway, so it also counts: each row has all rows' number as one column more.
 * Appends text to sql and values to p, which holds those of the statement
 * itself. */
int list_page(const struct statement *s, bool second_range, bool narrow,
    const struct list_options *o, struct buf *sql, struct params *p,
    struct err *e) __attribute__((warn_unused_result));

/* How many rows match, counted to `most` (0: all of them). */
int list_count(const struct statement *s, bool second_range, int most,
    const struct list_options *o, struct buf *sql, struct params *p,
    struct err *e) __attribute__((warn_unused_result));

#endif
