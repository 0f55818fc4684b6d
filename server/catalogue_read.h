/* One file of sql/api: reading it and asking PostgreSQL about it.  Private to
 * the catalogue. */
#ifndef SERVER_CATALOGUE_READ_H
#define SERVER_CATALOGUE_READ_H

#include "server/catalogue.h"
#include "server/sqlfile.h"

struct catalogue {
	struct statement **statements; /* sorted by name once all are read */
	int count;
	char *topics[CATALOGUE_TOPICS_MAX];
	int topic_count;
};

/* The lines of a header; the order is that of the table in
 * catalogue_read.c. */
enum catalogue_line {
	LINE_STATEMENT,
	LINE_PURPOSE,
	LINE_ROLES,
	LINE_ARGS,
	LINE_ROWS,
	LINE_KEY,
	LINE_SORT,
	LINE_SEARCH,
	LINE_FROM,
	LINE_COST,
	LINE_WATCH,
	LINE_CHANGES,
	LINE_UNDO
};

/* A run of the expanded text and the place in the file it comes from; what
 * was put in for a placeholder is `fixed` to one place. */
struct catalogue_piece {
	size_t out, in;
	bool fixed;
};

/* Never NULL; its faults go into d. */
struct statement *catalogue_read_statement(
    struct catalogue *c, const struct sqlfile *f, struct diags *d);
void catalogue_free_statement(struct statement *s);

void catalogue_describe_statement(
    struct statement *s, struct db_sync *db, struct diags *d);

/* Line and column of the byte at `at`. */
struct diag_pos catalogue_position(const struct diag_file *f, size_t at);

/* Fills s->text[0] and [1] from the body, its placeholders made $n. */
void catalogue_expand(struct statement *s, struct diags *d);

/* The place in the file of the position-th character (from 1) of an expanded
 * text. */
size_t catalogue_trace(
    const struct statement *s, const char *sql, int position);

#endif
