/*
 * A connection of one's own inside the loop, for users whose transactions
 * span several statements (the rule engine): statements run in the order in
 * which they were sent, BEGIN and COMMIT are sent like any other.  After an
 * error the rest of the transaction fails too, until ROLLBACK.
 *
 * When the connection breaks, everything unanswered gets ERR_UNAVAILABLE (and
 * an open transaction is gone), then on_down is called; it reconnects by
 * itself with backoff and calls on_up.
 */
#ifndef SERVER_DB_LINK_H
#define SERVER_DB_LINK_H

#include "server/db.h"

struct db_link;
struct loop;

struct db_link_events {
	void (*on_up)(void *arg);
	void (*on_down)(const char *why, void *arg);
	void (*on_notify)(const char *payload, void *arg);
};

/* `listen`: a channel, or NULL.  conninfo is copied. */
struct db_link *db_link_new(struct loop *l, const char *conninfo,
    const char *listen, const struct db_link_events *events, void *arg);
void db_link_free(struct db_link *k); /* no callbacks any more */
bool db_link_is_up(const struct db_link *k);

/* Sends one statement; it is prepared once per connection (by its text).
 * on_reply (NULL: not wanted) is called exactly once. */
void db_link_send(struct db_link *k, const char *sql,
    const struct db_value *values, int count,
    void (*on_reply)(const struct db_reply *r, void *arg), void *arg);

#endif
