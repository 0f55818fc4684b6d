/* The rows that a source holds: pages of CBOR, and the way into them. */
#include "tui/source_page.h"

#include <stdlib.h>
#include <string.h>

#include "common/mem.h"

void
page_clear(struct source_page *p)
{
	buf_clear(&p->data);
	free(p->starts);
	free(p->ids);
	free(p->changed);
	*p = (struct source_page){0};
}

void
pages_clear(struct source_page *pages, int *count)
{
	for (int i = 0; i < *count; i++)
		page_clear(&pages[i]);
	*count = 0;
}

void
page_add(const struct source *s, struct source_page *p, struct codec_reader *r)
{
	struct codec_reader row;
	size_t from = r->at;
	int64_t id = p->count;
	struct value v;

	if (!codec_skip(r) || p->count >= SOURCE_PAGE_ROWS)
		return;
	codec_open(&row, r->data + from, r->at - from);
	if (codec_need_array(&row) < s->statement->column_count)
		return;
	for (int i = 0; i < s->key_column; i++)
		codec_skip(&row);
	if (s->key_column >= 0) {
		v = value_read(&row);
		id = v.integer;
		value_clear(&v);
	}
	if (!p->starts) {
		p->starts = xcalloc(SOURCE_PAGE_ROWS, sizeof(*p->starts));
		p->ids = xcalloc(SOURCE_PAGE_ROWS, sizeof(*p->ids));
		p->changed = xcalloc(SOURCE_PAGE_ROWS, sizeof(*p->changed));
	}
	p->starts[p->count] = (uint32_t)p->data.len;
	p->ids[p->count++] = id;
	buf_add(&p->data, r->data + from, r->at - from);
}

static void
page_size(const struct source_page *p, int row, size_t *start, size_t *len)
{
	*start = p->starts[row];
	*len = (row + 1 < p->count ? p->starts[row + 1] : p->data.len) - *start;
}

/* Which rows of a fresh page differ from what was shown. */
void
page_compare(struct source *s, struct source_page *p)
{
	size_t start, len, old_start, old_len;

	for (int i = 0; i < p->count; i++) {
		int old = source_find(s, p->ids[i]), at = old;
		const struct source_page *q = s->pages;

		if (old < 0) {
			p->changed[i] = true;
			s->fresh_new++;
			continue;
		}
		while (at >= q->count)
			at -= (q++)->count;
		page_size(p, i, &start, &len);
		page_size(q, at, &old_start, &old_len);
		p->changed[i] =
		    len != old_len || memcmp(p->data.data + start,
					  q->data.data + old_start, len) != 0;
	}
}

int
source_count(const struct source *s)
{
	int n = 0;

	for (int i = 0; i < s->page_count; i++)
		n += s->pages[i].count;
	return n;
}

/* The page of a row, which becomes the row within the page. */
static const struct source_page *
source_page(const struct source *s, int *row)
{
	for (int i = 0; i < s->page_count && *row >= 0; i++) {
		if (*row < s->pages[i].count)
			return &s->pages[i];
		*row -= s->pages[i].count;
	}
	return NULL;
}

int64_t
source_id(const struct source *s, int row)
{
	const struct source_page *p = source_page(s, &row);

	return p ? p->ids[row] : 0;
}

bool
source_changed(const struct source *s, int row)
{
	const struct source_page *p = source_page(s, &row);

	return p && p->changed[row];
}

int
source_find(const struct source *s, int64_t id)
{
	int at = 0;

	for (int i = 0; i < s->page_count; i++)
		for (int j = 0; j < s->pages[i].count; j++, at++)
			if (s->pages[i].ids[j] == id)
				return at;
	return -1;
}

void
source_row(const struct source *s, int row, struct value *cells)
{
	const struct source_page *p = source_page(s, &row);
	struct codec_reader r;

	for (size_t i = 0; i < s->statement->column_count; i++)
		cells[i] = (struct value){.type = CODEC_NULL};
	if (!p)
		return;
	codec_open(
	    &r, p->data.data + p->starts[row], p->data.len - p->starts[row]);
	for (size_t i = 0, n = codec_need_array(&r);
	     i < n && i < s->statement->column_count; i++)
		cells[i] = value_read(&r);
}

struct value
source_cell(const struct source *s, int row, int column)
{
	const struct source_page *p = source_page(s, &row);
	struct codec_reader r;

	if (!p || column < 0)
		return (struct value){.type = CODEC_NULL};
	codec_open(
	    &r, p->data.data + p->starts[row], p->data.len - p->starts[row]);
	codec_need_array(&r);
	while (column-- > 0)
		codec_skip(&r);
	return value_read(&r);
}

void
source_preload(struct source *s, const void *rows, size_t len, int64_t as_of)
{
	struct codec_reader r;

	pages_clear(s->pages, &s->page_count);
	s->version++;
	codec_open(&r, rows, len);
	while (
	    r.at < r.len && !r.failed && s->pages[0].count < SOURCE_PAGE_ROWS)
		page_add(s, &s->pages[0], &r);
	s->page_count = s->pages[0].count > 0;
	s->at_start = true;
	if (s->page_count) {
		s->state = SOURCE_READY;
		s->as_of = as_of;
	}
}
