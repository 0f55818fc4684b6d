/* What rules may name, read from sources.yaml. */
#include "server/engine/sources.h"

#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/mem.h"
#include "common/yaml.h"
#include "server/engine/unit.h"

static const char *const top_keys[] = {
    "firebreak", "subjects", "sources", NULL};
static const char *const subject_keys[] = {"title", "relation", "key", "where",
    "label", "org_code", "lights", "fields", "kept", "people", "groups", NULL};
static const char *const source_keys[] = {"title", "relation", "at", "recorded",
    "where", "fields", "links", "marks", "queue", "lineage", NULL};
static const char *const field_keys[] = {"type", "sql", "keep", "values", NULL};
static const char *const lineage_keys[] = {
    "system", "refresh", "responsible", NULL};
static const char *const kept_keys[] = {"is", "sql", NULL};
static const char *const queue_columns[] = {
    "subject", "customer_id", "person_id", NULL};

struct reader {
	struct yaml_doc *doc;
	struct diags *diags;
};

static const char *
need(struct reader *r, const struct yaml *map, const char *key)
{
	const char *text = yaml_need_text(r->doc, map, key, r->diags);

	return text ? text : "";
}

/* A map whose values are texts; the pairs borrow from the doc. */
static struct pair *
read_pairs(struct reader *r, const struct yaml *map, size_t *count)
{
	struct pair *pairs;

	*count = 0;
	if (!map)
		return NULL;
	if (map->kind != YAML_MAP) {
		yaml_fault(r->doc, map, r->diags, "E005",
		    "names with values are expected here");
		return NULL;
	}
	pairs = xcalloc(map->count, sizeof(*pairs));
	for (size_t i = 0; i < map->count; i++) {
		pairs[i].name = map->keys[i].text;
		pairs[i].sql = need(r, map, map->keys[i].text);
	}
	*count = map->count;
	return pairs;
}

static const char **
read_words(struct reader *r, const struct yaml *list)
{
	const char **words;

	if (!list)
		return NULL;
	if (list->kind != YAML_LIST) {
		yaml_fault(
		    r->doc, list, r->diags, "E005", "a list is expected here");
		return NULL;
	}
	words = xcalloc(list->count + 1, sizeof(*words));
	for (size_t i = 0; i < list->count; i++)
		words[i] = list->items[i].text ? list->items[i].text : "";
	return words;
}

static void
read_field(struct reader *r, const char *name, const struct yaml *map,
    struct source_field *f)
{
	const char *type, *keep;
	int code;

	f->name = name;
	if (!yaml_check_keys(r->doc, map, field_keys, r->diags))
		return;
	type = need(r, map, "type");
	code = type_parse(type);
	if (code < 0)
		diag_add(r->diags, &r->doc->file, map->at, "E011",
		    diag_nearest(type, type_words), NULL,
		    "\"%s\" is not a type", type);
	else
		f->type = (enum expr_type)code;
	f->sql = need(r, map, "sql");
	keep = yaml_text(r->doc, map, "keep", "mutable", r->diags);
	f->is_fact = strcmp(keep, "fact") == 0;
	if (!f->is_fact && strcmp(keep, "mutable") != 0)
		yaml_fault(r->doc, map, r->diags, "E007",
		    "\"keep\" is fact or mutable, not \"%s\"", keep);
	f->values = read_words(r, yaml_get(map, "values"));
}

static struct source_field *
read_fields(struct reader *r, const struct yaml *map, size_t *count)
{
	struct source_field *fields;

	*count = 0;
	if (!map)
		return NULL;
	if (map->kind != YAML_MAP) {
		yaml_fault(r->doc, map, r->diags, "E005",
		    "names of fields are expected here");
		return NULL;
	}
	fields = xcalloc(map->count, sizeof(*fields));
	for (size_t i = 0; i < map->count; i++)
		read_field(r, map->keys[i].text, &map->items[i], &fields[i]);
	*count = map->count;
	return fields;
}

/* `is` is an expression, kept in its canonical form. */
static void
read_kept(struct reader *r, const struct yaml *list, struct subject_def *s)
{
	struct expr_text text = {.file = &r->doc->file};
	struct buf out = {0};
	struct expr *e;

	if (!list || list->kind != YAML_LIST)
		return;
	s->kept = xcalloc(list->count, sizeof(*s->kept));
	for (size_t i = 0; i < list->count; i++) {
		if (!yaml_check_keys(
			r->doc, &list->items[i], kept_keys, r->diags))
			continue;
		text.text = need(r, &list->items[i], "is");
		text.at = list->items[i].at;
		e = expr_parse(&text, r->diags);
		if (!e)
			continue;
		expr_print(e, &out);
		expr_free(e);
		s->kept[s->kept_count].is = buf_take(&out);
		s->kept[s->kept_count++].sql = need(r, &list->items[i], "sql");
	}
}

static void
read_subject(struct reader *r, const char *name, const struct yaml *map,
    struct subject_def *s)
{
	const struct yaml *title;

	s->name = name;
	if (!yaml_check_keys(r->doc, map, subject_keys, r->diags))
		return;
	title = yaml_get(map, "title");
	s->title_zh = title ? need(r, title, "zh") : name;
	s->title_en = title ? need(r, title, "en") : name;
	s->relation = need(r, map, "relation");
	s->key = need(r, map, "key");
	s->where = yaml_text(r->doc, map, "where", NULL, r->diags);
	s->label = need(r, map, "label");
	s->org_code = need(r, map, "org_code");
	s->lights = yaml_bool(r->doc, map, "lights", false, r->diags);
	s->fields = read_fields(r, yaml_get(map, "fields"), &s->field_count);
	read_kept(r, yaml_get(map, "kept"), s);
	s->people = read_pairs(r, yaml_get(map, "people"), &s->people_count);
	s->groups = read_pairs(r, yaml_get(map, "groups"), &s->group_count);
}

static void
check_marks(struct reader *r, const struct yaml *map, struct source_def *s)
{
	for (size_t i = 0; i < s->mark_count; i++) {
		size_t j = 0;

		while (queue_columns[j] &&
		       strcmp(queue_columns[j], s->marks[i].sql) != 0)
			j++;
		if (!queue_columns[j])
			diag_add(r->diags, &r->doc->file, map->items[i].at,
			    "E012",
			    diag_nearest(s->marks[i].sql, queue_columns), NULL,
			    "the change queue has no column \"%s\"",
			    s->marks[i].sql);
	}
}

static void
read_source(struct reader *r, const char *name, const struct yaml *map,
    struct source_def *s)
{
	const struct yaml *lineage;

	s->name = name;
	if (!yaml_check_keys(r->doc, map, source_keys, r->diags))
		return;
	s->relation = yaml_text(r->doc, map, "relation", NULL, r->diags);
	if (s->relation) {
		s->at = need(r, map, "at");
		s->recorded = need(r, map, "recorded");
	}
	s->where = yaml_text(r->doc, map, "where", NULL, r->diags);
	s->fields = read_fields(r, yaml_get(map, "fields"), &s->field_count);
	s->links = read_pairs(r, yaml_get(map, "links"), &s->link_count);
	s->marks = read_pairs(r, yaml_get(map, "marks"), &s->mark_count);
	if (s->mark_count)
		check_marks(r, yaml_get(map, "marks"), s);
	s->queue = yaml_text(r->doc, map, "queue", name, r->diags);
	lineage = yaml_get(map, "lineage");
	if (!lineage) {
		yaml_fault(r->doc, map, r->diags, "E006",
		    "\"lineage\" is missing: system, refresh, responsible");
		return;
	}
	yaml_check_keys(r->doc, lineage, lineage_keys, r->diags);
	s->system = need(r, lineage, "system");
	s->refresh = need(r, lineage, "refresh");
	s->responsible = need(r, lineage, "responsible");
}

static const struct yaml *
need_map(struct reader *r, const char *key)
{
	const struct yaml *map = yaml_get(&r->doc->root, key);

	if (map && map->kind == YAML_MAP)
		return map;
	yaml_fault(r->doc, map ? map : &r->doc->root, r->diags, "E006",
	    "\"%s\" with names is expected here", key);
	return NULL;
}

struct sources *
sources_read(struct yaml_doc *doc, struct diags *d)
{
	struct reader r = {doc, d};
	struct sources *s = xcalloc(1, sizeof(*s));
	size_t before = diags_errors(d);
	const struct yaml *map;

	s->doc = doc;
	if (!yaml_check_keys(doc, &doc->root, top_keys, d))
		goto free_sources;
	map = need_map(&r, "subjects");
	if (map) {
		s->subjects = xcalloc(map->count, sizeof(*s->subjects));
		s->subject_count = map->count;
		for (size_t i = 0; i < map->count; i++)
			read_subject(&r, map->keys[i].text, &map->items[i],
			    &s->subjects[i]);
	}
	map = need_map(&r, "sources");
	if (map) {
		s->sources = xcalloc(map->count, sizeof(*s->sources));
		s->source_count = map->count;
		for (size_t i = 0; i < map->count; i++)
			read_source(&r, map->keys[i].text, &map->items[i],
			    &s->sources[i]);
	}
	if (diags_errors(d) == before)
		return s;
free_sources:
	sources_free(s);
	return NULL;
}

struct sources *
sources_load(const char *path, struct diags *d)
{
	struct yaml_doc *doc = yaml_load(path, d);

	return doc ? sources_read(doc, d) : NULL;
}

static void
free_fields(struct source_field *fields, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(fields[i].values);
	free(fields);
}

void
sources_free(struct sources *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->subject_count; i++) {
		free_fields(s->subjects[i].fields, s->subjects[i].field_count);
		for (size_t j = 0; j < s->subjects[i].kept_count; j++)
			free(s->subjects[i].kept[j].is);
		free(s->subjects[i].kept);
		free(s->subjects[i].people);
		free(s->subjects[i].groups);
	}
	for (size_t i = 0; i < s->source_count; i++) {
		free_fields(s->sources[i].fields, s->sources[i].field_count);
		free(s->sources[i].links);
		free(s->sources[i].marks);
	}
	free(s->subjects);
	free(s->sources);
	yaml_unload(s->doc);
	free(s);
}

struct subject_def *
sources_subject(const struct sources *s, const char *name)
{
	for (size_t i = 0; i < s->subject_count; i++)
		if (strcmp(s->subjects[i].name, name) == 0)
			return &s->subjects[i];
	return NULL;
}

struct source_def *
sources_source(const struct sources *s, const char *name)
{
	for (size_t i = 0; i < s->source_count; i++)
		if (strcmp(s->sources[i].name, name) == 0)
			return &s->sources[i];
	return NULL;
}

const struct source_field *
source_field(const struct source_field *fields, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(fields[i].name, name) == 0)
			return &fields[i];
	return NULL;
}

const struct pair *
pair_find(const struct pair *pairs, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(pairs[i].name, name) == 0)
			return &pairs[i];
	return NULL;
}

const char *
sources_nearest(const void *rows, size_t count, size_t size, const char *word)
{
	const char **names = xcalloc(count + 1, sizeof(*names));
	const char *nearest;

	for (size_t i = 0; i < count; i++)
		memcpy(
		    &names[i], (const char *)rows + i * size, sizeof(names[i]));
	nearest = diag_nearest(word, names);
	free(names);
	return nearest;
}
