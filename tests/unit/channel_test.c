/*
 * Channels over real sockets in the real loop:
 * - both ends agree, frames pass both ways, whatever the pieces they come in
 * - strangers (truncated, garbled, replayed, of another version) are closed
 * - frames too long, refusals and ends are told apart
 * - keys change at the count asked for
 * - a peer that never reads costs a bounded amount
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/buf.h"
#include "common/channel.h"
#include "common/codec.h"
#include "common/keyfile.h"
#include "common/loop.h"
#include "common/mem.h"
#include "common/stream.h"

#define DEADLINE_US 20000000

/* One side, with what happened to it. */
struct side {
	struct channel *c;
	struct channel_options o;
	struct keyfile *key;
	bool ready, closed, plain_end;
	bool hold;   /* server: answer the hello later */
	bool refuse; /* server: with ERR_REVOKED */
	bool free_at_hello, free_at_frame, pause_at_frame;
	struct err err;
	uint8_t peer_key[32];
	struct buf hello;
	size_t frames, bytes;
	enum frame_type last_type;
	uint32_t last_id;
	struct buf last;
	int drained;
};

static struct loop *loop;
static struct side client, server;
static int fds[2]; /* client's, server's end */
static char path[64];
static struct stream_listener *listener;

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

static const struct channel_events calls = {
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
	server.c = channel_serve(loop, fd, &server.o, &calls, &server);
}

static int
setup(void **state)
{
	struct err e;

	(void)state;
	loop = loop_new();
	memset(&client, 0, sizeof(client));
	memset(&server, 0, sizeof(server));
	give_key(&client);
	give_key(&server);
	snprintf(path, sizeof(path), "unix:/tmp/channel_test.%d", getpid());
	listener = stream_listen(loop, path, on_accept, NULL, &e);
	assert_non_null(listener);
	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
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

static int
teardown(void **state)
{
	(void)state;
	clear_side(&client);
	clear_side(&server);
	stream_listener_cancel(listener);
	close(fds[0]); /* EBADF where a channel owned it */
	loop_free(loop);
	return 0;
}

/* Turns the loop until the condition holds; fails loudly after a while. */
#define UNTIL(condition)                                  \
	do {                                              \
		uint64_t end_ = loop_now() + DEADLINE_US; \
		while (!(condition)) {                    \
			assert_true(loop_now() < end_);   \
			loop_turn(loop, false);           \
		}                                         \
	} while (0)

static void
start_client(void)
{
	client.c = channel_connect(
	    loop, path, keyfile_public(server.key), &client.o, &calls, &client);
	channel_set_hello(client.c, "hello", 5);
}

static void
start_both(void)
{
	start_client();
	UNTIL(client.ready && server.c && channel_is_open(server.c));
}

static void
test_good_path(void **state)
{
	(void)state;
	start_both();
	assert_memory_equal(server.peer_key, keyfile_public(client.key), 32);
	assert_int_equal(server.hello.len, 5);
	channel_send(client.c, FRAME_ASK, 7, "question", 8);
	UNTIL(server.frames == 1);
	assert_int_equal(server.last_type, FRAME_ASK);
	assert_int_equal(server.last_id, 7);
	assert_memory_equal(server.last.data, "question", 8);
	channel_send(server.c, FRAME_DONE, 7, "", 0);
	UNTIL(client.frames == 1);
	assert_int_equal(client.last_type, FRAME_DONE);
	assert_int_equal(client.last.len, 0);
	channel_finish(client.c);
	UNTIL(server.closed);
	assert_true(server.plain_end);
	channel_free(server.c);
	server.c = NULL;
	UNTIL(client.closed);
	assert_true(client.plain_end);
}

static void
test_refused(void **state)
{
	struct codec_reader r;
	char *code;

	(void)state;
	server.refuse = true;
	start_client();
	UNTIL(client.frames == 1 && client.closed);
	assert_int_equal(client.last_type, FRAME_ERROR);
	assert_int_equal(client.last_id, 0);
	codec_open(&r, client.last.data, client.last.len);
	assert_int_equal(codec_need_array(&r), 4);
	code = codec_need_text(&r);
	assert_string_equal(code, "revoked");
	free(code);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_good_path, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_refused, setup, teardown),
	};

	return cmocka_run_group_tests_name("channel", tests, NULL, NULL);
}
