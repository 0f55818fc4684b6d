/*
 * The gateway: accepts terminals, knows who they are, carries their questions
 * and writes to PostgreSQL and the answers back, and tells watched panes that
 * their answers have aged.  One loop, no threads.
 *     gateway.c   listening, housekeeping, stopping
 *     session.c   one terminal: states, frames, closing
 *     login.c     from a device's key to a person with ranges
 *     request.c   one ASK or WRITE from frame to DONE (request_values.c)
 *     answer.c    rows and errors as frames
 *     watch.c     who watches which topics over which codes; STALE
 *     notify.c    the same between daemons
 */
#ifndef SERVER_GATEWAY_GATEWAY_H
#define SERVER_GATEWAY_GATEWAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"

struct catalogue;
struct db_options;
struct gateway;
struct loop;
struct phrases;
struct screens;

/* docs/protocol.md section 5; times in microseconds. */
struct gateway_limits {
	uint64_t handshake;
	int handshakes;
	int sessions; /* in all */
	int sessions_per_device;
	size_t frame_bytes;
	int open_requests;
	size_t unread_bytes;
	uint64_t stalled;
	uint64_t silence, pong;
	uint64_t stop; /* patience with what is in flight when stopping */
};

/* Borrowed for the gateway's life, the limits copied. */
struct gateway_options {
	const uint8_t *secret, *public;	   /* the server's static key pair */
	const struct catalogue *catalogue; /* described */
	const struct phrases *phrases;	   /* may be NULL */
	const struct screens *screens;	   /* may be NULL */
	const struct db_options *db;
	struct gateway_limits limits;
	/* A change was made (here or by another daemon) to these topics for
	 * the codes lo to hi; may be NULL. */
	void (*on_changed)(uint64_t topics, int64_t lo, int64_t hi, void *arg);
	void *arg;
};

struct gateway_counters {
	uint64_t sessions;   /* open now */
	uint64_t handshakes; /* unfinished now */
	uint64_t logins, refused_logins;
	uint64_t asks, writes, repeated, refusals, errors;
	uint64_t heavy_retries, timeouts, unavailable;
	uint64_t stale;	  /* STALE frames sent */
	uint64_t watches; /* now */
	uint64_t notifies_sent, notifies_heard;
	uint64_t request_us_sum;	 /* over all answered requests */
	uint64_t request_us_buckets[16]; /* [i]: took < 2^i * 64 us */
	bool database_up;
};

extern const struct gateway_limits gateway_default_limits;

struct gateway *gateway_new(struct loop *l, const struct gateway_options *o);
void gateway_free(struct gateway *g); /* closes everything at once */

/* Any number of times: "host:port", ":port", "unix:/path". */
int gateway_listen(struct gateway *g, const char *address, struct err *e)
    __attribute__((warn_unused_result));
/* The port of the i-th listener; 0: unix. */
int gateway_port(const struct gateway *g, int i);

/* Stops listening, says BYE, waits for what is in flight, then calls
 * on_stopped from the loop. */
void gateway_stop(struct gateway *g, void (*on_stopped)(void *arg), void *arg);

/* Something changed outside the gateway (the engine, an import): watchers of
 * the topics whose ranges meet [lo, hi] get STALE, here and at the other
 * daemons. */
void gateway_changed(
    struct gateway *g, uint64_t topics, int64_t lo, int64_t hi);

/* New screens and phrases: every terminal whose bundle differs gets SCREENS.
 * The old ones may be freed afterwards. */
void gateway_set_texts(
    struct gateway *g, const struct screens *s, const struct phrases *p);

/* Other limits, from now on.  Terminals that are connected keep the frame and
 * unread sizes they came with. */
void gateway_set_limits(struct gateway *g, const struct gateway_limits *l);

/* A sentence for the message line of every terminal here, in its language;
 * `kind` tells a terminal what it is about ("rules"). */
void gateway_notice(
    struct gateway *g, const char *kind, const char *zh, const char *en);

const struct gateway_counters *gateway_counters(struct gateway *g);

#endif
