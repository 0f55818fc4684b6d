/* What PostgreSQL says about a statement, and whether it fits its header. */
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/mem.h"
#include "server/catalogue_read.h"
#include "server/db/sync.h"

struct describing {
	struct statement *s;
	struct db_sync *db;
	struct diags *d;
};

static void
fault(struct describing *x, size_t at, const char *suggest, const char *what)
{
	diag_add(x->d, &x->s->file, catalogue_position(&x->s->file, at), "E103",
	    suggest, NULL, "%s", what);
}

static void
fault_about(struct describing *x, size_t at, const char *what, const char *name)
{
	const char *names[256];
	int i;

	for (i = 0; i < x->s->column_count && i < 255; i++)
		names[i] = x->s->columns[i].name;
	names[i] = NULL;
	diag_add(x->d, &x->s->file, catalogue_position(&x->s->file, at), "E103",
	    diag_nearest(name, names), NULL, "%s \"%s\"", what, name);
}

static int
describe(struct describing *x, const char *sql, struct pg_result **rows)
{
	size_t at = x->s->body;
	struct err e;

	if (db_sync_describe(x->db, sql, rows, &e) == 0)
		return 0;
	if (db_sync_position(x->db) &&
	    (sql == x->s->text[0].sql || sql == x->s->text[1].sql))
		at = catalogue_trace(x->s, sql, db_sync_position(x->db));
	fault(x, at, NULL, e.text);
	return -1;
}

static void
take_columns(struct describing *x, const struct pg_result *r)
{
	struct statement *s = x->s;
	int i, kind;

	s->column_count = db_columns(r);
	s->columns = xcalloc((size_t)s->column_count + 1, sizeof(*s->columns));
	for (i = 0; i < s->column_count; i++) {
		kind = db_column_type(r, i);
		s->columns[i].name = xstrdup(db_column_name(r, i));
		s->columns[i].type = db_column_type_name(r, i);
		s->columns[i].kind =
		    kind < 0 ? DB_TEXT : (enum db_column_type)kind;
		if (kind < 0)
			fault_about(x, s->body,
			    "terminals do not take the type of column",
			    s->columns[i].name);
	}
}

static int
need_column(struct describing *x, const char *name, size_t at)
{
	int column = catalogue_column(x->s, name);

	if (column < 0)
		fault_about(x, at, "there is no column", name);
	return column;
}

static bool
is_sortable(const struct catalogue_column *c)
{
	return strcmp(c->type, "bigint") == 0 ||
	       strcmp(c->type, "smallint") == 0 ||
	       strcmp(c->type, "text") == 0 || c->kind == DB_DATE ||
	       c->kind == DB_TIME;
}

static void
take_sort(struct describing *x)
{
	struct statement *s = x->s;
	const char *words = s->sort_words;
	size_t at = 0, len;
	int column;
	char *name;

	while (words[at += strspn(words + at, " ,\t")]) {
		len = strcspn(words + at, " ,\t");
		name = xstrndup(words + at, len);
		column = need_column(x, name, s->place[LINE_SORT] + at);
		if (column >= 0 && !is_sortable(&s->columns[column]))
			fault_about(x, s->place[LINE_SORT] + at,
			    "a list cannot be sorted by the type of", name);
		free(name);
		at += len;
		if (column < 0)
			continue;
		s->sort = xrealloc_array(
		    s->sort, (size_t)s->sort_count + 1, sizeof(*s->sort));
		s->sort[s->sort_count++] = column;
	}
}

static void
check_list(struct describing *x)
{
	struct statement *s = x->s;

	s->key_column = need_column(x, s->key, s->place[LINE_KEY]);
	if (s->key_column >= 0 &&
	    strcmp(s->columns[s->key_column].type, "bigint") != 0)
		fault_about(
		    x, s->place[LINE_KEY], "the key must be bigint:", s->key);
	take_sort(x);
	if (s->search)
		s->search_column =
		    need_column(x, s->search, s->place[LINE_SEARCH]);
	if (s->search_column >= 0 &&
	    s->columns[s->search_column].kind != DB_TEXT)
		fault_about(x, s->place[LINE_SEARCH],
		    "only a text can be searched, not", s->search);
}

/* The write with its row kept under (person, request id). */
static void
wrap_write(struct statement *s)
{
	const struct catalogue_text *t = &s->text[0];
	struct buf b = {0};
	int i;

	buf_addf(&b,
	    "select w.*, firebreak.keep($%d::bigint, $%d::uuid, to_jsonb(w))"
	    " from (%s\noffset 0) w",
	    t->params + 1, t->params + 2, t->sql);
	s->keep_sql = buf_take(&b);
	buf_add_str(&b, "select r.* from jsonb_to_record(firebreak.kept("
			"$1::bigint, $2::uuid)) as r(");
	for (i = 0; i < s->column_count; i++)
		buf_addf(&b, "%s\"%s\" %s", i ? ", " : "", s->columns[i].name,
		    s->columns[i].type);
	buf_add_byte(&b, ')');
	s->kept_sql = buf_take(&b);
}

static void
check_write(struct describing *x)
{
	struct statement *s = x->s;

	if (s->column_count < 2 || strcmp(s->columns[0].name, "id") != 0 ||
	    strcmp(s->columns[0].type, "bigint") != 0 ||
	    strcmp(s->columns[1].name, "org_code") != 0 ||
	    strcmp(s->columns[1].type, "bigint") != 0) {
		fault(x, s->body, NULL,
		    "a write's first columns are id bigint, org_code bigint");
		return;
	}
	wrap_write(s);
	if (describe(x, s->keep_sql, NULL) == 0)
		(void)!describe(x, s->kept_sql, NULL);
}

void
catalogue_describe_statement(
    struct statement *s, struct db_sync *db, struct diags *d)
{
	struct describing x = {s, db, d};
	struct pg_result *r;

	if (describe(&x, s->text[0].sql, &r))
		return;
	take_columns(&x, r);
	db_result_free(r);
	if (s->is_scoped && describe(&x, s->text[1].sql, NULL))
		return;
	if (s->rows == ROWS_MANY)
		check_list(&x);
	if (s->is_write)
		check_write(&x);
}
