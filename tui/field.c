/* One field of a form: from a value to its text and back. */
#include "tui/field.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/mem.h"
#include "common/text.h"

#define SECOND INT64_C(1000000)
#define DAY_ENDS 18 /* o'clock: what `today` is where a time is wanted */

void
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

void
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
	return *end || end == s || !isfinite(v->real) ? -1 : 0;
}

static int
parse_date(const char *s, struct value *v)
{
	struct tm tm = {0};
	const char *end = strptime(s, "%Y-%m-%d", &tm);
	int day;

	day = tm.tm_mday;
	if (!end || *end)
		return -1;
	*v = value_int(timegm(&tm) / 86400);
	return tm.tm_mday == day ? 0 : -1; /* 02-30 would be in March */
}

static int
parse_time(const char *s, struct value *v)
{
	struct tm tm = {.tm_isdst = -1};
	const char *end = strptime(s, "%Y-%m-%d %H:%M", &tm);
	int day = tm.tm_mday;

	if (!end || *end)
		return -1;
	tm.tm_isdst = -1;
	*v = value_int((int64_t)mktime(&tm) * SECOND);
	return tm.tm_mday == day ? 0 : -1;
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

/* Whether this is what a phrase is called in one of the languages, or how only
 * one is: 2 is exactly, 1 begins so. */
static int
phrase_fits(const struct phrase_def *ph, const char *code, const char *folded)
{
	int fits = strcmp(code, folded) == 0 ? 2 : 0;

	for (int lang = 0; lang < LANG_COUNT && fits < 2; lang++) {
		char *name = text_fold(label_text(&ph->text, lang));

		if (strcmp(name, folded) == 0)
			fits = 2;
		else if (strncmp(name, folded, strlen(folded)) == 0)
			fits = 1;
		free(name);
	}
	return fits;
}

/* Who types a choice, or as much of it as fits no other, need not pick it. */
static void
choice_typed(struct pane *p, size_t i)
{
	const struct field_def *f = &p->def->fields[i];
	const struct bundle *b = pane_app(p)->bundle;
	size_t n = strlen(f->choices), found = 0;
	char *folded = text_fold(edit_text(&p->fields[i].edit));
	const char *code = NULL;
	int best = 1;

	for (size_t j = 0; j < b->phrase_count; j++) {
		const char *c = b->phrases[j].code;
		int fits;

		if (strncmp(c, f->choices, n) != 0 || c[n] != '.')
			continue;
		fits = phrase_fits(&b->phrases[j], c + n + 1, folded);
		if (fits < best || fits == 0)
			continue;
		found = fits > best ? 1 : found + 1;
		best = fits;
		code = c + n + 1;
	}
	if (found == 1) {
		struct value v = value_text(code);

		field_show(p, i, &v);
		value_clear(&v);
	}
	free(folded);
}

bool
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
		if (f->choices && ui->chosen.type == CODEC_NULL)
			choice_typed(p, i);
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
