/*
 * Reading a CSV file record by record: encoding, delimiter, quotes, line ends
 * of every kind.  Every record knows the line it began on and its bytes, so
 * that one which cannot be used is a reject with its reason and not the end
 * of the import.
 */
#ifndef SERVER_IMPORT_CSVFILE_H
#define SERVER_IMPORT_CSVFILE_H

#include <stdbool.h>
#include <stddef.h>

#include "common/err.h"

struct csvfile;

struct csvfile_options {
	const char *encoding; /* NULL: find out */
	char delimiter;	      /* 0: find out from the first line: , ; tab */
	size_t longest;	      /* bytes of a record; 0: 1 MiB */
};

struct csvfile_field {
	const char *text; /* UTF-8 with NUL; lives until the next record */
	size_t len;
};

struct csvfile_record {
	size_t line;   /* from 1, where it begins */
	size_t offset; /* its bytes in the file, line end included */
	size_t len;
	const struct csvfile_field *fields;
	size_t count;
	const char *fault; /* why it cannot be used, or NULL */
	size_t column;	   /* of the fault, from 1 in characters; 0: none */
};

/* Reads the whole file.  NULL with e set.  _parse takes a text instead, which
 * must outlive the reader. */
struct csvfile *csvfile_open(
    const char *path, const struct csvfile_options *o, struct err *e);
struct csvfile *csvfile_parse(const char *text, size_t len,
    const struct csvfile_options *o, struct err *e);
void csvfile_free(struct csvfile *c);

/* The next record that is not blank; false at the end.  A record with a fault
 * has no fields; reading goes on with the line after it. */
bool csvfile_next(struct csvfile *c, struct csvfile_record *r);

/* Back to the first record. */
void csvfile_rewind(struct csvfile *c);

const char *csvfile_encoding(const struct csvfile *c);
char csvfile_delimiter(const struct csvfile *c);
/* All bytes, and how many have been read: for a progress bar. */
const char *csvfile_text(const struct csvfile *c, size_t *len);
size_t csvfile_at(const struct csvfile *c);

#endif
