/*
 * The values of one query on their way to PostgreSQL: scratch, filled, sent,
 * reset.  Values come from a terminal (CBOR, checked against the kind that is
 * expected) or from the daemon.
 */
#ifndef SERVER_PARAMS_H
#define SERVER_PARAMS_H

#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/err.h"
#include "server/db.h"

#define PARAMS_MAX 64

struct codec_reader;

struct params {
	struct buf text; /* all values, each with a NUL behind */
	int count;
	struct {
		size_t at;
		int len; /* -1: NULL */
	} items[PARAMS_MAX];
	struct db_value values[PARAMS_MAX]; /* filled by params_values */
};

void params_reset(struct params *p);
void params_clear(struct params *p);

/* Each appends one value; -1 with e when there are PARAMS_MAX already. */
int params_add_null(struct params *p, struct err *e)
    __attribute__((warn_unused_result));
int params_add_int(struct params *p, int64_t value, struct err *e)
    __attribute__((warn_unused_result));
int params_add_text(struct params *p, const char *s, size_t len, struct err *e)
    __attribute__((warn_unused_result));
int params_add_bytes(struct params *p, const void *data, size_t len,
    struct err *e) __attribute__((warn_unused_result));

/* The next CBOR item as a value of the kind; ERR_BAD_ARGUMENT if it is of
 * another (dates and times may be ISO texts). */
int params_read(struct params *p, enum db_column_type kind,
    struct codec_reader *r, struct err *e) __attribute__((warn_unused_result));

/* Appends the i-th value of another. */
int params_copy(struct params *p, const struct params *from, int i,
    struct err *e) __attribute__((warn_unused_result));

/* All, good until the next change. */
const struct db_value *params_values(struct params *p);

#endif
