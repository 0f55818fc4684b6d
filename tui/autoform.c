/* A form for a write that has none of its own: one field for each argument
 * that nobody gave. */
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/mem.h"
#include "tui/bundle.h"

static const struct {
	const char *cell, *field;
} field_type_table[] = {
    {"bool", "tick"},
    {"int", "int"},
    {"real", "real"},
    {"date", "date"},
    {"time", "time"},
};

static const char *
field_type(const char *cell)
{
	for (size_t i = 0; i < COUNT_OF(field_type_table); i++)
		if (strcmp(field_type_table[i].cell, cell) == 0)
			return field_type_table[i].field;
	return "text";
}

/* How other forms ask for an argument of this name, or NULL. */
static const struct field_def *
field_elsewhere(const struct bundle *b, const char *arg)
{
	for (size_t i = 0; i < b->screen_count; i++)
		for (size_t j = 0; j < b->screens[i].pane_count; j++) {
			const struct pane_def *p = &b->screens[i].panes[j];

			for (size_t k = 0; k < p->field_count; k++)
				if (strcmp(p->fields[k].arg, arg) == 0)
					return &p->fields[k];
		}
	return NULL;
}

static char *
copy_or_null(const char *s)
{
	return s ? xstrdup(s) : NULL;
}

/* The phrase column.<argument>, else the label of the field elsewhere. */
static void
field_label(const struct bundle *b, const struct field_def *like,
    const char *arg, struct label *out)
{
	for (int lang = 0; lang < LANG_COUNT; lang++) {
		const char *text = bundle_phrase(b, "column", arg, lang);

		if (!text && like)
			text = label_text(&like->label, lang);
		out->text[lang] = xstrdup(text && text[0] ? text : arg);
	}
}

/* The values of an argument are looked up as elsewhere; its choices are those
 * of its own name, for a `reason` is not the same everywhere. */
static void
add_field(struct bundle *b, struct pane_def *pane, const struct typed_name *arg)
{
	const struct field_def *like = field_elsewhere(b, arg->name);
	struct field_def *f;

	pane->fields = xrealloc_array(
	    pane->fields, pane->field_count + 1, sizeof(*pane->fields));
	f = &pane->fields[pane->field_count++];
	*f = (struct field_def){
	    .arg = xstrdup(arg->name),
	    .required = !arg->nullable,
	    .height = 1,
	};
	field_label(b, like, arg->name, &f->label);
	if (like && like->choices && strcmp(like->choices, arg->name) == 0) {
		f->type = xstrdup("choice");
		f->choices = xstrdup(like->choices);
	} else if (like && like->lookup) {
		f->type = xstrdup("lookup");
		f->lookup = xstrdup(like->lookup);
		f->show = copy_or_null(like->show);
	} else
		f->type = xstrdup(field_type(arg->type));
}

/* Nobody knows the number of a record that need not be given. */
static bool
is_asked(const struct bundle *b, const struct typed_name *arg)
{
	const struct field_def *like = field_elsewhere(b, arg->name);
	size_t n = strlen(arg->name);

	return !arg->nullable || (like && like->lookup) || n < 3 ||
	       strcmp(arg->name + n - 3, "_id") != 0;
}

/* The write and the arguments that are asked for: the same question gets the
 * same screen. */
static char *
form_name(const struct statement_def *st, const struct values *known)
{
	struct buf name = {0};

	buf_addf(&name, "+%s", st->name);
	for (size_t i = 0; i < st->arg_count; i++)
		if (!values_get(known, st->args[i].name))
			buf_addf(&name, " %s", st->args[i].name);
	return buf_take(&name);
}

const struct screen_def *
bundle_make_form(struct bundle *b, const struct statement_def *st,
    const struct values *known, const struct label *title)
{
	struct screen_def *s;
	struct pane_def *pane;
	char *name = form_name(st, known);
	const struct screen_def *made = bundle_screen(b, name);

	if (made) {
		free(name);
		return made;
	}
	s = xcalloc(1, sizeof(*s));
	pane = xcalloc(1, sizeof(*pane));
	*s = (struct screen_def){.name = name, .panes = pane, .pane_count = 1};
	pane->widget = xstrdup("form");
	pane->statement = xstrdup(st->name);
	pane->weight = 5;
	for (int lang = 0; lang < LANG_COUNT; lang++) {
		s->title.text[lang] = xstrdup(
		    label_text(title->text[lang] ? title : &st->purpose, lang));
		pane->title.text[lang] = xstrdup(s->title.text[lang]);
	}
	for (int optional = 0; optional < 2; optional++)
		for (size_t i = 0; i < st->arg_count; i++)
			if (st->args[i].nullable == optional &&
			    is_asked(b, &st->args[i]) &&
			    !values_get(known, st->args[i].name))
				add_field(b, pane, &st->args[i]);
	b->forms = xrealloc_array(
	    b->forms, b->form_count + 1, sizeof(struct screen_def *));
	b->forms[b->form_count++] = s;
	return s;
}
