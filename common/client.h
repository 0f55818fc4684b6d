/*
 * The client half of docs/protocol.md: used by the terminal, by firebreakctl,
 * by the demo's field force, the tests and the load generator.  It keeps one
 * connection; when it breaks, everything open is answered with ERR_UNAVAILABLE
 * and on_closed is called once.  It never reconnects by itself: when to do so
 * is the user's business (the terminal: 1 to 30 s with jitter).
 *
 * All callbacks run from the loop, never from inside a client_ call.
 */
#ifndef COMMON_CLIENT_H
#define COMMON_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/codec.h"
#include "common/err.h"

struct buf;
struct loop;
struct client;
struct keyfile;

#define REQUEST_ID_LEN 16

struct client_welcome {
	const char *server_version;
	int64_t person_id;
	const char *person;
	const char *role;
	const char *place;
	const char *lang;
	int64_t device_id;
	int64_t server_clock; /* us since 1970 */
	const uint8_t *screens_hash;
	size_t screens_hash_len;
};

struct client_column {
	const char *name;
	const char *type; /* bool int real text date time json bytes */
};

/* Everything pointed to lives until the callback returns. */
struct client_events {
	void (*on_welcome)(const struct client_welcome *w, void *arg);
	void (*on_screens)(const uint8_t *hash, size_t hash_len,
	    const uint8_t *bundle, size_t len, void *arg);
	void (*on_stale)(uint32_t id, void *arg);
	void (*on_notice)(const char *kind, const char *text, void *arg);
	/* The connection is over; e says why (a BYE, a refusal, a break). */
	void (*on_closed)(const struct err *e, void *arg);
};

struct client_done {
	int64_t rows;
	bool more;
	bool repeated;
	int64_t total;
	bool total_is_exact;
};

/* Answers to one request; any may be NULL. */
struct client_reply {
	void (*on_columns)(
	    const struct client_column *columns, size_t count, void *arg);
	/* Called per ROWS frame; rows are read with codec_need_array per row.
	 */
	void (*on_rows)(struct codec_reader *rows, size_t count, void *arg);
	/* Last call for a request: e is NULL when all went well.  `more`: rows
	 * follow after these; total is -1 if not counted; repeated: a write
	 * that had been applied before. */
	void (*on_done)(
	    const struct err *e, const struct client_done *done, void *arg);
};

struct client_hello {
	const char *version;
	const char *lang;
	int widget_level;
	const uint8_t *screens_hash; /* 32 bytes or NULL */
	const uint8_t *secret;	     /* invite secret, 16 bytes, or NULL */
	const char *device_name;
};

/* Starts connecting to "host:port", "[v6]:port" or "unix:/path".  The key is
 * borrowed until client_free. */
struct client *client_new(struct loop *l, const char *address,
    const uint8_t server_key[32], const struct keyfile *key,
    const struct client_hello *hello, const struct client_events *events,
    void *arg);
void client_free(struct client *c);	      /* no callbacks any more */
bool client_is_ready(const struct client *c); /* welcomed and not closed */

/* Args and options are CBOR maps already encoded (may be NULL, 0 for empty).
 * `id` 0 picks a fresh one; a watched ask is re-asked with its old id.
 * Returns the id: another than the old one if that is still open or was
 * cancelled with its answer under way (the old watch is forgotten then). */
uint32_t client_ask(struct client *c, uint32_t id, const char *statement,
    const struct buf *args, const struct buf *options,
    const struct client_reply *reply, void *arg);
uint32_t client_write(struct client *c, const char *statement,
    const struct buf *args, const uint8_t request_id[REQUEST_ID_LEN],
    const struct client_reply *reply, void *arg);
void client_unwatch(struct client *c, uint32_t id);
/* Forgets the request: its callbacks never run. */
void client_cancel(struct client *c, uint32_t id);

/* A fresh request id (docs/protocol.md section 4). */
void client_request_id(uint8_t id[REQUEST_ID_LEN]);

#endif
