/*
 * What has to be judged and when: one kind of subject's instants, earliest
 * first.  An entry comes from a row of the change queue or from a value that
 * will change by itself; of the latter a subject has one at most.
 */
#ifndef SERVER_ENGINE_DUE_H
#define SERVER_ENGINE_DUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DUE_NEVER INT64_MAX

struct due_entry {
	int64_t at;
	int64_t subject;
	int32_t row; /* number of the queue row; -1: time itself */
};

struct due_slot; /* what is known of one subject */

struct due {
	struct due_entry *heap;
	size_t count, size;
	struct due_slot *slots; /* open addressing; slot_size a power of 2 */
	size_t slot_count, slot_size;
	uint32_t stamp;
};

void due_clear(struct due *d); /* all zero is a valid empty one */

void due_add_row(struct due *d, int64_t subject, int64_t at, int32_t row);
/* Replaces the subject's own next instant; DUE_NEVER: it has none. */
void due_set_next(struct due *d, int64_t subject, int64_t at);

/* The earliest entry, or NULL.  Instants that were replaced are skipped. */
const struct due_entry *due_top(struct due *d);
struct due_entry due_pop(struct due *d);
void due_put_back(struct due *d, struct due_entry e);

/* Rows waiting for a subject. */
int due_rows_of(const struct due *d, int64_t subject);

/* A new selection: due_mark() tells whether the subject is in it already and
 * puts it in with its number. */
void due_select(struct due *d);
bool due_mark(struct due *d, int64_t subject, uint32_t *number);

#endif
