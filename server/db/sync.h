/*
 * PostgreSQL the plain way, one call after another: for start-up, migrations,
 * imports and firebreakctl.  Never used inside the daemon's loop.
 */
#ifndef SERVER_DB_SYNC_H
#define SERVER_DB_SYNC_H

#include <stdbool.h>
#include <stddef.h>

#include "common/err.h"
#include "server/db.h"

struct db_sync;

/* From now on SIGINT, SIGTERM and SIGHUP make what is running fail, and all
 * that is asked after it, so that a program without a loop comes to its end in
 * good order.  A second one ends it at once. */
void db_sync_obey_signals(void);
bool db_sync_is_interrupted(void);

/* NULL with e set (ERR_UNAVAILABLE). */
struct db_sync *db_sync_open(const char *conninfo, struct err *e);
void db_sync_close(struct db_sync *s); /* NULL is fine */

/* One statement with $1.. in text form; values may be NULL when count is 0.
 * rows NULL: not wanted.  -1 with e: code by SQLSTATE, text PostgreSQL's own
 * message with its detail.  The caller frees *rows with db_result_free. */
int db_sync_run(struct db_sync *s, const char *sql,
    const struct db_value *values, int count, struct pg_result **rows,
    struct err *e) __attribute__((warn_unused_result));

/* Every statement of a text, one command per call, outside any transaction
 * but those the text opens.  `name` is the file as people know it: errors
 * read "name:line:column: message". */
int db_sync_script(struct db_sync *s, const char *name, const char *text,
    struct err *e) __attribute__((warn_unused_result));

/* COPY ... FROM STDIN: begin, put any number of times, end (or give up with
 * `why`, which rolls the copy back).  *rows gets the number copied. */
int db_copy_begin(struct db_sync *s, const char *sql, struct err *e)
    __attribute__((warn_unused_result));
int db_copy_put(struct db_sync *s, const void *data, size_t len, struct err *e)
    __attribute__((warn_unused_result));
int db_copy_end(struct db_sync *s, const char *why, long long *rows,
    struct err *e) __attribute__((warn_unused_result));

/* The columns a statement would give, without running it: a result without
 * rows. */
int db_sync_describe(struct db_sync *s, const char *sql,
    struct pg_result **rows, struct err *e) __attribute__((warn_unused_result));

/* Of the last failure: SQLSTATE ("" if none), and the character of the
 * statement at fault (from 1; 0: not known). */
const char *db_sync_sqlstate(const struct db_sync *s);
int db_sync_position(const struct db_sync *s);

void db_result_free(struct pg_result *r); /* NULL is fine */

/* A text quoted as an SQL literal or name; the caller frees. */
char *db_sync_literal(struct db_sync *s, const char *text);
char *db_sync_name(struct db_sync *s, const char *text);

#endif
