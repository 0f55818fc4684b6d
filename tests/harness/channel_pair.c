/* Two channels over a unix socket in one loop. */
#include "tests/harness/channel_pair.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct channel_pair pair;

static void
on_hello(const uint8_t key[32], const uint8_t *hello, size_t len, void *arg)
{
	struct side *s = arg;
	struct err e;

	memcpy(s->peer_key, key, 32);
	buf_add(&s->hello, hello, len);
	if (s->free_at_hello) {
		channel_free(s->c);
		s->c = NULL;
	} else if (s->refuse) {
		err_set(&e, ERR_REVOKED, "this key was revoked");
		channel_refuse(s->c, &e);
	} else if (!s->hold) {
		channel_accept(s->c);
	}
}

static void
on_ready(void *arg)
{
	struct side *s = arg;

	s->ready = true;
}

static void
on_frame(enum frame_type type, uint32_t id, const uint8_t *body, size_t len,
    void *arg)
{
	struct side *s = arg;

	s->frames++;
	s->bytes += len;
	s->last_type = type;
	s->last_id = id;
	buf_reset(&s->last);
	buf_add(&s->last, body, len);
	if (s->pause_at_frame)
		channel_pause(s->c);
	if (s->free_at_frame) {
		channel_free(s->c);
		s->c = NULL;
	}
}

static void
on_drained(void *arg)
{
	struct side *s = arg;

	s->drained++;
}

static void
on_closed(const struct err *e, void *arg)
{
	struct side *s = arg;

	assert_false(s->closed);
	s->closed = true;
	s->plain_end = !e;
	if (e)
		s->err = *e;
}

const struct channel_events pair_calls = {
    .on_hello = on_hello,
    .on_ready = on_ready,
    .on_frame = on_frame,
    .on_drained = on_drained,
    .on_closed = on_closed,
};

static void
give_key(struct side *s)
{
	s->key = keyfile_generate();
	s->o = (struct channel_options){
	    .secret = keyfile_secret(s->key),
	    .public = keyfile_public(s->key),
	    .frame_max = 1 << 20,
	};
}

static void
on_accept(int fd, void *arg)
{
	(void)arg;
	pair.server.c = channel_serve(
	    pair.loop, fd, &pair.server.o, &pair_calls, &pair.server);
}

int
pair_setup(void **state)
{
	struct err e;

	(void)state;
	pair.loop = loop_new();
	memset(&pair.client, 0, sizeof(pair.client));
	memset(&pair.server, 0, sizeof(pair.server));
	give_key(&pair.client);
	give_key(&pair.server);
	snprintf(pair.path, sizeof(pair.path), "unix:/tmp/channel_test.%d",
	    getpid());
	pair.listener =
	    stream_listen(pair.loop, pair.path, on_accept, NULL, &e);
	assert_non_null(pair.listener);
	return 0;
}

static void
clear_side(struct side *s)
{
	channel_free(s->c);
	keyfile_free(s->key);
	buf_clear(&s->hello);
	buf_clear(&s->last);
}

int
pair_teardown(void **state)
{
	(void)state;
	clear_side(&pair.client);
	clear_side(&pair.server);
	stream_listener_cancel(pair.listener);
	loop_free(pair.loop);
	return 0;
}

void
pair_start_client(void)
{
	pair.client.c = channel_connect(pair.loop, pair.path,
	    keyfile_public(pair.server.key), &pair.client.o, &pair_calls,
	    &pair.client);
	channel_set_hello(pair.client.c, "hello", 5);
}

void
pair_start(void)
{
	pair_start_client();
	UNTIL(pair.client.ready && pair.server.c &&
	      channel_is_open(pair.server.c));
}
