/* common/codec: whatever the bytes, reading ends inside them; and an item
 * that was read and written again reads the same. */
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/codec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
put(struct buf *b, const struct codec_item *item)
{
	switch (item->type) {
	case CODEC_NULL:
		codec_put_null(b);
		break;
	case CODEC_BOOL:
		codec_put_bool(b, item->boolean);
		break;
	case CODEC_INT:
		codec_put_int(b, item->integer);
		break;
	case CODEC_REAL:
		codec_put_real(b, item->real);
		break;
	case CODEC_TEXT:
		codec_put_textn(b, (const char *)item->data, item->len);
		break;
	case CODEC_BYTES:
		codec_put_bytes(b, item->data, item->len);
		break;
	case CODEC_ARRAY:
		codec_put_array(b, item->count);
		break;
	case CODEC_MAP:
		codec_put_map(b, item->count);
		break;
	}
}

static void
check_round_trip(const struct codec_item *item)
{
	struct codec_reader r;
	struct codec_item again;
	struct buf b = {0};

	/* a container alone promises items that are not there */
	if (item->count == 0) {
		put(&b, item);
		codec_open(&r, b.data, b.len);
		if (!codec_next(&r, &again) || !codec_finished(&r) ||
		    again.type != item->type || again.len != item->len ||
		    again.integer != item->integer ||
		    again.boolean != item->boolean)
			abort();
		if (item->len && memcmp(again.data, item->data, item->len) != 0)
			abort();
	}
	buf_clear(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct codec_reader r;
	struct codec_item item;
	size_t at = 0;

	codec_open(&r, data, size);
	while (codec_next(&r, &item)) {
		if (r.at <= at || r.at > size)
			abort();
		at = r.at;
		check_round_trip(&item);
	}
	codec_open(&r, data, size);
	while (codec_skip(&r))
		;
	if (r.at > size || !r.failed)
		abort();
	codec_open(&r, data, size);
	codec_need_array(&r);
	free(codec_need_text(&r));
	return 0;
}
