/*
 * What conn.c (a connection's life, and what it receives) and work.c (works,
 * and how they are sent) share.  Nobody else includes this.
 */
#ifndef SERVER_DB_CONN_IMPL_H
#define SERVER_DB_CONN_IMPL_H

#include <libpq-fe.h>

#include "server/db/conn.h"

enum conn_state {
	CONN_DOWN,	 /* the timer runs: next try */
	CONN_CONNECTING, /* PQconnectPoll at work */
	CONN_SETUP,	 /* settings are under way */
	CONN_UP,	 /* takes works */
	CONN_BROKEN	 /* lost inside a call; cleared up from the loop */
};
struct db_work {
	struct db_work *next;
	struct conn *conn;
	void (*on_reply)(const struct db_reply *, void *);
	void *arg;
	PGresult *rows;	     /* the statement's answer */
	PGresult *failed;    /* the first error */
	struct err *refusal; /* never sent, for this reason */
	uint8_t syncs;	     /* still to come */
	uint8_t prepares;    /* answers of PREPAREs still to come */
	bool whole, committed;
	bool pulse; /* owed at once, whatever else there is to do */
};

struct work_list {
	struct db_work *first, **last;
};

struct conn {
	struct loop *loop;
	struct conn_options options;
	struct conn_events events;
	void *arg;
	enum conn_state state;
	PGconn *pg;
	struct loop_fd *fd;
	unsigned watched;	  /* what fd waits for */
	struct loop_timer *timer; /* next try, end of patience, pulse */
	struct loop_timer *soon;  /* flush, refusals, clearing up */
	struct prepared *prepared;
	struct work_list works, refused;
	struct db_work *spare;
	int in_flight, spares;
	uint64_t backoff;
	uint64_t heard;	 /* the last time it spoke, or began to owe a word */
	const char *why; /* it was given up; NULL: libpq knows */
	bool forget;	 /* a PREPARE failed: names cannot be trusted */
};

void conn_set_state(struct conn *c, enum conn_state state);
/* Lost inside a call: cleared up from the loop. */
void conn_break(struct conn *c);

void work_list_init(struct work_list *l);
struct db_work *work_list_take(struct work_list *l);
/* Answers, with whatever came, and frees. */
void work_finish(struct db_work *w);
void work_free(struct db_work *w);

/* While setting up, too. */
struct db_work *work_send(struct conn *c, const struct db_query *q, bool whole,
    void (*on_reply)(const struct db_reply *r, void *arg), void *arg);
/* Asks for nothing but an answer. */
void work_send_pulse(struct conn *c);
/* Those that were never sent. */
void work_finish_refused(struct conn *c);

#endif
