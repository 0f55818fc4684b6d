/* A growing run of bytes. */
#include "common/buf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/mem.h"

void
buf_clear(struct buf *b)
{
	free(b->data);
	*b = (struct buf){0};
}

void
buf_reset(struct buf *b)
{
	b->len = 0;
}

uint8_t *
buf_reserve(struct buf *b, size_t n)
{
	size_t need, size;

	if (__builtin_add_overflow(b->len, n, &need) || need > SIZE_MAX / 2)
		fatalx("buffer of %zu bytes asked for %zu more", b->len, n);
	if (need > b->size) {
		size = b->size ? b->size : 64;
		while (size < need)
			size *= 2;
		b->data = xrealloc_array(b->data, size, 1);
		b->size = size;
	}
	return b->data + b->len;
}

void
buf_add(struct buf *b, const void *data, size_t n)
{
	if (n == 0)
		return;
	memcpy(buf_reserve(b, n), data, n);
	b->len += n;
}

void
buf_add_byte(struct buf *b, uint8_t byte)
{
	*buf_reserve(b, 1) = byte;
	b->len++;
}

void
buf_add_str(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}

void
buf_addf(struct buf *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	buf_vaddf(b, fmt, ap);
	va_end(ap);
}

void
buf_vaddf(struct buf *b, const char *fmt, va_list ap)
{
	va_list again;
	int n;

	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, ap);
	if (n < 0)
		fatalx("cannot format \"%s\"", fmt);
	vsnprintf(
	    (char *)buf_reserve(b, (size_t)n + 1), (size_t)n + 1, fmt, again);
	va_end(again);
	b->len += (size_t)n;
}

const char *
buf_str(struct buf *b)
{
	*buf_reserve(b, 1) = '\0';
	return (const char *)b->data;
}

char *
buf_take(struct buf *b)
{
	char *s;

	buf_str(b);
	s = (char *)b->data;
	*b = (struct buf){0};
	return s;
}
