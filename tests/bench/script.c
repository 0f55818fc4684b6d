/*
 * The text that the daemon would send for a statement of the catalogue, for
 * pgbench, so that both sides of a comparison run the same SQL:
 *
 *     script CONNINFO STATEMENT [NAME=EXPRESSION ...]
 *
 * A list becomes its first page of LIMIT rows (limit=50) in a narrow scope, a
 * write is wrapped to be kept under the EXPRESSION of `request`.  The values
 * that the gateway supplies are me, lo and hi; what is not given is NULL.  An
 * EXPRESSION goes into the text as it is: a literal or a pgbench variable.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/codec.h"
#include "common/log.h"
#include "server/catalogue.h"
#include "server/db/sync.h"
#include "server/list.h"
#include "server/sqlfile.h"

static char **given;

static const char *
value_of(const char *name)
{
	size_t len = strlen(name);

	for (char **v = given; *v; v++)
		if (strncmp(*v, name, len) == 0 && (*v)[len] == '=')
			return *v + len + 1;
	return "NULL";
}

static void
add(struct params *p, const char *value)
{
	if (params_add_text(p, value, strlen(value), NULL))
		fatalx("too many parameters");
}

static void
add_values(const struct statement *s, struct params *p)
{
	static const char *const supplied[] = {"me", "lo", "hi", "lo2", "hi2"};
	const struct catalogue_text *t = &s->text[0];

	for (int i = 0; i < t->params; i++)
		add(p, value_of(t->source[i] < 0 ? supplied[-1 - t->source[i]]
						 : s->args[t->source[i]].name));
	if (!s->is_write)
		return;
	add(p, value_of("me"));
	add(p, value_of("request"));
}

static void
page_text(const struct statement *s, struct params *p, struct buf *sql)
{
	static struct list_options options;
	const char *limit = value_of("limit");
	struct codec_reader in;
	struct buf asked = {0};
	struct err e;

	codec_put_map(&asked, 1);
	codec_put_text(&asked, "limit");
	codec_put_int(&asked, strcmp(limit, "NULL") ? atoi(limit) : 50);
	codec_open(&in, asked.data, asked.len);
	if (list_options_read(&options, s, &in, &e) ||
	    list_page(s, false, true, &options, sql, p, &e))
		fatalx("%s: %s", s->name, e.text);
	buf_clear(&asked);
	list_options_clear(&options);
}

/* The text with its $n replaced. */
static void
print(const char *sql, struct params *p)
{
	const struct db_value *values = params_values(p);

	for (; *sql; sql++) {
		if (*sql != '$' || sql[1] < '1' || sql[1] > '9') {
			putchar(*sql);
			continue;
		}
		char *end;
		long n = strtol(sql + 1, &end, 10);

		if (n > p->count)
			fatalx("$%ld has no value", n);
		fputs(values[n - 1].text, stdout);
		sql = end - 1;
	}
	puts(";");
}

int
main(int argc, char **argv)
{
	struct diags *faults = diags_new();
	struct params params = {0};
	struct catalogue *catalogue;
	const struct statement *s;
	struct buf sql = {0};
	struct db_sync *db;
	struct err e;

	log_open("script", LOG_LEVEL_WARN);
	if (argc < 3)
		fatalx("usage: see the top of tests/bench/script.c");
	given = argv + 3;
	catalogue = catalogue_read(sqlfile_table, faults);
	db = db_sync_open(argv[1], &e);
	if (!db)
		fatalx("%s", e.text);
	if (!catalogue || catalogue_describe(catalogue, db, faults) != 0)
		fatalx("the catalogue has faults");
	s = catalogue_find(catalogue, argv[2], strlen(argv[2]));
	if (!s)
		fatalx("no statement %s", argv[2]);
	add_values(s, &params);
	if (s->rows == ROWS_MANY)
		page_text(s, &params, &sql);
	else
		buf_add_str(&sql, s->is_write ? s->keep_sql : s->text[0].sql);
	print(buf_str(&sql), &params);
	buf_clear(&sql);
	params_clear(&params);
	db_sync_close(db);
	catalogue_free(catalogue);
	diags_free(faults);
	return 0;
}
