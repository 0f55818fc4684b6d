/* A line of text under a caret. */
#include "tui/edit.h"

#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/mem.h"
#include "common/text.h"
#include "tui/keys.h"

void
edit_clear(struct edit *e)
{
	free(e->text);
	*e = (struct edit){0};
}

const char *
edit_text(const struct edit *e)
{
	return e->text ? e->text : "";
}

void
edit_set(struct edit *e, const char *text)
{
	char *copy = xstrdup(text);

	edit_clear(e);
	e->text = copy;
	e->len = e->at = strlen(copy);
}

static void
edit_insert(struct edit *e, const char *s, size_t n)
{
	/* as much as there is room for, and no half of a character */
	if (n > EDIT_MAX - e->len) {
		n = EDIT_MAX - e->len;
		while (n > 0 && ((unsigned char)s[n] & 0xc0) == 0x80)
			n--;
	}
	if (n == 0)
		return;
	e->text = xrealloc_array(e->text, e->len + n + 1, 1);
	memmove(e->text + e->at + n, e->text + e->at, e->len - e->at);
	memcpy(e->text + e->at, s, n);
	e->at += n;
	e->len += n;
	e->text[e->len] = '\0';
}

static void
edit_cut(struct edit *e, size_t from, size_t to)
{
	if (from >= to)
		return;
	memmove(e->text + from, e->text + to, e->len - to);
	e->len -= to - from;
	e->text[e->len] = '\0';
	e->at = from;
}

static size_t
char_back(const struct edit *e, size_t at)
{
	while (at > 0 && ((unsigned char)e->text[--at] & 0xc0) == 0x80)
		;
	return at;
}

static size_t
char_next(const struct edit *e, size_t at)
{
	size_t len = 0;

	if (at >= e->len)
		return e->len;
	text_decode(e->text + at, e->len - at, &len);
	return at + len;
}

static size_t
word_back(const struct edit *e)
{
	size_t at = e->at;

	while (at > 0 && e->text[at - 1] == ' ')
		at--;
	while (at > 0 && e->text[at - 1] != ' ')
		at = char_back(e, at);
	return at;
}

static bool
edit_move(struct edit *e, uint32_t key)
{
	switch (key) {
	case KEY_LEFT_:
	case 2: /* C-b */
		e->at = char_back(e, e->at);
		return true;
	case KEY_RIGHT_:
	case 6: /* C-f */
		e->at = char_next(e, e->at);
		return true;
	case KEY_HOME_:
	case 1: /* C-a */
		e->at = 0;
		return true;
	case KEY_END_:
	case 5: /* C-e */
		e->at = e->len;
		return true;
	default:
		return false;
	}
}

bool
edit_key(struct edit *e, uint32_t key)
{
	char utf8[4];

	switch (key) {
	case KEY_RUBOUT_:
	case 8: /* C-h */
		edit_cut(e, char_back(e, e->at), e->at);
		return true;
	case KEY_DELETE_:
	case 4: /* C-d */
		edit_cut(e, e->at, char_next(e, e->at));
		return true;
	case 23: /* C-w */
		edit_cut(e, word_back(e), e->at);
		return true;
	case 21: /* C-u */
		edit_cut(e, 0, e->at);
		return true;
	case 11: /* C-k */
		edit_cut(e, e->at, e->len);
		return true;
	default:
		break;
	}
	if (edit_move(e, key))
		return true;
	if (key < ' ' || key >= KEY_SPECIAL_ || (key >= 0x7f && key < 0xa0))
		return false;
	edit_insert(e, utf8, text_encode(key, utf8));
	return true;
}

void
edit_paste(struct edit *e, const char *text, bool lines)
{
	struct buf clean = {0};
	size_t n = strlen(text), len;
	uint32_t c;

	for (size_t i = 0; i < n; i += len) {
		c = text_decode(text + i, n - i, &len);
		if (c == '\r' || c == '\t' || (c == '\n' && !lines))
			buf_add_byte(&clean, ' ');
		else if (c == '\n' ||
			 (c >= ' ' && c != 0x7f && (c < 0x80 || c >= 0xa0)))
			buf_add(&clean, text + i, len);
	}
	edit_insert(e, (const char *)clean.data, clean.len);
	buf_clear(&clean);
}

/* Where the text begins within `w` cells so that the caret shows; *before: the
 * cells from there to it. */
static const char *
draw_from(const char *shown, size_t caret, int w, int *before)
{
	const char *from = shown, *end = shown + caret;
	struct text_glyph g;

	*before = 0;
	while (from < end) {
		from += text_glyph_next(from, (size_t)(end - from), &g);
		*before += g.cells;
	}
	for (from = shown; *before >= w && from < end; *before -= g.cells)
		from += text_glyph_next(from, (size_t)(end - from), &g);
	return from;
}

void
edit_draw(const struct edit *e, struct grid *g, struct rect r, enum style s,
    bool caret, bool secret)
{
	char *shown = xstrndup(edit_text(e), e->len);
	const char *from;
	int before;

	if (secret)
		memset(shown, '*', e->len);
	from = draw_from(shown, e->at, r.w, &before);
	grid_put(g, r.y, r.x, r.w, from, s);
	if (caret) {
		g->cursor_y = r.y;
		g->cursor_x = r.x + before;
		g->cursor_shown = true;
	}
	free(shown);
}
