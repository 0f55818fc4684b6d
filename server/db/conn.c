/* One pipelined connection: its life and the works in flight on it. */
#include "server/db/conn.h"

#include <inttypes.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/loop.h"
#include "common/mem.h"
#include "server/db/sync.h"

#define CONNECT_PATIENCE UINT64_C(10000000)
#define BACKOFF_LEAST UINT64_C(100000)
#define BACKOFF_MOST UINT64_C(5000000)
#define SPARE_MOST 256 /* works kept for the next requests */

enum conn_state {
	CONN_DOWN,	 /* the timer runs: next try */
	CONN_CONNECTING, /* PQconnectPoll at work */
	CONN_SETUP,	 /* settings are under way */
	CONN_UP,	 /* takes works */
	CONN_BROKEN	 /* lost inside a call; cleared up from the loop */
};

static const char *const state_names[] = {
    "down", "connecting", "setup", "up", "broken"};

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
	struct loop_timer *timer; /* next try, or the end of patience */
	struct loop_timer *soon;  /* flush, refusals, clearing up */
	struct prepared *prepared;
	struct work_list works, refused;
	struct db_work *spare;
	int in_flight, spares;
	uint64_t backoff;
	bool forget; /* a PREPARE failed: names cannot be trusted */
};

static void conn_start(struct conn *c);
static void conn_lost(struct conn *c);

static void
set_state(struct conn *c, enum conn_state state)
{
	if (c->state == state)
		return;
	log_debug("database connection: %s, was %s", state_names[state],
	    state_names[c->state]);
	c->state = state;
}

static void
list_init(struct work_list *l)
{
	l->first = NULL;
	l->last = &l->first;
}

static void
list_add(struct work_list *l, struct db_work *w)
{
	w->next = NULL;
	*l->last = w;
	l->last = &w->next;
}

static struct db_work *
list_take(struct work_list *l)
{
	struct db_work *w = l->first;

	if (!w)
		return NULL;
	l->first = w->next;
	if (!l->first)
		l->last = &l->first;
	return w;
}

/* Works ------------------------------------------------------------------ */

static struct db_work *
work_new(struct conn *c, void (*on_reply)(const struct db_reply *, void *),
    void *arg)
{
	struct db_work *w = c->spare;

	if (w) {
		c->spare = w->next;
		c->spares--;
		memset(w, 0, sizeof(*w));
	} else {
		w = xcalloc(1, sizeof(*w));
	}
	w->conn = c;
	w->on_reply = on_reply;
	w->arg = arg;
	return w;
}

static void
work_free(struct db_work *w)
{
	struct conn *c = w->conn;

	PQclear(w->rows);
	PQclear(w->failed);
	free(w->refusal);
	if (c->spares >= SPARE_MOST) {
		free(w);
		return;
	}
	w->next = c->spare;
	c->spare = w;
	c->spares++;
}

static void
fill_failure(struct db_reply *reply, const struct db_work *w)
{
	const char *state, *table;

	if (w->refusal) {
		reply->err = *w->refusal;
		return;
	}
	if (!w->failed) {
		err_set(&reply->err, ERR_UNAVAILABLE,
		    "the connection to the database was lost");
		return;
	}
	db_result_error(w->failed, &reply->err);
	state = PQresultErrorField(w->failed, PG_DIAG_SQLSTATE);
	table = PQresultErrorField(w->failed, PG_DIAG_TABLE_NAME);
	snprintf(
	    reply->sqlstate, sizeof(reply->sqlstate), "%s", state ? state : "");
	reply->timed_out = strcmp(reply->sqlstate, "57014") == 0;
	reply->repeated = strcmp(reply->sqlstate, "23505") == 0 && table &&
			  strcmp(table, "request_result") == 0;
}

static void
work_finish(struct db_work *w)
{
	struct db_reply reply;
	bool good = !w->refusal && !w->failed && !w->syncs &&
		    (w->committed || !w->whole);

	if (w->on_reply) {
		reply.timed_out = reply.repeated = false;
		reply.sqlstate[0] = '\0';
		reply.err.code = ERR_NONE;
		reply.rows = good ? w->rows : NULL;
		if (!good)
			fill_failure(&reply, w);
		w->on_reply(&reply, w->arg);
	}
	work_free(w);
}

void
db_cancel(struct db_work *w)
{
	if (w)
		w->on_reply = NULL;
}

static void
finish_refused(struct conn *c)
{
	struct db_work *w;

	while ((w = list_take(&c->refused)))
		work_finish(w);
}

struct db_work *
conn_refuse(struct conn *c, const struct err *e,
    void (*on_reply)(const struct db_reply *r, void *arg), void *arg)
{
	struct db_work *w = work_new(c, on_reply, arg);

	w->refusal = xmalloc(sizeof(*w->refusal));
	*w->refusal = *e;
	list_add(&c->refused, w);
	loop_timer_soon(c->soon);
	return w;
}

/* Sending ------------------------------------------------------------------ */

static void
conn_break(struct conn *c)
{
	if (c->state == CONN_BROKEN)
		return;
	set_state(c, CONN_BROKEN);
	loop_timer_soon(c->soon);
}

/* The name of a prepared statement; prepares it first if need be. */
static int
send_prepare(struct conn *c, struct db_work *w, const char *sql, char name[16])
{
	bool fresh;

	snprintf(name, 16, "s%u", prepared_find(c->prepared, sql, &fresh));
	if (!fresh)
		return 0;
	w->prepares++;
	return PQsendPrepare(c->pg, name, sql, 0, NULL) ? 0 : -1;
}

static int
send_named(struct conn *c, const char *name)
{
	return PQsendQueryPrepared(c->pg, name, 0, NULL, NULL, NULL, 1) ? 0
									: -1;
}

/* SET takes no parameters, so the integer is written into the text. */
static int
send_set(struct conn *c, const char *what, int64_t value)
{
	char sql[80];

	snprintf(
	    sql, sizeof(sql), "SET LOCAL firebreak.%s = %" PRId64, what, value);
	return PQsendQueryParams(c->pg, sql, 0, NULL, NULL, NULL, NULL, 1) ? 0
									   : -1;
}

static int
send_scope(struct conn *c, const struct db_scope *s)
{
	if (send_set(c, "person", s->person) || send_set(c, "lo", s->lo) ||
	    send_set(c, "hi", s->hi))
		return -1;
	if (s->lo2 > s->hi2)
		return 0;
	return send_set(c, "lo2", s->lo2) || send_set(c, "hi2", s->hi2) ? -1
									: 0;
}

static int
send_statement(struct conn *c, const char *name, const struct db_query *q)
{
	const char *values[64];
	int i;

	if (q->count > (int)COUNT_OF(values))
		return -1;
	for (i = 0; i < q->count; i++)
		values[i] = q->values[i].text;
	return PQsendQueryPrepared(c->pg, name, q->count, values, NULL, NULL, 1)
		   ? 0
		   : -1;
}

static const char custom_sql[] =
    "SET LOCAL plan_cache_mode = force_custom_plan";

static int
send_whole(struct conn *c, struct db_work *w, const struct db_query *q)
{
	char begin[16], commit[16], custom[16], name[16];

	/* Everything is prepared before BEGIN: COMMIT comes after the Sync. */
	if (send_prepare(c, w, "BEGIN", begin) ||
	    send_prepare(c, w, "COMMIT", commit) ||
	    (q->custom_plan && send_prepare(c, w, custom_sql, custom)) ||
	    send_prepare(c, w, q->sql, name) || send_named(c, begin) ||
	    (q->scope && send_scope(c, q->scope)) ||
	    (q->custom_plan && send_named(c, custom)) ||
	    send_statement(c, name, q) || !PQpipelineSync(c->pg) ||
	    send_named(c, commit) || !PQpipelineSync(c->pg))
		return -1;
	w->syncs = 2;
	return 0;
}

static int
send_single(struct conn *c, struct db_work *w, const struct db_query *q)
{
	char name[16];

	if (send_prepare(c, w, q->sql, name) || send_statement(c, name, q) ||
	    !PQpipelineSync(c->pg))
		return -1;
	w->syncs = 1;
	return 0;
}

/* Names are forgotten on both sides, in the order of the pipeline. */
static int
send_forget(struct conn *c)
{
	struct db_work *w = work_new(c, NULL, NULL);

	prepared_reset(c->prepared);
	c->forget = false;
	w->syncs = 1;
	list_add(&c->works, w);
	c->in_flight++;
	return PQsendQueryParams(
		   c->pg, "DEALLOCATE ALL", 0, NULL, NULL, NULL, NULL, 1) &&
		       PQpipelineSync(c->pg)
		   ? 0
		   : -1;
}

static struct db_work *
send_work(struct conn *c, const struct db_query *q, bool whole,
    void (*on_reply)(const struct db_reply *r, void *arg), void *arg)
{
	struct db_work *w;
	int failed = 0;

	if (c->forget || prepared_is_full(c->prepared))
		failed = send_forget(c);
	w = work_new(c, on_reply, arg);
	w->whole = whole;
	w->syncs = 2;
	list_add(&c->works, w);
	c->in_flight++;
	if (!failed)
		failed = whole ? send_whole(c, w, q) : send_single(c, w, q);
	if (failed) {
		log_warn("database: cannot send: %s", PQerrorMessage(c->pg));
		conn_break(c);
	} else {
		loop_timer_soon(c->soon);
	}
	return w;
}

struct db_work *
conn_send(struct conn *c, const struct db_query *q, bool whole,
    void (*on_reply)(const struct db_reply *r, void *arg), void *arg)
{
	struct err e;

	if (c->state == CONN_UP)
		return send_work(c, q, whole, on_reply, arg);
	err_set(&e, ERR_UNAVAILABLE, "the database is away");
	return conn_refuse(c, &e, on_reply, arg);
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
	list_take(&c->works);
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

static void
on_set_up(const struct db_reply *r, void *arg)
{
	struct conn *c = arg;

	if (r->err.code != ERR_NONE) {
		log_error("database: setting up a connection: %s", r->err.text);
		conn_break(c);
		return;
	}
	loop_timer_stop(c->timer);
	c->backoff = BACKOFF_LEAST;
	set_state(c, CONN_UP);
	if (c->events.on_up)
		c->events.on_up(c, c->arg);
}

static void
set_up(struct conn *c)
{
	char limits[400], listen[80] = "";
	struct db_query q = {.sql = limits};

	set_state(c, CONN_SETUP);
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
		send_work(
		    c, &(struct db_query){.sql = listen}, false, NULL, NULL);
	}
	send_work(c, &q, false, on_set_up, c);
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

static void
conn_start(struct conn *c)
{
	c->pg = PQconnectStart(c->options.conninfo);
	if (!c->pg)
		fatalx("no memory for a database connection");
	loop_timer_set(c->timer, CONNECT_PATIENCE);
	set_state(c, CONN_CONNECTING);
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

	snprintf(why, sizeof(why), "%s", PQerrorMessage(c->pg));
	chomp(why);
	drop(c);
	set_state(c, CONN_DOWN);
	list_init(&c->works);
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
	if (was_up)
		log_warn("database: connection lost: %s", why);
	else
		log_debug("database: cannot connect: %s", why);
	if (c->events.on_down)
		c->events.on_down(c, why, c->arg);
}

static void
on_timer(void *arg)
{
	struct conn *c = arg;

	if (c->state == CONN_DOWN)
		conn_start(c);
	else
		conn_lost(c); /* connecting or setting up took too long */
}

static void
on_soon(void *arg)
{
	struct conn *c = arg;

	finish_refused(c);
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
	list_init(&c->works);
	list_init(&c->refused);
	c->timer = loop_timer_new(l, on_timer, c);
	c->soon = loop_timer_new(l, on_soon, c);
	loop_timer_soon(c->timer);
	return c;
}

static void
list_free(struct work_list *l)
{
	struct db_work *w;

	while ((w = list_take(l)))
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
