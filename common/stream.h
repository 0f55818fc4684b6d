/*
 * Bytes over a socket, TCP or unix, inside the loop.  What is written in one
 * turn goes out together at its end; what has been read is handed over where
 * it lies and kept only as far as the reader leaves it.  An idle stream holds
 * no buffers.
 *
 * Addresses: "host:port", "[v6]:port", ":port" (listening: every interface)
 * or "unix:/path".
 */
#ifndef COMMON_STREAM_H
#define COMMON_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"

struct loop;
struct stream;
struct stream_listener;

/* Callbacks run from the loop, never inside a stream_ call; each may free the
 * stream. */
struct stream_events {
	void (*on_connected)(void *arg); /* stream_connect only */
	/* All bytes not yet taken, which may be changed in place; returns how
	 * many were taken.  Called again when more have come. */
	size_t (*on_data)(uint8_t *data, size_t len, void *arg);
	/* The turn ends: last chance to write before bytes leave. */
	void (*on_flush)(void *arg);
	/* Every byte that was written is with the kernel. */
	void (*on_drained)(void *arg);
	/* Over, with what is unsent lost; e is NULL at a plain end.  Called
	 * once; the stream waits for stream_free. */
	void (*on_closed)(const struct err *e, void *arg);
};

/* Starts connecting; writing is allowed at once.  Failures come through
 * on_closed.  Names are looked up while the caller waits. */
struct stream *stream_connect(struct loop *l, const char *address,
    const struct stream_events *events, void *arg);
/* Takes over a connected socket and closes it in the end. */
struct stream *stream_adopt(
    struct loop *l, int fd, const struct stream_events *events, void *arg);
void stream_free(struct stream *s); /* at once; no callbacks any more */

void stream_write(struct stream *s, const void *data, size_t n);
/* Room for n bytes at the end of the output, to be filled at once; then they
 * count as written. */
uint8_t *stream_reserve(struct stream *s, size_t n);
/* on_flush at the end of this turn. */
void stream_flush_soon(struct stream *s);
/* Bytes written and not yet with the kernel, and for how many microseconds the
 * kernel has taken none of them. */
size_t stream_unsent(const struct stream *s);
uint64_t stream_stalled(const struct stream *s);

/* No on_data until stream_resume, which calls it soon if bytes wait (or none,
 * with len 0). */
void stream_pause(struct stream *s);
void stream_resume(struct stream *s);

/* Sends what is written, ends its direction, passes over what still comes, and
 * calls on_closed: at the peer's end, or when for five seconds it neither took
 * our bytes nor ended its own. */
void stream_finish(struct stream *s);

/* The peer as people know it: "192.0.2.7:4022", "[::1]:4022", "unix". */
void stream_peer(const struct stream *s, char *out, size_t size);

/* Listens; on_accept gets each connection's socket and owns it (it must not
 * cancel the listener).  A stale unix socket is replaced.  NULL with e set. */
struct stream_listener *stream_listen(struct loop *l, const char *address,
    void (*on_accept)(int fd, void *arg), void *arg, struct err *e);
int stream_listener_port(const struct stream_listener *h); /* 0: unix */
void stream_listener_cancel(struct stream_listener *h);

#endif
