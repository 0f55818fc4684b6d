/*
 * The encrypted channel of docs/protocol.md sections 1 to 3 over one stream:
 * preamble, handshake, frames.  Both roles.  Sending is allowed from the start:
 * frames wait until the channel is open.  All frames of one turn travel in as
 * few Noise messages as possible.  PING is answered here and never seen.
 *
 * Callbacks run from the loop, never inside a channel_ call; each may free the
 * channel.
 */
#ifndef COMMON_CHANNEL_H
#define COMMON_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"

struct buf;
struct loop;
struct channel;

#define CHANNEL_VERSION 1
#define CHANNEL_HELLO_MAX 1024

enum frame_type {
	FRAME_WELCOME = 1,
	FRAME_SCREENS,
	FRAME_ASK,
	FRAME_WRITE,
	FRAME_COLUMNS,
	FRAME_ROWS,
	FRAME_DONE,
	FRAME_ERROR,
	FRAME_STALE,
	FRAME_UNWATCH,
	FRAME_PING,
	FRAME_PONG,
	FRAME_BYE,
	FRAME_NOTICE,
	FRAME_CANCEL
};

/* Borrowed for the channel's life, so that thousands share one. */
struct channel_options {
	const uint8_t *secret, *public; /* own static key pair */
	size_t frame_max;		/* longest frame taken, in bytes */
	size_t unsent_max;		/* above it reading stops; 0: never */
	uint64_t rekey_after;		/* messages; 0: 65,536 */
	uint64_t patience; /* us until the hello is there; 0: 10 s */
};

struct channel_events {
	/* Server: a client proved that it holds `key` (32 bytes).  Answer with
	 * channel_accept or channel_refuse, now or later. */
	void (*on_hello)(
	    const uint8_t key[32], const uint8_t *hello, size_t len, void *arg);
	/* Client: the handshake is done; the server may still refuse. */
	void (*on_ready)(void *arg);
	/* The body lives until the callback returns. */
	void (*on_frame)(enum frame_type type, uint32_t id, const uint8_t *body,
	    size_t len, void *arg);
	void (*on_drained)(void *arg); /* all that was sent has left */
	/* Over; e is NULL at a plain end.  Called once; the channel waits for
	 * channel_free. */
	void (*on_closed)(const struct err *e, void *arg);
};

struct channel *channel_connect(struct loop *l, const char *address,
    const uint8_t server_key[32], const struct channel_options *o,
    const struct channel_events *events, void *arg);
/* Client: the hello (at most CHANNEL_HELLO_MAX bytes of CBOR), copied; to be
 * set before the loop runs again. */
void channel_set_hello(struct channel *c, const void *hello, size_t len);
/* Server: takes over a connected socket. */
struct channel *channel_serve(struct loop *l, int fd,
    const struct channel_options *o, const struct channel_events *events,
    void *arg);
void channel_free(struct channel *c); /* at once; no callbacks any more */

void channel_accept(struct channel *c);
/* ERROR with id 0 in the encrypted channel, then channel_finish. */
void channel_refuse(struct channel *c, const struct err *e);
/* No frames any more from the peer; what was sent still leaves; on_closed. */
void channel_finish(struct channel *c);

void channel_send(struct channel *c, enum frame_type type, uint32_t id,
    const void *body, size_t len);
/* The same without a copy: put the body's CBOR into the buf, then end.  No
 * other channel_ call in between. */
struct buf *channel_begin(struct channel *c, enum frame_type type, uint32_t id);
void channel_end(struct channel *c);
/* The body of an ERROR or (with the first two of its items) a BYE. */
void channel_send_error(struct channel *c, uint32_t id, const struct err *e);
void channel_send_bye(struct channel *c, const struct err *e);

bool channel_is_open(const struct channel *c); /* frames may pass */
/* Bytes not yet with the kernel; for how many us none of them went. */
size_t channel_unsent(const struct channel *c);
uint64_t channel_stalled(const struct channel *c);
/* loop_now() of the last bytes that came. */
uint64_t channel_heard(const struct channel *c);

/* No on_frame until channel_resume. */
void channel_pause(struct channel *c);
void channel_resume(struct channel *c);

void channel_peer(const struct channel *c, char *out, size_t size);

#endif
