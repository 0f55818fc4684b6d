/*
 * What strangers and broken clients may send to the gateway: garbage, wrong
 * versions, halves of messages, messages of others, nothing at all, too much;
 * and clients that never read.  Each is sent away as docs/protocol.md says,
 * and after each a good client is still served.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/channel.h"
#include "common/codec.h"
#include "common/loop.h"
#include "common/mem.h"
#include "common/noise.h"
#include "common/secret.h"
#include "tests/harness/gate.h"

#define PREAMBLE "FBRK\0\1\0\0"
#define PREAMBLE_LEN 8
#define MESSAGE_LEN 48 /* handshake messages 1 and 2 */
#define SECOND UINT64_C(1000000)
#define CUSTOMERS 250

static const struct gateway_limits limits = {
    .handshake = SECOND,
    .handshakes = 8,
    .sessions = 6,
    .sessions_per_device = 2,
    .frame_bytes = 64 << 10,
    .open_requests = 8,
    .unread_bytes = 256 << 10,
    .stalled = 2 * SECOND,
    .silence = 120 * SECOND,
    .pong = 30 * SECOND,
    .stop = SECOND,
};

static struct gate_terminal good;
static int64_t good_person;

/* Bytes without a channel ----------------------------------------------------
 */

struct raw {
	int fd;
	struct loop_fd *handle;
	struct buf in;
	size_t wanted;
	bool closed, enough;
};

static void
on_ready(unsigned what, void *arg)
{
	struct raw *r = arg;
	uint8_t data[4096];
	ssize_t n;

	(void)what;
	while ((n = read(r->fd, data, sizeof(data))) > 0)
		buf_add(&r->in, data, (size_t)n);
	r->enough = r->in.len >= r->wanted;
	if (n < 0 && errno == EAGAIN)
		return;
	r->closed = true;
	loop_fd_cancel(r->handle);
	r->handle = NULL;
}

static void
raw_open(struct raw *r)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};

	memset(r, 0, sizeof(*r));
	snprintf(un.sun_path, sizeof(un.sun_path), "%s",
	    gate.address + strlen("unix:"));
	r->fd = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(connect(r->fd, (struct sockaddr *)&un, sizeof(un)), 0);
	fcntl(r->fd, F_SETFL, O_NONBLOCK);
	r->handle = loop_fd_start(gate.loop, r->fd, LOOP_READ, on_ready, r);
}

/* The server may have closed already: then it is lost, as on any link. */
static void
raw_send(struct raw *r, const void *data, size_t len)
{
	(void)!send(r->fd, data, len, MSG_NOSIGNAL);
}

static void
raw_expect(struct raw *r, size_t bytes)
{
	r->wanted = bytes;
	r->enough = r->in.len >= bytes;
	gate_wait(&r->enough);
}

static void
raw_close(struct raw *r)
{
	loop_fd_cancel(r->handle);
	close(r->fd);
	buf_clear(&r->in);
}

/* A channel of its own, for frames that no client would send ---------------
 */

struct peer {
	struct channel *channel;
	struct channel_options options;
	bool welcomed, done, closed, told;
	char code[48]; /* of the last ERROR or BYE */
};

static void
on_frame(enum frame_type type, uint32_t id, const uint8_t *body, size_t len,
    void *arg)
{
	struct peer *p = arg;
	struct codec_reader r;
	struct codec_item item;

	(void)id;
	if (type == FRAME_WELCOME)
		p->welcomed = true;
	if (type == FRAME_DONE)
		p->done = true;
	if (type != FRAME_ERROR && type != FRAME_BYE)
		return;
	codec_open(&r, body, len);
	codec_need_array(&r);
	if (codec_next(&r, &item) && item.type == CODEC_TEXT)
		snprintf(p->code, sizeof(p->code), "%.*s", (int)item.len,
		    (const char *)item.data);
	p->told = true;
}

static void
on_closed(const struct err *e, void *arg)
{
	struct peer *p = arg;

	(void)e;
	p->closed = true;
}

static const struct channel_events peer_events = {
    .on_frame = on_frame, .on_closed = on_closed};

static void
put_hello(struct buf *b)
{
	codec_put_array(b, 7);
	codec_put_text(b, "test");
	codec_put_text(b, "en");
	codec_put_int(b, 1);
	codec_put_null(b);
	codec_put_null(b);
	codec_put_text(b, "desk");
	codec_put_int(b, 0);
}

static void
peer_open(struct peer *p)
{
	struct buf hello = {0};

	memset(p, 0, sizeof(*p));
	p->options.secret = keyfile_secret(good.key);
	p->options.public = keyfile_public(good.key);
	p->options.frame_max = 4 << 20;
	p->channel = channel_connect(gate.loop, gate.address,
	    keyfile_public(gate.key), &p->options, &peer_events, p);
	put_hello(&hello);
	channel_set_hello(p->channel, hello.data, hello.len);
	buf_clear(&hello);
	gate_wait(&p->welcomed);
}

static void
peer_ask(struct peer *p, uint32_t id)
{
	struct buf b = {0};

	codec_put_array(&b, 3);
	codec_put_text(&b, "customer/list");
	codec_put_map(&b, 0);
	codec_put_map(&b, 0);
	channel_send(p->channel, FRAME_ASK, id, b.data, b.len);
	buf_clear(&b);
}

/* The good one -------------------------------------------------------------
 */

static void
good_is_served(void)
{
	struct gate_answer a;

	assert_false(good.closed);
	gate_ask(&good, "customer/list", NULL, NULL, &a);
	assert_int_equal(a.err.code, ERR_NONE);
	assert_int_equal(a.rows, 200);
}

static int
set_up(void **state)
{
	(void)state;
	gate_open(sqlfile_table);
	good_person = gate_person("Good", "rep");
	gate_customers(good_person, CUSTOMERS, "c");
	gate.gateway = gate_start(&limits, &gate.address);
	gate_join(&good, good_person);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	gate_leave(&good);
	gate_close();
	return 0;
}

/* Tests --------------------------------------------------------------------
 */

static const struct mischief {
	const char *what, *bytes;
	size_t len, pad; /* pad: that many bytes of noise behind */
	size_t answer;	 /* bytes that come back */
	bool or_none;	 /* closed before they left */
} mischiefs[] = {
    {"another protocol", "GET / HTTP/1.1\r\n\r\n", 18, 0, 0, false},
    {"zeros", "\0\0\0\0\0\0\0\0", 8, 0, 0, false},
    {"half the magic", "FBXX\0\1\0\0", 8, 0, 0, false},
    {"last bytes not zero", "FBRK\0\1\0\1", 8, 0, 0, false},
    {"a flood", "", 0, 65536, 0, false},
    {"version 2", "FBRK\0\2\0\0", 8, 0, PREAMBLE_LEN, false},
    {"version 2 and more", "FBRK\0\2\0\0", 8, 5000, PREAMBLE_LEN, false},
    {"an empty message 1", PREAMBLE "\0\0", 10, 0, PREAMBLE_LEN, true},
    {"a long message 1", PREAMBLE "\0\x31", 10, 49, PREAMBLE_LEN, true},
    {"the longest message 1", PREAMBLE "\xff\xff", 10, 65535, PREAMBLE_LEN,
	true},
    {"a forged message 1", PREAMBLE "\0\x30", 10, 48, PREAMBLE_LEN, true},
};

static void
garbage_is_closed_without_answer(void **state)
{
	static uint8_t noise[65536];
	struct raw r;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(mischiefs); i++) {
		const struct mischief *m = &mischiefs[i];

		secret_random(noise, sizeof(noise));
		noise[0] = 'x'; /* never the magic */
		raw_open(&r);
		raw_send(&r, m->bytes, m->len);
		raw_send(&r, noise, m->pad);
		gate_wait(&r.closed);
		if (r.in.len != m->answer && !(m->or_none && !r.in.len))
			fail_msg("%s: %zu bytes came back", m->what, r.in.len);
		if (r.in.len)
			assert_memory_equal(r.in.data, PREAMBLE, PREAMBLE_LEN);
		raw_close(&r);
		good_is_served();
	}
}

static void
halves_end_with_the_link(void **state)
{
	static const size_t cuts[] = {1, 4, 7, 8, 9, 10, 30, 57};
	uint8_t bytes[58] = PREAMBLE "\0\x30";
	struct raw r;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(cuts); i++) {
		raw_open(&r);
		raw_send(&r, bytes, cuts[i]);
		shutdown(r.fd, SHUT_WR);
		gate_wait(&r.closed);
		assert_true(r.in.len <= PREAMBLE_LEN);
		raw_close(&r);
	}
	good_is_served();
	assert_int_equal(gateway_counters(gate.gateway)->handshakes, 0);
}

static struct noise *
start_noise(void)
{
	static const uint8_t prologue[] = PREAMBLE PREAMBLE;
	const struct noise_options o = {.initiator = true,
	    .prologue = prologue,
	    .prologue_len = 2 * PREAMBLE_LEN,
	    .secret = keyfile_secret(good.key),
	    .public = keyfile_public(good.key),
	    .remote = keyfile_public(gate.key)};

	return noise_new(&o);
}

static size_t
put_message(struct noise *n, const struct buf *payload, uint8_t *out)
{
	size_t len = payload->len + noise_overhead(n);

	out[0] = (uint8_t)(len >> 8);
	out[1] = (uint8_t)len;
	assert_int_equal(
	    noise_write(n, payload->data, payload->len, out + 2), 0);
	return len + 2;
}

/* A handshake by hand, with what was sent kept in first and third. */
static void
shake(struct raw *r, uint8_t first[], uint8_t third[], size_t *third_len)
{
	struct noise *n = start_noise();
	struct buf hello = {0}, none = {0};

	raw_open(r);
	raw_send(r, PREAMBLE, PREAMBLE_LEN);
	raw_send(r, first, put_message(n, &none, first));
	raw_expect(r, PREAMBLE_LEN + 2 + MESSAGE_LEN);
	assert_int_equal(
	    noise_read(n, r->in.data + PREAMBLE_LEN + 2, MESSAGE_LEN, third),
	    0);
	put_hello(&hello);
	*third_len = put_message(n, &hello, third);
	raw_send(r, third, *third_len);
	raw_expect(r, PREAMBLE_LEN + 2 + MESSAGE_LEN + 20); /* WELCOME */
	buf_clear(&hello);
	noise_free(n);
}

static void
replayed_handshakes_are_worthless(void **state)
{
	uint8_t first[2 + MESSAGE_LEN], third[2048];
	uint64_t logins;
	size_t third_len;
	struct raw r;

	(void)state;
	shake(&r, first, third, &third_len);
	raw_close(&r);
	logins = gateway_counters(gate.gateway)->logins;
	raw_open(&r);
	raw_send(&r, PREAMBLE, PREAMBLE_LEN);
	raw_send(&r, first, sizeof(first));
	raw_expect(&r, PREAMBLE_LEN + 2 + MESSAGE_LEN);
	raw_send(&r, third, third_len);
	gate_wait(&r.closed);
	assert_int_equal(r.in.len, PREAMBLE_LEN + 2 + MESSAGE_LEN);
	assert_int_equal(gateway_counters(gate.gateway)->logins, logins);
	raw_close(&r);
	good_is_served();
}

static void
garbage_behind_the_handshake_closes(void **state)
{
	uint8_t first[2 + MESSAGE_LEN], third[2048], junk[2 + 300] = {1, 44};
	size_t third_len;
	struct raw r;

	(void)state;
	shake(&r, first, third, &third_len);
	secret_random(junk + 2, sizeof(junk) - 2);
	raw_send(&r, junk, sizeof(junk));
	gate_wait(&r.closed);
	raw_close(&r);
	good_is_served();
}

static void
the_slow_run_out_of_time(void **state)
{
	uint64_t start = loop_now();
	struct raw silent, slow;

	(void)state;
	raw_open(&silent);
	raw_open(&slow);
	raw_send(&slow, PREAMBLE "\0\x30", PREAMBLE_LEN + 2);
	raw_expect(&slow, PREAMBLE_LEN);
	good_is_served();
	gate_wait(&silent.closed);
	gate_wait(&slow.closed);
	assert_true(loop_now() - start >= limits.handshake / 2);
	assert_true(loop_now() - start < limits.handshake * 4);
	raw_close(&silent);
	raw_close(&slow);
}

static void
the_oldest_stranger_makes_room(void **state)
{
	struct raw r[12];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(r); i++)
		raw_open(&r[i]);
	for (i = 0; i < COUNT_OF(r) - 8; i++)
		gate_wait(&r[i].closed);
	assert_int_equal(gateway_counters(gate.gateway)->handshakes, 8);
	assert_false(r[COUNT_OF(r) - 1].closed);
	good_is_served();
	for (i = 0; i < COUNT_OF(r); i++)
		raw_close(&r[i]);
}

static void
unknown_and_revoked_keys_are_told(void **state)
{
	struct gate_terminal t = {.key = keyfile_generate()};

	(void)state;
	gate_dial(&t, gate.address, NULL);
	gate_wait(&t.closed);
	assert_int_equal(t.over.code, ERR_UNKNOWN_DEVICE);
	gate_leave(&t);
	gate_join(&t, gate_person("Gone", "rep"));
	gate_sql("update firebreak.device set revoked_at = now() "
		 "where device_id = %lld",
	    (long long)t.welcome.device_id);
	gate_hang_up(&t);
	gate_dial(&t, gate.address, NULL);
	gate_wait(&t.closed);
	assert_int_equal(t.over.code, ERR_REVOKED);
	gate_leave(&t);
	good_is_served();
}

static const struct bad_frame {
	enum frame_type type;
	const char *body;
	size_t len;
	const char *code;
	bool ends;
} bad_frames[] = {
    {FRAME_ASK, "", 0, "bad_request", false},
    {FRAME_ASK, "\x83", 1, "bad_request", false},
    {FRAME_ASK, "\xf6", 1, "bad_request", false},
    {FRAME_ASK, "\x83\x01\xa0\xa0", 4, "bad_request", false},
    {FRAME_ASK, "\x83\x61x\xa0\xa0", 5, "unknown_statement", false},
    {FRAME_WRITE, "\x9f\xff", 2, "bad_request", false},
    {FRAME_WELCOME, "\xf6", 1, "bad_request", true},
    {(enum frame_type)77, "\xf6", 1, "bad_request", true},
    {FRAME_ASK, NULL, (64 << 10) + 1, "frame_too_long", true},
};

static void
bad_frames_are_answered(void **state)
{
	static uint8_t zeros[1 << 17];
	struct peer p;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(bad_frames); i++) {
		const struct bad_frame *f = &bad_frames[i];

		peer_open(&p);
		channel_send(p.channel, f->type, 5,
		    f->body ? (const uint8_t *)f->body : zeros, f->len);
		gate_wait(&p.told);
		assert_string_equal(p.code, f->code);
		if (f->ends) {
			gate_wait(&p.closed);
		} else {
			peer_ask(&p, 5);
			gate_wait(&p.done);
		}
		channel_free(p.channel);
		good_is_served();
	}
}

static void
more_requests_than_allowed_wait(void **state)
{
	static struct gate_answer answers[100];
	size_t i;

	(void)state;
	memset(answers, 0, sizeof(answers));
	for (i = 0; i < COUNT_OF(answers); i++)
		client_ask(good.client, 0, "customer/list", NULL, NULL,
		    &gate_reply, &answers[i]);
	for (i = 0; i < COUNT_OF(answers); i++) {
		gate_wait(&answers[i].done);
		assert_int_equal(answers[i].err.code, ERR_NONE);
		assert_int_equal(answers[i].rows, 200);
	}
}

static size_t
resident(void)
{
	FILE *f = fopen("/proc/self/statm", "r");
	unsigned long pages = 0;

	assert_non_null(f);
	assert_int_equal(fscanf(f, "%*u %lu", &pages), 1);
	fclose(f);
	return pages * (size_t)sysconf(_SC_PAGESIZE);
}

/* Of 3,000 answers of some 30 kB each only what the limit allows is made. */
static void
who_never_reads_costs_its_buffer(void **state)
{
	const struct gateway_counters *c = gateway_counters(gate.gateway);
	uint64_t asks = c->asks, end = loop_now() + 10 * SECOND, sessions;
	size_t before = resident(), most = before;
	uint64_t own = 0;
	struct peer p;
	uint32_t id;

	(void)state;
	peer_open(&p);
	sessions = c->sessions;
	channel_pause(p.channel);
	for (id = 1; id <= 3000; id++)
		peer_ask(&p, id);
	while (c->sessions == sessions && loop_now() < end) {
		good_is_served();
		own++;
		if (resident() > most)
			most = resident();
	}
	assert_int_equal(c->sessions, sessions - 1); /* stalled */
	assert_true(c->asks - asks - own < 300);
	assert_true(most - before < 16 << 20);
	channel_free(p.channel);
	good_is_served();
}

/* The oldest of a device's sessions goes, and is not told that its key is
 * void. */
static void
one_terminal_more_replaces_the_oldest(void **state)
{
	struct peer a, b;

	(void)state;
	peer_open(&a);
	peer_open(&b);
	gate_wait(&good.closed);
	assert_int_equal(good.over.code, ERR_REPLACED);
	channel_free(a.channel);
	channel_free(b.channel);
	gate_hang_up(&good);
	gate_dial(&good, gate.address, NULL);
	gate_wait(&good.welcomed);
	good_is_served();
}

static void
sessions_are_limited(void **state)
{
	struct gate_terminal t[6] = {0};
	int i;

	(void)state;
	for (i = 0; i < 5; i++)
		gate_join(&t[i], gate_person("More", "rep"));
	gate_hang_up(&t[4]);
	t[5].key = t[4].key;
	gate_join(&t[4], gate_person("More", "rep"));
	gate_dial(&t[5], gate.address, NULL);
	gate_wait(&t[5].closed);
	assert_int_equal(t[5].over.code, ERR_FULL);
	good_is_served();
	for (i = 0; i < 6; i++)
		gate_leave(&t[i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(garbage_is_closed_without_answer),
	    cmocka_unit_test(halves_end_with_the_link),
	    cmocka_unit_test(replayed_handshakes_are_worthless),
	    cmocka_unit_test(garbage_behind_the_handshake_closes),
	    cmocka_unit_test(the_slow_run_out_of_time),
	    cmocka_unit_test(the_oldest_stranger_makes_room),
	    cmocka_unit_test(unknown_and_revoked_keys_are_told),
	    cmocka_unit_test(bad_frames_are_answered),
	    cmocka_unit_test(more_requests_than_allowed_wait),
	    cmocka_unit_test(who_never_reads_costs_its_buffer),
	    cmocka_unit_test(one_terminal_more_replaces_the_oldest),
	    cmocka_unit_test(sessions_are_limited),
	};

	if (!getenv("FIREBREAK_PG")) {
		puts("1..0 # SKIP needs a PostgreSQL: tests/with-pg.sh");
		return 0;
	}
	return cmocka_run_group_tests_name(
	    "strangers", tests, set_up, tear_down);
}
