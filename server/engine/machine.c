/* The two state machines. */
#include "server/engine/machine.h"

#include <math.h>

struct context {
	const struct rule *rule;
	const struct program *program;
	struct facts *facts;
	struct standing *standing;
	const struct judge_options *options;
	struct judgement *out;
	struct eval eval;
};

static bool
is_different(const struct standing *a, const struct standing *b)
{
	return a->state != b->state || a->since != b->since ||
	       a->opened != b->opened || a->pending != b->pending ||
	       a->pending_since != b->pending_since || a->repeats != b->repeats;
}

static enum rule_state
rest_state(const struct rule *r)
{
	return r->engine == RULE_BREAKER ? STATE_CLOSED : STATE_OK;
}

void
standing_init(struct standing *s, const struct rule *r)
{
	*s = (struct standing){.state = rest_state(r), .pending = -1};
}

bool
standing_is_rest(const struct standing *s, const struct rule *r)
{
	return s->state == rest_state(r) && s->pending < 0 &&
	       (r->engine != RULE_BREAKER || s->since == 0);
}

static void
wait_until(struct context *c, int64_t at)
{
	if (at > c->facts->at && at < c->eval.next)
		c->eval.next = at;
}

/* Windows since a state that begins now are empty. */
static void
empty_windows(struct context *c, enum rule_state began)
{
	for (size_t i = 0; i < c->program->input_count; i++) {
		const struct input *in = &c->program->inputs[i];

		if (in->rule == c->rule && in->state == (int)began)
			c->facts->inputs[i] =
			    (struct value){.missing = in->type != TYPE_COUNT};
	}
}

/* `at` may lie before the judged instant: what was missed is dated rightly. */
static void
step_to(struct context *c, enum rule_state to, int64_t at)
{
	struct standing *s = c->standing;
	struct judgement *out = c->out;

	if (out->count == STEPS_MOST)
		return;
	out->steps[out->count++] = (struct step){s->state, to, at};
	s->state = to;
	s->since = at;
	s->pending = -1;
	s->pending_since = 0;
	if (to == STATE_OPEN || to == STATE_HALF_OPEN)
		empty_windows(c, to);
}

/* The worst level that holds; -1: it cannot be known. */
static int
find_level(struct context *c)
{
	int found = STATE_OK;

	for (int level = STATE_RED; level > STATE_OK; level--) {
		const struct expr *e = c->rule->when[level].tree;
		/* all are evaluated, for the instants they wait for */
		enum truth t = e ? eval_truth(&c->eval, e) : TRUTH_FALSE;

		if (found != STATE_OK || t == TRUTH_FALSE)
			continue;
		found = t == TRUTH_TRUE ? level : -1;
	}
	return found;
}

/* When a level that has been waiting since pending_since counts. */
static int64_t
level_due(const struct context *c, int level, bool unknown)
{
	const struct rule *r = c->rule;
	const struct standing *s = c->standing;
	int64_t from = s->pending_since, held = s->since + (int64_t)r->hold;

	if (unknown)
		return from + (int64_t)r->stale;
	if (level == STATE_NO_DATA)
		return from;
	if (s->state == STATE_NO_DATA || level > (int)s->state)
		return level == STATE_OK ? from : from + (int64_t)r->wait;
	return r->hold > 0 && held > from ? held : from;
}

static void
judge_levels(struct context *c)
{
	struct standing *s = c->standing;
	enum truth given = eval_truth(&c->eval, c->rule->given.tree);
	int level = find_level(c);
	bool unknown = given == TRUTH_TRUE && level < 0;
	int64_t due;

	if (given != TRUTH_TRUE || unknown)
		level = STATE_NO_DATA;
	if (level == (int)s->state) {
		s->pending = -1;
		s->pending_since = 0;
		return;
	}
	if (s->pending != level) {
		s->pending = level;
		s->pending_since = c->facts->at;
	}
	due = level_due(c, level, unknown);
	if (due <= c->facts->at)
		step_to(c, (enum rule_state)level, due);
	else
		wait_until(c, due);
}

/* How long it stays open: doubled with every reopening. */
static int64_t
open_length(const struct rule *r, int repeats)
{
	double length = r->at_least;

	while (repeats-- > 0 && length < r->at_most_least)
		length *= 2;
	if (length > r->at_most_least && r->at_most_least > r->at_least)
		length = r->at_most_least;
	return (int64_t)length;
}

/* Once it has closed it counts what is new: for the length of its longest
 * window the old facts are still in it. */
static bool
is_recovering(struct context *c)
{
	struct standing *s = c->standing;
	int64_t until = s->since + (int64_t)c->rule->longest;

	if (s->state != STATE_CLOSED || s->since == 0)
		return false;
	if (c->facts->at < until) {
		wait_until(c, until);
		return true;
	}
	s->since = 0;
	return false;
}

static bool
judge_closed(struct context *c)
{
	struct standing *s = c->standing;
	bool may;

	if (is_recovering(c))
		return false;
	if (eval_truth(&c->eval, c->rule->trip.tree) != TRUTH_TRUE) {
		if (s->state == STATE_HELD) {
			step_to(c, STATE_CLOSED, c->facts->at);
			s->since = 0;
		}
		return false;
	}
	may = !c->options || !c->options->may_open ||
	      c->options->may_open(c->rule, c->options->arg);
	if (!may) {
		if (s->state == STATE_CLOSED)
			step_to(c, STATE_HELD, c->facts->at);
		return false;
	}
	s->repeats = 0;
	s->opened = c->facts->at;
	step_to(c, STATE_OPEN, c->facts->at);
	return true;
}

static bool
judge_open(struct context *c)
{
	struct standing *s = c->standing;
	int64_t least = s->since + open_length(c->rule, s->repeats);
	enum truth after = eval_truth(&c->eval, c->rule->after.tree);

	if (c->facts->at < least) {
		wait_until(c, least);
		return false;
	}
	if (after != TRUTH_TRUE)
		return false;
	step_to(c, STATE_HALF_OPEN, c->facts->at);
	return true;
}

static bool
judge_half_open(struct context *c)
{
	struct standing *s = c->standing;
	enum truth close = eval_truth(&c->eval, c->rule->close.tree);
	enum truth reopen = eval_truth(&c->eval, c->rule->reopen.tree);

	if (close == TRUTH_TRUE) {
		s->repeats = 0;
		s->opened = 0;
		step_to(c, STATE_CLOSED, c->facts->at);
		return true;
	}
	if (reopen != TRUTH_TRUE)
		return false;
	s->repeats++;
	s->opened = c->facts->at;
	step_to(c, STATE_OPEN, c->facts->at);
	return true;
}

static void
read_clock(struct context *c)
{
	const struct standing *s = c->standing;

	c->eval.opened = s->opened ? (double)s->opened : NAN;
	c->eval.half = s->state == STATE_HALF_OPEN ? (double)s->since : NAN;
}

static void
judge_breaker(struct context *c)
{
	static bool (*const judges[STATE_COUNT])(struct context *) = {
	    [STATE_CLOSED] = judge_closed,
	    [STATE_HELD] = judge_closed,
	    [STATE_OPEN] = judge_open,
	    [STATE_HALF_OPEN] = judge_half_open,
	};

	do {
		c->eval.next = EVAL_NEVER;
		read_clock(c);
	} while (judges[c->standing->state](c) && c->out->count < STEPS_MOST);
}

void
machine_judge(const struct rule *r, const struct program *p,
    struct facts *facts, struct standing *s, const struct judge_options *o,
    struct judgement *out)
{
	struct standing was = *s;
	struct context c = {.rule = r,
	    .program = p,
	    .facts = facts,
	    .standing = s,
	    .options = o,
	    .out = out};

	*out = (struct judgement){.next = EVAL_NEVER};
	/* judged when that came to be, not as of an instant before it */
	if (facts->exists && facts->later > facts->at) {
		out->next = facts->later;
		return;
	}
	c.eval = (struct eval){.facts = facts, .next = EVAL_NEVER};
	/* a fact that became known late cannot change what has been said */
	if (facts->at < s->since)
		facts->at = s->since;
	if (!facts->exists) {
		if (s->state != rest_state(r))
			step_to(&c, rest_state(r), facts->at);
		s->pending = -1;
	} else if (r->engine == RULE_BREAKER)
		judge_breaker(&c);
	else
		judge_levels(&c);
	out->next = c.eval.next < facts->next ? c.eval.next : facts->next;
	out->changed = is_different(&was, s);
}
