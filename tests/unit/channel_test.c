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
static struct buf recorded; /* what the client sent through us */

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
	buf_clear(&recorded);
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

/* ---- what a stranger sends, recorded from a good client ---- */

/* A server side over a bare socket: we are the network. */
static void
serve_raw(void)
{
	server.closed = server.plain_end = false;
	server.err.code = ERR_NONE;
	buf_reset(&server.hello);
	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
	server.c = channel_serve(loop, fds[1], &server.o, &calls, &server);
}

static void
drop_raw(void)
{
	channel_free(server.c);
	server.c = NULL;
	close(fds[0]);
}

static void
turn(int times)
{
	for (int i = 0; i < times; i++)
		loop_turn(loop, false);
}

/* Carries bytes between two sockets, a few at a time; what goes from `from` is
 * recorded when asked for. */
static bool
carry(int from, int to, size_t most, bool record)
{
	uint8_t piece[65536];
	ssize_t n = read(from, piece, most);

	if (n <= 0)
		return false;
	if (record)
		buf_add(&recorded, piece, (size_t)n);
	assert_int_equal(write(to, piece, (size_t)n), n);
	return true;
}

static int wire = -1; /* the client's connection, when we stand between */

static void
on_wire(int fd, void *arg)
{
	(void)arg;
	wire = fd;
}

/* Client and server with us between them, `most` bytes at a time. */
static void
start_through_us(size_t most)
{
	struct err e;

	wire = -1;
	buf_reset(&recorded);
	stream_listener_cancel(listener);
	listener = stream_listen(loop, path, on_wire, NULL, &e);
	assert_non_null(listener);
	start_client();
	channel_send(client.c, FRAME_ASK, 1, "first", 5);
	UNTIL(wire >= 0);
	serve_raw();
	while (server.frames < 1 && !server.closed) {
		turn(1);
		carry(wire, fds[0], most, true);
		carry(fds[0], wire, most, false);
	}
}

static void
test_one_byte_at_a_time(void **state)
{
	(void)state;
	start_through_us(1);
	assert_int_equal(server.frames, 1);
	assert_memory_equal(server.last.data, "first", 5);
	drop_raw();
	close(wire);
}

/* The recorded bytes of a good client, cut or changed, sent to a new server:
 * it has other ephemeral keys, so nothing past message 2 can pass. */
static void
test_replayed_and_cut(void **state)
{
	(void)state;
	start_through_us(65536);
	drop_raw();
	close(wire);
	server.frames = 0;
	assert_true(recorded.len > 8 + 50 + 66);
	for (size_t n = 0; n <= recorded.len; n++) {
		serve_raw();
		assert_int_equal(write(fds[0], recorded.data, n), (ssize_t)n);
		shutdown(fds[0], SHUT_WR);
		UNTIL(server.closed);
		assert_false(server.plain_end);
		assert_int_equal(server.hello.len, 0);
		drop_raw();
	}
	assert_int_equal(server.frames, 0);
	buf_clear(&recorded);
}

/* Every byte of a good client's handshake, changed on its way. */
static void
test_changed_on_the_way(void **state)
{
	size_t total, sent;
	uint8_t piece[65536];
	ssize_t n;

	(void)state;
	start_through_us(65536);
	total = recorded.len;
	drop_raw();
	close(wire);
	/* the last turn changes nothing: then it must work */
	for (size_t at = 0; at < total + 3; at += 3) {
		channel_free(client.c);
		client.c = NULL;
		client.closed = client.ready = false;
		server.frames = 0;
		wire = -1;
		start_client();
		channel_send(client.c, FRAME_ASK, 1, "first", 5);
		UNTIL(wire >= 0);
		serve_raw();
		sent = 0;
		for (int i = 0; i < 40 && !server.closed; i++) {
			turn(1);
			n = read(wire, piece, sizeof(piece));
			if (n > 0 && at >= sent && at < sent + (size_t)n)
				piece[at - sent] ^= 0x10;
			if (n > 0) {
				sent += (size_t)n;
				n = send(
				    fds[0], piece, (size_t)n, MSG_NOSIGNAL);
			}
			carry(fds[0], wire, 65536, false);
		}
		/* A longer length than what comes is still being waited for. */
		assert_int_equal(server.frames, at < total ? 0 : 1);
		drop_raw();
		close(wire);
	}
	buf_clear(&recorded);
}

static const struct stranger {
	const char *bytes;
	size_t len;
	size_t answer; /* bytes the server sends back */
	enum err_code code;
} strangers[] = {
    {"", 0, 0, ERR_UNAVAILABLE},
    {"GET / HTTP/1.1\r\n\r\n", 18, 0, ERR_BAD_REQUEST},
    {"F", 1, 0, ERR_UNAVAILABLE},
    {"FBRX", 4, 0, ERR_BAD_REQUEST},
    {"FBRK\0\1\0\1", 8, 0, ERR_BAD_REQUEST},
    {"FBRK\0\2\0\0", 8, 8, ERR_VERSION},
    {"FBRK\377\377\0\0", 8, 8, ERR_VERSION},
    {"FBRK\0\1\0\0", 8, 8, ERR_UNAVAILABLE},
    {"FBRK\0\1\0\0\0\0", 10, 8, ERR_BAD_REQUEST},
    {"FBRK\0\1\0\0\0\57", 10, 8, ERR_BAD_REQUEST},
    {"FBRK\0\1\0\0\377\377", 10, 8, ERR_BAD_REQUEST},
};

static void
test_strangers(void **state)
{
	uint8_t back[64];
	ssize_t n;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(strangers); i++) {
		const struct stranger *s = &strangers[i];

		serve_raw();
		assert_int_equal(
		    write(fds[0], s->bytes, s->len), (ssize_t)s->len);
		turn(4); /* the answer leaves before we hang up */
		n = read(fds[0], back, sizeof(back));
		if (s->code != ERR_BAD_REQUEST)
			assert_int_equal(n > 0 ? (size_t)n : 0, s->answer);
		shutdown(fds[0], SHUT_WR);
		UNTIL(server.closed);
		assert_int_equal(server.err.code, s->code);
		drop_raw();
	}
}

static void
test_patience(void **state)
{
	(void)state;
	server.o.patience = 1000;
	serve_raw();
	UNTIL(server.closed);
	assert_int_equal(server.err.code, ERR_TIMEOUT);
	drop_raw();
}

static void
test_rekey(void **state)
{
	(void)state;
	client.o.rekey_after = server.o.rekey_after = 3;
	start_both();
	for (uint32_t i = 1; i <= 20; i++) {
		channel_send(client.c, FRAME_ASK, i, "q", 1);
		UNTIL(server.last_id == i);
		channel_send(server.c, FRAME_DONE, i, "a", 1);
		UNTIL(client.last_id == i);
	}
	assert_int_equal(server.frames, 20);
}

/* Sides that count differently lose each other at the first rekey. */
static void
test_rekey_out_of_step(void **state)
{
	(void)state;
	client.o.rekey_after = 3;
	server.o.rekey_after = 4;
	start_both();
	for (uint32_t i = 1; i <= 3; i++) {
		channel_send(client.c, FRAME_ASK, i, "q", 1);
		UNTIL(server.last_id == i);
	}
	channel_send(client.c, FRAME_ASK, 4, "q", 1);
	UNTIL(server.closed);
	assert_int_equal(server.err.code, ERR_BAD_REQUEST);
	assert_int_equal(server.frames, 3);
}

static void
test_sizes(void **state)
{
	static const size_t sizes[] = {
	    0, 1, 65390, 65391, 65392, 65519, 65520, 131072, (1 << 20) - 5};
	uint8_t *body = xcalloc(1, 1 << 20);

	(void)state;
	start_both();
	for (size_t i = 0; i < COUNT_OF(sizes); i++) {
		body[sizes[i] ? sizes[i] - 1 : 0] = (uint8_t)i;
		channel_send(client.c, FRAME_ASK, 1, body, sizes[i]);
		UNTIL(server.frames == i + 1);
		assert_int_equal(server.last.len, sizes[i]);
		assert_memory_equal(server.last.data, body, sizes[i]);
	}
	channel_send(client.c, FRAME_ASK, 1, body, (1 << 20) - 4);
	UNTIL(client.closed && server.closed);
	assert_int_equal(server.err.code, ERR_FRAME_TOO_LONG);
	assert_int_equal(client.last_type, FRAME_BYE);
	free(body);
}

static void
test_many_in_one_turn(void **state)
{
	(void)state;
	start_both();
	for (uint32_t i = 1; i <= 5000; i++)
		channel_send(client.c, FRAME_ASK, i, "0123456789", 10);
	UNTIL(server.frames == 5000);
	assert_int_equal(server.last_id, 5000);
	assert_int_equal(channel_unsent(client.c), 0);
}

static void
test_pause(void **state)
{
	(void)state;
	start_both();
	server.pause_at_frame = true;
	for (uint32_t i = 1; i <= 3; i++)
		channel_send(client.c, FRAME_ASK, i, "q", 1);
	for (size_t i = 1; i <= 3; i++) {
		UNTIL(server.frames == i);
		turn(5);
		assert_int_equal(server.frames, i);
		channel_resume(server.c);
	}
}

static void
test_hello_answered_later(void **state)
{
	(void)state;
	server.hold = true;
	start_client();
	channel_send(client.c, FRAME_ASK, 1, "early", 5);
	UNTIL(server.hello.len == 5);
	turn(10);
	assert_int_equal(server.frames, 0);
	channel_accept(server.c);
	UNTIL(server.frames == 1);
}

/* A client that asks and never reads: reading stops, memory stays bounded. */
static void
test_never_reads(void **state)
{
	uint8_t body[4096] = {0};
	size_t most = 0;

	(void)state;
	server.o.unsent_max = 262144;
	start_both();
	channel_pause(client.c);
	for (uint32_t i = 1; i <= 2000; i++) {
		channel_send(client.c, FRAME_ASK, i, "q", 1);
		channel_send(client.c, FRAME_PING, i, "\xf6", 1);
		turn(1);
		if (server.frames > 0 && server.last_id == i)
			channel_send(
			    server.c, FRAME_ROWS, i, body, sizeof(body));
		if (channel_unsent(server.c) > most)
			most = channel_unsent(server.c);
	}
	assert_true(most > 262144);
	assert_true(most < 262144 + 2 * sizeof(body) + 65536);
	assert_true(server.frames < 2000);
	assert_true(channel_stalled(server.c) > 0);
	channel_resume(client.c);
	UNTIL(server.frames == 2000);
	UNTIL(channel_unsent(server.c) == 0);
	assert_int_equal(channel_stalled(server.c), 0);
}

static void
test_ping(void **state)
{
	uint64_t before;

	(void)state;
	start_both();
	before = channel_heard(client.c);
	channel_send(client.c, FRAME_PING, 9, "\xf6", 1);
	UNTIL(channel_heard(client.c) > before);
	assert_int_equal(client.frames, 0);
	assert_int_equal(server.frames, 0);
}

static void
test_freed_in_callbacks(void **state)
{
	(void)state;
	server.free_at_hello = true;
	start_client();
	UNTIL(client.closed);
	assert_null(server.c);
	channel_free(client.c);
	server.free_at_hello = client.closed = client.ready = false;
	start_both();
	server.free_at_frame = true;
	channel_send(client.c, FRAME_ASK, 1, "q", 1);
	channel_send(client.c, FRAME_ASK, 2, "q", 1);
	UNTIL(client.closed);
	assert_int_equal(server.frames, 1);
}

static void
test_sent_before_finish_arrives(void **state)
{
	uint8_t *body = xcalloc(1, 600000);

	(void)state;
	start_both();
	channel_send(server.c, FRAME_ROWS, 1, body, 600000);
	channel_finish(server.c);
	channel_send(server.c, FRAME_ROWS, 2, body, 10); /* too late */
	UNTIL(client.closed);
	assert_int_equal(client.frames, 1);
	assert_int_equal(client.bytes, 600000);
	free(body);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(test_strangers),
	    T(test_patience),
	    T(test_good_path),
	    T(test_refused),
	    T(test_one_byte_at_a_time),
	    T(test_replayed_and_cut),
	    T(test_changed_on_the_way),
	    T(test_rekey),
	    T(test_rekey_out_of_step),
	    T(test_sizes),
	    T(test_many_in_one_turn),
	    T(test_pause),
	    T(test_hello_answered_later),
	    T(test_never_reads),
	    T(test_ping),
	    T(test_freed_in_callbacks),
	    T(test_sent_before_finish_arrives),
	};

	return cmocka_run_group_tests_name("channel", tests, NULL, NULL);
}
