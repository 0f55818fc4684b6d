/* What flows through an open channel: Noise messages and, in them, frames. */
#include <string.h>

#include "common/channel_impl.h"
#include "common/codec.h"
#include "common/stream.h"

#define FRAME_HEAD 4 /* length */
#define FRAME_MIN 5  /* type and id */
#define REKEY_DEFAULT 65536
#define PONG_UNSENT_MAX 65536 /* a peer that never reads gets no more PONGs */

/* Plaintext of one message we send.  Less than Noise allows (65,519), so that
 * an evbuffer chain with its head fits into 64 KiB. */
#define SEND_MAX 65400

static void
put16(uint8_t *p, size_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static void
put32(uint8_t *p, uint32_t v)
{
	put16(p, v >> 16);
	put16(p + 2, v & 0xffff);
}

static uint32_t
get32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	       (uint32_t)p[2] << 8 | p[3];
}

/* Before each message: the key changes when the old one has served. */
static void
count_message(const struct channel *c, struct channel_way *way)
{
	uint64_t most = c->o->rekey_after;

	if (way->messages == (most ? most : REKEY_DEFAULT)) {
		noise_rekey(&way->cipher);
		way->messages = 0;
	}
	way->messages++;
}

void
channel_seal_out(struct channel *c)
{
	size_t n;
	uint8_t *p;

	for (size_t at = 0; at < c->out.len; at += n) {
		n = c->out.len - at;
		if (n > SEND_MAX)
			n = SEND_MAX;
		count_message(c, &c->send);
		p = stream_reserve(c->stream, LENGTH_LEN + n + NOISE_TAG_LEN);
		put16(p, n + NOISE_TAG_LEN);
		noise_seal(
		    &c->send.cipher, c->out.data + at, n, p + LENGTH_LEN);
	}
	buf_clear(&c->out);
}

struct buf *
channel_begin(struct channel *c, enum frame_type type, uint32_t id)
{
	uint8_t *p;

	c->frame_at = c->out.len;
	p = buf_reserve(&c->out, FRAME_HEAD + FRAME_MIN);
	p[4] = (uint8_t)type;
	put32(p + 5, id);
	c->out.len += FRAME_HEAD + FRAME_MIN;
	return &c->out;
}

void
channel_end(struct channel *c)
{
	size_t len = c->out.len - c->frame_at - FRAME_HEAD;

	if (c->state >= CHANNEL_FINISHING) {
		buf_clear(&c->out);
		return;
	}
	put32(c->out.data + c->frame_at, (uint32_t)len);
	if (c->o->unsent_max && channel_unsent(c) > c->o->unsent_max) {
		c->throttled = true;
		channel_update_reading(c);
	}
	/* Large output is sealed early, so that it is not held twice. */
	if (c->state == CHANNEL_OPEN && c->out.len >= SEND_MAX)
		channel_seal_out(c);
	stream_flush_soon(c->stream);
}

void
channel_send(struct channel *c, enum frame_type type, uint32_t id,
    const void *body, size_t len)
{
	buf_add(channel_begin(c, type, id), body, len);
	channel_end(c);
}

void
channel_send_error(struct channel *c, uint32_t id, const struct err *e)
{
	struct buf *b = channel_begin(c, FRAME_ERROR, id);

	codec_put_array(b, 4);
	codec_put_text(b, e->name);
	codec_put_text(b, e->text);
	codec_put_text(b, e->field[0] ? e->field : NULL);
	codec_put_bool(b, err_is_retryable(e->code));
	channel_end(c);
}

void
channel_send_bye(struct channel *c, const struct err *e)
{
	struct buf *b = channel_begin(c, FRAME_BYE, 0);

	codec_put_array(b, 2);
	codec_put_text(b, e->name);
	codec_put_text(b, e->text);
	channel_end(c);
}

static void
answer_ping(struct channel *c, uint32_t id)
{
	struct buf *b;

	if (channel_unsent(c) > PONG_UNSENT_MAX)
		return;
	b = channel_begin(c, FRAME_PONG, id);
	codec_put_null(b);
	channel_end(c);
}

static void
on_long_frame(struct channel *c, size_t len)
{
	struct err e;

	err_set(&e, ERR_FRAME_TOO_LONG,
	    "a frame of %zu bytes is longer than %zu", len, c->o->frame_max);
	if (!c->is_server) {
		channel_fail(c, e.code, "%s", e.text);
		return;
	}
	channel_send_bye(c, &e);
	channel_finish_why(c, &e);
}

static void
take_frame(struct channel *c, const uint8_t *frame, size_t len)
{
	enum frame_type type = frame[0];
	uint32_t id = get32(frame + 1);

	if (type == FRAME_PING)
		answer_ping(c, id);
	else if (type != FRAME_PONG)
		c->events->on_frame(
		    type, id, frame + FRAME_MIN, len - FRAME_MIN, c->arg);
}

/* Hands over whole frames; how many bytes they were. */
static size_t
take_frames(struct channel *c, const uint8_t *data, size_t len)
{
	size_t at = 0, n;

	while (channel_takes_frames(c) && len - at >= FRAME_HEAD) {
		n = get32(data + at);
		if (n < FRAME_MIN) {
			channel_fail(c, ERR_BAD_REQUEST,
			    "a frame of %zu bytes is too short", n);
			break;
		}
		if (n > c->o->frame_max) {
			on_long_frame(c, n);
			break;
		}
		if (len - at - FRAME_HEAD < n)
			break;
		take_frame(c, data + at + FRAME_HEAD, n);
		at += FRAME_HEAD + n;
	}
	return at;
}

void
channel_take_waiting(struct channel *c)
{
	size_t used;

	if (c->in.len == 0 || !channel_takes_frames(c))
		return;
	used = take_frames(c, c->in.data, c->in.len);
	if (used == c->in.len) {
		buf_clear(&c->in);
		return;
	}
	memmove(c->in.data, c->in.data + used, c->in.len - used);
	c->in.len -= used;
}

static void
take_plaintext(struct channel *c, const uint8_t *data, size_t len)
{
	size_t used = 0;

	if (c->in.len == 0)
		used = take_frames(c, data, len);
	if (c->state != CHANNEL_OPEN)
		return;
	buf_add(&c->in, data + used, len - used);
	if (used == 0)
		channel_take_waiting(c);
}

size_t
channel_take_message(struct channel *c, uint8_t *data, size_t len)
{
	size_t n;

	if (len < LENGTH_LEN)
		return 0;
	n = (size_t)data[0] << 8 | data[1];
	if (n < NOISE_TAG_LEN) {
		channel_fail(c, ERR_BAD_REQUEST,
		    "a message of %zu bytes is too short", n);
		return 0;
	}
	if (len < LENGTH_LEN + n)
		return 0;
	data += LENGTH_LEN;
	count_message(c, &c->receive);
	if (noise_open(&c->receive.cipher, data, n, data) != 0) {
		channel_fail(c, ERR_BAD_REQUEST,
		    "a message does not come from the peer or was changed");
		return 0;
	}
	take_plaintext(c, data, n - NOISE_TAG_LEN);
	return LENGTH_LEN + n;
}
