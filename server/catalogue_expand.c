/* Placeholders made parameters, and the way back for messages. */
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/mem.h"
#include "server/catalogue_read.h"

struct expansion {
	struct statement *s;
	struct catalogue_text *text;
	struct diags *d;
	struct buf out;
	bool second; /* the session has a second range */
};

static const struct supplied_def {
	const char *name;
	enum catalogue_source source;
} supplied_table[] = {
    {"me", SOURCE_ME},
    {"lo", SOURCE_LO},
    {"hi", SOURCE_HI},
    {"lo2", SOURCE_LO2},
    {"hi2", SOURCE_HI2},
};

static void
fault(struct expansion *x, size_t at, const char *suggest, const char *what,
    const char *name)
{
	/* Both variants have the fault; one of them tells. */
	if (x->second)
		return;
	diag_add(x->d, &x->s->file, catalogue_position(&x->s->file, at), "E102",
	    suggest, NULL, "%s \"%s\"", what, name);
}

static void
add_piece(struct expansion *x, size_t in, bool fixed)
{
	struct catalogue_text *t = x->text;

	t->pieces = xrealloc_array(
	    t->pieces, (size_t)t->piece_count + 1, sizeof(*t->pieces));
	t->pieces[t->piece_count++] =
	    (struct catalogue_piece){x->out.len, in, fixed};
}

static void
copy(struct expansion *x, size_t from, size_t to)
{
	if (from >= to)
		return;
	add_piece(x, from, false);
	buf_add(&x->out, x->s->file.text + from, to - from);
}

/* The number of the parameter with this source, made if it is new; 0: too
 * many. */
static int
parameter(struct expansion *x, int source)
{
	struct catalogue_text *t = x->text;
	int i;

	for (i = 0; i < t->params; i++) {
		if (t->source[i] == source)
			return i + 1;
	}
	if (t->params == CATALOGUE_PARAMS_MAX)
		return 0;
	t->source[t->params++] = (int8_t)source;
	return t->params;
}

static void
put_parameter(struct expansion *x, int source, const char *type)
{
	buf_addf(&x->out, "$%d::%s", parameter(x, source), type);
}

static const char *
nearest_arg(const struct statement *s, const char *name)
{
	const char *names[CATALOGUE_PARAMS_MAX + 1];
	int i;

	for (i = 0; i < s->arg_count && i < CATALOGUE_PARAMS_MAX; i++)
		names[i] = s->args[i].name;
	names[i] = NULL;
	return diag_nearest(name, names);
}

static void
put_named(struct expansion *x, const char *name, size_t at)
{
	struct statement *s = x->s;
	size_t k;
	int i;

	for (i = 0; i < s->arg_count; i++) {
		if (strcmp(s->args[i].name, name) == 0) {
			put_parameter(x, i, s->args[i].type);
			return;
		}
	}
	for (k = 0; k < COUNT_OF(supplied_table); k++) {
		if (strcmp(supplied_table[k].name, name) == 0) {
			put_parameter(x, supplied_table[k].source, "bigint");
			return;
		}
	}
	fault(x, at, nearest_arg(s, name), "not among the arguments:", name);
}

static void
put_range(struct expansion *x, const char *column, int lo, int hi)
{
	buf_addf(&x->out, "%s between ", column);
	put_parameter(x, lo, "bigint");
	buf_add_str(&x->out, " and ");
	put_parameter(x, hi, "bigint");
}

/* Behind ":scope" at `at`; gives the place behind its parenthesis. */
static size_t
put_scope(struct expansion *x, size_t at)
{
	const char *text = x->s->file.text;
	size_t len;
	char *column;

	len = text[at] == '(' ? strcspn(text + at + 1, "()\n") : 0;
	if (!len || text[at + 1 + len] != ')') {
		fault(x, at, NULL, "expected (column) behind", "scope");
		return at;
	}
	column = xstrndup(text + at + 1, len);
	x->s->is_scoped = true;
	buf_add_byte(&x->out, '(');
	put_range(x, column, SOURCE_LO, SOURCE_HI);
	if (x->second) {
		buf_add_str(&x->out, " or ");
		put_range(x, column, SOURCE_LO2, SOURCE_HI2);
	}
	buf_add_byte(&x->out, ')');
	free(column);
	return at + len + 2;
}

static void
expand_into(struct statement *s, struct diags *d, bool second)
{
	struct expansion x = {s, &s->text[second], d, {0}, second};
	const char *text = s->file.text, *start, *name;
	size_t at = s->body, from, end, len;
	char *word;

	if (!sqlfile_next_statement(text, &at, &start, &len))
		return;
	from = at = (size_t)(start - text);
	end = from + len;
	while (sqlfile_next_placeholder(text, &at, &name, &len) && at <= end) {
		copy(&x, from, (size_t)(name - text) - 1);
		add_piece(&x, (size_t)(name - text) - 1, true);
		word = xstrndup(name, len);
		if (strcmp(word, "scope") == 0)
			at = put_scope(&x, at);
		else
			put_named(&x, word, (size_t)(name - text) - 1);
		free(word);
		from = at;
	}
	copy(&x, from, end);
	x.text->sql = buf_take(&x.out);
	if (x.text->params == CATALOGUE_PARAMS_MAX)
		fault(&x, s->body, NULL, "too many parameters in", s->name);
}

void
catalogue_expand(struct statement *s, struct diags *d)
{
	expand_into(s, d, false);
	expand_into(s, d, true);
}

size_t
catalogue_trace(const struct statement *s, const char *sql, int position)
{
	const struct catalogue_text *t =
	    sql == s->text[1].sql ? &s->text[1] : &s->text[0];
	const struct catalogue_piece *p;
	size_t at = 0;
	int i;

	/* PostgreSQL counts characters, we count bytes. */
	for (i = 1; i < position && sql[at]; i++) {
		at++;
		while ((sql[at] & 0xc0) == 0x80)
			at++;
	}
	for (i = t->piece_count - 1; i > 0; i--) {
		if (t->pieces[i].out <= at)
			break;
	}
	if (i < 0)
		return s->body;
	p = &t->pieces[i];
	return p->fixed ? p->in : p->in + (at - p->out);
}
