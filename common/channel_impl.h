/*
 * The inside of a channel, shared by channel.c (life and handshake) and
 * channel_frame.c (what flows once it is open).
 */
#ifndef COMMON_CHANNEL_IMPL_H
#define COMMON_CHANNEL_IMPL_H

#include "common/buf.h"
#include "common/channel.h"
#include "common/noise.h"

#define PREAMBLE_LEN 8
#define LENGTH_LEN 2 /* in front of every Noise message */

enum channel_state {
	CHANNEL_PREAMBLE,  /* waits for the peer's eight bytes */
	CHANNEL_MESSAGE_1, /* server waits for a handshake message */
	CHANNEL_MESSAGE_2, /* client waits */
	CHANNEL_MESSAGE_3, /* server waits */
	CHANNEL_DECIDING,  /* server waits for its user's answer */
	CHANNEL_OPEN,	   /* frames flow */
	CHANNEL_FINISHING, /* output still leaves, input is passed over */
	CHANNEL_CLOSED,	   /* on_closed was called */
	CHANNEL_STATES
};

/* Messages that passed one way since the last rekey. */
struct channel_way {
	struct noise_cipher cipher;
	uint64_t messages;
};

struct channel {
	struct loop *loop;
	struct stream *stream; /* NULL once closed */
	const struct channel_options *o;
	const struct channel_events *events;
	void *arg;
	enum channel_state state;
	bool is_server;
	bool paused;	     /* by the user */
	bool throttled;	     /* by unread output */
	bool busy;	     /* inside a callback: channel_free must wait */
	bool dead;	     /* freed while busy */
	struct noise *noise; /* during the handshake */
	struct loop_timer *timer; /* during the handshake: patience */
	struct channel_way send, receive;
	struct buf in;	  /* plaintext: the beginning of a frame, or what waits
			     while paused */
	struct buf out;	  /* plaintext: frames of this turn */
	size_t frame_at;  /* where the frame of channel_begin starts in out */
	struct buf hello; /* client: until message 3 */
	struct err *why;  /* what on_closed will say after finishing */
	uint64_t heard;
};

/* Ends the channel now: on_closed with e. */
void channel_fail(struct channel *c, enum err_code code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* channel_finish, with on_closed told why. */
void channel_finish_why(struct channel *c, const struct err *e);
/* Starts or stops reading as paused, throttled and state ask for. */
void channel_update_reading(struct channel *c);

/* Takes one message off the input; 0: more bytes are needed. */
size_t channel_take_message(struct channel *c, uint8_t *data, size_t len);
/* Hands over frames that wait in c->in. */
void channel_take_waiting(struct channel *c);
/* Turns c->out into Noise messages on the stream. */
void channel_seal_out(struct channel *c);

static inline bool
channel_takes_frames(const struct channel *c)
{
	return c->state == CHANNEL_OPEN && !c->paused && !c->throttled &&
	       !c->dead;
}

#endif
