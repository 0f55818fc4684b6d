/* Rows and errors as frames. */
#include <stdio.h>
#include <string.h>

#include "common/codec.h"
#include "common/log.h"
#include "common/mem.h"
#include "server/gateway/impl.h"
#include "server/phrases.h"

/* COLUMNS says the same each time, so it is encoded once. */
void
answer_init(struct gateway *g)
{
	const struct catalogue *c = g->options.catalogue;
	const struct statement *s;
	struct buf *b;
	int i, k;

	g->columns = xcalloc((size_t)catalogue_count(c) + 1, sizeof(*b));
	for (i = 0; i < catalogue_count(c); i++) {
		s = catalogue_at(c, i);
		b = &g->columns[i];
		codec_put_array(b, (size_t)s->column_count);
		for (k = 0; k < s->column_count; k++) {
			codec_put_array(b, 2);
			codec_put_text(b, s->columns[k].name);
			codec_put_text(
			    b, catalogue_kind_name(s->columns[k].kind));
		}
	}
}

void
answer_columns(struct request *r)
{
	const struct buf *b =
	    &r->session->gateway->columns[r->statement->number];

	channel_send(
	    r->session->channel, FRAME_COLUMNS, r->id, b->data, b->len);
}

/* A list's page has one row too many if there are more, and its rows are in
 * reverse when it was walked backward. */
void
answer_rows(struct request *r, const struct pg_result *rows)
{
	const struct list_options *o = &r->session->gateway->list;
	int count = db_rows(rows), columns = r->statement->column_count, i, k;
	bool is_list =
	    r->statement->rows == ROWS_MANY && !r->statement->is_write;
	bool backward =
	    is_list && (o->place == LIST_BEFORE || o->place == LIST_LAST);
	struct buf *b;

	r->more = is_list && count > o->limit;
	if (r->more)
		count = o->limit;
	if (count > LIST_PAGE_MOST)
		count = LIST_PAGE_MOST;
	r->rows = count;
	answer_columns(r);
	if (count == 0)
		return;
	b = channel_begin(r->session->channel, FRAME_ROWS, r->id);
	codec_put_array(b, (size_t)count);
	for (i = 0; i < count; i++) {
		codec_put_array(b, (size_t)columns);
		for (k = 0; k < columns; k++)
			db_encode_cell(
			    rows, backward ? count - 1 - i : i, k, b);
	}
	channel_end(r->session->channel);
}

void
answer_done(struct request *r, int64_t total, bool exact)
{
	struct buf *b = channel_begin(r->session->channel, FRAME_DONE, r->id);

	codec_put_array(b, 4);
	codec_put_int(b, r->rows);
	codec_put_bool(b, r->statement->is_write ? r->repeated : r->more);
	if (total < 0)
		codec_put_null(b);
	else
		codec_put_int(b, total);
	codec_put_bool(b, exact);
	channel_end(r->session->channel);
}

/* What people read: a refusal has its phrase, a malformed request its detail
 * for whoever wrote the client, the rest the general sentence. */
void
answer_localise(const struct gateway *g, const char *lang, struct err *e)
{
	struct buf b = {0};

	if (e->code == ERR_REFUSED && g->options.phrases)
		phrases_say(g->options.phrases, e->name, lang, e->text, &b);
	else if (e->code == ERR_REFUSED)
		buf_addf(&b, "%s: %s", e->name, e->text);
	else if (e->code == ERR_BAD_REQUEST || e->code == ERR_BAD_ARGUMENT)
		buf_addf(&b, "%s: %s", err_code_text(e->code, lang), e->text);
	else
		buf_add_str(&b, err_code_text(e->code, lang));
	snprintf(e->text, sizeof(e->text), "%s", buf_str(&b));
	buf_clear(&b);
}

void
answer_error(struct session *s, uint32_t id, struct err *e)
{
	struct gateway_counters *c = &s->gateway->counters;

	switch (e->code) {
	case ERR_REFUSED:
		c->refusals++;
		break;
	case ERR_TIMEOUT:
	case ERR_BUSY:
		c->timeouts++;
		break;
	case ERR_UNAVAILABLE:
		c->unavailable++;
		break;
	case ERR_INTERNAL:
		log_error(
		    "person %lld: %s", (long long)s->scope.person, e->text);
		/* fall through */
	default:
		c->errors++;
	}
	answer_localise(s->gateway, session_lang(s), e);
	channel_send_error(s->channel, id, e);
}
