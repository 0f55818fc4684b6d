/*
 * What rules may name: subjects with their fields, sources of facts with
 * theirs, read from a pack's sources.yaml.  The SQL in it stands in the
 * statements the engine compiles; `s` is the subject's row, `t` the fact's.
 * Everything is owned by struct sources; pointers stay good until _free.
 */
#ifndef SERVER_ENGINE_SOURCES_H
#define SERVER_ENGINE_SOURCES_H

#include <stdbool.h>
#include <stddef.h>

#include "common/diag.h"
#include "server/engine/expr.h"

struct yaml;
struct yaml_doc;

struct source_field {
	const char *name;
	enum expr_type type;
	const char *sql;
	bool is_fact;	     /* never changes once recorded; else mutable */
	const char **values; /* of a text: NULL-terminated, or NULL */
};

/* An aggregate whose value the write functions keep in the subject's row. */
struct kept_def {
	char *is; /* canonical expression */
	const char *sql;
};

struct pair {
	const char *name, *sql;
};

struct subject_def {
	const char *name;
	const char *title_zh, *title_en;
	const char *relation;
	const char *key;
	const char *where; /* which rows count, or NULL */
	const char *label; /* SQL: what people call it */
	const char *org_code;
	bool lights; /* its colour is shown: quality rules set it */
	struct source_field *fields;
	size_t field_count;
	struct kept_def *kept;
	size_t kept_count;
	struct pair *people; /* who: "owner.manager" */
	size_t people_count;
	struct pair *groups; /* limit: "team" */
	size_t group_count;
};

struct source_def {
	const char *name;
	const char *relation; /* NULL: only kept values of it can be read */
	const char *at;	      /* when it happened */
	const char *recorded; /* when it became known */
	const char *where;
	struct source_field *fields;
	size_t field_count;
	struct pair *links; /* subject -> column of the fact */
	size_t link_count;
	struct pair *marks; /* subject -> column of the change queue */
	size_t mark_count;
	const char *queue; /* its name in the change queue */
	const char *system, *refresh, *responsible; /* lineage */
};

struct sources {
	struct yaml_doc *doc;
	struct subject_def *subjects;
	size_t subject_count;
	struct source_def *sources;
	size_t source_count;
};

/* NULL with the faults in d. */
struct sources *sources_load(const char *path, struct diags *d);
struct sources *sources_read(struct yaml_doc *doc, struct diags *d);
void sources_free(struct sources *s);

struct subject_def *sources_subject(const struct sources *s, const char *name);
struct source_def *sources_source(const struct sources *s, const char *name);
const struct source_field *source_field(
    const struct source_field *fields, size_t count, const char *name);
const struct pair *pair_find(
    const struct pair *pairs, size_t count, const char *name);

/* Did-you-mean over rows that begin with a name; NULL if none is near. */
const char *sources_nearest(
    const void *rows, size_t count, size_t size, const char *word);

#endif
