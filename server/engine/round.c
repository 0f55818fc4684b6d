/* A round: values in, standings judged. */
#include "server/engine/round.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "server/db.h"
#include "server/engine/compile.h"

void
round_start(struct round *r, const struct program *p)
{
	*r = (struct round){.program = p};
}

static void
free_texts(struct round *r)
{
	size_t inputs = r->program ? r->program->input_count : 0;

	for (size_t i = 0; r->values && i < r->count * inputs; i++)
		free(r->values[i].text);
}

void
round_clear(struct round *r)
{
	free_texts(r);
	free(r->items);
	free(r->standings);
	free(r->values);
	free(r->steps);
	free(r->groups);
	free(r->open);
	buf_clear(&r->rest);
	buf_clear(&r->kept);
	buf_clear(&r->json_steps);
	for (size_t i = 0; i < VERB_COUNT; i++)
		buf_clear(&r->verbs[i]);
	*r = (struct round){0};
}

struct round_item *
round_add(struct round *r, int64_t subject, int64_t at)
{
	if (r->count == r->size) {
		r->size = r->size ? r->size * 2 : 64;
		r->items = xrealloc_array(r->items, r->size, sizeof(*r->items));
	}
	r->items[r->count] = (struct round_item){
	    .subject = subject, .at = at, .next = EVAL_NEVER};
	return &r->items[r->count++];
}

void
round_prepare(struct round *r)
{
	size_t inputs = r->program->input_count;
	size_t rules = r->program->rule_count;

	r->values = xcalloc(r->count * inputs, sizeof(*r->values));
	r->standings = xcalloc(r->count * rules, sizeof(*r->standings));
	r->groups = xcalloc(r->count * rules, sizeof(*r->groups));
	for (size_t i = 0; i < r->count * inputs; i++)
		r->values[i].missing = true;
	for (size_t i = 0; i < r->count; i++) {
		struct round_item *it = &r->items[i];

		it->facts = (struct facts){.at = it->at,
		    .inputs = r->values + i * inputs,
		    .next = EVAL_NEVER};
		for (size_t j = 0; j < rules; j++)
			standing_init(
			    &r->standings[i * rules + j], r->program->rules[j]);
	}
}

/* Arrays ----------------------------------------------------------------- */

void
round_subjects(const struct round *r, struct buf *out)
{
	buf_add_str(out, "{");
	for (size_t i = 0; i < r->count; i++)
		buf_addf(out, "%s%" PRId64, i ? "," : "", r->items[i].subject);
	buf_add_str(out, "}");
}

void
round_instants(const struct round *r, struct buf *out)
{
	buf_add_str(out, "{");
	for (size_t i = 0; i < r->count; i++)
		buf_addf(out, "%s%" PRId64, i ? "," : "", r->items[i].at);
	buf_add_str(out, "}");
}

void
round_exacts(const struct round *r, struct buf *out)
{
	buf_add_str(out, "{");
	for (size_t i = 0; i < r->count; i++)
		buf_addf(
		    out, "%s%c", i ? "," : "", r->items[i].exact ? 't' : 'f');
	buf_add_str(out, "}");
}

static size_t
rule_index(const struct program *p, const struct rule *rule)
{
	size_t i = 0;

	while (p->rules[i] != rule)
		i++;
	return i;
}

void
round_since(const struct round *r, size_t which, struct buf *out)
{
	const struct program *p = r->program;
	const struct input *in = p->inputs;
	const struct standing *s;
	int64_t since;
	size_t rule;

	for (size_t seen = 0; !in->rule || seen++ != which; in++)
		continue;
	rule = rule_index(p, in->rule);
	buf_add_str(out, "{");
	for (size_t i = 0; i < r->count; i++) {
		s = &r->standings[i * p->rule_count + rule];
		since = in->state == STATE_OPEN	      ? s->opened
			: s->state == STATE_HALF_OPEN ? s->since
						      : 0;
		if (since)
			buf_addf(out, "%s%" PRId64, i ? "," : "", since);
		else
			buf_addf(out, "%sNULL", i ? "," : "");
	}
	buf_add_str(out, "}");
}

/* Answers ------------------------------------------------------------------ */

static int
text_state(const struct pg_result *rows, int row, int column)
{
	char name[16] = "";
	const char *text;
	int len;

	if (db_is_null(rows, row, column))
		return -1;
	text = db_text(rows, row, column, &len);
	if (len < (int)sizeof(name))
		memcpy(name, text, (size_t)len);
	return state_parse(name);
}

/* i, rule number, state, since, opened, pending, pending_since, repeats */
void
round_take_states(struct round *r, const struct pg_result *rows)
{
	size_t rules = r->program->rule_count;

	for (int row = 0; row < db_rows(rows); row++) {
		size_t i = (size_t)db_int(rows, row, 0) - 1;
		size_t j = (size_t)db_int(rows, row, 1) - 1;
		int state = text_state(rows, row, 2);
		struct standing *s = &r->standings[i * rules + j];

		if (i >= r->count || j >= rules || state < 0)
			continue;
		s->state = (enum rule_state)state;
		s->since = db_int(rows, row, 3);
		s->opened = db_int(rows, row, 4);
		s->pending = text_state(rows, row, 5);
		s->pending_since = db_int(rows, row, 6);
		s->repeats = (int)db_int(rows, row, 7);
	}
}

static struct value
read_value(const struct pg_result *rows, int row, int column)
{
	struct value v = {0};
	const char *text;
	int len;

	if (db_is_null(rows, row, column)) {
		v.missing = true;
		return v;
	}
	switch (db_column_type(rows, column)) {
	case DB_REAL:
		v.number = db_real(rows, row, column);
		v.missing = isnan(v.number);
		break;
	case DB_TEXT:
		text = db_text(rows, row, column, &len);
		v.text = xstrndup(text, (size_t)len);
		break;
	default:
		v.number = (double)db_int(rows, row, column);
		break;
	}
	return v;
}

/* A kept time without facts behind it shows only what it is by now. */
static void
note_later(const struct input *in, struct facts *f, const struct value *v)
{
	if (in->kept && in->type == TYPE_TIME && !in->source->relation &&
	    !v->missing && v->number > (double)f->at &&
	    v->number > (double)f->later)
		f->later = (int64_t)v->number;
}

void
round_take_values(struct round *r, size_t which, const struct pg_result *rows)
{
	const struct statement *st = &r->program->statements[which];
	int wide = st->is_row ? 1 : 2, column;

	for (int row = 0; row < db_rows(rows); row++) {
		size_t i = (size_t)db_int(rows, row, 0) - 1;
		struct round_item *it = &r->items[i];

		if (i >= r->count)
			continue;
		if (st->is_row)
			it->facts.exists = db_int(rows, row, 1) != 0;
		for (size_t j = 0; j < st->slot_count; j++) {
			column = (st->is_row ? 2 : 1) + (int)j * wide;
			it->facts.inputs[st->slots[j]] =
			    read_value(rows, row, column);
			note_later(&r->program->inputs[st->slots[j]],
			    &it->facts, &it->facts.inputs[st->slots[j]]);
			if (!st->is_row && !db_is_null(rows, row, column + 1) &&
			    db_int(rows, row, column + 1) < it->facts.next)
				it->facts.next = db_int(rows, row, column + 1);
		}
	}
}

static struct round_group *
find_group(struct round *r, size_t rule, int64_t id)
{
	size_t rules = r->program->rule_count;

	for (size_t i = rule; i < r->open_count; i += rules)
		if (r->open[i].id == id)
			return &r->open[i];
	return NULL;
}

/* Groups of rule j stand at j, j + rules, … of the array. */
static void
add_group(struct round *r, size_t rule, struct round_group g)
{
	size_t rules = r->program->rule_count;

	r->open =
	    xrealloc_array(r->open, r->open_count + rules, sizeof(*r->open));
	memset(r->open + r->open_count, 0, rules * sizeof(*r->open));
	r->open[r->open_count + rule] = g;
	r->open_count += rules;
}

/* i, group, size, open */
void
round_take_groups(struct round *r, size_t which, const struct pg_result *rows)
{
	for (int row = 0; row < db_rows(rows); row++) {
		size_t i = (size_t)db_int(rows, row, 0) - 1;
		struct round_group g = {db_int(rows, row, 1),
		    db_int(rows, row, 2), db_int(rows, row, 3)};

		if (i >= r->count)
			continue;
		r->groups[i * r->program->rule_count + which] = g.id;
		if (!find_group(r, which, g.id))
			add_group(r, which, g);
	}
}

/* Judging ------------------------------------------------------------------ */

struct limit_context {
	struct round *round;
	size_t item, rule;
};

/* At most this share of the group at once, but one may always open. */
static bool
may_open(const struct rule *rule, void *arg)
{
	struct limit_context *c = arg;
	struct round *r = c->round;
	struct round_group *g;
	int64_t most;

	if (rule->limit <= 0)
		return true;
	g = find_group(
	    r, c->rule, r->groups[c->item * r->program->rule_count + c->rule]);
	if (!g)
		return true;
	/* 20 % of 5 is 1, whatever a double makes of it */
	most = (int64_t)floor((double)g->size * rule->limit + 1e-9);
	return g->open < (most > 1 ? most : 1);
}

static bool
is_open(enum rule_state s)
{
	return s == STATE_OPEN || s == STATE_HALF_OPEN;
}

static void
count_open(struct round *r, size_t item, size_t rule, struct step s)
{
	struct round_group *g = find_group(
	    r, rule, r->groups[item * r->program->rule_count + rule]);

	if (g)
		g->open += is_open(s.to) - is_open(s.from);
}

static void
add_state(struct round *r, const struct round_item *it, size_t rule,
    const struct standing *s)
{
	const struct rule *def = r->program->rules[rule];
	bool is_rest = standing_is_rest(s, def);
	struct buf *out = is_rest ? &r->rest : &r->kept;

	r->state_count++;
	buf_addf(out, "%s{\"rule\":\"%s\",\"subject\":%" PRId64,
	    out->len ? "," : "", def->id, it->subject);
	if (is_rest) {
		buf_add_str(out, "}");
		return;
	}
	buf_addf(out, ",\"kind\":\"%s\",\"state\":\"%s\",\"repeats\":%d",
	    def->subject->name, state_names[s->state], s->repeats);
	if (s->since)
		buf_addf(out, ",\"since\":%" PRId64, s->since);
	if (s->opened)
		buf_addf(out, ",\"opened\":%" PRId64, s->opened);
	if (s->pending >= 0)
		buf_addf(out, ",\"pending\":\"%s\",\"pending_since\":%" PRId64,
		    state_names[s->pending], s->pending_since);
	buf_add_str(out, "}");
}

static void
add_steps(struct round *r, size_t item, size_t rule, const struct judgement *j,
    const struct standing *after)
{
	r->steps = xrealloc_array(
	    r->steps, r->step_count + (size_t)j->count, sizeof(*r->steps));
	for (int i = 0; i < j->count; i++) {
		r->steps[r->step_count++] =
		    (struct round_step){r->program->rules[rule], j->steps[i],
			*after, i == j->count - 1, (int)rule};
		r->has_held |= j->steps[i].to == STATE_HELD;
		count_open(r, item, rule, j->steps[i]);
	}
	r->items[item].step_count += (size_t)j->count;
}

static void
judge_item(struct round *r, size_t item)
{
	struct round_item *it = &r->items[item];
	size_t rules = r->program->rule_count;
	struct limit_context limit = {r, item, 0};
	struct judge_options options = {may_open, &limit};
	struct judgement j;

	it->step_from = r->step_count;
	for (size_t i = 0; i < rules; i++) {
		struct standing *s = &r->standings[item * rules + i];

		limit.rule = i;
		it->facts.at = it->at;
		machine_judge(r->program->rules[i], r->program, &it->facts, s,
		    &options, &j);
		if (j.next < it->next)
			it->next = j.next;
		if (j.count)
			add_steps(r, item, i, &j, s);
		if (j.changed)
			add_state(r, it, i, s);
	}
}

/* Items beyond it were read and are not judged. */
static void
cut(struct round *r, size_t count)
{
	size_t inputs = r->program->input_count;

	for (size_t i = count * inputs; i < r->count * inputs; i++)
		free(r->values[i].text);
	r->count = count;
}

/* Whether an item has to wait for what those before it brought: an instant of
 * their own that is earlier than its own, or somebody whom a limit holds back
 * and who is to be let in by whoever closes next. */
static bool
must_wait(const struct round *r, size_t item, int64_t earliest)
{
	const struct round_item *it = &r->items[item];

	if (it->at > earliest)
		return true;
	return r->program->ordered && r->has_held &&
	       it->at != r->items[item - 1].at;
}

void
round_judge(struct round *r)
{
	int64_t earliest = EVAL_NEVER;

	for (size_t i = 0; i < r->count; i++) {
		if (i && must_wait(r, i, earliest)) {
			cut(r, i);
			break;
		}
		judge_item(r, i);
		if (r->items[i].next < earliest)
			earliest = r->items[i].next;
	}
}

void
round_step_subjects(const struct round *r, struct buf *out)
{
	const char *comma = "";

	buf_add_str(out, "{");
	for (size_t i = 0; i < r->count; i++) {
		/* one place an item, so that the numbers are the items' */
		if (r->items[i].step_count)
			buf_addf(out, "%s%" PRId64, comma, r->items[i].subject);
		else
			buf_addf(out, "%sNULL", comma);
		comma = ",";
	}
	buf_add_str(out, "}");
}
