/* One screen file into structs, with every fault it has. */
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "server/catalogue.h"
#include "server/screens/model.h"

const char *const screen_extra_names[] = {
    "prompt", "depth", "level", "value", "goal", NULL};

static const char *const widget_names[] = {
    "table", "tree", "alerts", "text", "gauge", "form", NULL};
static const char *const column_keys[] = {
    "zh", "en", "format", "width", "codes", NULL};

static bool
word_is_in(const char *word, const char *const *list)
{
	for (; *list; list++)
		if (strcmp(word, *list) == 0)
			return true;
	return false;
}

/* { zh: ..., en: ... }; both are needed as soon as one is there. */
static struct words
read_words(const struct screen *s, const struct yaml *map, const char *key,
    struct diags *d)
{
	static const char *const langs[] = {"zh", "en", NULL};
	const struct yaml *node = yaml_get(map, key);
	struct words w = {0};

	if (node && yaml_check_keys(s->doc, node, langs, d)) {
		w.zh = yaml_need_text(s->doc, node, "zh", d);
		w.en = yaml_need_text(s->doc, node, "en", d);
	}
	return w;
}

/* The same where zh and en stand beside other keys of the map. */
static struct words
read_words_here(const struct screen *s, const struct yaml *map, struct diags *d)
{
	struct words w = {
	    .zh = yaml_text(s->doc, map, "zh", NULL, d),
	    .en = yaml_text(s->doc, map, "en", NULL, d),
	};

	if (!w.zh != !w.en)
		yaml_fault(s->doc, map, d, "E004",
		    "a label needs both languages: `%s` is missing",
		    w.zh ? "en" : "zh");
	return w;
}

static struct bind *
read_binds(const struct screen *s, const struct yaml *map, size_t *count,
    struct diags *d)
{
	const struct yaml *with = yaml_get(map, "with");
	struct bind *binds;

	*count = 0;
	if (!with)
		return NULL;
	if (with->kind != YAML_MAP) {
		yaml_fault(s->doc, with, d, "E003",
		    "expected arguments: `with: { name: value }`");
		return NULL;
	}
	binds = xcalloc(with->count, sizeof(*binds));
	for (size_t i = 0; i < with->count; i++) {
		const struct yaml *value = &with->items[i];

		if (value->kind != YAML_TEXT) {
			yaml_fault(s->doc, value, d, "E003",
			    "expected a constant or $name");
			continue;
		}
		binds[(*count)++] = (struct bind){
		    .at = value,
		    .arg = with->keys[i].text,
		    .value = !value->quoted && strcmp(value->text, "null") == 0
				 ? NULL
				 : value->text,
		    .quoted = value->quoted,
		};
	}
	return binds;
}

/* `name` or `{ name: { zh, en, format, ... } }`. */
static void
read_column(const struct screen *s, struct column *c, const struct yaml *node,
    struct diags *d)
{
	const struct yaml *more;

	c->at = node;
	if (node->kind == YAML_TEXT) {
		c->name = node->text;
		return;
	}
	if (node->kind != YAML_MAP || node->count != 1) {
		yaml_fault(s->doc, node, d, "E003",
		    "expected a column: `name` or `{ name: { zh: ..., en: ..., "
		    "format: ... } }`");
		return;
	}
	more = &node->items[0];
	if (!yaml_check_keys(s->doc, more, column_keys, d))
		return;
	c->name = node->keys[0].text;
	c->head = read_words_here(s, more, d);
	c->format = yaml_text(s->doc, more, "format", NULL, d);
	c->codes = yaml_text(s->doc, more, "codes", NULL, d);
	c->width = (int)yaml_int(s->doc, more, "width", 0, 1, 200, d);
}

static void
read_columns(const struct screen *s, struct pane *p, const struct yaml *map,
    struct diags *d)
{
	const struct yaml *list = yaml_get(map, "columns");

	if (!list)
		return;
	p->has_columns = true;
	if (list->kind != YAML_LIST) {
		yaml_fault(s->doc, list, d, "E003",
		    "expected a list of columns: [name, owner]");
		return;
	}
	p->columns = xcalloc(list->count, sizeof(*p->columns));
	for (size_t i = 0; i < list->count; i++) {
		read_column(s, &p->columns[i], &list->items[i], d);
		if (p->columns[i].name)
			p->column_count = i + 1;
		else
			return;
	}
}

/* { v: visit/record, zh: ..., en: ..., with: ..., confirm: ... } */
static void
read_key(const struct screen *s, struct key *k, const struct yaml *node,
    struct diags *d)
{
	static const char *const words[] = {
	    "zh", "en", "with", "confirm", NULL};

	k->at = node;
	if (node->kind != YAML_MAP || node->count == 0) {
		yaml_fault(s->doc, node, d, "E003",
		    "expected a key: `{ v: visit/record, zh: ..., en: ... }`");
		return;
	}
	for (size_t i = 1; i < node->count; i++)
		if (!word_is_in(node->keys[i].text, words))
			yaml_fault(s->doc, &node->keys[i], d, "E002",
			    "unknown word `%s`: a key has zh, en, with, "
			    "confirm",
			    node->keys[i].text);
	k->key = node->keys[0].text;
	if (strlen(k->key) != 1 ||
	    !strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
		k->key[0]))
		yaml_fault(s->doc, &node->keys[0], d, "E005",
		    "a key is one letter, not `%s`", k->key);
	if (node->items[0].kind == YAML_TEXT)
		k->target = node->items[0].text;
	else
		yaml_fault(s->doc, &node->items[0], d, "E003",
		    "expected the screen or write that `%s` leads to", k->key);
	k->label = read_words_here(s, node, d);
	k->confirm = read_words(s, node, "confirm", d);
	k->binds = read_binds(s, node, &k->bind_count, d);
}

static struct key *
read_keys(const struct screen *s, const struct yaml *map, size_t *count,
    struct diags *d)
{
	const struct yaml *list = yaml_get(map, "keys");
	struct key *keys;

	*count = 0;
	if (!list)
		return NULL;
	if (list->kind != YAML_LIST) {
		yaml_fault(s->doc, list, d, "E003", "expected a list of keys");
		return NULL;
	}
	keys = xcalloc(list->count, sizeof(*keys));
	for (size_t i = 0; i < list->count; i++)
		read_key(s, &keys[i], &list->items[i], d);
	*count = list->count;
	return keys;
}

static void
read_field(const struct screen *s, struct field *f, const struct yaml *node,
    struct diags *d)
{
	static const char *const words[] = {"arg", "zh", "en", "type",
	    "choices", "lookup", "show", "required", "default", "help",
	    "height", NULL};
	static const char *const types[] = {"text", "int", "real", "money",
	    "date", "time", "tick", "note", "choice", "lookup", NULL};

	f->at = node;
	f->required = -1;
	if (!yaml_check_keys(s->doc, node, words, d))
		return;
	f->arg = yaml_need_text(s->doc, node, "arg", d);
	f->label = read_words_here(s, node, d);
	f->help = read_words(s, node, "help", d);
	f->type = yaml_text(s->doc, node, "type", NULL, d);
	f->choices = yaml_text(s->doc, node, "choices", NULL, d);
	f->lookup = yaml_text(s->doc, node, "lookup", NULL, d);
	f->show = yaml_text(s->doc, node, "show", "name", d);
	f->fallback = yaml_text(s->doc, node, "default", NULL, d);
	f->height = (int)yaml_int(s->doc, node, "height", 3, 1, 40, d);
	if (yaml_get(node, "required"))
		f->required = yaml_bool(s->doc, node, "required", true, d);
	if (f->choices)
		f->type = "choice";
	if (f->lookup)
		f->type = "lookup";
	if (f->type && !word_is_in(f->type, types))
		yaml_fault(s->doc, yaml_get(node, "type"), d, "E006",
		    "unknown field type `%s`: text int real money date time "
		    "tick note choice lookup",
		    f->type);
}

static void
read_fields(const struct screen *s, struct pane *p, const struct yaml *map,
    struct diags *d)
{
	const struct yaml *list = yaml_get(map, "fields");

	if (!list)
		return;
	if (list->kind != YAML_LIST) {
		yaml_fault(
		    s->doc, list, d, "E003", "expected a list of fields");
		return;
	}
	p->fields = xcalloc(list->count, sizeof(*p->fields));
	for (size_t i = 0; i < list->count; i++)
		read_field(s, &p->fields[i], &list->items[i], d);
	p->field_count = list->count;
}

/* [-quiet_days, name] */
static void
read_sort(const struct screen *s, struct pane *p, const struct yaml *map,
    struct diags *d)
{
	const struct yaml *list = yaml_get(map, "sort");

	if (!list)
		return;
	if (list->kind != YAML_LIST) {
		yaml_fault(s->doc, list, d, "E003",
		    "expected a list of columns, `-` before a descending one");
		return;
	}
	p->sort = xcalloc(list->count, sizeof(*p->sort));
	for (size_t i = 0; i < list->count; i++) {
		const char *text = list->items[i].text;

		if (!text)
			continue;
		p->sort[p->sort_count++] = (struct order){
		    .column = text + (*text == '-'),
		    .descending = *text == '-',
		};
	}
}

/* Which widget: the one pane key that names it. */
static void
read_widget(const struct screen *s, struct pane *p, const struct yaml *map,
    struct diags *d)
{
	for (size_t i = 0; i < map->count; i++) {
		if (!word_is_in(map->keys[i].text, widget_names))
			continue;
		if (p->widget)
			yaml_fault(s->doc, &map->keys[i], d, "E007",
			    "a pane has one widget: `%s` and `%s` are two",
			    p->widget, map->keys[i].text);
		p->widget = map->keys[i].text;
		p->statement = map->items[i].text;
		if (!p->statement)
			yaml_fault(s->doc, &map->items[i], d, "E003",
			    "expected a statement, such as customer/list");
		else if (strcmp(p->statement, "none") == 0)
			p->statement = NULL;
	}
	if (!p->widget)
		yaml_fault(s->doc, map, d, "E007",
		    "this pane names no widget: table tree alerts text gauge "
		    "form");
}

static int
read_side(const struct screen *s, const struct yaml *map, struct diags *d)
{
	const char *side = yaml_text(s->doc, map, "side", NULL, d);

	if (!side)
		return 0;
	if (strcmp(side, "left") == 0)
		return 1;
	if (strcmp(side, "right") == 0)
		return 2;
	yaml_fault(s->doc, yaml_get(map, "side"), d, "E006",
	    "a side is left or right, not `%s`", side);
	return 0;
}

static void
read_pane(
    struct screen *s, struct pane *p, const struct yaml *map, struct diags *d)
{
	static const char *const words[] = {"table", "tree", "alerts", "text",
	    "gauge", "form", "id", "title", "with", "of", "columns", "open",
	    "keys", "weight", "side", "height", "sort", "fields", "prompt",
	    "depth", "level", "value", "goal", "body", NULL};

	p->at = map;
	if (!yaml_check_keys(s->doc, map, words, d))
		return;
	read_widget(s, p, map, d);
	p->id = yaml_text(s->doc, map, "id", NULL, d);
	p->of = yaml_text(s->doc, map, "of", NULL, d);
	p->title = read_words(s, map, "title", d);
	p->body = read_words(s, map, "body", d);
	p->binds = read_binds(s, map, &p->bind_count, d);
	p->open.key = "";
	p->open.at = yaml_get(map, "open");
	p->open.target = yaml_text(s->doc, map, "open", NULL, d);
	p->keys = read_keys(s, map, &p->key_count, d);
	p->weight = (int)yaml_int(s->doc, map, "weight", 5, 1, 9, d);
	p->height = (int)yaml_int(s->doc, map, "height", 0, 1, 200, d);
	p->side = read_side(s, map, d);
	for (size_t i = 0; screen_extra_names[i]; i++)
		p->extra[i] =
		    yaml_text(s->doc, map, screen_extra_names[i], NULL, d);
	read_columns(s, p, map, d);
	read_fields(s, p, map, d);
	read_sort(s, p, map, d);
}

static unsigned
read_roles(const struct screen *s, const struct yaml *map, const char *key,
    struct diags *d)
{
	const struct yaml *list = yaml_get(map, key);
	unsigned roles = 0, found;
	const char *near;

	if (!list)
		return 0;
	if (list->kind != YAML_LIST) {
		yaml_fault(s->doc, list, d, "E003",
		    "expected a list of roles: [rep, supervisor]");
		return 0;
	}
	for (size_t i = 0; i < list->count; i++) {
		const char *role = list->items[i].text;

		if (!role)
			found = 0;
		else if (strcmp(role, "all") == 0)
			found = ~0u;
		else
			found = catalogue_role_bit(role);
		near = role && !found ? diag_nearest(role, catalogue_roles())
				      : NULL;
		if (!found)
			diag_add(d, &s->doc->file, list->items[i].at, "E008",
			    near, "a screen is for roles, or for [all]",
			    "unknown role \"%s\"", role ? role : "");
		roles |= found;
	}
	return roles;
}

static void
read_args(struct screen *s, const struct yaml *map, struct diags *d)
{
	const struct yaml *list = yaml_get(map, "args");

	if (!list)
		return;
	if (list->kind != YAML_LIST) {
		yaml_fault(s->doc, list, d, "E003", "expected a list of names");
		return;
	}
	s->args = xcalloc(list->count, sizeof(*s->args));
	for (size_t i = 0; i < list->count; i++)
		if (list->items[i].text)
			s->args[s->arg_count++] = list->items[i].text;
}

static void
read_panes(struct screen *s, const struct yaml *map, struct diags *d)
{
	const struct yaml *list = yaml_get(map, "panes");

	if (!list || list->kind != YAML_LIST || list->count == 0) {
		yaml_fault(s->doc, list ? list : map, d, "E009",
		    "a screen needs `panes:`, a list of at least one");
		return;
	}
	s->panes = xcalloc(list->count, sizeof(*s->panes));
	s->pane_count = list->count;
	for (size_t i = 0; i < list->count; i++)
		read_pane(s, &s->panes[i], &list->items[i], d);
}

bool
screen_read(struct screen *s, const struct yaml_doc *doc, struct diags *d)
{
	static const char *const words[] = {"screen", "title", "for", "menu",
	    "home", "args", "panes", "keys", NULL};
	size_t before = diags_errors(d);
	const struct yaml *root = &doc->root;

	*s = (struct screen){.doc = doc, .menu = -1};
	if (!yaml_check_keys(doc, root, words, d))
		return false;
	s->name = yaml_need_text(doc, root, "screen", d);
	s->title = read_words(s, root, "title", d);
	if (!yaml_get(root, "title"))
		yaml_fault(doc, root, d, "E009", "a screen needs a `title:`");
	s->roles = read_roles(s, root, "for", d);
	s->home = read_roles(s, root, "home", d);
	if (!s->roles)
		yaml_fault(doc, root, d, "E009",
		    "a screen says who sees it: `for: [rep]`");
	s->menu = (int)yaml_int(doc, root, "menu", -1, 0, 10000, d);
	read_args(s, root, d);
	read_panes(s, root, d);
	s->keys = read_keys(s, root, &s->key_count, d);
	return diags_errors(d) == before;
}

static void
keys_free(struct key *keys, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(keys[i].binds);
	free(keys);
}

void
screen_clear(struct screen *s)
{
	for (size_t i = 0; i < s->pane_count; i++) {
		struct pane *p = &s->panes[i];

		free(p->binds);
		free(p->columns);
		keys_free(p->keys, p->key_count);
		free(p->fields);
		free(p->sort);
	}
	free(s->panes);
	keys_free(s->keys, s->key_count);
	free(s->args);
	*s = (struct screen){0};
}
