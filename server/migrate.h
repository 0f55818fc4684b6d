/*
 * Brings a database to the schema of this program: sql/schema/NNN_*.sql, each
 * in a transaction of its own, once, in order, remembered with its SHA-256 in
 * firebreak_meta.migration.  An applied file that differs from the one
 * compiled in, and a database newer than the program, are refused.
 */
#ifndef SERVER_MIGRATE_H
#define SERVER_MIGRATE_H

#include <stddef.h>

#include "common/err.h"
#include "server/sqlfile.h"

struct db_sync;

struct migrate_report {
	int from; /* number of the last one there before; 0: empty */
	int to;	  /* the last one now */
	int applied;
};

/* As the admin connection.  The report may be NULL. */
int migrate_run(struct db_sync *s, struct migrate_report *r, struct err *e)
    __attribute__((warn_unused_result));

/* Whether the database is exactly at this program's schema; any login may
 * ask.  The error says what to do. */
int migrate_check(struct db_sync *s, struct err *e)
    __attribute__((warn_unused_result));

/* The same over other files than those compiled in (ends with a NULL name);
 * for tests. */
int migrate_run_files(struct db_sync *s, const struct sqlfile *files,
    struct migrate_report *r, struct err *e)
    __attribute__((warn_unused_result));

#endif
