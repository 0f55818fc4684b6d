/* UTF-8 in terminal cells.  utf8proc knows the characters; what is drawn in
 * place of the troublesome ones is decided here. */
#include "common/text.h"

#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "common/buf.h"
#include "common/mem.h"

#define ZWJ 0x200d
#define REPLACEMENT 0xfffd

static bool ambiguous_is_wide;

struct range {
	uint32_t first, last;
};

/* East_Asian_Width=Ambiguous of Unicode 14, without marks, formats and private
 * use: utf8proc 2.8 does not know the property. */
/* clang-format off */
static const struct range ambiguous_table[] = {
	{ 0x00A1, 0x00A1 }, { 0x00A4, 0x00A4 }, { 0x00A7, 0x00A8 },
	{ 0x00AA, 0x00AA }, { 0x00AE, 0x00AE }, { 0x00B0, 0x00B4 },
	{ 0x00B6, 0x00BA }, { 0x00BC, 0x00BF }, { 0x00C6, 0x00C6 },
	{ 0x00D0, 0x00D0 }, { 0x00D7, 0x00D8 }, { 0x00DE, 0x00E1 },
	{ 0x00E6, 0x00E6 }, { 0x00E8, 0x00EA }, { 0x00EC, 0x00ED },
	{ 0x00F0, 0x00F0 }, { 0x00F2, 0x00F3 }, { 0x00F7, 0x00FA },
	{ 0x00FC, 0x00FC }, { 0x00FE, 0x00FE }, { 0x0101, 0x0101 },
	{ 0x0111, 0x0111 }, { 0x0113, 0x0113 }, { 0x011B, 0x011B },
	{ 0x0126, 0x0127 }, { 0x012B, 0x012B }, { 0x0131, 0x0133 },
	{ 0x0138, 0x0138 }, { 0x013F, 0x0142 }, { 0x0144, 0x0144 },
	{ 0x0148, 0x014B }, { 0x014D, 0x014D }, { 0x0152, 0x0153 },
	{ 0x0166, 0x0167 }, { 0x016B, 0x016B }, { 0x01CE, 0x01CE },
	{ 0x01D0, 0x01D0 }, { 0x01D2, 0x01D2 }, { 0x01D4, 0x01D4 },
	{ 0x01D6, 0x01D6 }, { 0x01D8, 0x01D8 }, { 0x01DA, 0x01DA },
	{ 0x01DC, 0x01DC }, { 0x0251, 0x0251 }, { 0x0261, 0x0261 },
	{ 0x02C4, 0x02C4 }, { 0x02C7, 0x02C7 }, { 0x02C9, 0x02CB },
	{ 0x02CD, 0x02CD }, { 0x02D0, 0x02D0 }, { 0x02D8, 0x02DB },
	{ 0x02DD, 0x02DD }, { 0x02DF, 0x02DF }, { 0x0391, 0x03A1 },
	{ 0x03A3, 0x03A9 }, { 0x03B1, 0x03C1 }, { 0x03C3, 0x03C9 },
	{ 0x0401, 0x0401 }, { 0x0410, 0x044F }, { 0x0451, 0x0451 },
	{ 0x2010, 0x2010 }, { 0x2013, 0x2016 }, { 0x2018, 0x2019 },
	{ 0x201C, 0x201D }, { 0x2020, 0x2022 }, { 0x2024, 0x2027 },
	{ 0x2030, 0x2030 }, { 0x2032, 0x2033 }, { 0x2035, 0x2035 },
	{ 0x203B, 0x203B }, { 0x203E, 0x203E }, { 0x2074, 0x2074 },
	{ 0x207F, 0x207F }, { 0x2081, 0x2084 }, { 0x20AC, 0x20AC },
	{ 0x2103, 0x2103 }, { 0x2105, 0x2105 }, { 0x2109, 0x2109 },
	{ 0x2113, 0x2113 }, { 0x2116, 0x2116 }, { 0x2121, 0x2122 },
	{ 0x2126, 0x2126 }, { 0x212B, 0x212B }, { 0x2153, 0x2154 },
	{ 0x215B, 0x215E }, { 0x2160, 0x216B }, { 0x2170, 0x2179 },
	{ 0x2189, 0x2189 }, { 0x2190, 0x2199 }, { 0x21B8, 0x21B9 },
	{ 0x21D2, 0x21D2 }, { 0x21D4, 0x21D4 }, { 0x21E7, 0x21E7 },
	{ 0x2200, 0x2200 }, { 0x2202, 0x2203 }, { 0x2207, 0x2208 },
	{ 0x220B, 0x220B }, { 0x220F, 0x220F }, { 0x2211, 0x2211 },
	{ 0x2215, 0x2215 }, { 0x221A, 0x221A }, { 0x221D, 0x2220 },
	{ 0x2223, 0x2223 }, { 0x2225, 0x2225 }, { 0x2227, 0x222C },
	{ 0x222E, 0x222E }, { 0x2234, 0x2237 }, { 0x223C, 0x223D },
	{ 0x2248, 0x2248 }, { 0x224C, 0x224C }, { 0x2252, 0x2252 },
	{ 0x2260, 0x2261 }, { 0x2264, 0x2267 }, { 0x226A, 0x226B },
	{ 0x226E, 0x226F }, { 0x2282, 0x2283 }, { 0x2286, 0x2287 },
	{ 0x2295, 0x2295 }, { 0x2299, 0x2299 }, { 0x22A5, 0x22A5 },
	{ 0x22BF, 0x22BF }, { 0x2312, 0x2312 }, { 0x2460, 0x24E9 },
	{ 0x24EB, 0x254B }, { 0x2550, 0x2573 }, { 0x2580, 0x258F },
	{ 0x2592, 0x2595 }, { 0x25A0, 0x25A1 }, { 0x25A3, 0x25A9 },
	{ 0x25B2, 0x25B3 }, { 0x25B6, 0x25B7 }, { 0x25BC, 0x25BD },
	{ 0x25C0, 0x25C1 }, { 0x25C6, 0x25C8 }, { 0x25CB, 0x25CB },
	{ 0x25CE, 0x25D1 }, { 0x25E2, 0x25E5 }, { 0x25EF, 0x25EF },
	{ 0x2605, 0x2606 }, { 0x2609, 0x2609 }, { 0x260E, 0x260F },
	{ 0x261C, 0x261C }, { 0x261E, 0x261E }, { 0x2640, 0x2640 },
	{ 0x2642, 0x2642 }, { 0x2660, 0x2661 }, { 0x2663, 0x2665 },
	{ 0x2667, 0x266A }, { 0x266C, 0x266D }, { 0x266F, 0x266F },
	{ 0x269E, 0x269F }, { 0x26BF, 0x26BF }, { 0x26C6, 0x26CD },
	{ 0x26CF, 0x26D3 }, { 0x26D5, 0x26E1 }, { 0x26E3, 0x26E3 },
	{ 0x26E8, 0x26E9 }, { 0x26EB, 0x26F1 }, { 0x26F4, 0x26F4 },
	{ 0x26F6, 0x26F9 }, { 0x26FB, 0x26FC }, { 0x26FE, 0x26FF },
	{ 0x273D, 0x273D }, { 0x2776, 0x277F }, { 0x2B56, 0x2B59 },
	{ 0x3248, 0x324F }, { 0xFFFD, 0xFFFD }, { 0x1F100, 0x1F10A },
	{ 0x1F110, 0x1F12D }, { 0x1F130, 0x1F169 }, { 0x1F170, 0x1F18D },
	{ 0x1F18F, 0x1F190 }, { 0x1F19B, 0x1F1AC },
};
/* clang-format on */

void
text_set_ambiguous_wide(bool wide)
{
	ambiguous_is_wide = wide;
}

static int
compare_range(const void *key, const void *row)
{
	uint32_t c = *(const uint32_t *)key;
	const struct range *r = row;

	return c < r->first ? -1 : c > r->last;
}

static bool
is_ambiguous(uint32_t c)
{
	return bsearch(&c, ambiguous_table, COUNT_OF(ambiguous_table),
	    sizeof(ambiguous_table[0]), compare_range);
}

uint32_t
text_decode(const char *s, size_t n, size_t *len)
{
	utf8proc_int32_t c;
	utf8proc_ssize_t used;

	if (n > 4)
		n = 4;
	used = utf8proc_iterate(
	    (const utf8proc_uint8_t *)s, (utf8proc_ssize_t)n, &c);
	if (used <= 0) {
		*len = 1;
		return REPLACEMENT;
	}
	*len = (size_t)used;
	return (uint32_t)c;
}

size_t
text_encode(uint32_t c, char out[4])
{
	if (!utf8proc_codepoint_valid((utf8proc_int32_t)c))
		c = REPLACEMENT;
	return (size_t)utf8proc_encode_char(
	    (utf8proc_int32_t)c, (utf8proc_uint8_t *)out);
}

bool
text_is_valid(const char *s, size_t n)
{
	utf8proc_int32_t c;
	utf8proc_ssize_t used;
	uint64_t eight;
	size_t i = 0;

	while (i < n) {
		/* most text is ASCII, most of the time */
		if (n - i >= sizeof(eight)) {
			memcpy(&eight, s + i, sizeof(eight));
			if (!(eight & 0x8080808080808080u)) {
				i += sizeof(eight);
				continue;
			}
		}
		if (!(s[i] & 0x80)) {
			i++;
			continue;
		}
		used = utf8proc_iterate((const utf8proc_uint8_t *)s + i,
		    n - i > 4 ? 4 : (utf8proc_ssize_t)(n - i), &c);
		if (used <= 0)
			return false;
		i += (size_t)used;
	}
	return true;
}

/* Drawn as '?': controls, separators of lines, and what no font here knows. */
static bool
is_unprintable(uint32_t c)
{
	switch (utf8proc_category((utf8proc_int32_t)c)) {
	case UTF8PROC_CATEGORY_CC:
	case UTF8PROC_CATEGORY_CN:
	case UTF8PROC_CATEGORY_CO:
	case UTF8PROC_CATEGORY_CS:
	case UTF8PROC_CATEGORY_ZL:
	case UTF8PROC_CATEGORY_ZP:
		return true;
	default:
		return false;
	}
}

/* Not drawn at all: variation selectors, and formats, among them those that
 * turn the direction of writing and so could disguise a name. */
static bool
is_invisible(uint32_t c)
{
	return (c >= 0xfe00 && c <= 0xfe0f) || (c >= 0xe0100 && c <= 0xe01ef) ||
	       utf8proc_category((utf8proc_int32_t)c) == UTF8PROC_CATEGORY_CF;
}

int
text_cell_width(uint32_t c)
{
	if (c >= 0x20 && c < 0x7f)
		return 1;
	if (is_unprintable(c) || c == REPLACEMENT)
		return 1;
	if (is_invisible(c))
		return 0;
	if (ambiguous_is_wide && is_ambiguous(c))
		return 2;
	return utf8proc_charwidth((utf8proc_int32_t)c);
}

static void
glyph_set(struct text_glyph *g, const char *text)
{
	g->len = strlen(text);
	g->cells = (int)g->len;
	memcpy(g->bytes, text, g->len);
}

/* Adds a mark to the glyph; a pile of more marks than anyone writes is cut. */
static void
glyph_add(struct text_glyph *g, const char *s, size_t len, uint32_t c)
{
	if (g->len + len > sizeof(g->bytes))
		return;
	memcpy(g->bytes + g->len, s, len);
	g->len += len;
	g->cells += text_cell_width(c);
}

static bool
is_regional(uint32_t c)
{
	return c >= 0x1f1e6 && c <= 0x1f1ff;
}

static bool
is_skin_tone(uint32_t c)
{
	return c >= 0x1f3fb && c <= 0x1f3ff;
}

/* Terminals disagree on the width of these, so they are never drawn. */
static bool
makes_sequence(uint32_t base, uint32_t c)
{
	const utf8proc_property_t *p =
	    utf8proc_get_property((utf8proc_int32_t)base);

	return is_skin_tone(c) ||
	       (c == ZWJ &&
		   p->boundclass == UTF8PROC_BOUNDCLASS_EXTENDED_PICTOGRAPHIC);
}

/* The rest of the cluster that begins with base; returns its bytes. */
static size_t
glyph_extend(
    struct text_glyph *g, uint32_t base, const char *s, size_t n, size_t at)
{
	utf8proc_int32_t state = 0;
	uint32_t c, last = base;
	bool sequence = is_regional(base);
	size_t len;

	while (at < n) {
		c = text_decode(s + at, n - at, &len);
		if (c < 0x80 ||
		    utf8proc_grapheme_break_stateful(
			(utf8proc_int32_t)last, (utf8proc_int32_t)c, &state))
			break;
		sequence = sequence || makes_sequence(base, c);
		if (!is_invisible(c))
			glyph_add(g, s + at, len, c);
		last = c;
		at += len;
	}
	if (sequence)
		glyph_set(g, "[?]");
	return at;
}

size_t
text_glyph_next(const char *s, size_t n, struct text_glyph *g)
{
	size_t len;
	uint32_t c = text_decode(s, n, &len);

	g->len = 0;
	g->cells = 0;
	if (is_invisible(c))
		return len;
	if (is_unprintable(c) || c == REPLACEMENT || text_cell_width(c) == 0) {
		glyph_set(g, "?");
		return len;
	}
	glyph_add(g, s, len, c);
	/* nothing joins two ASCII characters, once controls are dealt with */
	if (n == len || !(s[len] & 0x80))
		return len;
	return glyph_extend(g, c, s, n, len);
}

int
text_width(const char *s)
{
	int cells;

	text_fit(s, INT32_MAX, &cells);
	return cells;
}

size_t
text_fit(const char *s, int cells, int *used)
{
	struct text_glyph g;
	size_t at = 0, n = strlen(s), len;
	int sum = 0;

	while (at < n) {
		len = text_glyph_next(s + at, n - at, &g);
		if (g.cells > cells - sum)
			break;
		sum += g.cells;
		at += len;
	}
	if (used)
		*used = sum;
	return at;
}

uint32_t
text_fold_fullwidth(uint32_t c)
{
	if (c == 0x3000)
		return ' ';
	return c >= 0xff01 && c <= 0xff5e ? c - 0xff01 + '!' : c;
}

static bool
is_blank(uint32_t c)
{
	switch (utf8proc_category((utf8proc_int32_t)c)) {
	case UTF8PROC_CATEGORY_ZS:
	case UTF8PROC_CATEGORY_ZL:
	case UTF8PROC_CATEGORY_ZP:
	case UTF8PROC_CATEGORY_CC:
		return true;
	default:
		return false;
	}
}

/* Code points of s through a filter that drops blanks; malformed bytes become
 * U+FFFD. */
static void
add_without_blanks(struct buf *out, const char *s)
{
	size_t n = strlen(s), at = 0, len;
	char bytes[4];
	uint32_t c;

	while (at < n) {
		c = text_decode(s + at, n - at, &len);
		if (!is_blank(c))
			buf_add(out, bytes, text_encode(c, bytes));
		at += len;
	}
}

char *
text_fold(const char *s)
{
	struct buf clean = {0}, out = {0};
	utf8proc_uint8_t *folded = NULL;

	add_without_blanks(&clean, s);
	utf8proc_map((const utf8proc_uint8_t *)buf_str(&clean), 0, &folded,
	    UTF8PROC_NULLTERM | UTF8PROC_STABLE | UTF8PROC_COMPAT |
		UTF8PROC_COMPOSE | UTF8PROC_CASEFOLD | UTF8PROC_IGNORE);
	/* some compatibility forms bring a blank of their own */
	add_without_blanks(&out, folded ? (const char *)folded : "");
	free(folded);
	buf_clear(&clean);
	return buf_take(&out);
}
