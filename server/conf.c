/* firebreakd.yaml: reading, defaults that depend on who we are, showing. */
#include "server/conf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/diag.h"
#include "common/mem.h"
#include "common/say.h"
#include "common/yaml.h"
#include "server/conf_table.h"

struct conf_reader {
	struct conf *conf;
	const struct yaml_doc *doc;
	struct diags *diags;
};

static void
set_defaults(struct conf *c)
{
	const struct conf_def *def;

	*c = (struct conf){0};
	for (def = conf_table; def->key; def++) {
		if (!def->type->is_list || def->fallback[0])
			def->type->read(def, def->fallback, conf_field(c, def));
	}
}

static bool
is_root(void)
{
	return geteuid() == 0;
}

/* $variable, or ~/fallback below the home; the caller frees. */
static char *
user_directory(const char *variable, const char *fallback)
{
	const char *value = getenv(variable);
	const char *home = getenv("HOME");

	if (value && value[0] == '/')
		return xstrdup(value);
	return xasprintf("%s/%s", home ? home : "", fallback);
}

static char *
default_data(void)
{
	char *base, *data;

	if (is_root())
		return xstrdup("/var/lib/firebreak");
	base = user_directory("XDG_DATA_HOME", ".local/share");
	data = xasprintf("%s/firebreak", base);
	free(base);
	return data;
}

static char *
default_file(void)
{
	char *base, *file;

	if (is_root())
		return xstrdup("/etc/firebreak/firebreakd.yaml");
	base = user_directory("XDG_CONFIG_HOME", ".config");
	file = xasprintf("%s/firebreak/firebreakd.yaml", base);
	free(base);
	return file;
}

static void
list_add(struct conf_list *list, char *item)
{
	list->items =
	    xrealloc_array(list->items, list->count + 1, sizeof(char *));
	list->items[list->count++] = item;
}

static void
replace(char **field, char *value)
{
	free(*field);
	*field = value;
}

/* What an empty value stands for. */
static void
finish(struct conf *c, const char *data)
{
	char *own;

	if (data)
		replace(&c->data, xstrdup(data));
	else if (!c->data[0])
		replace(&c->data, default_data());
	if (!c->pg_bin[0])
		replace(&c->pg_bin, xstrdup(FB_PG_BIN));
	if (!c->address[0])
		replace(&c->address,
		    xasprintf("%s%s",
			c->listen.items[0][0] == '/' ? "unix:" : "",
			c->listen.items[0]));
	if (c->packs.count == 0) {
		own = conf_path(c, "packs/standard");
		if (access(own, R_OK) == 0) {
			list_add(&c->packs, own);
		} else {
			free(own);
			list_add(
			    &c->packs, xstrdup(FB_SHARE "/packs/standard"));
		}
	}
}

static void
read_value(
    struct conf_reader *r, const struct conf_def *def, const struct yaml *node)
{
	const char *expected;

	if (node->kind != YAML_TEXT) {
		yaml_fault(r->doc, node, r->diags, "E005",
		    say("\"%s\" 只取一个值 (%s)", "\"%s\" takes one %s"),
		    def->key, def->type->name);
		return;
	}
	expected = def->type->read(def, node->text, conf_field(r->conf, def));
	if (expected)
		yaml_fault(r->doc, node, r->diags, "E007", "%s: %s", def->key,
		    expected);
}

static void
read_key(
    struct conf_reader *r, const struct conf_def *def, const struct yaml *node)
{
	size_t i;

	if (!def->type->is_list) {
		read_value(r, def, node);
		return;
	}
	def->type->clear(conf_field(r->conf, def));
	if (node->kind == YAML_TEXT) /* a list of one */
		read_value(r, def, node);
	for (i = 0; node->kind == YAML_LIST && i < node->count; i++)
		read_value(r, def, &node->items[i]);
	if (node->kind == YAML_MAP || (node->kind == YAML_LIST && !i))
		yaml_fault(r->doc, node, r->diags, "E005",
		    say("\"%s\" 应当是 %s", "\"%s\" takes a %s"), def->key,
		    def->type->name);
}

/* The names that may stand below `section` ("" or "pool."), for suggestions;
 * the caller frees the array. */
static const char **
names_below(const char *section)
{
	const struct conf_def *def;
	const char **names = xcalloc(64, sizeof(*names));
	size_t count = 0, len = strlen(section);

	for (def = conf_table; def->key; def++) {
		if (strncmp(def->key, section, len) == 0)
			names[count++] = def->key + len;
	}
	if (len == 0) {
		names[count++] = "pool";
		names[count++] = "limits";
	}
	return names;
}

static const struct conf_def *
find_key(const char *section, const char *name)
{
	size_t len = strlen(section);
	const struct conf_def *def;

	for (def = conf_table; def->key; def++) {
		if (strncmp(def->key, section, len) == 0 &&
		    strcmp(def->key + len, name) == 0)
			return def;
	}
	return NULL;
}

static void
read_unknown(struct conf_reader *r, const char *section, const struct yaml *key)
{
	const char **names = names_below(section);

	diag_add(r->diags, &r->doc->file, key->at, "E002",
	    diag_nearest(key->text, names),
	    say("`firebreakctl config --defaults` 列出所有的键",
		"`firebreakctl config --defaults` prints every key"),
	    say("未知的键 \"%s%s\"", "unknown key \"%s%s\""), section,
	    key->text);
	free(names);
}

static void
read_section(struct conf_reader *r, const char *section, const struct yaml *map)
{
	const struct conf_def *def;
	const char *name;
	size_t i;

	if (map->kind != YAML_MAP) {
		yaml_fault(r->doc, map, r->diags, "E005",
		    say("这里应当是 键: 值",
			"keys with values are expected here"));
		return;
	}
	for (i = 0; i < map->count; i++) {
		name = map->keys[i].text;
		def = find_key(section, name);
		if (def && !strchr(name, '.'))
			read_key(r, def, &map->items[i]);
		else if (!section[0] && strcmp(name, "pool") == 0)
			read_section(r, "pool.", &map->items[i]);
		else if (!section[0] && strcmp(name, "limits") == 0)
			read_section(r, "limits.", &map->items[i]);
		else
			read_unknown(r, section, &map->keys[i]);
	}
}

/* An empty document (comments alone) is a text of nothing. */
static bool
is_empty(const struct yaml *root)
{
	return root->kind == YAML_TEXT && (!root->text || !root->text[0]);
}

static int
read_doc(struct conf *c, const struct yaml_doc *doc, struct diags *d)
{
	struct conf_reader r = {c, doc, d};
	size_t before = diags_errors(d);
	const struct yaml *admin;

	if (!is_empty(&doc->root))
		read_section(&r, "", &doc->root);
	admin = doc->root.kind == YAML_MAP
		    ? yaml_get(&doc->root, "database_admin")
		    : NULL;
	if (admin && c->database_admin[0] && !c->database[0])
		yaml_fault(doc, admin, d, "E008",
		    say("有 database_admin 就要有 database:,现在没有",
			"database_admin goes with database:, which is "
			"missing"));
	return diags_errors(d) == before ? 0 : -1;
}

int
conf_parse(struct conf *c, const char *name, const char *text, size_t len,
    struct diags *d)
{
	struct yaml_doc *doc;
	int status;

	set_defaults(c);
	doc = yaml_parse(name, text, len, d);
	status = doc ? read_doc(c, doc, d) : -1;
	yaml_unload(doc);
	if (status == 0)
		finish(c, NULL);
	else
		conf_clear(c);
	return status;
}

int
conf_load(struct conf *c, const struct conf_source *s, struct diags *d)
{
	struct yaml_doc *doc;
	char *file = s->file ? xstrdup(s->file) : default_file();

	set_defaults(c);
	if (s->file || access(file, F_OK) == 0) {
		doc = yaml_load(file, d);
		if (!doc || read_doc(c, doc, d) < 0) {
			yaml_unload(doc);
			free(file);
			conf_clear(c);
			return -1;
		}
		yaml_unload(doc);
		c->file = file;
	} else {
		free(file);
	}
	finish(c, s->data);
	return 0;
}

void
conf_clear(struct conf *c)
{
	const struct conf_def *def;

	for (def = conf_table; def->key; def++) {
		if (def->type->clear)
			def->type->clear(conf_field(c, def));
	}
	free(c->file);
	*c = (struct conf){0};
}

void
conf_reload(struct conf *c, struct conf *fresh, struct buf *ignored)
{
	struct buf was = {0}, is = {0};
	const struct conf_def *def;

	for (def = conf_table; def->key; def++) {
		buf_reset(&was);
		buf_reset(&is);
		def->type->print(conf_field(c, def), &was);
		def->type->print(conf_field(fresh, def), &is);
		if (strcmp(buf_str(&was), buf_str(&is)) == 0)
			continue;
		if (!(def->flags & CONF_RELOAD)) {
			buf_addf(ignored, "%s\n", def->key);
			continue;
		}
		def->type->read(def,
		    def->type == &conf_text ? *(char **)conf_field(fresh, def)
					    : buf_str(&is),
		    conf_field(c, def));
	}
	buf_clear(&was);
	buf_clear(&is);
}

char *
conf_path(const struct conf *c, const char *name)
{
	return xasprintf("%s/%s", c->data, name);
}

bool
conf_is_embedded(const struct conf *c)
{
	return !c->database[0];
}

void
conf_print(const struct conf *c, const char *lang, struct buf *out)
{
	bool zh = strcmp(lang, "zh") == 0;
	const char *dot, *section = "", *name;
	const struct conf_def *def;
	size_t len = 0;

	for (def = conf_table; def->key; def++) {
		dot = strchr(def->key, '.');
		name = dot ? dot + 1 : def->key;
		if (dot && strncmp(section, def->key, len ? len : 1) != 0) {
			section = def->key;
			len = (size_t)(dot - def->key) + 1;
			buf_addf(out, "\n%.*s:\n", (int)len - 1, section);
		}
		buf_addf(
		    out, "%s# %s\n", dot ? "  " : "", zh ? def->zh : def->en);
		buf_addf(out, "%s%s: ", dot ? "  " : "", name);
		if ((def->flags & CONF_SECRET) &&
		    **(char *const *)conf_field((struct conf *)c, def))
			buf_add_str(out, "\"***\"");
		else
			def->type->print(
			    conf_field((struct conf *)c, def), out);
		buf_add_byte(out, '\n');
	}
}

void
conf_print_defaults(const char *lang, struct buf *out)
{
	struct conf c;

	set_defaults(&c);
	finish(&c, NULL);
	conf_print(&c, lang, out);
	conf_clear(&c);
}
