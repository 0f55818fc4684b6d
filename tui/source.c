/* Pages of rows, asked for, held and renewed. */
#include "tui/source_page.h"

#include <stdlib.h>
#include <string.h>

#include "common/loop.h"
#include "common/mem.h"

static const struct client_reply source_reply;

void
source_init(struct source *s, const struct port *port,
    const struct statement_def *statement,
    void (*on_change)(struct source *s, void *arg), void *arg)
{
	*s = (struct source){
	    .port = port,
	    .statement = statement,
	    .key_column = statement_column(statement, statement->key),
	    .on_change = on_change,
	    .arg = arg,
	    .total = -1,
	};
}

static void
sort_clear(struct source *s)
{
	for (size_t i = 0; i < s->sort_count; i++)
		free(s->sort[i].column);
	free(s->sort);
	s->sort = NULL;
	s->sort_count = 0;
}

static void
source_drop(struct source *s)
{
	if (s->asked_id && s->asked_id != s->watch_id)
		s->port->cancel(s->port->arg, s->asked_id);
	if (s->watch_id) {
		if (s->asked_id == s->watch_id)
			s->port->cancel(s->port->arg, s->watch_id);
		s->port->unwatch(s->port->arg, s->watch_id);
	}
	s->asked_id = s->watch_id = 0;
	page_clear(&s->incoming);
	pages_clear(s->fresh, &s->fresh_count);
	s->refreshing = s->stale = s->fresh_done = false;
	s->fresh_new = 0;
}

void
source_clear(struct source *s)
{
	if (!s->statement)
		return;
	source_drop(s);
	pages_clear(s->pages, &s->page_count);
	values_clear(&s->args);
	sort_clear(s);
	free(s->search);
	buf_clear(&s->filter);
	*s = (struct source){0};
}

static void
put_sort(const struct source *s, struct buf *b)
{
	codec_put_text(b, "sort");
	codec_put_array(b, s->sort_count);
	for (size_t i = 0; i < s->sort_count; i++) {
		codec_put_array(b, 2);
		codec_put_text(b, s->sort[i].column);
		codec_put_bool(b, s->sort[i].descending);
	}
}

/* The sort columns and key of a row: where the next page begins. */
static void
put_anchor(
    const struct source *s, const struct source_page *p, int row, struct buf *b)
{
	const struct statement_def *st = s->statement;
	size_t n = s->sort_count ? s->sort_count : (st->sort_count ? 1u : 0u);
	struct value *cells = xcalloc(st->column_count, sizeof(*cells));
	struct codec_reader r;
	int column;

	codec_open(
	    &r, p->data.data + p->starts[row], p->data.len - p->starts[row]);
	for (size_t i = 0, end = codec_need_array(&r);
	     i < end && i < st->column_count; i++)
		cells[i] = value_read(&r);
	codec_put_array(b, n + 1);
	for (size_t i = 0; i < n; i++) {
		column = statement_column(
		    st, s->sort_count ? s->sort[i].column : st->sort[0]);
		if (column >= 0)
			value_put(&cells[column], b);
		else
			codec_put_null(b);
	}
	codec_put_int(b, p->ids[row]);
	for (size_t i = 0; i < st->column_count; i++)
		value_clear(&cells[i]);
	free(cells);
}

static void
put_options(const struct source *s, enum page_from from,
    const struct source_page *anchor, bool watch, struct buf *b)
{
	bool anchored = anchor && anchor->count > 0 &&
			(from == PAGE_AFTER || from == PAGE_BEFORE);
	bool list = s->key_column >= 0;

	codec_put_map(b, (s->sort_count > 0) + (s->search != NULL) +
			     (s->filter.len > 0) + (size_t)anchored +
			     (from == PAGE_LAST) + (size_t)watch +
			     (size_t)list);
	if (s->sort_count > 0)
		put_sort(s, b);
	if (s->search) {
		codec_put_text(b, "search");
		codec_put_text(b, s->search);
	}
	if (s->filter.len > 0) {
		codec_put_text(b, "filter");
		buf_add(b, s->filter.data, s->filter.len);
	}
	if (anchored) {
		codec_put_text(b, from == PAGE_AFTER ? "after" : "before");
		put_anchor(
		    s, anchor, from == PAGE_AFTER ? anchor->count - 1 : 0, b);
	}
	if (from == PAGE_LAST) {
		codec_put_text(b, "last");
		codec_put_bool(b, true);
	}
	if (watch) {
		codec_put_text(b, "watch");
		codec_put_bool(b, true);
	}
	if (list) {
		codec_put_text(b, "limit");
		codec_put_int(b, SOURCE_PAGE_ROWS);
	}
}

static void
source_ask(struct source *s, enum page_from from,
    const struct source_page *anchor, bool watch)
{
	struct buf args = {0}, options = {0};

	if (!s->port->is_ready(s->port->arg))
		return;
	if (s->state == SOURCE_IDLE || s->state == SOURCE_FAILED)
		s->state = SOURCE_LOADING;
	values_put(&s->args, &args);
	put_options(s, from, anchor, watch, &options);
	s->asked = from;
	page_clear(&s->incoming);
	s->asked_id = s->port->ask(s->port->arg, watch ? s->watch_id : 0,
	    s->statement->name, &args, &options, &source_reply, s);
	if (watch)
		s->watch_id = s->asked_id;
	buf_clear(&args);
	buf_clear(&options);
}

void
source_restart(struct source *s)
{
	source_drop(s);
	pages_clear(s->pages, &s->page_count);
	s->version++;
	s->state = SOURCE_IDLE;
	s->as_of = 0;
	s->base = 0;
	s->total = -1;
	s->at_start = s->at_end = false;
	source_ask(s, PAGE_FIRST, NULL, true);
}

void
source_reconnect(struct source *s)
{
	s->asked_id = s->watch_id = 0;
	page_clear(&s->incoming);
	pages_clear(s->fresh, &s->fresh_count);
	s->refreshing = s->stale = s->fresh_done = false;
	if (s->page_count == 0)
		source_restart(s);
	else if (s->as_of) /* another time's rows: nothing to compare with */
		source_ask(s, PAGE_FIRST, NULL, true);
	else
		source_refresh(s);
}

/* The first page is asked as it was asked before; the others follow it, each
 * after the last row of the one before, so that no row falls between. */
void
source_refresh(struct source *s)
{
	if (s->asked_id) {
		s->stale = true;
		return;
	}
	if (s->page_count == 0) {
		source_restart(s);
		return;
	}
	pages_clear(s->fresh, &s->fresh_count);
	s->stale = s->fresh_done = false;
	s->refreshing = true;
	s->fresh_new = 0;
	if (s->at_start)
		source_ask(s, PAGE_FIRST, NULL, true);
	else if (s->at_end && s->page_count == 1)
		source_ask(s, PAGE_LAST, NULL, true);
	else
		source_ask(
		    s, PAGE_BEFORE, &s->pages[s->page_count > 1 ? 1 : 0], true);
	if (!s->asked_id)
		s->refreshing = false;
}

void
source_more(struct source *s, bool backwards)
{
	const struct source_page *p =
	    &s->pages[backwards || s->page_count == 0 ? 0 : s->page_count - 1];

	if ((backwards ? s->at_start : s->at_end) || s->asked_id ||
	    p->count == 0 || s->fresh_done || s->key_column < 0)
		return;
	source_ask(s, backwards ? PAGE_BEFORE : PAGE_AFTER, p, false);
}

void
source_jump(struct source *s, bool to_end)
{
	if (to_end ? s->at_end : s->at_start)
		return;
	if (s->asked_id && s->asked_id != s->watch_id)
		s->port->cancel(s->port->arg, s->asked_id);
	else if (s->asked_id)
		return;
	s->asked_id = 0;
	source_ask(s, to_end ? PAGE_LAST : PAGE_FIRST, NULL, false);
}

static void
on_rows(struct codec_reader *rows, size_t count, void *arg)
{
	struct source *s = arg;

	for (size_t i = 0; i < count && !rows->failed; i++)
		page_add(s, &s->incoming, rows);
}

static void
fresh_show(struct source *s)
{
	pages_clear(s->pages, &s->page_count);
	s->version++;
	memcpy(s->pages, s->fresh, sizeof(s->pages));
	memset(s->fresh, 0, sizeof(s->fresh));
	s->page_count = s->fresh_count;
	s->fresh_count = 0;
	s->at_end = s->fresh_end;
	s->fresh_done = false;
	s->unseen += s->fresh_new;
	s->fresh_new = 0;
	s->state = SOURCE_READY;
}

static void
on_fresh(struct source *s, bool more)
{
	bool list = s->key_column >= 0;
	int want = s->page_count;

	if (list)
		page_compare(s, &s->incoming);
	s->fresh[s->fresh_count++] = s->incoming;
	s->incoming = (struct source_page){0};
	s->fresh_end = !more || !list;
	if (more && s->fresh_count < want &&
	    s->fresh[s->fresh_count - 1].count > 0) {
		source_ask(s, PAGE_AFTER, &s->fresh[s->fresh_count - 1], false);
		return;
	}
	/* What moved up into the end of the last page is not news. */
	if (more && list) {
		const struct source_page *p = &s->fresh[s->fresh_count - 1];

		for (int i = p->count - 1; i >= 0 && s->fresh_new > 0 &&
					   source_find(s, p->ids[i]) < 0;
		     i--)
			s->fresh_new--;
	}
	s->refreshing = false;
	s->fresh_done = true;
	s->loaded_at = loop_now();
	if (!s->held || s->fresh_new == 0)
		fresh_show(s);
}

static void
pages_shift(struct source *s, bool backwards)
{
	if (s->page_count < SOURCE_PAGES)
		return;
	if (backwards) {
		page_clear(&s->pages[--s->page_count]);
		s->at_end = false;
		return;
	}
	if (s->base >= 0)
		s->base += s->pages[0].count;
	page_clear(&s->pages[0]);
	memmove(
	    s->pages, s->pages + 1, (SOURCE_PAGES - 1) * sizeof(s->pages[0]));
	s->pages[--s->page_count] = (struct source_page){0};
	s->at_start = false;
}

static void
on_page(struct source *s, bool more)
{
	struct source_page page = s->incoming;

	s->incoming = (struct source_page){0};
	s->version++;
	if (s->asked == PAGE_FIRST || s->asked == PAGE_LAST) {
		pages_clear(s->pages, &s->page_count);
		s->at_start = s->asked == PAGE_FIRST || !more;
		s->at_end = s->asked == PAGE_LAST || !more;
		s->base = s->at_start ? 0 : -1;
		if (s->base < 0 && s->total_exact)
			s->base = (long)s->total - page.count;
	} else if (s->asked == PAGE_AFTER)
		s->at_end = !more;
	else
		s->at_start = !more;
	if (page.count == 0 && s->page_count > 0) {
		page_clear(&page);
		return;
	}
	pages_shift(s, s->asked == PAGE_BEFORE);
	if (s->asked == PAGE_BEFORE) {
		memmove(s->pages + 1, s->pages,
		    (size_t)s->page_count * sizeof(s->pages[0]));
		s->pages[0] = page;
		if (s->base >= 0)
			s->base -= page.count;
		if (s->at_start || s->base < 0)
			s->base = s->at_start ? 0 : -1;
	} else
		s->pages[s->page_count] = page;
	s->page_count++;
}

static void
on_done(const struct err *e, const struct client_done *done, void *arg)
{
	struct source *s = arg;

	s->asked_id = 0;
	if (e) {
		s->err = *e;
		s->refreshing = false;
		page_clear(&s->incoming);
		if (s->page_count == 0)
			s->state = SOURCE_FAILED;
	} else {
		s->as_of = 0;
		if (done->total >= 0) {
			s->total = done->total;
			s->total_exact = done->total_is_exact;
		}
		if (s->refreshing)
			on_fresh(s, done->more);
		else {
			on_page(s, done->more && s->key_column >= 0);
			s->loaded_at = loop_now();
			s->state = SOURCE_READY;
		}
	}
	if (!s->asked_id && s->stale)
		source_refresh(s);
	s->on_change(s, s->arg);
}

static const struct client_reply source_reply = {
    .on_rows = on_rows,
    .on_done = on_done,
};

void
source_hold(struct source *s, bool held)
{
	s->held = held;
	if (!held && s->fresh_done)
		fresh_show(s);
}

int
source_new_rows(const struct source *s)
{
	return s->unseen + (s->fresh_done ? s->fresh_new : 0);
}

void
source_mark_seen(struct source *s)
{
	s->unseen = 0;
}
