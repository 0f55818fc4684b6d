/*
 * Cells to values: what a field of a mapping makes of a row's cells, in the
 * text form that PostgreSQL's COPY takes.
 */
#ifndef SERVER_IMPORT_CONVERT_H
#define SERVER_IMPORT_CONVERT_H

#include <stdbool.h>
#include <stddef.h>

struct buf;
struct mapping_field;

/* Appends the value of type `type` to out.  False: the text is no such value,
 * and *why says what was expected.  Money is in major units with at most two
 * decimals and becomes minor ones; a date is ISO, or `format` (strptime's);
 * a time may be seconds or milliseconds since 1970. */
bool convert_value(const char *type, const char *format, const char *text,
    struct buf *out, const char **why);

/* The text with COPY's escapes. */
void convert_escape(const char *text, size_t len, struct buf *out);

/* As firebreak.grams() makes them, as a PostgreSQL array; false (nothing
 * appended) for letters whose folding is PostgreSQL's business. */
bool convert_grams(const char *text, size_t len, struct buf *out);
/* Lower case and trimmed, under the same condition. */
bool convert_folded(const char *text, size_t len, struct buf *out);

#endif
