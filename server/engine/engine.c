/* The order of the engine's work: lock, install, everybody once, then rounds.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/loop.h"
#include "common/mem.h"
#include "server/engine/compile.h"
#include "server/engine/engine_impl.h"

#define LOCK_KEY "7166322"

int64_t
engine_now(const struct engine *e)
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

bool
engine_failed(struct engine *e, const struct db_reply *r)
{
	if (r->err.code == ERR_NONE)
		return false;
	if (e->state == ENGINE_BUSY || e->state == ENGINE_STARTING ||
	    e->state == ENGINE_WALKING)
		give_up_round(e, r);
	return true;
}

void
engine_send(struct engine *e, const char *sql, const struct db_value *v,
    int count, void (*on_reply)(const struct db_reply *r, void *arg))
{
	db_link_send(e->link, sql, v, count, on_reply, e);
}

struct db_value
engine_value(struct buf *b)
{
	return (struct db_value){buf_str(b), (int)b->len};
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

void
engine_next(struct engine *e)
{
	int64_t clock = engine_now(e);

	if (e->walking && walk_on(e))
		return;
	e->state = ENGINE_BUSY;
	if (e->next_set && e->rows_left == 0) {
		install(e);
		return;
	}
	if (e->spent.len && e->rows_left == 0) {
		/* before the queue is read again: they would be in it */
		e->program = 0;
		round_start(&e->round, &e->set->programs[0]);
		work_commit(e);
		return;
	}
	if (e->poked && e->rows_left == 0 && !e->walk_again) {
		queue_take(e);
		return;
	}
	if (work_choose(e, clock)) {
		work_begin(e, clock);
		return;
	}
	if (e->walk_again) {
		for (size_t i = 0; i < e->set->sources->subject_count; i++)
			if (clock > e->marks[i])
				e->marks[i] = clock;
		walk_begin(e, true);
		engine_next(e);
		return;
	}
	sleep_until_due(e, clock);
}

static void
on_installed(const struct db_reply *r, void *arg)
{
	struct engine *e = arg;
	const char *text;
	int len;

	if (engine_failed(e, r))
		return;
	for (int i = 0; i < db_rows(r->rows); i++) {
		text = db_text(r->rows, i, 0, &len);
		for (size_t j = 0; j < e->set->rule_count; j++)
			if ((int)strlen(e->set->rules[j].id) == len &&
			    !memcmp(e->set->rules[j].id, text, (size_t)len))
				e->set->rules[j].version =
				    db_int(r->rows, i, 1);
	}
	/* what is true of rules or rows that are new did not just happen */
	if (db_rows(r->rows) && db_int(r->rows, 0, 2))
		e->backlog = true;
	walk_begin(e, false);
	engine_next(e);
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

/* The marks of a set of rules, by the names of its subjects. */
static void
take_set(struct engine *e, struct ruleset *set)
{
	const struct sources *was = e->set->sources, *is = set->sources;
	int64_t *marks = xcalloc(is->subject_count, sizeof(*marks));
	const struct subject_def *same;

	for (size_t i = 0; i < is->subject_count; i++) {
		same = sources_subject(was, is->subjects[i].name);
		if (same)
			marks[i] = e->marks[same - was->subjects];
	}
	for (size_t i = 0; i < was->subject_count; i++)
		due_clear(&e->due[i]);
	free(e->due);
	free(e->marks);
	ruleset_free(e->set);
	e->set = set;
	e->marks = marks;
	e->due = xcalloc(is->subject_count, sizeof(*e->due));
}

static void
install(struct engine *e)
{
	static const char *const engines[] = {
	    "warning", "breaker", "quality", "review"};
	struct buf out = {0};
	struct db_value v;

	if (e->next_set) {
		take_set(e, e->next_set);
		e->next_set = NULL;
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
	v = engine_value(&out);
	engine_send(e,
	    "select rule_id, version, is_new from"
	    " firebreak.engine_install($1::jsonb)",
	    &v, 1, on_installed);
	buf_clear(&out);
}

static void
on_marks(const struct db_reply *r, void *arg)
{
	struct engine *e = arg;
	const struct subject_def *s;
	char name[64];
	const char *text;
	int len;

	if (engine_failed(e, r))
		return;
	for (size_t i = 0; i < e->set->sources->subject_count; i++)
		e->marks[i] = 0;
	for (int i = 0; i < db_rows(r->rows); i++) {
		text = db_text(r->rows, i, 0, &len);
		snprintf(name, sizeof(name), "%.*s", len, text);
		s = sources_subject(e->set->sources, name);
		if (s)
			e->marks[s - e->set->sources->subjects] =
			    db_int(r->rows, i, 1);
	}
	install(e);
}

/* What everybody wants to know who begins: how many are held, and whether a
 * whole batch of rows waits.  Asked behind the lock, in a statement of its own:
 * one that takes the lock does not see what its last holder committed. */
#define BEGIN_SQL                                                            \
	"select firebreak.to_us(clock.now()),"                               \
	" (select count(*) from firebreak.rule_state where state = 'held')," \
	" exists (select from firebreak.engine_take(9223372036854775807) q"  \
	" where coalesce(q.subject, q.customer_id, q.person_id) is null)"

static void
on_begun(const struct db_reply *r, void *arg)
{
	struct engine *e = arg;

	if (engine_failed(e, r))
		return;
	e->offset = db_int(r->rows, 0, 0) - loop_wallclock();
	e->held = db_int(r->rows, 0, 1);
	e->backlog = db_int(r->rows, 0, 2) != 0;
}

static void
on_lock(const struct db_reply *r, void *arg)
{
	struct engine *e = arg;

	if (engine_failed(e, r))
		return;
	e->stats.leader = db_int(r->rows, 0, 0) != 0;
	if (!e->stats.leader) {
		e->state = ENGINE_WAITING;
		wait_again(e, SECOND / 5);
		return;
	}
	engine_send(e, BEGIN_SQL, NULL, 0, on_begun);
	engine_send(e,
	    "select subject_kind, firebreak.to_us(mark) from firebreak.engine",
	    NULL, 0, on_marks);
}

static void
start(struct engine *e)
{
	e->state = ENGINE_STARTING;
	engine_send(e,
	    "select set_config('firebreak.lo', '-9223372036854775808',"
	    " false), set_config('firebreak.hi', '9223372036854775807',"
	    " false)",
	    NULL, 0, NULL);
	engine_send(e,
	    e->stats.leader ? "select true"
			    : "select pg_try_advisory_lock(" LOCK_KEY ")",
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

	log_debug("engine: the database is away: %s", why);
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
		engine_next(e);
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
	e->marks = xcalloc(set->sources->subject_count, sizeof(*e->marks));
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
	work_clear(e);
	loop_timer_cancel(e->timer);
	round_clear(&e->round);
	for (size_t i = 0; i < e->set->sources->subject_count; i++)
		due_clear(&e->due[i]);
	free(e->due);
	free(e->marks);
	ruleset_free(e->set);
	ruleset_free(e->next_set);
	free(e->rows);
	free(e->round_entries);
	buf_clear(&e->spent);
	buf_clear(&e->batch);
	free(e->pack);
	free(e);
}

void
engine_poke(struct engine *e)
{
	e->poked = true;
	if (e->state == ENGINE_IDLE)
		engine_next(e);
}

int
engine_reload(struct engine *e, struct diags *d)
{
	struct ruleset *set = ruleset_load(e->pack, d);

	if (!set)
		return -1;
	if (ruleset_same(set, e->next_set ? e->next_set : e->set)) {
		ruleset_free(set);
		return 0;
	}
	ruleset_free(e->next_set);
	e->next_set = set;
	engine_poke(e);
	return 1;
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
