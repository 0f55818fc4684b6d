/*
 * The SQL that is compiled into the binary (sql/embed.sh makes the table), and
 * the little lexer that everything uses which looks into SQL text.
 */
#ifndef SERVER_SQLFILE_H
#define SERVER_SQLFILE_H

#include <stdbool.h>
#include <stddef.h>

struct sqlfile {
	const char *name; /* "api/customer/list.sql", "schema/001_core.sql" */
	const char *text; /* followed by a NUL byte */
	size_t len;
};

/* Ends with a row whose name is NULL; in the order of the Makefile (sorted). */
extern const struct sqlfile sqlfile_table[];

const struct sqlfile *sqlfile_find(const char *name);

/*
 * Splits a text at the semicolons that end statements: quotes, dollar quotes
 * and comments are understood.  Call with *at = 0 until it returns false;
 * [*start, *start + *len) is a statement without its semicolon.
 */
bool sqlfile_next_statement(
    const char *text, size_t *at, const char **start, size_t *len);

/*
 * The next :placeholder at or after *at (never inside quotes or comments, and
 * not the :: of a cast); false when there is none.
 */
bool sqlfile_next_placeholder(
    const char *text, size_t *at, const char **name, size_t *len);

#endif
