/* Screens against the catalogue and the phrases: what they name must exist,
 * fit and be allowed; defaults are filled in on the way. */
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "server/catalogue.h"
#include "server/phrases.h"
#include "server/screens/model.h"

/* What a widget wants of its source. */
static const struct widget_def {
	const char *name;
	bool needs_source;
	bool is_write;
	enum catalogue_rows rows;
	unsigned needs; /* bits of screen_extra_names */
	unsigned may;
} widget_table[] = {
    {"alerts", true, false, ROWS_MANY, 1u << 2, 0},
    {"form", true, true, ROWS_ONE, 0, 0},
    {"gauge", true, false, ROWS_ONE, 1u << 3 | 1u << 4, 0},
    {"table", true, false, ROWS_MANY, 0, 1u << 0},
    {"text", false, false, ROWS_ONE, 0, 0},
    {"tree", true, false, ROWS_MANY, 1u << 1, 0},
};

static const char *const format_names[] = {"light", "level", "money", "days",
    "percent", "clock", "age", "minutes", "bar", "tick", "code", "markdown",
    NULL};

/* What every check function needs. */
struct check {
	const struct screen_set *set;
	const struct catalogue *c;
	const struct phrases *p;
	struct diags *d;
	const char **statements; /* all names, for did-you-mean */
	const char **screens;
	const struct screen *s; /* being checked */
};

static void
fault(const struct check *k, const struct yaml *at, const char *word,
    const char *const *known, const char *what)
{
	diag_add(k->d, &k->s->doc->file, at->at, "E020",
	    known ? diag_nearest(word, known) : NULL, NULL, "%s \"%s\"", what,
	    word);
}

const struct screen *
screen_find(const struct screen_set *set, const char *name)
{
	for (size_t i = 0; i < set->count; i++)
		if (strcmp(set->screens[i].name, name) == 0)
			return &set->screens[i];
	return NULL;
}

static const struct statement *
find_statement(const struct check *k, const struct yaml *at, const char *name)
{
	const struct statement *s = catalogue_find(k->c, name, strlen(name));

	if (!s)
		fault(k, at, name, k->statements, "no such statement:");
	return s;
}

static void
check_column_name(const struct check *k, const struct statement *s,
    const struct yaml *at, const char *name)
{
	const char **known;

	if (!name || catalogue_column(s, name) >= 0)
		return;
	known = xcalloc((size_t)s->column_count + 1, sizeof(*known));
	for (int i = 0; i < s->column_count; i++)
		known[i] = s->columns[i].name;
	diag_add(k->d, &k->s->doc->file, at->at, "E021",
	    diag_nearest(name, known), NULL, "%s has no column \"%s\"", s->name,
	    name);
	free(known);
}

static const struct catalogue_arg *
find_arg(const struct statement *s, const char *name)
{
	for (int i = 0; i < s->arg_count; i++)
		if (strcmp(s->args[i].name, name) == 0)
			return &s->args[i];
	return NULL;
}

static void
check_arg(const struct check *k, const struct statement *s,
    const struct yaml *at, const char *name)
{
	const char **known;

	if (find_arg(s, name))
		return;
	known = xcalloc((size_t)s->arg_count + 1, sizeof(*known));
	for (int i = 0; i < s->arg_count; i++)
		known[i] = s->args[i].name;
	diag_add(k->d, &k->s->doc->file, at->at, "E022",
	    diag_nearest(name, known), NULL, "%s takes no argument \"%s\"",
	    s->name, name);
	free(known);
}

static bool
has_phrases(const struct phrases *p, const char *prefix)
{
	size_t n = strlen(prefix);

	for (size_t i = 0; i < phrases_count(p); i++)
		if (strncmp(phrases_code(p, i), prefix, n) == 0 &&
		    phrases_code(p, i)[n] == '.')
			return true;
	return false;
}

static void
check_prefix(const struct check *k, const struct yaml *at, const char *prefix)
{
	if (!has_phrases(k->p, prefix))
		diag_add(k->d, &k->s->doc->file, at->at, "E023", NULL,
		    "phrases.yaml of the pack needs `prefix.value` entries",
		    "no phrases begin with \"%s.\"", prefix);
}

/* Missing columns: all but ids and codes. */
static void
fill_columns(struct pane *p)
{
	const struct statement *s = p->source;

	p->columns = xcalloc((size_t)s->column_count, sizeof(*p->columns));
	for (int i = 0; i < s->column_count; i++) {
		const char *name = s->columns[i].name;
		size_t n = strlen(name);

		if ((n > 3 && strcmp(name + n - 3, "_id") == 0) ||
		    (n > 5 && strcmp(name + n - 5, "_code") == 0))
			continue;
		p->columns[p->column_count++] =
		    (struct column){.at = p->at, .name = name};
	}
}

static void
check_column(const struct check *k, const struct pane *p, struct column *c)
{
	int at = catalogue_column(p->source, c->name);
	bool is_int;

	check_column_name(k, p->source, c->at, c->name);
	if (at < 0)
		return;
	is_int = p->source->columns[at].kind == DB_INT;
	if (!c->format && is_int &&
	    (strcmp(c->name, "light") == 0 || strcmp(c->name, "level") == 0))
		c->format = c->name;
	if (!c->format)
		c->format = "";
	else if (*c->format) {
		bool known = false;

		for (size_t i = 0; format_names[i]; i++)
			known |= strcmp(format_names[i], c->format) == 0;
		if (!known)
			fault(k, c->at, c->format, format_names,
			    "no such format:");
	}
	if (strcmp(c->format, "code") == 0) {
		if (!c->codes)
			c->codes = c->name;
		check_prefix(k, c->at, c->codes);
	}
}

static void
check_binds(const struct check *k, const struct statement *s,
    const struct bind *binds, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (s)
			check_arg(k, s, binds[i].at, binds[i].arg);
}

/* A target must lead somewhere for at least one role of the screen. */
static void
check_key(const struct check *k, const struct pane *p, const struct key *key)
{
	const struct statement *s;
	const struct screen *to;

	if (!key->target)
		return;
	if (key->target[0] == '$') {
		if (p && p->source)
			check_column_name(
			    k, p->source, key->at, key->target + 1);
		return;
	}
	if (strchr(key->target, '/')) {
		s = find_statement(k, key->at, key->target);
		if (!s)
			return;
		if (!s->is_write)
			fault(k, key->at, key->target, NULL,
			    "a key leads to a screen or a write, not to");
		if (!(s->roles & k->s->roles))
			fault(k, key->at, key->target, NULL,
			    "no role of this screen may");
		check_binds(k, s, key->binds, key->bind_count);
		return;
	}
	to = screen_find(k->set, key->target);
	if (!to)
		fault(k, key->at, key->target, k->screens, "no such screen:");
	else if (!(to->roles & k->s->roles))
		fault(k, key->at, key->target, NULL,
		    "no role of this screen sees the screen");
}

static void
check_field(const struct check *k, const struct pane *p, struct field *f)
{
	const struct catalogue_arg *arg;
	const struct statement *list;

	if (!f->arg)
		return;
	check_arg(k, p->source, f->at, f->arg);
	arg = find_arg(p->source, f->arg);
	if (!arg)
		return;
	if (!f->type)
		f->type = arg->kind == DB_BOOL ? "tick"
			  : arg->kind == DB_JSON || arg->kind == DB_BYTES
			      ? "text"
			      : catalogue_kind_name(arg->kind);
	if (f->required < 0)
		f->required = !arg->optional;
	if (f->choices)
		check_prefix(k, f->at, f->choices);
	if (!f->lookup)
		return;
	list = find_statement(k, f->at, f->lookup);
	if (!list)
		return;
	if (list->rows != ROWS_MANY || list->is_write)
		fault(k, f->at, f->lookup, NULL, "a lookup needs a list, not");
	check_column_name(k, list, f->at, f->show);
}

static const struct widget_def *
find_widget(const char *name)
{
	for (size_t i = 0; i < COUNT_OF(widget_table); i++)
		if (strcmp(widget_table[i].name, name) == 0)
			return &widget_table[i];
	return NULL;
}

static void
check_extras(
    const struct check *k, const struct pane *p, const struct widget_def *w)
{
	for (unsigned i = 0; screen_extra_names[i]; i++) {
		if (!p->extra[i]) {
			if (w->needs & 1u << i)
				yaml_fault(k->s->doc, p->at, k->d, "E024",
				    "a %s pane needs `%s:`", w->name,
				    screen_extra_names[i]);
			continue;
		}
		if (!((w->needs | w->may) & 1u << i))
			yaml_fault(k->s->doc, p->at, k->d, "E024",
			    "a %s pane has no `%s:`", w->name,
			    screen_extra_names[i]);
		else if (i == 0)
			check_arg(k, p->source, p->at, p->extra[i]);
		else
			check_column_name(k, p->source, p->at, p->extra[i]);
	}
}

static void
check_sort(const struct check *k, const struct pane *p)
{
	const struct statement *s = p->source;

	for (size_t i = 0; i < p->sort_count; i++) {
		bool known = false;

		for (int j = 0; j < s->sort_count; j++)
			known |= strcmp(s->columns[s->sort[j]].name,
				     p->sort[i].column) == 0;
		if (!known)
			fault(k, p->at, p->sort[i].column, NULL,
			    "not a sortable column:");
	}
}

static void
check_source(
    const struct check *k, const struct pane *p, const struct widget_def *w)
{
	const struct statement *s = p->source;

	if (s->is_write != w->is_write || (!s->is_write && s->rows != w->rows))
		yaml_fault(k->s->doc, p->at, k->d, "E025",
		    "a %s pane wants %s, %s is none", w->name,
		    w->is_write		   ? "a write"
		    : w->rows == ROWS_MANY ? "a list"
					   : "a question of one row",
		    s->name);
	for (const char *const *r = catalogue_roles(); *r; r++) {
		unsigned bit = catalogue_role_bit(*r);

		if ((k->s->roles & bit) && !(s->roles & bit))
			yaml_fault(k->s->doc, p->at, k->d, "E026",
			    "this screen is for %s, who may not use %s", *r,
			    s->name);
	}
}

static void
check_links(const struct check *k, const struct screen *s, size_t at)
{
	const struct pane *p = &s->panes[at];
	bool found = !p->of;

	for (size_t i = 0; i < at; i++) {
		if (p->id && s->panes[i].id &&
		    strcmp(p->id, s->panes[i].id) == 0)
			fault(k, p->at, p->id, NULL, "two panes have the id");
		if (p->of && s->panes[i].id &&
		    strcmp(p->of, s->panes[i].id) == 0)
			found = true;
	}
	if (!found)
		fault(k, p->at, p->of, NULL, "no earlier pane has the id");
}

static void
check_pane(const struct check *k, struct pane *p)
{
	const struct widget_def *w = find_widget(p->widget);

	if (!p->statement) {
		if (w->needs_source || !p->body.en)
			yaml_fault(k->s->doc, p->at, k->d, "E024",
			    "only a text pane with a `body:` has no source");
		return;
	}
	p->source = find_statement(k, p->at, p->statement);
	if (!p->source)
		return;
	check_source(k, p, w);
	check_binds(k, p->source, p->binds, p->bind_count);
	check_extras(k, p, w);
	check_sort(k, p);
	if (!p->has_columns && !w->is_write)
		fill_columns(p);
	for (size_t i = 0; i < p->column_count; i++)
		check_column(k, p, &p->columns[i]);
	for (size_t i = 0; i < p->field_count; i++)
		check_field(k, p, &p->fields[i]);
	check_key(k, p, &p->open);
	for (size_t i = 0; i < p->key_count; i++)
		check_key(k, p, &p->keys[i]);
}

/* A role that has screens needs one to begin with, and not two. */
static void
check_homes(const struct screen_set *set, struct diags *d)
{
	for (const char *const *r = catalogue_roles(); *r; r++) {
		unsigned bit = catalogue_role_bit(*r);
		const struct screen *home = NULL;

		for (size_t i = 0; i < set->count; i++) {
			const struct screen *s = &set->screens[i];

			if (!(s->home & s->roles & bit))
				continue;
			if (home)
				yaml_fault(s->doc,
				    yaml_get(&s->doc->root, "home"), d, "E027",
				    "%s has a home already: screen %s", *r,
				    home->name);
			home = s;
		}
	}
}

void
screens_check(struct screen_set *set, const struct catalogue *c,
    const struct phrases *p, struct diags *d)
{
	struct check k = {.set = set, .c = c, .p = p, .d = d};
	size_t n = (size_t)catalogue_count(c);

	k.statements = xcalloc(n + 1, sizeof(*k.statements));
	for (size_t i = 0; i < n; i++)
		k.statements[i] = catalogue_at(c, (int)i)->name;
	k.screens = xcalloc(set->count + 1, sizeof(*k.screens));
	for (size_t i = 0; i < set->count; i++)
		k.screens[i] = set->screens[i].name;
	for (size_t i = 0; i < set->count; i++) {
		struct screen *s = &set->screens[i];

		k.s = s;
		for (size_t j = 0; j < s->pane_count; j++) {
			check_links(&k, s, j);
			check_pane(&k, &s->panes[j]);
		}
		for (size_t j = 0; j < s->key_count; j++)
			check_key(&k, NULL, &s->keys[j]);
	}
	check_homes(set, d);
	free(k.statements);
	free(k.screens);
}
