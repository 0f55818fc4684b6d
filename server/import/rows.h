/*
 * One target of a mapping bound to one file: records become lines for COPY,
 * or a reason why not.
 */
#ifndef SERVER_IMPORT_ROWS_H
#define SERVER_IMPORT_ROWS_H

#include <stdbool.h>
#include <stddef.h>

#include "server/import/csvfile.h"
#include "server/import/mapping.h"

struct buf;
struct rows;

enum rows_result { ROWS_MADE, ROWS_SKIPPED, ROWS_REJECTED };

/* header is the file's first record; lookups are read from `directory`.  NULL
 * with the faults in d: columns that are not there.  mapping and target must
 * outlive the rows; the target's maps count their uses. */
struct rows *rows_new(const struct mapping *m, struct mapping_target *t,
    const char *file, const char *directory,
    const struct csvfile_record *header, struct diags *d);
void rows_free(struct rows *r);

/* "line, key, name, ...": the staging columns that a line fills. */
const char *rows_columns(const struct rows *r);

/* Appends one COPY line.  ROWS_REJECTED: *why says why (until the next call),
 * nothing was appended. */
enum rows_result rows_make(struct rows *r, const struct csvfile_record *rec,
    struct buf *out, const char **why);

/* A key came more than once (or may have: false alarms cost time only). */
bool rows_repeat(const struct rows *r);

#endif
