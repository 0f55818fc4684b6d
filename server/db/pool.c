/* The pool: light and heavy connections, and who takes the next work. */
#include <stdlib.h>

#include "common/log.h"
#include "common/loop.h"
#include "common/mem.h"
#include "server/db/conn.h"

/* A write that ran into a lock is repeated on a heavy connection. */
#define HEAVY_PATIENCE 10

struct db {
	struct db_events events;
	void *arg;
	char *conninfo, *listen;
	struct conn **conns; /* the light ones, then the heavy ones */
	int light, count;
	int up;	    /* how many are usable */
	bool whole; /* one that listens and a light one are */
};

static bool
is_whole(const struct db *d)
{
	int i;

	if (d->light < d->count && !conn_is_up(d->conns[d->light]))
		return false;
	for (i = 0; i < d->light; i++) {
		if (conn_is_up(d->conns[i]))
			return true;
	}
	return false;
}

static void
on_conn_up(struct conn *c, void *arg)
{
	struct db *d = arg;

	(void)c;
	if (d->up++ == 0 && d->events.on_up)
		d->events.on_up(d->arg);
	if (d->whole || !is_whole(d))
		return;
	d->whole = true;
	if (d->events.on_whole)
		d->events.on_whole(d->arg);
}

static void
on_conn_down(struct conn *c, const char *why, void *arg)
{
	struct db *d = arg;
	int i, up = 0;

	(void)c;
	for (i = 0; i < d->count; i++)
		up += conn_is_up(d->conns[i]);
	if (d->up > 0 && up == 0 && d->events.on_down)
		d->events.on_down(why, d->arg);
	d->up = up;
	d->whole = is_whole(d);
}

static void
on_conn_notify(const char *payload, void *arg)
{
	struct db *d = arg;

	if (d->events.on_notify)
		d->events.on_notify(payload, d->arg);
}

struct db *
db_new(struct loop *l, const struct db_options *o,
    const struct db_events *events, void *arg)
{
	static const struct conn_events conn_events = {
	    on_conn_up, on_conn_down, on_conn_notify};
	struct db *d = xcalloc(1, sizeof(*d));
	struct conn_options co = {0};
	int i;

	d->events = *events;
	d->arg = arg;
	d->conninfo = xstrdup(o->conninfo);
	d->listen = o->listen ? xstrdup(o->listen) : NULL;
	d->light = o->light;
	d->conns =
	    xcalloc((size_t)o->light + (size_t)o->heavy, sizeof(*d->conns));
	co.conninfo = d->conninfo;
	co.patience_ms = o->patience_ms;
	for (i = 0; i < o->light + o->heavy; i++) {
		co.parallel = i >= o->light;
		co.statement_timeout_ms =
		    co.parallel ? o->heavy_timeout_ms : o->light_timeout_ms;
		co.lock_timeout_ms =
		    o->lock_timeout_ms * (co.parallel ? HEAVY_PATIENCE : 1);
		co.listen = i == o->light ? d->listen : NULL;
		d->conns[i] = conn_new(l, &co, &conn_events, d);
		d->count++;
	}
	return d;
}

void
db_free(struct db *d)
{
	int i;

	if (!d)
		return;
	for (i = 0; i < d->count; i++)
		conn_free(d->conns[i]);
	free(d->conns);
	free(d->conninfo);
	free(d->listen);
	free(d);
}

bool
db_is_up(const struct db *d)
{
	return d->up > 0;
}

int
db_in_flight(const struct db *d)
{
	int i, sum = 0;

	for (i = 0; i < d->count; i++)
		sum += conn_in_flight(d->conns[i]);
	return sum;
}

/* One that is up with the fewest in flight, else any (which will refuse). */
static struct conn *
choose(struct db *d, bool heavy)
{
	int first = heavy ? d->light : 0;
	int end = heavy ? d->count : d->light, i;
	struct conn *best = d->conns[first], *c;

	for (i = first + 1; i < end; i++) {
		c = d->conns[i];
		if (conn_is_up(best) && !conn_is_up(c))
			continue;
		if ((conn_is_up(c) && !conn_is_up(best)) ||
		    conn_in_flight(c) < conn_in_flight(best))
			best = c;
	}
	return best;
}

struct db_work *
db_send(struct db *d, const struct db_query *q,
    void (*on_reply)(const struct db_reply *r, void *arg), void *arg)
{
	return conn_send(choose(d, q->heavy), q, true, on_reply, arg);
}
