/* The wrapper of lists: what it makes of options, hostile ones among them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/codec.h"
#include "common/mem.h"
#include "server/list.h"

enum { ID, NAME, DUE, LIGHT, NOTE };

static struct catalogue_column columns[] = {
    {"id", "bigint", DB_INT},
    {"na\"me", "text", DB_TEXT},
    {"due", "timestamp with time zone", DB_TIME},
    {"light", "smallint", DB_INT},
    {"note", "jsonb", DB_JSON},
};
static int sort[] = {NAME, DUE};
static char one_range[] = "select 1", two_ranges[] = "select 2";
static struct statement list = {.name = "a/list",
    .rows = ROWS_MANY,
    .sort = sort,
    .sort_count = COUNT_OF(sort),
    .key_column = ID,
    .search_column = NAME,
    .columns = columns,
    .column_count = COUNT_OF(columns),
    .text = {{.sql = one_range}, {.sql = two_ranges}}};

/* Options as a terminal would write them: "sort=due-,name+" ... */
struct wish {
	const char *sort;   /* column and + or -, blanks between */
	const char *filter; /* column, comparison, value */
	const char *search, *after, *before;
	bool last;
	int limit;
};

/* A cell by the kind of its column: numbers as such, "null" as null. */
static void
put_cell(struct buf *b, const char *column, const char *text)
{
	if (strcmp(text, "null") == 0)
		codec_put_null(b);
	else if (strcmp(column, "id") == 0 || strcmp(column, "light") == 0)
		codec_put_int(b, strtoll(text, NULL, 10));
	else
		codec_put_text(b, text);
}

static size_t
words(char *text, char *found[8])
{
	char *save = NULL;
	size_t n = 0;

	for (char *w = strtok_r(text, " ", &save); w && n < 8;
	     w = strtok_r(NULL, " ", &save))
		found[n++] = w;
	return n;
}

static void
put_sort(struct buf *b, const char *sort_text)
{
	char *text = xstrdup(sort_text), *found[8];
	size_t n = words(text, found), len;

	codec_put_text(b, "sort");
	codec_put_array(b, n);
	for (size_t i = 0; i < n; i++) {
		len = strlen(found[i]) - 1;
		codec_put_array(b, 2);
		codec_put_textn(b, found[i], len);
		codec_put_bool(b, found[i][len] == '-');
	}
	free(text);
}

static void
put_filter(struct buf *b, const char *filter)
{
	char *text = xstrdup(filter), *op, *value;

	codec_put_text(b, "filter");
	codec_put_array(b, 1);
	codec_put_array(b, 3);
	op = strchr(text, ' ');
	*op++ = '\0';
	value = strchr(op, ' ');
	*value++ = '\0';
	codec_put_text(b, text);
	codec_put_text(b, op);
	put_cell(b, text, value);
	free(text);
}

/* Cells apart by blanks; those of digits alone are numbers. */
static void
put_place(struct buf *b, const char *name, const char *cells)
{
	char *text = xstrdup(cells), *found[8];
	size_t n = words(text, found);

	codec_put_text(b, name);
	codec_put_array(b, n);
	for (size_t i = 0; i < n; i++)
		put_cell(b,
		    found[i][strspn(found[i], "0123456789")] ? "" : "id",
		    found[i]);
	free(text);
}

static int
read_wish(struct list_options *o, const struct wish *w, struct err *e)
{
	struct buf b = {0};
	struct codec_reader r;
	int rc;

	codec_put_map(
	    &b, (size_t)(!!w->sort + !!w->filter + !!w->search + !!w->after +
			 !!w->before + w->last + !!w->limit));
	if (w->sort)
		put_sort(&b, w->sort);
	if (w->filter)
		put_filter(&b, w->filter);
	if (w->search) {
		codec_put_text(&b, "search");
		codec_put_text(&b, w->search);
	}
	if (w->after)
		put_place(&b, "after", w->after);
	if (w->before)
		put_place(&b, "before", w->before);
	if (w->last) {
		codec_put_text(&b, "last");
		codec_put_bool(&b, true);
	}
	if (w->limit) {
		codec_put_text(&b, "limit");
		codec_put_int(&b, w->limit);
	}
	codec_open(&r, b.data, b.len);
	rc = list_options_read(o, &list, &r, e);
	buf_clear(&b);
	return rc;
}

/* Behind each row: its SQL between "(select 1\n) q" and " limit", and the
 * values in their order, '|' between. */
static const struct page_row {
	struct wish wish;
	const char *sql, *values;
} pages[] = {
    {{0}, " order by q.\"na\"\"me\", q.\"id\"", "201"},
    {{.limit = 1}, " order by q.\"na\"\"me\", q.\"id\"", "2"},
    {{.sort = "due+"}, " order by q.\"due\", q.\"id\"", "201"},
    {{.sort = "due-"}, " order by q.\"due\" desc, q.\"id\" desc", "201"},
    {{.sort = "id-"}, " order by q.\"id\" desc, q.\"id\" desc", "201"},
    {{.last = true}, " order by q.\"na\"\"me\" desc, q.\"id\" desc", "201"},
    {{.sort = "due-", .last = true}, " order by q.\"due\", q.\"id\"", "201"},
    /* ties: the key is part of the place, in the column's direction */
    {{.after = "Bo 7"},
	" where (q.\"na\"\"me\", q.\"id\") > ($1::text, $2::bigint)"
	" order by q.\"na\"\"me\", q.\"id\"",
	"Bo|7|201"},
    {{.before = "Bo 7"},
	" where (q.\"na\"\"me\", q.\"id\") < ($1::text, $2::bigint)"
	" order by q.\"na\"\"me\" desc, q.\"id\" desc",
	"Bo|7|201"},
    {{.sort = "na\"me-", .after = "Bo 7"},
	" where (q.\"na\"\"me\", q.\"id\") < ($1::text, $2::bigint)"
	" order by q.\"na\"\"me\" desc, q.\"id\" desc",
	"Bo|7|201"},
    {{.sort = "na\"me- due+", .after = "Bo 2026-01-31T00:00:00Z 7"},
	" where (q.\"na\"\"me\" <= $1::text and (q.\"na\"\"me\" < $2::text or"
	" (q.\"due\" >= $3::timestamp with time zone and (q.\"due\" >"
	" $4::timestamp with time zone or (q.\"id\" > $5::bigint)))))"
	" order by q.\"na\"\"me\" desc, q.\"due\", q.\"id\"",
	"Bo|Bo|2026-01-31T00:00:00Z|2026-01-31T00:00:00Z|7|201"},
    {{.sort = "na\"me- due+", .before = "Bo 2026-01-31T00:00:00Z 7"},
	" where (q.\"na\"\"me\" >= $1::text and (q.\"na\"\"me\" > $2::text or"
	" (q.\"due\" <= $3::timestamp with time zone and (q.\"due\" <"
	" $4::timestamp with time zone or (q.\"id\" < $5::bigint)))))"
	" order by q.\"na\"\"me\", q.\"due\" desc, q.\"id\" desc",
	"Bo|Bo|2026-01-31T00:00:00Z|2026-01-31T00:00:00Z|7|201"},
    {{.filter = "light >= 2"},
	" where q.\"light\" >= $1::smallint"
	" order by q.\"na\"\"me\", q.\"id\"",
	"2|201"},
    {{.filter = "light != 2"},
	" where q.\"light\" is distinct from $1::smallint"
	" order by q.\"na\"\"me\", q.\"id\"",
	"2|201"},
    {{.filter = "light = null"},
	" where q.\"light\" is null"
	" order by q.\"na\"\"me\", q.\"id\"",
	"201"},
    {{.filter = "light != null"},
	" where q.\"light\" is distinct from $1::smallint"
	" order by q.\"na\"\"me\", q.\"id\"",
	"NULL|201"},
    {{.filter = "na\"me ~ '; drop table x; --"},
	" where strpos(lower(q.\"na\"\"me\"), lower($1::text)) > 0"
	" order by q.\"na\"\"me\", q.\"id\"",
	"'; drop table x; --|201"},
    {{.filter = "na\"me = $1 %_\\ \"q\""},
	" where q.\"na\"\"me\" = $1::text order by q.\"na\"\"me\", q.\"id\"",
	"$1 %_\\ \"q\"|201"},
    {{.search = "') or true --"},
	" where strpos(lower(q.\"na\"\"me\"), lower($1::text)) > 0"
	" order by q.\"na\"\"me\", q.\"id\"",
	"') or true --|201"},
    {{.search = ""}, " order by q.\"na\"\"me\", q.\"id\"", "201"},
    {{.filter = "light = 1", .search = "x", .sort = "due-", .last = true},
	" where q.\"light\" = $1::smallint and strpos(lower(q.\"na\"\"me\"),"
	" lower($2::text)) > 0 order by q.\"due\", q.\"id\"",
	"1|x|201"},
    {{.filter = "light = 1", .search = "x", .after = "Bo 7", .limit = 50},
	" where q.\"light\" = $1::smallint and strpos(lower(q.\"na\"\"me\"),"
	" lower($2::text)) > 0 and (q.\"na\"\"me\", q.\"id\") >"
	" ($3::text, $4::bigint) order by q.\"na\"\"me\", q.\"id\"",
	"1|x|Bo|7|51"},
};

static char *
values_of(struct params *p)
{
	const struct db_value *v = params_values(p);
	struct buf b = {0};

	for (int i = 0; i < p->count; i++)
		buf_addf(
		    &b, "%s%s", i ? "|" : "", v[i].text ? v[i].text : "NULL");
	buf_str(&b);
	return buf_take(&b);
}

static void
check_page(const struct page_row *row)
{
	struct list_options o = {0};
	struct params p = {0};
	struct buf sql = {0};
	struct err e = {0};
	char *want, *got;

	if (read_wish(&o, &row->wish, &e))
		fail_msg("%s: %s", row->sql, e.text);
	assert_int_equal(list_page(&list, false, false, &o, &sql, &p, &e), 0);
	want = xasprintf("select q.* from (select 1\n) q%s limit $%d::bigint",
	    row->sql, p.count);
	assert_string_equal(buf_str(&sql), want);
	got = values_of(&p);
	assert_string_equal(got, row->values);
	free(got);
	free(want);
	params_clear(&p);
	buf_clear(&sql);
	list_options_clear(&o);
}

static void
pages_are_composed(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(pages); i++)
		check_page(&pages[i]);
}

/* Narrow: a fence, the place outside of it; the first page counts. */
static void
narrow_pages_are_fenced(void **state)
{
	struct wish after = {.after = "Bo 7", .filter = "light = 1"};
	struct list_options o = {0};
	struct params p = {0};
	struct buf sql = {0};
	struct err e;

	(void)state;
	assert_int_equal(list_options_read(&o, &list, NULL, &e), 0);
	assert_int_equal(list_page(&list, true, true, &o, &sql, &p, &e), 0);
	assert_string_equal(buf_str(&sql),
	    "select q.*, count(*) over () as count from (select q.* from"
	    " (select 2\n) q offset 0) q order by q.\"na\"\"me\", q.\"id\""
	    " limit $1::bigint");
	params_reset(&p);
	buf_reset(&sql);
	assert_int_equal(read_wish(&o, &after, &e), 0);
	assert_int_equal(list_page(&list, false, true, &o, &sql, &p, &e), 0);
	assert_string_equal(buf_str(&sql),
	    "select q.* from (select q.* from (select 1\n) q where"
	    " q.\"light\" = $1::smallint offset 0) q where (q.\"na\"\"me\","
	    " q.\"id\") > ($2::text, $3::bigint) order by q.\"na\"\"me\","
	    " q.\"id\" limit $4::bigint");
	params_clear(&p);
	buf_clear(&sql);
	list_options_clear(&o);
}

static void
counts_know_filters_and_no_place(void **state)
{
	struct wish w = {.after = "Bo 7", .filter = "light = 1", .search = "x"};
	struct list_options o = {0};
	struct params p = {0};
	struct buf sql = {0};
	struct err e;

	(void)state;
	assert_int_equal(read_wish(&o, &w, &e), 0);
	assert_int_equal(list_count(&list, false, 0, &o, &sql, &p, &e), 0);
	assert_string_equal(buf_str(&sql),
	    "select count(*) from (select 1\n) q where q.\"light\" ="
	    " $1::smallint and strpos(lower(q.\"na\"\"me\"),"
	    " lower($2::text)) > 0");
	params_reset(&p);
	buf_reset(&sql);
	assert_int_equal(list_count(&list, true, 1000, &o, &sql, &p, &e), 0);
	assert_non_null(strstr(buf_str(&sql), "(select 2\n) q where"));
	assert_non_null(strstr(buf_str(&sql), "limit $3::bigint) c"));
	params_clear(&p);
	buf_clear(&sql);
	list_options_clear(&o);
}

static const struct fault_row {
	struct wish wish;
	const char *says;
} faults[] = {
    {{.sort = "light+"}, "cannot be sorted by \"light\""},
    {{.sort = "nam+"}, "no column \"nam\""},
    {{.sort = "na\"me+ na\"me+ na\"me+ na\"me+ na\"me+ na\"me+ na\"me+"},
	"sorted by too much"},
    {{.filter = "id\";-- = 1"}, "no column"},
    {{.filter = "light ~ 1"}, "cannot be filtered so"},
    {{.filter = "note = 1"}, "cannot be filtered so"},
    {{.filter = "light or 1"}, "unknown comparison"},
    {{.after = "Bo"}, "a place in a list is"},
    {{.after = "Bo 7 8"}, "a place in a list is"},
    {{.after = "null 7"}, "malformed place"},
    {{.after = "Bo 7", .before = "Bo 7"}, "one of after"},
    {{.after = "Bo 7", .last = true}, "one of after"},
    {{.limit = -1}, "the limit is"},
    {{.limit = LIST_PAGE_MOST + 1}, "the limit is"},
};

static void
faults_are_told(void **state)
{
	struct list_options o = {0};
	struct err e;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(faults); i++) {
		e = (struct err){0};
		if (read_wish(&o, &faults[i].wish, &e) == 0)
			fail_msg("%zu: was read", i);
		if (!strstr(e.text, faults[i].says))
			fail_msg("%zu: %s", i, e.text);
	}
	list_options_clear(&o);
}

/* What is no map of options: a fault, never more. */
static void
bytes_are_not_trusted(void **state)
{
	static const unsigned char junk[][6] = {{0x80}, {0xa1, 0x01},
	    {0xa1, 0x64, 's', 'o', 'r', 't'}, {0xbf, 0xff},
	    {0xa1, 0x61, 'x', 0x01}, {0xfb, 0xff}};
	struct list_options o = {0};
	struct codec_reader r;
	struct err e;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(junk); i++) {
		codec_open(&r, junk[i], sizeof(junk[i]));
		assert_int_equal(list_options_read(&o, &list, &r, &e), -1);
	}
	list_options_clear(&o);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(bytes_are_not_trusted),
	    cmocka_unit_test(pages_are_composed),
	    cmocka_unit_test(narrow_pages_are_fenced),
	    cmocka_unit_test(counts_know_filters_and_no_place),
	    cmocka_unit_test(faults_are_told),
	};

	return cmocka_run_group_tests_name("list", tests, NULL, NULL);
}
