/* The text of a list's page and of its counts. */
#include "server/list.h"

#include <string.h>

#include "common/mem.h"

struct writing {
	const struct statement *s;
	const struct list_options *o;
	struct buf *sql;
	struct params *p;
	struct err *e;
	bool failed; /* sticky; e is set */
};

/* q."column", quoted as SQL wants it. */
static void
put_column(struct writing *w, int column)
{
	const char *c;

	buf_add_str(w->sql, "q.\"");
	for (c = w->s->columns[column].name; *c; c++) {
		if (*c == '"')
			buf_add_byte(w->sql, '"');
		buf_add_byte(w->sql, (uint8_t)*c);
	}
	buf_add_byte(w->sql, '"');
}

/* A value of the options becomes the next parameter, with the column's type. */
static void
put_value(struct writing *w, int column, int value)
{
	w->failed =
	    w->failed || params_copy(w->p, &w->o->values, value, w->e) != 0;
	buf_addf(w->sql, "$%d::%s", w->p->count, w->s->columns[column].type);
}

static void
put_contains(struct writing *w, int column, int value)
{
	buf_add_str(w->sql, "strpos(lower(");
	put_column(w, column);
	buf_add_str(w->sql, "), lower(");
	put_value(w, column, value);
	buf_add_str(w->sql, ")) > 0");
}

static void
put_filter(struct writing *w, const struct list_filter *f)
{
	static const char *const ops[] = {
	    "=", "is distinct from", "<", "<=", ">", ">="};

	if (f->op == LIST_CONTAINS) {
		put_contains(w, f->column, f->value);
		return;
	}
	put_column(w, f->column);
	/* "= null" is how a terminal asks for rows without a value. */
	if (w->o->values.items[f->value].len < 0 && f->op == LIST_EQ) {
		buf_add_str(w->sql, " is null");
		return;
	}
	buf_addf(w->sql, " %s ", ops[f->op]);
	put_value(w, f->column, f->value);
}

/* The statement with its filters: "(...) q where ... and ..."; true if there
 * was a where. */
static bool
put_source(struct writing *w, bool second_range)
{
	const struct list_options *o = w->o;
	const char *word = " where ";
	int i;

	buf_addf(w->sql, "(%s\n) q", w->s->text[second_range].sql);
	for (i = 0; i < o->filter_count; i++) {
		buf_add_str(w->sql, word);
		put_filter(w, &o->filter[i]);
		word = " and ";
	}
	if (o->search >= 0) {
		buf_add_str(w->sql, word);
		put_contains(w, w->s->search_column, o->search);
		word = " and ";
	}
	return word[1] == 'a';
}

static bool
is_backward(const struct list_options *o)
{
	return o->place == LIST_BEFORE || o->place == LIST_LAST;
}

/* The direction in which column i is walked. */
static bool
walks_down(const struct list_options *o, int i)
{
	return o->sort[i].descending != is_backward(o);
}

static bool
is_uniform(const struct list_options *o)
{
	int i;

	for (i = 1; i < o->sort_count; i++) {
		if (o->sort[i].descending != o->sort[0].descending)
			return false;
	}
	return true;
}

static void
put_row_place(struct writing *w)
{
	const struct list_options *o = w->o;
	int i;

	buf_add_byte(w->sql, '(');
	for (i = 0; i < o->sort_count; i++) {
		if (i)
			buf_add_str(w->sql, ", ");
		put_column(w, o->sort[i].column);
	}
	buf_add_str(w->sql, walks_down(o, 0) ? ") < (" : ") > (");
	for (i = 0; i < o->sort_count; i++) {
		if (i)
			buf_add_str(w->sql, ", ");
		put_value(w, o->sort[i].column, o->cursor + i);
	}
	buf_add_byte(w->sql, ')');
}

/* a >= $1 and (a > $1 or (b <= $2 and (b < $2 or (key > $3)))): the rows
 * behind the cursor when directions differ.  The bound that is not strict
 * comes first, because an index can begin there. */
static void
put_mixed_place(struct writing *w)
{
	const struct list_options *o = w->o;
	int i, column;

	for (i = 0; i < o->sort_count; i++) {
		column = o->sort[i].column;
		buf_add_byte(w->sql, '(');
		if (i < o->sort_count - 1) {
			put_column(w, column);
			buf_add_str(w->sql, walks_down(o, i) ? " <= " : " >= ");
			put_value(w, column, o->cursor + i);
			buf_add_str(w->sql, " and (");
		}
		put_column(w, column);
		buf_add_str(w->sql, walks_down(o, i) ? " < " : " > ");
		put_value(w, column, o->cursor + i);
		if (i < o->sort_count - 1)
			buf_add_str(w->sql, " or ");
	}
	for (i = 0; i < 2 * o->sort_count - 1; i++)
		buf_add_byte(w->sql, ')');
}

static void
put_place(struct writing *w, bool has_where)
{
	if (w->o->place != LIST_AFTER && w->o->place != LIST_BEFORE)
		return;
	buf_add_str(w->sql, has_where ? " and " : " where ");
	if (is_uniform(w->o))
		put_row_place(w);
	else
		put_mixed_place(w);
}

static void
put_order(struct writing *w)
{
	const struct list_options *o = w->o;
	int i;

	buf_add_str(w->sql, " order by ");
	for (i = 0; i < o->sort_count; i++) {
		if (i)
			buf_add_str(w->sql, ", ");
		put_column(w, o->sort[i].column);
		if (walks_down(o, i))
			buf_add_str(w->sql, " desc");
	}
}

int
list_page(const struct statement *s, bool second_range, bool narrow,
    const struct list_options *o, struct buf *sql, struct params *p,
    struct err *e)
{
	struct writing w = {s, o, sql, p, e, false};
	bool has_where;

	buf_add_str(sql, "select q.*");
	if (narrow && o->place == LIST_FIRST)
		buf_add_str(sql, ", count(*) over () as count");
	buf_add_str(sql, narrow ? " from (select q.* from " : " from ");
	has_where = put_source(&w, second_range);
	if (narrow) {
		buf_add_str(sql, " offset 0) q");
		has_where = false;
	}
	put_place(&w, has_where);
	put_order(&w);
	if (w.failed || params_add_int(p, o->limit + 1, e))
		return -1;
	buf_addf(sql, " limit $%d::bigint", p->count);
	return 0;
}

int
list_count(const struct statement *s, bool second_range, int most,
    const struct list_options *o, struct buf *sql, struct params *p,
    struct err *e)
{
	struct writing w = {s, o, sql, p, e, false};

	if (!most) {
		buf_add_str(sql, "select count(*) from ");
		put_source(&w, second_range);
		return w.failed ? -1 : 0;
	}
	buf_add_str(sql, "select count(*) from (select from ");
	put_source(&w, second_range);
	if (w.failed || params_add_int(p, most, e))
		return -1;
	buf_addf(sql, " limit $%d::bigint) c", p->count);
	return 0;
}
