/*
 * In which encoding a file was written, and how to read it as UTF-8.  Knows
 * uchardet and iconv; people's exports come as UTF-8 with and without a mark,
 * as GB18030 (and its parts GBK, GB2312) and as UTF-16 from spreadsheets.
 */
#ifndef SERVER_IMPORT_ENCODING_H
#define SERVER_IMPORT_ENCODING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"

struct buf;
struct encoding;

/* The name of the encoding ("UTF-8", "GB18030", ...; at most 31 bytes, in
 * `name`) and the length of the mark at the start.  A text that is UTF-8 but
 * for few places is UTF-8: its bad places are for the reader to report. */
void encoding_detect(const void *text, size_t len, char name[32], size_t *mark);

/* NULL with e set if nothing here reads that encoding. */
struct encoding *encoding_new(const char *name, struct err *e);
void encoding_free(struct encoding *c);

/* Bytes that stand for a CSV delimiter, quote or line end never occur inside
 * a character: the text may be split before it is converted. */
bool encoding_keeps_ascii(const struct encoding *c);
bool encoding_is_utf8(const struct encoding *c);

/* Appends text as UTF-8.  -1: the byte at *bad cannot be read (what was
 * appended before is good). */
int encoding_convert(struct encoding *c, const void *text, size_t len,
    struct buf *out, size_t *bad) __attribute__((warn_unused_result));

/* Offset of the first byte that is not UTF-8, or len. */
size_t encoding_utf8_valid(const void *text, size_t len);

#endif
