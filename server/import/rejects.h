/*
 * The file of rejects: file, line, reason, the original line, as CSV that can
 * be mended and imported again.  Made when the first reject comes.
 */
#ifndef SERVER_IMPORT_REJECTS_H
#define SERVER_IMPORT_REJECTS_H

#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "server/import/csvfile.h"

struct rejects;

struct rejects *rejects_new(const char *path, int64_t import_id);
void rejects_free(struct rejects *r);
const char *rejects_path(const struct rejects *r);

void rejects_add(struct rejects *r, const char *file, struct csvfile *csv,
    const struct csvfile_record *rec, const char *why);
/* The same for the record that begins on a line at or after the one the
 * reader is at (csvfile_rewind() first, then lines in order). */
void rejects_find(struct rejects *r, const char *file, struct csvfile *csv,
    size_t line, const char *why);

/* Writes the file, if there is anything in it. */
int rejects_finish(struct rejects *r, struct err *e)
    __attribute__((warn_unused_result));

#endif
