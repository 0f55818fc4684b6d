/* One round: who is due, their values, the judgement, the commit. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/loop.h"
#include "common/mem.h"
#include "server/engine/compile.h"
#include "server/engine/engine_impl.h"

static bool
is_due(const struct due_entry *t, int64_t clock)
{
	return t && (t->row >= 0 || t->at <= clock);
}

/* The program whose turn it is: those with breakers first. */
bool
work_choose(struct engine *e, int64_t clock)
{
	size_t count = e->set->sources->subject_count;

	for (int pass = 0; pass < 2; pass++)
		for (size_t i = 0; i < count; i++)
			if (e->set->programs[i].ordered == (pass == 0) &&
			    is_due(due_top(&e->due[i]), clock)) {
				e->program = i;
				return true;
			}
	return false;
}

static void
add_to_round(struct engine *e, struct due_entry t, uint32_t number, bool known)
{
	struct round_item *it;

	it = known ? &e->round.items[number]
		   : round_add(&e->round, t.subject, t.at);
	if (t.row < 0)
		return;
	it->cause = e->rows[t.row].id;
}

/* All of the round's, for those that may have to go back. */
static void
remember(struct engine *e, struct due_entry t, uint32_t number)
{
	e->round_entries = xrealloc_array(e->round_entries,
	    e->round_entry_count + 1, sizeof(*e->round_entries));
	e->round_entries[e->round_entry_count++] =
	    (struct round_entry){t, number};
}

/* Entries of one kind in the order of their instants, a subject at one instant
 * only: nothing overtakes what had to wait, or the mark would be ahead of it.
 * While a limit holds somebody back a round is one instant: who closes then
 * lets him in then. */
static void
collect(struct engine *e, int64_t clock)
{
	struct due *due = &e->due[e->program];
	const struct program *p = &e->set->programs[e->program];
	struct due_entry *aside = NULL, t;
	size_t aside_count = 0;
	int64_t end = INT64_MAX;
	uint32_t number;
	bool known;

	round_start(&e->round, p);
	e->round_entry_count = 0;
	due_select(due);
	while (e->round.count < ROUND_MOST && aside_count < ROUND_MOST &&
	       is_due(due_top(due), clock) && due_top(due)->at <= end) {
		t = due_pop(due);
		number = (uint32_t)e->round.count;
		known = due_mark(due, t.subject, &number);
		if (p->ordered && e->held)
			end = t.at;
		if (!known || e->round.items[number].at == t.at) {
			add_to_round(e, t, number, known);
			remember(e, t, number);
			continue;
		}
		aside = xrealloc_array(aside, aside_count + 1, sizeof(*aside));
		aside[aside_count++] = t;
		end = t.at;
	}
	while (aside_count)
		due_put_back(due, aside[--aside_count]);
	free(aside);
	for (size_t i = 0; i < e->round.count; i++)
		e->round.items[i].exact =
		    due_rows_of(due, e->round.items[i].subject) > 0;
}

/* Commit ----------------------------------------------------------------- */

static void
finish_round(struct engine *e)
{
	struct due *due = &e->due[e->program];

	for (size_t i = 0; i < e->round.count; i++) {
		struct round_item *it = &e->round.items[i];

		due_set_next(due, it->subject,
		    it->next == EVAL_NEVER ? DUE_NEVER : it->next);
		if (it->at > e->marks[e->program] && !e->walking)
			e->marks[e->program] = it->at;
	}
	e->stats.judged += e->round.count;
	e->stats.steps += e->round.step_count;
	e->stats.rounds++;
	e->stats.last_round_us = (int64_t)(loop_now() - e->started);
	round_clear(&e->round);
}

/* Who is held back now.  Answers whether somebody made room. */
static bool
count_held(struct engine *e)
{
	bool freed = false;

	for (size_t i = 0; i < e->round.step_count; i++) {
		const struct step *s = &e->round.steps[i].step;

		e->held += (s->to == STATE_HELD) - (s->from == STATE_HELD);
		freed |= s->to == STATE_CLOSED && s->from != STATE_HELD;
	}
	return freed;
}

static void
on_held(const struct db_reply *r, void *arg)
{
	struct engine *e = arg;

	if (engine_failed(e, r))
		return;
	for (int i = 0; i < db_rows(r->rows); i++)
		due_set_next(&e->due[e->program], db_int(r->rows, i, 0),
		    e->marks[e->program]);
	engine_next(e);
}

/* Somebody closed: those whom the limit held back are judged again, as of the
 * same instant. */
static void
ask_held(struct engine *e)
{
	const char *kind = e->set->sources->subjects[e->program].name;
	struct db_value v = {kind, (int)strlen(kind)};

	engine_send(e,
	    "select distinct subject from firebreak.rule_state"
	    " where state = 'held' and subject_kind = $1::text",
	    &v, 1, on_held);
}

static void
on_committed(const struct db_reply *r, void *arg)
{
	struct engine *e = arg;
	char topic[32];
	const char *text;
	bool freed;
	int len;

	if (engine_failed(e, r))
		return;
	freed = count_held(e) && e->held > 0;
	buf_reset(&e->spent);
	finish_round(e);
	for (int i = 0; e->options.on_changed && i < db_rows(r->rows); i++) {
		text = db_text(r->rows, i, 0, &len);
		snprintf(topic, sizeof(topic), "%.*s", len, text);
		e->options.on_changed(topic, db_int(r->rows, i, 1),
		    db_int(r->rows, i, 1), e->options.arg);
	}
	if (freed)
		ask_held(e);
	else
		engine_next(e);
}

static void
spend_rows(struct engine *e)
{
	for (size_t i = 0; i < e->round_entry_count; i++) {
		int32_t row = e->round_entries[i].entry.row;

		if (row < 0 || --e->rows[row].left > 0)
			continue;
		queue_spend(e, &e->rows[row]);
		e->rows_left--;
	}
	e->round_entry_count = 0;
}

void
work_commit(struct engine *e)
{
	struct round *r = &e->round;
	struct buf ids = {0}, mark = {0}, texts[3] = {{0}};
	const char *kind = e->set->sources->subjects[e->program].name;
	struct db_value v[6];
	int64_t upto = e->marks[e->program];

	for (size_t i = 0; i < r->count && !e->walking; i++)
		if (r->items[i].at > upto)
			upto = r->items[i].at;
	spend_rows(e);
	buf_addf(&ids, "{%s}", buf_str(&e->spent));
	buf_addf(&mark, "%" PRId64, upto);
	v[0] = engine_value(&ids);
	v[1] = (struct db_value){kind, (int)strlen(kind)};
	v[2] = engine_value(&mark);
	v[3] = v[4] = v[5] = (struct db_value){NULL, 0};
	if (r->state_count || r->step_count) {
		round_states(r, &texts[0]);
		round_steps(r, &texts[1]);
		round_effects(r, &texts[2]);
		for (int i = 0; i < 3; i++)
			v[3 + i] = engine_value(&texts[i]);
	}
	if (e->walking && !r->state_count) {
		finish_round(e);
		engine_next(e);
	} else
		engine_send(e,
		    "select topic, org_code from firebreak.engine_commit("
		    "$1::bigint[], $2::text, $3::bigint, $4::jsonb,"
		    " $5::jsonb, $6::jsonb)",
		    v, 6, on_committed);
	buf_clear(&ids);
	buf_clear(&mark);
	for (int i = 0; i < 3; i++)
		buf_clear(&texts[i]);
}

/* Values ----------------------------------------------------------------- */

static void
on_faces(const struct db_reply *r, void *arg)
{
	struct engine *e = arg;

	if (engine_failed(e, r))
		return;
	round_take_faces(&e->round, r->rows);
	work_commit(e);
}

/* What the round left unjudged is due as before. */
static void
put_back_cut(struct engine *e)
{
	while (e->round_entry_count) {
		struct round_entry *last =
		    &e->round_entries[e->round_entry_count - 1];

		if (last->item < e->round.count)
			break;
		due_put_back(&e->due[e->program], last->entry);
		e->round_entry_count--;
	}
}

static void
judge_round(struct engine *e)
{
	struct buf subjects = {0}, people = {0};
	struct db_value v[2];
	char *sql;

	round_judge(&e->round);
	put_back_cut(e);
	if (e->round.step_count == 0) {
		work_commit(e);
		return;
	}
	round_step_subjects(&e->round, &subjects);
	round_step_people(&e->round, &people);
	v[0] = engine_value(&subjects);
	v[1] = engine_value(&people);
	sql = compile_faces(e->round.program);
	engine_send(e, sql, v, 2, on_faces);
	free(sql);
	buf_clear(&subjects);
	buf_clear(&people);
}

struct asked {
	LIST_ENTRY(asked) link;
	struct engine *engine;
	size_t which;
	bool group;
};

static void
on_values(const struct db_reply *r, void *arg)
{
	struct asked a = *(struct asked *)arg;
	struct engine *e = a.engine;

	LIST_REMOVE((struct asked *)arg, link);
	free(arg);
	if (engine_failed(e, r) || e->pending == 0)
		return;
	if (a.group)
		round_take_groups(&e->round, a.which, r->rows);
	else
		round_take_values(&e->round, a.which, r->rows);
	if (--e->pending == 0)
		judge_round(e);
}

static void
ask(struct engine *e, const char *sql, struct asked a, const struct db_value *v,
    int count)
{
	struct asked *copy = xmalloc(sizeof(*copy));

	a.engine = e;
	*copy = a;
	LIST_INSERT_HEAD(&e->asked, copy, link);
	e->pending++;
	db_link_send(e->link, sql, v, count, on_values, copy);
}

void
work_clear(struct engine *e)
{
	struct asked *a;

	while ((a = LIST_FIRST(&e->asked))) {
		LIST_REMOVE(a, link);
		free(a);
	}
}

static void
ask_groups(struct engine *e, const struct db_value *subjects)
{
	const struct program *p = e->round.program;
	struct db_value v[2] = {*subjects};
	char *sql;

	for (size_t i = 0; i < p->rule_count; i++) {
		if (p->rules[i]->limit <= 0)
			continue;
		v[1] = (struct db_value){
		    p->rules[i]->id, (int)strlen(p->rules[i]->id)};
		sql = compile_group(p, p->rules[i]->limit_group);
		ask(e, sql, (struct asked){.which = i, .group = true}, v, 2);
		free(sql);
	}
}

static void
on_states(const struct db_reply *r, void *arg)
{
	struct engine *e = arg;
	const struct program *p = e->round.program;
	struct buf b[VALUES_MOST] = {{0}};
	struct db_value v[VALUES_MOST];
	int count = 3;

	if (engine_failed(e, r))
		return;
	round_take_states(&e->round, r->rows);
	round_subjects(&e->round, &b[0]);
	round_instants(&e->round, &b[1]);
	round_exacts(&e->round, &b[2]);
	for (size_t i = 0; i < p->since_count && count < VALUES_MOST; i++)
		round_since(&e->round, i, &b[count++]);
	for (int i = 0; i < count; i++)
		v[i] = engine_value(&b[i]);
	e->pending = 0;
	for (size_t i = 0; i < p->statement_count; i++)
		ask(e, p->statements[i].sql, (struct asked){.which = i}, v,
		    count);
	ask_groups(e, &v[0]);
	for (int i = 0; i < count; i++)
		buf_clear(&b[i]);
}

void
work_start(struct engine *e)
{
	const struct program *p = e->round.program;
	struct buf subjects = {0}, rules = {0};
	struct db_value v[2];

	e->started = loop_now();
	round_prepare(&e->round);
	round_subjects(&e->round, &subjects);
	buf_add_str(&rules, "{");
	for (size_t i = 0; i < p->rule_count; i++)
		buf_addf(&rules, "%s\"%s\"", i ? "," : "", p->rules[i]->id);
	buf_add_str(&rules, "}");
	v[0] = engine_value(&subjects);
	v[1] = engine_value(&rules);
	engine_send(e,
	    /* offset: by subject, whatever the table's size was once */
	    "select p.i, array_position($2::text[], r.rule_id), r.state,"
	    " firebreak.to_us(r.since), firebreak.to_us(r.opened), r.pending,"
	    " firebreak.to_us(r.pending_since), r.repeats"
	    " from unnest($1::bigint[]) with ordinality p(subject, i)"
	    " cross join lateral (select * from firebreak.rule_state x"
	    " where x.subject = p.subject and x.rule_id = any ($2::text[])"
	    " offset 0) r",
	    v, 2, on_states);
	buf_clear(&subjects);
	buf_clear(&rules);
}

void
work_begin(struct engine *e, int64_t clock)
{
	collect(e, clock);
	work_start(e);
}
