/* One pipelined connection: its life and what it receives. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/loop.h"
#include "common/mem.h"
#include "server/db/conn_impl.h"

#define CONNECT_PATIENCE UINT64_C(10000000)
#define BACKOFF_LEAST UINT64_C(100000)
#define BACKOFF_MOST UINT64_C(5000000)

static const char *const state_names[] = {
    "down", "connecting", "setup", "up", "broken"};
static void conn_start(struct conn *c);
static void conn_lost(struct conn *c);

void
conn_set_state(struct conn *c, enum conn_state state)
{
	if (c->state == state)
		return;
	log_debug("database connection: %s, was %s", state_names[state],
	    state_names[c->state]);
	c->state = state;
}

void
conn_break(struct conn *c)
{
	if (c->state == CONN_BROKEN)
		return;
	conn_set_state(c, CONN_BROKEN);
	loop_timer_soon(c->soon);
}

static void
watch(struct conn *c, unsigned what)
{
	if (c->watched == what)
		return;
	c->watched = what;
	loop_fd_change(c->fd, what);
}

/* While output is left we wait for reading too: a server that is itself
 * waiting for us to read would never take the rest. */
static void
flush(struct conn *c)
{
	switch (PQflush(c->pg)) {
	case 0:
		watch(c, LOOP_READ);
		break;
	case 1:
		watch(c, LOOP_READ | LOOP_WRITE);
		break;
	default:
		conn_break(c);
	}
}

/* Receiving ------------------------------------------------------------------
 */

static void
take_sync(struct conn *c)
{
	struct db_work *w = c->works.first;

	if (!w || --w->syncs > 0)
		return;
	work_list_take(&c->works);
	c->in_flight--;
	work_finish(w);
}

static void
take_result(struct conn *c, PGresult *r)
{
	struct db_work *w = c->works.first;

	if (!w) {
		PQclear(r);
		return;
	}
	switch (PQresultStatus(r)) {
	case PGRES_TUPLES_OK:
		PQclear(w->rows);
		w->rows = r;
		return;
	case PGRES_COMMAND_OK:
		if (w->prepares)
			w->prepares--;
		else if (w->whole && w->syncs == 1)
			w->committed = strcmp(PQcmdStatus(r), "COMMIT") == 0;
		break;
	case PGRES_PIPELINE_ABORTED:
		break;
	default:
		c->forget = c->forget || w->prepares;
		if (!w->failed) {
			w->failed = r;
			return;
		}
	}
	PQclear(r);
}

static void
receive(struct conn *c)
{
	PGresult *r;
	int blanks = 0;

	/* One NULL ends a statement's results; two, that nothing is left. */
	while (c->works.first && blanks < 2 && !PQisBusy(c->pg)) {
		r = PQgetResult(c->pg);
		if (!r) {
			blanks++;
			continue;
		}
		blanks = 0;
		if (PQresultStatus(r) == PGRES_PIPELINE_SYNC) {
			PQclear(r);
			take_sync(c);
		} else {
			take_result(c, r);
		}
	}
}

static void
take_notifies(struct conn *c)
{
	PGnotify *n;

	while ((n = PQnotifies(c->pg))) {
		if (c->events.on_notify)
			c->events.on_notify(n->extra, c->arg);
		PQfreemem(n);
	}
}

static void
on_ready(unsigned what, void *arg)
{
	struct conn *c = arg;

	if (what & LOOP_READ) {
		c->heard = loop_now();
		if (!PQconsumeInput(c->pg) ||
		    PQstatus(c->pg) != CONNECTION_OK) {
			receive(c); /* a last word before the end, if any */
			conn_lost(c);
			return;
		}
		receive(c);
		take_notifies(c);
	}
	if (c->state == CONN_BROKEN || PQstatus(c->pg) != CONNECTION_OK) {
		conn_lost(c);
		return;
	}
	flush(c);
}

/* Life ------------------------------------------------------------------ */

static uint64_t
patience(const struct conn *c)
{
	return (uint64_t)c->options.patience_ms * 1000;
}

static void
on_set_up(const struct db_reply *r, void *arg)
{
	struct conn *c = arg;

	if (r->err.code != ERR_NONE) {
		if (r->err.code != ERR_UNAVAILABLE)
			log_error("database: setting up a connection: %s",
			    r->err.text);
		conn_break(c);
		return;
	}
	loop_timer_stop(c->timer);
	c->backoff = BACKOFF_LEAST;
	if (c->options.patience_ms)
		loop_timer_set(c->timer, patience(c) / 2);
	conn_set_state(c, CONN_UP);
	if (c->events.on_up)
		c->events.on_up(c, c->arg);
}

static void
set_up(struct conn *c)
{
	char limits[400], listen[80] = "";
	struct db_query q = {.sql = limits};

	conn_set_state(c, CONN_SETUP);
	/* One statement that sets all, so that one answer says all is set. */
	snprintf(limits, sizeof(limits),
	    "select set_config('statement_timeout', '%d', false),"
	    " set_config('lock_timeout', '%d', false),"
	    " set_config('plan_cache_mode', 'force_generic_plan', false),"
	    " set_config('jit', 'off', false),"
	    " set_config('timezone', 'UTC', false),"
	    " set_config('application_name', 'firebreak %s', false)%s",
	    c->options.statement_timeout_ms, c->options.lock_timeout_ms,
	    c->options.listen ? "listen" : "work",
	    c->options.parallel
		? ""
		: ", set_config('max_parallel_workers_per_gather', '0',"
		  " false)");
	if (c->options.listen) {
		snprintf(
		    listen, sizeof(listen), "LISTEN %s", c->options.listen);
		work_send(
		    c, &(struct db_query){.sql = listen}, false, NULL, NULL);
	}
	work_send(c, &q, false, on_set_up, c);
}

static void
log_notice(void *arg, const PGresult *r)
{
	const char *text = PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY);

	(void)arg;
	log_debug("database: notice: %s", text ? text : "");
}

static void
connected(struct conn *c)
{
	PQsetNoticeReceiver(c->pg, log_notice, NULL);
	PQsetnonblocking(c->pg, 1);
	if (!PQenterPipelineMode(c->pg)) {
		conn_break(c);
		return;
	}
	c->watched = LOOP_READ;
	c->fd = loop_fd_start(c->loop, PQsocket(c->pg), LOOP_READ, on_ready, c);
	c->prepared = prepared_new();
	set_up(c);
}

static void on_connecting(unsigned what, void *arg);

/* The socket may be another one after each step (several hosts). */
static void
poll_connect(struct conn *c)
{
	PostgresPollingStatusType status = PQconnectPoll(c->pg);

	loop_fd_cancel(c->fd);
	c->fd = NULL;
	if (status == PGRES_POLLING_OK) {
		connected(c);
		return;
	}
	if (status == PGRES_POLLING_FAILED) {
		conn_lost(c);
		return;
	}
	c->fd = loop_fd_start(c->loop, PQsocket(c->pg),
	    status == PGRES_POLLING_READING ? LOOP_READ : LOOP_WRITE,
	    on_connecting, c);
}

static void
on_connecting(unsigned what, void *arg)
{
	(void)what;
	poll_connect(arg);
}

/* A host that vanished is noticed in half a minute, unless the settings say
 * otherwise: what stands in them comes later and wins. */
static PGconn *
begin_connecting(const char *conninfo)
{
	static const char *const names[] = {"keepalives_idle",
	    "keepalives_interval", "keepalives_count", "tcp_user_timeout",
	    "dbname", NULL};
	const char *values[] = {"15", "5", "3", "30000", conninfo, NULL};

	return PQconnectStartParams(names, values, true);
}

static void
conn_start(struct conn *c)
{
	c->pg = begin_connecting(c->options.conninfo);
	if (!c->pg)
		fatalx("no memory for a database connection");
	loop_timer_set(c->timer, CONNECT_PATIENCE);
	conn_set_state(c, CONN_CONNECTING);
	if (PQstatus(c->pg) == CONNECTION_BAD) {
		conn_break(c);
		return;
	}
	c->fd = loop_fd_start(
	    c->loop, PQsocket(c->pg), LOOP_WRITE, on_connecting, c);
}

static void
drop(struct conn *c)
{
	loop_fd_cancel(c->fd);
	c->fd = NULL;
	PQfinish(c->pg);
	c->pg = NULL;
	prepared_free(c->prepared);
	c->prepared = NULL;
	c->forget = false;
}

static void
chomp(char *s)
{
	s[strcspn(s, "\n")] = '\0';
}

/* Everything in flight is answered; then the next try is arranged. */
static void
conn_lost(struct conn *c)
{
	struct work_list works = c->works;
	bool was_up = c->state == CONN_UP || c->state == CONN_BROKEN;
	struct db_work *w, *next;
	char why[256];

	snprintf(
	    why, sizeof(why), "%s", c->why ? c->why : PQerrorMessage(c->pg));
	c->why = NULL;
	chomp(why);
	drop(c);
	conn_set_state(c, CONN_DOWN);
	work_list_init(&c->works);
	c->in_flight = 0;
	for (w = works.first; w; w = next) {
		next = w->next;
		if (w->on_reply == on_set_up)
			w->on_reply = NULL;
		work_finish(w);
	}
	loop_timer_set(c->timer, c->backoff + (loop_now() & 0xffff));
	c->backoff =
	    c->backoff * 2 < BACKOFF_MOST ? c->backoff * 2 : BACKOFF_MOST;
	/* the pool says once that all are lost */
	log_debug("database: %s: %s",
	    was_up ? "connection lost" : "cannot connect", why);
	if (c->events.on_down)
		c->events.on_down(c, why, c->arg);
}

/* How long the oldest work may keep us waiting; 0: as long as it likes. */
static uint64_t
may_take(const struct conn *c)
{
	uint64_t runs = (uint64_t)c->options.statement_timeout_ms * 1000;

	if (c->works.first->pulse)
		return patience(c);
	return runs ? runs + patience(c) : 0;
}

/* A server that hangs breaks no connection: it is asked whether it is there,
 * and given up when it does not say so. */
static void
look_after(struct conn *c)
{
	uint64_t waited = loop_now() - c->heard, most, next = patience(c) / 2;

	if (c->in_flight == 0) {
		work_send_pulse(c);
		waited = 0;
	}
	most = may_take(c);
	if (most && waited >= most) {
		c->why = "PostgreSQL does not answer";
		conn_break(c);
		return;
	}
	if (most && most - waited < next)
		next = most - waited;
	loop_timer_set(c->timer, next);
}

static void
on_timer(void *arg)
{
	struct conn *c = arg;

	if (c->state == CONN_DOWN)
		conn_start(c);
	else if (c->state == CONN_UP)
		look_after(c);
	else if (c->state != CONN_BROKEN)
		conn_lost(c); /* connecting or setting up took too long */
}

static void
on_soon(void *arg)
{
	struct conn *c = arg;

	work_finish_refused(c);
	if (c->state == CONN_SETUP || c->state == CONN_UP)
		flush(c);
	if (c->state == CONN_BROKEN)
		conn_lost(c);
}

struct conn *
conn_new(struct loop *l, const struct conn_options *o,
    const struct conn_events *events, void *arg)
{
	struct conn *c = xcalloc(1, sizeof(*c));

	c->loop = l;
	c->options = *o;
	c->events = *events;
	c->arg = arg;
	c->backoff = BACKOFF_LEAST;
	work_list_init(&c->works);
	work_list_init(&c->refused);
	c->timer = loop_timer_new(l, on_timer, c);
	c->soon = loop_timer_new(l, on_soon, c);
	loop_timer_soon(c->timer);
	return c;
}

static void
list_free(struct work_list *l)
{
	struct db_work *w;

	while ((w = work_list_take(l)))
		work_free(w);
}

void
conn_free(struct conn *c)
{
	struct db_work *w;

	if (!c)
		return;
	drop(c);
	loop_timer_cancel(c->timer);
	loop_timer_cancel(c->soon);
	list_free(&c->works);
	list_free(&c->refused);
	while ((w = c->spare)) {
		c->spare = w->next;
		free(w);
	}
	free(c);
}

bool
conn_is_up(const struct conn *c)
{
	return c->state == CONN_UP;
}

int
conn_in_flight(const struct conn *c)
{
	return c->in_flight;
}
