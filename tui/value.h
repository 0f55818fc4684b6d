/*
 * One cell of an answer or one argument of a request, and lists of named ones.
 */
#ifndef TUI_VALUE_H
#define TUI_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/codec.h"

struct buf;

/* A scalar: null, bool, int, real, text.  Bytes are kept as null: no widget
 * of this level shows them. */
struct value {
	enum codec_type type;
	int64_t integer; /* CODEC_INT, CODEC_BOOL */
	double real;
	char *text; /* owned; CODEC_TEXT */
};

void value_clear(struct value *v);
struct value value_int(int64_t i);
struct value value_text(const char *s); /* copies */
struct value value_copy(const struct value *v);
bool value_equals(const struct value *a, const struct value *b);
/* The next item, which must be a scalar. */
struct value value_read(struct codec_reader *r);
void value_put(const struct value *v, struct buf *b);
/* As a person would type it; the caller frees. */
char *value_string(const struct value *v);

struct named_value {
	char *name;
	struct value value;
};

struct values {
	struct named_value *items;
	size_t count;
};

void values_clear(struct values *v);
/* Takes over `value`; one of the same name is replaced. */
void values_set(struct values *v, const char *name, struct value value);
const struct value *values_get(const struct values *v, const char *name);
struct values values_copy(const struct values *v);
/* From a CBOR map with text keys and scalars; what is not is left out. */
struct values values_read(const struct buf *b);
/* As a CBOR map. */
void values_put(const struct values *v, struct buf *b);

#endif
