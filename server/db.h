/*
 * Connections to PostgreSQL inside the event loop: libpq in pipeline mode,
 * shared by all sessions.  One struct db is a pool of `light` and `heavy`
 * connections; it reconnects by itself with backoff, prepares the statements
 * it was given on every new connection, and delivers NOTIFY.
 *
 * A db_work is one transaction: BEGIN, SET LOCALs, one statement, Sync,
 * COMMIT, Sync, all sent at once.  It is done only when the second tag says
 * COMMIT.
 */
#ifndef SERVER_DB_H
#define SERVER_DB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"

struct loop;
struct db;
struct pg_result; /* libpq's PGresult, known to db/ only */

/* Who asks: becomes SET LOCAL firebreak.person, .lo, .hi (, .lo2, .hi2). */
struct db_scope {
	int64_t person;
	int64_t lo, hi;
	int64_t lo2, hi2; /* lo2 > hi2: no second range */
};

struct db_options {
	const char *conninfo; /* libpq's, multi-host allowed */
	int light;	      /* connections with a statement_timeout */
	int heavy;
	int light_timeout_ms; /* 250 */
	int heavy_timeout_ms;
	int lock_timeout_ms;
	const char *listen; /* channel, or NULL */
};

struct db_events {
	/* The first connection is usable / the last one was lost. */
	void (*on_up)(void *arg);
	void (*on_down)(const char *why, void *arg);
	void (*on_notify)(const char *payload, void *arg);
};

/* A statement to prepare on every connection.  Names are unique. */
struct db_statement {
	const char *name;
	const char *sql; /* with $1.. */
	bool custom_plan;
};

enum db_column_type {
	DB_BOOL, DB_INT, DB_REAL, DB_TEXT, DB_DATE, DB_TIME, DB_JSON, DB_BYTES
};

/* One value for a parameter: text form, or NULL. */
struct db_value {
	const char *text;
	int len;
};

struct db_reply {
	bool timed_out;	      /* statement_timeout: worth the heavy pool */
	char sqlstate[6];     /* "" when all went well */
	struct err err;	      /* code ERR_NONE when committed */
	const struct pg_result *rows; /* lives until the callback returns */
};

struct db_work;

struct db *db_new(struct loop *l, const struct db_options *o,
    const struct db_events *events, void *arg);
void db_free(struct db *d);

/* Sends one transaction; the connection with the fewest in flight takes it.
 * scope NULL: as the daemon itself (no SET LOCAL).  on_reply is called exactly
 * once, unless cancelled.  Values are copied. */
struct db_work *db_send(struct db *d, bool heavy, const struct db_scope *scope,
    const char *statement, const struct db_value *values, int count,
    void (*on_reply)(const struct db_reply *r, void *arg), void *arg);
/* The callback never runs; the transaction may still commit. */
void db_cancel(struct db_work *w);

/* Reading a result (binary format). */
int db_rows(const struct pg_result *r);
int db_columns(const struct pg_result *r);
const char *db_column_name(const struct pg_result *r, int column);
/* -1: a type that terminals do not take. */
int db_column_type(const struct pg_result *r, int column);
bool db_is_null(const struct pg_result *r, int row, int column);
int64_t db_int(const struct pg_result *r, int row, int column);
const char *db_text(const struct pg_result *r, int row, int column, int *len);

struct buf;
/* One cell as CBOR, by its type. */
void db_encode_cell(
    const struct pg_result *r, int row, int column, struct buf *out);

#endif
