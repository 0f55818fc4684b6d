/*
 * What people read for a code (a refusal, a level, a topic), from the packs'
 * phrases.yaml files, in both languages:
 *     freshness_cause: { zh: 请写明业务动作, en: Name the business action }
 * A later pack's phrase replaces an earlier one's.
 */
#ifndef SERVER_PHRASES_H
#define SERVER_PHRASES_H

#include <stddef.h>

struct buf;
struct diags;
struct phrases;

/* Reads phrases.yaml of each directory that has one.  NULL if any is faulty;
 * then the faults are in d. */
struct phrases *phrases_load(
    const char *const *dirs, size_t count, struct diags *d);
void phrases_free(struct phrases *p);

/* The phrase in "zh" or "en", or NULL if there is none for the code.  Lives
 * as long as p. */
const char *phrases_get(
    const struct phrases *p, const char *code, const char *lang);

/* All codes, in the order of the files. */
size_t phrases_count(const struct phrases *p);
const char *phrases_code(const struct phrases *p, size_t i);

/* The phrase with {detail} replaced, appended to out; without a phrase, the
 * code and the detail as they are. */
void phrases_say(const struct phrases *p, const char *code, const char *lang,
    const char *detail, struct buf *out);

#endif
