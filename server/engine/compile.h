/*
 * Programs compiled to SQL: one statement for the subject's row and one for
 * each source, whose aggregates are FILTER columns.  All take
 *
 *     $1 subjects bigint[], $2 instants bigint[] (microseconds since 1970),
 *     $3 exact bool[] (do not trust kept values), then one bigint[] per input
 *     with a window since a state: when that state began, null if never
 *
 * and answer one row per pair: its number (from 1), then the columns.
 */
#ifndef SERVER_ENGINE_COMPILE_H
#define SERVER_ENGINE_COMPILE_H

#include <stdbool.h>
#include <stddef.h>

struct program;

struct statement {
	char *sql;
	int *slots; /* inputs in the order of the columns */
	size_t slot_count;
	bool is_row; /* column 1: whether there is such a subject; each slot
		      * has one column.  Else two: value, next change */
};

void program_compile(struct program *p);
void program_clear(struct program *p);

/* Statements beside the values:
 * subjects after $1, at most $2, in order of their key; */
char *compile_walk(const struct program *p);
/* number, name, org_code and who every people link names, for $1 subjects
 * (columns in the order of subject_def.people); */
char *compile_faces(const struct program *p);
/* number, group, its size, how many of it are open, for $1 subjects and the
 * rule $2. */
char *compile_group(const struct program *p, const char *group);

#endif
