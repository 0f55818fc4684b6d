/* Works of a connection: made, sent, answered. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/loop.h"
#include "common/mem.h"
#include "server/db/conn_impl.h"

#define SPARE_MOST 256 /* works kept for the next requests */

void
work_list_init(struct work_list *l)
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

struct db_work *
work_list_take(struct work_list *l)
{
	struct db_work *w = l->first;

	if (!w)
		return NULL;
	l->first = w->next;
	if (!l->first)
		l->last = &l->first;
	return w;
}
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

void
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
	reply->timed_out =
	    reply->err.code == ERR_TIMEOUT || reply->err.code == ERR_BUSY;
	reply->repeated = strcmp(reply->sqlstate, "23505") == 0 && table &&
			  strcmp(table, "request_result") == 0;
}

void
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

void
work_finish_refused(struct conn *c)
{
	struct db_work *w;

	while ((w = work_list_take(&c->refused)))
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

static void
enter(struct conn *c, struct db_work *w)
{
	list_add(&c->works, w);
	if (c->in_flight++ == 0)
		c->heard = loop_now();
}

/* Names are forgotten on both sides, in the order of the pipeline. */
static int
send_forget(struct conn *c)
{
	struct db_work *w = work_new(c, NULL, NULL);

	prepared_reset(c->prepared);
	c->forget = false;
	w->syncs = 1;
	enter(c, w);
	return PQsendQueryParams(
		   c->pg, "DEALLOCATE ALL", 0, NULL, NULL, NULL, NULL, 1) &&
		       PQpipelineSync(c->pg)
		   ? 0
		   : -1;
}

struct db_work *
work_send(struct conn *c, const struct db_query *q, bool whole,
    void (*on_reply)(const struct db_reply *r, void *arg), void *arg)
{
	struct db_work *w;
	int failed = 0;

	if (c->forget || prepared_is_full(c->prepared))
		failed = send_forget(c);
	w = work_new(c, on_reply, arg);
	w->whole = whole;
	w->syncs = 2;
	enter(c, w);
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

void
work_send_pulse(struct conn *c)
{
	struct db_work *w = work_new(c, NULL, NULL);

	w->pulse = true;
	w->syncs = 1;
	enter(c, w);
	if (PQpipelineSync(c->pg))
		loop_timer_soon(c->soon);
	else
		conn_break(c);
}

struct db_work *
conn_send(struct conn *c, const struct db_query *q, bool whole,
    void (*on_reply)(const struct db_reply *r, void *arg), void *arg)
{
	struct err e;

	if (c->state == CONN_UP)
		return work_send(c, q, whole, on_reply, arg);
	err_set(&e, ERR_UNAVAILABLE, "the database is away");
	return conn_refuse(c, &e, on_reply, arg);
}
