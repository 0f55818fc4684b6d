/* The expression parser: one function a line of the grammar. */
#include "server/engine/expr.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/mem.h"
#include "server/engine/lex.h"
#include "server/engine/unit.h"

#define DEPTH_MOST 64

struct parser {
	const struct expr_text *text;
	struct diags *diags;
	struct lexer lexer;
	struct token tok;  /* the one under the eye */
	struct token last; /* the one before */
	int depth;
	bool failed;
};

static const char *const agg_names[] = {
    "count", "sum", "mean", "min", "max", "last", "distinct", NULL};
static const char *const window_units[] = {
    "day", "week", "month", "quarter", NULL};
static const char *const groups[] = {"team", "region", "all", NULL};
/* words that may follow a number without being its unit */
static const char *const joiners[] = {"and", "or", "else", "between", "in",
    "is", "where", "over", "since", "to", "before", NULL};

static struct expr *parse_or(struct parser *p);
static struct expr *parse_unary(struct parser *p);

static bool
is_one_of(const struct token *t, const char *const *words)
{
	for (size_t i = 0; words[i]; i++)
		if (token_is(t, words[i]))
			return true;
	return false;
}

static size_t
offset(const struct parser *p, const struct token *t)
{
	return (size_t)(t->start - p->text->text);
}

/* The first fault of an expression is the one that helps. */
__attribute__((format(printf, 4, 5))) static struct expr *
fail_at(struct parser *p, size_t at, const char *suggest, const char *fmt, ...)
{
	char text[256];
	va_list ap;

	if (p->failed)
		return NULL;
	p->failed = true;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	expr_fault(p->text, at, p->diags, "E010", suggest, NULL, "%s", text);
	return NULL;
}

static void
advance(struct parser *p)
{
	p->last = p->tok;
	p->tok = lexer_next(&p->lexer);
	if (p->tok.kind == TOKEN_BAD)
		fail_at(p, offset(p, &p->tok), NULL, "%s", p->tok.why);
}

static bool
accept(struct parser *p, const char *word)
{
	if (p->failed || !token_is(&p->tok, word))
		return false;
	advance(p);
	return true;
}

static struct expr *
expected(struct parser *p, const char *what)
{
	if (p->tok.kind == TOKEN_END)
		return fail_at(p, offset(p, &p->tok), NULL,
		    "expected %s, but the expression ends here", what);
	return fail_at(p, offset(p, &p->tok), NULL,
	    "expected %s, found \"%.*s\"", what, (int)p->tok.len, p->tok.start);
}

/* A closing sign; its absence is told at the opening one. */
static bool
need_close(struct parser *p, size_t open, const char *sign)
{
	if (p->failed)
		return false;
	if (accept(p, sign))
		return true;
	if (p->tok.kind == TOKEN_END)
		fail_at(p, open, NULL, "this \"%c\" is never closed",
		    p->text->text[open]);
	else
		expected(p, sign[0] == ')' ? "\")\" or an operator"
					   : "\"]\" or an operator");
	return false;
}

static struct expr *
node_new(enum expr_op op, size_t at, size_t len)
{
	struct expr *e = xcalloc(1, sizeof(*e));

	e->op = op;
	e->at = at;
	e->len = len;
	e->slot = -1;
	return e;
}

static void
node_add(struct expr *e, struct expr *kid)
{
	e->kids = xrealloc_array(e->kids, e->count + 1, sizeof(*e->kids));
	e->kids[e->count++] = kid;
}

/* A node of one or two kids; if a kid failed, all of it goes. */
static struct expr *
node_join(enum expr_op op, const struct token *t, struct parser *p,
    struct expr *a, struct expr *b)
{
	struct expr *e;

	if (!a || !b) {
		expr_free(a);
		expr_free(b);
		return NULL;
	}
	e = node_new(op, offset(p, t), t->len);
	e->text = xstrndup(t->start, t->len);
	node_add(e, a);
	node_add(e, b);
	return e;
}

static struct expr *
drop(struct expr *e)
{
	expr_free(e);
	return NULL;
}

static char *
take_name(struct parser *p, const char *what)
{
	char *name;

	if (p->failed || p->tok.kind != TOKEN_NAME) {
		expected(p, what);
		return NULL;
	}
	name = xstrndup(p->tok.start, p->tok.len);
	advance(p);
	return name;
}

static struct expr *
parse_number(struct parser *p)
{
	struct expr *e = node_new(EXPR_NUMBER, offset(p, &p->tok), p->tok.len);
	const struct unit_def *u;
	char *word;

	e->number = p->tok.value;
	e->type = TYPE_NUMBER;
	advance(p);
	if (p->failed)
		return drop(e);
	if (!token_is(&p->tok, "%") &&
	    (p->tok.kind != TOKEN_NAME || is_one_of(&p->tok, joiners)))
		return e;
	u = unit_find(p->tok.start, p->tok.len);
	if (!u) {
		word = xstrndup(p->tok.start, p->tok.len);
		fail_at(p, offset(p, &p->tok), unit_nearest(word),
		    "\"%s\" is not a unit", word);
		free(word);
		return drop(e);
	}
	e->number *= u->factor;
	e->type = u->type;
	e->workdays = u->workdays;
	e->len = (size_t)(p->tok.start + p->tok.len - p->text->text) - e->at;
	advance(p);
	return p->failed ? drop(e) : e;
}

/* over 7d | over [last [n]] closed unit [before n] | over open unit [to date]
 */
static bool
parse_over(struct parser *p, struct expr_window *w)
{
	struct expr *length;

	if (p->tok.kind == TOKEN_NUMBER) {
		size_t at = offset(p, &p->tok);

		length = parse_number(p);
		if (!length)
			return false;
		w->kind = WINDOW_SLIDES;
		w->length = length->number;
		if (length->type != TYPE_DURATION || length->workdays ||
		    length->number <= 0)
			fail_at(p, at, NULL,
			    "a window is a duration, e.g. over 7d");
		expr_free(length);
		return !p->failed;
	}
	w->count = 1;
	if (accept(p, "last") && p->tok.kind == TOKEN_NUMBER) {
		w->count = (int)p->tok.value;
		if (w->count < 1 || w->count > 120 || w->count != p->tok.value)
			return fail_at(p, offset(p, &p->tok), NULL,
				   "1 to 120 windows can be taken together"),
			       false;
		advance(p);
	}
	if (accept(p, "closed"))
		w->kind = WINDOW_CLOSED;
	else if (accept(p, "open"))
		w->kind = WINDOW_OPEN;
	else
		return expected(p,
			   "a window: 7d, closed week, last 3 closed month, "
			   "open month to date"),
		       false;
	if (!is_one_of(&p->tok, window_units))
		return expected(p, "day, week, month or quarter"), false;
	w->unit = take_name(p, "");
	if (w->kind == WINDOW_OPEN) {
		if (accept(p, "to")) {
			w->to_date = true;
			if (!accept(p, "date"))
				return expected(p, "\"date\""), false;
		}
	} else if (accept(p, "before")) {
		if (p->tok.kind != TOKEN_NUMBER)
			return expected(p, "a number"), false;
		w->before = (int)p->tok.value;
		advance(p);
	}
	return !p->failed;
}

static bool
parse_window(struct parser *p, struct expr_window *w)
{
	if (accept(p, "over"))
		return parse_over(p, w);
	if (accept(p, "since")) {
		w->kind = WINDOW_SINCE;
		w->unit = take_name(p, "a state, e.g. since open");
		return w->unit != NULL;
	}
	return !p->failed;
}

/* After the function's name and "(". */
static struct expr *
parse_agg(struct parser *p, struct expr *e, size_t open)
{
	struct expr *where;

	e->source = take_name(p, "a source, e.g. visits");
	if (!e->source)
		return drop(e);
	if (accept(p, ".")) {
		e->field = take_name(p, "a field");
		if (!e->field)
			return drop(e);
	}
	if (accept(p, "where")) {
		where = parse_or(p);
		if (!where)
			return drop(e);
		node_add(e, where);
	}
	if (!need_close(p, open, ")") || !parse_window(p, &e->window))
		return drop(e);
	return e;
}

static struct expr *
parse_list(struct parser *p, struct expr *e, size_t open, const char *close)
{
	struct expr *kid;

	do {
		kid = parse_or(p);
		if (!kid)
			return drop(e);
		node_add(e, kid);
	} while (accept(p, ","));
	return need_close(p, open, close) ? e : drop(e);
}

/* min(visits.at where …) is an aggregate, min(a, b) a function: the first
 * holds one plain name, which would be pointless for the second. */
static bool
looks_like_agg(struct parser *p)
{
	struct lexer ahead = p->lexer;
	struct token t = p->tok;

	if (t.kind != TOKEN_NAME)
		return false;
	t = lexer_next(&ahead);
	if (token_is(&t, ".")) {
		lexer_next(&ahead);
		t = lexer_next(&ahead);
	}
	return token_is(&t, ")") || token_is(&t, "where");
}

static struct expr *
parse_age(struct parser *p, struct expr *e, size_t open)
{
	struct lexer ahead;
	struct token t;

	if (!parse_list(p, e, open, ")"))
		return NULL;
	if (e->count != 1)
		return fail_at(p, e->at, NULL, "age() takes one time"), drop(e);
	ahead = p->lexer;
	t = lexer_next(&ahead);
	if (token_is(&p->tok, "in") && token_is(&t, "workdays")) {
		advance(p);
		advance(p);
		e->workdays = true;
	}
	return p->failed ? drop(e) : e;
}

static struct expr *
parse_function(struct parser *p, const struct token *name)
{
	static const char *const all[] = {"count", "sum", "mean", "min", "max",
	    "last", "distinct", "abs", "age", NULL};
	struct expr *e = node_new(EXPR_CALL, offset(p, name), name->len);
	size_t open = offset(p, &p->last);

	e->text = xstrndup(name->start, name->len);
	if (token_is(name, "age")) {
		e->op = EXPR_AGE;
		return parse_age(p, e, open);
	}
	if (is_one_of(name, agg_names) &&
	    (!(token_is(name, "min") || token_is(name, "max")) ||
		looks_like_agg(p))) {
		e->op = EXPR_AGG;
		return parse_agg(p, e, open);
	}
	if (!is_one_of(name, all)) {
		fail_at(p, e->at, diag_nearest(e->text, all),
		    "unknown function \"%s\"", e->text);
		return drop(e);
	}
	return parse_list(p, e, open, ")");
}

/* mean of x in team [except self] */
static struct expr *
parse_peer(struct parser *p, const struct token *name)
{
	struct expr *e = node_new(EXPR_PEER, offset(p, name), name->len);

	e->text = xstrndup(name->start, name->len);
	advance(p); /* of */
	e->source = take_name(p, "a name from let");
	if (!e->source)
		return drop(e);
	if (!accept(p, "in") || !is_one_of(&p->tok, groups)) {
		expected(p, "in team, in region or in all");
		return drop(e);
	}
	e->field = take_name(p, "");
	if (accept(p, "except")) {
		if (!accept(p, "self"))
			expected(p, "\"self\"");
		e->except_self = true;
	}
	return p->failed ? drop(e) : e;
}

static struct expr *
parse_name(struct parser *p)
{
	struct token name = p->tok;
	struct expr *e;
	const char *end;

	advance(p);
	if (accept(p, "("))
		return parse_function(p, &name);
	if (token_is(&p->tok, "of") &&
	    (token_is(&name, "mean") || token_is(&name, "median") ||
		token_is(&name, "size")))
		return parse_peer(p, &name);
	if (is_one_of(&name, joiners) || token_is(&name, "not")) {
		p->tok = name;
		return expected(p, "a value");
	}
	e = node_new(EXPR_NAME, offset(p, &name), name.len);
	while (accept(p, ".")) {
		if (p->tok.kind != TOKEN_NAME) {
			expected(p, "a field");
			return drop(e);
		}
		advance(p);
	}
	end = p->last.start + p->last.len;
	e->len = (size_t)(end - name.start);
	e->text = xstrndup(name.start, e->len);
	return p->failed ? drop(e) : e;
}

static struct expr *
parse_value(struct parser *p)
{
	struct expr *e;
	size_t open = offset(p, &p->tok);

	switch (p->failed ? TOKEN_BAD : p->tok.kind) {
	case TOKEN_NUMBER:
		return parse_number(p);
	case TOKEN_DATE:
	case TOKEN_TEXT:
		e = node_new(p->tok.kind == TOKEN_DATE ? EXPR_DATE : EXPR_TEXT,
		    open, p->tok.len);
		e->number = p->tok.value;
		e->text = xstrndup(p->tok.start, p->tok.len);
		advance(p);
		return p->failed ? drop(e) : e;
	case TOKEN_NAME:
		return parse_name(p);
	case TOKEN_SIGN:
		if (!accept(p, "("))
			break;
		e = parse_or(p);
		if (e && !need_close(p, open, ")"))
			return drop(e);
		return e;
	case TOKEN_BAD:
		return NULL;
	case TOKEN_END:
		break;
	}
	return expected(p, "a value");
}

static struct expr *
parse_unary(struct parser *p)
{
	struct token sign = p->tok;
	bool minus = accept(p, "-");
	struct expr *e = NULL, *outer;

	if (++p->depth > DEPTH_MOST)
		fail_at(p, offset(p, &p->tok), NULL, "nested deeper than %d",
		    DEPTH_MOST);
	else
		e = parse_value(p);
	if (e && minus) {
		outer = node_new(EXPR_NEGATE, offset(p, &sign), 1);
		node_add(outer, e);
		e = outer;
	}
	sign = p->tok;
	if (e && accept(p, "else"))
		e = node_join(EXPR_ELSE, &sign, p, e, parse_unary(p));
	p->depth--;
	return p->failed ? drop(e) : e;
}

static struct expr *
parse_term(struct parser *p)
{
	struct expr *e = parse_unary(p);
	struct token sign = p->tok;

	while (e && (accept(p, "*") || accept(p, "/"))) {
		e = node_join(EXPR_ARITH, &sign, p, e, parse_unary(p));
		sign = p->tok;
	}
	return p->failed ? drop(e) : e;
}

static struct expr *
parse_sum(struct parser *p)
{
	struct expr *e = parse_term(p);
	struct token sign = p->tok;

	while (e && (accept(p, "+") || accept(p, "-"))) {
		e = node_join(EXPR_ARITH, &sign, p, e, parse_term(p));
		sign = p->tok;
	}
	return p->failed ? drop(e) : e;
}

static struct expr *
parse_between(struct parser *p, struct expr *value, const struct token *word)
{
	struct expr *low = parse_sum(p), *e;

	if (low && !accept(p, "and")) {
		expected(p, "\"and\" of between");
		low = drop(low);
	}
	e = node_join(EXPR_BETWEEN, word, p, value, low);
	if (!e)
		return NULL;
	low = parse_sum(p);
	if (!low)
		return drop(e);
	node_add(e, low);
	return e;
}

static struct expr *
parse_in(struct parser *p, struct expr *value, const struct token *word)
{
	struct expr *e = node_new(EXPR_IN, offset(p, word), word->len);
	size_t open = offset(p, &p->tok);

	node_add(e, value);
	if (accept(p, "("))
		return parse_list(p, e, open, ")");
	if (accept(p, "["))
		return parse_list(p, e, open, "]");
	expected(p, "a list in brackets, e.g. in [\"a\", \"b\"]");
	return drop(e);
}

static struct expr *
parse_is(struct parser *p, struct expr *value, const struct token *word)
{
	struct expr *e = node_new(EXPR_MISSING, offset(p, word), word->len);

	node_add(e, value);
	e->negated = accept(p, "not");
	if (!accept(p, "missing")) {
		expected(p, "\"missing\" or \"not missing\"");
		return drop(e);
	}
	return e;
}

static struct expr *
parse_compare(struct parser *p)
{
	static const char *const signs[] = {
	    "<", "<=", ">", ">=", "=", "!=", NULL};
	struct expr *e = parse_sum(p);
	struct token word = p->tok;

	if (!e)
		return NULL;
	if (is_one_of(&word, signs)) {
		advance(p);
		e = node_join(EXPR_COMPARE, &word, p, e, parse_sum(p));
		if (e && is_one_of(&p->tok, signs))
			fail_at(p, offset(p, &p->tok), NULL,
			    "comparisons do not chain: use between, or and");
	} else if (accept(p, "between"))
		e = parse_between(p, e, &word);
	else if (accept(p, "in"))
		e = parse_in(p, e, &word);
	else if (accept(p, "is"))
		e = parse_is(p, e, &word);
	return p->failed ? drop(e) : e;
}

static struct expr *
parse_not(struct parser *p)
{
	struct token word = p->tok;
	struct expr *e, *kid;

	if (!accept(p, "not"))
		return parse_compare(p);
	kid = parse_compare(p);
	if (!kid)
		return NULL;
	e = node_new(EXPR_NOT, offset(p, &word), word.len);
	node_add(e, kid);
	return e;
}

static struct expr *
parse_and(struct parser *p)
{
	struct expr *e = parse_not(p);
	struct token word = p->tok;

	while (e && accept(p, "and")) {
		e = node_join(EXPR_AND, &word, p, e, parse_not(p));
		word = p->tok;
	}
	return p->failed ? drop(e) : e;
}

static struct expr *
parse_or(struct parser *p)
{
	struct expr *e = parse_and(p);
	struct token word = p->tok;

	while (e && accept(p, "or")) {
		e = node_join(EXPR_OR, &word, p, e, parse_and(p));
		word = p->tok;
	}
	return p->failed ? drop(e) : e;
}

struct expr *
expr_parse(const struct expr_text *t, struct diags *d)
{
	struct parser p = {.text = t, .diags = d};
	struct expr *e;

	lexer_init(&p.lexer, t->text);
	p.tok.start = t->text;
	advance(&p);
	e = parse_or(&p);
	if (e && p.tok.kind != TOKEN_END) {
		if (token_is(&p.tok, ")"))
			fail_at(&p, offset(&p, &p.tok), NULL,
			    "this \")\" closes nothing");
		else
			expected(&p, "an operator or the end");
	}
	return p.failed ? drop(e) : e;
}

void
expr_free(struct expr *e)
{
	if (!e)
		return;
	for (size_t i = 0; i < e->count; i++)
		expr_free(e->kids[i]);
	free(e->kids);
	free(e->text);
	free(e->source);
	free(e->field);
	free(e->window.unit);
	free(e);
}

/* Where an offset stands in the file: later lines of a block are indented. */
static struct diag_pos
position(const struct expr_text *t, size_t at)
{
	struct diag_pos pos = t->at;

	for (size_t i = 0; i < at && t->text[i]; i++) {
		if (t->text[i] == '\n') {
			pos.line++;
			pos.column = t->indent + 1;
		} else if (((unsigned char)t->text[i] & 0xC0) != 0x80)
			pos.column++;
	}
	return pos;
}

void
expr_fault(const struct expr_text *t, size_t at, struct diags *d,
    const char *code, const char *suggest, const char *why, const char *fmt,
    ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	diag_add(d, t->file, position(t, at), code, suggest, why, "%s", text);
}
