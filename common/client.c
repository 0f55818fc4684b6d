/* The client half of the protocol: requests out, answers back by id. */
#include "common/client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "common/buf.h"
#include "common/channel.h"
#include "common/keyfile.h"
#include "common/loop.h"
#include "common/mem.h"
#include "common/secret.h"

#define FRAME_MAX_CLIENT (4u << 20)
#define WELCOME_US 10000000 /* connecting to welcome */
#define QUIET_US 75000000   /* nothing heard: PING */
#define SILENT_US 30000000  /* and no answer to that: it is broken */
#define CANCELLED_MAX 64    /* ids whose late answers are remembered */
#define DEVICE_NAME_MAX 256

struct request {
	TAILQ_ENTRY(request) link;
	uint32_t id;
	bool is_write;
	bool late; /* made when all was over already */
	const struct client_reply *reply;
	void *arg;
};
TAILQ_HEAD(request_list, request);

struct client {
	struct loop *loop;
	struct channel *channel;
	struct channel_options options;
	const struct client_events *events;
	void *arg;
	struct loop_timer *timer;
	bool welcomed, pinged;
	bool closing; /* the answers of open requests are being given up */
	bool closed;  /* on_closed was called */
	bool busy, dead;
	uint32_t next_id;
	struct request_list requests; /* oldest first */
	uint32_t cancelled[CANCELLED_MAX];
	size_t cancelled_at;
	struct err why; /* from a BYE or an ERROR with id 0 */
};

static void
drop_requests(struct client *c)
{
	struct request *r;

	while ((r = TAILQ_FIRST(&c->requests))) {
		TAILQ_REMOVE(&c->requests, r, link);
		free(r);
	}
}

static void
destroy(struct client *c)
{
	channel_free(c->channel);
	loop_timer_cancel(c->timer);
	drop_requests(c);
	free(c);
}

void
client_free(struct client *c)
{
	if (!c)
		return;
	if (!c->busy) {
		destroy(c);
		return;
	}
	c->dead = true;
	c->closed = true;
	drop_requests(c);
}

static void
leave(struct client *c)
{
	c->busy = false;
	if (c->dead)
		destroy(c);
}

/* Answers what is open; what callbacks ask meanwhile waits for the loop. */
static void
give_up_requests(struct client *c, const char *why)
{
	struct request *r;
	struct err lost;

	err_set(&lost, ERR_UNAVAILABLE, "%s", why);
	TAILQ_FOREACH (r, &c->requests, link)
		r->late = false;
	while ((r = TAILQ_FIRST(&c->requests)) && !r->late) {
		TAILQ_REMOVE(&c->requests, r, link);
		if (r->reply && r->reply->on_done)
			r->reply->on_done(&lost, NULL, r->arg);
		free(r);
	}
}

/* Everything open is answered with ERR_UNAVAILABLE, then on_closed.  What was
 * refused or said in a BYE goes to on_closed only. */
static void
fall(struct client *c, const struct err *e)
{
	if (c->closed || c->closing)
		return;
	c->closing = true;
	loop_timer_stop(c->timer);
	give_up_requests(c, e->text);
	if (c->dead)
		return;
	c->closed = true;
	if (c->events->on_closed)
		c->events->on_closed(e, c->arg);
}

static void
break_off(struct client *c, enum err_code code, const char *text)
{
	struct err e;

	err_set(&e, code, "%s", text);
	channel_free(c->channel);
	c->channel = NULL;
	fall(c, &e);
}

static struct request *
find_request(struct client *c, uint32_t id)
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
	break_off(c, ERR_BAD_REQUEST, "the server sent a malformed frame");
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
	struct request *q = find_request(c, id);
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
	struct request *q = find_request(c, id);
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
	struct request *q = find_request(c, id);

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
	struct request *q = find_request(c, id);
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

static void
on_frame(enum frame_type type, uint32_t id, const uint8_t *body, size_t len,
    void *arg)
{
	struct client *c = arg;
	struct codec_reader r;

	/* Types that a later server may have are passed over. */
	if ((size_t)type >= COUNT_OF(take_table) || !take_table[type])
		return;
	c->busy = true;
	codec_open(&r, body, len);
	take_table[type](c, id, &r);
	leave(c);
}

static void
on_closed(const struct err *e, void *arg)
{
	struct client *c = arg;
	struct err plain;

	err_set(&plain, ERR_UNAVAILABLE, "the server ended the connection");
	c->busy = true;
	if (c->why.code != ERR_NONE)
		fall(c, &c->why);
	else
		fall(c, e ? e : &plain);
	leave(c);
}

static void
on_time(void *arg)
{
	struct client *c = arg;
	uint64_t quiet;

	c->busy = true;
	if (c->closing) {
		give_up_requests(c, "the connection is over");
		leave(c);
		return;
	}
	if (!c->welcomed) {
		break_off(c, ERR_UNAVAILABLE, "the server does not answer");
		leave(c);
		return;
	}
	quiet = loop_now() - channel_heard(c->channel);
	if (quiet < QUIET_US) {
		c->pinged = false;
		loop_timer_set(c->timer, QUIET_US - quiet);
	} else if (!c->pinged) {
		c->pinged = true;
		codec_put_null(channel_begin(c->channel, FRAME_PING, 0));
		channel_end(c->channel);
		loop_timer_set(c->timer, SILENT_US);
	} else {
		break_off(c, ERR_UNAVAILABLE, "the server fell silent");
	}
	leave(c);
}

static void
set_hello(struct client *c, const struct client_hello *h)
{
	size_t name_len = strnlen(h->device_name, DEVICE_NAME_MAX);
	struct buf b = {0};

	/* Not in the middle of a character. */
	while (name_len == DEVICE_NAME_MAX && name_len > 0 &&
	       (h->device_name[name_len] & 0xc0) == 0x80)
		name_len--;
	codec_put_array(&b, 7);
	codec_put_text(&b, h->version);
	codec_put_text(&b, h->lang);
	codec_put_int(&b, h->widget_level);
	if (h->screens_hash)
		codec_put_bytes(&b, h->screens_hash, 32);
	else
		codec_put_null(&b);
	if (h->secret)
		codec_put_bytes(&b, h->secret, 16);
	else
		codec_put_null(&b);
	codec_put_textn(&b, h->device_name, name_len);
	codec_put_int(&b, loop_wallclock());
	channel_set_hello(c->channel, b.data, b.len);
	if (b.data)
		secret_wipe(b.data, b.len);
	buf_clear(&b);
}

static const struct channel_events channel_calls = {
    .on_frame = on_frame,
    .on_closed = on_closed,
};

struct client *
client_new(struct loop *l, const char *address, const uint8_t server_key[32],
    const struct keyfile *key, const struct client_hello *hello,
    const struct client_events *events, void *arg)
{
	struct client *c = xcalloc(1, sizeof(*c));

	c->loop = l;
	c->events = events;
	c->arg = arg;
	c->next_id = 1;
	TAILQ_INIT(&c->requests);
	c->options = (struct channel_options){
	    .secret = keyfile_secret(key),
	    .public = keyfile_public(key),
	    .frame_max = FRAME_MAX_CLIENT,
	    .patience = WELCOME_US,
	};
	c->timer = loop_timer_new(l, on_time, c);
	loop_timer_set(c->timer, WELCOME_US);
	c->channel = channel_connect(
	    l, address, server_key, &c->options, &channel_calls, c);
	set_hello(c, hello);
	return c;
}

bool
client_is_ready(const struct client *c)
{
	return c->welcomed && !c->closed && !c->closing;
}

static bool
is_cancelled(const struct client *c, uint32_t id)
{
	for (size_t i = 0; i < CANCELLED_MAX; i++)
		if (c->cancelled[i] == id)
			return true;
	return false;
}

static uint32_t
fresh_id(struct client *c)
{
	uint32_t id;

	do {
		id = c->next_id++;
	} while (id == 0 || find_request(c, id) || is_cancelled(c, id));
	return id;
}

/* A request without an open connection is answered from the loop. */
static struct request *
add_request(
    struct client *c, uint32_t id, const struct client_reply *reply, void *arg)
{
	struct request *r = xcalloc(1, sizeof(*r));

	r->id = id;
	r->reply = reply;
	r->arg = arg;
	TAILQ_INSERT_TAIL(&c->requests, r, link);
	if (c->closing) {
		r->late = true;
		loop_timer_soon(c->timer);
	}
	return r;
}

static void
put_map(struct buf *b, const struct buf *map)
{
	if (map && map->len > 0)
		buf_add(b, map->data, map->len);
	else
		codec_put_map(b, 0);
}

static bool
can_send(const struct client *c)
{
	return c->channel && !c->closing && !c->dead;
}

uint32_t
client_ask(struct client *c, uint32_t id, const char *statement,
    const struct buf *args, const struct buf *options,
    const struct client_reply *reply, void *arg)
{
	struct buf *b;

	/* Answers to the cancelled asking may still come under the old id. */
	if (id != 0 && (is_cancelled(c, id) || find_request(c, id))) {
		client_unwatch(c, id);
		id = 0;
	}
	if (id == 0)
		id = fresh_id(c);
	add_request(c, id, reply, arg);
	if (!can_send(c))
		return id;
	b = channel_begin(c->channel, FRAME_ASK, id);
	codec_put_array(b, 3);
	codec_put_text(b, statement);
	put_map(b, args);
	put_map(b, options);
	channel_end(c->channel);
	return id;
}

uint32_t
client_write(struct client *c, const char *statement, const struct buf *args,
    const uint8_t request_id[REQUEST_ID_LEN], const struct client_reply *reply,
    void *arg)
{
	uint32_t id = fresh_id(c);
	struct buf *b;

	add_request(c, id, reply, arg)->is_write = true;
	if (!can_send(c))
		return id;
	b = channel_begin(c->channel, FRAME_WRITE, id);
	codec_put_array(b, 3);
	codec_put_text(b, statement);
	put_map(b, args);
	codec_put_bytes(b, request_id, REQUEST_ID_LEN);
	channel_end(c->channel);
	return id;
}

static void
send_empty(struct client *c, enum frame_type type, uint32_t id)
{
	if (!can_send(c))
		return;
	codec_put_null(channel_begin(c->channel, type, id));
	channel_end(c->channel);
}

void
client_unwatch(struct client *c, uint32_t id)
{
	send_empty(c, FRAME_UNWATCH, id);
}

void
client_cancel(struct client *c, uint32_t id)
{
	struct request *r = find_request(c, id);

	if (!r)
		return;
	TAILQ_REMOVE(&c->requests, r, link);
	free(r);
	c->cancelled[c->cancelled_at++ % CANCELLED_MAX] = id;
	send_empty(c, FRAME_CANCEL, id);
}

void
client_request_id(uint8_t id[REQUEST_ID_LEN])
{
	uint64_t ms = (uint64_t)loop_wallclock() / 1000;

	for (int i = 0; i < 6; i++)
		id[i] = (uint8_t)(ms >> (40 - 8 * i));
	secret_random(id + 6, REQUEST_ID_LEN - 6);
}
