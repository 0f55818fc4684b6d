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
#include "tests/harness/channel_pair.h"

static int fds[2];	    /* client's, server's end */
static struct buf recorded; /* what the client sent through us */

static void
test_good_path(void **state)
{
	(void)state;
	pair_start();
	assert_memory_equal(
	    pair.server.peer_key, keyfile_public(pair.client.key), 32);
	assert_int_equal(pair.server.hello.len, 5);
	channel_send(pair.client.c, FRAME_ASK, 7, "question", 8);
	UNTIL(pair.server.frames == 1);
	assert_int_equal(pair.server.last_type, FRAME_ASK);
	assert_int_equal(pair.server.last_id, 7);
	assert_memory_equal(pair.server.last.data, "question", 8);
	channel_send(pair.server.c, FRAME_DONE, 7, "", 0);
	UNTIL(pair.client.frames == 1);
	assert_int_equal(pair.client.last_type, FRAME_DONE);
	assert_int_equal(pair.client.last.len, 0);
	channel_finish(pair.client.c);
	UNTIL(pair.server.closed);
	assert_true(pair.server.plain_end);
	channel_free(pair.server.c);
	pair.server.c = NULL;
	UNTIL(pair.client.closed);
	assert_true(pair.client.plain_end);
}

static void
test_refused(void **state)
{
	struct codec_reader r;
	char *code;

	(void)state;
	pair.server.refuse = true;
	pair_start_client();
	UNTIL(pair.client.frames == 1 && pair.client.closed);
	assert_int_equal(pair.client.last_type, FRAME_ERROR);
	assert_int_equal(pair.client.last_id, 0);
	codec_open(&r, pair.client.last.data, pair.client.last.len);
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
	pair.server.closed = pair.server.plain_end = false;
	pair.server.err.code = ERR_NONE;
	buf_reset(&pair.server.hello);
	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
	pair.server.c = channel_serve(
	    pair.loop, fds[1], &pair.server.o, &pair_calls, &pair.server);
}

static void
drop_raw(void)
{
	channel_free(pair.server.c);
	pair.server.c = NULL;
	close(fds[0]);
}

static void
turn(int times)
{
	for (int i = 0; i < times; i++)
		loop_turn(pair.loop, false);
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
	stream_listener_cancel(pair.listener);
	pair.listener = stream_listen(pair.loop, pair.path, on_wire, NULL, &e);
	assert_non_null(pair.listener);
	pair_start_client();
	channel_send(pair.client.c, FRAME_ASK, 1, "first", 5);
	UNTIL(wire >= 0);
	serve_raw();
	while (pair.server.frames < 1 && !pair.server.closed) {
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
	assert_int_equal(pair.server.frames, 1);
	assert_memory_equal(pair.server.last.data, "first", 5);
	drop_raw();
	close(wire);
}

/* The recorded bytes of a good client, cut or changed, sent to a new
 * server: it has other ephemeral keys, so nothing past message 2 can pass. */
static void
test_replayed_and_cut(void **state)
{
	(void)state;
	start_through_us(65536);
	drop_raw();
	close(wire);
	pair.server.frames = 0;
	assert_true(recorded.len > 8 + 50 + 66);
	for (size_t n = 0; n <= recorded.len; n++) {
		serve_raw();
		assert_int_equal(write(fds[0], recorded.data, n), (ssize_t)n);
		shutdown(fds[0], SHUT_WR);
		UNTIL(pair.server.closed);
		assert_false(pair.server.plain_end);
		assert_int_equal(pair.server.hello.len, 0);
		drop_raw();
	}
	assert_int_equal(pair.server.frames, 0);
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
		channel_free(pair.client.c);
		pair.client.c = NULL;
		pair.client.closed = pair.client.ready = false;
		pair.server.frames = 0;
		wire = -1;
		pair_start_client();
		channel_send(pair.client.c, FRAME_ASK, 1, "first", 5);
		UNTIL(wire >= 0);
		serve_raw();
		sent = 0;
		for (int i = 0; i < 40 && !pair.server.closed; i++) {
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
		assert_int_equal(pair.server.frames, at < total ? 0 : 1);
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
		UNTIL(pair.server.closed);
		assert_int_equal(pair.server.err.code, s->code);
		drop_raw();
	}
}

static void
test_patience(void **state)
{
	(void)state;
	pair.server.o.patience = 1000;
	serve_raw();
	UNTIL(pair.server.closed);
	assert_int_equal(pair.server.err.code, ERR_TIMEOUT);
	drop_raw();
}

static void
test_rekey(void **state)
{
	(void)state;
	pair.client.o.rekey_after = pair.server.o.rekey_after = 3;
	pair_start();
	for (uint32_t i = 1; i <= 20; i++) {
		channel_send(pair.client.c, FRAME_ASK, i, "q", 1);
		UNTIL(pair.server.last_id == i);
		channel_send(pair.server.c, FRAME_DONE, i, "a", 1);
		UNTIL(pair.client.last_id == i);
	}
	assert_int_equal(pair.server.frames, 20);
}

/* Sides that count differently lose each other at the first rekey. */
static void
test_rekey_out_of_step(void **state)
{
	(void)state;
	pair.client.o.rekey_after = 3;
	pair.server.o.rekey_after = 4;
	pair_start();
	for (uint32_t i = 1; i <= 3; i++) {
		channel_send(pair.client.c, FRAME_ASK, i, "q", 1);
		UNTIL(pair.server.last_id == i);
	}
	channel_send(pair.client.c, FRAME_ASK, 4, "q", 1);
	UNTIL(pair.server.closed);
	assert_int_equal(pair.server.err.code, ERR_BAD_REQUEST);
	assert_int_equal(pair.server.frames, 3);
}

static void
test_sizes(void **state)
{
	static const size_t sizes[] = {
	    0, 1, 65390, 65391, 65392, 65519, 65520, 131072, (1 << 20) - 5};
	uint8_t *body = xcalloc(1, 1 << 20);

	(void)state;
	pair_start();
	for (size_t i = 0; i < COUNT_OF(sizes); i++) {
		body[sizes[i] ? sizes[i] - 1 : 0] = (uint8_t)i;
		channel_send(pair.client.c, FRAME_ASK, 1, body, sizes[i]);
		UNTIL(pair.server.frames == i + 1);
		assert_int_equal(pair.server.last.len, sizes[i]);
		assert_memory_equal(pair.server.last.data, body, sizes[i]);
	}
	channel_send(pair.client.c, FRAME_ASK, 1, body, (1 << 20) - 4);
	UNTIL(pair.client.closed && pair.server.closed);
	assert_int_equal(pair.server.err.code, ERR_FRAME_TOO_LONG);
	assert_int_equal(pair.client.last_type, FRAME_BYE);
	free(body);
}

static void
test_many_in_one_turn(void **state)
{
	(void)state;
	pair_start();
	for (uint32_t i = 1; i <= 5000; i++)
		channel_send(pair.client.c, FRAME_ASK, i, "0123456789", 10);
	UNTIL(pair.server.frames == 5000);
	assert_int_equal(pair.server.last_id, 5000);
	assert_int_equal(channel_unsent(pair.client.c), 0);
}

static void
test_pause(void **state)
{
	(void)state;
	pair_start();
	pair.server.pause_at_frame = true;
	for (uint32_t i = 1; i <= 3; i++)
		channel_send(pair.client.c, FRAME_ASK, i, "q", 1);
	for (size_t i = 1; i <= 3; i++) {
		UNTIL(pair.server.frames == i);
		turn(5);
		assert_int_equal(pair.server.frames, i);
		channel_resume(pair.server.c);
	}
}

static void
test_hello_answered_later(void **state)
{
	(void)state;
	pair.server.hold = true;
	pair_start_client();
	channel_send(pair.client.c, FRAME_ASK, 1, "early", 5);
	UNTIL(pair.server.hello.len == 5);
	turn(10);
	assert_int_equal(pair.server.frames, 0);
	channel_accept(pair.server.c);
	UNTIL(pair.server.frames == 1);
}

/* A client that asks and never reads: reading stops, memory stays bounded. */
static void
test_never_reads(void **state)
{
	uint8_t body[4096] = {0};
	size_t most = 0;

	(void)state;
	pair.server.o.unsent_max = 262144;
	pair_start();
	channel_pause(pair.client.c);
	for (uint32_t i = 1; i <= 2000; i++) {
		channel_send(pair.client.c, FRAME_ASK, i, "q", 1);
		channel_send(pair.client.c, FRAME_PING, i, "\xf6", 1);
		turn(1);
		if (pair.server.frames > 0 && pair.server.last_id == i)
			channel_send(
			    pair.server.c, FRAME_ROWS, i, body, sizeof(body));
		if (channel_unsent(pair.server.c) > most)
			most = channel_unsent(pair.server.c);
	}
	assert_true(most > 262144);
	assert_true(most < 262144 + 2 * sizeof(body) + 65536);
	assert_true(pair.server.frames < 2000);
	assert_true(channel_stalled(pair.server.c) > 0);
	channel_resume(pair.client.c);
	UNTIL(pair.server.frames == 2000);
	UNTIL(channel_unsent(pair.server.c) == 0);
	assert_int_equal(channel_stalled(pair.server.c), 0);
}

static void
test_ping(void **state)
{
	uint64_t before;

	(void)state;
	pair_start();
	before = channel_heard(pair.client.c);
	channel_send(pair.client.c, FRAME_PING, 9, "\xf6", 1);
	UNTIL(channel_heard(pair.client.c) > before);
	assert_int_equal(pair.client.frames, 0);
	assert_int_equal(pair.server.frames, 0);
}

static void
test_freed_in_callbacks(void **state)
{
	(void)state;
	pair.server.free_at_hello = true;
	pair_start_client();
	UNTIL(pair.client.closed);
	assert_null(pair.server.c);
	channel_free(pair.client.c);
	pair.server.free_at_hello = pair.client.closed = pair.client.ready =
	    false;
	pair_start();
	pair.server.free_at_frame = true;
	channel_send(pair.client.c, FRAME_ASK, 1, "q", 1);
	channel_send(pair.client.c, FRAME_ASK, 2, "q", 1);
	UNTIL(pair.client.closed);
	assert_int_equal(pair.server.frames, 1);
}

static void
test_sent_before_finish_arrives(void **state)
{
	uint8_t *body = xcalloc(1, 600000);

	(void)state;
	pair_start();
	channel_send(pair.server.c, FRAME_ROWS, 1, body, 600000);
	channel_finish(pair.server.c);
	channel_send(pair.server.c, FRAME_ROWS, 2, body, 10); /* too late */
	UNTIL(pair.client.closed);
	assert_int_equal(pair.client.frames, 1);
	assert_int_equal(pair.client.bytes, 600000);
	free(body);
}

#define T(f) cmocka_unit_test_setup_teardown(f, pair_setup, pair_teardown)

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
