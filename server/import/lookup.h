/* Values taken from another file of the export, by key (mapping's lookup). */
#ifndef SERVER_IMPORT_LOOKUP_H
#define SERVER_IMPORT_LOOKUP_H

#include "server/import/mapping.h"

struct lookup_table;

/* NULL with the faults in d, placed at `at` of the mapping. */
struct lookup_table *lookup_load(const struct lookup *l, const char *directory,
    const struct mapping *m, struct diag_pos at, struct diags *d);
void lookup_free(struct lookup_table *t);

/* The value beside the key, or NULL. */
const char *lookup_find(const struct lookup_table *t, const char *key);

#endif
