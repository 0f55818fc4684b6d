/* SQL text compiled in, and the lexer for all that looks into SQL text. */
#include "server/sqlfile.h"

#include <ctype.h>
#include <string.h>

const struct sqlfile *
sqlfile_find(const char *name)
{
	const struct sqlfile *f;

	for (f = sqlfile_table; f->name; f++) {
		if (strcmp(f->name, name) == 0)
			return f;
	}
	return NULL;
}

static bool
is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_' ||
	       (unsigned char)c >= 0x80;
}

/* Past the closing quote; a doubled quote does not close. */
static size_t
skip_quoted(const char *s, size_t at, bool escapes)
{
	char quote = s[at++];

	while (s[at]) {
		if (escapes && s[at] == '\\' && s[at + 1]) {
			at += 2;
		} else if (s[at] != quote) {
			at++;
		} else if (s[at + 1] == quote) {
			at += 2;
		} else {
			return at + 1;
		}
	}
	return at;
}

/* Block comments nest in SQL. */
static size_t
skip_comment(const char *s, size_t at)
{
	int depth = 0;

	while (s[at]) {
		if (s[at] == '/' && s[at + 1] == '*') {
			depth++;
			at += 2;
		} else if (s[at] == '*' && s[at + 1] == '/') {
			at += 2;
			if (--depth == 0)
				return at;
		} else {
			at++;
		}
	}
	return at;
}

/* $tag$ ... $tag$; `at` itself when no dollar quote begins there. */
static size_t
skip_dollar(const char *s, size_t at)
{
	size_t tag = at + 1;
	const char *close;

	if (isdigit((unsigned char)s[tag]))
		return at;
	while (is_word(s[tag]))
		tag++;
	if (s[tag] != '$')
		return at;
	tag++;
	for (close = s + tag; (close = strchr(close, '$')); close++) {
		if (strncmp(close, s + at, tag - at) == 0)
			return (size_t)(close - s) + tag - at;
	}
	return strlen(s);
}

static bool
is_escape_string(const char *s, size_t at)
{
	return at > 0 && (s[at - 1] == 'e' || s[at - 1] == 'E') &&
	       (at == 1 || !is_word(s[at - 2]));
}

/* Past whatever at `at` is no plain SQL (quotes, comments); `at` itself if
 * the character there is plain. */
static size_t
skip_opaque(const char *s, size_t at)
{
	const char *end;

	switch (s[at]) {
	case '\'':
		return skip_quoted(s, at, is_escape_string(s, at));
	case '"':
		return skip_quoted(s, at, false);
	case '$':
		return at > 0 && is_word(s[at - 1]) ? at : skip_dollar(s, at);
	case '-':
		if (s[at + 1] != '-')
			return at;
		end = strchr(s + at, '\n');
		return end ? (size_t)(end - s) : strlen(s);
	case '/':
		return s[at + 1] == '*' ? skip_comment(s, at) : at;
	default:
		return at;
	}
}

bool
sqlfile_next_statement(
    const char *text, size_t *at, const char **start, size_t *len)
{
	size_t i = *at, next, begin = 0;
	bool begun = false;

	while (text[i]) {
		next = skip_opaque(text, i);
		if (text[i] == ';' && begun)
			break;
		if (!begun && !isspace((unsigned char)text[i]) &&
		    text[i] != ';' &&
		    !(next > i && (text[i] == '-' || text[i] == '/'))) {
			begun = true;
			begin = i;
		}
		i = next > i ? next : i + 1;
	}
	*at = text[i] ? i + 1 : i;
	if (!begun)
		return false;
	while (i > begin && isspace((unsigned char)text[i - 1]))
		i--;
	*start = text + begin;
	*len = i - begin;
	return true;
}

bool
sqlfile_next_placeholder(
    const char *text, size_t *at, const char **name, size_t *len)
{
	size_t i = *at, next, end;

	while (text[i]) {
		next = skip_opaque(text, i);
		if (next > i) {
			i = next;
			continue;
		}
		if (text[i] == ':' && text[i + 1] == ':') {
			i += 2;
			continue;
		}
		end = i + 1;
		if (text[i] == ':' &&
		    (isalpha((unsigned char)text[end]) || text[end] == '_')) {
			while (is_word(text[end]))
				end++;
			*name = text + i + 1;
			*len = end - i - 1;
			*at = end;
			return true;
		}
		i++;
	}
	*at = i;
	return false;
}
