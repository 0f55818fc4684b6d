/* Encodings of files: what they are and how to read them as UTF-8. */
#include "server/import/encoding.h"

#include <errno.h>
#include <iconv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <uchardet/uchardet.h>

#include "common/buf.h"
#include "common/mem.h"
#include "common/text.h"

/* As much as tells; a detector gains nothing from the hundredth megabyte. */
#define DETECT_BYTES (1u << 20)

struct encoding {
	iconv_t to_utf8;
	bool utf8;
	bool wide; /* UTF-16 or UTF-32: ASCII bytes occur inside characters */
};

static const struct mark_def {
	const char *name;
	const char *bytes;
	size_t len;
} mark_table[] = {
    {"UTF-8", "\xef\xbb\xbf", 3},
    {"UTF-16LE", "\xff\xfe", 2},
    {"UTF-16BE", "\xfe\xff", 2},
};

/* What uchardet may say, and the superset under which we read it. */
static const struct alias_def {
	const char *says;
	const char *means;
} alias_table[] = {
    {"ASCII", "UTF-8"},
    {"GB2312", "GB18030"},
    {"GBK", "GB18030"},
    {"HZ-GB-2312", "GB18030"},
    {"ISO-8859-1", "WINDOWS-1252"},
};

/* Passes over ASCII eight bytes at a time. */
static size_t
ascii_run(const unsigned char *s, size_t len)
{
	size_t at = 0;
	uint64_t word;

	while (len - at >= sizeof(word)) {
		memcpy(&word, s + at, sizeof(word));
		if (word & 0x8080808080808080u)
			break;
		at += sizeof(word);
	}
	while (at < len && s[at] < 0x80)
		at++;
	return at;
}

/* Length of the character at s if it is well formed, else 0. */
static size_t
utf8_char(const unsigned char *s, size_t len)
{
	size_t n;

	if (text_decode((const char *)s, len, &n) == 0xfffd &&
	    !(n == 3 && memcmp(s, "\xef\xbf\xbd", 3) == 0))
		return 0;
	return n;
}

size_t
encoding_utf8_valid(const void *text, size_t len)
{
	const unsigned char *s = text;
	size_t at = 0, n;

	for (;;) {
		at += ascii_run(s + at, len - at);
		if (at == len)
			return len;
		n = utf8_char(s + at, len - at);
		if (n == 0)
			return at;
		at += n;
	}
}

/* Few bad places among many good characters: damaged UTF-8. */
static bool
is_mostly_utf8(const unsigned char *s, size_t len)
{
	size_t at = 0, good = 0, bad = 0, n;

	while (at < len) {
		at += ascii_run(s + at, len - at);
		if (at == len)
			break;
		n = utf8_char(s + at, len - at);
		if (n == 0)
			bad++;
		else
			good++;
		at += n ? n : 1;
	}
	return bad * 20 <= good;
}

static void
detect_by_frequency(const void *text, size_t len, char name[32])
{
	uchardet_t u = uchardet_new();
	const char *says = "";

	if (uchardet_handle_data(u, text, len) == 0) {
		uchardet_data_end(u);
		says = uchardet_get_charset(u);
	}
	if (*says == '\0')
		says = "UTF-8";
	for (size_t i = 0; i < COUNT_OF(alias_table); i++)
		if (strcasecmp(says, alias_table[i].says) == 0)
			says = alias_table[i].means;
	snprintf(name, 32, "%s", says);
	uchardet_delete(u);
}

void
encoding_detect(const void *text, size_t len, char name[32], size_t *mark)
{
	size_t some = len < DETECT_BYTES ? len : DETECT_BYTES;

	*mark = 0;
	for (size_t i = 0; i < COUNT_OF(mark_table); i++)
		if (len >= mark_table[i].len &&
		    memcmp(text, mark_table[i].bytes, mark_table[i].len) == 0) {
			*mark = mark_table[i].len;
			snprintf(name, 32, "%s", mark_table[i].name);
			return;
		}
	if (encoding_utf8_valid(text, len) == len || is_mostly_utf8(text, some))
		snprintf(name, 32, "UTF-8");
	else
		detect_by_frequency(text, some, name);
}

struct encoding *
encoding_new(const char *name, struct err *e)
{
	struct encoding *c = xcalloc(1, sizeof(*c));

	c->utf8 =
	    strcasecmp(name, "UTF-8") == 0 || strcasecmp(name, "UTF8") == 0;
	c->wide = strncasecmp(name, "UTF-16", 6) == 0 ||
		  strncasecmp(name, "UTF-32", 6) == 0 ||
		  strncasecmp(name, "UCS-", 4) == 0;
	c->to_utf8 = (iconv_t)-1;
	if (c->utf8)
		return c;
	c->to_utf8 = iconv_open("UTF-8", name);
	if (c->to_utf8 == (iconv_t)-1) {
		err_set(e, ERR_BAD_ARGUMENT,
		    "no encoding \"%s\": try UTF-8, GB18030 or one that "
		    "`iconv -l` lists",
		    name);
		free(c);
		return NULL;
	}
	return c;
}

void
encoding_free(struct encoding *c)
{
	if (!c)
		return;
	if (c->to_utf8 != (iconv_t)-1)
		iconv_close(c->to_utf8);
	free(c);
}

bool
encoding_keeps_ascii(const struct encoding *c)
{
	return !c->wide;
}

bool
encoding_is_utf8(const struct encoding *c)
{
	return c->utf8;
}

static int
convert_iconv(struct encoding *c, const char *text, size_t len, struct buf *out,
    size_t *bad)
{
	char *from = (char *)(uintptr_t)text, *to;
	size_t left = len, room;
	int rc;

	iconv(c->to_utf8, NULL, NULL, NULL, NULL);
	do {
		room = left * 2 + 16;
		to = (char *)buf_reserve(out, room);
		errno = 0;
		rc = iconv(c->to_utf8, &from, &left, &to, &room) == (size_t)-1
			 ? -1
			 : 0;
		out->len = (size_t)((uint8_t *)to - out->data);
	} while (rc && errno == E2BIG);
	*bad = len - left;
	return rc;
}

int
encoding_convert(struct encoding *c, const void *text, size_t len,
    struct buf *out, size_t *bad)
{
	if (!c->utf8)
		return convert_iconv(c, text, len, out, bad);
	*bad = encoding_utf8_valid(text, len);
	buf_add(out, text, *bad);
	return *bad == len ? 0 : -1;
}
