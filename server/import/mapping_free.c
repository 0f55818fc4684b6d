/* What a mapping holds, given back. */
#include <stdlib.h>

#include "server/import/mapping.h"

static void
map_clear(struct value_map *map, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		free(map[i].from);
		free(map[i].to);
	}
	free(map);
}

static void
texts_free(char **texts)
{
	for (char **t = texts; t && *t; t++)
		free(*t);
	free(texts);
}

static void
field_clear(struct mapping_field *f)
{
	texts_free(f->columns);
	free(f->columns_at);
	free(f->join);
	free(f->constant);
	free(f->fallback);
	free(f->format);
	map_clear(f->map, f->map_count);
	if (f->lookup) {
		free(f->lookup->file);
		free(f->lookup->key);
		free(f->lookup->value);
		free(f->lookup);
	}
}

static void
target_clear(struct mapping_target *t)
{
	field_clear(&t->key);
	for (size_t i = 0; i < t->field_count; i++)
		field_clear(&t->fields[i]);
	for (size_t i = 0; i < t->extra_count; i++) {
		free(t->extras[i].name);
		free(t->extras[i].column);
		map_clear(t->extras[i].map, t->extras[i].map_count);
	}
	for (size_t i = 0; i < t->filter_count; i++) {
		free(t->filters[i].column);
		texts_free(t->filters[i].values);
	}
	free(t->entity);
	free(t->fields);
	free(t->extras);
	free(t->filters);
	free(t->stand_in);
	free(t->stand_in_owner);
}

void
mapping_free(struct mapping *m)
{
	if (!m)
		return;
	for (size_t i = 0; i < m->file_count; i++) {
		for (size_t j = 0; j < m->files[i].target_count; j++)
			target_clear(&m->files[i].targets[j]);
		free(m->files[i].targets);
		free(m->files[i].pattern);
	}
	free(m->files);
	free(m->name);
	free(m->source);
	free(m->encoding);
	yaml_unload(m->doc);
	free(m);
}
