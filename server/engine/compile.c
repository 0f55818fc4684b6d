/* Expressions and inputs as SQL. */
#include "server/engine/compile.h"

#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/mem.h"
#include "server/engine/round.h"
#include "server/engine/rule.h"

/* The pairs asked about.  a.at is the instant of the row. */
static const char pairs_sql[] =
    " from unnest($1::bigint[], $2::bigint[], $3::bool[]";
static const char instant_sql[] =
    " cross join lateral (select timestamptz 'epoch' + p.us *"
    " interval '1 microsecond' as at) a";

static void
add_literal(struct buf *out, const char *text)
{
	buf_add_str(out, "'");
	for (; *text; text++) {
		if (*text == '\'')
			buf_add_str(out, "'");
		buf_add_byte(out, (uint8_t)*text);
	}
	buf_add_str(out, "'::text");
}

static void
add_interval(struct buf *out, double microseconds)
{
	buf_addf(out, "interval '%.0f microseconds'", microseconds);
}

static void add_condition(
    struct buf *out, const struct source_def *s, const struct expr *e);

static void
add_list(struct buf *out, const struct source_def *s, const struct expr *e,
    size_t from, const char *between)
{
	for (size_t i = from; i < e->count; i++) {
		buf_add_str(out, i > from ? between : "");
		add_condition(out, s, e->kids[i]);
	}
}

static void
add_number(struct buf *out, const struct expr *e)
{
	if (e->type == TYPE_DURATION)
		add_interval(out, e->number);
	else
		buf_addf(out, "%.15g", e->number);
}

static void
add_call(struct buf *out, const struct source_def *s, const struct expr *e)
{
	static const struct {
		const char *name, *sql;
	} functions[] = {
	    {"abs", "abs("}, {"min", "least("}, {"max", "greatest("}};

	for (size_t i = 0; i < COUNT_OF(functions); i++)
		if (strcmp(functions[i].name, e->text) == 0)
			buf_add_str(out, functions[i].sql);
	add_list(out, s, e, 0, ", ");
	buf_add_str(out, ")");
}

/* A division in SQL must be of floats and must not stop at 0. */
static void
add_arith(struct buf *out, const struct source_def *s, const struct expr *e)
{
	bool divides = e->text[0] == '/';

	buf_add_str(out, "(");
	add_condition(out, s, e->kids[0]);
	buf_addf(out, divides ? "::float8 / nullif(" : " %s ", e->text);
	add_condition(out, s, e->kids[1]);
	buf_add_str(out, divides ? ", 0))" : ")");
}

static void
add_condition(struct buf *out, const struct source_def *s, const struct expr *e)
{
	static const char *const infix[] = {
	    [EXPR_AND] = " and ", [EXPR_OR] = " or ", [EXPR_BETWEEN] = " and "};

	switch (e->op) {
	case EXPR_NUMBER:
		add_number(out, e);
		return;
	case EXPR_TEXT:
		add_literal(out, e->text);
		return;
	case EXPR_DATE:
		buf_addf(out, "timestamptz '%s 00:00'", e->text);
		return;
	case EXPR_NAME:
		buf_addf(out, "(%s)",
		    source_field(s->fields, s->field_count, e->text)->sql);
		return;
	case EXPR_CALL:
		add_call(out, s, e);
		return;
	case EXPR_ARITH:
		add_arith(out, s, e);
		return;
	default:
		break;
	}
	buf_add_str(out, "(");
	switch (e->op) {
	case EXPR_AGE:
		buf_add_str(out, "a.at - ");
		add_condition(out, s, e->kids[0]);
		break;
	case EXPR_NEGATE:
	case EXPR_NOT:
		buf_add_str(out, e->op == EXPR_NOT ? "not " : "-");
		add_condition(out, s, e->kids[0]);
		break;
	case EXPR_AND:
	case EXPR_OR:
		add_list(out, s, e, 0, infix[e->op]);
		break;
	case EXPR_COMPARE:
		add_condition(out, s, e->kids[0]);
		buf_addf(out, " %s ", e->text);
		add_condition(out, s, e->kids[1]);
		break;
	case EXPR_BETWEEN:
	case EXPR_IN:
		add_condition(out, s, e->kids[0]);
		buf_add_str(out, e->op == EXPR_IN ? " in (" : " between ");
		add_list(out, s, e, 1, e->op == EXPR_IN ? ", " : " and ");
		buf_add_str(out, e->op == EXPR_IN ? ")" : "");
		break;
	case EXPR_MISSING:
		add_condition(out, s, e->kids[0]);
		buf_add_str(out, e->negated ? " is not null" : " is null");
		break;
	case EXPR_ELSE:
		buf_add_str(out, "coalesce(");
		add_list(out, s, e, 0, ", ");
		buf_add_str(out, ")");
		break;
	default:
		break;
	}
	buf_add_str(out, ")");
}

/* "… and at > start and at <= a.at": the facts in the window. */
static void
add_window(struct buf *out, const struct input *in, int since)
{
	const struct source_def *s = in->source;

	buf_addf(out, "%s <= a.at", s->at);
	if (in->agg->window.kind == WINDOW_SLIDES) {
		buf_addf(out, " and %s > a.at - ", s->at);
		add_interval(out, in->agg->window.length);
	} else if (in->agg->window.kind == WINDOW_SINCE)
		buf_addf(out, " and %s > p.s%d", s->at, since);
}

static void
add_where(struct buf *out, const struct input *in)
{
	if (in->agg->count == 0)
		return;
	buf_add_str(out, " and ");
	add_condition(out, in->source, in->agg->kids[0]);
}

/* The aggregate itself, before its filter. */
static void
add_function(struct buf *out, const struct input *in)
{
	static const struct {
		const char *name, *sql;
	} functions[] = {{"sum", "sum(%s)"}, {"mean", "avg(%s)"},
	    {"min", "min(%s)"}, {"max", "max(%s)"},
	    {"distinct", "count(distinct %s)"}};
	const struct expr *e = in->agg;
	const struct source_field *f =
	    e->field ? source_field(in->source->fields, in->source->field_count,
			   e->field)
		     : NULL;

	if (strcmp(e->text, "count") == 0)
		buf_add_str(out, "count(*)");
	else if (!f)
		return; /* the checker lets only count go without a field */
	else if (strcmp(e->text, "last") == 0 &&
		 strcmp(f->sql, in->source->at) == 0)
		buf_addf(out, "max(%s)", f->sql);
	else if (strcmp(e->text, "last") == 0)
		buf_addf(out, "(array_agg(%s order by %s desc)", f->sql,
		    in->source->at);
	for (size_t i = 0; f && i < COUNT_OF(functions); i++)
		if (strcmp(functions[i].name, e->text) == 0) {
			const char *at = strstr(functions[i].sql, "%s");

			buf_add(out, functions[i].sql,
			    (size_t)(at - functions[i].sql));
			buf_add_str(out, f->sql);
			buf_add_str(out, at + 2);
		}
}

/* How the value travels: numbers of every kind as float8. */
static const char *
cast_of(enum expr_type t)
{
	return t == TYPE_TEXT	? "::text"
	       : t == TYPE_BOOL ? "::bool"
	       : t == TYPE_TIME ? "::timestamptz"
				: "::float8";
}

static void
add_value(struct buf *out, const struct input *in, int since)
{
	const struct expr *e = in->agg;
	bool array = strcmp(e->text, "last") == 0 &&
		     strcmp(source_field(in->source->fields,
				in->source->field_count, e->field)
				->sql,
			 in->source->at) != 0;

	buf_add_str(out, "(");
	if (in->type == TYPE_DURATION)
		buf_add_str(out, "extract(epoch from ");
	add_function(out, in);
	buf_add_str(out, " filter (where ");
	add_window(out, in, since);
	add_where(out, in);
	buf_add_str(out, array ? "))[1]" : ")");
	buf_add_str(out, in->type == TYPE_DURATION ? ") * 1000000" : "");
	buf_addf(out, ")%s", cast_of(in->type));
}

/* When the value changes with no new fact: the oldest one leaves the window,
 * or one that lies ahead of the instant arrives. */
static void
add_next(struct buf *out, const struct input *in, int since)
{
	buf_add_str(out, "least(");
	if (in->agg->window.kind == WINDOW_SLIDES) {
		buf_addf(out, "min(%s) filter (where ", in->source->at);
		add_window(out, in, since);
		add_where(out, in);
		buf_add_str(out, ") + ");
		add_interval(out, in->agg->window.length);
		buf_add_str(out, ", ");
	}
	buf_addf(out, "min(%s) filter (where %s > a.at", in->source->at,
	    in->source->at);
	add_where(out, in);
	buf_add_str(out, "))");
}

/* The number of an input among those with a window since a state. */
static int
since_number(const struct program *p, const struct input *in)
{
	int n = 0;

	if (!in->rule)
		return -1;
	for (const struct input *i = p->inputs; i < in; i++)
		n += i->rule != NULL;
	return n;
}

static bool
same_source(
    const struct program *p, const struct input *in, const struct source_def *s)
{
	(void)p;
	return in->agg && !in->kept && in->source == s;
}

/* Where to begin reading: the earliest start of all windows, if they have
 * one. */
static void
add_start(struct buf *out, const struct program *p, const struct source_def *s)
{
	double longest = 0;
	bool since = false;

	for (size_t i = 0; i < p->input_count; i++) {
		const struct input *in = &p->inputs[i];

		if (!same_source(p, in, s))
			continue;
		if (in->agg->window.kind == WINDOW_NONE)
			return;
		since |= in->rule != NULL;
		if (in->agg->window.length > longest)
			longest = in->agg->window.length;
	}
	buf_addf(out, " and %s > %s(a.at - ", s->at, since ? "least" : "");
	add_interval(out, longest);
	for (size_t i = 0; since && i < p->input_count; i++)
		if (same_source(p, &p->inputs[i], s) && p->inputs[i].rule)
			buf_addf(
			    out, ", p.s%d", since_number(p, &p->inputs[i]));
	buf_add_str(out, ")");
}

static void
add_pairs(struct buf *out, const struct program *p)
{
	buf_add_str(out, pairs_sql);
	for (size_t i = 0; i < p->since_count; i++)
		buf_addf(out, ", $%zu::bigint[]", i + 4);
	buf_add_str(out, ") with ordinality p0(subject, us, exact");
	for (size_t i = 0; i < p->since_count; i++)
		buf_addf(out, ", u%zu", i);
	buf_add_str(out, ", i) cross join lateral (select p0.subject, p0.us,"
			 " p0.exact, p0.i");
	for (size_t i = 0; i < p->since_count; i++)
		buf_addf(out,
		    ", timestamptz 'epoch' + p0.u%zu *"
		    " interval '1 microsecond' as s%zu",
		    i, i);
	buf_add_str(out, ") p");
	buf_add_str(out, instant_sql);
}

static struct statement *
add_statement(struct program *p)
{
	struct statement *s;

	p->statements = xrealloc_array(
	    p->statements, p->statement_count + 1, sizeof(*p->statements));
	s = &p->statements[p->statement_count++];
	*s = (struct statement){.slots = xcalloc(p->input_count, sizeof(int))};
	return s;
}

static void
compile_source(struct program *p, const struct source_def *s)
{
	const char *link =
	    pair_find(s->links, s->link_count, p->subject->name)->sql;
	struct statement *st = add_statement(p);
	struct buf out = {0};

	buf_add_str(&out, "select p.i, v.*");
	add_pairs(&out, p);
	buf_add_str(&out, " cross join lateral (select ");
	for (size_t i = 0; i < p->input_count; i++) {
		struct input *in = &p->inputs[i];

		if (!same_source(p, in, s))
			continue;
		buf_add_str(&out, st->slot_count ? ", " : "");
		add_value(&out, in, since_number(p, in));
		buf_add_str(&out, ", ");
		add_next(&out, in, since_number(p, in));
		st->slots[st->slot_count++] = (int)i;
	}
	buf_addf(&out, " from %s t where %s = p.subject and %s <= a.at",
	    s->relation, link, s->recorded);
	if (s->where)
		buf_addf(&out, " and (%s)", s->where);
	add_start(&out, p, s);
	buf_add_str(&out, ") v");
	st->sql = buf_take(&out);
}

/* A kept value is good when it was so already at the instant; else the facts
 * are asked. */
static void
add_kept(struct buf *out, const struct program *p, const struct input *in)
{
	const struct source_def *s = in->source;
	const struct pair *link =
	    pair_find(s->links, s->link_count, p->subject->name);

	if (!s->relation || !link || in->type != TYPE_TIME) {
		buf_addf(out, ", (%s)%s", in->kept, cast_of(in->type));
		return;
	}
	buf_addf(out,
	    ", case when %s <= a.at and not p.exact then %s else (select ",
	    in->kept, in->kept);
	add_value(out, in, -1);
	buf_addf(out, " from %s t where %s = p.subject and %s <= a.at",
	    s->relation, link->sql, s->recorded);
	if (s->where)
		buf_addf(out, " and (%s)", s->where);
	buf_add_str(out, ") end");
}

static void
compile_row(struct program *p)
{
	const struct subject_def *s = p->subject;
	struct statement *st = add_statement(p);
	struct buf out = {0};

	st->is_row = true;
	buf_addf(&out, "select p.i, s.%s is not null", s->key);
	for (size_t i = 0; i < p->input_count; i++) {
		struct input *in = &p->inputs[i];

		if (in->kept)
			add_kept(&out, p, in);
		else if (in->field)
			buf_addf(&out, ", (%s)%s", in->field->sql,
			    cast_of(in->type));
		else
			continue;
		st->slots[st->slot_count++] = (int)i;
	}
	add_pairs(&out, p);
	buf_addf(
	    &out, " left join %s s on s.%s = p.subject", s->relation, s->key);
	if (s->where)
		buf_addf(&out, " and (%s)", s->where);
	st->sql = buf_take(&out);
}

void
program_compile(struct program *p)
{
	if (p->rule_count == 0)
		return;
	for (size_t i = 0; i < p->input_count; i++)
		p->since_count += p->inputs[i].rule != NULL;
	compile_row(p);
	for (size_t i = 0; i < p->input_count; i++) {
		const struct source_def *s = p->inputs[i].source;
		bool done = !s || p->inputs[i].kept;

		for (size_t j = 0; j < i && !done; j++)
			done = same_source(p, &p->inputs[j], s);
		if (!done)
			compile_source(p, s);
	}
}

void
program_clear(struct program *p)
{
	for (size_t i = 0; i < p->statement_count; i++) {
		free(p->statements[i].sql);
		free(p->statements[i].slots);
	}
	free(p->statements);
	p->statements = NULL;
	p->statement_count = 0;
}

char *
compile_walk(const struct program *p)
{
	const struct subject_def *s = p->subject;

	return xasprintf("select s.%s from %s s where s.%s > $1::bigint%s%s%s"
			 " order by s.%s limit $2::bigint",
	    s->key, s->relation, s->key, s->where ? " and (" : "",
	    s->where ? s->where : "", s->where ? ")" : "", s->key);
}

char *
compile_faces(const struct program *p)
{
	const struct subject_def *s = p->subject;
	struct buf out = {0};

	buf_addf(&out, "select p.i, (%s)::text, (%s)::bigint", s->label,
	    s->org_code);
	for (size_t i = 0; i < s->people_count; i++)
		if (i < FACE_BITS)
			buf_addf(&out,
			    ", case when p.need & (1::bigint << %zu) <> 0"
			    " then (%s)::bigint end",
			    i, s->people[i].sql);
		else
			buf_addf(&out, ", (%s)::bigint", s->people[i].sql);
	buf_addf(&out,
	    " from unnest($1::bigint[], $2::bigint[]) with ordinality"
	    " p(subject, need, i) join %s s on s.%s = p.subject",
	    s->relation, s->key);
	return buf_take(&out);
}

char *
compile_group(const struct program *p, const char *group)
{
	const struct subject_def *s = p->subject;

	return xasprintf(
	    "with g as (select p.i, (%s)::bigint as id from"
	    " unnest($1::bigint[]) with ordinality p(subject, i)"
	    " join %s s on s.%s = p.subject)"
	    " select g.i, g.id, c.size, c.open from g left join lateral"
	    " (select count(*) as size, count(r.subject) as open"
	    " from %s s left join firebreak.rule_state r"
	    " on r.rule_id = $2::text and r.subject = s.%s"
	    " and r.state in ('open', 'half_open')"
	    " where (%s) = g.id%s%s%s) c on true",
	    group, s->relation, s->key, s->relation, s->key, group,
	    s->where ? " and (" : "", s->where ? s->where : "",
	    s->where ? ")" : "");
}
