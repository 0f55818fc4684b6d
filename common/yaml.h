/*
 * YAML as a tree whose every node knows its line and column.  Scalars stay
 * text (no yes/on/012 surprises), duplicate keys, anchors, tabs and documents
 * beyond the first are errors.  On top: readers that check as they read and
 * put every fault into a struct diags.
 */
#ifndef COMMON_YAML_H
#define COMMON_YAML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/diag.h"

enum yaml_kind { YAML_TEXT, YAML_LIST, YAML_MAP };

struct yaml {
	enum yaml_kind kind;
	struct diag_pos at; /* where the node begins */
	char *text;	    /* YAML_TEXT: the scalar; else NULL */
	bool quoted;	    /* YAML_TEXT: written with quotes or as a block */
	size_t count;	    /* children */
	struct yaml *items; /* YAML_LIST: count nodes; YAML_MAP: the values */
	struct yaml *keys;  /* YAML_MAP: count YAML_TEXT nodes */
};

struct yaml_doc {
	struct diag_file file; /* name and text are owned by the doc */
	struct yaml root;
};

/* Reads a whole file or a text.  NULL with the faults in d.  The limits (1 MiB,
 * depth 32, 100,000 nodes) keep a hostile file from hurting. */
struct yaml_doc *yaml_load(const char *path, struct diags *d);
struct yaml_doc *yaml_parse(
    const char *name, const char *text, size_t len, struct diags *d);
/* Not _free: libyaml exports a yaml_free of its own, and ours would take its
 * place. */
void yaml_unload(struct yaml_doc *doc);

/* The value of a key, or NULL. */
const struct yaml *yaml_get(const struct yaml *map, const char *key);

/* Every key of the map must be among the NULL-terminated names; others are
 * E002 with did-you-mean.  Also complains if node is not a map. */
bool yaml_check_keys(const struct yaml_doc *doc, const struct yaml *map,
    const char *const *names, struct diags *d);

/* Typed reading; a missing key gives the fallback, a wrong one a fault (and
 * the fallback).  `need` makes a missing key a fault at the map. */
const char *yaml_text(const struct yaml_doc *doc, const struct yaml *map,
    const char *key, const char *fallback, struct diags *d);
const char *yaml_need_text(const struct yaml_doc *doc, const struct yaml *map,
    const char *key, struct diags *d);
int64_t yaml_int(const struct yaml_doc *doc, const struct yaml *map,
    const char *key, int64_t fallback, int64_t least, int64_t most,
    struct diags *d);
bool yaml_bool(const struct yaml_doc *doc, const struct yaml *map,
    const char *key, bool fallback, struct diags *d);

/* A fault at a node. */
void yaml_fault(const struct yaml_doc *doc, const struct yaml *node,
    struct diags *d, const char *code, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));

#endif
