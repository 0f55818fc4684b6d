/* Forms: fields, their checks, drafts, and the way to a write. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/mem.h"
#include "common/text.h"
#include "tui/app.h"

#define LABEL_MAX 16
#define SECOND INT64_C(1000000)
#define DAY_ENDS 18 /* o'clock: what `today` is where a time is wanted */

static bool
is_list(const struct drafts *d, const char *name, size_t *at)
{
	for (*at = 0; *at < d->count; (*at)++)
		if (strcmp(d->names[*at], name) == 0)
			return true;
	return false;
}

struct values *
drafts_get(struct drafts *d, const char *name, bool make)
{
	size_t at;

	if (is_list(d, name, &at))
		return &d->values[at];
	if (!make)
		return NULL;
	d->names = xrealloc_array(d->names, d->count + 1, sizeof(*d->names));
	d->values = xrealloc_array(d->values, d->count + 1, sizeof(*d->values));
	d->names[d->count] = xstrdup(name);
	d->values[d->count] = (struct values){0};
	return &d->values[d->count++];
}

void
drafts_drop(struct drafts *d, const char *name)
{
	size_t at;

	if (!is_list(d, name, &at))
		return;
	free(d->names[at]);
	values_clear(&d->values[at]);
	d->names[at] = d->names[--d->count];
	d->values[at] = d->values[d->count];
}

void
drafts_clear(struct drafts *d)
{
	while (d->count > 0)
		drafts_drop(d, d->names[0]);
	free(d->names);
	free(d->values);
	*d = (struct drafts){0};
}

static const char *
field_name(const struct pane *p, size_t i, char out[96])
{
	snprintf(out, 96, "%s", p->def->fields[i].arg);
	return out;
}

static void
field_show(struct pane *p, size_t i, const struct value *v)
{
	const struct field_def *f = &p->def->fields[i];
	struct app *a = pane_app(p);
	const char *phrase;
	char *text = value_string(v);
	time_t t;
	struct tm tm;
	char when[32] = "";

	value_clear(&p->fields[i].chosen);
	if (f->lookup || f->choices)
		p->fields[i].chosen = value_copy(v);
	phrase = f->choices
		     ? bundle_phrase(a->bundle, f->choices, text, a->lang)
		     : NULL;
	if (v->type == CODEC_INT && strcmp(f->type, "time") == 0) {
		t = (time_t)(v->integer / SECOND);
		if (localtime_r(&t, &tm))
			strftime(when, sizeof(when), "%Y-%m-%d %H:%M", &tm);
	} else if (v->type == CODEC_INT && strcmp(f->type, "date") == 0) {
		t = (time_t)(v->integer * 86400);
		if (gmtime_r(&t, &tm))
			strftime(when, sizeof(when), "%Y-%m-%d", &tm);
	} else if (v->type == CODEC_INT && strcmp(f->type, "money") == 0)
		snprintf(when, sizeof(when), "%lld.%02d",
		    (long long)(v->integer / 100),
		    (int)llabs(v->integer % 100));
	edit_set(&p->fields[i].edit, when[0] ? when : phrase ? phrase : text);
	free(text);
}

static void
field_initial(struct pane *p, size_t i)
{
	const struct field_def *f = &p->def->fields[i];
	struct app *a = pane_app(p);
	struct value v = pane_value(p, f->arg);
	int64_t now = a->host.wallclock();
	time_t t = (time_t)(now / SECOND);
	struct tm tm;

	if (v.type == CODEC_NULL && f->initial) {
		if (strcmp(f->initial, "now") == 0)
			v = value_int(now);
		else if (strcmp(f->initial, "today") == 0) {
			localtime_r(&t, &tm);
			if (strcmp(f->type, "time") == 0) {
				tm.tm_hour = DAY_ENDS;
				tm.tm_min = tm.tm_sec = 0;
				v = value_int((int64_t)mktime(&tm) * SECOND);
			} else
				v = value_int(timegm(&tm) / 86400);
		} else if (f->initial[0] == '$')
			v = pane_value(p, f->initial + 1);
		else
			v = value_text(f->initial);
	}
	if (v.type != CODEC_NULL)
		field_show(p, i, &v);
	/* a record that came from a row is called by its name */
	if (v.type == CODEC_INT && f->lookup && p->view->caption)
		edit_set(&p->fields[i].edit, p->view->caption);
	value_clear(&v);
}

void
form_init(struct pane *p)
{
	struct app *a = pane_app(p);
	const struct values *draft;
	const struct value *v;
	char name[96], shown[104];

	p->fields = xcalloc(p->def->field_count + 1, sizeof(*p->fields));
	draft = p->def->statement
		    ? drafts_get(&a->drafts, p->def->statement, false)
		    : NULL;
	for (size_t i = 0; i < p->def->field_count; i++) {
		field_initial(p, i);
		if (p->fields[i].edit.len > 0 || !draft)
			continue;
		v = values_get(draft, field_name(p, i, name));
		if (v)
			field_show(p, i, v);
		snprintf(shown, sizeof(shown), "=%s", name);
		v = values_get(draft, shown);
		if (v && v->type == CODEC_TEXT)
			edit_set(&p->fields[i].edit, v->text);
	}
	while (p->field + 1 < p->def->field_count &&
	       p->fields[p->field].edit.len > 0)
		p->field++;
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

/* What was typed, and the keys behind it, under the write's name. */
static void
form_remember(struct pane *p, struct values *out)
{
	char name[96], shown[104];

	for (size_t i = 0; i < p->def->field_count; i++) {
		const struct field_ui *f = &p->fields[i];

		if (f->edit.len == 0)
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

	for (size_t i = 0; i < p->def->field_count; i++)
		any |= p->fields[i].edit.len > 0;
	if (!any || !p->def->statement)
		return;
	form_remember(p, drafts_get(&a->drafts, p->def->statement, true));
	app_say(a, false, STR_DRAFT_KEPT);
}

static int
parse_money(const char *s, struct value *v)
{
	char *end;
	long long whole = strtoll(s, &end, 10);
	int fen = 0, digits = 0;

	if (end == s || whole > INT64_MAX / 100 || whole < INT64_MIN / 100)
		return -1;
	if (*end == '.')
		for (end++; *end >= '0' && *end <= '9' && digits < 2; end++)
			fen = fen * 10 + (*end - '0'), digits++;
	if (*end)
		return -1;
	if (digits == 1)
		fen *= 10;
	*v = value_int(whole * 100 + (s[0] == '-' ? -fen : fen));
	return 0;
}

static int
parse_int(const char *s, struct value *v)
{
	char *end;
	long long n;

	errno = 0;
	n = strtoll(s, &end, 10);
	if (*end || end == s || errno)
		return -1;
	*v = value_int(n);
	return 0;
}

static int
parse_real(const char *s, struct value *v)
{
	char *end;

	*v = (struct value){.type = CODEC_REAL, .real = strtod(s, &end)};
	return *end || end == s ? -1 : 0;
}

static int
parse_date(const char *s, struct value *v)
{
	struct tm tm = {0};
	const char *end = strptime(s, "%Y-%m-%d", &tm);

	if (!end || *end)
		return -1;
	*v = value_int(timegm(&tm) / 86400);
	return 0;
}

static int
parse_time(const char *s, struct value *v)
{
	struct tm tm = {.tm_isdst = -1};
	const char *end = strptime(s, "%Y-%m-%d %H:%M", &tm);

	if (!end || *end)
		return -1;
	tm.tm_isdst = -1;
	*v = value_int((int64_t)mktime(&tm) * SECOND);
	return 0;
}

static int
parse_tick(const char *s, struct value *v)
{
	*v = (struct value){.type = CODEC_BOOL,
	    .integer = s[0] == 'x' || s[0] == 'y' || s[0] == 't'};
	return 0;
}

static int
parse_text(const char *s, struct value *v)
{
	*v = value_text(s);
	return 0;
}

static const struct {
	const char *type;
	int (*parse)(const char *, struct value *);
	enum string error;
} type_table[] = {
    {"int", parse_int, STR_BAD_INT},
    {"real", parse_real, STR_BAD_NUMBER},
    {"money", parse_money, STR_BAD_NUMBER},
    {"date", parse_date, STR_BAD_DATE},
    {"time", parse_time, STR_BAD_TIME},
    {"tick", parse_tick, STR_BAD_INT},
    {"text", parse_text, STR_REQUIRED},
    {"note", parse_text, STR_REQUIRED},
};

static bool
field_value(struct pane *p, size_t i, struct value *out, bool whole)
{
	const struct field_def *f = &p->def->fields[i];
	struct field_ui *ui = &p->fields[i];
	const struct app *a = pane_app(p);
	const char *text = edit_text(&ui->edit), *error = NULL;

	*out = (struct value){.type = CODEC_NULL};
	ui->error[0] = '\0';
	if (!text[0]) {
		if (f->required && whole)
			error = app_string(a, STR_REQUIRED);
	} else if (f->lookup || f->choices) {
		if (ui->chosen.type != CODEC_NULL)
			*out = value_copy(&ui->chosen);
		else
			error = app_string(a, STR_BAD_CHOICE);
	} else
		for (size_t j = 0; j < COUNT_OF(type_table); j++)
			if (strcmp(type_table[j].type, f->type) == 0 &&
			    type_table[j].parse(text, out) != 0)
				error = app_string(a, type_table[j].error);
	if (!error)
		return true;
	snprintf(ui->error, sizeof(ui->error), "%s", error);
	return false;
}

static void
form_save(struct pane *p)
{
	struct app *a = pane_app(p);
	struct values args = {0};
	bool good = !p->saving, alone = p->view->pane_count == 1;
	char *label;

	for (size_t i = p->def->field_count; i-- > 0;) {
		struct value v;

		if (!field_value(p, i, &v, true)) {
			p->field = i;
			good = false;
		}
		if (v.type != CODEC_NULL)
			values_set(&args, p->def->fields[i].arg, v);
	}
	for (size_t i = 0; p->statement && i < p->statement->arg_count; i++) {
		const char *name = p->statement->args[i].name;
		struct value v = {.type = CODEC_NULL};

		if (!values_get(&args, name))
			v = pane_value(p, name);
		if (v.type != CODEC_NULL)
			values_set(&args, name, v);
	}
	if (good && p->statement) {
		struct values *last =
		    drafts_get(&a->lasts, p->def->statement, true);

		values_clear(last);
		form_remember(p, last);
		form_remember(
		    p, drafts_get(&a->drafts, p->def->statement, true));
		label = xstrdup(label_text(&p->view->def->title, a->lang));
		app_write(a, p->def->statement, &args, label, 0);
		free(label);
		p->saving = alone;
		if (alone && a->link != LINK_ONLINE)
			form_answered(a, p->def->statement);
	}
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
	if (p->field < p->def->field_count)
		edit_paste(&p->fields[p->field].edit, text,
		    strcmp(p->def->fields[p->field].type, "note") == 0);
}

static void
form_repeat(struct pane *p)
{
	struct app *a = pane_app(p);
	struct values *last =
	    p->def->statement ? drafts_get(&a->lasts, p->def->statement, false)
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
	if (strcmp(f->type, "tick") == 0 && key < KEY_SPECIAL_)
		return tick_key(&ui->edit, text_fold_fullwidth(key));
	if (!edit_key(&ui->edit, key))
		return false;
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

static int
field_height(const struct field_def *f)
{
	return strcmp(f->type, "note") == 0 && f->height > 1 ? f->height : 1;
}

/* A note wraps within its box; the caret follows. */
static void
draw_note(struct pane *p, struct grid *g, struct rect r, size_t i, bool caret)
{
	const struct edit *e = &p->fields[i].edit;
	const char *s = edit_text(e);
	size_t at = 0;
	int used = 0;

	for (int line = 0; line < r.h; line++) {
		size_t n = text_fit(s + at, r.w, &used);
		const char *nl = memchr(s + at, '\n', n);
		char *part;

		if (nl)
			n = (size_t)(nl - (s + at));
		part = xstrndup(s + at, n);
		grid_put(g, r.y + line, r.x, r.w, part, STYLE_EDIT);
		if (caret && e->at >= at && e->at <= at + n) {
			part[e->at - at] = '\0';
			g->cursor_y = r.y + line;
			g->cursor_x = r.x + text_width(part);
			g->cursor_shown = true;
			caret = false; /* the first that fits */
		}
		free(part);
		at += n + (nl != NULL);
	}
}

static int
draw_field(struct pane *p, struct grid *g, int y, size_t i, int label_cells,
    bool focused)
{
	const struct field_def *f = &p->def->fields[i];
	struct rect r = p->rect;
	bool here = focused && i == p->field;
	int x = r.x + 1, height = field_height(f), w;
	const char *tail = p->fields[i].error;

	grid_put(g, y, x, label_cells, label_text(&f->label, pane_app(p)->lang),
	    here ? STYLE_HEADING : STYLE_PLAIN);
	grid_put(g, y, x + label_cells, 2, f->required ? "*" : " ", STYLE_BAD);
	x += label_cells + 2;
	w = r.x + r.w - x - 2;
	if (w > 40 && !tail[0])
		w = 40;
	if (w > 40)
		w = w > 64 ? w - 26 : 38;
	if (w < 4)
		return y + height;
	grid_put(g, y, x, 1, "[", STYLE_MUTED);
	if (height > 1)
		draw_note(p, g, (struct rect){y, x + 1, height, w}, i, here);
	else
		edit_draw(&p->fields[i].edit, g, (struct rect){y, x + 1, 1, w},
		    here ? STYLE_EDIT : STYLE_PLAIN, here, false);
	grid_put(g, y + height - 1, x + w + 1, 1, "]", STYLE_MUTED);
	if (!tail[0] && here && (f->lookup || f->choices))
		tail = "F4";
	grid_put(g, y, x + w + 3, r.x + r.w - (x + w + 3), tail,
	    p->fields[i].error[0] ? STYLE_BAD : STYLE_MUTED);
	return y + height;
}

static void
form_draw(struct pane *p, struct grid *g, bool focused)
{
	const struct app *a = pane_app(p);
	int y = p->rect.y, end = y + p->rect.h, cells = 4, w;
	size_t first = 0;

	pane_heading(p, g, focused, "");
	y++;
	for (size_t i = 0; i < p->def->field_count; i++) {
		w = text_width(label_text(&p->def->fields[i].label, a->lang));
		cells = w > cells ? w : cells;
	}
	cells = cells > LABEL_MAX ? LABEL_MAX : cells;
	for (; first < p->field; first++) {
		w = 0;
		for (size_t i = first; i <= p->field; i++)
			w += field_height(&p->def->fields[i]);
		if (y + w <= end)
			break;
	}
	for (size_t i = first; i < p->def->field_count && y < end; i++)
		y = draw_field(p, g, y, i, cells + 1, focused);
	if (y + 1 < end && focused)
		grid_put(g, y + 1, p->rect.x + 1, p->rect.w - 1,
		    app_string(a, STR_FORM_KEYS), STYLE_MUTED);
}

static void
form_lines(const struct pane *p, int width, int *want, int *least)
{
	int n = 3;

	(void)width;
	for (size_t i = 0; i < p->def->field_count; i++)
		n += field_height(&p->def->fields[i]);
	*want = p->def->height ? p->def->height + 1 : n;
	*least = *want < 4 ? *want : 4;
}

const struct widget_ops form_ops = {
    "form", false, form_draw, form_key, form_act, form_lines};
