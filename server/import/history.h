/*
 * Imports that were made: taking one back, listing them.
 */
#ifndef SERVER_IMPORT_HISTORY_H
#define SERVER_IMPORT_HISTORY_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "common/err.h"

struct db_sync;

/* Takes a whole import back; what has been changed since stays, and
 * `report` says how much, what and who. */
int import_revert(struct db_sync *db, int64_t import_id, FILE *report, bool zh,
    struct err *e) __attribute__((warn_unused_result));

/* One line an import, the latest first. */
int import_list(struct db_sync *db, FILE *out, struct err *e)
    __attribute__((warn_unused_result));

#endif
