/*
 * What names mean and whether units fit.  Every aggregate and field of a
 * subject that a rule reads becomes an input of the subject's program; equal
 * ones become one.
 */
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/mem.h"
#include "common/yaml.h"
#include "server/engine/rule.h"
#include "server/engine/unit.h"

struct checker {
	struct ruleset *set;
	struct rule *rule;
	struct program *program;
	struct diags *diags;
	const struct expr_text *text;	 /* of the expression under check */
	const struct source_def *source; /* inside where of an aggregate */
	size_t lets;			 /* those already known */
};

static enum expr_type check(struct checker *c, struct expr *e);

static bool
is_plain(enum expr_type t)
{
	return t == TYPE_COUNT || t == TYPE_NUMBER;
}

static bool
is_numeric(enum expr_type t)
{
	return t >= TYPE_COUNT && t <= TYPE_TIME;
}

/* May two types be compared, added, or stand for each other? */
static bool
fits(enum expr_type a, enum expr_type b)
{
	if (a == b || a == TYPE_NONE || b == TYPE_NONE)
		return true;
	if (is_plain(a) && is_plain(b))
		return true;
	return (a == TYPE_NUMBER && b == TYPE_PERCENT) ||
	       (a == TYPE_PERCENT && b == TYPE_NUMBER);
}

/* What a number without unit beside another type should have looked like. */
static const char *
unit_hint(enum expr_type other)
{
	static const char *const hints[TYPE_COUNT_OF] = {
	    [TYPE_DURATION] = "give the number a unit: m, h, d, w",
	    [TYPE_MONEY] = "give the number a unit: yuan",
	    [TYPE_PERCENT] = "write it as a percentage, e.g. 85%",
	    [TYPE_COUNT] = "a count is compared with a plain number",
	    [TYPE_TIME] = "age(…) turns a time into a duration",
	};

	return hints[other];
}

static enum expr_type
mismatch(struct checker *c, struct expr *e, const struct expr *a,
    const struct expr *b, const char *how)
{
	const char *hint = unit_hint(a->type);

	if (b->type == TYPE_PERCENT && a->type == TYPE_COUNT)
		hint = "divide the count by another to get a ratio";
	expr_fault(c->text, b->at, c->diags, "E020", NULL, hint,
	    "%s cannot be %s %s", type_name(a->type), how, type_name(b->type));
	e->type = TYPE_NONE;
	return TYPE_NONE;
}

static size_t
input_find(struct program *p, const char *name)
{
	size_t i = 0;

	while (i < p->input_count && strcmp(p->inputs[i].name, name) != 0)
		i++;
	return i;
}

/* The slot of an input; equal names are one.  Takes over the name. */
static int
input_add(struct program *p, char *name, struct input in)
{
	size_t i = input_find(p, name);

	if (i < p->input_count) {
		free(name);
		return (int)i;
	}
	in.name = name;
	p->inputs =
	    xrealloc_array(p->inputs, p->input_count + 1, sizeof(*p->inputs));
	p->inputs[p->input_count] = in;
	return (int)p->input_count++;
}

static enum expr_type
unknown_name(struct checker *c, const struct expr *e, const char *suggest)
{
	const char *why =
	    c->source
		? "a condition may name the fields its source lists"
		: "known are the names of let and the fields of the subject";

	if (c->source)
		expr_fault(c->text, e->at, c->diags, "E014", suggest, why,
		    "unknown field \"%s\" of %s", e->text, c->source->name);
	else
		expr_fault(c->text, e->at, c->diags, "E014", suggest, why,
		    "unknown name \"%s\"", e->text);
	return TYPE_NONE;
}

/* The nearest of all that could stand here. */
static const char *
nearest_name(struct checker *c, const char *word)
{
	const struct subject_def *s = c->rule->subject;
	const char *near = sources_nearest(
	    c->rule->lets, c->lets, sizeof(*c->rule->lets), word);

	return near ? near
		    : sources_nearest(
			  s->fields, s->field_count, sizeof(*s->fields), word);
}

static enum expr_type
check_state(struct checker *c, struct expr *e)
{
	int state = state_parse(e->text);

	if (c->rule->engine != RULE_BREAKER ||
	    (state != STATE_OPEN && state != STATE_HALF_OPEN))
		return TYPE_NONE;
	e->ref = EXPR_REF_STATE;
	e->slot = state;
	return TYPE_TIME;
}

static enum expr_type
check_name(struct checker *c, struct expr *e)
{
	const struct subject_def *s = c->rule->subject;
	const struct source_field *f;

	if (c->source) {
		f = source_field(
		    c->source->fields, c->source->field_count, e->text);
		if (f)
			return f->type;
		return unknown_name(c, e,
		    sources_nearest(c->source->fields, c->source->field_count,
			sizeof(*f), e->text));
	}
	for (size_t i = 0; i < c->lets; i++) {
		if (strcmp(c->rule->lets[i].name, e->text) != 0)
			continue;
		e->ref = EXPR_REF_LET;
		e->let = c->rule->lets[i].tree;
		return e->let ? e->let->type : TYPE_NONE;
	}
	f = source_field(s->fields, s->field_count, e->text);
	if (f) {
		struct input in = {.type = f->type, .field = f};

		e->ref = EXPR_REF_INPUT;
		e->slot = input_add(c->program, xstrdup(e->text), in);
		return f->type;
	}
	if (check_state(c, e) == TYPE_TIME)
		return TYPE_TIME;
	return unknown_name(c, e, nearest_name(c, e->text));
}

/* What a function makes of the type of its field; TYPE_NONE: it cannot. */
static enum expr_type
agg_type(const char *function, enum expr_type field)
{
	if (strcmp(function, "count") == 0 || strcmp(function, "distinct") == 0)
		return TYPE_COUNT;
	if (strcmp(function, "last") == 0)
		return field;
	if (strcmp(function, "sum") == 0)
		return field == TYPE_TIME || !is_numeric(field) ? TYPE_NONE
								: field;
	if (!is_numeric(field))
		return TYPE_NONE;
	return field == TYPE_COUNT && strcmp(function, "mean") == 0
		   ? TYPE_NUMBER
		   : field;
}

static enum expr_type
check_agg_field(struct checker *c, struct expr *e, const struct source_def *s)
{
	const struct source_field *f;
	enum expr_type type;

	if (!e->field) {
		if (strcmp(e->text, "count") == 0)
			return TYPE_COUNT;
		expr_fault(c->text, e->at, c->diags, "E021", NULL,
		    "only count needs no field",
		    "%s of what? write %s(%s.field)", e->text, e->text,
		    e->source);
		return TYPE_NONE;
	}
	f = source_field(s->fields, s->field_count, e->field);
	if (!f) {
		expr_fault(c->text, e->at, c->diags, "E014",
		    sources_nearest(
			s->fields, s->field_count, sizeof(*f), e->field),
		    "a rule may only name fields that its source lists",
		    "unknown field \"%s\" of %s", e->field, s->name);
		return TYPE_NONE;
	}
	type = agg_type(e->text, f->type);
	if (type == TYPE_NONE)
		expr_fault(c->text, e->at, c->diags, "E020", NULL, NULL,
		    "%s cannot be taken of %s", e->text, type_name(f->type));
	return type;
}

/* The state a window is counted from, and the parameter that carries it. */
static void
check_since(struct checker *c, struct expr *e, struct input *in)
{
	static const char *const states[] = {"open", "half_open", NULL};
	int state = state_parse(e->window.unit);

	if (state != STATE_OPEN && state != STATE_HALF_OPEN) {
		expr_fault(c->text, e->at, c->diags, "E022",
		    diag_nearest(e->window.unit, states), NULL,
		    "\"since\" takes a state of the breaker, not \"%s\"",
		    e->window.unit);
		return;
	}
	if (c->rule->engine != RULE_BREAKER)
		expr_fault(c->text, e->at, c->diags, "E022", NULL, NULL,
		    "only a breaker has states to count from");
	in->rule = c->rule;
	in->state = state;
}

static const char *
find_kept(const struct subject_def *s, const char *name)
{
	for (size_t i = 0; i < s->kept_count; i++)
		if (strcmp(s->kept[i].is, name) == 0)
			return s->kept[i].sql;
	return NULL;
}

static void
check_runs(struct checker *c, const struct expr *e, const struct input *in)
{
	const struct source_def *s = in->source;

	if (e->window.kind == WINDOW_CLOSED || e->window.kind == WINDOW_OPEN)
		expr_fault(c->text, e->at, c->diags, "E030", NULL,
		    "sliding windows (over 7d) and since run today",
		    "this version cannot run windows of the calendar yet");
	if (in->kept)
		return;
	if (!s->relation)
		expr_fault(c->text, e->at, c->diags, "E023", NULL,
		    "of this source only the values listed under kept can be "
		    "read",
		    "%s cannot be counted", s->name);
	else if (!pair_find(s->links, s->link_count, c->rule->subject->name))
		expr_fault(c->text, e->at, c->diags, "E023", NULL,
		    "links in sources.yaml say whose facts they are",
		    "%s are not linked to a %s", s->name,
		    c->rule->subject->name);
}

static enum expr_type
check_agg(struct checker *c, struct expr *e)
{
	const struct sources *all = c->set->sources;
	struct source_def *s = sources_source(all, e->source);
	struct buf name = {0};
	struct input in = {.agg = e, .source = s};

	if (c->source) {
		expr_fault(c->text, e->at, c->diags, "E021", NULL, NULL,
		    "an aggregate cannot stand inside another");
		return TYPE_NONE;
	}
	if (!s) {
		expr_fault(c->text, e->at, c->diags, "E014",
		    sources_nearest(all->sources, all->source_count,
			sizeof(*all->sources), e->source),
		    "sources are listed in sources.yaml",
		    "there is no source \"%s\"", e->source);
		return TYPE_NONE;
	}
	in.type = check_agg_field(c, e, s);
	if (e->count) {
		c->source = s;
		if (!fits(check(c, e->kids[0]), TYPE_BOOL))
			expr_fault(c->text, e->kids[0]->at, c->diags, "E020",
			    NULL, NULL, "where takes a condition, not %s",
			    type_name(e->kids[0]->type));
		c->source = NULL;
	}
	expr_print(e, &name);
	in.kept = find_kept(c->rule->subject, buf_str(&name));
	if (e->window.kind == WINDOW_SINCE) {
		check_since(c, e, &in);
		buf_addf(&name, " of %s", c->rule->id);
	}
	check_runs(c, e, &in);
	e->ref = EXPR_REF_INPUT;
	e->slot = input_add(c->program, buf_take(&name), in);
	return in.type;
}

/* Does it change while nothing happens? */
static bool
moves(const struct expr *e)
{
	if (e->op == EXPR_AGE || (e->let && moves(e->let)))
		return true;
	for (size_t i = 0; i < e->count && e->op != EXPR_AGG; i++)
		if (moves(e->kids[i]))
			return true;
	return false;
}

static enum expr_type
check_arith(struct checker *c, struct expr *e)
{
	struct expr *a = e->kids[0], *b = e->kids[1];
	char sign = e->text[0];

	if (a->type == TYPE_NONE || b->type == TYPE_NONE)
		return TYPE_NONE;
	if (!is_numeric(a->type) || !is_numeric(b->type))
		return mismatch(c, e, a, b, "combined with");
	if (sign == '+' || sign == '-') {
		if (a->type == TYPE_TIME && b->type == TYPE_TIME)
			return sign == '-' ? TYPE_DURATION
					   : mismatch(c, e, a, b, "added to");
		if (a->type == TYPE_TIME && b->type == TYPE_DURATION)
			return TYPE_TIME;
		if (!fits(a->type, b->type))
			return mismatch(c, e, a, b, "combined with");
		return a->type == b->type ? a->type : TYPE_NUMBER;
	}
	if (a->type == TYPE_TIME || b->type == TYPE_TIME)
		return mismatch(c, e, a, b, "multiplied with");
	if (moves(b) && (sign == '/' || moves(a))) {
		expr_fault(c->text, b->at, c->diags, "E025", NULL,
		    "its crossing of a threshold could not be foreseen",
		    "an age cannot be multiplied with an age, nor divide");
		return TYPE_NONE;
	}
	if (sign == '*') {
		if (is_plain(a->type) || a->type == TYPE_PERCENT)
			return is_plain(b->type) || b->type == TYPE_PERCENT
				   ? TYPE_NUMBER
				   : b->type;
		return is_plain(b->type) || b->type == TYPE_PERCENT
			   ? a->type
			   : mismatch(c, e, a, b, "multiplied with");
	}
	if (fits(a->type, b->type))
		return TYPE_NUMBER;
	return is_plain(b->type) || b->type == TYPE_PERCENT
		   ? a->type
		   : mismatch(c, e, a, b, "divided by");
}

/* A text compared with a field that has a list of values must be on it. */
static void
check_value(struct checker *c, const struct expr *field, const struct expr *v)
{
	const struct source_field *f = NULL;
	const char *near;

	if (v->op != EXPR_TEXT || field->op != EXPR_NAME)
		return;
	if (c->source)
		f = source_field(
		    c->source->fields, c->source->field_count, field->text);
	if (!f || !f->values)
		return;
	for (size_t i = 0; f->values[i]; i++)
		if (strcmp(f->values[i], v->text) == 0)
			return;
	near = diag_nearest(v->text, (const char *const *)f->values);
	expr_fault(c->text, v->at, c->diags, "E024", near,
	    "the values are listed in sources.yaml", "%s is never \"%s\"",
	    f->name, v->text);
}

static enum expr_type
check_compare(struct checker *c, struct expr *e)
{
	for (size_t i = 1; i < e->count; i++) {
		if (!fits(e->kids[0]->type, e->kids[i]->type))
			return mismatch(
			    c, e, e->kids[0], e->kids[i], "compared with");
		check_value(c, e->kids[0], e->kids[i]);
	}
	if (e->op != EXPR_IN && e->kids[0]->type >= TYPE_TEXT &&
	    (e->op == EXPR_BETWEEN || strchr("<>", e->text[0])))
		expr_fault(c->text, e->at, c->diags, "E020", NULL, NULL,
		    "%s has no order", type_name(e->kids[0]->type));
	return TYPE_BOOL;
}

static enum expr_type
check_logic(struct checker *c, struct expr *e)
{
	for (size_t i = 0; i < e->count; i++)
		if (!fits(e->kids[i]->type, TYPE_BOOL))
			expr_fault(c->text, e->kids[i]->at, c->diags, "E020",
			    NULL, "compare it with something",
			    "a condition is expected here, not %s",
			    type_name(e->kids[i]->type));
	return TYPE_BOOL;
}

static enum expr_type
check_age(struct checker *c, struct expr *e)
{
	if (e->workdays)
		expr_fault(c->text, e->at, c->diags, "E030", NULL, NULL,
		    "this version cannot count workdays yet");
	if (!fits(e->kids[0]->type, TYPE_TIME))
		expr_fault(c->text, e->kids[0]->at, c->diags, "E020", NULL,
		    NULL, "age() is taken of a time, not of %s",
		    type_name(e->kids[0]->type));
	return TYPE_DURATION;
}

static enum expr_type
check_same(struct checker *c, struct expr *e)
{
	enum expr_type type = e->kids[0]->type;

	for (size_t i = 0; i < e->count; i++) {
		if (!fits(type, e->kids[i]->type))
			return mismatch(c, e, e->kids[0], e->kids[i],
			    e->op == EXPR_ELSE ? "replaced by"
					       : "taken together with");
		if (e->op == EXPR_CALL && !is_numeric(type) &&
		    type != TYPE_NONE)
			expr_fault(c->text, e->kids[i]->at, c->diags, "E020",
			    NULL, NULL, "%s() is taken of numbers, not of %s",
			    e->text, type_name(type));
		if (e->kids[i]->type != type)
			type = TYPE_NUMBER;
	}
	return type;
}

static enum expr_type
check_peer(struct checker *c, struct expr *e)
{
	expr_fault(c->text, e->at, c->diags, "E030", NULL, NULL,
	    "this version cannot run \"%s of\" yet", e->text);
	return strcmp(e->text, "size") == 0 ? TYPE_COUNT : TYPE_NONE;
}

static enum expr_type
check_number(struct checker *c, struct expr *e)
{
	if (e->workdays)
		expr_fault(c->text, e->at, c->diags, "E030", NULL, NULL,
		    "this version cannot count workdays yet");
	return e->type;
}

static enum expr_type
check_negate(struct checker *c, struct expr *e)
{
	enum expr_type t = e->kids[0]->type;

	if (t != TYPE_NONE && (!is_numeric(t) || t == TYPE_TIME))
		expr_fault(c->text, e->at, c->diags, "E020", NULL, NULL,
		    "%s has no negative", type_name(t));
	return t;
}

static enum expr_type
check_constant(struct checker *c, struct expr *e)
{
	(void)c;
	return e->op == EXPR_TEXT ? TYPE_TEXT : TYPE_TIME;
}

static enum expr_type
check_missing(struct checker *c, struct expr *e)
{
	(void)c;
	(void)e;
	return TYPE_BOOL;
}

static enum expr_type (*const check_table[])(
    struct checker *, struct expr *) = {
    [EXPR_NUMBER] = check_number,
    [EXPR_TEXT] = check_constant,
    [EXPR_DATE] = check_constant,
    [EXPR_NAME] = check_name,
    [EXPR_AGG] = check_agg,
    [EXPR_PEER] = check_peer,
    [EXPR_CALL] = check_same,
    [EXPR_AGE] = check_age,
    [EXPR_NEGATE] = check_negate,
    [EXPR_NOT] = check_logic,
    [EXPR_AND] = check_logic,
    [EXPR_OR] = check_logic,
    [EXPR_COMPARE] = check_compare,
    [EXPR_ARITH] = check_arith,
    [EXPR_BETWEEN] = check_compare,
    [EXPR_IN] = check_compare,
    [EXPR_MISSING] = check_missing,
    [EXPR_ELSE] = check_same,
};

static enum expr_type
check(struct checker *c, struct expr *e)
{
	/* the condition of an aggregate is checked in the source's names */
	if (e->op != EXPR_AGG)
		for (size_t i = 0; i < e->count; i++)
			check(c, e->kids[i]);
	e->type = check_table[e->op](c, e);
	return e->type;
}

/* A condition that must be true or false. */
static void
check_condition(struct checker *c, struct rule_expr *e)
{
	if (!e->tree)
		return;
	c->text = &e->text;
	if (!fits(check(c, e->tree), TYPE_BOOL))
		expr_fault(c->text, e->tree->at, c->diags, "E020", NULL, NULL,
		    "\"%s\" takes a condition, not %s", e->name,
		    type_name(e->tree->type));
}

static bool
uses_let(const struct expr *e, const struct expr *let)
{
	if (!e)
		return false;
	if (e->let == let)
		return true;
	for (size_t i = 0; i < e->count; i++)
		if (uses_let(e->kids[i], let))
			return true;
	return false;
}

static void
lint_unused(struct checker *c, struct rule_expr **conditions, size_t count)
{
	struct rule *r = c->rule;
	bool used;

	for (size_t i = 0; i < r->let_count; i++) {
		used = r->lets[i].tree == NULL;
		for (size_t j = 0; j < count; j++)
			used |= uses_let(conditions[j]->tree, r->lets[i].tree);
		for (size_t j = i + 1; j < r->let_count; j++)
			used |= uses_let(r->lets[j].tree, r->lets[i].tree);
		if (!used)
			expr_fault(&r->lets[i].text, 0, c->diags, "W031", NULL,
			    NULL, "\"%s\" is named and never used",
			    r->lets[i].name);
	}
}

static double
longest_window(const struct expr *e)
{
	double longest, one;

	if (!e)
		return 0;
	longest = e->let ? longest_window(e->let) : e->window.length;
	for (size_t i = 0; i < e->count; i++) {
		one = longest_window(e->kids[i]);
		longest = one > longest ? one : longest;
	}
	return longest;
}

/* {names} in what is said must be there when it is said. */
static void
check_say(const struct rule *r, const char *say, struct diags *d)
{
	const struct yaml *node = yaml_get(r->node, "say");
	const char *end;
	bool known;

	while (say && node && (say = strchr(say, '{'))) {
		size_t len = strcspn(++say, "}");

		end = say + len;
		known = (len == 5 && !memcmp(say, "title", 5)) ||
			(len == 7 && !memcmp(say, "subject", 7)) || !*end;
		for (size_t i = 0; i < r->let_count && !known; i++)
			known = strlen(r->lets[i].name) == len &&
				!memcmp(say, r->lets[i].name, len);
		if (!known)
			yaml_fault(r->doc, node, d, "E014",
			    "say names {%.*s}, which let does not give",
			    (int)len, say);
	}
}

#define SINCE_MOST 29 /* as many arrays as a statement takes */

static void
check_since_count(
    const struct program *p, const struct rule *r, struct diags *d)
{
	size_t count = 0;

	for (size_t i = 0; i < p->input_count; i++)
		count += p->inputs[i].rule != NULL;
	if (count > SINCE_MOST)
		yaml_fault(r->doc, r->node, d, "E031",
		    "more than %d windows \"since\" for one kind of subject",
		    SINCE_MOST);
}

void
rule_check(struct ruleset *set, struct rule *r, struct diags *d)
{
	struct checker c = {.set = set, .rule = r, .diags = d};
	struct rule_expr *conditions[] = {&r->given, &r->when[STATE_RED],
	    &r->when[STATE_YELLOW], &r->when[STATE_BLUE], &r->trip, &r->after,
	    &r->close, &r->reopen};

	if (!r->subject)
		return;
	c.program = &set->programs[r->kind];
	for (size_t i = 0; i < r->let_count; i++) {
		c.text = &r->lets[i].text;
		if (r->lets[i].tree)
			check(&c, r->lets[i].tree);
		c.lets = i + 1;
	}
	for (size_t i = 0; i < COUNT_OF(conditions); i++)
		check_condition(&c, conditions[i]);
	lint_unused(&c, conditions, COUNT_OF(conditions));
	check_say(r, r->say_zh, d);
	if (r->say_en != r->say_zh)
		check_say(r, r->say_en, d);
	check_since_count(c.program, r, d);
	r->longest = longest_window(r->trip.tree);
}
