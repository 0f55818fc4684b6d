/*
 * Many terminals in one process, speaking the real protocol, for the programs
 * of tests/bench: what they have in common.
 *
 * `load` is filled by load_begin() and by the program that measures: samples
 * count from load.begin on.  Whatever is not an answer ends the program.
 */
#ifndef TESTS_HARNESS_LOAD_H
#define TESTS_HARNESS_LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/client.h"
#include "common/loop.h"

#define LOAD_IDS_MAX 200

struct terminal {
	struct client *client;
	struct keyfile *key;
	int64_t ids[LOAD_IDS_MAX]; /* customers in this one's range */
	size_t id_count;
	uint64_t sent;
	uint64_t turn;
	uint8_t screens[32]; /* the hash of those it has, as a real one */
	bool has_screens;
	bool is_heavy; /* what is under way is not counted */
};

struct load {
	struct loop *loop;
	const char *address;
	uint8_t server_key[32];
	const char *dir;
	struct terminal *terminals;
	size_t count, ready;
	const char *what;
	uint64_t heavy_every;
	uint64_t begin, end; /* of the counted time */
	uint32_t *samples;   /* us */
	size_t sample_count, sample_size;
	uint64_t errors, requests;
	char last_error[600];
};
extern struct load load;

/* The loop, the daemon's address, its key in hex, the directory with the
 * terminals' key files 1, 2, ... */
void load_begin(const char *address, const char *server_key, const char *dir);
/* Frees the loop and the samples; the exit status of the program. */
int load_end(void);

/* One answer to what was sent at `since`. */
void load_sample(uint64_t since);
/* WHAT_per_s, WHAT_p50_ms and WHAT_p99_ms of the samples, on stdout. */
void load_report(const char *what);
void load_error(const struct err *e);

/* Opens terminal `number`, or once more the one that has its key already. */
void terminal_open(
    struct terminal *t, size_t number, const struct client_events *events);
/* load.terminals with the keys 1 .. count. */
void terminals_open(size_t count, const struct client_events *events);
void terminals_close(void);
void load_on_closed(const struct err *e, void *arg);

void load_put_int(struct buf *args, const char *name, int64_t value);
/* on_rows of a list whose first column is the customer; fills t->ids. */
void load_take_ids(struct codec_reader *rows, size_t count, void *arg);
int64_t load_next_customer(struct terminal *t);
/* Sends visit/record for the next customer and returns whom. */
int64_t load_visit(struct terminal *t, const struct client_reply *reply);

#endif
