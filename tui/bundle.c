/* The daemon's screens, read from CBOR. */
#include "tui/bundle.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/mem.h"

#define BUNDLE_VERSION 1
#define HEIGHT_MAX 200

/* Arrays grow at the end as widget levels pass: what a reader does not know is
 * skipped.  `need` elements must be there; returns those to skip after. */
static size_t
open_array(struct codec_reader *r, size_t need)
{
	size_t count = codec_need_array(r);

	if (count < need) {
		r->failed = true;
		return 0;
	}
	return count - need;
}

static void
skip(struct codec_reader *r, size_t count)
{
	while (count-- > 0 && codec_skip(r))
		;
}

/* Texts that must be there are never NULL afterwards, even in bytes that
 * fail later: nobody has to check. */
static char *
need_text(struct codec_reader *r)
{
	char *s = codec_need_text(r);

	if (s)
		return s;
	r->failed = true;
	return xstrdup("");
}

static bool
at_null(const struct codec_reader *r)
{
	return r->at < r->len && r->data[r->at] == 0xf6;
}

static struct label
read_label(struct codec_reader *r)
{
	struct label l = {{NULL, NULL}};
	size_t rest;

	if (at_null(r)) {
		codec_skip(r);
		return l;
	}
	rest = open_array(r, LANG_COUNT);
	for (int i = 0; i < LANG_COUNT; i++)
		l.text[i] = codec_need_text(r);
	skip(r, rest);
	return l;
}

static int
read_small(struct codec_reader *r)
{
	int64_t i = codec_need_int(r);

	if (i < 0 || i > HEIGHT_MAX) {
		r->failed = true;
		return 0;
	}
	return (int)i;
}

/* A list of `size`-byte things, each read by `read`.  Room is made one by one:
 * a hostile count costs nothing. */
static void *
read_list(struct codec_reader *r, size_t size, size_t *count,
    void (*read)(struct codec_reader *, void *))
{
	size_t n = codec_need_array(r);
	uint8_t *items = NULL;

	*count = 0;
	for (size_t i = 0; i < n && !r->failed; i++) {
		items = xrealloc_array(items, i + 1, size);
		memset(items + i * size, 0, size);
		*count = i + 1;
		read(r, items + i * size);
	}
	return items;
}

static void
read_name(struct codec_reader *r, void *out)
{
	*(char **)out = need_text(r);
}

static void
read_bind(struct codec_reader *r, void *out)
{
	struct bind *b = out;
	size_t rest = open_array(r, 2);

	b->arg = need_text(r);
	b->value = value_read(r);
	skip(r, rest);
}

static struct bind_list
read_binds(struct codec_reader *r)
{
	struct bind_list l;

	l.items = read_list(r, sizeof(*l.items), &l.count, read_bind);
	return l;
}

static void
read_key(struct codec_reader *r, void *out)
{
	struct key_def *k = out;
	size_t rest = open_array(r, 6);

	k->key = need_text(r);
	k->target = need_text(r);
	k->is_write = codec_need_bool(r);
	k->label = read_label(r);
	k->with = read_binds(r);
	k->confirm = read_label(r);
	skip(r, rest);
}

static struct key_list
read_keys(struct codec_reader *r)
{
	struct key_list l;

	l.items = read_list(r, sizeof(*l.items), &l.count, read_key);
	return l;
}

static void
read_column(struct codec_reader *r, void *out)
{
	struct column_def *c = out;
	size_t rest = open_array(r, 5);

	c->name = need_text(r);
	c->heading = read_label(r);
	c->format = need_text(r);
	c->width = read_small(r);
	c->codes = codec_need_text(r);
	skip(r, rest);
}

static void
read_field(struct codec_reader *r, void *out)
{
	struct field_def *f = out;
	size_t rest = open_array(r, 10);

	f->arg = need_text(r);
	f->label = read_label(r);
	f->type = need_text(r);
	f->choices = codec_need_text(r);
	f->lookup = codec_need_text(r);
	f->show = codec_need_text(r);
	f->required = codec_need_bool(r);
	f->initial = codec_need_text(r);
	f->help = read_label(r);
	f->height = read_small(r);
	skip(r, rest);
}

static void
read_sort(struct codec_reader *r, void *out)
{
	struct sort_def *s = out;
	size_t rest = open_array(r, 2);

	s->column = need_text(r);
	s->descending = codec_need_bool(r);
	skip(r, rest);
}

static void
read_layout(struct codec_reader *r, struct pane_def *p)
{
	size_t rest = open_array(r, 3);
	int side;

	p->weight = read_small(r);
	side = read_small(r);
	p->side = side <= SIDE_RIGHT ? (enum pane_side)side : SIDE_WHOLE;
	p->height = read_small(r);
	skip(r, rest);
}

static void
read_open(struct codec_reader *r, struct pane_def *p)
{
	if (at_null(r)) {
		codec_skip(r);
		return;
	}
	p->open = xcalloc(1, sizeof(*p->open));
	read_key(r, p->open);
}

static void
read_pane(struct codec_reader *r, void *out)
{
	struct pane_def *p = out;
	size_t rest = open_array(r, 14);

	p->widget = need_text(r);
	p->id = codec_need_text(r);
	p->title = read_label(r);
	p->statement = codec_need_text(r);
	p->with = read_binds(r);
	p->of = codec_need_text(r);
	read_layout(r, p);
	p->columns =
	    read_list(r, sizeof(*p->columns), &p->column_count, read_column);
	read_open(r, p);
	p->keys = read_keys(r);
	p->fields =
	    read_list(r, sizeof(*p->fields), &p->field_count, read_field);
	p->extra = read_binds(r);
	p->body = read_label(r);
	p->sort = read_list(r, sizeof(*p->sort), &p->sort_count, read_sort);
	skip(r, rest);
}

static void
read_screen(struct codec_reader *r, void *out)
{
	struct screen_def *s = out;
	size_t rest = open_array(r, 6);

	s->name = need_text(r);
	s->title = read_label(r);
	s->in_menu = !at_null(r);
	codec_skip(r);
	s->args = read_list(r, sizeof(*s->args), &s->arg_count, read_name);
	s->panes = read_list(r, sizeof(*s->panes), &s->pane_count, read_pane);
	s->keys = read_keys(r);
	skip(r, rest);
}

static void
read_typed(struct codec_reader *r, void *out)
{
	struct typed_name *t = out;
	size_t count = codec_need_array(r);

	if (count < 2) {
		r->failed = true;
		count = 2;
	}
	t->name = need_text(r);
	t->type = need_text(r);
	if (count > 2)
		t->nullable = codec_need_bool(r);
	skip(r, count > 3 ? count - 3 : 0);
}

static void
read_statement(struct codec_reader *r, void *out)
{
	struct statement_def *s = out;
	size_t rest = open_array(r, 9);

	s->name = need_text(r);
	s->purpose = read_label(r);
	s->is_write = codec_need_bool(r);
	s->columns =
	    read_list(r, sizeof(*s->columns), &s->column_count, read_typed);
	s->args = read_list(r, sizeof(*s->args), &s->arg_count, read_typed);
	s->key = codec_need_text(r);
	s->sort = read_list(r, sizeof(*s->sort), &s->sort_count, read_name);
	s->search = codec_need_text(r);
	s->undo = codec_need_text(r);
	skip(r, rest);
}

static void
read_phrase(struct codec_reader *r, void *out)
{
	struct phrase_def *p = out;
	size_t rest = open_array(r, 3);

	p->code = need_text(r);
	p->text.text[LANG_ZH] = need_text(r);
	p->text.text[LANG_EN] = need_text(r);
	skip(r, rest);
}

struct bundle *
bundle_read(const void *data, size_t len, struct err *e)
{
	struct bundle *b = xcalloc(1, sizeof(*b));
	struct codec_reader r;
	int64_t version;

	codec_open(&r, data, len);
	open_array(&r, 5);
	version = codec_need_int(&r);
	b->home = need_text(&r);
	b->screens =
	    read_list(&r, sizeof(*b->screens), &b->screen_count, read_screen);
	b->statements = read_list(
	    &r, sizeof(*b->statements), &b->statement_count, read_statement);
	b->phrases =
	    read_list(&r, sizeof(*b->phrases), &b->phrase_count, read_phrase);
	if (!r.failed && version == BUNDLE_VERSION)
		return b;
	bundle_free(b);
	if (!r.failed)
		err_set(e, ERR_VERSION, "the screens have version %d, not %d",
		    (int)version, BUNDLE_VERSION);
	else
		err_set(e, ERR_BAD_REQUEST,
		    "the screens are damaged at byte %zu", r.at);
	return NULL;
}

static void
label_clear(struct label *l)
{
	free(l->text[LANG_ZH]);
	free(l->text[LANG_EN]);
}

static void
binds_clear(struct bind_list *l)
{
	for (size_t i = 0; i < l->count; i++) {
		free(l->items[i].arg);
		value_clear(&l->items[i].value);
	}
	free(l->items);
}

static void
key_clear(struct key_def *k)
{
	free(k->key);
	free(k->target);
	label_clear(&k->label);
	binds_clear(&k->with);
	label_clear(&k->confirm);
}

static void
keys_clear(struct key_list *l)
{
	for (size_t i = 0; i < l->count; i++)
		key_clear(&l->items[i]);
	free(l->items);
}

static void
names_clear(char **names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(names[i]);
	free(names);
}

static void
field_clear(struct field_def *f)
{
	free(f->arg);
	label_clear(&f->label);
	free(f->type);
	free(f->choices);
	free(f->lookup);
	free(f->show);
	free(f->initial);
	label_clear(&f->help);
}

static void
columns_clear(struct column_def *c, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		free(c[i].name);
		label_clear(&c[i].heading);
		free(c[i].format);
		free(c[i].codes);
	}
	free(c);
}

static void
pane_clear(struct pane_def *p)
{
	free(p->widget);
	free(p->id);
	label_clear(&p->title);
	free(p->statement);
	binds_clear(&p->with);
	free(p->of);
	columns_clear(p->columns, p->column_count);
	if (p->open)
		key_clear(p->open);
	free(p->open);
	keys_clear(&p->keys);
	for (size_t i = 0; i < p->field_count; i++)
		field_clear(&p->fields[i]);
	free(p->fields);
	binds_clear(&p->extra);
	label_clear(&p->body);
	for (size_t i = 0; i < p->sort_count; i++)
		free(p->sort[i].column);
	free(p->sort);
}

static void
screen_clear(struct screen_def *s)
{
	free(s->name);
	label_clear(&s->title);
	names_clear(s->args, s->arg_count);
	for (size_t i = 0; i < s->pane_count; i++)
		pane_clear(&s->panes[i]);
	free(s->panes);
	keys_clear(&s->keys);
}

static void
typed_clear(struct typed_name *t, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		free(t[i].name);
		free(t[i].type);
	}
	free(t);
}

static void
statement_clear(struct statement_def *s)
{
	free(s->name);
	label_clear(&s->purpose);
	typed_clear(s->columns, s->column_count);
	typed_clear(s->args, s->arg_count);
	free(s->key);
	names_clear(s->sort, s->sort_count);
	free(s->search);
	free(s->undo);
}

void
bundle_free(struct bundle *b)
{
	if (!b)
		return;
	free(b->home);
	for (size_t i = 0; i < b->screen_count; i++)
		screen_clear(&b->screens[i]);
	free(b->screens);
	for (size_t i = 0; i < b->statement_count; i++)
		statement_clear(&b->statements[i]);
	free(b->statements);
	for (size_t i = 0; i < b->phrase_count; i++) {
		free(b->phrases[i].code);
		label_clear(&b->phrases[i].text);
	}
	free(b->phrases);
	for (size_t i = 0; i < b->form_count; i++) {
		screen_clear(b->forms[i]);
		free(b->forms[i]);
	}
	free(b->forms);
	free(b);
}

const struct screen_def *
bundle_screen(const struct bundle *b, const char *name)
{
	for (size_t i = 0; i < b->screen_count; i++)
		if (strcmp(b->screens[i].name, name) == 0)
			return &b->screens[i];
	for (size_t i = 0; i < b->form_count; i++)
		if (strcmp(b->forms[i]->name, name) == 0)
			return b->forms[i];
	return NULL;
}

const struct statement_def *
bundle_statement(const struct bundle *b, const char *name)
{
	for (size_t i = 0; name && i < b->statement_count; i++)
		if (strcmp(b->statements[i].name, name) == 0)
			return &b->statements[i];
	return NULL;
}

const char *
bundle_phrase(
    const struct bundle *b, const char *prefix, const char *value, int lang)
{
	size_t n = strlen(prefix);

	for (size_t i = 0; i < b->phrase_count; i++) {
		const char *code = b->phrases[i].code;

		if (strncmp(code, prefix, n) == 0 && code[n] == '.' &&
		    strcmp(code + n + 1, value) == 0)
			return label_text(&b->phrases[i].text, lang);
	}
	return NULL;
}

const struct screen_def *
bundle_form(const struct bundle *b, const char *write)
{
	for (size_t i = 0; i < b->screen_count; i++)
		for (size_t j = 0; j < b->screens[i].pane_count; j++) {
			const struct pane_def *p = &b->screens[i].panes[j];

			if (strcmp(p->widget, "form") == 0 && p->statement &&
			    strcmp(p->statement, write) == 0)
				return &b->screens[i];
		}
	return NULL;
}

const char *
pane_extra(const struct pane_def *p, const char *word)
{
	for (size_t i = 0; i < p->extra.count; i++)
		if (strcmp(p->extra.items[i].arg, word) == 0 &&
		    p->extra.items[i].value.type == CODEC_TEXT)
			return p->extra.items[i].value.text;
	return NULL;
}

int
statement_column(const struct statement_def *s, const char *name)
{
	for (size_t i = 0; name && i < s->column_count; i++)
		if (strcmp(s->columns[i].name, name) == 0)
			return (int)i;
	return -1;
}

int
statement_column_in(const struct statement_def *s, const char *name, int lang)
{
	static const char *const ends[LANG_COUNT] = {"zh", "en"};
	char own[96];
	int at;

	snprintf(own, sizeof(own), "%s_%s", name, ends[lang]);
	at = statement_column(s, own);
	return at >= 0 ? at : statement_column(s, name);
}

bool
statement_sorts(const struct statement_def *s, const char *column)
{
	for (size_t i = 0; i < s->sort_count; i++)
		if (strcmp(s->sort[i], column) == 0)
			return true;
	return false;
}

const char *
label_text(const struct label *l, int lang)
{
	return l->text[lang] ? l->text[lang] : "";
}
