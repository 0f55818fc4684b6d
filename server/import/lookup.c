/* Lookups: pairs of a file sorted by key, one left for each. */
#include "server/import/lookup.h"

#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "server/import/csvfile.h"

struct pair {
	char *key;
	char *value;
	size_t order;
};

struct lookup_table {
	struct pair *pairs;
	size_t count;
};

static int
compare_pairs(const void *a, const void *b)
{
	const struct pair *x = a, *y = b;
	int by_key = strcmp(x->key, y->key);

	if (by_key)
		return by_key;
	return x->order < y->order ? -1 : x->order > y->order;
}

static int
compare_values(const void *a, const void *b)
{
	const struct pair *x = a, *y = b;
	int by_value = strcmp(x->value, y->value);

	return by_value ? by_value
			: (x->order < y->order ? -1 : x->order > y->order);
}

/* Of the pairs [from, to) of one key: the value most of them have. */
static size_t
most_common(struct pair *pairs, size_t from, size_t to)
{
	size_t best = from, best_run = 0, start = from;

	qsort(pairs + from, to - from, sizeof(*pairs), compare_values);
	for (size_t i = from; i < to; i++) {
		if (strcmp(pairs[i].value, pairs[start].value) != 0)
			start = i;
		if (i - start + 1 > best_run) {
			best_run = i - start + 1;
			best = start;
		}
	}
	return best;
}

static void
reduce(struct lookup_table *t, bool most)
{
	size_t from = 0, to, keep, kept = 0;
	struct pair chosen;

	qsort(t->pairs, t->count, sizeof(*t->pairs), compare_pairs);
	while (from < t->count) {
		for (to = from + 1;
		     to < t->count &&
		     strcmp(t->pairs[to].key, t->pairs[from].key) == 0;
		     to++)
			;
		keep = most ? most_common(t->pairs, from, to) : to - 1;
		chosen = t->pairs[keep];
		for (size_t i = from; i < to; i++)
			if (i != keep) {
				free(t->pairs[i].key);
				free(t->pairs[i].value);
			}
		t->pairs[kept++] = chosen;
		from = to;
	}
	t->count = kept;
}

static size_t
column_at(const struct csvfile_record *header, const char *name)
{
	size_t i;

	for (i = 0; i < header->count; i++)
		if (strcmp(header->fields[i].text, name) == 0)
			break;
	return i;
}

static void
read_pairs(
    struct lookup_table *t, struct csvfile *csv, size_t key, size_t value)
{
	struct csvfile_record rec;
	struct pair *p;
	size_t room = 0;

	while (csvfile_next(csv, &rec)) {
		if (rec.count <= key || rec.count <= value ||
		    rec.fields[key].len == 0 || rec.fields[value].len == 0)
			continue;
		if (t->count == room) {
			room = room ? room * 2 : 256;
			t->pairs =
			    xrealloc_array(t->pairs, room, sizeof(*t->pairs));
		}
		p = &t->pairs[t->count];
		p->key = xstrdup(rec.fields[key].text);
		p->value = xstrdup(rec.fields[value].text);
		p->order = t->count++;
	}
}

struct lookup_table *
lookup_load(const struct lookup *l, const char *directory,
    const struct mapping *m, struct diag_pos at, struct diags *d)
{
	struct lookup_table *t = xcalloc(1, sizeof(*t));
	char *path = xasprintf("%s/%s", directory, l->file);
	struct csvfile_record header;
	struct csvfile *csv;
	struct err e;
	size_t key, value;

	csv = csvfile_open(path, NULL, &e);
	free(path);
	if (!csv) {
		diag_add(
		    d, &m->doc->file, at, "E041", NULL, NULL, "%s", e.text);
		return t;
	}
	if (csvfile_next(csv, &header)) {
		key = column_at(&header, l->key);
		value = column_at(&header, l->value);
		if (key == header.count || value == header.count)
			diag_add(d, &m->doc->file, at, "E040", NULL, NULL,
			    "%s has no column \"%s\"", l->file,
			    key == header.count ? l->key : l->value);
		else
			read_pairs(t, csv, key, value);
	}
	csvfile_free(csv);
	reduce(t, l->most);
	return t;
}

void
lookup_free(struct lookup_table *t)
{
	if (!t)
		return;
	for (size_t i = 0; i < t->count; i++) {
		free(t->pairs[i].key);
		free(t->pairs[i].value);
	}
	free(t->pairs);
	free(t);
}

const char *
lookup_find(const struct lookup_table *t, const char *key)
{
	size_t lo = 0, hi = t->count, mid;
	int c;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		c = strcmp(key, t->pairs[mid].key);
		if (c == 0)
			return t->pairs[mid].value;
		if (c < 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	return NULL;
}
