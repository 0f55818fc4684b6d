/* Words of the rule language. */
#include "server/engine/lex.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

void
lexer_init(struct lexer *l, const char *text)
{
	l->text = text;
	l->next = text;
}

static int
is_name_start(char c)
{
	return isalpha((unsigned char)c) || c == '_';
}

static int
is_name_part(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

static struct token
bad(struct token t, size_t len, const char *why)
{
	t.kind = TOKEN_BAD;
	t.len = len;
	t.why = why;
	return t;
}

/* yyyy-mm-dd at s: the shape only; whether the day exists is checked after. */
static int
is_date(const char *s)
{
	static const char shape[] = "dddd-dd-dd";

	for (size_t i = 0; shape[i]; i++)
		if (shape[i] == 'd' ? !isdigit((unsigned char)s[i])
				    : s[i] != '-')
			return 0;
	return !isdigit((unsigned char)s[10]);
}

static struct token
lex_date(struct token t)
{
	struct tm tm = {0}, was;
	time_t seconds;

	tm.tm_year = atoi(t.start) - 1900;
	tm.tm_mon = atoi(t.start + 5) - 1;
	tm.tm_mday = atoi(t.start + 8);
	was = tm;
	seconds = timegm(&tm);
	if (tm.tm_mon != was.tm_mon || tm.tm_mday != was.tm_mday)
		return bad(t, 10, "there is no such day");
	t.kind = TOKEN_DATE;
	t.len = 10;
	seconds /= 86400;
	t.value = (double)seconds;
	return t;
}

static struct token
lex_number(struct token t)
{
	const char *s = t.start;
	char digits[40];

	while (isdigit((unsigned char)*s))
		s++;
	if (*s == '.' && isdigit((unsigned char)s[1]))
		for (s++; isdigit((unsigned char)*s); s++)
			continue;
	t.len = (size_t)(s - t.start);
	/* double holds 15 digits exactly; fen and microseconds need 16 */
	if (t.len > 15)
		return bad(t, t.len, "a number has at most 15 digits");
	memcpy(digits, t.start, t.len);
	digits[t.len] = '\0';
	t.kind = TOKEN_NUMBER;
	t.value = strtod(digits, NULL);
	return t;
}

static struct token
lex_text(struct token t)
{
	const char *end = strchr(t.start + 1, t.start[0]);

	if (!end)
		return bad(t, 1, "this quote is never closed");
	t.kind = TOKEN_TEXT;
	t.len = (size_t)(end - t.start) - 1;
	t.start++;
	return t;
}

static struct token
lex_sign(struct token t)
{
	static const char *const signs[] = {"<=", ">=", "!=", "<", ">", "=",
	    "+", "-", "*", "/", "(", ")", ",", ".", "%", "[", "]", NULL};
	size_t len = 1;

	for (size_t i = 0; signs[i]; i++) {
		t.len = strlen(signs[i]);
		if (strncmp(t.start, signs[i], t.len) == 0) {
			t.kind = TOKEN_SIGN;
			return t;
		}
	}
	if (strchr("&|!", t.start[0]))
		return bad(t, 1, "write and, or, not as words");
	while (((unsigned char)t.start[len] & 0xC0) == 0x80)
		len++;
	return bad(
	    t, len, "the language has no such sign; text goes in quotes");
}

struct token
lexer_next(struct lexer *l)
{
	struct token t = {0};
	const char *s = l->next;

	while (*s == ' ' || *s == '\t' || *s == '\n' || *s == '\r')
		s++;
	t.start = s;
	if (*s == '\0')
		t.kind = TOKEN_END;
	else if (is_name_start(*s)) {
		t.kind = TOKEN_NAME;
		while (is_name_part(s[t.len]))
			t.len++;
	} else if (isdigit((unsigned char)*s))
		t = is_date(s) ? lex_date(t) : lex_number(t);
	else if (*s == '"' || *s == '\'')
		t = lex_text(t);
	else
		t = lex_sign(t);
	l->next = t.start + t.len + (t.kind == TOKEN_TEXT);
	return t;
}

int
token_is(const struct token *t, const char *word)
{
	return (t->kind == TOKEN_NAME || t->kind == TOKEN_SIGN) &&
	       strlen(word) == t->len && memcmp(t->start, word, t->len) == 0;
}
