/* Inside the client: client.c sends and ends, client_read.c takes frames. */
#ifndef COMMON_CLIENT_IMPL_H
#define COMMON_CLIENT_IMPL_H

#include <sys/queue.h>

#include "common/channel.h"
#include "common/client.h"

#define FRAME_MAX_CLIENT (4u << 20)
#define WELCOME_US 10000000 /* connecting to welcome */
#define QUIET_US 75000000   /* nothing heard: PING */
#define SILENT_US 30000000  /* and no answer to that: it is broken */
#define CANCELLED_MAX 64    /* ids whose late answers are remembered */
#define DEVICE_NAME_MAX 256

struct request {
	TAILQ_ENTRY(request) link;
	uint32_t id;
	bool is_write;
	bool late; /* made when all was over already */
	const struct client_reply *reply;
	void *arg;
};
TAILQ_HEAD(request_list, request);

struct client {
	struct loop *loop;
	struct channel *channel;
	struct channel_options options;
	const struct client_events *events;
	void *arg;
	struct loop_timer *timer;
	bool welcomed, pinged;
	bool closing; /* the answers of open requests are being given up */
	bool closed;  /* on_closed was called */
	bool busy, dead;
	uint32_t next_id;
	struct request_list requests; /* oldest first */
	uint32_t cancelled[CANCELLED_MAX];
	size_t cancelled_at;
	struct err why; /* from a BYE or an ERROR with id 0 */
};

/* client.c: breaks the connection off; everything open is answered. */
void client_break_off(struct client *c, enum err_code code, const char *text);

/* client_read.c */
struct request *client_find_request(struct client *c, uint32_t id);
/* One frame; types that a later server may have are passed over. */
void client_take(struct client *c, enum frame_type type, uint32_t id,
    struct codec_reader *r);

#endif
