/* Cells, arguments, and lists of named ones. */
#include "tui/value.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/mem.h"

void
value_clear(struct value *v)
{
	free(v->text);
	*v = (struct value){.type = CODEC_NULL};
}

struct value
value_int(int64_t i)
{
	return (struct value){.type = CODEC_INT, .integer = i};
}

struct value
value_text(const char *s)
{
	return (struct value){.type = CODEC_TEXT, .text = xstrdup(s)};
}

struct value
value_copy(const struct value *v)
{
	struct value copy = *v;

	if (v->text)
		copy.text = xstrdup(v->text);
	return copy;
}

bool
value_equals(const struct value *a, const struct value *b)
{
	if (a->type != b->type)
		return false;
	switch (a->type) {
	case CODEC_INT:
	case CODEC_BOOL:
		return a->integer == b->integer;
	case CODEC_REAL:
		return !(a->real < b->real) && !(a->real > b->real);
	case CODEC_TEXT:
		return strcmp(a->text, b->text) == 0;
	default:
		return true;
	}
}

struct value
value_read(struct codec_reader *r)
{
	struct codec_item item;
	struct value v = {.type = CODEC_NULL};

	if (!codec_next(r, &item))
		return v;
	switch (item.type) {
	case CODEC_BOOL:
		v.type = CODEC_BOOL;
		v.integer = item.boolean;
		break;
	case CODEC_INT:
		v.type = CODEC_INT;
		v.integer = item.integer;
		break;
	case CODEC_REAL:
		v.type = CODEC_REAL;
		v.real = item.real;
		break;
	case CODEC_TEXT:
		v.type = CODEC_TEXT;
		v.text = xstrndup((const char *)item.data, item.len);
		break;
	case CODEC_ARRAY:
	case CODEC_MAP:
		r->failed = true;
		break;
	default:
		break;
	}
	return v;
}

void
value_put(const struct value *v, struct buf *b)
{
	switch (v->type) {
	case CODEC_BOOL:
		codec_put_bool(b, v->integer != 0);
		break;
	case CODEC_INT:
		codec_put_int(b, v->integer);
		break;
	case CODEC_REAL:
		codec_put_real(b, v->real);
		break;
	case CODEC_TEXT:
		codec_put_text(b, v->text);
		break;
	default:
		codec_put_null(b);
	}
}

char *
value_string(const struct value *v)
{
	switch (v->type) {
	case CODEC_BOOL:
		return xstrdup(v->integer ? "true" : "false");
	case CODEC_INT:
		return xasprintf("%" PRId64, v->integer);
	case CODEC_REAL:
		return xasprintf("%.10g", v->real);
	case CODEC_TEXT:
		return xstrdup(v->text);
	default:
		return xstrdup("");
	}
}

void
values_clear(struct values *v)
{
	for (size_t i = 0; i < v->count; i++) {
		free(v->items[i].name);
		value_clear(&v->items[i].value);
	}
	free(v->items);
	*v = (struct values){0};
}

static struct named_value *
values_find(const struct values *v, const char *name)
{
	for (size_t i = 0; i < v->count; i++)
		if (strcmp(v->items[i].name, name) == 0)
			return &v->items[i];
	return NULL;
}

void
values_set(struct values *v, const char *name, struct value value)
{
	struct named_value *item = values_find(v, name);

	if (item) {
		value_clear(&item->value);
		item->value = value;
		return;
	}
	v->items = xrealloc_array(v->items, v->count + 1, sizeof(*v->items));
	v->items[v->count++] =
	    (struct named_value){.name = xstrdup(name), .value = value};
}

const struct value *
values_get(const struct values *v, const char *name)
{
	const struct named_value *item = values_find(v, name);

	return item ? &item->value : NULL;
}

struct values
values_copy(const struct values *v)
{
	struct values copy = {0};

	for (size_t i = 0; i < v->count; i++)
		values_set(
		    &copy, v->items[i].name, value_copy(&v->items[i].value));
	return copy;
}

void
values_put(const struct values *v, struct buf *b)
{
	codec_put_map(b, v->count);
	for (size_t i = 0; i < v->count; i++) {
		codec_put_text(b, v->items[i].name);
		value_put(&v->items[i].value, b);
	}
}

struct values
values_read(const struct buf *b)
{
	struct values out = {0};
	struct codec_reader r;

	codec_open(&r, b->data, b->len);
	for (size_t n = codec_need_map(&r); n > 0 && !r.failed; n--) {
		char *name = codec_need_text(&r);

		if (name)
			values_set(&out, name, value_read(&r));
		free(name);
	}
	return out;
}
