/* Forms: what keys do to them, and the way to a write. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/text.h"
#include "tui/field.h"

static const char *
field_name(const struct pane *p, size_t i, char out[96])
{
	snprintf(out, 96, "%s", p->def->fields[i].arg);
	return out;
}

/* The records that the form is about: a draft for one customer is none for
 * another. */
static struct values
form_about(const struct pane *p)
{
	struct values of = {0};

	for (size_t i = 0; p->statement && i < p->statement->arg_count; i++) {
		const char *name = p->statement->args[i].name;
		const struct value *v = values_get(&p->view->args, name);
		size_t n = strlen(name);

		if (v && n > 3 && strcmp(name + n - 3, "_id") == 0)
			values_set(&of, name, value_copy(v));
	}
	return of;
}

/* A field as it was left. */
static void
field_recall(struct pane *p, size_t i, const struct values *from)
{
	char name[96], shown[104];
	const struct value *v;

	v = values_get(from, field_name(p, i, name));
	if (v)
		field_show(p, i, v);
	snprintf(shown, sizeof(shown), "=%s", name);
	v = values_get(from, shown);
	if (v && v->type == CODEC_TEXT) {
		edit_set(&p->fields[i].edit, v->text);
		p->fields[i].touched = true;
	}
}

void
form_init(struct pane *p)
{
	struct app *a = pane_app(p);
	struct values of = form_about(p);
	const struct values *draft =
	    p->def->statement
		? drafts_get(&a->drafts, p->def->statement, &of, false)
		: NULL;

	p->fields = xcalloc(p->def->field_count + 1, sizeof(*p->fields));
	for (size_t i = 0; i < p->def->field_count; i++) {
		field_initial(p, i);
		if (draft)
			field_recall(p, i, draft);
	}
	while (p->field + 1 < p->def->field_count &&
	       p->fields[p->field].edit.len > 0)
		p->field++;
	values_clear(&of);
}

void
form_clear(struct pane *p)
{
	for (size_t i = 0; p->fields && i < p->def->field_count; i++) {
		edit_clear(&p->fields[i].edit);
		value_clear(&p->fields[i].chosen);
	}
	free(p->fields);
	p->fields = NULL;
}

/* What was typed, and the keys behind it; `all`: defaults, too. */
static void
form_remember(struct pane *p, struct values *out, bool all)
{
	char name[96], shown[104];

	for (size_t i = 0; i < p->def->field_count; i++) {
		const struct field_ui *f = &p->fields[i];

		if (f->edit.len == 0 || !(all || f->touched))
			continue;
		field_name(p, i, name);
		snprintf(shown, sizeof(shown), "=%s", name);
		if (f->chosen.type != CODEC_NULL)
			values_set(out, name, value_copy(&f->chosen));
		values_set(out, shown, value_text(edit_text(&f->edit)));
	}
}

void
form_keep_draft(struct pane *p)
{
	struct app *a = pane_app(p);
	bool any = false;
	struct values of, *draft;

	for (size_t i = 0; i < p->def->field_count; i++)
		any |= p->fields[i].touched;
	/* what is on its way lies in the queue */
	if (!any || !p->def->statement || p->saving)
		return;
	of = form_about(p);
	draft = drafts_get(&a->drafts, p->def->statement, &of, true);
	values_clear(draft);
	form_remember(p, draft, false);
	values_clear(&of);
	drafts_save(&a->drafts);
	app_say(a, false, STR_DRAFT_KEPT);
}

/* All fields, and what the screen knows; false: a field is at fault. */
static bool
form_args(struct pane *p, struct values *args)
{
	bool good = true;
	struct value v;

	for (size_t i = p->def->field_count; i-- > 0;) {
		if (!field_value(p, i, &v, true)) {
			p->field = i;
			good = false;
		}
		if (v.type != CODEC_NULL)
			values_set(args, p->def->fields[i].arg, v);
	}
	for (size_t i = 0; i < p->statement->arg_count; i++) {
		const char *name = p->statement->args[i].name;

		if (values_get(args, name))
			continue;
		v = pane_value(p, name);
		if (v.type != CODEC_NULL)
			values_set(args, name, v);
	}
	return good;
}

/* The row behind that the form is about, 0: none. */
static int64_t
form_row(const struct pane *p, const struct values *args)
{
	const struct view *v = p->view;
	const struct pane *opener =
	    v->parent && v->opener >= 0 ? &v->parent->panes[v->opener] : NULL;
	const struct value *id;

	if (!opener || !pane_has_row(opener) || !opener->statement->key)
		return 0;
	id = values_get(args, opener->statement->key);
	return id && id->integer == pane_row_id(opener) ? id->integer : 0;
}

static void
form_save(struct pane *p)
{
	struct app *a = pane_app(p);
	struct values args = {0}, *last;
	const char *write = p->def->statement;
	char *label;

	if (!p->statement || p->saving)
		return;
	if (!form_args(p, &args))
		goto out;
	label = xstrdup(label_text(&p->view->def->title, a->lang));
	/* it stays until the answer, or until it is safe here */
	p->saving = app_write(a, write, &args, label, form_row(p, &args)) &&
		    p->view->pane_count == 1;
	free(label);
	last = drafts_get(&a->lasts, write, NULL, true);
	values_clear(last);
	form_remember(p, last, true);
	if (p->saving && a->link != LINK_ONLINE) {
		drafts_drop(&a->drafts, write, &args);
		form_answered(a, write);
	}
out:
	values_clear(&args);
}

/* The form of this write on the top screen, or NULL. */
static struct pane *
form_pane(struct app *a, const char *statement)
{
	for (size_t i = 0; a->view && i < a->view->pane_count; i++) {
		struct pane *p = &a->view->panes[i];

		if (p->ops == &form_ops && p->def->statement &&
		    strcmp(p->def->statement, statement) == 0)
			return p;
	}
	return NULL;
}

/* The write is done, or is safe in the queue: the form may go. */
void
form_answered(struct app *a, const char *statement)
{
	struct pane *p = form_pane(a, statement);

	if (!p || !p->saving)
		return;
	form_clear(p);
	app_back(a);
}

/* The daemon refused a form's write: the cursor goes to the field at fault. */
bool
form_refused(struct app *a, const char *statement, const struct err *e)
{
	struct pane *p = form_pane(a, statement);

	if (!p)
		return false;
	p->saving = false;
	for (size_t f = 0; f < p->def->field_count; f++)
		if (strcmp(p->def->fields[f].arg, e->field) == 0) {
			p->field = f;
			snprintf(p->fields[f].error, sizeof(p->fields[f].error),
			    "%s", e->text);
		}
	return true;
}

void
form_choose(struct pane *p, struct value v, const char *text)
{
	struct field_ui *f = &p->fields[p->field];

	value_clear(&f->chosen);
	f->chosen = v;
	f->touched = true;
	f->error[0] = '\0';
	edit_set(&f->edit, text);
}

const char *
form_help(const struct pane *p)
{
	if (p->field >= p->def->field_count)
		return "";
	return label_text(&p->def->fields[p->field].help, pane_app(p)->lang);
}

void
form_paste(struct pane *p, const char *text)
{
	struct field_ui *f = &p->fields[p->field];

	if (p->field >= p->def->field_count)
		return;
	edit_paste(
	    &f->edit, text, strcmp(p->def->fields[p->field].type, "note") == 0);
	value_clear(&f->chosen);
	f->touched = true;
}

static void
form_repeat(struct pane *p)
{
	struct app *a = pane_app(p);
	struct values *last =
	    p->def->statement
		? drafts_get(&a->lasts, p->def->statement, NULL, false)
		: NULL;
	char name[96], shown[104];
	const struct value *v;

	field_name(p, p->field, name);
	snprintf(shown, sizeof(shown), "=%s", name);
	if (!last || !(v = values_get(last, shown))) {
		app_say(a, true, STR_NO_LAST);
		return;
	}
	edit_set(&p->fields[p->field].edit, v->text);
	p->fields[p->field].touched = true;
	v = values_get(last, name);
	value_clear(&p->fields[p->field].chosen);
	if (v)
		p->fields[p->field].chosen = value_copy(v);
}

static void
form_lookup(struct pane *p)
{
	const struct field_def *f = &p->def->fields[p->field];

	if (f->lookup)
		picker_open(pane_app(p), PICK_LOOKUP, p);
	else if (f->choices)
		picker_open(pane_app(p), PICK_CHOICE, p);
	else
		app_say(pane_app(p), true, STR_NO_LOOKUP);
}

static bool
form_next(struct pane *p, int by)
{
	struct value v;

	field_value(p, p->field, &v, false);
	value_clear(&v);
	if (by < 0 ? p->field == 0 : p->field + 1 >= p->def->field_count)
		return false;
	p->field += (size_t)by;
	return true;
}

/* Takes no text: a blank turns it, x and y set it, all else clears it. */
static bool
tick_key(struct edit *e, uint32_t key)
{
	bool on = key == ' ' ? e->len == 0 : key == 'x' || key == 'y';

	if (key < ' ')
		return false;
	edit_set(e, on ? "x" : "");
	return true;
}

static bool
form_key(struct pane *p, uint32_t key, long count)
{
	struct field_ui *ui = &p->fields[p->field];
	const struct field_def *f = &p->def->fields[p->field];

	(void)count;
	if (p->def->field_count == 0)
		return false;
	switch (key) {
	case KEY_F0_ + 10:
		form_save(p);
		return true;
	case KEY_F0_ + 4:
		form_lookup(p);
		return true;
	case KEY_F0_ + 6:
		form_repeat(p);
		return true;
	case KEY_ENTER_:
	case KEY_DOWN_:
		form_next(p, 1);
		return true;
	case KEY_TAB_:
		return form_next(p, 1) || p->view->pane_count == 1;
	case KEY_UP_:
		form_next(p, -1);
		return true;
	case KEY_BACKTAB_:
		return form_next(p, -1) || p->view->pane_count == 1;
	default:
		break;
	}
	if (strcmp(f->type, "tick") == 0 && key < KEY_SPECIAL_) {
		ui->touched |= tick_key(&ui->edit, text_fold_fullwidth(key));
		return key >= ' ';
	}
	if (!edit_key(&ui->edit, key))
		return false;
	ui->touched = true;
	ui->error[0] = '\0';
	value_clear(&ui->chosen);
	return true;
}

static bool
form_act(struct pane *p, enum action act, long count)
{
	(void)p, (void)act, (void)count;
	return false;
}

const struct widget_ops form_ops = {
    "form", false, form_draw, form_key, form_act, form_lines};
