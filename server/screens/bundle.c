/* Resolved screens of one role as CBOR: docs/screens.md section 2. */
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/codec.h"
#include "common/mem.h"
#include "server/catalogue.h"
#include "server/phrases.h"
#include "server/screens/model.h"

struct bundle {
	const struct screen_set *set;
	const struct catalogue *c;
	const struct phrases *p;
	struct buf *out;
	unsigned role;
	bool *statements; /* by number: named by what was encoded */
	bool *phrases;	  /* by place likewise */
};

static void
put_two(struct buf *out, const char *zh, const char *en)
{
	codec_put_array(out, 2);
	codec_put_text(out, zh);
	codec_put_text(out, en);
}

static void
put_words(struct buf *out, const struct words *w)
{
	if (w->en)
		put_two(out, w->zh, w->en);
	else
		codec_put_null(out);
}

static void
use_phrases(struct bundle *b, const char *prefix)
{
	size_t n = strlen(prefix);

	for (size_t i = 0; i < phrases_count(b->p); i++) {
		const char *code = phrases_code(b->p, i);

		if (strncmp(code, prefix, n) == 0 && code[n] == '.')
			b->phrases[i] = true;
	}
}

/* Marks a statement as used; false if the role may not use it. */
static bool
use_statement(struct bundle *b, const char *name)
{
	const struct statement *s =
	    name ? catalogue_find(b->c, name, strlen(name)) : NULL;

	if (!s || !(s->roles & b->role))
		return false;
	if (b->statements[s->number])
		return true;
	b->statements[s->number] = true;
	if (s->undo)
		use_statement(b, s->undo);
	return true;
}

/* Where a target leads for this role, if anywhere. */
static bool
is_reachable(struct bundle *b, const char *target)
{
	const struct screen *s;

	if (!target)
		return false;
	if (*target == '$')
		return true;
	if (strchr(target, '/'))
		return use_statement(b, target);
	s = screen_find(b->set, target);
	return s && (s->roles & b->role);
}

/* Unquoted true, false and whole numbers are what they look like. */
static void
put_constant(struct buf *out, const struct bind *bind)
{
	char *end;
	long long n;

	if (!bind->value) {
		codec_put_null(out);
		return;
	}
	n = strtoll(bind->value, &end, 10);
	if (!bind->quoted && *bind->value && !*end)
		codec_put_int(out, n);
	else if (!bind->quoted && strcmp(bind->value, "true") == 0)
		codec_put_bool(out, true);
	else if (!bind->quoted && strcmp(bind->value, "false") == 0)
		codec_put_bool(out, false);
	else
		codec_put_text(out, bind->value);
}

static void
put_binds(struct buf *out, const struct bind *binds, size_t count)
{
	codec_put_array(out, count);
	for (size_t i = 0; i < count; i++) {
		codec_put_array(out, 2);
		codec_put_text(out, binds[i].arg);
		put_constant(out, &binds[i]);
	}
}

static void
put_key(struct bundle *b, const struct key *k)
{
	const struct screen *to = screen_find(b->set, k->target);
	const struct statement *s =
	    catalogue_find(b->c, k->target, strlen(k->target));
	struct words label = k->label;

	if (!label.en && to)
		label = to->title;
	if (!label.en)
		label.zh = label.en = s ? s->purpose : k->target;
	codec_put_array(b->out, 6);
	codec_put_text(b->out, k->key);
	codec_put_text(b->out, k->target);
	codec_put_bool(b->out, s != NULL);
	put_words(b->out, &label);
	put_binds(b->out, k->binds, k->bind_count);
	put_words(b->out, &k->confirm);
}

static void
put_keys(struct bundle *b, const struct key *keys, size_t count)
{
	size_t n = 0;

	for (size_t i = 0; i < count; i++)
		n += is_reachable(b, keys[i].target);
	codec_put_array(b->out, n);
	for (size_t i = 0; i < count; i++)
		if (is_reachable(b, keys[i].target))
			put_key(b, &keys[i]);
}

/* Heading: given, else the phrase column.<name>, else the name. */
static void
put_column(struct bundle *b, const struct column *c)
{
	struct words head = c->head;
	char *code = xasprintf("column.%s", c->name);

	if (!head.en) {
		head.zh = phrases_get(b->p, code, "zh");
		head.en = phrases_get(b->p, code, "en");
	}
	if (!head.en)
		head.zh = head.en = c->name;
	codec_put_array(b->out, 5);
	codec_put_text(b->out, c->name);
	put_words(b->out, &head);
	codec_put_text(b->out, c->format);
	codec_put_int(b->out, c->width);
	codec_put_text(b->out, c->codes);
	if (c->codes)
		use_phrases(b, c->codes);
	free(code);
}

static void
put_field(struct bundle *b, const struct field *f)
{
	struct words label = f->label;
	bool lookup = f->lookup && use_statement(b, f->lookup);

	if (!label.en)
		label.zh = label.en = f->arg;
	codec_put_array(b->out, 10);
	codec_put_text(b->out, f->arg);
	put_words(b->out, &label);
	codec_put_text(b->out, f->type);
	codec_put_text(b->out, f->choices);
	codec_put_text(b->out, lookup ? f->lookup : NULL);
	codec_put_text(b->out, lookup ? f->show : NULL);
	codec_put_bool(b->out, f->required > 0);
	codec_put_text(b->out, f->fallback);
	put_words(b->out, &f->help);
	codec_put_int(b->out, f->height);
	if (f->choices)
		use_phrases(b, f->choices);
}

static void
put_extras(struct bundle *b, const struct pane *p)
{
	size_t n = 0;

	for (size_t i = 0; screen_extra_names[i]; i++)
		n += p->extra[i] != NULL;
	codec_put_array(b->out, n);
	for (size_t i = 0; screen_extra_names[i]; i++)
		if (p->extra[i])
			put_two(b->out, screen_extra_names[i], p->extra[i]);
}

static void
put_pane(struct bundle *b, const struct pane *p)
{
	use_statement(b, p->statement);
	codec_put_array(b->out, 14);
	codec_put_text(b->out, p->widget);
	codec_put_text(b->out, p->id);
	put_words(b->out, &p->title);
	codec_put_text(b->out, p->statement);
	put_binds(b->out, p->binds, p->bind_count);
	codec_put_text(b->out, p->of);
	codec_put_array(b->out, 3);
	codec_put_int(b->out, p->weight);
	codec_put_int(b->out, p->side);
	codec_put_int(b->out, p->height);
	codec_put_array(b->out, p->column_count);
	for (size_t i = 0; i < p->column_count; i++)
		put_column(b, &p->columns[i]);
	if (is_reachable(b, p->open.target))
		put_key(b, &p->open);
	else
		codec_put_null(b->out);
	put_keys(b, p->keys, p->key_count);
	codec_put_array(b->out, p->field_count);
	for (size_t i = 0; i < p->field_count; i++)
		put_field(b, &p->fields[i]);
	put_extras(b, p);
	put_words(b->out, &p->body);
	codec_put_array(b->out, p->sort_count);
	for (size_t i = 0; i < p->sort_count; i++) {
		codec_put_array(b->out, 2);
		codec_put_text(b->out, p->sort[i].column);
		codec_put_bool(b->out, p->sort[i].descending);
	}
}

static void
put_screen(struct bundle *b, const struct screen *s)
{
	codec_put_array(b->out, 6);
	codec_put_text(b->out, s->name);
	put_words(b->out, &s->title);
	if (s->menu >= 0)
		codec_put_int(b->out, s->menu);
	else
		codec_put_null(b->out);
	codec_put_array(b->out, s->arg_count);
	for (size_t i = 0; i < s->arg_count; i++)
		codec_put_text(b->out, s->args[i]);
	codec_put_array(b->out, s->pane_count);
	for (size_t i = 0; i < s->pane_count; i++)
		put_pane(b, &s->panes[i]);
	put_keys(b, s->keys, s->key_count);
}

static void
put_statement(struct bundle *b, const struct statement *s)
{
	bool undo = s->undo && use_statement(b, s->undo);

	codec_put_array(b->out, 9);
	codec_put_text(b->out, s->name);
	put_two(b->out, s->purpose, s->purpose);
	codec_put_bool(b->out, s->is_write);
	codec_put_array(b->out, (size_t)s->column_count);
	for (int i = 0; i < s->column_count; i++)
		put_two(b->out, s->columns[i].name,
		    catalogue_kind_name(s->columns[i].kind));
	codec_put_array(b->out, (size_t)s->arg_count);
	for (int i = 0; i < s->arg_count; i++) {
		codec_put_array(b->out, 3);
		codec_put_text(b->out, s->args[i].name);
		codec_put_text(b->out, catalogue_kind_name(s->args[i].kind));
		codec_put_bool(b->out, s->args[i].optional);
	}
	codec_put_text(b->out, s->key);
	codec_put_array(b->out, (size_t)s->sort_count);
	for (int i = 0; i < s->sort_count; i++)
		codec_put_text(b->out, s->columns[s->sort[i]].name);
	codec_put_text(b->out, s->search);
	codec_put_text(b->out, undo ? s->undo : NULL);
}

/* Menu order, those outside the menu last, then by name: a total order. */
static int
screen_compare(const void *a, const void *b)
{
	const struct screen *x = *(const struct screen *const *)a;
	const struct screen *y = *(const struct screen *const *)b;
	unsigned mx = (unsigned)x->menu, my = (unsigned)y->menu;

	if (mx != my)
		return mx < my ? -1 : 1;
	return strcmp(x->name, y->name);
}

static void
put_screens(struct bundle *b)
{
	const struct screen **mine = xcalloc(b->set->count, sizeof(*mine));
	const char *home = NULL;
	size_t n = 0;

	for (size_t i = 0; i < b->set->count; i++)
		if (b->set->screens[i].roles & b->role)
			mine[n++] = &b->set->screens[i];
	qsort(mine, n, sizeof(*mine), screen_compare);
	for (size_t i = 0; i < n; i++)
		if (!home || (mine[i]->home & b->role))
			home = mine[i]->name;
	codec_put_text(b->out, home ? home : "");
	codec_put_array(b->out, n);
	for (size_t i = 0; i < n; i++)
		put_screen(b, mine[i]);
	free(mine);
}

static size_t
count_marks(const bool *marks, size_t n)
{
	size_t count = 0;

	for (size_t i = 0; i < n; i++)
		count += marks[i];
	return count;
}

void
bundle_encode(const struct screen_set *set, unsigned role,
    const struct catalogue *c, const struct phrases *p, struct buf *out)
{
	size_t statements = (size_t)catalogue_count(c);
	size_t phrases = phrases_count(p);
	struct bundle b = {
	    .set = set, .c = c, .p = p, .out = out, .role = role};

	b.statements = xcalloc(statements, sizeof(bool));
	b.phrases = xcalloc(phrases, sizeof(bool));
	use_phrases(&b, "light");
	use_phrases(&b, "level");
	codec_put_array(out, 5);
	codec_put_int(out, 1);
	put_screens(&b);
	codec_put_array(out, count_marks(b.statements, statements));
	for (size_t i = 0; i < statements; i++)
		if (b.statements[i])
			put_statement(&b, catalogue_at(c, (int)i));
	codec_put_array(out, count_marks(b.phrases, phrases));
	for (size_t i = 0; i < phrases; i++) {
		const char *code;

		if (!b.phrases[i])
			continue;
		code = phrases_code(p, i);
		codec_put_array(out, 3);
		codec_put_text(out, code);
		codec_put_text(out, phrases_get(p, code, "zh"));
		codec_put_text(out, phrases_get(p, code, "en"));
	}
	free(b.statements);
	free(b.phrases);
}
