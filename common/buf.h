/*
 * A growing run of bytes: scratch for encoding and for building text.  Not a
 * queue (libevent's evbuffers carry socket data) and not for secrets.
 */
#ifndef COMMON_BUF_H
#define COMMON_BUF_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

struct buf {
	uint8_t *data; /* owned; NULL while size is 0 */
	size_t len;    /* bytes in use */
	size_t size;   /* bytes allocated */
};

/* All zero is a valid empty buf.  _clear frees, _reset keeps the memory. */
void buf_clear(struct buf *b);
void buf_reset(struct buf *b);

/* Room for n more bytes at data + len; the caller adds to len itself. */
uint8_t *buf_reserve(struct buf *b, size_t n);

void buf_add(struct buf *b, const void *data, size_t n);
void buf_add_byte(struct buf *b, uint8_t byte);
void buf_add_str(struct buf *b, const char *s);
void buf_addf(struct buf *b, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void buf_vaddf(struct buf *b, const char *fmt, va_list ap)
    __attribute__((format(printf, 2, 0)));

/* The contents as a string; the NUL is not counted in len. */
const char *buf_str(struct buf *b);

/* The contents as a string that the caller owns; b is empty afterwards. */
char *buf_take(struct buf *b);

#endif
