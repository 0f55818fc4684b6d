/* Reading values out of a YAML tree; what is wrong goes to the diags. */
#include "common/yaml.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/say.h"

const struct yaml *
yaml_get(const struct yaml *map, const char *key)
{
	size_t i;

	if (!map || map->kind != YAML_MAP)
		return NULL;
	for (i = 0; i < map->count; i++)
		if (strcmp(map->keys[i].text, key) == 0)
			return &map->items[i];
	return NULL;
}

void
yaml_fault(const struct yaml_doc *doc, const struct yaml *node, struct diags *d,
    const char *code, const char *fmt, ...)
{
	va_list ap;
	char *text;
	struct buf b = {0};

	va_start(ap, fmt);
	buf_vaddf(&b, fmt, ap);
	va_end(ap);
	text = buf_take(&b);
	diag_add(d, &doc->file, node->at, code, NULL, NULL, "%s", text);
	free(text);
}

static const char *
kind_name(const struct yaml *node)
{
	switch (node->kind) {
	case YAML_TEXT:
		return say("一段文本", "a text");
	case YAML_LIST:
		return say("一个列表", "a list");
	default:
		return say("一个映射", "a map");
	}
}

/* "a, b, c" for the sentence that says what would have been right. */
static char *
list_names(const char *const *names)
{
	struct buf out = {0};
	size_t i;

	buf_add_str(&out, say("这里可用: ", "known here: "));
	for (i = 0; names[i]; i++) {
		buf_add_str(&out, i ? ", " : "");
		buf_add_str(&out, names[i]);
	}
	return buf_take(&out);
}

bool
yaml_check_keys(const struct yaml_doc *doc, const struct yaml *map,
    const char *const *names, struct diags *d)
{
	const char *key;
	bool good = true;
	size_t i, j;
	char *why;

	if (map->kind != YAML_MAP) {
		yaml_fault(doc, map, d, "E005",
		    say("这里应当是 键: 值,而不是%s",
			"keys with values are expected here, not %s"),
		    kind_name(map));
		return false;
	}
	for (i = 0; i < map->count; i++) {
		key = map->keys[i].text;
		for (j = 0; names[j] && strcmp(names[j], key) != 0; j++)
			;
		if (names[j])
			continue;
		good = false;
		why = list_names(names);
		diag_add(d, &doc->file, map->keys[i].at, "E002",
		    diag_nearest(key, names), why,
		    say("未知的键 \"%s\"", "unknown key \"%s\""), key);
		free(why);
	}
	return good;
}

/* The scalar of a key; NULL if it is missing, or a fault if it is no scalar. */
static const struct yaml *
get_text(const struct yaml_doc *doc, const struct yaml *map, const char *key,
    struct diags *d)
{
	const struct yaml *node = yaml_get(map, key);

	if (!node || node->kind == YAML_TEXT)
		return node;
	yaml_fault(doc, node, d, "E005",
	    say("\"%s\" 只取一个值,而不是%s", "\"%s\" takes one value, not %s"),
	    key, kind_name(node));
	return NULL;
}

const char *
yaml_text(const struct yaml_doc *doc, const struct yaml *map, const char *key,
    const char *fallback, struct diags *d)
{
	const struct yaml *node = get_text(doc, map, key, d);

	return node ? node->text : fallback;
}

const char *
yaml_need_text(const struct yaml_doc *doc, const struct yaml *map,
    const char *key, struct diags *d)
{
	const struct yaml *node = yaml_get(map, key);

	if (!node) {
		yaml_fault(doc, map, d, "E006",
		    say("这里缺少 \"%s\"", "\"%s\" is missing here"), key);
		return NULL;
	}
	node = get_text(doc, map, key, d);
	if (node && node->text[0] == '\0' && !node->quoted) {
		yaml_fault(doc, node, d, "E006",
		    say("\"%s\" 没有值", "\"%s\" has no value"), key);
		return NULL;
	}
	return node ? node->text : NULL;
}

int64_t
yaml_int(const struct yaml_doc *doc, const struct yaml *map, const char *key,
    int64_t fallback, int64_t least, int64_t most, struct diags *d)
{
	const struct yaml *node = get_text(doc, map, key, d);
	int64_t value;
	char *end;

	if (!node)
		return fallback;
	errno = 0;
	value = strtoimax(node->text, &end, 10);
	if (errno == 0 && end != node->text && *end == '\0' && value >= least &&
	    value <= most)
		return value;
	yaml_fault(doc, node, d, "E007",
	    say("\"%s\" 是 %" PRId64 " 到 %" PRId64 " 的整数,不能是 \"%s\"",
		"\"%s\" is a whole number from %" PRId64 " to %" PRId64
		", not \"%s\""),
	    key, least, most, node->text);
	return fallback;
}

bool
yaml_bool(const struct yaml_doc *doc, const struct yaml *map, const char *key,
    bool fallback, struct diags *d)
{
	const struct yaml *node = get_text(doc, map, key, d);

	if (!node)
		return fallback;
	if (strcmp(node->text, "true") == 0)
		return true;
	if (strcmp(node->text, "false") != 0)
		yaml_fault(doc, node, d, "E007",
		    say("\"%s\" 取 true 或 false,不能是 \"%s\"",
			"\"%s\" is true or false, not \"%s\""),
		    key, node->text);
	return strcmp(node->text, "false") == 0 ? false : fallback;
}
