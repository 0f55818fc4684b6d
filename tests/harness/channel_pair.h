/*
 * Two channels over a unix socket in one loop, with what happened to each:
 * for the channel's own tests.  pair_setup and pair_teardown are cmocka's.
 */
#ifndef TESTS_HARNESS_CHANNEL_PAIR_H
#define TESTS_HARNESS_CHANNEL_PAIR_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/buf.h"
#include "common/channel.h"
#include "common/err.h"
#include "common/keyfile.h"
#include "common/loop.h"
#include "common/stream.h"

#define DEADLINE_US 20000000

/* One side, with what happened to it. */
struct side {
	struct channel *c;
	struct channel_options o;
	struct keyfile *key;
	bool ready, closed, plain_end;
	bool hold;   /* server: answer the hello later */
	bool refuse; /* server: with ERR_REVOKED */
	bool free_at_hello, free_at_frame, pause_at_frame;
	struct err err;
	uint8_t peer_key[32];
	struct buf hello;
	size_t frames, bytes;
	enum frame_type last_type;
	uint32_t last_id;
	struct buf last;
	int drained;
};

extern struct channel_pair {
	struct loop *loop;
	struct side client, server;
	char path[64];
	struct stream_listener *listener;
} pair;

extern const struct channel_events pair_calls;

int pair_setup(void **state);
int pair_teardown(void **state);
/* The client's half; both, until frames may flow. */
void pair_start_client(void);
void pair_start(void);

/* Turns the loop until the condition holds; fails loudly after a while. */
#define UNTIL(condition)                                  \
	do {                                              \
		uint64_t end_ = loop_now() + DEADLINE_US; \
		while (!(condition)) {                    \
			assert_true(loop_now() < end_);   \
			loop_turn(pair.loop, false);      \
		}                                         \
	} while (0)

#endif
