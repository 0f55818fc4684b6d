/*
 * One ASK or WRITE, from its frame to DONE or ERROR.  The frame is kept as it
 * came and read again for each stage, so that nothing parsed has to be stored.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/codec.h"
#include "common/loop.h"
#include "common/mem.h"
#include "server/gateway/impl.h"

#define TOO_OLD (INT64_C(30) * 86400 * 1000)

/* Ending ------------------------------------------------------------------- */

static void
count_time(struct request *r)
{
	struct gateway_counters *c = &r->session->gateway->counters;
	uint64_t us = loop_now() - r->started;
	int i = 0;

	while (i < 15 && us >= UINT64_C(64) << i)
		i++;
	c->request_us_sum += us;
	c->request_us_buckets[i]++;
}

static void
release(struct request *r)
{
	free(r->first_error);
	free(r);
}

static void
forget(struct request *r)
{
	struct session *s = r->session;

	db_cancel(r->work);
	TAILQ_REMOVE(&s->requests, r, link);
	s->open--;
	release(r);
}

/* Nobody waits for the answer any more, but the write happens and others are
 * to hear of it. */
static void
orphan(struct request *r)
{
	TAILQ_REMOVE(&r->session->requests, r, link);
	r->session->open--;
	r->session = NULL;
	TAILQ_INSERT_TAIL(&r->gateway->orphans, r, link);
}

static void
finish(struct request *r)
{
	struct session *s = r->session;
	uint32_t id = r->id;

	count_time(r);
	forget(r);
	watch_answered(s, id);
	if (s->is_paused && s->open < s->gateway->limits.open_requests) {
		s->is_paused = false;
		channel_resume(s->channel);
	}
}

static void
fail(struct request *r, struct err *e)
{
	answer_error(r->session, r->id, e);
	finish(r);
}

void
request_drop_all(struct session *s)
{
	struct request *r;

	while ((r = TAILQ_FIRST(&s->requests))) {
		if (r->stage == STAGE_WRITE && r->work)
			orphan(r);
		else
			forget(r);
	}
}

void
request_drop_orphans(struct gateway *g)
{
	struct request *r;

	while ((r = TAILQ_FIRST(&g->orphans))) {
		/* what was released before is no longer in the list */
		/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc) */
		db_cancel(r->work);
		TAILQ_REMOVE(&g->orphans, r, link);
		release(r);
	}
}

static struct request *
find(struct session *s, uint32_t id)
{
	struct request *r;

	TAILQ_FOREACH (r, &s->requests, link) {
		if (r->id == id)
			return r;
	}
	return NULL;
}

/* A write is carried through: only its answer is no longer wanted. */
void
request_cancel(struct session *s, uint32_t id)
{
	struct request *r = find(s, id);

	if (r && !r->statement->is_write)
		finish(r);
}

static void
go(struct request *r, enum request_stage stage)
{
	struct err e;

	r->stage = stage;
	if (request_send(r, &e))
		fail(r, &e);
}

/* Replies -------------------------------------------------------------------
 */

static void
take_scope(struct request *r, const struct pg_result *rows)
{
	struct err e;

	if (request_add_values(r, &e)) {
		fail(r, &e);
		return;
	}
	request_note_scope(r, db_int(rows, 0, 0) <= LIST_NARROW);
	go(r, STAGE_ROWS);
}

static void
finish_counted(struct request *r, int64_t total)
{
	if (r->session->gateway->list.exact || total <= LIST_COUNT_MOST)
		answer_done(r, total, true);
	else
		answer_done(r, LIST_COUNT_MOST, false);
	finish(r);
}

static void
take_rows(struct request *r, const struct pg_result *rows)
{
	struct list_options *o = &r->session->gateway->list;
	struct err e;

	/* Another request may have used the scratch meanwhile. */
	if (request_read_options(r, &e)) {
		fail(r, &e);
		return;
	}
	answer_rows(r, rows);
	if (r->statement->rows != ROWS_MANY ||
	    (o->place != LIST_FIRST && !o->exact)) {
		answer_done(r, -1, false);
		finish(r);
	} else if (o->place == LIST_FIRST && !r->more) {
		answer_done(r, r->rows, true);
		finish(r);
	} else if (db_columns(rows) > r->statement->column_count) {
		finish_counted(r, db_int(rows, 0, r->statement->column_count));
	} else {
		go(r, STAGE_COUNT);
	}
}

static void
take_count(struct request *r, const struct pg_result *rows)
{
	int64_t total = db_int(rows, 0, 0);
	struct err e;

	if (request_read_options(r, &e))
		fail(r, &e);
	else
		finish_counted(r, total);
}

static void
tell(struct request *r, int64_t lo, int64_t hi)
{
	struct gateway *g = r->gateway;
	uint64_t topics = r->statement->topics;

	gateway_changed(g, topics, lo, hi);
	if (g->options.on_changed)
		g->options.on_changed(topics, lo, hi, g->options.arg);
}

/* Nobody knows for whom, or whether at all. */
static void
tell_everybody(struct request *r)
{
	tell(r, INT64_MIN, INT64_MAX);
}

static void
tell_change(struct request *r, const struct pg_result *rows)
{
	int old = catalogue_column(r->statement, "old_org_code");

	if (db_is_null(rows, 0, 1))
		tell_everybody(r);
	else
		tell(r, db_int(rows, 0, 1), db_int(rows, 0, 1));
	if (old >= 0 && !db_is_null(rows, 0, old))
		tell(r, db_int(rows, 0, old), db_int(rows, 0, old));
}

static void
take_write(struct request *r, const struct pg_result *rows)
{
	struct err e;

	if (db_rows(rows) != 1) {
		err_set(&e, ERR_INTERNAL, "%s gave %d rows", r->statement->name,
		    db_rows(rows));
		fail(r, &e);
		return;
	}
	r->rows = 1;
	answer_rows(r, rows);
	answer_done(r, -1, false);
	tell_change(r, rows);
	finish(r);
}

static void
take_kept(struct request *r, const struct pg_result *rows)
{
	struct err e;

	/* jsonb_to_record of nothing is a row of nulls. */
	if (db_rows(rows) != 1 || db_is_null(rows, 0, 0)) {
		e = *r->first_error;
		fail(r, &e);
		return;
	}
	r->repeated = true;
	r->session->gateway->counters.repeated++;
	answer_rows(r, rows);
	answer_done(r, -1, false);
	/* The first time the answer may have been lost before the others
	 * heard. */
	tell_change(r, rows);
	finish(r);
}

/* What ran into a timeout or a lock was rolled back, so that it may be asked
 * again on a heavy connection, once.  After a loss only reads are: a write may
 * have been done. */
static bool
may_retry(struct request *r, const struct db_reply *reply)
{
	struct gateway *g = r->gateway;

	if (r->retried)
		return false;
	if (reply->timed_out && !r->heavy) {
		g->counters.heavy_retries++;
		r->heavy = true;
	} else if (r->stage == STAGE_WRITE ||
		   reply->err.code != ERR_UNAVAILABLE || !db_is_up(g->db)) {
		return false;
	}
	r->retried = true;
	return true;
}

static void
take_error(struct request *r, const struct db_reply *reply)
{
	struct err e = reply->err;

	if (may_retry(r, reply)) {
		go(r, r->stage);
		return;
	}
	/* A write that was applied before may be refused now (done already,
	 * say): the stored answer goes first. */
	if (r->stage == STAGE_WRITE && !err_is_retryable(e.code) &&
	    e.code != ERR_TOO_OLD) {
		r->first_error = xmalloc(sizeof(e));
		*r->first_error = e;
		go(r, STAGE_KEPT);
		return;
	}
	fail(r, &e);
}

static void
take_orphan(struct request *r, const struct db_reply *reply)
{
	struct err e;

	if (may_retry(r, reply) && request_send(r, &e) == 0)
		return;
	if (reply->err.code == ERR_NONE && db_rows(reply->rows) == 1)
		tell_change(r, reply->rows);
	TAILQ_REMOVE(&r->gateway->orphans, r, link);
	release(r);
}

void
request_on_reply(const struct db_reply *reply, void *arg)
{
	static void (*const takers[])(
	    struct request *, const struct pg_result *) = {
	    [STAGE_SCOPE] = take_scope,
	    [STAGE_ROWS] = take_rows,
	    [STAGE_COUNT] = take_count,
	    [STAGE_WRITE] = take_write,
	    [STAGE_KEPT] = take_kept,
	};
	struct request *r = arg;

	r->work = NULL;
	if (r->stage == STAGE_WRITE && reply->err.code == ERR_UNAVAILABLE &&
	    db_is_up(r->gateway->db))
		tell_everybody(r);
	if (!r->session)
		take_orphan(r, reply);
	else if (reply->err.code != ERR_NONE)
		take_error(r, reply);
	else
		takers[r->stage](r, reply->rows);
}

/* Beginning ------------------------------------------------------------------
 */

static int
read_request_id(struct request *r, struct codec_reader *in, struct err *e)
{
	int64_t milliseconds = 0;
	const uint8_t *id;
	size_t len;
	int i;

	id = codec_need_bytes(in, &len);
	if (in->failed || len != 16)
		return err_set(e, ERR_BAD_REQUEST, "a request id is 16 bytes");
	memcpy(r->request_id, id, 16);
	for (i = 0; i < 6; i++)
		milliseconds = milliseconds << 8 | id[i];
	if (loop_wallclock() / 1000 - milliseconds > TOO_OLD)
		return err_set(e, ERR_TOO_OLD, "an old write");
	return 0;
}

/* [statement, args, options] or [statement, args, request id] */
static int
read_request(struct request *r, bool is_write, struct err *e)
{
	struct gateway *g = r->session->gateway;
	struct codec_reader in;
	struct codec_item name;

	codec_open(&in, r->body, r->len);
	if (codec_need_array(&in) != 3 || !codec_next(&in, &name) ||
	    name.type != CODEC_TEXT)
		return err_set(e, ERR_BAD_REQUEST, "malformed request");
	r->statement = catalogue_find(
	    g->options.catalogue, (const char *)name.data, name.len);
	if (!r->statement || r->statement->is_write != is_write)
		return err_set(e, ERR_UNKNOWN_STATEMENT, "%.*s", (int)name.len,
		    (const char *)name.data);
	if (!(r->statement->roles & r->session->role))
		return err_set(e, ERR_NOT_ALLOWED, "%s", r->statement->name);
	r->args = in.at;
	codec_skip(&in);
	r->options = in.at;
	r->stage = is_write ? STAGE_WRITE : STAGE_ROWS;
	if (is_write)
		return read_request_id(r, &in, e);
	codec_skip(&in);
	return codec_finished(&in)
		   ? 0
		   : err_set(e, ERR_BAD_REQUEST, "malformed request");
}

static int
begin(struct request *r, bool is_write, struct err *e)
{
	struct session *s = r->session;

	if (s->gateway->stopping)
		return err_set(e, ERR_STOPPING, "stopping");
	if (read_request(r, is_write, e))
		return -1;
	if (is_write)
		return request_send(r, e);
	if (request_read_options(r, e))
		return -1;
	if (watch_start(s, r->id, r->statement, s->gateway->list.watch, e))
		return -1;
	return request_send(r, e);
}

void
request_start(struct session *s, enum frame_type type, uint32_t id,
    const uint8_t *body, size_t len)
{
	struct gateway *g = s->gateway;
	bool is_write = type == FRAME_WRITE;
	struct request *r;
	struct err e;

	if (id == 0 || find(s, id)) {
		/* Neither the open request nor its watch hears of it. */
		err_set(&e, ERR_BAD_REQUEST, "the id is in use or 0");
		answer_error(s, id, &e);
		return;
	}
	r = xcalloc(1, sizeof(*r) + len);

	r->gateway = g;
	r->session = s;
	r->scope = s->scope;
	r->id = id;
	r->started = loop_now();
	r->len = len;
	memcpy(r->body, body, len);
	TAILQ_INSERT_TAIL(&s->requests, r, link);
	s->open++;
	if (is_write)
		g->counters.writes++;
	else
		g->counters.asks++;
	if (begin(r, is_write, &e)) {
		fail(r, &e);
		return;
	}
	if (s->open >= g->limits.open_requests && !s->is_paused) {
		s->is_paused = true;
		channel_pause(s->channel);
	}
}
