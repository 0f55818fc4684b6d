/* Faults in texts that people write, collected, sorted and shown. */
#include "common/diag.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/mem.h"
#include "common/say.h"
#include "common/text.h"

#define TAB_CELLS 8
#define LINE_CELLS 120 /* of a longer line, the part around the fault */

struct diag {
	char *file;
	struct diag_pos at;
	char code[8];
	char *text;
	char *line; /* the text at fault, NULL when there is none to show */
	int caret;  /* cells before the caret in it */
	char *suggest;
	char *why;
	size_t order; /* as added: the last word in sorting */
};

struct diags {
	struct diag *items;
	size_t count, size;
	size_t errors, warnings;
	char *first;
};

struct diags *
diags_new(void)
{
	return xcalloc(1, sizeof(struct diags));
}

void
diags_free(struct diags *d)
{
	size_t i;

	if (!d)
		return;
	for (i = 0; i < d->count; i++) {
		free(d->items[i].file);
		free(d->items[i].text);
		free(d->items[i].line);
		free(d->items[i].suggest);
		free(d->items[i].why);
	}
	free(d->items);
	free(d->first);
	free(d);
}

/* Line `number` of the file, without its end; NULL if there is none. */
static const char *
find_line(const struct diag_file *f, int number, size_t *len)
{
	const char *at = f->text, *end = at ? at + f->len : NULL, *stop;

	if (!at || number < 1)
		return NULL;
	for (; number > 1; number--) {
		at = memchr(at, '\n', (size_t)(end - at));
		if (!at)
			return NULL;
		at++;
	}
	stop = memchr(at, '\n', (size_t)(end - at));
	if (!stop)
		stop = end;
	if (stop > at && stop[-1] == '\r')
		stop--;
	*len = (size_t)(stop - at);
	return at;
}

/*
 * The line as it can be shown: tabs to blanks, the rest as text_glyph_next
 * says.  Returns the cells before column (counted in code points, as people's
 * editors do).
 */
static int
draw_line(const char *line, size_t len, int column, struct buf *out)
{
	struct text_glyph g;
	size_t at = 0, used, one, next;
	int cell = 0, caret = -1, chars = 1, fill;

	while (at < len) {
		if (line[at] == '\t') {
			fill = TAB_CELLS - cell % TAB_CELLS;
			used = 1;
			g = (struct text_glyph){.cells = fill};
			buf_addf(out, "%*s", fill, "");
		} else {
			used = text_glyph_next(line + at, len - at, &g);
			buf_add(out, g.bytes, g.len);
		}
		for (next = at + used; at < next; at += one, chars++) {
			if (chars == column)
				caret = cell;
			text_decode(line + at, next - at, &one);
		}
		cell += g.cells;
	}
	return caret < 0 ? cell : caret;
}

/* Cuts a long drawn line to the part around the caret. */
static char *
cut_line(const char *line, int *caret)
{
	int skip, used;
	size_t from;

	if (text_width(line) <= LINE_CELLS)
		return xstrdup(line);
	skip = *caret - LINE_CELLS / 2;
	from = skip > 0 ? text_fit(line, skip, &used) : 0;
	if (from > 0)
		*caret -= used;
	return xstrndup(line + from, text_fit(line + from, LINE_CELLS, NULL));
}

static void
keep_line(struct diag *item, const struct diag_file *f)
{
	struct buf drawn = {0};
	const char *line;
	size_t len;

	line = find_line(f, item->at.line, &len);
	if (!line)
		return;
	item->caret = draw_line(line, len, item->at.column, &drawn);
	item->line = cut_line(buf_str(&drawn), &item->caret);
	buf_clear(&drawn);
}

static void
add_place(struct buf *out, const struct diag *item)
{
	buf_add_str(out, item->file);
	if (item->at.line > 0)
		buf_addf(out, ":%d", item->at.line);
	if (item->at.line > 0 && item->at.column > 0)
		buf_addf(out, ":%d", item->at.column);
	buf_add_str(out, ": ");
}

static void
keep_first(struct diags *d, const struct diag *item)
{
	struct buf out = {0};

	add_place(&out, item);
	buf_add_str(&out, item->text);
	d->first = buf_take(&out);
}

void
diag_add(struct diags *d, const struct diag_file *f, struct diag_pos at,
    const char *code, const char *suggest, const char *why, const char *fmt,
    ...)
{
	struct buf text = {0};
	struct diag *item;
	va_list ap;

	if (d->count == d->size) {
		d->size = d->size ? d->size * 2 : 8;
		d->items =
		    xrealloc_array(d->items, d->size, sizeof(d->items[0]));
	}
	item = &d->items[d->count];
	*item = (struct diag){.at = at, .order = d->count};
	d->count++;
	va_start(ap, fmt);
	buf_vaddf(&text, fmt, ap);
	va_end(ap);
	item->text = buf_take(&text);
	item->file = xstrdup(f->name);
	memcpy(item->code, code, strnlen(code, sizeof(item->code) - 1));
	item->suggest = suggest ? xstrdup(suggest) : NULL;
	item->why = why ? xstrdup(why) : NULL;
	keep_line(item, f);
	if (code[0] == 'W') {
		d->warnings++;
		return;
	}
	if (d->errors++ == 0)
		keep_first(d, item);
}

size_t
diags_errors(const struct diags *d)
{
	return d->errors;
}

size_t
diags_warnings(const struct diags *d)
{
	return d->warnings;
}

const char *
diags_first(const struct diags *d)
{
	return d->first ? d->first : "";
}

static int
compare_int(int a, int b)
{
	return (a > b) - (a < b);
}

static int
compare_diag(const void *left, const void *right)
{
	const struct diag *a = *(const struct diag *const *)left;
	const struct diag *b = *(const struct diag *const *)right;
	int c = strcmp(a->file, b->file);

	if (c == 0)
		c = compare_int(a->at.line, b->at.line);
	if (c == 0)
		c = compare_int(a->at.column, b->at.column);
	return c ? c : (a->order > b->order) - (a->order < b->order);
}

/* The faults in the order they are read; the caller frees. */
static const struct diag **
sorted(const struct diags *d)
{
	const struct diag **list = xcalloc(d->count, sizeof(list[0]));
	size_t i;

	for (i = 0; i < d->count; i++)
		list[i] = &d->items[i];
	qsort(list, d->count, sizeof(list[0]), compare_diag);
	return list;
}

static const char *
severity(const struct diag *item)
{
	return item->code[0] == 'W' ? "warning" : "error";
}

static const char *
severity_word(const struct diag *item)
{
	return item->code[0] == 'W' ? say("警告", "warning")
				    : say("错误", "error");
}

static void
print_one(const struct diag *item, struct buf *out)
{
	add_place(out, item);
	buf_addf(
	    out, "%s[%s]: %s\n", severity_word(item), item->code, item->text);
	if (item->line)
		buf_addf(out, "  %s\n", item->line);
	if (item->line && item->at.column > 0)
		buf_addf(out, "  %*s^\n", item->caret, "");
	if (item->suggest)
		buf_addf(out,
		    say("  是不是 \"%s\"?\n", "  did you mean \"%s\"?\n"),
		    item->suggest);
	if (item->why)
		buf_addf(out, "  %s\n", item->why);
}

void
diags_print(const struct diags *d, struct buf *out)
{
	const struct diag **list = sorted(d);
	size_t i;

	for (i = 0; i < d->count; i++)
		print_one(list[i], out);
	free(list);
}

/* A string in JSON; malformed bytes become U+FFFD. */
static void
add_json(struct buf *out, const char *s)
{
	size_t n = strlen(s), at = 0, len;
	char bytes[4];
	uint32_t c;

	buf_add_byte(out, '"');
	while (at < n) {
		c = text_decode(s + at, n - at, &len);
		at += len;
		if (c == '"' || c == '\\')
			buf_addf(out, "\\%c", (int)c);
		else if (c < 0x20)
			buf_addf(out, "\\u%04x", (unsigned)c);
		else
			buf_add(out, bytes, text_encode(c, bytes));
	}
	buf_add_byte(out, '"');
}

static void
add_member(struct buf *out, const char *name, const char *value)
{
	buf_addf(out, ",\"%s\":", name);
	if (value)
		add_json(out, value);
	else
		buf_add_str(out, "null");
}

void
diags_print_json(const struct diags *d, struct buf *out)
{
	const struct diag **list = sorted(d);
	size_t i;

	buf_add_byte(out, '[');
	for (i = 0; i < d->count; i++) {
		buf_add_str(out, i ? ",\n {\"file\":" : "\n {\"file\":");
		add_json(out, list[i]->file);
		buf_addf(out, ",\"line\":%d,\"column\":%d", list[i]->at.line,
		    list[i]->at.column);
		add_member(out, "severity", severity(list[i]));
		add_member(out, "code", list[i]->code);
		add_member(out, "text", list[i]->text);
		add_member(out, "suggest", list[i]->suggest);
		add_member(out, "why", list[i]->why);
		buf_add_byte(out, '}');
	}
	buf_add_str(out, d->count ? "\n]\n" : "]\n");
	free(list);
}

static int
least(int a, int b)
{
	return a < b ? a : b;
}

#define WORD_MAX 64

/* Edits (insert, drop, change, swap two neighbours) from a to b, in bytes;
 * the third row back is what a swap looks at. */
static int
edits(const char *a, const char *b)
{
	int rows[3][WORD_MAX + 1];
	int *two = rows[0], *one = rows[1], *row = rows[2], *spare;
	int n = (int)strlen(b), i, j, cost;

	for (j = 0; j <= n; j++)
		one[j] = j;
	for (i = 1; a[i - 1]; i++) {
		row[0] = i;
		for (j = 1; j <= n; j++) {
			cost = a[i - 1] != b[j - 1];
			row[j] = least(
			    least(row[j - 1], one[j]) + 1, one[j - 1] + cost);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
			    a[i - 2] == b[j - 1])
				row[j] = least(row[j], two[j - 2] + 1);
		}
		spare = two;
		two = one;
		one = row;
		row = spare;
	}
	return one[n];
}

const char *
diag_nearest(const char *word, const char *const *words)
{
	const char *best = NULL;
	size_t len = strlen(word);
	/* one edit in a short word, up to three in a long one */
	int limit = len < 4 ? 1 : len < 8 ? 2 : 3, n;

	if (len > WORD_MAX)
		return NULL;
	for (; *words; words++) {
		if (strlen(*words) > WORD_MAX)
			continue;
		n = edits(word, *words);
		/* a word of which nothing is left is no suggestion */
		if (n <= limit && n < (int)len) {
			limit = n - 1;
			best = *words;
		}
	}
	return best;
}
