/*
 * One connection to PostgreSQL in the loop, in pipeline mode: connecting,
 * setting up, sending, receiving, losing.  Private to server/db; pool.c and
 * link.c are its users.
 */
#ifndef SERVER_DB_CONN_H
#define SERVER_DB_CONN_H

#include <stdbool.h>
#include <stdint.h>

#include "server/db.h"

struct conn;
struct conn_options {
	const char *conninfo; /* borrowed, like the strings below */
	int statement_timeout_ms;
	int lock_timeout_ms;
	int patience_ms;    /* as in server/db.h */
	bool parallel;	    /* parallel workers allowed */
	const char *listen; /* channel, or NULL */
};

struct conn_events {
	void (*on_up)(struct conn *c, void *arg);
	/* Every work has been answered before. */
	void (*on_down)(struct conn *c, const char *why, void *arg);
	void (*on_notify)(const char *payload, void *arg);
};

/* Connects, and again whenever it is lost, until conn_free. */
struct conn *conn_new(struct loop *l, const struct conn_options *o,
    const struct conn_events *events, void *arg);
void conn_free(struct conn *c);
bool conn_is_up(const struct conn *c);
int conn_in_flight(const struct conn *c);

/* Only while up.  whole: one transaction of its own; else the statement and a
 * Sync. */
struct db_work *conn_send(struct conn *c, const struct db_query *q, bool whole,
    void (*on_reply)(const struct db_reply *r, void *arg), void *arg);
/* on_reply with e, soon; for what cannot be sent. */
struct db_work *conn_refuse(struct conn *c, const struct err *e,
    void (*on_reply)(const struct db_reply *r, void *arg), void *arg);

/* Names of prepared statements by their text, one set per connection. */
struct prepared;
struct prepared *prepared_new(void);
void prepared_free(struct prepared *p);
/* The number of the text; *fresh: not prepared yet. */
unsigned prepared_find(struct prepared *p, const char *sql, bool *fresh);
bool prepared_is_full(const struct prepared *p);
void prepared_reset(struct prepared *p);

enum err_code db_sqlstate_code(const char *sqlstate);
void db_result_error(const struct pg_result *r, struct err *e);

#endif
