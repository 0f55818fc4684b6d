/* The client half of the protocol: frames from the server. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/client_impl.h"
#include "common/loop.h"
#include "common/mem.h"

struct request *
client_find_request(struct client *c, uint32_t id)
{
	struct request *r;

	TAILQ_FOREACH (r, &c->requests, link)
		if (r->id == id)
			return r;
	return NULL;
}

static void
malformed(struct client *c)
{
	client_break_off(
	    c, ERR_BAD_REQUEST, "the server sent a malformed frame");
}

static enum err_code
code_of(const char *name)
{
	for (int i = 1; i < ERR_COUNT; i++)
		if (strcmp(err_code_name((enum err_code)i), name) == 0)
			return (enum err_code)i;
	return ERR_REFUSED;
}

/* [code, sentence] and, with full, [.., field|null, retryable]. */
static bool
read_error(struct codec_reader *r, bool full, struct err *e)
{
	size_t n = codec_need_array(r);
	char *name, *text, *field = NULL;
	struct codec_item item;

	name = codec_need_text(r);
	text = codec_need_text(r);
	if (full) {
		if (codec_next(r, &item) && item.type == CODEC_TEXT)
			field = xstrndup((const char *)item.data, item.len);
		codec_need_bool(r);
	}
	if (name) {
		err_set(e, code_of(name), "%s", text ? text : "");
		snprintf(e->name, sizeof(e->name), "%s", name);
	}
	snprintf(e->field, sizeof(e->field), "%s", field ? field : "");
	free(text);
	free(field);
	if (!name || n != (full ? 4u : 2u) || !codec_finished(r)) {
		free(name);
		return false;
	}
	free(name);
	return true;
}

static void
take_welcome(struct client *c, uint32_t id, struct codec_reader *r)
{
	struct client_welcome w = {0};
	char *version, *person, *role, *place, *lang;
	bool good;

	(void)id;
	good = codec_need_array(r) == 10;
	w.server_version = version = codec_need_text(r);
	w.person_id = codec_need_int(r);
	w.person = person = codec_need_text(r);
	w.role = role = codec_need_text(r);
	w.place = place = codec_need_text(r);
	w.lang = lang = codec_need_text(r);
	w.device_id = codec_need_int(r);
	w.server_clock = codec_need_int(r);
	w.screens_hash = codec_need_bytes(r, &w.screens_hash_len);
	good = codec_skip(r) && good && codec_finished(r) && !c->welcomed;
	if (good && version && person && role && place && lang) {
		c->welcomed = true;
		loop_timer_set(c->timer, QUIET_US);
		if (c->events->on_welcome)
			c->events->on_welcome(&w, c->arg);
	} else {
		malformed(c);
	}
	free(version);
	free(person);
	free(role);
	free(place);
	free(lang);
}

static void
take_screens(struct client *c, uint32_t id, struct codec_reader *r)
{
	const uint8_t *hash, *bundle;
	size_t hash_len, at;

	(void)id;
	if (codec_need_array(r) != 2)
		r->failed = true;
	hash = codec_need_bytes(r, &hash_len);
	at = r->at;
	bundle = r->data + at;
	if (r->failed || !codec_skip(r) || !codec_finished(r))
		malformed(c);
	else if (c->events->on_screens)
		c->events->on_screens(
		    hash, hash_len, bundle, r->at - at, c->arg);
}

static void
free_columns(struct client_column *columns, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		free((void *)(uintptr_t)columns[i].name);
		free((void *)(uintptr_t)columns[i].type);
	}
	free(columns);
}

static void
take_columns(struct client *c, uint32_t id, struct codec_reader *r)
{
	struct request *q = client_find_request(c, id);
	size_t count = codec_need_array(r);
	struct client_column *columns = xcalloc(count, sizeof(*columns));

	for (size_t i = 0; i < count && !r->failed; i++) {
		if (codec_need_array(r) != 2)
			r->failed = true;
		columns[i].name = codec_need_text(r);
		columns[i].type = codec_need_text(r);
		if (!columns[i].name || !columns[i].type)
			r->failed = true;
	}
	if (!codec_finished(r))
		malformed(c);
	else if (q && q->reply && q->reply->on_columns)
		q->reply->on_columns(columns, count, q->arg);
	free_columns(columns, count);
}

static void
take_rows(struct client *c, uint32_t id, struct codec_reader *r)
{
	struct request *q = client_find_request(c, id);
	size_t count = codec_need_array(r);

	if (r->failed)
		malformed(c);
	else if (q && q->reply && q->reply->on_rows)
		q->reply->on_rows(r, count, q->arg);
}

/* The last answer to an id: true if it was one we cancelled. */
static bool
forget_cancelled(struct client *c, uint32_t id)
{
	for (size_t i = 0; i < CANCELLED_MAX; i++) {
		if (c->cancelled[i] != id)
			continue;
		c->cancelled[i] = 0;
		return true;
	}
	return false;
}

static void
finish_request(struct client *c, uint32_t id, const struct err *e,
    const struct client_done *done)
{
	struct request *q = client_find_request(c, id);

	if (!q) {
		forget_cancelled(c, id);
		return;
	}
	TAILQ_REMOVE(&c->requests, q, link);
	if (q->reply && q->reply->on_done)
		q->reply->on_done(e, done, q->arg);
	free(q);
}

static void
take_done(struct client *c, uint32_t id, struct codec_reader *r)
{
	struct client_done done = {.total = -1};
	struct codec_item item = {0};
	struct request *q = client_find_request(c, id);
	bool flag, good;

	good = codec_need_array(r) == 4;
	done.rows = codec_need_int(r);
	flag = codec_need_bool(r);
	if (!codec_next(r, &item) ||
	    (item.type != CODEC_INT && item.type != CODEC_NULL))
		r->failed = true;
	if (item.type == CODEC_INT)
		done.total = item.integer;
	done.total_is_exact = codec_need_bool(r);
	done.more = flag && q && !q->is_write;
	done.repeated = flag && q && q->is_write;
	if (!good || !codec_finished(r))
		malformed(c);
	else
		finish_request(c, id, NULL, &done);
}

static void
take_error(struct client *c, uint32_t id, struct codec_reader *r)
{
	struct err e;

	if (!read_error(r, true, &e))
		malformed(c);
	else if (id == 0)
		c->why = e; /* the server closes next */
	else
		finish_request(c, id, &e, NULL);
}

static void
take_bye(struct client *c, uint32_t id, struct codec_reader *r)
{
	struct err e;

	(void)id;
	if (!read_error(r, false, &e))
		malformed(c);
	else
		c->why = e;
}

static void
take_stale(struct client *c, uint32_t id, struct codec_reader *r)
{
	size_t count = codec_need_array(r);
	int64_t stale;

	(void)id;
	for (size_t i = 0; i < count && !c->dead; i++) {
		stale = codec_need_int(r);
		if (r->failed || stale < 1 || stale > UINT32_MAX) {
			malformed(c);
			return;
		}
		if (c->events->on_stale)
			c->events->on_stale((uint32_t)stale, c->arg);
	}
}

static void
take_notice(struct client *c, uint32_t id, struct codec_reader *r)
{
	bool good = codec_need_array(r) == 2;
	char *kind = codec_need_text(r), *text = codec_need_text(r);

	(void)id;
	if (!good || !kind || !text || !codec_finished(r))
		malformed(c);
	else if (c->events->on_notice)
		c->events->on_notice(kind, text, c->arg);
	free(kind);
	free(text);
}

static void (*const take_table[])(
    struct client *, uint32_t, struct codec_reader *) = {
    [FRAME_WELCOME] = take_welcome,
    [FRAME_SCREENS] = take_screens,
    [FRAME_COLUMNS] = take_columns,
    [FRAME_ROWS] = take_rows,
    [FRAME_DONE] = take_done,
    [FRAME_ERROR] = take_error,
    [FRAME_STALE] = take_stale,
    [FRAME_BYE] = take_bye,
    [FRAME_NOTICE] = take_notice,
};

void
client_take(
    struct client *c, enum frame_type type, uint32_t id, struct codec_reader *r)
{
	if ((size_t)type < COUNT_OF(take_table) && take_table[type])
		take_table[type](c, id, r);
}
