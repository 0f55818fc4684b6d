/* The client half of the protocol: requests out, and the end of it all. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/client_impl.h"
#include "common/keyfile.h"
#include "common/loop.h"
#include "common/mem.h"
#include "common/secret.h"

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
	/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): r was taken out before */
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

void
client_break_off(struct client *c, enum err_code code, const char *text)
{
	struct err e;

	err_set(&e, code, "%s", text);
	channel_free(c->channel);
	c->channel = NULL;
	fall(c, &e);
}

static void
on_frame(enum frame_type type, uint32_t id, const uint8_t *body, size_t len,
    void *arg)
{
	struct client *c = arg;
	struct codec_reader r;

	c->busy = true;
	codec_open(&r, body, len);
	client_take(c, type, id, &r);
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
		client_break_off(
		    c, ERR_UNAVAILABLE, "the server does not answer");
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
		client_break_off(c, ERR_UNAVAILABLE, "the server fell silent");
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
	} while (id == 0 || client_find_request(c, id) || is_cancelled(c, id));
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
	if (id != 0 && (is_cancelled(c, id) || client_find_request(c, id))) {
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
	struct request *r = client_find_request(c, id);

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
