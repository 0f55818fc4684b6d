/* One rule of a rule file: the closed set of keys, read into struct rule. */
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/yaml.h"
#include "server/engine/rule.h"
#include "server/engine/unit.h"

#define DAY 86400e6
#define EXPRESSION_MOST 4096

static const char *const rule_keys[] = {"rule", "title", "owner", "engine",
    "for_each", "where", "let", "given", "when", "clear", "for", "hold",
    "stale", "do", "limit", "say", "trip", "open", "half_open", "override",
    "was", "mode", NULL};
static const char *const level_keys[] = {"red", "yellow", "blue", NULL};
static const char *const open_keys[] = {
    "suspend", "push", "notify", "at_least", "at_most", NULL};
static const char *const half_keys[] = {
    "after", "allow", "close", "reopen", NULL};
static const char *const do_keys[] = {
    "on red", "on yellow", "on blue", "on clear", NULL};
static const char *const do_verbs[] = {
    "notify", "task", "suspend", "push", NULL};
static const char *const task_keys[] = {"what", "who", "due", "outcomes", NULL};
static const char *const engine_names[] = {
    "warning", "breaker", "quality", "review", NULL};
/* known to the language and read by nobody yet */
static const char *const later_keys[] = {
    "where", "clear", "was", "override", NULL};

const char *const state_names[] = {"ok", "blue", "yellow", "red", "no_data",
    "closed", "open", "half_open", "held", NULL};

struct reader {
	const struct yaml_doc *doc;
	struct diags *diags;
	struct rule *rule;
};

int
state_parse(const char *name)
{
	for (int i = 0; state_names[i]; i++)
		if (strcmp(state_names[i], name) == 0)
			return i;
	return -1;
}

static void
fault(struct reader *r, const struct yaml *node, const char *code,
    const char *suggest, const char *text)
{
	diag_add(
	    r->diags, &r->doc->file, node->at, code, suggest, NULL, "%s", text);
}

/* The character of the file at a position; 0 beyond its end. */
static const char *
file_at(const struct diag_file *f, struct diag_pos at)
{
	const char *s = f->text, *end = f->text + f->len;

	for (int line = 1; line < at.line && s < end; s++)
		line += *s == '\n';
	for (int column = 1; s < end && column < at.column; column++)
		for (s++; s < end && ((unsigned char)*s & 0xC0) == 0x80; s++)
			continue;
	return s;
}

/* Where the characters of a scalar stand: after a quote, or, in a block, on
 * the lines below its sign. */
static struct expr_text
text_of(struct reader *r, const struct yaml *node)
{
	struct expr_text t = {
	    .file = &r->doc->file, .at = node->at, .text = node->text};
	const char *s = file_at(t.file, t.at);
	const char *end = t.file->text + t.file->len;

	if (s >= end || !node->quoted)
		return t;
	if (*s == '"' || *s == '\'') {
		t.at.column++;
		return t;
	}
	while (s < end && *s != '\n')
		s++;
	for (s++; s < end && *s == ' '; s++)
		t.indent++;
	t.at.line++;
	t.at.column = t.indent + 1;
	return t;
}

static bool
read_expr(struct reader *r, const char *name, const struct yaml *node,
    struct rule_expr *e)
{
	e->name = name;
	if (!node)
		return false;
	if (node->kind != YAML_TEXT) {
		fault(r, node, "E005", NULL, "an expression is expected here");
		return false;
	}
	if (strlen(node->text) > EXPRESSION_MOST) {
		fault(r, node, "E010", NULL,
		    "an expression has at most 4,096 bytes");
		return false;
	}
	e->text = text_of(r, node);
	e->tree = expr_parse(&e->text, r->diags);
	return e->tree != NULL;
}

static double
read_duration(
    struct reader *r, const struct yaml *map, const char *key, double fallback)
{
	const struct yaml *node = yaml_get(map, key);
	double length = fallback;

	if (!node)
		return fallback;
	if (node->kind != YAML_TEXT ||
	    !unit_parse_duration(node->text, &length))
		diag_add(r->diags, &r->doc->file, node->at, "E013", NULL,
		    "accepted: 30m, 8h, 3d, 2w", "\"%s\" is not a duration",
		    node->text ? node->text : "this");
	return length;
}

static void
read_lets(struct reader *r, const struct yaml *map)
{
	struct rule *rule = r->rule;

	if (!map)
		return;
	if (map->kind != YAML_MAP) {
		fault(r, map, "E005", NULL,
		    "names with expressions are expected here");
		return;
	}
	rule->lets = xcalloc(map->count, sizeof(*rule->lets));
	for (size_t i = 0; i < map->count; i++)
		read_expr(r, map->keys[i].text, &map->items[i],
		    &rule->lets[rule->let_count++]);
}

/* "3d" or "5 workdays" */
static void
read_due(struct reader *r, const struct yaml *node, struct effect *e)
{
	char *end;
	long n;

	if (!node) {
		e->due = 7 * DAY;
		return;
	}
	n = node->text ? strtol(node->text, &end, 10) : 0;
	if (n > 0 && n < 1000 && strcmp(end, " workdays") == 0)
		e->due_workdays = (int)n;
	else if (!node->text || !unit_parse_duration(node->text, &e->due))
		fault(r, node, "E013", NULL,
		    "due is a duration, e.g. 3d or 5 workdays");
}

static void
check_who(struct reader *r, const struct yaml *node, const char *who)
{
	const struct subject_def *s = r->rule->subject;

	if (!s || !who || pair_find(s->people, s->people_count, who))
		return;
	diag_add(r->diags, &r->doc->file, node->at, "E014",
	    sources_nearest(
		s->people, s->people_count, sizeof(*s->people), who),
	    "who may be named is listed under people in sources.yaml",
	    "a %s has no \"%s\"", s->name, who);
}

static struct effect *
add_effect(struct reader *r, enum effect_kind kind, enum rule_state on)
{
	struct rule *rule = r->rule;
	struct effect *e;

	rule->effects = xrealloc_array(
	    rule->effects, rule->effect_count + 1, sizeof(*rule->effects));
	e = &rule->effects[rule->effect_count++];
	*e = (struct effect){.kind = kind, .on = on};
	return e;
}

static void
read_task(struct reader *r, const struct yaml *node, struct effect *e)
{
	const struct yaml *list, *who;

	if (!yaml_check_keys(r->doc, node, task_keys, r->diags))
		return;
	e->what = yaml_need_text(r->doc, node, "what", r->diags);
	e->who = yaml_need_text(r->doc, node, "who", r->diags);
	who = yaml_get(node, "who");
	if (who)
		check_who(r, who, e->who);
	read_due(r, yaml_get(node, "due"), e);
	list = yaml_get(node, "outcomes");
	if (!list)
		return;
	if (list->kind != YAML_LIST) {
		fault(r, list, "E005", NULL, "outcomes are a list");
		return;
	}
	e->outcomes = xcalloc(list->count + 1, sizeof(*e->outcomes));
	for (size_t i = 0; i < list->count; i++)
		e->outcomes[i] = list->items[i].text ? list->items[i].text : "";
}

static void
read_effect(struct reader *r, const char *verb, const struct yaml *node,
    enum rule_state on)
{
	struct effect *e;
	int kind = 0;

	while (do_verbs[kind] && strcmp(do_verbs[kind], verb) != 0)
		kind++;
	if (!do_verbs[kind])
		return;
	e = add_effect(r, (enum effect_kind)kind, on);
	if (kind == EFFECT_TASK) {
		read_task(r, node, e);
		return;
	}
	if (node->kind != YAML_TEXT) {
		fault(r, node, "E005", NULL, "one value is expected here");
		return;
	}
	if (kind == EFFECT_NOTIFY) {
		e->who = node->text;
		check_who(r, node, e->who);
	} else
		e->what = node->text;
}

/* do: { on red: [ task: { … }, notify: manager ] } */
static void
read_do(struct reader *r, const struct yaml *map)
{
	static const enum rule_state states[] = {
	    STATE_RED, STATE_YELLOW, STATE_BLUE, STATE_OK};
	const struct yaml *list, *item;

	if (!map || !yaml_check_keys(r->doc, map, do_keys, r->diags))
		return;
	for (size_t i = 0; do_keys[i]; i++) {
		list = yaml_get(map, do_keys[i]);
		if (!list)
			continue;
		if (list->kind != YAML_LIST) {
			fault(r, list, "E005", NULL,
			    "a list of effects is expected here");
			continue;
		}
		for (size_t j = 0; j < list->count; j++) {
			item = &list->items[j];
			if (!yaml_check_keys(r->doc, item, do_verbs, r->diags))
				continue;
			for (size_t k = 0; k < item->count; k++)
				read_effect(r, item->keys[k].text,
				    &item->items[k], states[i]);
		}
	}
}

static void
read_when(struct reader *r, const struct yaml *map)
{
	static const enum rule_state levels[] = {
	    STATE_RED, STATE_YELLOW, STATE_BLUE};

	if (!map || !yaml_check_keys(r->doc, map, level_keys, r->diags))
		return;
	for (size_t i = 0; level_keys[i]; i++)
		if (yaml_get(map, level_keys[i]))
			read_expr(r, level_keys[i],
			    yaml_get(map, level_keys[i]),
			    &r->rule->when[levels[i]]);
}

static void
read_half_open(struct reader *r, const struct yaml *map)
{
	struct rule *rule = r->rule;
	const char *allow;
	char *end;

	rule->allow = -1;
	if (!map) {
		fault(r, rule->node, "E006", NULL,
		    "a breaker needs \"half_open\": how it closes again");
		return;
	}
	if (!yaml_check_keys(r->doc, map, half_keys, r->diags))
		return;
	read_expr(r, "after", yaml_get(map, "after"), &rule->after);
	read_expr(r, "close", yaml_get(map, "close"), &rule->close);
	read_expr(r, "reopen", yaml_get(map, "reopen"), &rule->reopen);
	for (size_t i = 0; half_keys[i]; i++)
		if (!yaml_get(map, half_keys[i]) && i != 1)
			diag_add(r->diags, &r->doc->file, map->at, "E006", NULL,
			    "a breaker that may stay half open for ever is "
			    "stuck: it needs after, close and reopen",
			    "\"%s\" is missing here", half_keys[i]);
	allow = yaml_text(r->doc, map, "allow", NULL, r->diags);
	if (!allow)
		return;
	rule->allow = strtoll(allow, &end, 10);
	/* the word after the number is for people: "5 leads" */
	if (end == allow || rule->allow < 0 || (*end != '\0' && *end != ' '))
		fault(r, yaml_get(map, "allow"), "E007", NULL,
		    "allow is a number, e.g. 5 leads");
}

static void
read_breaker(struct reader *r)
{
	struct rule *rule = r->rule;
	const struct yaml *open = yaml_get(rule->node, "open");

	if (!yaml_get(rule->node, "trip"))
		fault(r, rule->node, "E006", NULL,
		    "a breaker needs \"trip\": when it opens");
	read_expr(r, "trip", yaml_get(rule->node, "trip"), &rule->trip);
	read_half_open(r, yaml_get(rule->node, "half_open"));
	if (!open) {
		fault(r, rule->node, "E006", NULL,
		    "a breaker needs \"open\": what it stops");
		return;
	}
	if (!yaml_check_keys(r->doc, open, open_keys, r->diags))
		return;
	for (size_t i = 0; i < open->count; i++)
		read_effect(r, open->keys[i].text, &open->items[i], STATE_OPEN);
	rule->at_least = read_duration(r, open, "at_least", 0);
	rule->at_most_least = read_duration(r, open, "at_most", 28 * DAY);
}

/* limit: 20% of team */
static void
read_limit(struct reader *r, const struct yaml *node)
{
	struct rule *rule = r->rule;
	const struct subject_def *s = rule->subject;
	const struct pair *group;
	const char *text;
	char *end;

	if (!node)
		return;
	text = node->text ? node->text : ""; /* a list or a map is no limit */
	rule->limit = strtod(text, &end) / 100;
	if (rule->limit <= 0 || rule->limit > 1 ||
	    strncmp(end, "% of ", 5) != 0) {
		fault(r, node, "E015", NULL,
		    "limit is a share of a group, e.g. 20% of team");
		return;
	}
	if (!s)
		return;
	group = pair_find(s->groups, s->group_count, end + 5);
	if (group)
		rule->limit_group = group->sql;
	else
		diag_add(r->diags, &r->doc->file, node->at, "E014",
		    sources_nearest(
			s->groups, s->group_count, sizeof(*s->groups), end + 5),
		    NULL, "a %s has no group \"%s\"", s->name, end + 5);
}

static void
read_head(struct reader *r, struct ruleset *set)
{
	struct rule *rule = r->rule;
	const struct yaml *node = rule->node, *title = yaml_get(node, "title");
	const char *engine, *subject, *mode;
	int i = 0;

	rule->id = yaml_need_text(r->doc, node, "rule", r->diags);
	rule->owner = yaml_text(r->doc, node, "owner", "", r->diags);
	rule->title_zh = rule->title_en = rule->id ? rule->id : "";
	if (title && title->kind == YAML_MAP) {
		rule->title_zh =
		    yaml_text(r->doc, title, "zh", rule->id, r->diags);
		rule->title_en =
		    yaml_text(r->doc, title, "en", rule->id, r->diags);
	} else if (title)
		rule->title_zh = rule->title_en = title->text;
	engine = yaml_need_text(r->doc, node, "engine", r->diags);
	while (engine && engine_names[i] && strcmp(engine_names[i], engine))
		i++;
	rule->engine = (enum rule_engine)(engine_names[i] ? i : 0);
	if (engine && !engine_names[i])
		diag_add(r->diags, &r->doc->file, yaml_get(node, "engine")->at,
		    "E016", diag_nearest(engine, engine_names), NULL,
		    "unknown engine \"%s\"", engine);
	subject = yaml_need_text(r->doc, node, "for_each", r->diags);
	rule->subject = subject ? sources_subject(set->sources, subject) : NULL;
	if (rule->subject)
		rule->kind = (int)(rule->subject - set->sources->subjects);
	else if (subject)
		diag_add(r->diags, &r->doc->file,
		    yaml_get(node, "for_each")->at, "E014",
		    sources_nearest(set->sources->subjects,
			set->sources->subject_count,
			sizeof(*set->sources->subjects), subject),
		    "subjects are listed in sources.yaml",
		    "there is no subject \"%s\"", subject);
	mode = yaml_text(r->doc, node, "mode", "live", r->diags);
	rule->shadow = strcmp(mode, "shadow") == 0;
}

/* say: "…{name}…", or { zh: …, en: … } */
static void
read_say(struct reader *r, const struct yaml *node)
{
	struct rule *rule = r->rule;

	rule->say_zh = rule->say_en = "{title}: {subject}";
	if (node && node->kind == YAML_TEXT)
		rule->say_zh = rule->say_en = node->text;
	else if (node) {
		rule->say_zh =
		    yaml_text(r->doc, node, "zh", rule->say_zh, r->diags);
		rule->say_en =
		    yaml_text(r->doc, node, "en", rule->say_en, r->diags);
	}
}

/* The lines of the file from this rule to the next, for the stored version. */
static char *
source_text(const struct yaml_doc *doc, const struct yaml *node)
{
	struct diag_pos after = {node->at.line, 1};
	const char *from = file_at(&doc->file, after), *to;
	const struct yaml *list = yaml_get(&doc->root, "rules");

	to = doc->file.text + doc->file.len;
	for (size_t i = 0; list && i + 1 < list->count; i++)
		if (&list->items[i] == node) {
			after.line = list->items[i + 1].at.line;
			to = file_at(&doc->file, after);
		}
	return xstrndup(from, to > from ? (size_t)(to - from) : 0);
}

bool
rule_read(struct ruleset *set, const struct yaml_doc *doc,
    const struct yaml *node, struct rule *rule, struct diags *d)
{
	struct reader r = {doc, d, rule};
	size_t before = diags_errors(d);

	rule->node = node;
	rule->doc = doc;
	if (!yaml_check_keys(doc, node, rule_keys, d))
		return false;
	for (size_t i = 0; later_keys[i]; i++)
		if (yaml_get(node, later_keys[i]))
			diag_add(d, &doc->file,
			    yaml_get(node, later_keys[i])->at, "E030", NULL,
			    NULL, "this version cannot run \"%s\" yet",
			    later_keys[i]);
	read_head(&r, set);
	read_lets(&r, yaml_get(node, "let"));
	read_expr(&r, "given", yaml_get(node, "given"), &rule->given);
	rule->wait = read_duration(&r, node, "for", 0);
	rule->hold = read_duration(&r, node, "hold", 0);
	rule->stale = read_duration(&r, node, "stale", DAY);
	if (rule->engine == RULE_BREAKER)
		read_breaker(&r);
	else if (!yaml_get(node, "when"))
		yaml_fault(doc, node, d, "E006", "\"when\" is missing here");
	read_when(&r, yaml_get(node, "when"));
	read_do(&r, yaml_get(node, "do"));
	read_limit(&r, yaml_get(node, "limit"));
	read_say(&r, yaml_get(node, "say"));
	rule->text = source_text(doc, node);
	return diags_errors(d) == before;
}

void
rule_clear(struct rule *r)
{
	struct rule_expr *all[] = {&r->given, &r->when[STATE_BLUE],
	    &r->when[STATE_YELLOW], &r->when[STATE_RED], &r->trip, &r->after,
	    &r->close, &r->reopen};

	for (size_t i = 0; i < COUNT_OF(all); i++)
		expr_free(all[i]->tree);
	for (size_t i = 0; i < r->let_count; i++)
		expr_free(r->lets[i].tree);
	for (size_t i = 0; i < r->effect_count; i++)
		free(r->effects[i].outcomes);
	free(r->lets);
	free(r->effects);
	free(r->text);
}
