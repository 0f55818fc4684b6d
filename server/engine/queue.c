/* The change queue. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/loop.h"
#include "common/mem.h"
#include "server/engine/compile.h"
#include "server/engine/engine_impl.h"

static const int mark_columns[] = {3, 4, 5}; /* subject customer person */
static const char *const mark_names[] = {"subject", "customer_id", "person_id"};

static void
add_entry(
    struct engine *e, size_t kind, int64_t subject, int64_t at, size_t row)
{
	/* A fact that became known late is judged as of the mark: what lies
	 * before it has been said.  After a crash it may have been judged. */
	if (at < e->marks[kind])
		at = e->marks[kind];
	due_add_row(&e->due[kind], subject, at, (int32_t)row);
	e->rows[row].left++;
}

static void
mark_subjects(struct engine *e, const struct source_def *s,
    const struct pg_result *rows, int i, size_t row)
{
	int64_t at = db_int(rows, i, 6);
	const struct subject_def *subject;
	size_t kind, c;

	for (size_t m = 0; m < s->mark_count; m++) {
		subject = sources_subject(e->set->sources, s->marks[m].name);
		if (!subject)
			continue;
		kind = (size_t)(subject - e->set->sources->subjects);
		if (e->set->programs[kind].rule_count == 0)
			continue;
		for (c = 0; c < COUNT_OF(mark_names); c++)
			if (strcmp(mark_names[c], s->marks[m].sql) == 0)
				break;
		if (c == COUNT_OF(mark_names))
			continue; /* the loader lets no other name pass */
		if (!db_is_null(rows, i, mark_columns[c]))
			add_entry(
			    e, kind, db_int(rows, i, mark_columns[c]), at, row);
		else
			e->rows[row].batch = true;
		if (c == 0 && !db_is_null(rows, i, 2))
			add_entry(e, kind, db_int(rows, i, 2), at, row);
	}
}

void
queue_spend(struct engine *e, const struct queue_row *q)
{
	struct buf *out = q->batch ? &e->batch : &e->spent;

	buf_addf(out, "%s%" PRId64, out->len ? "," : "", q->id);
}

static void
take_row(struct engine *e, const struct pg_result *rows, int i)
{
	size_t row = e->row_count++;
	const char *text;
	int len;

	e->rows[row] = (struct queue_row){.id = db_int(rows, i, 0)};
	text = db_text(rows, i, 1, &len);
	for (size_t j = 0; j < e->set->sources->source_count; j++) {
		const struct source_def *s = &e->set->sources->sources[j];

		if ((int)strlen(s->queue) == len &&
		    memcmp(s->queue, text, (size_t)len) == 0)
			mark_subjects(e, s, rows, i, row);
	}
	e->walk_again |= e->rows[row].batch;
	if (e->rows[row].left)
		e->rows_left++;
	else /* no rule asks for it */
		queue_spend(e, &e->rows[row]);
}

static void
on_taken(const struct db_reply *r, void *arg)
{
	struct engine *e = arg;

	if (engine_failed(e, r))
		return;
	e->row_count = 0;
	e->rows =
	    xrealloc_array(e->rows, (size_t)db_rows(r->rows), sizeof(*e->rows));
	for (int i = 0; i < db_rows(r->rows); i++)
		take_row(e, r->rows, i);
	if (db_rows(r->rows) == TAKE_MOST)
		e->poked = true;
	engine_next(e);
}

void
queue_take(struct engine *e)
{
	static const struct db_value most = {"5000", 4};

	e->poked = false;
	engine_send(e,
	    "select change_id, source, old_subject, subject, customer_id,"
	    " person_id, at from firebreak.engine_take($1::bigint)",
	    &most, 1, on_taken);
}
