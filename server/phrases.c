/* What people read for a code. */
#include "server/phrases.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/mem.h"
#include "common/yaml.h"

struct phrase {
	char *code;
	char *zh;
	char *en;
};

struct phrases {
	struct phrase *rows; /* in the order of the files: choices show it */
	size_t count;
};

static struct phrase *
phrase_find(const struct phrases *p, const char *code)
{
	for (size_t i = 0; p && i < p->count; i++)
		if (strcmp(p->rows[i].code, code) == 0)
			return &p->rows[i];
	return NULL;
}

/* One entry; a code that an earlier pack defined is replaced. */
static void
phrase_read(struct phrases *p, const struct yaml_doc *doc,
    const struct yaml *key, const struct yaml *value, struct diags *d)
{
	static const char *const langs[] = {"zh", "en", NULL};
	const char *zh, *en;
	struct phrase *row;

	if (!yaml_check_keys(doc, value, langs, d))
		return;
	zh = yaml_need_text(doc, value, "zh", d);
	en = yaml_need_text(doc, value, "en", d);
	if (!zh || !en)
		return;
	row = phrase_find(p, key->text);
	if (!row) {
		p->rows =
		    xrealloc_array(p->rows, p->count + 1, sizeof(*p->rows));
		row = &p->rows[p->count++];
		row->code = xstrdup(key->text);
	} else {
		free(row->zh);
		free(row->en);
	}
	row->zh = xstrdup(zh);
	row->en = xstrdup(en);
}

static void
phrases_read(struct phrases *p, const char *path, struct diags *d)
{
	struct yaml_doc *doc = yaml_load(path, d);

	if (!doc)
		return;
	if (doc->root.kind != YAML_MAP)
		yaml_fault(doc, &doc->root, d, "E003",
		    "expected `code: { zh: ..., en: ... }` entries");
	else
		for (size_t i = 0; i < doc->root.count; i++)
			phrase_read(
			    p, doc, &doc->root.keys[i], &doc->root.items[i], d);
	yaml_unload(doc);
}

struct phrases *
phrases_load(const char *const *dirs, size_t count, struct diags *d)
{
	struct phrases *p = xcalloc(1, sizeof(*p));
	size_t before = diags_errors(d);
	char *path;

	for (size_t i = 0; i < count; i++) {
		path = xasprintf("%s/phrases.yaml", dirs[i]);
		if (access(path, F_OK) == 0)
			phrases_read(p, path, d);
		free(path);
	}
	if (diags_errors(d) > before) {
		phrases_free(p);
		return NULL;
	}
	return p;
}

void
phrases_free(struct phrases *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->count; i++) {
		free(p->rows[i].code);
		free(p->rows[i].zh);
		free(p->rows[i].en);
	}
	free(p->rows);
	free(p);
}

const char *
phrases_get(const struct phrases *p, const char *code, const char *lang)
{
	const struct phrase *row = phrase_find(p, code);

	if (!row)
		return NULL;
	return strcmp(lang, "zh") == 0 ? row->zh : row->en;
}

size_t
phrases_count(const struct phrases *p)
{
	return p->count;
}

const char *
phrases_code(const struct phrases *p, size_t i)
{
	return p->rows[i].code;
}

void
phrases_say(const struct phrases *p, const char *code, const char *lang,
    const char *detail, struct buf *out)
{
	static const char hole[] = "{detail}";
	const char *text = phrases_get(p, code, lang);
	const char *at;

	if (!text) {
		buf_add_str(out, code);
		if (detail && *detail)
			buf_addf(out, ": %s", detail);
		return;
	}
	while ((at = strstr(text, hole))) {
		buf_add(out, text, (size_t)(at - text));
		buf_add_str(out, detail ? detail : "");
		text = at + sizeof(hole) - 1;
	}
	buf_add_str(out, text);
}
