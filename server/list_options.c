/* The options of a list as a terminal sends them. */
#include <string.h>

#include "common/codec.h"
#include "server/list.h"

/* Where in the input the value of each option is; len 0: not given. */
struct option {
	const char *name;
	struct codec_reader value;
};

enum option_name {
	OPTION_SORT,
	OPTION_FILTER,
	OPTION_SEARCH,
	OPTION_AFTER,
	OPTION_BEFORE,
	OPTION_LAST,
	OPTION_LIMIT,
	OPTION_WATCH,
	OPTION_COUNT,
	OPTION_NAMES
};

static const char *const option_names[] = {"sort", "filter", "search", "after",
    "before", "last", "limit", "watch", "count"};

static int
malformed(struct err *e, const char *what)
{
	err_set(e, ERR_BAD_REQUEST, "malformed %s", what);
	return -1;
}

static int
split(struct codec_reader *r, struct codec_reader found[OPTION_NAMES],
    struct err *e)
{
	size_t n = codec_need_map(r), len, i, k;
	const struct codec_item *name;
	struct codec_item item;

	for (i = 0; i < n; i++) {
		if (!codec_next(r, &item) || item.type != CODEC_TEXT)
			return malformed(e, "options");
		name = &item;
		for (k = 0; k < OPTION_NAMES; k++) {
			len = strlen(option_names[k]);
			if (name->len == len &&
			    memcmp(name->data, option_names[k], len) == 0)
				break;
		}
		if (k == OPTION_NAMES)
			return err_set(e, ERR_BAD_REQUEST,
			    "unknown option \"%.*s\"", (int)name->len,
			    (const char *)name->data);
		found[k] = *r;
		codec_skip(r);
	}
	return r->failed ? malformed(e, "options") : 0;
}

/* A column by its name in the input; -1 with e. */
static int
read_column(const struct statement *s, struct codec_reader *r, struct err *e)
{
	struct codec_item item;
	int i;

	if (!codec_next(r, &item) || item.type != CODEC_TEXT)
		return malformed(e, "column");
	for (i = 0; i < s->column_count; i++) {
		if (strlen(s->columns[i].name) == item.len &&
		    memcmp(s->columns[i].name, item.data, item.len) == 0)
			return i;
	}
	return err_set(e, ERR_BAD_REQUEST, "%s has no column \"%.*s\"", s->name,
	    (int)item.len, (const char *)item.data);
}

static bool
may_sort(const struct statement *s, int column)
{
	int i;

	for (i = 0; i < s->sort_count; i++) {
		if (s->sort[i] == column)
			return true;
	}
	return column == s->key_column;
}

static int
read_sort(struct list_options *o, const struct statement *s,
    struct codec_reader *r, struct err *e)
{
	size_t n = codec_need_array(r), i;
	struct list_sort *row;

	if (n > LIST_SORT_MOST)
		return err_set(e, ERR_BAD_REQUEST, "sorted by too much");
	for (i = 0; i < n; i++) {
		if (codec_need_array(r) != 2)
			return malformed(e, "sort");
		row = &o->sort[o->sort_count++];
		row->column = read_column(s, r, e);
		if (row->column < 0)
			return -1;
		row->descending = codec_need_bool(r);
		if (!may_sort(s, row->column))
			return err_set(e, ERR_BAD_REQUEST,
			    "%s cannot be sorted by \"%s\"", s->name,
			    s->columns[row->column].name);
	}
	return r->failed ? malformed(e, "sort") : 0;
}

/* The key breaks ties, in the direction of the column before it, so that one
 * index serves both directions. */
static void
end_sort(struct list_options *o, const struct statement *s)
{
	if (o->sort_count == 0)
		o->sort[o->sort_count++].column = s->sort[0];
	o->sort[o->sort_count] = (struct list_sort){
	    s->key_column, o->sort[o->sort_count - 1].descending};
	o->sort_count++;
}

static int
read_op(struct codec_reader *r, enum list_op *op, struct err *e)
{
	static const char *const ops[] = {"=", "!=", "<", "<=", ">", ">=", "~"};
	struct codec_item item;
	int i;

	if (!codec_next(r, &item) || item.type != CODEC_TEXT)
		return malformed(e, "filter");
	for (i = 0; i <= LIST_CONTAINS; i++) {
		if (strlen(ops[i]) == item.len &&
		    memcmp(ops[i], item.data, item.len) == 0) {
			*op = (enum list_op)i;
			return 0;
		}
	}
	return err_set(e, ERR_BAD_REQUEST, "unknown comparison \"%.*s\"",
	    (int)item.len, (const char *)item.data);
}

static int
read_filter(struct list_options *o, const struct statement *s,
    struct codec_reader *r, struct err *e)
{
	size_t n = codec_need_array(r), i;
	struct list_filter *f;
	enum db_column_type kind;

	if (n > LIST_FILTER_MOST)
		return err_set(e, ERR_BAD_REQUEST, "too many filters");
	for (i = 0; i < n; i++) {
		if (codec_need_array(r) != 3)
			return malformed(e, "filter");
		f = &o->filter[o->filter_count++];
		f->column = read_column(s, r, e);
		if (f->column < 0 || read_op(r, &f->op, e))
			return -1;
		f->value = o->values.count;
		kind = s->columns[f->column].kind;
		if (kind == DB_JSON || kind == DB_BYTES ||
		    (f->op == LIST_CONTAINS && kind != DB_TEXT))
			return err_set(e, ERR_BAD_REQUEST,
			    "\"%s\" cannot be filtered so",
			    s->columns[f->column].name);
		if (params_read(&o->values, kind, r, e))
			return -1;
	}
	return r->failed ? malformed(e, "filter") : 0;
}

static int
read_search(struct list_options *o, const struct statement *s,
    struct codec_reader *r, struct err *e)
{
	if (s->search_column < 0)
		return err_set(
		    e, ERR_BAD_REQUEST, "%s is not searched", s->name);
	o->search = o->values.count;
	if (params_read(&o->values, DB_TEXT, r, e))
		return -1;
	if (o->values.items[o->search].len <= 0)
		o->search = -1; /* looking for nothing finds everything */
	return 0;
}

static int
read_cursor(struct list_options *o, const struct statement *s,
    struct codec_reader *r, struct err *e)
{
	int i;

	if (codec_need_array(r) != (size_t)o->sort_count || r->failed)
		return err_set(e, ERR_BAD_REQUEST,
		    "a place in a list is the sort columns and the key");
	o->cursor = o->values.count;
	for (i = 0; i < o->sort_count; i++) {
		if (params_read(
			&o->values, s->columns[o->sort[i].column].kind, r, e))
			return -1;
		if (o->values.items[o->cursor + i].len < 0)
			return malformed(e, "place in the list");
	}
	return 0;
}

static int
read_place(struct list_options *o, const struct statement *s,
    struct codec_reader found[OPTION_NAMES], struct err *e)
{
	bool after = found[OPTION_AFTER].len, before = found[OPTION_BEFORE].len;
	bool last =
	    found[OPTION_LAST].len && codec_need_bool(&found[OPTION_LAST]);

	if (after + before + last > 1)
		return err_set(
		    e, ERR_BAD_REQUEST, "one of after, before and last");
	if (last)
		o->place = LIST_LAST;
	if (after || before)
		o->place = after ? LIST_AFTER : LIST_BEFORE;
	if (after)
		return read_cursor(o, s, &found[OPTION_AFTER], e);
	return before ? read_cursor(o, s, &found[OPTION_BEFORE], e) : 0;
}

/* What makes sense for every read. */
static int
read_general(struct list_options *o, struct codec_reader found[OPTION_NAMES],
    struct err *e)
{
	struct codec_item item;

	if (found[OPTION_WATCH].len)
		o->watch = codec_need_bool(&found[OPTION_WATCH]);
	if (found[OPTION_LIMIT].len)
		o->limit = (int)codec_need_int(&found[OPTION_LIMIT]);
	if (o->limit < 1 || o->limit > LIST_PAGE_MOST)
		return err_set(
		    e, ERR_BAD_REQUEST, "the limit is 1 to %d", LIST_PAGE_MOST);
	if (!found[OPTION_COUNT].len)
		return 0;
	if (!codec_next(&found[OPTION_COUNT], &item) ||
	    item.type != CODEC_TEXT || item.len != 5 ||
	    memcmp(item.data, "exact", 5) != 0)
		return malformed(e, "count");
	o->exact = true;
	return 0;
}

int
list_options_read(struct list_options *o, const struct statement *s,
    struct codec_reader *r, struct err *e)
{
	struct codec_reader found[OPTION_NAMES];
	int i;

	memset(found, 0, sizeof(found));
	params_reset(&o->values);
	o->sort_count = o->filter_count = 0;
	o->sort[0].descending = false;
	o->search = -1;
	o->place = LIST_FIRST;
	o->limit = LIST_PAGE_MOST;
	o->watch = o->exact = false;
	if (r && split(r, found, e))
		return -1;
	if (read_general(o, found, e))
		return -1;
	if (s->rows != ROWS_MANY) {
		for (i = 0; i < OPTION_NAMES; i++) {
			if (found[i].len && i != OPTION_WATCH)
				return err_set(e, ERR_BAD_REQUEST,
				    "%s is no list", s->name);
		}
		return 0;
	}
	if (found[OPTION_SORT].len && read_sort(o, s, &found[OPTION_SORT], e))
		return -1;
	end_sort(o, s);
	if (found[OPTION_FILTER].len &&
	    read_filter(o, s, &found[OPTION_FILTER], e))
		return -1;
	if (found[OPTION_SEARCH].len &&
	    read_search(o, s, &found[OPTION_SEARCH], e))
		return -1;
	return read_place(o, s, found, e);
}

void
list_options_clear(struct list_options *o)
{
	params_clear(&o->values);
}
