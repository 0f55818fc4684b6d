/* A channel's life: preamble, handshake, end.  docs/protocol.md 1 and 2. */
#include "common/channel.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/channel_impl.h"
#include "common/loop.h"
#include "common/mem.h"
#include "common/secret.h"
#include "common/stream.h"

#define PATIENCE_DEFAULT 10000000
#define MESSAGE_12_LEN (NOISE_KEY_LEN + NOISE_TAG_LEN) /* empty payload */
#define MESSAGE_3_MIN (NOISE_KEY_LEN + 2 * NOISE_TAG_LEN)
#define MESSAGE_3_MAX (MESSAGE_3_MIN + CHANNEL_HELLO_MAX)

static const uint8_t own_preamble[PREAMBLE_LEN] = {
    'F', 'B', 'R', 'K', CHANNEL_VERSION >> 8, CHANNEL_VERSION & 0xff, 0, 0};

static void
destroy(struct channel *c)
{
	stream_free(c->stream);
	noise_free(c->noise);
	loop_timer_cancel(c->timer);
	buf_clear(&c->in);
	buf_clear(&c->out);
	buf_clear(&c->hello);
	free(c->why);
	secret_wipe(c, sizeof(*c));
	free(c);
}

void
channel_free(struct channel *c)
{
	if (!c)
		return;
	if (!c->busy) {
		destroy(c);
		return;
	}
	c->dead = true;
	c->state = CHANNEL_CLOSED;
	stream_free(c->stream);
	c->stream = NULL;
}

/* Around all that the stream or a timer calls. */
static void
leave(struct channel *c)
{
	c->busy = false;
	if (c->dead)
		destroy(c);
}

static void
closed(struct channel *c, const struct err *e)
{
	if (c->state == CHANNEL_CLOSED)
		return;
	c->state = CHANNEL_CLOSED;
	loop_timer_cancel(c->timer);
	c->timer = NULL;
	stream_free(c->stream);
	c->stream = NULL;
	c->events->on_closed(e, c->arg);
}

void
channel_fail(struct channel *c, enum err_code code, const char *fmt, ...)
{
	char text[256];
	struct err e;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	err_set(&e, code, "%s", text);
	closed(c, &e);
}

void
channel_finish_why(struct channel *c, const struct err *e)
{
	if (c->state >= CHANNEL_FINISHING)
		return;
	if (c->state == CHANNEL_OPEN)
		channel_seal_out(c);
	c->state = CHANNEL_FINISHING;
	loop_timer_cancel(c->timer);
	c->timer = NULL;
	if (e) {
		c->why = xmalloc(sizeof(*e));
		*c->why = *e;
	}
	stream_finish(c->stream);
}

void
channel_finish(struct channel *c)
{
	channel_finish_why(c, NULL);
}

void
channel_update_reading(struct channel *c)
{
	if (!c->stream)
		return;
	if (c->paused || c->throttled || c->state == CHANNEL_DECIDING)
		stream_pause(c->stream);
	else
		stream_resume(c->stream);
}

static void
on_patience(void *arg)
{
	struct channel *c = arg;

	c->busy = true;
	channel_fail(c, ERR_TIMEOUT, "no handshake in time");
	leave(c);
}

static struct channel *
new_channel(struct loop *l, const struct channel_options *o,
    const struct channel_events *events, void *arg)
{
	struct channel *c = xcalloc(1, sizeof(*c));

	c->loop = l;
	c->o = o;
	c->events = events;
	c->arg = arg;
	c->heard = loop_now();
	c->timer = loop_timer_new(l, on_patience, c);
	loop_timer_set(c->timer, o->patience ? o->patience : PATIENCE_DEFAULT);
	return c;
}

/* The prologue is both preambles; a peer of our version sends what we do. */
static struct noise *
new_noise(const struct channel *c, const uint8_t *server_key)
{
	uint8_t prologue[2 * PREAMBLE_LEN];
	struct noise_options o = {
	    .initiator = !c->is_server,
	    .prologue = prologue,
	    .prologue_len = sizeof(prologue),
	    .secret = c->o->secret,
	    .public = c->o->public,
	    .remote = server_key,
	};

	memcpy(prologue, own_preamble, PREAMBLE_LEN);
	memcpy(prologue + PREAMBLE_LEN, own_preamble, PREAMBLE_LEN);
	return noise_new(&o);
}

/* One handshake message out; -1 if the peer's key was a bad point. */
static int
send_handshake(struct channel *c, const void *payload, size_t len)
{
	size_t n = len + noise_overhead(c->noise);
	uint8_t *p = stream_reserve(c->stream, LENGTH_LEN + n);

	p[0] = (uint8_t)(n >> 8);
	p[1] = (uint8_t)n;
	return noise_write(c->noise, payload, len, p + LENGTH_LEN);
}

/* The length of the handshake message at data, or 0 if it is not all there.
 * Lengths outside the bounds end the channel. */
static size_t
handshake_len(struct channel *c, const uint8_t *data, size_t len, size_t most)
{
	size_t least = most == MESSAGE_3_MAX ? MESSAGE_3_MIN : most, n;

	if (len < LENGTH_LEN)
		return 0;
	n = (size_t)data[0] << 8 | data[1];
	if (n < least || n > most) {
		channel_fail(
		    c, ERR_BAD_REQUEST, "a handshake message of %zu bytes", n);
		return 0;
	}
	return len < LENGTH_LEN + n ? 0 : n;
}

static void
split(struct channel *c)
{
	noise_split(c->noise, &c->send.cipher, &c->receive.cipher);
	noise_free(c->noise);
	c->noise = NULL;
}

static void
open_frames(struct channel *c)
{
	c->state = CHANNEL_OPEN;
	loop_timer_cancel(c->timer);
	c->timer = NULL;
	channel_seal_out(c);
}

static void
refuse_version(struct channel *c, unsigned theirs)
{
	struct err e;

	if (c->is_server) {
		stream_write(c->stream, own_preamble, PREAMBLE_LEN);
		err_set(&e, ERR_VERSION,
		    "the client speaks version %u, this server %u", theirs,
		    CHANNEL_VERSION);
		channel_finish_why(c, &e);
		return;
	}
	channel_fail(c, ERR_VERSION,
	    "the server speaks version %u, this program %u", theirs,
	    CHANNEL_VERSION);
}

static size_t
take_preamble(struct channel *c, uint8_t *data, size_t len)
{
	size_t magic = len < 4 ? len : 4;

	if (memcmp(data, own_preamble, magic) != 0 ||
	    (len >= PREAMBLE_LEN && (data[6] || data[7]))) {
		channel_fail(c, ERR_BAD_REQUEST,
		    "the peer does not speak firebreak's protocol");
		return 0;
	}
	if (len < PREAMBLE_LEN)
		return 0;
	if (data[4] != own_preamble[4] || data[5] != own_preamble[5]) {
		refuse_version(c, (unsigned)data[4] << 8 | data[5]);
		return PREAMBLE_LEN;
	}
	c->state = c->is_server ? CHANNEL_MESSAGE_1 : CHANNEL_MESSAGE_2;
	if (c->is_server) {
		stream_write(c->stream, own_preamble, PREAMBLE_LEN);
		c->noise = new_noise(c, NULL);
	}
	return PREAMBLE_LEN;
}

static size_t
take_message_1(struct channel *c, uint8_t *data, size_t len)
{
	size_t n = handshake_len(c, data, len, MESSAGE_12_LEN);
	uint8_t payload[1];

	if (n == 0)
		return 0;
	if (noise_read(c->noise, data + LENGTH_LEN, n, payload) != 0 ||
	    send_handshake(c, NULL, 0) != 0) {
		channel_fail(c, ERR_BAD_REQUEST,
		    "the client knows another server key, or none");
		return 0;
	}
	c->state = CHANNEL_MESSAGE_3;
	return LENGTH_LEN + n;
}

static size_t
take_message_2(struct channel *c, uint8_t *data, size_t len)
{
	size_t n = handshake_len(c, data, len, MESSAGE_12_LEN);
	uint8_t payload[1];

	if (n == 0)
		return 0;
	if (noise_read(c->noise, data + LENGTH_LEN, n, payload) != 0 ||
	    send_handshake(c, c->hello.data, c->hello.len) != 0) {
		channel_fail(c, ERR_BAD_REQUEST,
		    "this is not the server whose key we hold");
		return 0;
	}
	buf_clear(&c->hello);
	split(c);
	open_frames(c);
	if (c->events->on_ready)
		c->events->on_ready(c->arg);
	return LENGTH_LEN + n;
}

static size_t
take_message_3(struct channel *c, uint8_t *data, size_t len)
{
	size_t n = handshake_len(c, data, len, MESSAGE_3_MAX);
	uint8_t hello[CHANNEL_HELLO_MAX], key[NOISE_KEY_LEN];

	if (n == 0)
		return 0;
	if (noise_read(c->noise, data + LENGTH_LEN, n, hello) != 0) {
		channel_fail(c, ERR_BAD_REQUEST, "the handshake was changed");
		return 0;
	}
	memcpy(key, noise_remote(c->noise), sizeof(key));
	split(c);
	loop_timer_cancel(c->timer);
	c->timer = NULL;
	c->state = CHANNEL_DECIDING;
	channel_update_reading(c);
	c->events->on_hello(key, hello, n - MESSAGE_3_MIN, c->arg);
	return LENGTH_LEN + n;
}

/* What takes the input in a state; none: it waits or is passed over. */
static size_t (*const take_table[CHANNEL_STATES])(
    struct channel *, uint8_t *, size_t) = {
    [CHANNEL_PREAMBLE] = take_preamble,
    [CHANNEL_MESSAGE_1] = take_message_1,
    [CHANNEL_MESSAGE_2] = take_message_2,
    [CHANNEL_MESSAGE_3] = take_message_3,
    [CHANNEL_OPEN] = channel_take_message,
};

static size_t
on_data(uint8_t *data, size_t len, void *arg)
{
	struct channel *c = arg;
	size_t at = 0, n;

	c->busy = true;
	c->heard = loop_now();
	channel_take_waiting(c);
	while (
	    at < len && take_table[c->state] && !c->paused && !c->throttled) {
		n = take_table[c->state](c, data + at, len - at);
		if (n == 0)
			break;
		at += n;
	}
	leave(c);
	return at;
}

static void
on_flush(void *arg)
{
	struct channel *c = arg;

	if (c->state == CHANNEL_OPEN)
		channel_seal_out(c);
}

static void
on_stream_drained(void *arg)
{
	struct channel *c = arg;

	c->busy = true;
	if (c->throttled) {
		c->throttled = false;
		channel_update_reading(c);
	}
	if (c->state == CHANNEL_OPEN && c->events->on_drained)
		c->events->on_drained(c->arg);
	leave(c);
}

static void
on_stream_closed(const struct err *e, void *arg)
{
	struct channel *c = arg;

	c->busy = true;
	if (!e && c->state < CHANNEL_DECIDING)
		channel_fail(c, ERR_UNAVAILABLE,
		    "the connection ended during the handshake");
	else
		closed(c, e ? e : c->why);
	leave(c);
}

static void
on_connected(void *arg)
{
	struct channel *c = arg;

	/* Message 1 need not wait for the server's preamble: were it another
	 * than expected, there would be no handshake anyway. */
	stream_write(c->stream, own_preamble, PREAMBLE_LEN);
	if (send_handshake(c, NULL, 0) != 0) {
		c->busy = true;
		channel_fail(c, ERR_BAD_ARGUMENT, "the server key is no key");
		leave(c);
	}
}

static const struct stream_events stream_calls = {
    .on_connected = on_connected,
    .on_data = on_data,
    .on_flush = on_flush,
    .on_drained = on_stream_drained,
    .on_closed = on_stream_closed,
};

struct channel *
channel_connect(struct loop *l, const char *address,
    const uint8_t server_key[32], const struct channel_options *o,
    const struct channel_events *events, void *arg)
{
	struct channel *c = new_channel(l, o, events, arg);

	c->noise = new_noise(c, server_key);
	c->stream = stream_connect(l, address, &stream_calls, c);
	return c;
}

struct channel *
channel_serve(struct loop *l, int fd, const struct channel_options *o,
    const struct channel_events *events, void *arg)
{
	struct channel *c = new_channel(l, o, events, arg);

	c->is_server = true;
	c->stream = stream_adopt(l, fd, &stream_calls, c);
	return c;
}

void
channel_set_hello(struct channel *c, const void *hello, size_t len)
{
	buf_reset(&c->hello);
	buf_add(&c->hello, hello, len);
}

void
channel_accept(struct channel *c)
{
	if (c->state != CHANNEL_DECIDING)
		return;
	open_frames(c);
	channel_update_reading(c);
}

void
channel_refuse(struct channel *c, const struct err *e)
{
	if (c->state != CHANNEL_DECIDING)
		return;
	buf_clear(&c->out);
	open_frames(c);
	channel_send_error(c, 0, e);
	channel_finish_why(c, e);
}

bool
channel_is_open(const struct channel *c)
{
	return c->state == CHANNEL_OPEN;
}

size_t
channel_unsent(const struct channel *c)
{
	return c->out.len + (c->stream ? stream_unsent(c->stream) : 0);
}

uint64_t
channel_stalled(const struct channel *c)
{
	return c->stream ? stream_stalled(c->stream) : 0;
}

uint64_t
channel_heard(const struct channel *c)
{
	return c->heard;
}

void
channel_pause(struct channel *c)
{
	c->paused = true;
	channel_update_reading(c);
}

void
channel_resume(struct channel *c)
{
	c->paused = false;
	channel_update_reading(c);
}

void
channel_peer(const struct channel *c, char *out, size_t size)
{
	if (c->stream)
		stream_peer(c->stream, out, size);
	else
		snprintf(out, size, "closed");
}
