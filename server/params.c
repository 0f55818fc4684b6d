/* Values for PostgreSQL in text form. */
#include "server/params.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common/codec.h"

#define MICROSECONDS INT64_C(1000000)
/* The years 1 to 9999, which every form can say. */
#define SECOND_LEAST INT64_C(-62135596800)
#define SECOND_MOST INT64_C(253402300799)

void
params_reset(struct params *p)
{
	buf_reset(&p->text);
	p->count = 0;
}

void
params_clear(struct params *p)
{
	buf_clear(&p->text);
	p->count = 0;
}

static int
add(struct params *p, size_t at, int len, struct err *e)
{
	if (p->count == PARAMS_MAX)
		return err_set(e, ERR_BAD_REQUEST, "too many values");
	p->items[p->count].at = at;
	p->items[p->count].len = len;
	p->count++;
	return 0;
}

int
params_add_null(struct params *p, struct err *e)
{
	return add(p, 0, -1, e);
}

int
params_add_text(struct params *p, const char *s, size_t len, struct err *e)
{
	size_t at = p->text.len;

	buf_add(&p->text, s, len);
	buf_add_byte(&p->text, '\0');
	return add(p, at, (int)len, e);
}

static int
add_string(struct params *p, const char *s, struct err *e)
{
	return params_add_text(p, s, strlen(s), e);
}

int
params_add_int(struct params *p, int64_t value, struct err *e)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRId64, value);
	return add_string(p, text, e);
}

int
params_add_bytes(struct params *p, const void *data, size_t len, struct err *e)
{
	static const char digits[] = "0123456789abcdef";
	const uint8_t *bytes = data;
	size_t at = p->text.len, i;

	buf_add_str(&p->text, "\\x");
	for (i = 0; i < len; i++) {
		buf_add_byte(&p->text, (uint8_t)digits[bytes[i] >> 4]);
		buf_add_byte(&p->text, (uint8_t)digits[bytes[i] & 15]);
	}
	buf_add_byte(&p->text, '\0');
	return add(p, at, (int)(2 + 2 * len), e);
}

int
params_copy(struct params *p, const struct params *from, int i, struct err *e)
{
	if (from->items[i].len < 0)
		return params_add_null(p, e);
	return params_add_text(p, (char *)from->text.data + from->items[i].at,
	    (size_t)from->items[i].len, e);
}

const struct db_value *
params_values(struct params *p)
{
	int i;

	for (i = 0; i < p->count; i++) {
		p->values[i].len = p->items[i].len;
		p->values[i].text =
		    p->items[i].len < 0
			? NULL
			: (const char *)p->text.data + p->items[i].at;
	}
	return p->values;
}

/* Seconds (and microseconds) since 1970 as ISO text. */
static int
add_moment(struct params *p, int64_t second, int64_t fraction, bool date,
    struct err *e)
{
	time_t t = (time_t)second;
	struct tm tm;
	char text[64];
	int n;

	if (second < SECOND_LEAST || second > SECOND_MOST)
		return err_set(e, ERR_BAD_ARGUMENT, "out of range");
	gmtime_r(&t, &tm);
	n = snprintf(text, sizeof(text), "%04d-%02d-%02d", tm.tm_year + 1900,
	    tm.tm_mon + 1, tm.tm_mday);
	if (!date)
		n += snprintf(text + n, sizeof(text) - (size_t)n,
		    " %02d:%02d:%02d.%06d+00", tm.tm_hour, tm.tm_min, tm.tm_sec,
		    (int)fraction);
	return params_add_text(p, text, (size_t)n, e);
}

static int
add_time(struct params *p, int64_t t, struct err *e)
{
	int64_t second = t / MICROSECONDS, fraction = t % MICROSECONDS;

	if (fraction < 0) {
		fraction += MICROSECONDS;
		second--;
	}
	return add_moment(p, second, fraction, false, e);
}

static int
add_date(struct params *p, int64_t day, struct err *e)
{
	if (day < SECOND_LEAST / 86400 || day > SECOND_MOST / 86400)
		return err_set(e, ERR_BAD_ARGUMENT, "out of range");
	return add_moment(p, day * 86400, 0, true, e);
}

static int
read_integer(
    struct params *p, enum db_column_type kind, int64_t value, struct err *e)
{
	char text[40];

	switch (kind) {
	case DB_INT:
		return params_add_int(p, value, e);
	case DB_DATE:
		return add_date(p, value, e);
	case DB_TIME:
		return add_time(p, value, e);
	case DB_REAL:
		snprintf(text, sizeof(text), "%" PRId64, value);
		return add_string(p, text, e);
	default:
		return err_set(e, ERR_BAD_ARGUMENT, "not a number expected");
	}
}

static int
read_text(struct params *p, enum db_column_type kind,
    const struct codec_item *item, struct err *e)
{
	if (kind != DB_TEXT && kind != DB_JSON && kind != DB_DATE &&
	    kind != DB_TIME)
		return err_set(e, ERR_BAD_ARGUMENT, "not a text expected");
	if (memchr(item->data, '\0', item->len))
		return err_set(e, ERR_BAD_ARGUMENT, "a NUL in a text");
	return params_add_text(p, (const char *)item->data, item->len, e);
}

int
params_read(struct params *p, enum db_column_type kind, struct codec_reader *r,
    struct err *e)
{
	struct codec_item item;
	char text[40];

	if (!codec_next(r, &item))
		return err_set(e, ERR_BAD_REQUEST, "malformed value");
	switch (item.type) {
	case CODEC_NULL:
		return params_add_null(p, e);
	case CODEC_INT:
		return read_integer(p, kind, item.integer, e);
	case CODEC_TEXT:
		return read_text(p, kind, &item, e);
	case CODEC_BOOL:
		if (kind == DB_BOOL)
			return add_string(
			    p, item.boolean ? "true" : "false", e);
		break;
	case CODEC_REAL:
		snprintf(text, sizeof(text), "%.17g", item.real);
		if (kind == DB_REAL)
			return add_string(p, text, e);
		break;
	case CODEC_BYTES:
		if (kind == DB_BYTES)
			return params_add_bytes(p, item.data, item.len, e);
		break;
	default:
		break;
	}
	return err_set(e, ERR_BAD_ARGUMENT, "a value of the wrong type");
}
