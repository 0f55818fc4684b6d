/*
 * The client against a hand-made server on a unix socket:
 * - welcome, columns, rows, done and errors reach the request they belong to
 * - refusals, BYE and breaks: everything open is answered, on_closed once
 * - cancelled requests stay silent, freeing inside a callback is safe
 */
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
#include "common/client.h"
#include "common/keyfile.h"
#include "common/loop.h"
#include "common/stream.h"

#define DEADLINE_US 20000000

static struct loop *loop;
static struct stream_listener *listener;
static struct keyfile *client_key, *server_key;
static struct channel *server;
static struct channel_options server_options;
static struct client *client;
static char path[64];
static bool refuse, raw; /* raw: the server speaks version 2 */
static int raw_fd;

/* What the server got last, and how much. */
static int asked, answers_done;
static enum frame_type got_type;
static uint32_t got_id;
static size_t hello_len;

/* What the client's user was told. */
static int welcomed, closed, columns, rows, stales, notices, screens;
static struct err close_err, done_err;
static struct client_done done;
static int64_t row_sum;
static bool free_in_done, ask_in_done;

static void
on_hello(const uint8_t key[32], const uint8_t *hello, size_t len, void *arg)
{
	struct codec_reader r;
	struct err e;
	struct buf *b;

	(void)arg;
	assert_memory_equal(key, keyfile_public(client_key), 32);
	codec_open(&r, hello, len);
	assert_int_equal(codec_need_array(&r), 7);
	assert_true(codec_skip(&r));
	hello_len = len;
	if (refuse) {
		err_set(&e, ERR_REVOKED, "this key was revoked");
		channel_refuse(server, &e);
		return;
	}
	channel_accept(server);
	b = channel_begin(server, FRAME_WELCOME, 0);
	codec_put_array(b, 10);
	codec_put_text(b, "0.1");
	codec_put_int(b, 42);
	codec_put_text(b, "王芳");
	codec_put_text(b, "rep");
	codec_put_text(b, "East");
	codec_put_text(b, "zh");
	codec_put_int(b, 7);
	codec_put_int(b, 1);
	codec_put_bytes(b, "hash", 4);
	codec_put_array(b, 2);
	codec_put_int(b, 32);
	codec_put_int(b, 1 << 20);
	channel_end(server);
}

static void
on_frame(enum frame_type type, uint32_t id, const uint8_t *body, size_t len,
    void *arg)
{
	(void)body;
	(void)len;
	(void)arg;
	asked++;
	got_type = type;
	got_id = id;
}

static void
on_server_closed(const struct err *e, void *arg)
{
	(void)e;
	(void)arg;
}

static void
on_accept(int fd, void *arg)
{
	static const struct channel_events calls = {.on_hello = on_hello,
	    .on_frame = on_frame,
	    .on_closed = on_server_closed};

	(void)arg;
	if (raw) {
		raw_fd = fd;
		assert_int_equal(write(fd, "FBRK\0\2\0\0", 8), 8);
		return;
	}
	channel_free(server);
	server = channel_serve(loop, fd, &server_options, &calls, NULL);
}

static void
on_welcome(const struct client_welcome *w, void *arg)
{
	(void)arg;
	assert_int_equal(w->person_id, 42);
	assert_string_equal(w->person, "王芳");
	assert_int_equal(w->device_id, 7);
	welcomed++;
}

static void
on_screens(const uint8_t *hash, size_t hash_len, const uint8_t *bundle,
    size_t len, void *arg)
{
	(void)arg;
	assert_memory_equal(hash, "new", hash_len);
	assert_int_equal(len, 4);
	assert_int_equal(bundle[0], 0x83);
	screens++;
}

static void
on_stale(uint32_t id, void *arg)
{
	(void)arg;
	stales += (int)id;
}

static void
on_notice(const char *kind, const char *text, void *arg)
{
	(void)arg;
	assert_string_equal(kind, "k");
	assert_string_equal(text, "t");
	notices++;
}

static void
on_closed(const struct err *e, void *arg)
{
	(void)arg;
	close_err = *e;
	closed++;
}

static const struct client_events events = {
    .on_welcome = on_welcome,
    .on_screens = on_screens,
    .on_stale = on_stale,
    .on_notice = on_notice,
    .on_closed = on_closed,
};

static void
on_columns(const struct client_column *c, size_t count, void *arg)
{
	(void)arg;
	assert_int_equal(count, 1);
	assert_string_equal(c[0].name, "n");
	assert_string_equal(c[0].type, "int");
	columns++;
}

static void
on_rows(struct codec_reader *r, size_t count, void *arg)
{
	(void)arg;
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(codec_need_array(r), 1);
		row_sum += codec_need_int(r);
		rows++;
	}
}

static void on_done(
    const struct err *e, const struct client_done *d, void *arg);

static const struct client_reply reply = {
    .on_columns = on_columns, .on_rows = on_rows, .on_done = on_done};

static void
on_done(const struct err *e, const struct client_done *d, void *arg)
{
	(void)arg;
	answers_done++;
	if (e)
		done_err = *e;
	else
		done = *d;
	if (ask_in_done) {
		ask_in_done = false;
		client_ask(client, 0, "again", NULL, NULL, &reply, NULL);
	}
	if (free_in_done) {
		client_free(client);
		client = NULL;
	}
}

static int
setup(void **state)
{
	struct err e;

	(void)state;
	loop = loop_new();
	client_key = keyfile_generate();
	server_key = keyfile_generate();
	server_options = (struct channel_options){
	    .secret = keyfile_secret(server_key),
	    .public = keyfile_public(server_key),
	    .frame_max = 1 << 20,
	    .unsent_max = 1 << 20,
	};
	snprintf(path, sizeof(path), "unix:/tmp/client_test.%d", getpid());
	listener = stream_listen(loop, path, on_accept, NULL, &e);
	assert_non_null(listener);
	refuse = raw = free_in_done = ask_in_done = false;
	raw_fd = -1;
	asked = answers_done = welcomed = closed = 0;
	columns = rows = stales = notices = screens = 0;
	row_sum = 0;
	hello_len = 0;
	memset(&done_err, 0, sizeof(done_err));
	memset(&close_err, 0, sizeof(close_err));
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	client_free(client);
	client = NULL;
	channel_free(server);
	server = NULL;
	if (raw_fd >= 0)
		close(raw_fd);
	stream_listener_cancel(listener);
	keyfile_free(client_key);
	keyfile_free(server_key);
	loop_free(loop);
	return 0;
}

/* Turns the loop until the condition holds; fails after a while. */
#define UNTIL(condition)                                  \
	do {                                              \
		uint64_t end_ = loop_now() + DEADLINE_US; \
		while (!(condition)) {                    \
			assert_true(loop_now() < end_);   \
			loop_turn(loop, false);           \
		}                                         \
	} while (0)

static void
start(const uint8_t *key)
{
	static const struct client_hello hello = {.version = "0.1",
	    .lang = "zh",
	    .widget_level = 1,
	    .device_name = "laptop"};

	client = client_new(loop, path, key, client_key, &hello, &events, NULL);
}

static void
start_good(void)
{
	start(keyfile_public(server_key));
	UNTIL(welcomed == 1);
	assert_true(client_is_ready(client));
}

static void
send_done(uint32_t id, bool second, int64_t total)
{
	struct buf *b = channel_begin(server, FRAME_DONE, id);

	codec_put_array(b, 4);
	codec_put_int(b, 2);
	codec_put_bool(b, second);
	if (total >= 0)
		codec_put_int(b, total);
	else
		codec_put_null(b);
	codec_put_bool(b, false);
	channel_end(server);
}

static void
test_ask(void **state)
{
	struct buf *b;
	uint32_t id;

	(void)state;
	start_good();
	id = client_ask(client, 0, "customer/list", NULL, NULL, &reply, NULL);
	assert_int_not_equal(id, 0);
	UNTIL(asked == 1);
	assert_int_equal(got_type, FRAME_ASK);
	assert_int_equal(got_id, id);
	b = channel_begin(server, FRAME_COLUMNS, id);
	codec_put_array(b, 1);
	codec_put_array(b, 2);
	codec_put_text(b, "n");
	codec_put_text(b, "int");
	channel_end(server);
	b = channel_begin(server, FRAME_ROWS, id);
	codec_put_array(b, 2);
	for (int i = 1; i <= 2; i++) {
		codec_put_array(b, 1);
		codec_put_int(b, i * 10);
	}
	channel_end(server);
	send_done(id, true, 1000);
	UNTIL(answers_done == 1);
	assert_int_equal(columns, 1);
	assert_int_equal(rows, 2);
	assert_int_equal(row_sum, 30);
	assert_int_equal(done.total, 1000);
	assert_true(done.more);
	assert_false(done.repeated);
	/* the same id again, as after STALE */
	assert_int_equal(
	    client_ask(client, id, "customer/list", NULL, NULL, &reply, NULL),
	    id);
	UNTIL(asked == 2);
	assert_int_equal(got_id, id);
}

static void
test_write_and_error(void **state)
{
	uint8_t request[REQUEST_ID_LEN];
	struct err e;
	uint32_t id;

	(void)state;
	start_good();
	client_request_id(request);
	id = client_write(client, "visit/record", NULL, request, &reply, NULL);
	UNTIL(asked == 1);
	assert_int_equal(got_type, FRAME_WRITE);
	send_done(id, true, -1);
	UNTIL(answers_done == 1);
	assert_true(done.repeated);
	assert_false(done.more);
	assert_int_equal(done.total, -1);
	id = client_write(client, "visit/record", NULL, request, &reply, NULL);
	err_set(&e, ERR_REFUSED, "name the business action");
	snprintf(e.name, sizeof(e.name), "freshness_cause");
	snprintf(e.field, sizeof(e.field), "cause");
	channel_send_error(server, id, &e);
	UNTIL(answers_done == 2);
	assert_int_equal(done_err.code, ERR_REFUSED);
	assert_string_equal(done_err.name, "freshness_cause");
	assert_string_equal(done_err.field, "cause");
	assert_string_equal(done_err.text, "name the business action");
}

static void
test_pushes(void **state)
{
	struct buf *b;

	(void)state;
	start_good();
	b = channel_begin(server, FRAME_STALE, 0);
	codec_put_array(b, 2);
	codec_put_int(b, 3);
	codec_put_int(b, 4);
	channel_end(server);
	b = channel_begin(server, FRAME_NOTICE, 0);
	codec_put_array(b, 2);
	codec_put_text(b, "k");
	codec_put_text(b, "t");
	channel_end(server);
	b = channel_begin(server, FRAME_SCREENS, 0);
	codec_put_array(b, 2);
	codec_put_bytes(b, "new", 3);
	codec_put_array(b, 3);
	for (int i = 0; i < 3; i++)
		codec_put_int(b, i);
	channel_end(server);
	UNTIL(screens == 1);
	assert_int_equal(stales, 7);
	assert_int_equal(notices, 1);
}

static void
test_refused(void **state)
{
	(void)state;
	refuse = true;
	start(keyfile_public(server_key));
	client_ask(client, 0, "early", NULL, NULL, &reply, NULL);
	UNTIL(closed == 1);
	assert_int_equal(welcomed, 0);
	assert_int_equal(close_err.code, ERR_REVOKED);
	assert_int_equal(answers_done, 1);
	assert_int_equal(done_err.code, ERR_UNAVAILABLE);
}

static void
test_bye_and_break(void **state)
{
	struct err e;

	(void)state;
	start_good();
	client_ask(client, 0, "a", NULL, NULL, &reply, NULL);
	client_ask(client, 0, "b", NULL, NULL, &reply, NULL);
	ask_in_done = true;
	err_set(&e, ERR_STOPPING, "the server is stopping");
	channel_send_bye(server, &e);
	channel_finish(server);
	UNTIL(closed == 1);
	assert_int_equal(close_err.code, ERR_STOPPING);
	assert_false(client_is_ready(client));
	UNTIL(answers_done == 3); /* the one made in a callback too */
	assert_int_equal(done_err.code, ERR_UNAVAILABLE);
	client_ask(client, 0, "late", NULL, NULL, &reply, NULL);
	assert_int_equal(answers_done, 3); /* never inside the call */
	UNTIL(answers_done == 4);
	assert_int_equal(closed, 1);
}

static void
test_version(void **state)
{
	(void)state;
	raw = true;
	start(keyfile_public(server_key));
	UNTIL(closed == 1);
	assert_int_equal(close_err.code, ERR_VERSION);
	assert_non_null(strstr(close_err.text, "version 2"));
	assert_non_null(strstr(close_err.text, "program 1"));
}

static void
test_wrong_server(void **state)
{
	(void)state;
	start(keyfile_public(client_key));
	UNTIL(closed == 1);
	assert_int_equal(welcomed, 0);
	assert_int_equal(hello_len, 0);
}

static void
test_nobody_there(void **state)
{
	(void)state;
	stream_listener_cancel(listener);
	listener = NULL;
	start(keyfile_public(server_key));
	assert_int_equal(closed, 0);
	UNTIL(closed == 1);
	assert_int_equal(close_err.code, ERR_UNAVAILABLE);
}

static void
test_cancel(void **state)
{
	uint32_t id, other;

	(void)state;
	start_good();
	id = client_ask(client, 0, "slow", NULL, NULL, &reply, NULL);
	client_cancel(client, id);
	client_cancel(client, 12345);
	other = client_ask(client, id, "slow", NULL, NULL, &reply, NULL);
	assert_int_not_equal(other, id);
	UNTIL(asked >= 4); /* ask, cancel, unwatch, ask */
	send_done(id, false, -1);
	send_done(other, false, -1);
	UNTIL(answers_done == 1);
	assert_int_equal(
	    client_ask(client, id, "slow", NULL, NULL, &reply, NULL), id);
}

static void
test_free_in_callback(void **state)
{
	uint32_t id;

	(void)state;
	start_good();
	free_in_done = true;
	id = client_ask(client, 0, "a", NULL, NULL, &reply, NULL);
	client_ask(client, 0, "b", NULL, NULL, &reply, NULL);
	send_done(id, false, -1);
	UNTIL(answers_done == 1);
	assert_null(client);
	for (int i = 0; i < 10; i++)
		loop_turn(loop, false);
	assert_int_equal(answers_done, 1);
	assert_int_equal(closed, 0);
}

static void
test_malformed(void **state)
{
	(void)state;
	start_good();
	channel_send(server, FRAME_DONE, 1, "\x84\x01", 2);
	UNTIL(closed == 1);
	assert_int_equal(close_err.code, ERR_BAD_REQUEST);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(test_nobody_there),
	    T(test_version),
	    T(test_wrong_server),
	    T(test_refused),
	    T(test_ask),
	    T(test_write_and_error),
	    T(test_pushes),
	    T(test_bye_and_break),
	    T(test_cancel),
	    T(test_free_in_callback),
	    T(test_malformed),
	};

	return cmocka_run_group_tests_name("client", tests, NULL, NULL);
}
