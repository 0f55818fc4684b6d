/* Cells to values. */
#include "server/import/convert.h"

#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "common/buf.h"
#include "common/mem.h"
#include "common/text.h"

static bool
convert_text(const char *format, const char *text, struct buf *out)
{
	(void)format;
	buf_add_str(out, text);
	return true;
}

/* Digits with thousands marks; a fraction only of zeros. */
static bool
convert_int(const char *format, const char *text, struct buf *out)
{
	size_t digits = 0;

	(void)format;
	if (*text == '-' || *text == '+')
		buf_add_byte(out, (uint8_t)*text++);
	for (; isdigit((unsigned char)*text) || *text == ','; text++)
		if (*text != ',') {
			buf_add_byte(out, (uint8_t)*text);
			digits++;
		}
	if (*text == '.')
		for (text++; *text == '0';)
			text++;
	return digits > 0 && digits <= 18 && *text == '\0';
}

/* 1,234.5 -> 123450; more than two decimals are rounded half up. */
static bool
convert_money(const char *format, const char *text, struct buf *out)
{
	int64_t value = 0;
	int decimals = -1;
	bool negative = false, any = false, up = false;

	(void)format;
	if (*text == '-') {
		negative = true;
		text++;
	}
	while (*text == '$' || *text == ' ')
		text++;
	for (; *text; text++) {
		if (*text == ',' && decimals < 0)
			continue;
		if (*text == '.' && decimals < 0) {
			decimals = 0;
			continue;
		}
		if (!isdigit((unsigned char)*text) || value > INT64_MAX / 10000)
			return false;
		any = true;
		if (decimals == 2)
			up = *text >= '5';
		if (decimals < 2)
			value = value * 10 + (*text - '0');
		if (decimals >= 0)
			decimals++;
	}
	for (int i = decimals < 0 ? 0 : decimals; i < 2; i++)
		value *= 10;
	value += up;
	buf_addf(out, "%s%lld", negative ? "-" : "", (long long)value);
	return any;
}

static bool
digits(const char *s, int n)
{
	for (int i = 0; i < n; i++)
		if (!isdigit((unsigned char)s[i]))
			return false;
	return true;
}

static bool
is_leap(int year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/* A day that there is, from the year 1 on. */
static bool
is_iso_date(const char *s)
{
	static const int days[] = {
	    31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	int year, month, day;

	if (!digits(s, 4) || s[4] != '-' || !digits(s + 5, 2) || s[7] != '-' ||
	    !digits(s + 8, 2))
		return false;
	year = atoi(s);
	month = atoi(s + 5);
	day = atoi(s + 8);
	if (year < 1 || month < 1 || month > 12 || day < 1)
		return false;
	return day <= days[month - 1] + (month == 2 && is_leap(year));
}

static bool
convert_format(
    const char *format, const char *text, bool with_time, struct buf *out)
{
	struct tm tm = {.tm_mday = 1};
	char line[64];
	const char *end = strptime(text, format, &tm);

	if (!end || *end != '\0' ||
	    strftime(line, sizeof(line),
		with_time ? "%Y-%m-%d %H:%M:%S" : "%Y-%m-%d", &tm) == 0 ||
	    !is_iso_date(line))
		return false;
	buf_add_str(out, line);
	return true;
}

static bool
convert_date(const char *format, const char *text, struct buf *out)
{
	if (format)
		return convert_format(format, text, false, out);
	if (strlen(text) < 10 || !is_iso_date(text) ||
	    (text[10] != '\0' && text[10] != ' ' && text[10] != 'T'))
		return false;
	buf_add(out, text, 10);
	return true;
}

/* +08, +0800, +08:00: PostgreSQL knows less than 16 hours. */
static bool
is_zone(const char *s)
{
	if (*s == 'Z')
		return s[1] == '\0';
	if ((*s != '+' && *s != '-') || !digits(s + 1, 2) ||
	    (s[1] - '0') * 10 + (s[2] - '0') > 15)
		return false;
	s += 3;
	if (*s == '\0')
		return true;
	s += *s == ':';
	return digits(s, 2) && *s <= '5' && s[2] == '\0';
}

/* Hours:minutes[:seconds[.fraction]][zone]; the hour may have one digit. */
static bool
is_clock(const char *s)
{
	int hours = 0, n = 0;

	for (; isdigit((unsigned char)*s) && n < 2; s++, n++)
		hours = hours * 10 + (*s - '0');
	if (n == 0 || hours > 23 || *s != ':' || !digits(s + 1, 2) ||
	    s[1] > '5')
		return false;
	s += 3;
	if (*s == ':') {
		if (!digits(s + 1, 2) || s[1] > '5')
			return false;
		s += 3;
	}
	if (*s == '.' && !isdigit((unsigned char)*++s))
		return false;
	while (isdigit((unsigned char)*s))
		s++;
	return *s == '\0' || is_zone(s);
}

static bool
convert_time(const char *format, const char *text, struct buf *out)
{
	size_t n = strlen(text);

	if (format)
		return convert_format(format, text, true, out);
	if (n >= 10 && n <= 13 && digits(text, (int)n)) {
		double seconds = strtod(text, NULL) / (n > 11 ? 1000.0 : 1.0);
		time_t whole = (time_t)seconds;
		struct tm tm;

		gmtime_r(&whole, &tm);
		buf_addf(out, "%04d-%02d-%02d %02d:%02d:%02d+00",
		    tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour,
		    tm.tm_min, tm.tm_sec);
		return true;
	}
	if (n < 10 || !is_iso_date(text))
		return false;
	if (n > 10 &&
	    ((text[10] != ' ' && text[10] != 'T') || !is_clock(text + 11)))
		return false;
	buf_add(out, text, n);
	return true;
}

static bool
convert_bool(const char *format, const char *text, struct buf *out)
{
	static const char *const words[] = {"true", "t", "1", "yes", "y", "是",
	    "false", "f", "0", "no", "n", "否"};

	(void)format;
	for (size_t i = 0; i < COUNT_OF(words); i++)
		if (strcasecmp(text, words[i]) == 0) {
			buf_add_byte(out, i < 6 ? 't' : 'f');
			return true;
		}
	return false;
}

static const struct type_def {
	const char *type;
	bool (*convert)(const char *format, const char *text, struct buf *out);
	const char *why;
} type_table[] = {
    {"bool", convert_bool, "expected yes or no"},
    {"date", convert_date, "expected a date such as 2026-01-31"},
    {"int", convert_int, "expected a whole number"},
    {"money", convert_money, "expected an amount such as 1234.50"},
    {"text", convert_text, ""},
    {"time", convert_time, "expected a time such as 2026-01-31 14:05"},
};

bool
convert_value(const char *type, const char *format, const char *text,
    struct buf *out, const char **why)
{
	size_t before = out->len;

	for (size_t i = 0; i < COUNT_OF(type_table); i++) {
		if (strcmp(type, type_table[i].type) != 0)
			continue;
		if (type_table[i].convert(format, text, out))
			return true;
		out->len = before;
		*why = type_table[i].why;
		return false;
	}
	return convert_text(format, text, out); /* ref:... */
}

void
convert_escape(const char *text, size_t len, struct buf *out)
{
	static const char from[] = "\b\f\n\r\t\v\\", to[] = "bfnrtv\\";
	const char *hit;
	size_t run;

	while (len > 0) {
		for (run = 0; run < len; run++)
			if ((unsigned char)text[run] < 0x20 ||
			    text[run] == '\\')
				break;
		buf_add(out, text, run);
		text += run;
		len -= run;
		if (len == 0)
			break;
		hit = strchr(from, *text);
		if (hit && *text) {
			buf_add_byte(out, '\\');
			buf_add_byte(out, (uint8_t)to[hit - from]);
		} else {
			buf_add_byte(out, (uint8_t)*text);
		}
		text++;
		len--;
	}
}

/* Bytes of a letter whose fold is itself, or ASCII; 0: another. */
static size_t
plain_letter(const char *s, size_t len)
{
	uint32_t c;
	size_t n;

	if ((unsigned char)*s < 0x80)
		return 1;
	c = text_decode(s, len, &n);
	return c >= 0x4e00 && c <= 0x9fff ? n : 0;
}

static bool
is_plain(const char *s, size_t len)
{
	size_t n;

	for (size_t at = 0; at < len; at += n)
		if ((n = plain_letter(s + at, len - at)) == 0)
			return false;
	return true;
}

static void
add_gram_letter(struct buf *out, const char *s, size_t n)
{
	char c = (char)(n == 1 ? tolower((unsigned char)*s) : *s);

	if (c == '"' || c == '\\')
		buf_add_str(out, c == '"' ? "\\\\\"" : "\\\\\\\\");
	else if (n == 1)
		buf_add_byte(out, (uint8_t)c);
	else
		buf_add(out, s, n);
}

bool
convert_grams(const char *text, size_t len, struct buf *out)
{
	size_t at = 0, n, m;
	bool first = true;

	if (!is_plain(text, len))
		return false;
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)text[i] < 0x20)
			return false;
	buf_add_byte(out, '{');
	while (at < len) {
		n = plain_letter(text + at, len - at);
		if (at + n >= len)
			break;
		m = plain_letter(text + at + n, len - at - n);
		buf_add_str(out, first ? "\"" : ",\"");
		first = false;
		add_gram_letter(out, text + at, n);
		add_gram_letter(out, text + at + n, m);
		buf_add_byte(out, '"');
		at += n;
	}
	buf_add_byte(out, '}');
	return true;
}

bool
convert_folded(const char *text, size_t len, struct buf *out)
{
	struct buf low = {0};

	if (!is_plain(text, len))
		return false;
	while (len > 0 && *text == ' ') {
		text++;
		len--;
	}
	while (len > 0 && text[len - 1] == ' ')
		len--;
	for (size_t i = 0; i < len; i++)
		buf_add_byte(
		    &low, (uint8_t)((unsigned char)text[i] < 0x80
					? tolower((unsigned char)text[i])
					: text[i]));
	convert_escape((const char *)low.data, low.len, out);
	buf_clear(&low);
	return true;
}
