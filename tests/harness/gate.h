/*
 * A gateway in this process with a PostgreSQL (FIREBREAK_PG) behind it, and
 * terminals that talk to it, all in one loop.  Failures are cmocka's.
 */
#ifndef TESTS_HARNESS_GATE_H
#define TESTS_HARNESS_GATE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/client.h"
#include "common/keyfile.h"
#include "server/gateway/gateway.h"
#include "server/sqlfile.h"

#define GATE_ROWS 256

/* One terminal and what it has heard. */
struct gate_terminal {
	struct client *client;
	struct keyfile *key;
	bool welcomed, closed, stale;
	struct client_welcome welcome;
	struct err over;
};

/* One answer. */
struct gate_answer {
	bool done;
	struct err err;
	struct client_done end;
	int columns;
	int64_t first[GATE_ROWS];   /* the first cell of each row */
	char second[GATE_ROWS][48]; /* the second, if it is a text */
	int rows;
};

extern struct gate {
	struct loop *loop;
	struct gateway *gateway;
	struct catalogue *catalogue;
	struct keyfile *key; /* the server's */
	struct db_sync *admin;
	char *address;
	int64_t unit;	 /* the company */
	int patience_ms; /* of the next gateway's connections; 0: for ever */
} gate;

/* The loop, the catalogue (of these files) and a company without people. */
void gate_open(const struct sqlfile *files);
void gate_close(void);

/* One more gateway, which listens on *address (the caller frees it) and has
 * reached PostgreSQL. */
struct gateway *gate_start(const struct gateway_limits *l, char **address);

/* Turns the loop until it is so; fails after ten seconds. */
void gate_wait(const bool *what);
/* The first cell of a statement run by PostgreSQL's superuser. */
int64_t gate_sql(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* A person with a seat; customers c1, c2, ... of one. */
int64_t gate_person(const char *name, const char *role);
void gate_customers(int64_t owner, int count, const char *prefix);
int64_t gate_first_customer(int64_t owner);

/* t->key goes to the address; secret: of an invite, or NULL. */
void gate_dial(
    struct gate_terminal *t, const char *address, const uint8_t *secret);
void gate_hang_up(struct gate_terminal *t);
/* A fresh key, an invite, and in. */
void gate_join(struct gate_terminal *t, int64_t person);
void gate_leave(struct gate_terminal *t); /* frees the key too */

/* Asks (id 0: a fresh one) or writes and waits for the end. */
extern const struct client_reply gate_reply; /* arg: a struct gate_answer */
uint32_t gate_ask(struct gate_terminal *t, const char *statement,
    const struct buf *args, const struct buf *options, struct gate_answer *a);
void gate_put_visit(struct buf *args, int64_t customer, const char *summary);
void gate_visit(struct gate_terminal *t, int64_t customer, const char *summary,
    const uint8_t id[16], struct gate_answer *a);

#endif
