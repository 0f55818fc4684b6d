/* A cell as people read it. */
#include "tui/format.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/buf.h"
#include "common/mem.h"
#include "tui/lang.h"

#define SECOND INT64_C(1000000)
#define DAY (86400 * SECOND)
#define BAR_CELLS 10

/* Word, shape and weight: colour comes last. */
struct severity {
	const char *shape;
	enum style style;
	enum string word; /* where the pack has no phrase */
};

static const struct severity light_table[] = {
    {"  ", STYLE_PLAIN, STR_OK},
    {"! ", STYLE_YELLOW, STR_YELLOW},
    {"!!", STYLE_RED, STR_RED},
    {"? ", STYLE_MUTED, STR_GREY},
};

static const struct severity level_table[] = {
    {"  ", STYLE_PLAIN, STR_NONE},
    {"i ", STYLE_BLUE, STR_BLUE},
    {"! ", STYLE_YELLOW, STR_YELLOW},
    {"!!", STYLE_RED, STR_RED},
};

static enum style
format_severity(const struct format_env *env, const struct severity *table,
    const char *prefix, int64_t n, struct buf *out)
{
	const char *word = NULL;
	char value[2];

	if (n < 0 || n > 3)
		n = 0;
	value[0] = (char)('0' + n);
	value[1] = '\0';
	if (env->bundle)
		word = bundle_phrase(env->bundle, prefix, value, env->lang);
	buf_add_str(out, table[n].shape);
	buf_add_str(out, word ? word : lang_string(table[n].word, env->lang));
	return table[n].style;
}

enum style
format_light(const struct format_env *env, int64_t light, struct buf *out)
{
	return format_severity(env, light_table, "light", light, out);
}

enum style
format_level(const struct format_env *env, int64_t level, struct buf *out)
{
	return format_severity(env, level_table, "level", level, out);
}

void
format_span(int64_t us, struct buf *out)
{
	int64_t minutes = us > 0 ? us / (60 * SECOND) : 0;

	if (minutes < 60)
		buf_addf(out, "%" PRId64 "m", minutes);
	else if (minutes < 48 * 60)
		buf_addf(out, "%" PRId64 "h%02dm", minutes / 60,
		    (int)(minutes % 60));
	else
		buf_addf(out, "%" PRId64 "d", minutes / (24 * 60));
}

void
format_bar(double share, int cells, struct buf *out)
{
	int full;

	if (!(share > 0))
		share = 0;
	full = share >= 1 ? cells : (int)lround(share * cells);
	buf_add_byte(out, '[');
	for (int i = 0; i < cells; i++)
		buf_add_byte(out, i < full ? '#' : '-');
	buf_add_byte(out, ']');
}

static void
format_grouped(uint64_t n, struct buf *out)
{
	if (n >= 1000) {
		format_grouped(n / 1000, out);
		buf_addf(out, ",%03d", (int)(n % 1000));
	} else
		buf_addf(out, "%d", (int)n);
}

enum time_form { TIME_CLOCK, TIME_DAY, TIME_BOTH };

/* Of another year: only the day, with its year. */
static void
format_time(const struct format_env *env, int64_t us, enum time_form form,
    struct buf *out)
{
	time_t t = (time_t)(us / SECOND - (us % SECOND < 0));
	char text[32] = "?";
	time_t now = (time_t)(env->now / SECOND);
	struct tm tm, today;

	if (!localtime_r(&t, &tm) || !localtime_r(&now, &today))
		;
	else if (form == TIME_CLOCK)
		strftime(text, sizeof(text), "%H:%M", &tm);
	else if (tm.tm_year != today.tm_year)
		strftime(text, sizeof(text), "%Y-%m-%d", &tm);
	else if (form == TIME_DAY)
		strftime(text, sizeof(text), "%m-%d", &tm);
	else
		strftime(text, sizeof(text), "%m-%d %H:%M", &tm);
	buf_add_str(out, text);
}

static bool
is_same_day(int64_t a, int64_t b)
{
	time_t ta = (time_t)(a / SECOND), tb = (time_t)(b / SECOND);
	struct tm x, y;

	return localtime_r(&ta, &x) && localtime_r(&tb, &y) &&
	       x.tm_year == y.tm_year && x.tm_yday == y.tm_yday;
}

/* Dates have no zone: days since 1970.  This year's need no year. */
static void
format_date(const struct format_env *env, int64_t days, struct buf *out)
{
	time_t t, now = (time_t)(env->now / SECOND);
	struct tm tm, today;
	char text[32] = "?";

	if (days < -1000000 || days > 1000000)
		days = 0;
	t = (time_t)(days * 86400);
	if (gmtime_r(&t, &tm) && gmtime_r(&now, &today))
		strftime(text, sizeof(text),
		    tm.tm_year == today.tm_year ? "%m-%d" : "%Y-%m-%d", &tm);
	buf_add_str(out, text);
}

static enum style
show_light(const struct format_env *env, const struct column_def *c,
    const struct value *v, struct buf *out)
{
	(void)c;
	return format_light(env, v->integer, out);
}

static enum style
show_level(const struct format_env *env, const struct column_def *c,
    const struct value *v, struct buf *out)
{
	(void)c;
	return format_level(env, v->integer, out);
}

static enum style
show_money(const struct format_env *env, const struct column_def *c,
    const struct value *v, struct buf *out)
{
	uint64_t n =
	    v->integer < 0 ? 0 - (uint64_t)v->integer : (uint64_t)v->integer;

	(void)env, (void)c;
	if (v->integer < 0)
		buf_add_byte(out, '-');
	format_grouped(n / 100, out);
	buf_addf(out, ".%02d", (int)(n % 100));
	return STYLE_PLAIN;
}

/* The formats are constants of tui/lang.c, checked by a test. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
static void
format_string(const struct format_env *env, enum string s, struct buf *out, ...)
{
	char text[64];
	va_list ap;

	va_start(ap, out);
	vsnprintf(text, sizeof(text), lang_string(s, env->lang), ap);
	va_end(ap);
	buf_add_str(out, text);
}
#pragma GCC diagnostic pop

static enum style
show_days(const struct format_env *env, const struct column_def *c,
    const struct value *v, struct buf *out)
{
	(void)c;
	if (v->integer < 0)
		buf_add_byte(out, '-');
	else
		format_string(env, STR_DAYS, out, (long long)v->integer);
	return STYLE_PLAIN;
}

static enum style
show_percent(const struct format_env *env, const struct column_def *c,
    const struct value *v, struct buf *out)
{
	(void)env, (void)c;
	if (v->type == CODEC_REAL)
		buf_addf(out, "%.4g%%", round(v->real * 1000) / 10);
	else
		buf_addf(out, "%" PRId64 "%%", v->integer);
	return STYLE_PLAIN;
}

static enum style
show_clock(const struct format_env *env, const struct column_def *c,
    const struct value *v, struct buf *out)
{
	(void)c;
	format_time(env, v->integer,
	    is_same_day(v->integer, env->now) ? TIME_CLOCK : TIME_DAY, out);
	return STYLE_PLAIN;
}

static enum style
show_age(const struct format_env *env, const struct column_def *c,
    const struct value *v, struct buf *out)
{
	int64_t age;

	(void)c;
	if (__builtin_sub_overflow(env->now, v->integer, &age))
		age = 0;
	format_span(age, out);
	return STYLE_PLAIN;
}

static enum style
show_minutes(const struct format_env *env, const struct column_def *c,
    const struct value *v, struct buf *out)
{
	int64_t us;

	(void)env, (void)c;
	if (__builtin_mul_overflow(v->integer, 60 * SECOND, &us))
		us = 0;
	format_span(us, out);
	return STYLE_PLAIN;
}

static enum style
show_bar(const struct format_env *env, const struct column_def *c,
    const struct value *v, struct buf *out)
{
	(void)env, (void)c;
	format_bar((double)v->integer / 100, BAR_CELLS, out);
	buf_addf(out, " %3" PRId64, v->integer);
	return STYLE_PLAIN;
}

static enum style
show_tick(const struct format_env *env, const struct column_def *c,
    const struct value *v, struct buf *out)
{
	(void)env, (void)c;
	buf_add_str(out, v->integer ? "[x]" : "[ ]");
	return STYLE_PLAIN;
}

static enum style
show_code(const struct format_env *env, const struct column_def *c,
    const struct value *v, struct buf *out)
{
	char *text = value_string(v);
	const char *phrase = NULL;

	if (env->bundle)
		phrase = bundle_phrase(env->bundle,
		    c->codes ? c->codes : c->name, text, env->lang);
	buf_add_str(out, phrase ? phrase : text);
	free(text);
	return STYLE_PLAIN;
}

static const struct {
	const char *name;
	enum codec_type first, second; /* cell types it can show */
	bool right;
	enum style (*show)(const struct format_env *, const struct column_def *,
	    const struct value *, struct buf *);
} format_table[] = {
    {"light", CODEC_INT, CODEC_INT, false, show_light},
    {"level", CODEC_INT, CODEC_INT, false, show_level},
    {"money", CODEC_INT, CODEC_INT, true, show_money},
    {"days", CODEC_INT, CODEC_INT, true, show_days},
    {"percent", CODEC_INT, CODEC_REAL, true, show_percent},
    {"clock", CODEC_INT, CODEC_INT, false, show_clock},
    {"age", CODEC_INT, CODEC_INT, true, show_age},
    {"minutes", CODEC_INT, CODEC_INT, true, show_minutes},
    {"bar", CODEC_INT, CODEC_INT, false, show_bar},
    {"tick", CODEC_BOOL, CODEC_INT, false, show_tick},
    {"code", CODEC_TEXT, CODEC_INT, false, show_code},
};

/* Line breaks and tabs are blanks inside a row. */
static void
format_flat(const char *s, struct buf *out)
{
	for (; *s; s++)
		buf_add_byte(out,
		    *s == '\n' || *s == '\t' || *s == '\r' ? ' ' : (uint8_t)*s);
}

static void
format_by_type(const struct format_env *env, const char *type,
    const struct value *v, struct buf *out)
{
	if (v->type == CODEC_TEXT)
		format_flat(v->text, out);
	else if (v->type == CODEC_BOOL)
		buf_add_str(out, v->integer ? "[x]" : "[ ]");
	else if (v->type == CODEC_REAL)
		buf_addf(out, "%.6g", v->real);
	else if (strcmp(type, "date") == 0)
		format_date(env, v->integer, out);
	else if (strcmp(type, "time") == 0)
		format_time(env, v->integer, TIME_BOTH, out);
	else
		buf_addf(out, "%" PRId64, v->integer);
}

enum style
format_cell(const struct format_env *env, const struct column_def *c,
    const char *type, const struct value *v, struct buf *out)
{
	if (v->type == CODEC_NULL || v->type == CODEC_BYTES) {
		buf_add_byte(out, '-');
		return STYLE_PLAIN;
	}
	for (size_t i = 0; i < COUNT_OF(format_table); i++)
		if (strcmp(format_table[i].name, c->format) == 0 &&
		    (format_table[i].first == v->type ||
			format_table[i].second == v->type))
			return format_table[i].show(env, c, v, out);
	format_by_type(env, type, v, out);
	return STYLE_PLAIN;
}

bool
format_is_right(const struct column_def *c, const char *type)
{
	for (size_t i = 0; i < COUNT_OF(format_table); i++)
		if (strcmp(format_table[i].name, c->format) == 0)
			return format_table[i].right;
	return strcmp(type, "int") == 0 || strcmp(type, "real") == 0;
}
