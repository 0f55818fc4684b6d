/*
 * What terminals may ask and write: the files of sql/api, read, checked and
 * described by PostgreSQL at start (docs/catalogue.md).  Read-only afterwards
 * and alive as long as the process.
 */
#ifndef SERVER_CATALOGUE_H
#define SERVER_CATALOGUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/diag.h"
#include "server/db.h"

struct catalogue;
struct sqlfile;

#define CATALOGUE_TOPICS_MAX 64
#define CATALOGUE_LINES 13

struct catalogue_arg {
	char *name;
	char *type;		  /* as PostgreSQL calls it */
	enum db_column_type kind; /* what a terminal sends for it */
	bool optional;
};

struct catalogue_column {
	char *name;
	const char *type; /* as PostgreSQL calls it, for casts */
	enum db_column_type kind;
};

enum catalogue_rows { ROWS_NONE, ROWS_ONE, ROWS_MANY };

/* Where the value of $1, $2, … comes from: an argument by its number, or one
 * of these. */
enum catalogue_source {
	SOURCE_ME = -1,
	SOURCE_LO = -2,
	SOURCE_HI = -3,
	SOURCE_LO2 = -4,
	SOURCE_HI2 = -5
};

#define CATALOGUE_PARAMS_MAX 48

/* The statement as PostgreSQL takes it. */
struct catalogue_text {
	char *sql;
	int params;
	int8_t source[CATALOGUE_PARAMS_MAX];
	struct catalogue_piece *pieces; /* where the text comes from */
	int piece_count;
};

struct statement {
	const char *name; /* "customer/list" */
	const char *purpose;
	unsigned roles; /* catalogue_role_bit() of each */
	struct catalogue_arg *args;
	int arg_count;
	enum catalogue_rows rows;
	const char *key, *search; /* NULL if not given */
	const char *from;	  /* "s customer_state", or NULL */
	const char *undo;	  /* NULL for none */
	int *sort;		  /* columns, the first is the default */
	int sort_count;
	int key_column, search_column; /* -1: none */
	bool heavy;
	bool is_write;
	bool is_scoped;	 /* says :scope(...) */
	uint64_t topics; /* watch of a read, changes of a write, as bits */
	/* [1] is for sessions with a second range. */
	struct catalogue_text text[2];
	/* Writes: the same wrapped in firebreak.keep; two parameters more
	 * (person, request id) at the end. */
	char *keep_sql;
	/* Writes: ($1 person, $2 request id): the columns of the kept row. */
	char *kept_sql;
	struct catalogue_column *columns; /* filled by catalogue_describe */
	int column_count;
	int number; /* place in the catalogue */
	struct diag_file file;
	size_t body;		       /* where the SQL begins in the file */
	size_t place[CATALOGUE_LINES]; /* where each header line's value is */
	const char *sort_words;	       /* as written */
};

/* Reads the files api/... of a table (sqlfile_table, or a test's).  NULL if
 * any has a fault; all faults of all files are in d. */
struct catalogue *catalogue_read(const struct sqlfile *files, struct diags *d);
void catalogue_free(struct catalogue *c); /* NULL is fine */

/* Asks PostgreSQL for the columns of every statement and checks key, sort and
 * types.  -1 with the faults (file, line, caret) in d. */
struct db_sync;
int catalogue_describe(struct catalogue *c, struct db_sync *s, struct diags *d)
    __attribute__((warn_unused_result));

const struct statement *catalogue_find(
    const struct catalogue *c, const char *name, size_t len);
int catalogue_count(const struct catalogue *c);
const struct statement *catalogue_at(const struct catalogue *c, int i);

/* 0 for an unknown role. */
unsigned catalogue_role_bit(const char *role);
/* All role names in order, ending with NULL. */
const char *const *catalogue_roles(void);

/* -1 if nothing watches or changes it. */
int catalogue_topic(const struct catalogue *c, const char *name);
const char *catalogue_topic_name(const struct catalogue *c, int topic);
int catalogue_topic_count(const struct catalogue *c);

int catalogue_column(const struct statement *s, const char *name);

/* "bool" "int" "real" "text" "date" "time" "json" "bytes" */
const char *catalogue_kind_name(enum db_column_type kind);

/* For firebreakctl api: the whole catalogue as text, or one statement's page.
 */
struct buf;
void catalogue_print(const struct catalogue *c, struct buf *out);
void catalogue_print_one(const struct statement *s, struct buf *out);

#endif
