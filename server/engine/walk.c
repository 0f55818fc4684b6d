/* Everybody once. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/loop.h"
#include "common/mem.h"
#include "server/engine/compile.h"
#include "server/engine/engine_impl.h"

int64_t
walk_base(const struct engine *e)
{
	return e->marks[e->program] ? e->marks[e->program] : e->walk_now;
}

/* All of a kind have been judged as of its base: that is kept, or what falls
 * due until its next step would be dated wrongly after a crash. */
static void
on_kind_kept(const struct db_reply *r, void *arg)
{
	struct engine *e = arg;

	if (engine_failed(e, r))
		return;
	e->program++;
	e->walk_after = INT64_MIN;
	engine_next(e);
}

static void
keep_kind(struct engine *e)
{
	const char *kind = e->set->sources->subjects[e->program].name;
	struct buf mark = {0};
	struct db_value v[2] = {{kind, (int)strlen(kind)}};

	e->marks[e->program] = walk_base(e);
	buf_addf(&mark, "%" PRId64, e->marks[e->program]);
	v[1] = engine_value(&mark);
	engine_send(e,
	    "select from firebreak.engine_commit('{}', $1::text, $2::bigint,"
	    " null, null, null)",
	    v, 2, on_kind_kept);
	buf_clear(&mark);
}

static void
on_walk(const struct db_reply *r, void *arg)
{
	struct engine *e = arg;
	struct round_item *it;

	if (engine_failed(e, r))
		return;
	round_start(&e->round, &e->set->programs[e->program]);
	e->round.backlog = e->backlog || e->marks[e->program] == 0;
	for (int i = 0; i < db_rows(r->rows); i++) {
		e->walk_after = db_int(r->rows, i, 0);
		it = round_add(&e->round, e->walk_after, walk_base(e));
		it->exact = due_rows_of(&e->due[e->program], it->subject) > 0;
	}
	if (e->round.count == 0)
		keep_kind(e);
	else
		work_start(e);
}

bool
walk_on(struct engine *e)
{
	struct buf after = {0};
	struct db_value v[2];
	char slice[16], *sql;

	while (e->program < e->set->sources->subject_count &&
	       e->set->programs[e->program].rule_count == 0)
		e->program++;
	if (e->program >= e->set->sources->subject_count) {
		e->walking = e->backlog = false;
		if (e->batch.len)
			buf_add(&e->spent, e->batch.data, e->batch.len);
		buf_reset(&e->batch);
		e->stats.ready = true;
		log_info("engine: %" PRIu64 " subjects judged, %" PRIu64
			 " steps",
		    e->stats.judged, e->stats.steps);
		return false;
	}
	e->state = ENGINE_WALKING;
	buf_addf(&after, "%" PRId64, e->walk_after);
	snprintf(slice, sizeof(slice), "%d", WALK_SLICE);
	v[0] = engine_value(&after);
	v[1] = (struct db_value){slice, (int)strlen(slice)};
	sql = compile_walk(&e->set->programs[e->program]);
	engine_send(e, sql, v, 2, on_walk);
	free(sql);
	buf_clear(&after);
	return true;
}

void
walk_begin(struct engine *e, bool for_batch)
{
	/* otherwise the rows are read again, and ask for theirs again */
	if (!for_batch)
		buf_reset(&e->batch);
	e->backlog |= for_batch;
	e->walk_again = false;
	e->walking = true;
	e->program = 0;
	e->walk_after = INT64_MIN;
	e->walk_now = engine_now(e);
	for (size_t i = 0; i < e->set->sources->subject_count; i++)
		due_clear(&e->due[i]);
	e->row_count = e->rows_left = e->round_entry_count = 0;
	buf_reset(&e->spent);
	e->poked = true;
}
