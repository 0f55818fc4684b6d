/*
 * Imports as a whole: files matched to a mapping, staged, applied, reported;
 * all in one transaction, so that nothing is half done.
 */
#ifndef SERVER_IMPORT_RUN_H
#define SERVER_IMPORT_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "common/err.h"

struct db_sync;
struct diags;

struct import_options {
	const char *mapping;	  /* path of the YAML file */
	const char *const *paths; /* files, or directories of files */
	size_t path_count;
	const char *encoding; /* NULL: find out */
	const char *rejects;  /* file to write; NULL: import-N-rejects.csv */
	const char *owner;    /* e-mail of whose the ownerless become */
	bool dry_run;
	bool progress; /* a bar on stderr */
	FILE *report;  /* what was done, for people */
	bool zh;       /* in which language */
};

struct import_report {
	int64_t import_id;
	int64_t rows, inserted, updated, unchanged, rejected;
};

/* -1 with e, or with faults of the mapping and of files in d (then e is
 * ERR_BAD_ARGUMENT with the first of them); nothing was changed then. */
int import_run(struct db_sync *db, const struct import_options *o,
    struct import_report *r, struct diags *d, struct err *e)
    __attribute__((warn_unused_result));

#endif
