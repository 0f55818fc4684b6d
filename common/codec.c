/* CBOR between bytes and values: libcbor's encoders and its stream decoder,
 * which allocate nothing. */
#include "common/codec.h"

#include <cbor/callbacks.h>
#include <cbor/encoding.h>
#include <cbor/streaming.h>
#include <string.h>

#include "common/buf.h"
#include "common/mem.h"
#include "common/text.h"

#define HEAD_MAX 9 /* a first byte and at most eight of length or value */
#define DEPTH_MAX 16

void
codec_put_null(struct buf *b)
{
	b->len += cbor_encode_null(buf_reserve(b, HEAD_MAX), HEAD_MAX);
}

void
codec_put_bool(struct buf *b, bool value)
{
	b->len += cbor_encode_bool(value, buf_reserve(b, HEAD_MAX), HEAD_MAX);
}

void
codec_put_int(struct buf *b, int64_t value)
{
	uint8_t *at = buf_reserve(b, HEAD_MAX);

	if (value >= 0)
		b->len += cbor_encode_uint((uint64_t)value, at, HEAD_MAX);
	else
		b->len += cbor_encode_negint(~(uint64_t)value, at, HEAD_MAX);
}

void
codec_put_real(struct buf *b, double value)
{
	b->len += cbor_encode_double(value, buf_reserve(b, HEAD_MAX), HEAD_MAX);
}

void
codec_put_text(struct buf *b, const char *s)
{
	if (s)
		codec_put_textn(b, s, strlen(s));
	else
		codec_put_null(b);
}

void
codec_put_textn(struct buf *b, const char *s, size_t n)
{
	uint8_t *at = buf_reserve(b, HEAD_MAX + n);
	size_t head = cbor_encode_string_start(n, at, HEAD_MAX);

	if (n > 0)
		memcpy(at + head, s, n);
	b->len += head + n;
}

void
codec_put_bytes(struct buf *b, const void *data, size_t n)
{
	uint8_t *at = buf_reserve(b, HEAD_MAX + n);
	size_t head = cbor_encode_bytestring_start(n, at, HEAD_MAX);

	if (n > 0)
		memcpy(at + head, data, n);
	b->len += head + n;
}

void
codec_put_array(struct buf *b, size_t count)
{
	b->len +=
	    cbor_encode_array_start(count, buf_reserve(b, HEAD_MAX), HEAD_MAX);
}

void
codec_put_map(struct buf *b, size_t count)
{
	b->len +=
	    cbor_encode_map_start(count, buf_reserve(b, HEAD_MAX), HEAD_MAX);
}

/* What one decoded item leaves behind; taken stays false for the kinds of
 * CBOR that the protocol does not use. */
struct taken {
	struct codec_item *item;
	bool taken;
};

static struct codec_item *
take(void *arg, enum codec_type type)
{
	struct taken *t = arg;

	t->taken = true;
	t->item->type = type;
	return t->item;
}

static void
on_uint8(void *arg, uint8_t value)
{
	take(arg, CODEC_INT)->integer = value;
}

static void
on_uint16(void *arg, uint16_t value)
{
	take(arg, CODEC_INT)->integer = value;
}

static void
on_uint32(void *arg, uint32_t value)
{
	take(arg, CODEC_INT)->integer = value;
}

static void
on_uint64(void *arg, uint64_t value)
{
	if (value <= INT64_MAX)
		take(arg, CODEC_INT)->integer = (int64_t)value;
}

static void
on_negint8(void *arg, uint8_t value)
{
	take(arg, CODEC_INT)->integer = -1 - (int64_t)value;
}

static void
on_negint16(void *arg, uint16_t value)
{
	take(arg, CODEC_INT)->integer = -1 - (int64_t)value;
}

static void
on_negint32(void *arg, uint32_t value)
{
	take(arg, CODEC_INT)->integer = -1 - (int64_t)value;
}

static void
on_negint64(void *arg, uint64_t value)
{
	if (value <= INT64_MAX)
		take(arg, CODEC_INT)->integer = -1 - (int64_t)value;
}

static void
on_bytes(void *arg, cbor_data data, size_t len)
{
	struct codec_item *item = take(arg, CODEC_BYTES);

	item->data = data;
	item->len = len;
}

static void
on_text(void *arg, cbor_data data, size_t len)
{
	struct codec_item *item;

	if (!text_is_valid((const char *)data, len))
		return;
	item = take(arg, CODEC_TEXT);
	item->data = data;
	item->len = len;
}

static void
on_array(void *arg, size_t count)
{
	take(arg, CODEC_ARRAY)->count = count;
}

static void
on_map(void *arg, size_t count)
{
	take(arg, CODEC_MAP)->count = count;
}

static void
on_real(void *arg, double value)
{
	take(arg, CODEC_REAL)->real = value;
}

static void
on_null(void *arg)
{
	take(arg, CODEC_NULL);
}

static void
on_bool(void *arg, bool value)
{
	take(arg, CODEC_BOOL)->boolean = value;
}

/* The library's own empty callbacks stand where an item is refused. */
static const struct cbor_callbacks decoders = {
    .uint8 = on_uint8,
    .uint16 = on_uint16,
    .uint32 = on_uint32,
    .uint64 = on_uint64,
    .negint8 = on_negint8,
    .negint16 = on_negint16,
    .negint32 = on_negint32,
    .negint64 = on_negint64,
    .byte_string_start = cbor_null_byte_string_start_callback,
    .byte_string = on_bytes,
    .string = on_text,
    .string_start = cbor_null_string_start_callback,
    .indef_array_start = cbor_null_indef_array_start_callback,
    .array_start = on_array,
    .indef_map_start = cbor_null_indef_map_start_callback,
    .map_start = on_map,
    .tag = cbor_null_tag_callback,
    .float2 = cbor_null_float2_callback,
    .float4 = cbor_null_float4_callback,
    .float8 = on_real,
    .undefined = cbor_null_undefined_callback,
    .null = on_null,
    .boolean = on_bool,
    .indef_break = cbor_null_indef_break_callback,
};

void
codec_open(struct codec_reader *r, const void *data, size_t len)
{
	*r = (struct codec_reader){.data = data, .len = len};
}

/* Every item takes at least a byte, so a count beyond the bytes left is a
 * lie; caught here, nobody reserves memory for it. */
static bool
is_count_possible(const struct codec_reader *r, const struct codec_item *item)
{
	size_t left = r->len - r->at;

	if (item->type == CODEC_MAP)
		return item->count <= left / 2;
	return item->type != CODEC_ARRAY || item->count <= left;
}

bool
codec_next(struct codec_reader *r, struct codec_item *item)
{
	struct taken t = {.item = item};
	struct cbor_decoder_result result;

	memset(item, 0, sizeof(*item));
	if (r->failed || r->at >= r->len) {
		r->failed = true;
		return false;
	}
	result =
	    cbor_stream_decode(r->data + r->at, r->len - r->at, &decoders, &t);
	if (result.status == CBOR_DECODER_FINISHED && t.taken) {
		r->at += result.read;
		if (is_count_possible(r, item))
			return true;
	}
	memset(item, 0, sizeof(*item));
	r->failed = true;
	return false;
}

bool
codec_skip(struct codec_reader *r)
{
	size_t open[DEPTH_MAX + 1] = {1}; /* items due at each depth */
	struct codec_item item;
	int depth = 0;

	while (depth >= 0) {
		if (open[depth] == 0) {
			depth--;
			continue;
		}
		open[depth]--;
		if (!codec_next(r, &item))
			return false;
		if (item.count == 0)
			continue;
		if (depth == DEPTH_MAX) {
			r->failed = true;
			return false;
		}
		open[++depth] =
		    item.type == CODEC_MAP ? item.count * 2 : item.count;
	}
	return true;
}

/* The next item if it is of this type; else the reader has failed and the
 * item is all zero. */
static struct codec_item
need(struct codec_reader *r, enum codec_type type)
{
	struct codec_item item;

	if (codec_next(r, &item) && item.type == type)
		return item;
	r->failed = true;
	return (struct codec_item){0};
}

size_t
codec_need_array(struct codec_reader *r)
{
	return need(r, CODEC_ARRAY).count;
}

size_t
codec_need_map(struct codec_reader *r)
{
	return need(r, CODEC_MAP).count;
}

int64_t
codec_need_int(struct codec_reader *r)
{
	return need(r, CODEC_INT).integer;
}

bool
codec_need_bool(struct codec_reader *r)
{
	return need(r, CODEC_BOOL).boolean;
}

const uint8_t *
codec_need_bytes(struct codec_reader *r, size_t *len)
{
	struct codec_item item = need(r, CODEC_BYTES);

	*len = item.len;
	return item.data;
}

char *
codec_need_text(struct codec_reader *r)
{
	struct codec_item item;

	if (!codec_next(r, &item) || item.type == CODEC_NULL)
		return NULL;
	/* a NUL inside would cut the copy short without a word */
	if (item.type != CODEC_TEXT ||
	    (item.len > 0 && memchr(item.data, '\0', item.len))) {
		r->failed = true;
		return NULL;
	}
	return xstrndup((const char *)item.data, item.len);
}

bool
codec_finished(const struct codec_reader *r)
{
	return !r->failed && r->at == r->len;
}
