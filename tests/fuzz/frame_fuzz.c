/*
 * Whatever plaintext a peer with a valid key may send: framing on the server's
 * side (first byte even) and the client's reading of frames (odd).  Between a
 * real client and a real server on a socket pair.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/channel.h"
#include "common/channel_impl.h"
#include "common/client.h"
#include "common/keyfile.h"
#include "common/loop.h"
#include "common/stream.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static struct loop *loop;
static struct keyfile *key;
static struct channel_options options = {
    .frame_max = 65536, .unsent_max = 65536};
static struct channel *server, *peer;
static bool server_closed, peer_closed, client_closed, accepted;
static const uint8_t *sum_at; /* keeps reads from being optimised away */

static void
on_hello(const uint8_t k[32], const uint8_t *hello, size_t len, void *arg)
{
	(void)k;
	(void)hello;
	(void)len;
	(void)arg;
	channel_accept(server);
	accepted = true;
}

static void
on_frame(enum frame_type type, uint32_t id, const uint8_t *body, size_t len,
    void *arg)
{
	volatile uint8_t sum = 0;

	(void)type;
	(void)id;
	(void)arg;
	sum_at = body;
	for (size_t i = 0; i < len; i++)
		sum = (uint8_t)(sum + body[i]);
	if (len > options.frame_max)
		abort();
}

static void
on_server_closed(const struct err *e, void *arg)
{
	(void)e;
	*(bool *)arg = true;
}

static void
on_client_closed(const struct err *e, void *arg)
{
	(void)arg;
	if (!e)
		abort();
	client_closed = true;
}

static void
on_rows(struct codec_reader *r, size_t count, void *arg)
{
	(void)arg;
	for (size_t i = 0; i < count && !r->failed; i++)
		codec_skip(r);
}

static const struct channel_events events = {
    .on_hello = on_hello, .on_frame = on_frame, .on_closed = on_server_closed};

static void
on_accept(int fd, void *arg)
{
	(void)arg;
	server = channel_serve(loop, fd, &options, &events, &server_closed);
}

/* The bytes as plaintext, past all framing, then the end. */
static void
inject(struct channel *from, const uint8_t *data, size_t len)
{
	buf_add(&from->out, data, len);
	channel_finish(from);
}

static void
turn_until(const bool *flag)
{
	for (int i = 0; i < 1000 && !*flag; i++)
		loop_turn(loop, false);
	if (!*flag)
		abort();
}

static void
run_server(const char *path, const uint8_t *data, size_t len)
{
	peer = channel_connect(
	    loop, path, keyfile_public(key), &options, &events, &peer_closed);
	channel_set_hello(peer, "\x80", 1);
	turn_until(&accepted);
	inject(peer, data, len);
	turn_until(&server_closed);
	channel_free(peer);
}

static void
run_client(const char *path, const uint8_t *data, size_t len)
{
	static const struct client_events calls = {
	    .on_closed = on_client_closed};
	static const struct client_reply reply = {.on_rows = on_rows};
	static const struct client_hello hello = {
	    .version = "", .lang = "en", .device_name = ""};
	struct client *c;

	c = client_new(
	    loop, path, keyfile_public(key), key, &hello, &calls, NULL);
	client_ask(c, 1, "a", NULL, NULL, &reply, NULL);
	turn_until(&accepted);
	inject(server, data, len);
	turn_until(&client_closed);
	client_free(c);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct stream_listener *listener;
	static char path[64];
	struct err e;

	if (len == 0 || len > 60000)
		return 0;
	if (!loop) {
		loop = loop_new();
		key = keyfile_generate();
		options.secret = keyfile_secret(key);
		options.public = keyfile_public(key);
		snprintf(
		    path, sizeof(path), "unix:/tmp/frame_fuzz.%d", getpid());
		listener = stream_listen(loop, path, on_accept, NULL, &e);
		if (!listener)
			abort();
	}
	server_closed = peer_closed = client_closed = accepted = false;
	if (data[0] % 2)
		run_client(path, data + 1, len - 1);
	else
		run_server(path, data + 1, len - 1);
	channel_free(server);
	server = NULL;
	for (int i = 0; i < 3; i++)
		loop_turn(loop, false);
	return 0;
}
