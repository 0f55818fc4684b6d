/*
 * CBOR, written straight into a buf and read straight from bytes; libcbor's
 * streaming calls underneath.  Definite lengths only, no tags, no floats but
 * 64 bit, nesting to 16: what docs/protocol.md uses.
 */
#ifndef COMMON_CODEC_H
#define COMMON_CODEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;

void codec_put_null(struct buf *b);
void codec_put_bool(struct buf *b, bool value);
void codec_put_int(struct buf *b, int64_t value);
void codec_put_real(struct buf *b, double value);
void codec_put_text(struct buf *b, const char *s); /* NULL is null */
void codec_put_textn(struct buf *b, const char *s, size_t n);
void codec_put_bytes(struct buf *b, const void *data, size_t n);
void codec_put_array(struct buf *b, size_t count); /* then count items */
void codec_put_map(struct buf *b, size_t count);   /* then count pairs */

enum codec_type {
	CODEC_NULL,
	CODEC_BOOL,
	CODEC_INT,
	CODEC_REAL,
	CODEC_TEXT, /* valid UTF-8 */
	CODEC_BYTES,
	CODEC_ARRAY, /* `count` items follow */
	CODEC_MAP    /* `count` pairs follow */
};

struct codec_item {
	enum codec_type type;
	bool boolean;
	int64_t integer;
	double real;
	const uint8_t *data; /* text and bytes: inside the input, no NUL */
	size_t len;
	size_t count;
};

/* A cursor over bytes that the caller keeps. */
struct codec_reader {
	const uint8_t *data;
	size_t len;
	size_t at;   /* next unread byte */
	bool failed; /* sticky: malformed, truncated or of another type */
};

void codec_open(struct codec_reader *r, const void *data, size_t len);

/* The next item; false (and failed) at the end or on malformed input.  Text
 * is checked to be UTF-8; counts are checked against the bytes left. */
bool codec_next(struct codec_reader *r, struct codec_item *item);

/* Passes over one item with all it contains. */
bool codec_skip(struct codec_reader *r);

/* The next item must be of this type, else failed; fallback values (0, "",
 * false) come back then.  _or_null forms accept null: *null tells. */
size_t codec_need_array(struct codec_reader *r);
size_t codec_need_map(struct codec_reader *r);
int64_t codec_need_int(struct codec_reader *r);
bool codec_need_bool(struct codec_reader *r);
const uint8_t *codec_need_bytes(struct codec_reader *r, size_t *len);
/* A copy with NUL; the caller frees; NULL for null (and for failure). */
char *codec_need_text(struct codec_reader *r);

/* All bytes read and nothing failed. */
bool codec_finished(const struct codec_reader *r);

#endif
