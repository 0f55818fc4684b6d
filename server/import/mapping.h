/*
 * What a CRM's export means (docs/firebreak-mapping.5): which file holds what,
 * which column fills which field, and how a cell becomes a value.  Read from
 * YAML, checked against the entities and fields that the database lists; this
 * file knows none of them by name.
 */
#ifndef SERVER_IMPORT_MAPPING_H
#define SERVER_IMPORT_MAPPING_H

#include <stdbool.h>
#include <stddef.h>

#include "common/diag.h"
#include "common/yaml.h"

/* A field that a row may fill: firebreak.import_field. */
struct import_field {
	char *entity;
	char *name;
	char *type; /* text int money date time bool extra, ref:<entity> */
	bool required;
	char **choices; /* NULL-terminated, or NULL: anything */
};

struct import_catalogue {
	struct import_field *fields;
	size_t count;
};

enum letter_case { CASE_KEEP, CASE_LOWER, CASE_UPPER };

struct value_map {
	char *from;
	char *to;
	size_t used; /* rows in which it was used, for the report */
};

/* Values taken from another file: the one most often (or last) found beside
 * a key. */
struct lookup {
	char *file;
	char *key;
	char *value;
	bool most;
};

/* How one field is made from a row. */
struct mapping_field {
	const struct import_field *field;
	struct diag_pos at;
	char **columns; /* NULL-terminated; joined when several */
	struct diag_pos *columns_at;
	size_t column_count;
	char *join;
	char *constant; /* instead of columns */
	char *fallback; /* for an empty cell, or NULL */
	char *format;	/* of dates and times, or NULL */
	struct value_map *map;
	size_t map_count;
	bool map_all; /* a value outside the map is a reject */
	enum letter_case letter_case;
	bool before_at; /* only what stands before an @ */
	struct lookup *lookup;
};

/* An extra field: kept by name as text. */
struct mapping_extra {
	char *name;
	char *column;
	struct diag_pos at;
	struct value_map *map;
	size_t map_count;
};

/* Rows that count: the column's cell is (not) one of the values. */
struct mapping_filter {
	char *column;
	struct diag_pos at;
	char **values; /* NULL-terminated; empty: any value at all */
	bool exclude;
};

/* What rows of a file become: one entity.  A file may have several. */
struct mapping_target {
	char *entity;
	struct diag_pos at;
	struct mapping_field key; /* field: NULL */
	struct mapping_field *fields;
	size_t field_count;
	struct mapping_extra *extras;
	size_t extra_count;
	bool extra_rest; /* all columns that nothing else took */
	struct mapping_filter *filters;
	size_t filter_count;
	char *stand_in;	      /* name of the customer for rows without one */
	char *stand_in_owner; /* field that says whose */
};

struct mapping_file {
	char *pattern; /* fnmatch, without regard to case */
	struct diag_pos at;
	bool optional;
	char delimiter; /* 0: find out */
	struct mapping_target *targets;
	size_t target_count;
};

struct mapping {
	char *name;
	char *source;	/* what keys are kept under */
	char *encoding; /* or NULL */
	struct mapping_file *files;
	size_t file_count;
	struct yaml_doc *doc; /* kept, so that faults can show it */
};

/* NULL with the faults in d. */
struct mapping *mapping_load(
    const char *path, const struct import_catalogue *c, struct diags *d);
struct mapping *mapping_parse(const char *name, const char *text, size_t len,
    const struct import_catalogue *c, struct diags *d);
void mapping_free(struct mapping *m);

const struct import_field *import_field_find(
    const struct import_catalogue *c, const char *entity, const char *field);

#endif
