/* The order of the engine's work: lock, install, everybody once, then rounds.
 */
#include "server/engine/engine.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/log.h"
#include "common/loop.h"
#include "common/mem.h"
#include "server/db.h"
#include "server/db/link.h"
#include "server/engine/compile.h"
#include "server/engine/due.h"
#include "server/engine/round.h"

#define SECOND INT64_C(1000000)
#define TAKE_MOST 5000
#define ROUND_MOST 2000
#define WALK_SLICE 5000
#define LOCK_KEY "7166322"
#define VALUES_MOST 32

enum engine_state {
	ENGINE_DOWN,	/* no connection */
	ENGINE_WAITING, /* another daemon has the lock, or after an error */
	ENGINE_STARTING,
	ENGINE_WALKING, /* everybody once */
	ENGINE_IDLE,
	ENGINE_BUSY /* a statement is under way */
};

struct queue_row {
	int64_t id;
	int left; /* entries that have not been judged */
};

struct engine {
	struct loop *loop;
	struct engine_options options;
	char *pack;
	struct db_link *link;
	struct loop_timer *timer;
	struct ruleset *set, *next_set;
	enum engine_state state;
	int64_t offset; /* the database's clock minus ours */
	int64_t mark;
	bool poked, walk_again;
	struct due *due; /* one a program */
	struct queue_row *rows;
	size_t row_count, rows_left;
	struct buf spent; /* ids to delete with the next commit */
	struct round round;
	size_t program; /* of the round or of the walk */
	int32_t *round_rows;
	size_t round_row_count;
	int pending; /* replies the round waits for */
	bool walking;
	int64_t walk_after, walk_base;
	uint64_t started;
	struct engine_stats stats;
};

static void next_thing(struct engine *e);
static void start_round(struct engine *e);
static void judge_round(struct engine *e);

static int64_t
now(const struct engine *e)
{
	if (e->options.clock)
		return e->options.clock(e->options.arg);
	return loop_wallclock() + e->offset;
}

static void
wait_again(struct engine *e, uint64_t microseconds)
{
	loop_timer_set(e->timer, microseconds);
}

/* After a failure all is read again: what is in memory may be wrong. */
static void
give_up_round(struct engine *e, const struct db_reply *r)
{
	e->stats.errors++;
	e->stats.ready = false;
	if (r->err.code != ERR_UNAVAILABLE)
		log_error("engine: %s: %s", r->sqlstate, r->err.text);
	round_clear(&e->round);
	e->pending = 0;
	if (e->state != ENGINE_DOWN) {
		e->state = ENGINE_WAITING;
		wait_again(e, strcmp(r->sqlstate, "FB004") ? SECOND : 1000);
	}
}

static bool
failed(struct engine *e, const struct db_reply *r)
{
	if (r->err.code == ERR_NONE)
		return false;
	if (e->state == ENGINE_BUSY || e->state == ENGINE_STARTING ||
	    e->state == ENGINE_WALKING)
		give_up_round(e, r);
	return true;
}

static void
send(struct engine *e, const char *sql, const struct db_value *v, int count,
    void (*on_reply)(const struct db_reply *r, void *arg))
{
	db_link_send(e->link, sql, v, count, on_reply, e);
}

static struct db_value
value_of(struct buf *b)
{
	return (struct db_value){buf_str(b), (int)b->len};
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
		if (it->at > e->mark && !e->walking)
			e->mark = it->at;
	}
	e->stats.judged += e->round.count;
	e->stats.steps += e->round.step_count;
	e->stats.rounds++;
	e->stats.last_round_us = (int64_t)(loop_now() - e->started);
	round_clear(&e->round);
}

/* A fact that became known late: its subject is looked at once more as of the
 * mark, because later facts have been judged already. */
static void
again_at_mark(struct engine *e)
{
	for (size_t i = 0; i < e->round.count; i++) {
		struct round_item *it = &e->round.items[i];

		if (!e->walking && it->cause && it->at < e->mark &&
		    it->next > e->mark)
			it->next = e->mark;
	}
}

static void
on_committed(const struct db_reply *r, void *arg)
{
	struct engine *e = arg;
	char topic[32];
	const char *text;
	int len;

	if (failed(e, r))
		return;
	buf_reset(&e->spent);
	again_at_mark(e);
	finish_round(e);
	for (int i = 0; e->options.on_changed && i < db_rows(r->rows); i++) {
		text = db_text(r->rows, i, 0, &len);
		snprintf(topic, sizeof(topic), "%.*s", len, text);
		e->options.on_changed(topic, db_int(r->rows, i, 1),
		    db_int(r->rows, i, 1), e->options.arg);
	}
	next_thing(e);
}

static void
commit(struct engine *e)
{
	struct round *r = &e->round;
	struct buf ids = {0}, mark = {0};
	struct db_value v[5];
	int64_t upto = e->mark;

	for (size_t i = 0; i < r->count && !e->walking; i++)
		if (r->items[i].at > upto)
			upto = r->items[i].at;
	for (size_t i = 0; i < e->round_row_count; i++) {
		struct queue_row *q = &e->rows[e->round_rows[i]];

		if (--q->left > 0)
			continue;
		buf_addf(
		    &e->spent, "%s%" PRId64, e->spent.len ? "," : "", q->id);
		e->rows_left--;
	}
	e->round_row_count = 0;
	buf_addf(&ids, "{%s}", buf_str(&e->spent));
	buf_addf(&mark, "%" PRId64, upto);
	v[0] = value_of(&ids);
	v[1] = value_of(&mark);
	v[2] = v[3] = v[4] = (struct db_value){NULL, 0};
	if (r->state_count || r->step_count) {
		v[2] = value_of(&r->states);
		v[3] = value_of(&r->json_steps);
		v[4] = value_of(&r->effects);
	}
	if (e->walking && !r->state_count) {
		finish_round(e);
		next_thing(e);
	} else
		send(e,
		    "select topic, org_code from firebreak.engine_commit("
		    "$1::bigint[], $2::bigint, $3::jsonb, $4::jsonb,"
		    " $5::jsonb)",
		    v, 5, on_committed);
	buf_clear(&ids);
	buf_clear(&mark);
}

/* Values ----------------------------------------------------------------- */

static void
on_faces(const struct db_reply *r, void *arg)
{
	struct engine *e = arg;

	if (failed(e, r))
		return;
	round_take_faces(&e->round, r->rows);
	commit(e);
}

static void
judge_round(struct engine *e)
{
	struct buf subjects = {0};
	struct db_value v;
	char *sql;

	round_judge(&e->round);
	if (e->round.step_count == 0) {
		commit(e);
		return;
	}
	round_step_subjects(&e->round, &subjects);
	v = value_of(&subjects);
	sql = compile_faces(e->round.program);
	send(e, sql, &v, 1, on_faces);
	free(sql);
	buf_clear(&subjects);
}

struct asked {
	struct engine *engine;
	size_t which;
	bool group;
};

static void
on_values(const struct db_reply *r, void *arg)
{
	struct asked a = *(struct asked *)arg;
	struct engine *e = a.engine;

	free(arg);
	if (failed(e, r) || e->pending == 0)
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
	e->pending++;
	db_link_send(e->link, sql, v, count, on_values, copy);
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

	if (failed(e, r))
		return;
	round_take_states(&e->round, r->rows);
	round_subjects(&e->round, &b[0]);
	round_instants(&e->round, &b[1]);
	round_exacts(&e->round, &b[2]);
	for (size_t i = 0; i < p->since_count && count < VALUES_MOST; i++)
		round_since(&e->round, i, &b[count++]);
	for (int i = 0; i < count; i++)
		v[i] = value_of(&b[i]);
	e->pending = 0;
	for (size_t i = 0; i < p->statement_count; i++)
		ask(e, p->statements[i].sql, (struct asked){.which = i}, v,
		    count);
	ask_groups(e, &v[0]);
	for (int i = 0; i < count; i++)
		buf_clear(&b[i]);
}

static void
start_round(struct engine *e)
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
	v[0] = value_of(&subjects);
	v[1] = value_of(&rules);
	send(e,
	    "select p.i, k.j, r.state, firebreak.to_us(r.since),"
	    " firebreak.to_us(r.opened), r.pending,"
	    " firebreak.to_us(r.pending_since), r.repeats"
	    " from unnest($2::text[]) with ordinality k(rule_id, j)"
	    " join firebreak.rule_state r on r.rule_id = k.rule_id"
	    " join unnest($1::bigint[]) with ordinality p(subject, i)"
	    " on p.subject = r.subject",
	    v, 2, on_states);
	buf_clear(&subjects);
	buf_clear(&rules);
}

/* Everybody once ----------------------------------------------------------- */

static void
on_walk(const struct db_reply *r, void *arg)
{
	struct engine *e = arg;
	struct round_item *it;

	if (failed(e, r))
		return;
	round_start(&e->round, &e->set->programs[e->program]);
	for (int i = 0; i < db_rows(r->rows); i++) {
		e->walk_after = db_int(r->rows, i, 0);
		it = round_add(&e->round, e->walk_after, e->walk_base);
		it->exact = due_rows_of(&e->due[e->program], it->subject) > 0;
	}
	if (e->round.count == 0) {
		e->program++;
		e->walk_after = INT64_MIN;
		next_thing(e);
	} else
		start_round(e);
}

static bool
walk_on(struct engine *e)
{
	struct buf after = {0};
	struct db_value v[2];
	char slice[16], *sql;

	while (e->program < e->set->sources->subject_count &&
	       e->set->programs[e->program].rule_count == 0)
		e->program++;
	if (e->program >= e->set->sources->subject_count) {
		e->walking = false;
		e->stats.ready = true;
		if (e->walk_base > e->mark)
			e->mark = e->walk_base;
		log_info("engine: %" PRIu64 " subjects judged, %" PRIu64
			 " steps",
		    e->stats.judged, e->stats.steps);
		return false;
	}
	e->state = ENGINE_WALKING;
	buf_addf(&after, "%" PRId64, e->walk_after);
	snprintf(slice, sizeof(slice), "%d", WALK_SLICE);
	v[0] = value_of(&after);
	v[1] = (struct db_value){slice, (int)strlen(slice)};
	sql = compile_walk(&e->set->programs[e->program]);
	send(e, sql, v, 2, on_walk);
	free(sql);
	buf_clear(&after);
	return true;
}

static void
begin_walk(struct engine *e)
{
	e->walking = true;
	e->program = 0;
	e->walk_after = INT64_MIN;
	e->walk_base = e->mark ? e->mark : now(e);
	for (size_t i = 0; i < e->set->sources->subject_count; i++)
		due_clear(&e->due[i]);
	e->row_count = e->rows_left = 0;
	buf_reset(&e->spent);
	e->poked = true;
}

/* The change queue --------------------------------------------------------- */

static const int mark_columns[] = {3, 4, 5}; /* subject customer person */
static const char *const mark_names[] = {"subject", "customer_id", "person_id"};

static void
add_entry(
    struct engine *e, size_t kind, int64_t subject, int64_t at, size_t row)
{
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
		for (c = 0; strcmp(mark_names[c], s->marks[m].sql); c++)
			continue;
		if (!db_is_null(rows, i, mark_columns[c]))
			add_entry(
			    e, kind, db_int(rows, i, mark_columns[c]), at, row);
		else
			e->walk_again = true; /* a whole batch changed */
		if (c == 0 && !db_is_null(rows, i, 2))
			add_entry(e, kind, db_int(rows, i, 2), at, row);
	}
}

static void
take_row(struct engine *e, const struct pg_result *rows, int i)
{
	size_t row = e->row_count++;
	const char *text;
	int len;

	e->rows[row] = (struct queue_row){db_int(rows, i, 0), 0};
	text = db_text(rows, i, 1, &len);
	for (size_t j = 0; j < e->set->sources->source_count; j++) {
		const struct source_def *s = &e->set->sources->sources[j];

		if ((int)strlen(s->queue) == len &&
		    memcmp(s->queue, text, (size_t)len) == 0)
			mark_subjects(e, s, rows, i, row);
	}
	if (e->rows[row].left)
		e->rows_left++;
	else /* no rule asks for it */
		buf_addf(&e->spent, "%s%" PRId64, e->spent.len ? "," : "",
		    e->rows[row].id);
}

static void
on_taken(const struct db_reply *r, void *arg)
{
	struct engine *e = arg;

	if (failed(e, r))
		return;
	e->row_count = 0;
	e->rows =
	    xrealloc_array(e->rows, (size_t)db_rows(r->rows), sizeof(*e->rows));
	for (int i = 0; i < db_rows(r->rows); i++)
		take_row(e, r->rows, i);
	if (db_rows(r->rows) == TAKE_MOST)
		e->poked = true;
	next_thing(e);
}

static void
take(struct engine *e)
{
	static const struct db_value most = {"5000", 4};

	e->poked = false;
	send(e,
	    "select change_id, source, old_subject, subject, customer_id,"
	    " person_id, at from firebreak.engine_take($1::bigint)",
	    &most, 1, on_taken);
}

/* Rounds ------------------------------------------------------------------- */

static bool
is_due(const struct due_entry *t, int64_t clock)
{
	return t && (t->row >= 0 || t->at <= clock);
}

/* The program whose turn it is: those with breakers first. */
static bool
choose_program(struct engine *e, int64_t clock)
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
	e->round_rows = xrealloc_array(
	    e->round_rows, e->round_row_count + 1, sizeof(*e->round_rows));
	e->round_rows[e->round_row_count++] = t.row;
}

/* Entries of one kind, a subject at one instant only; where a limit makes
 * subjects depend on one another, nothing overtakes. */
static void
collect(struct engine *e, int64_t clock)
{
	struct due *due = &e->due[e->program];
	const struct program *p = &e->set->programs[e->program];
	struct due_entry *aside = NULL, t;
	size_t aside_count = 0;
	uint32_t number;
	bool known;

	round_start(&e->round, p);
	due_select(due);
	while (e->round.count < ROUND_MOST && aside_count < ROUND_MOST &&
	       is_due(due_top(due), clock)) {
		t = due_pop(due);
		number = (uint32_t)e->round.count;
		known = due_mark(due, t.subject, &number);
		if (!known || e->round.items[number].at == t.at) {
			add_to_round(e, t, number, known);
			continue;
		}
		aside = xrealloc_array(aside, aside_count + 1, sizeof(*aside));
		aside[aside_count++] = t;
		if (p->ordered)
			break;
	}
	while (aside_count)
		due_put_back(due, aside[--aside_count]);
	free(aside);
	for (size_t i = 0; i < e->round.count; i++)
		e->round.items[i].exact =
		    due_rows_of(due, e->round.items[i].subject) > 0;
}

static void
sleep_until_due(struct engine *e, int64_t clock)
{
	int64_t earliest = clock + 2 * SECOND;
	const struct due_entry *t;

	for (size_t i = 0; i < e->set->sources->subject_count; i++) {
		t = due_top(&e->due[i]);
		if (t && t->at < earliest)
			earliest = t->at;
	}
	e->state = ENGINE_IDLE;
	wait_again(e, earliest > clock ? (uint64_t)(earliest - clock) : 0);
}

static void install(struct engine *e);

static void
next_thing(struct engine *e)
{
	int64_t clock = now(e);

	if (e->walking && walk_on(e))
		return;
	e->state = ENGINE_BUSY;
	if (e->next_set && e->rows_left == 0) {
		install(e);
		return;
	}
	if (e->poked && e->rows_left == 0) {
		take(e);
		return;
	}
	if (choose_program(e, clock)) {
		collect(e, clock);
		start_round(e);
		return;
	}
	if (e->spent.len) {
		round_start(&e->round, &e->set->programs[0]);
		commit(e);
		return;
	}
	if (e->walk_again) {
		e->walk_again = false;
		if (clock > e->mark)
			e->mark = clock;
		begin_walk(e);
		next_thing(e);
		return;
	}
	sleep_until_due(e, clock);
}

/* Beginning ---------------------------------------------------------------- */

static void
on_installed(const struct db_reply *r, void *arg)
{
	struct engine *e = arg;
	const char *text;
	int len;

	if (failed(e, r))
		return;
	for (int i = 0; i < db_rows(r->rows); i++) {
		text = db_text(r->rows, i, 0, &len);
		for (size_t j = 0; j < e->set->rule_count; j++)
			if ((int)strlen(e->set->rules[j].id) == len &&
			    !memcmp(e->set->rules[j].id, text, (size_t)len))
				e->set->rules[j].version =
				    db_int(r->rows, i, 1);
	}
	begin_walk(e);
	next_thing(e);
}

static void
add_text(struct buf *out, const char *key, const char *text)
{
	buf_addf(out, "%s\"%s\":\"", key[0] == 'r' ? "" : ",", key);
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			buf_add_byte(out, '\\');
		if ((unsigned char)*text < 0x20)
			buf_addf(out, "\\u%04x", *text);
		else
			buf_add_byte(out, (uint8_t)*text);
	}
	buf_add_str(out, "\"");
}

static void
install(struct engine *e)
{
	static const char *const engines[] = {
	    "warning", "breaker", "quality", "review"};
	struct buf out = {0};
	struct db_value v;

	if (e->next_set) {
		for (size_t i = 0; i < e->set->sources->subject_count; i++)
			due_clear(&e->due[i]);
		ruleset_free(e->set);
		free(e->due);
		e->set = e->next_set;
		e->next_set = NULL;
		e->due =
		    xcalloc(e->set->sources->subject_count, sizeof(*e->due));
	}
	buf_add_str(&out, "[");
	for (size_t i = 0; i < e->set->rule_count; i++) {
		const struct rule *r = &e->set->rules[i];

		buf_add_str(&out, i ? ",{" : "{");
		add_text(&out, "rule", r->id);
		add_text(&out, "title_zh", r->title_zh);
		add_text(&out, "title_en", r->title_en);
		add_text(&out, "engine", engines[r->engine]);
		add_text(&out, "kind", r->subject->name);
		add_text(&out, "owner", r->owner);
		add_text(&out, "text", r->text);
		buf_add_str(&out, "}");
	}
	buf_add_str(&out, "]");
	v = value_of(&out);
	send(e,
	    "select rule_id, version from firebreak.engine_install($1::jsonb)",
	    &v, 1, on_installed);
	buf_clear(&out);
}

static void
on_lock(const struct db_reply *r, void *arg)
{
	struct engine *e = arg;

	if (failed(e, r))
		return;
	e->stats.leader = db_int(r->rows, 0, 0) != 0;
	if (!e->stats.leader) {
		e->state = ENGINE_WAITING;
		wait_again(e, SECOND);
		return;
	}
	e->offset = db_int(r->rows, 0, 1) - loop_wallclock();
	e->mark = db_int(r->rows, 0, 2);
	install(e);
}

static void
start(struct engine *e)
{
	e->state = ENGINE_STARTING;
	send(e,
	    "select set_config('firebreak.lo', '-9223372036854775808',"
	    " false), set_config('firebreak.hi', '9223372036854775807',"
	    " false)",
	    NULL, 0, NULL);
	send(e,
	    e->stats.leader
		? "select true, firebreak.to_us(clock.now()),"
		  " (select firebreak.to_us(mark) from firebreak.engine)"
		: "select pg_try_advisory_lock(" LOCK_KEY "),"
		  " firebreak.to_us(clock.now()),"
		  " (select firebreak.to_us(mark) from firebreak.engine)",
	    NULL, 0, on_lock);
}

static void
on_up(void *arg)
{
	start(arg);
}

static void
on_down(const char *why, void *arg)
{
	struct engine *e = arg;

	log_warn("engine: the database is away: %s", why);
	e->state = ENGINE_DOWN;
	e->stats.leader = e->stats.ready = false;
	e->pending = 0;
	e->walking = false;
	round_clear(&e->round);
	loop_timer_stop(e->timer);
}

static void
on_notify(const char *payload, void *arg)
{
	(void)payload;
	engine_poke(arg);
}

static void
on_time(void *arg)
{
	struct engine *e = arg;

	if (e->state == ENGINE_WAITING)
		start(e);
	else if (e->state == ENGINE_IDLE) {
		e->poked = true;
		next_thing(e);
	}
}

struct engine *
engine_new(struct loop *l, const struct engine_options *o, struct diags *d)
{
	static const struct db_link_events events = {on_up, on_down, on_notify};
	struct ruleset *set = ruleset_load(o->pack, d);
	struct engine *e;

	if (!set)
		return NULL;
	e = xcalloc(1, sizeof(*e));
	e->loop = l;
	e->options = *o;
	e->set = set;
	e->due = xcalloc(set->sources->subject_count, sizeof(*e->due));
	e->pack = xstrdup(o->pack);
	e->timer = loop_timer_new(l, on_time, e);
	e->link = db_link_new(l, o->conninfo, o->listen, &events, e);
	return e;
}

void
engine_free(struct engine *e)
{
	if (!e)
		return;
	db_link_free(e->link);
	loop_timer_cancel(e->timer);
	round_clear(&e->round);
	for (size_t i = 0; i < e->set->sources->subject_count; i++)
		due_clear(&e->due[i]);
	free(e->due);
	ruleset_free(e->set);
	ruleset_free(e->next_set);
	free(e->rows);
	free(e->round_rows);
	buf_clear(&e->spent);
	free(e->pack);
	free(e);
}

void
engine_poke(struct engine *e)
{
	e->poked = true;
	if (e->state == ENGINE_IDLE)
		next_thing(e);
}

int
engine_reload(struct engine *e, struct diags *d)
{
	struct ruleset *set = ruleset_load(e->pack, d);

	if (!set)
		return -1;
	ruleset_free(e->next_set);
	e->next_set = set;
	engine_poke(e);
	return 0;
}

bool
engine_is_idle(const struct engine *e)
{
	return e->state == ENGINE_IDLE && !e->poked;
}

void
engine_stats(const struct engine *e, struct engine_stats *s)
{
	*s = e->stats;
}
