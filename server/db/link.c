/* A connection of one's own: a conn with a simpler face. */
#include "server/db/link.h"

#include <stdlib.h>

#include "common/loop.h"
#include "common/mem.h"
#include "server/db/conn.h"

struct db_link {
	struct conn *conn;
	struct db_link_events events;
	void *arg;
	char *conninfo, *listen;
	bool up;
};

static void
on_conn_up(struct conn *c, void *arg)
{
	struct db_link *k = arg;

	(void)c;
	k->up = true;
	if (k->events.on_up)
		k->events.on_up(k->arg);
}

static void
on_conn_down(struct conn *c, const char *why, void *arg)
{
	struct db_link *k = arg;

	(void)c;
	if (k->up && k->events.on_down)
		k->events.on_down(why, k->arg);
	k->up = false;
}

static void
on_conn_notify(const char *payload, void *arg)
{
	struct db_link *k = arg;

	if (k->events.on_notify)
		k->events.on_notify(payload, k->arg);
}

struct db_link *
db_link_new(struct loop *l, const char *conninfo, const char *listen,
    const struct db_link_events *events, void *arg)
{
	static const struct conn_events conn_events = {
	    on_conn_up, on_conn_down, on_conn_notify};
	struct db_link *k = xcalloc(1, sizeof(*k));
	struct conn_options o = {0};

	k->events = *events;
	k->arg = arg;
	k->conninfo = xstrdup(conninfo);
	k->listen = listen ? xstrdup(listen) : NULL;
	o.conninfo = k->conninfo;
	o.listen = k->listen;
	k->conn = conn_new(l, &o, &conn_events, k);
	return k;
}

void
db_link_free(struct db_link *k)
{
	if (!k)
		return;
	conn_free(k->conn);
	free(k->conninfo);
	free(k->listen);
	free(k);
}

bool
db_link_is_up(const struct db_link *k)
{
	return conn_is_up(k->conn);
}

void
db_link_send(struct db_link *k, const char *sql, const struct db_value *values,
    int count, void (*on_reply)(const struct db_reply *r, void *arg), void *arg)
{
	struct db_query q = {.sql = sql, .values = values, .count = count};

	conn_send(k->conn, &q, false, on_reply, arg);
}
