/* Mappings: YAML read into struct mapping, every fault with its place. */
#include "server/import/mapping.h"

#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/say.h"

struct reading {
	const struct yaml_doc *doc;
	const struct import_catalogue *catalogue;
	struct diags *d;
};

/* room for one more row of an array of `size` bytes a row, zeroed */
static void *
grow(void *rows, size_t *count, size_t size)
{
	char *all = xrealloc_array(rows, *count + 1, size);

	memset(all + *count * size, 0, size);
	(*count)++;
	return all;
}

const struct import_field *
import_field_find(
    const struct import_catalogue *c, const char *entity, const char *field)
{
	for (size_t i = 0; i < c->count; i++)
		if (strcmp(c->fields[i].entity, entity) == 0 &&
		    (!field || strcmp(c->fields[i].name, field) == 0))
			return &c->fields[i];
	return NULL;
}

static char *
copy_or_null(const char *s)
{
	return s ? xstrdup(s) : NULL;
}

static bool
need_kind(struct reading *r, const struct yaml *node, enum yaml_kind kind,
    const char *what)
{
	if (node->kind == kind)
		return true;
	yaml_fault(
	    r->doc, node, r->d, "E030", say("应当是 %s", "expected %s"), what);
	return false;
}

/* "x" or [x, y] as a NULL-terminated list of texts. */
static char **
read_texts(struct reading *r, const struct yaml *node, struct diag_pos **at,
    size_t *count)
{
	const struct yaml *items = node->kind == YAML_LIST ? node->items : node;
	size_t n = node->kind == YAML_LIST ? node->count : 1;
	char **texts = xcalloc(n + 1, sizeof(*texts));
	struct diag_pos *places = xcalloc(n + 1, sizeof(*places));

	*count = 0;
	for (size_t i = 0; i < n; i++) {
		if (!need_kind(
			r, &items[i], YAML_TEXT, say("一段文本", "a text")))
			continue;
		texts[*count] = xstrdup(items[i].text);
		places[(*count)++] = items[i].at;
	}
	if (at)
		*at = places;
	else
		free(places);
	return texts;
}

static struct value_map *
read_map(struct reading *r, const struct yaml *node, size_t *count)
{
	struct value_map *map = NULL;

	*count = 0;
	if (!need_kind(r, node, YAML_MAP,
		say("映射 `值: 值`", "a map `value: value`")))
		return NULL;
	for (size_t i = 0; i < node->count; i++) {
		if (!need_kind(r, &node->items[i], YAML_TEXT,
			say("一段文本", "a text")))
			continue;
		map = grow(map, count, sizeof(*map));
		map[*count - 1].from = xstrdup(node->keys[i].text);
		map[*count - 1].to = xstrdup(node->items[i].text);
	}
	return map;
}

static struct lookup *
read_lookup(struct reading *r, const struct yaml *node)
{
	static const char *const names[] = {
	    "file", "key", "value", "choose", NULL};
	const char *file, *key, *value, *choose;
	struct lookup *l;

	if (!yaml_check_keys(r->doc, node, names, r->d))
		return NULL;
	file = yaml_need_text(r->doc, node, "file", r->d);
	key = yaml_need_text(r->doc, node, "key", r->d);
	value = yaml_need_text(r->doc, node, "value", r->d);
	choose = yaml_text(r->doc, node, "choose", "last", r->d);
	if (strcmp(choose, "last") != 0 && strcmp(choose, "most") != 0)
		yaml_fault(r->doc, yaml_get(node, "choose"), r->d, "E031",
		    say("应当是 `last` 或 `most`",
			"expected `last` or `most`"));
	if (!file || !key || !value)
		return NULL;
	l = xcalloc(1, sizeof(*l));
	l->file = xstrdup(file);
	l->key = xstrdup(key);
	l->value = xstrdup(value);
	l->most = strcmp(choose, "most") == 0;
	return l;
}

static void
read_case(struct reading *r, const struct yaml *node, struct mapping_field *f)
{
	const char *text = yaml_text(r->doc, node, "case", "keep", r->d);

	if (strcmp(text, "lower") == 0)
		f->letter_case = CASE_LOWER;
	else if (strcmp(text, "upper") == 0)
		f->letter_case = CASE_UPPER;
	else if (strcmp(text, "keep") != 0)
		yaml_fault(r->doc, yaml_get(node, "case"), r->d, "E031",
		    say("应当是 `lower`、`upper` 或 `keep`",
			"expected `lower`, `upper` or `keep`"));
}

/* The words of a field may be given in full: { column: x, map: {...} }. */
static void
read_field_map(
    struct reading *r, const struct yaml *node, struct mapping_field *f)
{
	static const char *const names[] = {"column", "columns", "join",
	    "const", "default", "format", "map", "only_map", "case",
	    "before_at", "lookup", NULL};
	const struct yaml *columns = yaml_get(node, "column");
	const struct yaml *map = yaml_get(node, "map");
	const struct yaml *lookup = yaml_get(node, "lookup");

	if (!yaml_check_keys(r->doc, node, names, r->d))
		return;
	if (!columns)
		columns = yaml_get(node, "columns");
	if (columns)
		f->columns =
		    read_texts(r, columns, &f->columns_at, &f->column_count);
	f->join = xstrdup(yaml_text(r->doc, node, "join", " ", r->d));
	f->constant =
	    copy_or_null(yaml_text(r->doc, node, "const", NULL, r->d));
	f->fallback =
	    copy_or_null(yaml_text(r->doc, node, "default", NULL, r->d));
	f->format = copy_or_null(yaml_text(r->doc, node, "format", NULL, r->d));
	f->map_all = yaml_bool(r->doc, node, "only_map", false, r->d);
	f->before_at = yaml_bool(r->doc, node, "before_at", false, r->d);
	read_case(r, node, f);
	if (map)
		f->map = read_map(r, map, &f->map_count);
	if (lookup)
		f->lookup = read_lookup(r, lookup);
	if (!columns && !f->constant)
		yaml_fault(r->doc, node, r->d, "E032",
		    say("写明 `column`,或给出 `const`",
			"name a `column`, or give a `const`"));
}

static void
read_field(struct reading *r, const struct yaml *node, struct mapping_field *f)
{
	f->at = node->at;
	if (node->kind == YAML_MAP) {
		read_field_map(r, node, f);
		return;
	}
	f->columns = read_texts(r, node, &f->columns_at, &f->column_count);
	f->join = xstrdup(" ");
}

static void
fault_unknown_field(
    struct reading *r, const struct yaml *key, const char *entity)
{
	const char **words = xcalloc(r->catalogue->count + 1, sizeof(*words));
	size_t n = 0;

	for (size_t i = 0; i < r->catalogue->count; i++)
		if (strcmp(r->catalogue->fields[i].entity, entity) == 0)
			words[n++] = r->catalogue->fields[i].name;
	diag_add(r->d, &r->doc->file, key->at, "E033",
	    diag_nearest(key->text, words), NULL,
	    say("%s 没有字段 \"%s\"", "%s has no field \"%s\""), entity,
	    key->text);
	free(words);
}

static bool
is_choice(const struct import_field *f, const char *value)
{
	for (char **c = f->choices; *c; c++)
		if (strcmp(*c, value) == 0)
			return true;
	return false;
}

/* What a map, a constant or a default yields must be allowed. */
static void
check_choices(
    struct reading *r, const struct yaml *node, const struct mapping_field *f)
{
	const struct yaml *map;

	if (!f->field->choices)
		return;
	for (size_t i = 0; i < f->map_count; i++) {
		map = yaml_get(node, "map");
		if (!is_choice(f->field, f->map[i].to))
			diag_add(r->d, &r->doc->file, map->items[i].at, "E034",
			    diag_nearest(f->map[i].to,
				(const char *const *)f->field->choices),
			    NULL,
			    say("%s 不能是 \"%s\"", "%s cannot be \"%s\""),
			    f->field->name, f->map[i].to);
	}
	if (f->constant && !is_choice(f->field, f->constant))
		yaml_fault(r->doc, yaml_get(node, "const"), r->d, "E034",
		    say("%s 不能是 \"%s\"", "%s cannot be \"%s\""),
		    f->field->name, f->constant);
	if (f->fallback && !is_choice(f->field, f->fallback))
		yaml_fault(r->doc, yaml_get(node, "default"), r->d, "E034",
		    say("%s 不能是 \"%s\"", "%s cannot be \"%s\""),
		    f->field->name, f->fallback);
}

static void
read_fields(
    struct reading *r, const struct yaml *node, struct mapping_target *t)
{
	const struct import_field *field;
	struct mapping_field *f;

	if (!need_kind(r, node, YAML_MAP,
		say("映射 `字段: 列`", "a map `field: column`")))
		return;
	for (size_t i = 0; i < node->count; i++) {
		field = import_field_find(
		    r->catalogue, t->entity, node->keys[i].text);
		if (!field || strcmp(field->type, "extra") == 0) {
			fault_unknown_field(r, &node->keys[i], t->entity);
			continue;
		}
		t->fields =
		    grow(t->fields, &t->field_count, sizeof(*t->fields));
		f = &t->fields[t->field_count - 1];
		f->field = field;
		read_field(r, &node->items[i], f);
		check_choices(r, &node->items[i], f);
	}
}

static void
check_required(
    struct reading *r, const struct yaml *node, struct mapping_target *t)
{
	const struct import_field *f;
	bool found;

	for (size_t i = 0; i < r->catalogue->count; i++) {
		f = &r->catalogue->fields[i];
		if (!f->required || strcmp(f->entity, t->entity) != 0)
			continue;
		found = false;
		for (size_t j = 0; j < t->field_count; j++)
			found = found || t->fields[j].field == f;
		if (!found)
			yaml_fault(r->doc, node, r->d, "E035",
			    say("%s 需要字段 \"%s\"",
				"%s needs a field \"%s\""),
			    t->entity, f->name);
	}
}

static void
read_extras(
    struct reading *r, const struct yaml *node, struct mapping_target *t)
{
	static const char *const names[] = {"column", "map", NULL};
	const struct yaml *map;
	struct mapping_extra *x;

	if (!import_field_find(r->catalogue, t->entity, "extra")) {
		yaml_fault(r->doc, node, r->d, "E036",
		    say("%s 不保存额外的字段", "%s keeps no extra fields"),
		    t->entity);
		return;
	}
	if (node->kind == YAML_TEXT && strcmp(node->text, "rest") == 0) {
		t->extra_rest = true;
		return;
	}
	if (!need_kind(r, node, YAML_MAP,
		say("`rest`,或映射 `名称: 列`",
		    "`rest`, or a map `name: column`")))
		return;
	for (size_t i = 0; i < node->count; i++) {
		const struct yaml *item = &node->items[i];
		const char *column = item->text;

		map = NULL;
		if (item->kind != YAML_TEXT) {
			if (!yaml_check_keys(r->doc, item, names, r->d))
				continue;
			column = yaml_need_text(r->doc, item, "column", r->d);
			map = yaml_get(item, "map");
			if (!column)
				continue;
		}
		t->extras =
		    grow(t->extras, &t->extra_count, sizeof(*t->extras));
		x = &t->extras[t->extra_count - 1];
		x->name = xstrdup(node->keys[i].text);
		x->column = xstrdup(column);
		x->at = item->at;
		if (map)
			x->map = read_map(r, map, &x->map_count);
	}
}

static void
read_filters(struct reading *r, const struct yaml *node, bool exclude,
    struct mapping_target *t)
{
	struct mapping_filter *f;
	size_t count;

	if (!need_kind(r, node, YAML_MAP,
		say("映射 `列: [值]`", "a map `column: [values]`")))
		return;
	for (size_t i = 0; i < node->count; i++) {
		t->filters =
		    grow(t->filters, &t->filter_count, sizeof(*t->filters));
		f = &t->filters[t->filter_count - 1];
		f->column = xstrdup(node->keys[i].text);
		f->at = node->keys[i].at;
		f->exclude = exclude;
		f->values = read_texts(r, &node->items[i], NULL, &count);
	}
}

static void
read_stand_in(
    struct reading *r, const struct yaml *node, struct mapping_target *t)
{
	static const char *const names[] = {"name", "owner", NULL};
	const char *name, *owner;

	if (!yaml_check_keys(r->doc, node, names, r->d))
		return;
	name = yaml_need_text(r->doc, node, "name", r->d);
	owner = yaml_need_text(r->doc, node, "owner", r->d);
	if (!name || !owner)
		return;
	if (!import_field_find(r->catalogue, t->entity, owner)) {
		yaml_fault(r->doc, yaml_get(node, "owner"), r->d, "E033",
		    say("%s 没有字段 \"%s\"", "%s has no field \"%s\""),
		    t->entity, owner);
		return;
	}
	t->stand_in = xstrdup(name);
	t->stand_in_owner = xstrdup(owner);
}

/* `entity: { key:, fields:, extra:, only:, skip:, stand_in: }` */
static void
read_target(
    struct reading *r, const struct yaml *node, struct mapping_file *file)
{
	static const char *const names[] = {
	    "key", "fields", "extra", "only", "skip", "stand_in", NULL};
	const struct yaml *body = NULL, *part;
	struct mapping_target *t;

	if (!need_kind(r, node, YAML_MAP,
		say("`entity:` 和填充它的内容", "`entity:` and what fills it")))
		return;
	if (node->count != 1 ||
	    !import_field_find(r->catalogue, node->keys[0].text, NULL)) {
		yaml_fault(r->doc, node, r->d, "E037",
		    say("\"%s\" 不是可以导入的东西",
			"\"%s\" is nothing that can be imported"),
		    node->count ? node->keys[0].text : "");
		return;
	}
	body = &node->items[0];
	if (!yaml_check_keys(r->doc, body, names, r->d))
		return;
	file->targets =
	    grow(file->targets, &file->target_count, sizeof(*file->targets));
	t = &file->targets[file->target_count - 1];
	t->entity = xstrdup(node->keys[0].text);
	t->at = node->at;
	part = yaml_get(body, "key");
	if (part)
		read_field(r, part, &t->key);
	else
		yaml_fault(r->doc, body, r->d, "E035",
		    say("需要 `key`: 标识一行的列",
			"a `key` is needed: the column that names a row"));
	if ((part = yaml_get(body, "fields")))
		read_fields(r, part, t);
	check_required(r, body, t);
	if ((part = yaml_get(body, "extra")))
		read_extras(r, part, t);
	if ((part = yaml_get(body, "only")))
		read_filters(r, part, false, t);
	if ((part = yaml_get(body, "skip")))
		read_filters(r, part, true, t);
	if ((part = yaml_get(body, "stand_in")))
		read_stand_in(r, part, t);
}

static void
read_file(struct reading *r, const struct yaml *node, struct mapping *m)
{
	static const char *const names[] = {
	    "file", "optional", "delimiter", "into", NULL};
	const char *pattern, *delimiter;
	const struct yaml *into;
	struct mapping_file *f;

	if (!yaml_check_keys(r->doc, node, names, r->d))
		return;
	pattern = yaml_need_text(r->doc, node, "file", r->d);
	delimiter = yaml_text(r->doc, node, "delimiter", "", r->d);
	into = yaml_get(node, "into");
	if (!pattern)
		return;
	if (strlen(delimiter) > 1)
		yaml_fault(r->doc, yaml_get(node, "delimiter"), r->d, "E031",
		    say("应当是一个字符", "expected one character"));
	if (!into) {
		yaml_fault(r->doc, node, r->d, "E035",
		    say("需要 `into`: 这些行成为什么",
			"`into` is needed: what the rows become"));
		return;
	}
	m->files = grow(m->files, &m->file_count, sizeof(*m->files));
	f = &m->files[m->file_count - 1];
	f->pattern = xstrdup(pattern);
	f->at = node->at;
	f->optional = yaml_bool(r->doc, node, "optional", false, r->d);
	f->delimiter = delimiter[0];
	if (!need_kind(r, into, YAML_LIST,
		say("`- entity: ...` 的列表", "a list of `- entity: ...`")))
		return;
	for (size_t i = 0; i < into->count; i++)
		read_target(r, &into->items[i], f);
}

static struct mapping *
mapping_read(
    struct yaml_doc *doc, const struct import_catalogue *c, struct diags *d)
{
	static const char *const names[] = {
	    "mapping", "title", "source", "encoding", "files", NULL};
	struct reading r = {doc, c, d};
	struct mapping *m;
	const struct yaml *files;
	const char *name;

	if (!doc)
		return NULL;
	m = xcalloc(1, sizeof(*m));
	m->doc = doc;
	if (!yaml_check_keys(doc, &doc->root, names, d))
		goto faulty;
	name = yaml_need_text(doc, &doc->root, "mapping", d);
	if (!name)
		goto faulty;
	m->name = xstrdup(name);
	m->source = xstrdup(yaml_text(doc, &doc->root, "source", name, d));
	m->encoding =
	    copy_or_null(yaml_text(doc, &doc->root, "encoding", NULL, d));
	files = yaml_get(&doc->root, "files");
	if (!files)
		yaml_fault(doc, &doc->root, d, "E035",
		    say("需要 `files`", "`files` is needed"));
	else if (need_kind(
		     &r, files, YAML_LIST, say("文件列表", "a list of files")))
		for (size_t i = 0; i < files->count; i++)
			read_file(&r, &files->items[i], m);
faulty:
	if (diags_errors(d) == 0)
		return m;
	mapping_free(m);
	return NULL;
}

struct mapping *
mapping_load(
    const char *path, const struct import_catalogue *c, struct diags *d)
{
	return mapping_read(yaml_load(path, d), c, d);
}

struct mapping *
mapping_parse(const char *name, const char *text, size_t len,
    const struct import_catalogue *c, struct diags *d)
{
	return mapping_read(yaml_parse(name, text, len, d), c, d);
}
