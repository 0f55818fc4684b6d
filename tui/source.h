/*
 * Where a pane's rows come from: one statement with its arguments, order and
 * filter, of which at most three pages of 200 rows are held while the person
 * walks through any number.  A row is known by its id (the statement's key),
 * never by its place.  Live: when the daemon says STALE the pages are asked
 * again, and put in place of the old ones at once or when the person's hands
 * rest.
 */
#ifndef TUI_SOURCE_H
#define TUI_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/client.h"
#include "tui/bundle.h"

#define SOURCE_PAGES 3
#define SOURCE_PAGE_ROWS 200

/* The way to the daemon, or to what a test puts in its place. */
struct port {
	bool (*is_ready)(void *arg);
	uint32_t (*ask)(void *arg, uint32_t id, const char *statement,
	    const struct buf *args, const struct buf *options,
	    const struct client_reply *reply, void *reply_arg);
	uint32_t (*write)(void *arg, const char *statement,
	    const struct buf *args, const uint8_t request_id[REQUEST_ID_LEN],
	    const struct client_reply *reply, void *reply_arg);
	void (*unwatch)(void *arg, uint32_t id);
	void (*cancel)(void *arg, uint32_t id);
	void *arg;
};

enum source_state { SOURCE_IDLE, SOURCE_LOADING, SOURCE_READY, SOURCE_FAILED };

struct source_page {
	struct buf data;  /* the rows' CBOR, one after another */
	uint32_t *starts; /* of each row in data */
	int64_t *ids;
	bool *changed; /* since the page was seen before */
	int count;
};

enum page_from { PAGE_FIRST, PAGE_AFTER, PAGE_BEFORE, PAGE_LAST };

struct source {
	const struct port *port;
	const struct statement_def *statement;
	int key_column; /* -1: rows have no id */
	struct values args;
	struct sort_def *sort;
	size_t sort_count;
	char *search;	   /* or NULL */
	struct buf filter; /* the option's CBOR array, empty: none */
	void (*on_change)(struct source *s, void *arg);
	void *arg;

	enum source_state state;
	struct err err;
	struct source_page pages[SOURCE_PAGES];
	int page_count;
	uint64_t version; /* another when other rows are held */
	long base; /* number of the first row held, from 0; -1: unknown */
	bool at_start, at_end;
	int64_t total; /* -1: not counted */
	bool total_exact;
	uint64_t loaded_at; /* loop_now() of the last full answer */
	uint64_t kept_at;   /* and of the one that the cache has */
	int64_t as_of;	    /* us since 1970: rows of the cache; 0: live */

	uint32_t watch_id; /* 0: not asked yet */
	uint32_t asked_id; /* the one under way, 0: none */
	enum page_from asked;
	struct source_page incoming;

	bool refreshing; /* pages are being asked again */
	bool stale;	 /* again, after what is under way */
	bool held;	 /* a person's hands are on it: do not swap */
	struct source_page fresh[SOURCE_PAGES];
	int fresh_count;
	bool fresh_end;
	int fresh_new;	 /* rows in fresh that were not there before */
	bool fresh_done; /* all fetched: swap when not held */
	int unseen;	 /* rows that came by a swap and were not looked at */
};

/* The definition and the port are borrowed.  on_change runs from the loop when
 * rows, state or error changed. */
void source_init(struct source *s, const struct port *port,
    const struct statement_def *statement,
    void (*on_change)(struct source *s, void *arg), void *arg);
void source_clear(struct source *s);

/* Forgets the rows and asks from the start (args, sort, … are as set). */
void source_restart(struct source *s);
/* The daemon said STALE for watch_id, or the person wants to see anew. */
void source_refresh(struct source *s);
/* The connection is back: watches are gone, the rows are old. */
void source_reconnect(struct source *s);
/* More rows at an end, if there are any and nothing is under way. */
void source_more(struct source *s, bool backwards);
/* The last page; or the first. */
void source_jump(struct source *s, bool to_end);
/* Hands on or off; off puts what is ready in place. */
void source_hold(struct source *s, bool held);
/* Rows that wait to be shown, or were and have not been looked at. */
int source_new_rows(const struct source *s);
void source_mark_seen(struct source *s);

int source_count(const struct source *s);
int64_t source_id(const struct source *s, int row);
int source_find(const struct source *s, int64_t id); /* or -1 */
bool source_changed(const struct source *s, int row);
/* One cell; the caller clears it. */
struct value source_cell(const struct source *s, int row, int column);
/* All cells of a row: `cells` has room for the statement's columns. */
void source_row(const struct source *s, int row, struct value *cells);

/* Puts a page's CBOR in place without asking: pages[0].data of an earlier
 * time (us since 1970).  The next answer replaces it. */
void source_preload(
    struct source *s, const void *rows, size_t len, int64_t as_of);

#endif
