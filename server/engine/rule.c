/* Rulesets: every rule of a pack, read and checked as one. */
#include "server/engine/rule.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/yaml.h"
#include "server/engine/compile.h"

#define RULES_MOST 10000

static const char *const top_keys[] = {
    "firebreak", "calendar", "rules", "tests", NULL};

/* Makes room for the rules of all documents, so that rules never move. */
static size_t
count_rules(struct yaml_doc **docs, size_t count)
{
	const struct yaml *list;
	size_t total = 0;

	for (size_t i = 0; i < count; i++) {
		list = yaml_get(&docs[i]->root, "rules");
		total += list ? list->count : 0;
	}
	return total;
}

static void
read_doc(struct ruleset *set, struct yaml_doc *doc, struct diags *d)
{
	const struct yaml *list;

	if (!yaml_check_keys(doc, &doc->root, top_keys, d))
		return;
	list = yaml_get(&doc->root, "rules");
	if (!list || list->kind != YAML_LIST) {
		yaml_fault(doc, &doc->root, d, "E006",
		    "a list \"rules\" is expected here");
		return;
	}
	for (size_t i = 0; i < list->count && set->rule_count < RULES_MOST; i++)
		rule_read(set, doc, &list->items[i],
		    &set->rules[set->rule_count++], d);
}

static int
by_id(const void *a, const void *b)
{
	const struct rule *const *x = a, *const *y = b;

	return strcmp((*x)->id ? (*x)->id : "", (*y)->id ? (*y)->id : "");
}

static void
check_ids(struct ruleset *set, struct diags *d)
{
	const struct rule **sorted = xcalloc(set->rule_count, sizeof(*sorted));

	for (size_t i = 0; i < set->rule_count; i++)
		sorted[i] = &set->rules[i];
	qsort(sorted, set->rule_count, sizeof(*sorted), by_id);
	for (size_t i = 1; i < set->rule_count; i++)
		if (sorted[i]->id && by_id(&sorted[i - 1], &sorted[i]) == 0)
			yaml_fault(sorted[i]->doc, sorted[i]->node, d, "E017",
			    "there are two rules \"%s\"", sorted[i]->id);
	free(sorted);
}

/* Breakers first: what stops harm is judged before what colours a light. */
static void
fill_program(struct ruleset *set, struct program *p)
{
	p->rules = xcalloc(set->rule_count, sizeof(*p->rules));
	for (int pass = 0; pass < 2; pass++)
		for (size_t i = 0; i < set->rule_count; i++) {
			struct rule *r = &set->rules[i];

			if (r->subject != p->subject ||
			    (r->engine == RULE_BREAKER) != (pass == 0))
				continue;
			p->rules[p->rule_count++] = r;
			p->ordered |= r->limit > 0;
		}
	program_compile(p);
}

struct ruleset *
ruleset_read(
    struct sources *s, struct yaml_doc **docs, size_t count, struct diags *d)
{
	struct ruleset *set = xcalloc(1, sizeof(*set));
	size_t before = diags_errors(d);

	set->sources = s;
	set->docs = xcalloc(count, sizeof(*docs));
	memcpy(set->docs, docs, count * sizeof(*docs));
	set->doc_count = count;
	set->rules = xcalloc(count_rules(docs, count), sizeof(*set->rules));
	set->programs = xcalloc(s->subject_count, sizeof(*set->programs));
	for (size_t i = 0; i < s->subject_count; i++)
		set->programs[i].subject = &s->subjects[i];
	for (size_t i = 0; i < count; i++)
		read_doc(set, docs[i], d);
	check_ids(set, d);
	for (size_t i = 0; i < set->rule_count; i++)
		rule_check(set, &set->rules[i], d);
	if (diags_errors(d) != before) {
		ruleset_free(set);
		return NULL;
	}
	for (size_t i = 0; i < s->subject_count; i++)
		fill_program(set, &set->programs[i]);
	return set;
}

static int
is_rule_file(const struct dirent *e)
{
	size_t len = strlen(e->d_name);

	return len > 5 && strcmp(e->d_name + len - 5, ".yaml") == 0 &&
	       e->d_name[0] != '.';
}

static size_t
load_docs(const char *dir, struct yaml_doc ***docs, struct diags *d)
{
	struct dirent **names = NULL;
	struct diag_file whole = {dir, "", 0};
	size_t count = 0;
	char *path;
	int n = scandir(dir, &names, is_rule_file, alphasort);

	*docs = xcalloc(n > 0 ? (size_t)n : 0, sizeof(**docs));
	if (n < 0)
		diag_add(d, &whole, (struct diag_pos){0, 0}, "E001", NULL, NULL,
		    "cannot read the folder: %s", strerror(errno));
	for (int i = 0; i < n; i++) {
		path = xasprintf("%s/%s", dir, names[i]->d_name);
		(*docs)[count] = yaml_load(path, d);
		count += (*docs)[count] != NULL;
		free(path);
		free(names[i]);
	}
	free(names);
	return count;
}

static struct sources *
load_sources(const char *dir, struct diags *d)
{
	char *path = xasprintf("%s/sources.yaml", dir);
	struct sources *s = sources_load(path, d);

	free(path);
	return s;
}

/* A file that cannot be read is a fault of the whole; the others are checked
 * nevertheless. */
static struct ruleset *
finish_load(struct sources *s, struct yaml_doc **docs, size_t count,
    size_t before, struct diags *d)
{
	struct ruleset *set = ruleset_read(s, docs, count, d);

	if (set && diags_errors(d) != before) {
		ruleset_free(set);
		set = NULL;
	}
	free(docs);
	return set;
}

struct ruleset *
ruleset_load(const char *dir, struct diags *d)
{
	struct sources *s = load_sources(dir, d);
	size_t count, before = diags_errors(d);
	struct yaml_doc **docs;
	char *path;

	if (!s)
		return NULL;
	path = xasprintf("%s/rules", dir);
	count = load_docs(path, &docs, d);
	free(path);
	return finish_load(s, docs, count, before, d);
}

struct ruleset *
ruleset_load_files(
    const char *dir, char *const *files, size_t count, struct diags *d)
{
	struct sources *s = load_sources(dir, d);
	size_t good = 0, before = diags_errors(d);
	struct yaml_doc **docs;

	if (!s)
		return NULL;
	docs = xcalloc(count, sizeof(*docs));
	for (size_t i = 0; i < count; i++) {
		docs[good] = yaml_load(files[i], d);
		good += docs[good] != NULL;
	}
	return finish_load(s, docs, good, before, d);
}

static bool
same_text(const struct yaml_doc *a, const struct yaml_doc *b)
{
	return strcmp(a->file.name, b->file.name) == 0 &&
	       a->file.len == b->file.len &&
	       memcmp(a->file.text, b->file.text, a->file.len) == 0;
}

bool
ruleset_same(const struct ruleset *a, const struct ruleset *b)
{
	if (a->doc_count != b->doc_count ||
	    !same_text(a->sources->doc, b->sources->doc))
		return false;
	for (size_t i = 0; i < a->doc_count; i++)
		if (!same_text(a->docs[i], b->docs[i]))
			return false;
	return true;
}

void
ruleset_free(struct ruleset *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->rule_count; i++)
		rule_clear(&r->rules[i]);
	for (size_t i = 0; i < r->sources->subject_count; i++) {
		struct program *p = &r->programs[i];

		program_clear(p);
		for (size_t j = 0; j < p->input_count; j++)
			free(p->inputs[j].name);
		free(p->inputs);
		free(p->rules);
	}
	for (size_t i = 0; i < r->doc_count; i++)
		yaml_unload(r->docs[i]);
	free(r->programs);
	free(r->rules);
	free(r->docs);
	sources_free(r->sources);
	free(r);
}

const struct rule *
ruleset_find(const struct ruleset *r, const char *id)
{
	for (size_t i = 0; i < r->rule_count; i++)
		if (strcmp(r->rules[i].id, id) == 0)
			return &r->rules[i];
	return NULL;
}
