/* What PostgreSQL is asked for each stage of a request: the frame is read
 * again for its values, and a list gets its text. */
#include <stdio.h>

#include "common/loop.h"
#include "common/mem.h"
#include "server/gateway/impl.h"

#define NARROW_FOR UINT64_C(300000000) /* us that a scope stays judged */

static int
send(struct request *r, const char *sql, bool heavy, bool custom)
{
	struct params *p = &r->gateway->params;
	struct db_query q = {
	    .sql = sql,
	    .heavy = heavy || r->heavy,
	    .custom_plan = custom,
	    .scope = &r->scope,
	    .values = params_values(p),
	    .count = p->count,
	};

	r->work = db_send(r->gateway->db, &q, request_on_reply, r);
	return 0;
}

/* Lists: narrow or wide ------------------------------------------------------
 */

/* By statement, ranges and the values the statement begins with. */
static struct narrow_slot *
narrow_slot(struct request *r, uint64_t *key)
{
	struct gateway *g = r->gateway;
	const struct db_scope *s = &r->scope;
	const uint64_t parts[] = {(uint64_t)r->statement->number + 1,
	    (uint64_t)s->lo, (uint64_t)s->hi, (uint64_t)s->lo2,
	    (uint64_t)s->hi2, (uint64_t)s->person};
	uint64_t h = UINT64_C(0xcbf29ce484222325);
	size_t i;

	for (i = 0; i < COUNT_OF(parts); i++)
		h = (h ^ parts[i]) * UINT64_C(0x9e3779b97f4a7c15) ^ h >> 31;
	for (i = 0; i < g->params.text.len; i++)
		h = (h ^ g->params.text.data[i]) * UINT64_C(0x100000001b3);
	*key = h ^ h >> 32;
	return &g->narrow[*key % NARROW_SLOTS];
}

/* 1, 0, or -1 when it is not known. */
static int
is_narrow(struct request *r)
{
	uint64_t key;
	struct narrow_slot *slot = narrow_slot(r, &key);

	if (slot->key != key || slot->until < loop_now())
		return -1;
	return slot->narrow;
}

/* How wide the request's scope was found to be. */
void
request_note_scope(struct request *r, bool narrow)
{
	uint64_t key;
	struct narrow_slot *slot = narrow_slot(r, &key);

	slot->key = key;
	slot->until = loop_now() + NARROW_FOR;
	slot->narrow = narrow;
}

static int
send_scope(struct request *r, struct err *e)
{
	static const struct list_options nothing = {.search = -1};
	struct gateway *g = r->gateway;

	buf_reset(&g->sql);
	if (list_count(r->statement, request_has_second_range(r),
		LIST_NARROW + 1, &nothing, &g->sql, &g->params, e))
		return -1;
	return send(r, buf_str(&g->sql), r->statement->heavy, true);
}

/* A narrow scope that nothing else narrows has one good plan for everybody:
 * by its range.  Planning costs more than such a page. */
static bool
is_plain(const struct request *r)
{
	const struct gateway *g = r->gateway;
	const struct catalogue_text *t =
	    &r->statement->text[request_has_second_range(r)];
	int i;

	if (g->list.filter_count || g->list.search >= 0)
		return false;
	for (i = 0; i < t->params; i++) {
		if (t->source[i] >= 0 && g->params.items[i].len >= 0 &&
		    r->statement->args[t->source[i]].optional)
			return false;
	}
	return true;
}

static int
send_page(struct request *r, bool narrow, struct err *e)
{
	struct gateway *g = r->gateway;
	bool custom = !narrow || !is_plain(r);

	buf_reset(&g->sql);
	if (list_page(r->statement, request_has_second_range(r), narrow,
		&g->list, &g->sql, &g->params, e))
		return -1;
	return send(r, buf_str(&g->sql), r->statement->heavy, custom);
}

static int
send_count(struct request *r, struct err *e)
{
	struct gateway *g = r->gateway;
	bool exact = g->list.exact;

	buf_reset(&g->sql);
	if (list_count(r->statement, request_has_second_range(r),
		exact ? 0 : LIST_COUNT_MOST + 1, &g->list, &g->sql, &g->params,
		e))
		return -1;
	return send(r, buf_str(&g->sql), exact || r->statement->heavy, true);
}

static int
send_rows(struct request *r, struct err *e)
{
	int narrow;

	if (r->statement->rows != ROWS_MANY)
		return send(r,
		    r->statement->text[request_has_second_range(r)].sql,
		    r->statement->heavy, false);
	narrow = is_narrow(r);
	if (narrow >= 0)
		return send_page(r, narrow, e);
	r->stage = STAGE_SCOPE;
	return send_scope(r, e);
}

/* Writes ---------------------------------------------------------------------
 */

static int
add_request_id(struct request *r, struct err *e)
{
	struct params *p = &r->gateway->params;
	char text[33];
	int i;

	for (i = 0; i < 16; i++)
		snprintf(text + 2 * i, 3, "%02x", r->request_id[i]);
	if (params_add_int(p, r->scope.person, e))
		return -1;
	return params_add_text(p, text, 32, e);
}

static int
send_write(struct request *r, struct err *e)
{
	if (add_request_id(r, e))
		return -1;
	return send(r, r->statement->keep_sql, r->statement->heavy, false);
}

static int
send_kept(struct request *r, struct err *e)
{
	params_reset(&r->gateway->params);
	if (add_request_id(r, e))
		return -1;
	return send(r, r->statement->kept_sql, false, false);
}

int
request_send(struct request *r, struct err *e)
{
	if (r->stage == STAGE_KEPT)
		return send_kept(r, e);
	if (request_add_values(r, e))
		return -1;
	if (r->stage == STAGE_WRITE)
		return send_write(r, e);
	if (request_read_options(r, e))
		return -1;
	switch (r->stage) {
	case STAGE_SCOPE:
		return send_scope(r, e);
	case STAGE_ROWS:
		return send_rows(r, e);
	default:
		return send_count(r, e);
	}
}
