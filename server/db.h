/*
 * Connections to PostgreSQL inside the event loop: libpq in pipeline mode,
 * shared by all sessions.  One struct db is a pool of `light` and `heavy`
 * connections; it reconnects by itself with backoff, prepares what it is given
 * when a connection first meets it, and delivers NOTIFY.
 *
 * A db_work is one transaction: BEGIN, SET LOCALs, one statement, Sync,
 * COMMIT, Sync, all sent at once.  It is done only when the second tag says
 * COMMIT.  (server/db/link.h: transactions of several statements;
 * server/db/sync.h: outside the loop.)
 */
#ifndef SERVER_DB_H
#define SERVER_DB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"

struct buf;
struct loop;
struct db;
struct db_work;
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
	int light_timeout_ms; /* 0: no timeout, for each of the three */
	int heavy_timeout_ms;
	int lock_timeout_ms; /* heavy ones wait ten times as long */
	/* A connection that is silent for so long beyond the time of what it
	 * runs is given up; 0: waits for ever. */
	int patience_ms;
	const char *listen; /* channel, or NULL */
};

/* None may free the db. */
struct db_events {
	/* The first connection is usable / the last one was lost. */
	void (*on_up)(void *arg);
	void (*on_down)(const char *why, void *arg);
	void (*on_notify)(const char *payload, void *arg);
	/* Notifies are heard and light connections are there, at first or
	 * again: what was said or asked before may have been lost.  May be
	 * NULL. */
	void (*on_whole)(void *arg);
};

enum db_column_type {
	DB_BOOL,
	DB_INT,
	DB_REAL,
	DB_TEXT,
	DB_DATE,
	DB_TIME,
	DB_JSON,
	DB_BYTES
};

/* One value for a parameter: text form, or NULL. */
struct db_value {
	const char *text; /* with a NUL behind len */
	int len;
};

struct db_query {
	const char *sql; /* with $1.. as $n::type; known by its text */
	bool heavy;
	bool custom_plan;	      /* plan for these very values */
	const struct db_scope *scope; /* NULL: the daemon itself, no SETs */
	const struct db_value *values;
	int count;
};

struct db_reply {
	bool timed_out;	  /* statement or lock: worth the heavy pool */
	bool repeated;	  /* a unique key of request_result was there */
	char sqlstate[6]; /* "" when all went well */
	/* ERR_NONE when committed.  ERR_REFUSED: name is the refusal, text its
	 * detail, field the argument. */
	struct err err;
	const struct pg_result *rows; /* NULL with an error; the callback's */
};

/* Everything is copied.  Connections come up once the loop runs. */
struct db *db_new(struct loop *l, const struct db_options *o,
    const struct db_events *events, void *arg);
void db_free(struct db *d); /* no callbacks any more; NULL is fine */
bool db_is_up(const struct db *d);
int db_in_flight(const struct db *d);

/* Sends one transaction; the connection with the fewest in flight takes it.
 * on_reply is called exactly once, from the loop, unless cancelled; values are
 * copied.  Without a connection the reply is ERR_UNAVAILABLE. */
struct db_work *db_send(struct db *d, const struct db_query *q,
    void (*on_reply)(const struct db_reply *r, void *arg), void *arg);
/* The callback never runs; the transaction may still commit. */
void db_cancel(struct db_work *w);

/* Reading a result (binary format). */
int db_rows(const struct pg_result *r);
int db_columns(const struct pg_result *r);
const char *db_column_name(const struct pg_result *r, int column);
/* -1: a type that terminals do not take. */
int db_column_type(const struct pg_result *r, int column);
const char *db_column_type_name(const struct pg_result *r, int column);
bool db_is_null(const struct pg_result *r, int row, int column);
/* bool, int, date (days since 1970) and time (us since 1970); 0 for null. */
int64_t db_int(const struct pg_result *r, int row, int column);
double db_real(const struct pg_result *r, int row, int column);
/* text, json and bytes; with a NUL behind; "" for null. */
const char *db_text(const struct pg_result *r, int row, int column, int *len);

/* One cell as CBOR, by its type. */
void db_encode_cell(
    const struct pg_result *r, int row, int column, struct buf *out);

#endif
