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

static void
add_field(struct bundle *b, struct pane_def *pane, const struct typed_name *arg)
{
	struct field_def *f;
	const char *phrase;

	pane->fields = xrealloc_array(
	    pane->fields, pane->field_count + 1, sizeof(*pane->fields));
	f = &pane->fields[pane->field_count++];
	*f = (struct field_def){
	    .arg = xstrdup(arg->name),
	    .type = xstrdup(field_type(arg->type)),
	    .required = !arg->nullable,
	    .height = 1,
	};
	for (int lang = 0; lang < LANG_COUNT; lang++) {
		phrase = bundle_phrase(b, "column", arg->name, lang);
		f->label.text[lang] = xstrdup(phrase ? phrase : arg->name);
	}
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
    const struct values *known)
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
		s->title.text[lang] = xstrdup(label_text(&st->purpose, lang));
		pane->title.text[lang] = xstrdup(s->title.text[lang]);
	}
	for (int optional = 0; optional < 2; optional++)
		for (size_t i = 0; i < st->arg_count; i++)
			if (st->args[i].nullable == optional &&
			    !values_get(known, st->args[i].name))
				add_field(b, pane, &st->args[i]);
	b->forms = xrealloc_array(
	    b->forms, b->form_count + 1, sizeof(struct screen_def *));
	b->forms[b->form_count++] = s;
	return s;
}
