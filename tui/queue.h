/*
 * Writes on their way: each is in a local append-only file, sealed with the
 * device's key, before it goes to the socket, and leaves it when the daemon
 * has answered.  So nothing a person saved is lost to a cut link, a crash or
 * a flat battery, and the request id sees to it that nothing happens twice.
 */
#ifndef TUI_QUEUE_H
#define TUI_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/client.h"
#include "common/err.h"
#include "tui/value.h"

enum queue_state {
	QUEUE_WAITING, /* for a connection */
	QUEUE_SENT,    /* for the answer */
	QUEUE_REFUSED  /* `sentence` says why; stays until dismissed */
};

struct queue_item {
	uint8_t request[REQUEST_ID_LEN];
	char *statement;
	struct buf args; /* CBOR map */
	char *label;	 /* for people */
	int64_t row;	 /* the row it was made on, 0: none */
	enum queue_state state;
	int batch; /* of the verb on several rows, 0: none */
	bool undoes;
	char *sentence;
	struct queue *queue;
	struct values answer; /* its one row, by the columns' names */
};

struct queue {
	struct queue_item **items;
	size_t count;
	int fd;		 /* -1: memory only */
	uint8_t key[32]; /* seals the records */
	size_t records;	 /* written since the file was last empty */
	size_t bytes;	 /* of the file */
	size_t max;	 /* bytes after which no write is taken */
	void *owner;
};

/* Opens and replays the file (path NULL: memory only, for tests and --dump).
 * What cannot be opened with the key is an error: nothing is thrown away. */
int queue_open(struct queue *q, const char *path, const uint8_t key[32],
    struct err *e) __attribute__((warn_unused_result));
void queue_close(struct queue *q);

/* The item is in the file when this returns; NULL with e: it is not.
 * ERR_FULL: too many wait here already. */
struct queue_item *queue_add(struct queue *q, const char *statement,
    const struct values *args, const char *label, int64_t row, struct err *e);
/* The daemon has applied it. */
void queue_done(struct queue *q, struct queue_item *item);
void queue_refuse(
    struct queue *q, struct queue_item *item, const char *sentence);
/* A refused one that the person has read. */
void queue_dismiss(struct queue *q, struct queue_item *item);

size_t queue_count(const struct queue *q, bool refused);
/* What a row shows: '~', '!' or 0. */
char queue_mark(const struct queue *q, int64_t row);
/* Empties memory and file: the key was revoked. */
void queue_wipe(struct queue *q);

#endif
