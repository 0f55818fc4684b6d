/* Records of a file as lines for COPY. */
#include "server/import/rows.h"

#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/mem.h"
#include "common/say.h"
#include "server/import/convert.h"
#include "server/import/lookup.h"

#define NO_COLUMN SIZE_MAX

struct bound {
	struct mapping_field *field;
	size_t *columns;
	struct lookup_table *lookup;
};

struct rows {
	const struct mapping *mapping;
	struct mapping_target *target;
	const char *file;
	struct bound key;
	struct bound *fields;
	size_t *extras;
	size_t *filters;
	bool *taken; /* columns that something uses */
	char **header;
	size_t width;
	size_t name; /* the field that is searched, or NO_COLUMN */
	bool has_extra;
	struct buf columns;
	struct buf cell, value, line, extra; /* scratch of one row */
	char why[256];
	uint64_t *seen; /* hashes of keys, open addressing, 0 is free */
	size_t seen_count, seen_size;
	bool repeat;
};

static size_t
find_column(
    struct rows *r, const char *name, struct diag_pos at, struct diags *d)
{
	for (size_t i = 0; i < r->width; i++)
		if (strcmp(r->header[i], name) == 0) {
			r->taken[i] = true;
			return i;
		}
	diag_add(d, &r->mapping->doc->file, at, "E040",
	    diag_nearest(name, (const char *const *)r->header),
	    "a column is named as in the first line of the file",
	    "%s has no column \"%s\"", r->file, name);
	return 0;
}

static void
bind_field(struct rows *r, struct bound *b, struct mapping_field *f,
    const char *directory, struct diags *d)
{
	b->field = f;
	b->columns = xcalloc(f->column_count + 1, sizeof(*b->columns));
	for (size_t i = 0; i < f->column_count; i++)
		b->columns[i] =
		    find_column(r, f->columns[i], f->columns_at[i], d);
	if (f->lookup)
		b->lookup =
		    lookup_load(f->lookup, directory, r->mapping, f->at, d);
}

static void
bind_all(struct rows *r, const char *directory, struct diags *d)
{
	struct mapping_target *t = r->target;

	bind_field(r, &r->key, &t->key, directory, d);
	r->fields = xcalloc(t->field_count + 1, sizeof(*r->fields));
	r->extras = xcalloc(t->extra_count + 1, sizeof(*r->extras));
	r->filters = xcalloc(t->filter_count + 1, sizeof(*r->filters));
	r->name = NO_COLUMN;
	buf_add_str(&r->columns, "line, key");
	for (size_t i = 0; i < t->field_count; i++) {
		bind_field(r, &r->fields[i], &t->fields[i], directory, d);
		buf_addf(&r->columns, ", %s", t->fields[i].field->name);
		if (strcmp(t->fields[i].field->name, "name") == 0)
			r->name = i;
	}
	for (size_t i = 0; i < t->filter_count; i++)
		r->filters[i] =
		    find_column(r, t->filters[i].column, t->filters[i].at, d);
	for (size_t i = 0; i < t->extra_count; i++)
		r->extras[i] =
		    find_column(r, t->extras[i].column, t->extras[i].at, d);
	r->has_extra = t->extra_count > 0 || t->extra_rest;
	if (r->has_extra)
		buf_add_str(&r->columns, ", extra");
	if (r->name != NO_COLUMN)
		buf_add_str(&r->columns, ", grams, folded");
	buf_str(&r->columns); /* the NUL */
}

static int
compare_headers(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Of two columns with one name nobody can say which is meant. */
static void
check_twice(struct rows *r, struct diags *d)
{
	char **sorted = xcalloc(r->width + 1, sizeof(*sorted));
	bool used;

	memcpy(sorted, r->header, r->width * sizeof(*sorted));
	qsort(sorted, r->width, sizeof(*sorted), compare_headers);
	for (size_t i = 1; i < r->width; i++) {
		if (*sorted[i] == '\0' || strcmp(sorted[i - 1], sorted[i]) != 0)
			continue;
		used = r->target->extra_rest;
		for (size_t k = 0; k < r->width && !used; k++)
			used =
			    r->taken[k] && strcmp(r->header[k], sorted[i]) == 0;
		if (used)
			diag_add(d, &r->mapping->doc->file, r->target->at,
			    "E043", NULL, NULL,
			    say("%s 中有两列都叫 \"%s\"",
				"%s has the column \"%s\" twice"),
			    r->file, sorted[i]);
	}
	free(sorted);
}

struct rows *
rows_new(const struct mapping *m, struct mapping_target *t, const char *file,
    const char *directory, const struct csvfile_record *header, struct diags *d)
{
	struct rows *r = xcalloc(1, sizeof(*r));
	size_t before = diags_errors(d);

	r->mapping = m;
	r->target = t;
	r->file = file;
	r->width = header->count;
	r->header = xcalloc(r->width + 1, sizeof(*r->header));
	r->taken = xcalloc(r->width + 1, sizeof(*r->taken));
	for (size_t i = 0; i < r->width; i++)
		r->header[i] = xstrdup(header->fields[i].text);
	bind_all(r, directory, d);
	check_twice(r, d);
	if (diags_errors(d) == before)
		return r;
	rows_free(r);
	return NULL;
}

void
rows_free(struct rows *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->target->field_count; i++) {
		free(r->fields[i].columns);
		lookup_free(r->fields[i].lookup);
	}
	for (size_t i = 0; i < r->width; i++)
		free(r->header[i]);
	free(r->key.columns);
	lookup_free(r->key.lookup);
	free(r->fields);
	free(r->extras);
	free(r->filters);
	free(r->taken);
	free(r->header);
	free(r->seen);
	buf_clear(&r->columns);
	buf_clear(&r->cell);
	buf_clear(&r->value);
	buf_clear(&r->line);
	buf_clear(&r->extra);
	free(r);
}

const char *
rows_columns(const struct rows *r)
{
	return (const char *)r->columns.data;
}

bool
rows_repeat(const struct rows *r)
{
	return r->repeat;
}

static bool
passes(struct rows *r, const struct csvfile_record *rec)
{
	const struct mapping_filter *f;
	const char *cell;
	bool among;

	for (size_t i = 0; i < r->target->filter_count; i++) {
		f = &r->target->filters[i];
		cell = rec->fields[r->filters[i]].text;
		among = !f->values[0] && *cell;
		for (char **v = f->values; *v && !among; v++)
			among = strcmp(*v, cell) == 0;
		if (among == f->exclude)
			return false;
	}
	return true;
}

static const char *
map_value(struct value_map *map, size_t count, const char *text)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(map[i].from, text) == 0) {
			map[i].used++;
			return map[i].to;
		}
	return NULL;
}

static void
change_case(char *s, enum letter_case how)
{
	for (; *s; s++)
		if (how == CASE_LOWER)
			*s = (char)tolower((unsigned char)*s);
		else if (how == CASE_UPPER)
			*s = (char)toupper((unsigned char)*s);
}

static void
join_cells(
    struct rows *r, const struct bound *b, const struct csvfile_record *rec)
{
	const struct csvfile_field *cell;

	buf_reset(&r->cell);
	for (size_t i = 0; i < b->field->column_count; i++) {
		cell = &rec->fields[b->columns[i]];
		if (cell->len == 0)
			continue;
		if (r->cell.len > 0)
			buf_add_str(&r->cell, b->field->join);
		buf_add(&r->cell, cell->text, cell->len);
	}
}

/* The field's text of this row, NULL if it has none. */
static const char *
field_text(struct rows *r, const struct bound *b,
    const struct csvfile_record *rec, bool *mapped)
{
	struct mapping_field *f = b->field;
	const char *text, *to;
	char *at;

	*mapped = true;
	if (f->constant)
		return f->constant;
	join_cells(r, b, rec);
	buf_str(&r->cell);
	if (f->before_at && (at = strchr((char *)r->cell.data, '@')))
		*at = '\0';
	change_case((char *)r->cell.data, f->letter_case);
	text = (const char *)r->cell.data;
	if (b->lookup)
		text = lookup_find(b->lookup, text);
	if (text && f->map_count > 0) {
		to = map_value(f->map, f->map_count, text);
		*mapped = to || !f->map_all || *text == '\0';
		text = to ? to : text;
	}
	return text && *text ? text : f->fallback;
}

static bool
check_choice(struct rows *r, const struct mapping_field *f, const char *text)
{
	char **c = f->field->choices;

	if (!c)
		return true;
	for (; *c; c++)
		if (strcmp(*c, text) == 0)
			return true;
	snprintf(r->why, sizeof(r->why), "%s cannot be \"%s\"", f->field->name,
	    text);
	return false;
}

static bool
add_field(
    struct rows *r, const struct bound *b, const struct csvfile_record *rec)
{
	const struct mapping_field *f = b->field;
	const char *why = "", *text;
	bool mapped;

	text = field_text(r, b, rec, &mapped);
	buf_add_byte(&r->line, '\t');
	if (!mapped) {
		snprintf(r->why, sizeof(r->why),
		    "%s: the mapping has no value for \"%s\"", f->field->name,
		    text);
		return false;
	}
	if (!text) {
		if (f->field->required) {
			snprintf(r->why, sizeof(r->why), "%s is missing",
			    f->field->name);
			return false;
		}
		buf_add_str(&r->line, "\\N");
		return true;
	}
	if (!check_choice(r, f, text))
		return false;
	buf_reset(&r->value);
	if (!convert_value(f->field->type, f->format, text, &r->value, &why)) {
		snprintf(r->why, sizeof(r->why), "%s: %s, not \"%s\"",
		    f->field->name, why, text);
		return false;
	}
	convert_escape((const char *)r->value.data, r->value.len, &r->line);
	return true;
}

static void
json_text(struct buf *out, const char *s)
{
	buf_add_byte(out, '"');
	for (; *s; s++)
		if (*s == '"' || *s == '\\')
			buf_addf(out, "\\%c", *s);
		else if ((unsigned char)*s < 0x20)
			buf_addf(out, "\\u%04x", (unsigned)*s);
		else
			buf_add_byte(out, (uint8_t)*s);
	buf_add_byte(out, '"');
}

static void
json_pair(struct buf *out, const char *name, const char *text)
{
	if (out->len > 1)
		buf_add_byte(out, ',');
	json_text(out, name);
	buf_add_byte(out, ':');
	json_text(out, text);
}

static void
add_extra(struct rows *r, const struct csvfile_record *rec)
{
	const char *text, *to;

	buf_reset(&r->extra);
	buf_add_byte(&r->extra, '{');
	for (size_t i = 0; i < r->target->extra_count; i++) {
		struct mapping_extra *x = &r->target->extras[i];

		text = rec->fields[r->extras[i]].text;
		to = map_value(x->map, x->map_count, text);
		if (*text)
			json_pair(&r->extra, x->name, to ? to : text);
	}
	for (size_t i = 0; r->target->extra_rest && i < r->width; i++)
		if (!r->taken[i] && rec->fields[i].len > 0)
			json_pair(&r->extra, r->header[i], rec->fields[i].text);
	buf_add_byte(&r->extra, '}');
	buf_add_byte(&r->line, '\t');
	convert_escape((const char *)r->extra.data, r->extra.len, &r->line);
}

/* The forms of the name that search and the check for doubles use. */
static void
add_forms(struct rows *r, const struct csvfile_record *rec)
{
	bool mapped;
	const char *name = field_text(r, &r->fields[r->name], rec, &mapped);

	buf_add_byte(&r->line, '\t');
	if (!name || !convert_grams(name, strlen(name), &r->line))
		buf_add_str(&r->line, "\\N");
	buf_add_byte(&r->line, '\t');
	if (!name || !convert_folded(name, strlen(name), &r->line))
		buf_add_str(&r->line, "\\N");
}

static bool
seen_insert(uint64_t *seen, size_t size, uint64_t hash)
{
	size_t at = hash & (size - 1);

	while (seen[at]) {
		if (seen[at] == hash)
			return false;
		at = (at + 1) & (size - 1);
	}
	seen[at] = hash;
	return true;
}

static void
note_key(struct rows *r, const char *key)
{
	uint64_t hash = 14695981039346656037u, *old = r->seen;
	size_t old_size = r->seen_size;

	for (; *key; key++)
		hash = (hash ^ (unsigned char)*key) * 1099511628211u;
	hash ^= hash >> 29;
	hash |= 1;
	if (r->seen_count * 2 >= r->seen_size) {
		r->seen_size = old_size ? old_size * 2 : 1024;
		r->seen = xcalloc(r->seen_size, sizeof(*r->seen));
		for (size_t i = 0; i < old_size; i++)
			if (old[i])
				seen_insert(r->seen, r->seen_size, old[i]);
		free(old);
	}
	if (seen_insert(r->seen, r->seen_size, hash))
		r->seen_count++;
	else
		r->repeat = true;
}

static bool
make_line(struct rows *r, const struct csvfile_record *rec)
{
	const char *key;
	bool mapped;

	key = field_text(r, &r->key, rec, &mapped);
	if (!key) {
		snprintf(r->why, sizeof(r->why), "the key is missing");
		return false;
	}
	note_key(r, key);
	buf_reset(&r->line);
	buf_addf(&r->line, "%zu\t", rec->line);
	convert_escape(key, strlen(key), &r->line);
	for (size_t i = 0; i < r->target->field_count; i++)
		if (!add_field(r, &r->fields[i], rec))
			return false;
	if (r->has_extra)
		add_extra(r, rec);
	if (r->name != NO_COLUMN)
		add_forms(r, rec);
	buf_add_byte(&r->line, '\n');
	return true;
}

enum rows_result
rows_make(struct rows *r, const struct csvfile_record *rec, struct buf *out,
    const char **why)
{
	*why = r->why;
	if (rec->fault) {
		*why = rec->fault;
		return ROWS_REJECTED;
	}
	if (rec->count != r->width) {
		snprintf(r->why, sizeof(r->why),
		    "%zu fields where the first line has %zu", rec->count,
		    r->width);
		return ROWS_REJECTED;
	}
	if (!passes(r, rec))
		return ROWS_SKIPPED;
	if (!make_line(r, rec))
		return ROWS_REJECTED;
	buf_add(out, r->line.data, r->line.len);
	return ROWS_MADE;
}
