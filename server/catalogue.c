/* The catalogue as a whole: finding, roles, topics, describing, printing. */
#include "server/catalogue.h"

#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/mem.h"
#include "server/catalogue_read.h"
#include "server/db/sync.h"

static const char *const role_names[] = {"rep", "supervisor", "ops", "finance",
    "technical", "service", "marketing", "supply", NULL};

static const char *const kind_names[] = {
    [DB_BOOL] = "bool",
    [DB_INT] = "int",
    [DB_REAL] = "real",
    [DB_TEXT] = "text",
    [DB_DATE] = "date",
    [DB_TIME] = "time",
    [DB_JSON] = "json",
    [DB_BYTES] = "bytes",
};

const char *const *
catalogue_roles(void)
{
	return role_names;
}

unsigned
catalogue_role_bit(const char *role)
{
	unsigned i;

	for (i = 0; role_names[i]; i++) {
		if (strcmp(role_names[i], role) == 0)
			return 1u << i;
	}
	return 0;
}

const char *
catalogue_kind_name(enum db_column_type kind)
{
	return kind_names[kind];
}

static int
compare_statements(const void *a, const void *b)
{
	const struct statement *const *x = a, *const *y = b;

	return strcmp((*x)->name, (*y)->name);
}

struct catalogue *
catalogue_read(const struct sqlfile *files, struct diags *d)
{
	struct catalogue *c = xcalloc(1, sizeof(*c));
	size_t before = diags_errors(d);
	const struct sqlfile *f;
	struct statement *s;
	int i;

	for (f = files; f->name; f++) {
		if (strncmp(f->name, "api/", 4) != 0)
			continue;
		s = catalogue_read_statement(c, f, d);
		c->statements = xrealloc_array(c->statements,
		    (size_t)c->count + 1, sizeof(struct statement *));
		c->statements[c->count++] = s;
	}
	if (diags_errors(d) > before) {
		catalogue_free(c);
		return NULL;
	}
	if (c->count)
		qsort(c->statements, (size_t)c->count,
		    sizeof(struct statement *), compare_statements);
	for (i = 0; i < c->count; i++)
		c->statements[i]->number = i;
	return c;
}

void
catalogue_free(struct catalogue *c)
{
	int i;

	if (!c)
		return;
	for (i = 0; i < c->count; i++)
		catalogue_free_statement(c->statements[i]);
	for (i = 0; i < c->topic_count; i++)
		free(c->topics[i]);
	free(c->statements);
	free(c);
}

const struct statement *
catalogue_find(const struct catalogue *c, const char *name, size_t len)
{
	int low = 0, high = c->count, middle, order;
	const char *candidate;

	while (low < high) {
		middle = (low + high) / 2;
		candidate = c->statements[middle]->name;
		order = strncmp(name, candidate, len);
		if (order == 0 && candidate[len] != '\0')
			order = -1;
		if (order == 0)
			return c->statements[middle];
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

int
catalogue_count(const struct catalogue *c)
{
	return c->count;
}

const struct statement *
catalogue_at(const struct catalogue *c, int i)
{
	return c->statements[i];
}

int
catalogue_topic(const struct catalogue *c, const char *name)
{
	int i;

	for (i = 0; i < c->topic_count; i++) {
		if (strcmp(c->topics[i], name) == 0)
			return i;
	}
	return -1;
}

const char *
catalogue_topic_name(const struct catalogue *c, int topic)
{
	return c->topics[topic];
}

int
catalogue_topic_count(const struct catalogue *c)
{
	return c->topic_count;
}

int
catalogue_column(const struct statement *s, const char *name)
{
	int i;

	for (i = 0; i < s->column_count; i++) {
		if (strcmp(s->columns[i].name, name) == 0)
			return i;
	}
	return -1;
}

int
catalogue_describe(struct catalogue *c, struct db_sync *s, struct diags *d)
{
	size_t before = diags_errors(d);
	int i;

	for (i = 0; i < c->count; i++)
		catalogue_describe_statement(c->statements[i], s, d);
	return diags_errors(d) > before ? -1 : 0;
}

void
catalogue_print(const struct catalogue *c, struct buf *out)
{
	const struct statement *s;
	int i;

	for (i = 0; i < c->count; i++) {
		s = c->statements[i];
		buf_addf(out, "%-5s  %-28s  %s\n",
		    s->is_write ? "write" : "read", s->name, s->purpose);
	}
}

static void
print_roles(const struct statement *s, struct buf *out)
{
	int i;

	buf_add_str(out, "  roles   ");
	for (i = 0; role_names[i]; i++) {
		if (s->roles & 1u << i)
			buf_addf(out, " %s", role_names[i]);
	}
	buf_add_byte(out, '\n');
}

void
catalogue_print_one(const struct statement *s, struct buf *out)
{
	static const char *const rows[] = {"none", "one", "many"};
	int i;

	buf_addf(out, "%s\n  %s\n", s->name, s->purpose);
	print_roles(s, out);
	for (i = 0; i < s->arg_count; i++)
		buf_addf(out, "  arg      %s %s%s\n", s->args[i].name,
		    s->args[i].type, s->args[i].optional ? "?" : "");
	buf_addf(
	    out, "  rows     %s%s\n", rows[s->rows], s->heavy ? ", heavy" : "");
	for (i = 0; i < s->column_count; i++)
		buf_addf(out, "  column   %s %s\n", s->columns[i].name,
		    kind_names[s->columns[i].kind]);
	if (s->key)
		buf_addf(out, "  key      %s\n", s->key);
	for (i = 0; i < s->sort_count; i++)
		buf_addf(out, "  sort     %s\n", s->columns[s->sort[i]].name);
	if (s->search)
		buf_addf(out, "  search   %s\n", s->search);
	if (s->undo)
		buf_addf(out, "  undo     %s\n", s->undo);
}
