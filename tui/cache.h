/*
 * The first page of each list a person has looked at, kept for a start without
 * a connection.  One file a list in a directory of the device's own, sealed
 * with the device's key; a list is its statement with its columns, arguments,
 * order and filter, so rows are never shown under another question.  When the
 * directory grows over its cap the oldest files go.
 */
#ifndef TUI_CACHE_H
#define TUI_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cache;
struct source;

#define CACHE_MAX (4u << 20) /* bytes of all files */
#define CACHE_FILES_MAX 64

/* The directory is made when there is something to keep.  All calls may be
 * made with NULL for the cache: nothing is kept then. */
struct cache *cache_new(const char *dir, const uint8_t key[32], size_t max);
void cache_free(struct cache *c);

/* Keeps the source's first page, if it is held and came at `now` (us since
 * 1970).  What cannot be written is not kept; nobody need know. */
void cache_keep(struct cache *c, const struct source *s, int64_t now);
/* Puts kept rows into a source that has none and sets its as_of; false: there
 * are none. */
bool cache_recall(const struct cache *c, struct source *s);
/* Removes everything: the key was revoked. */
void cache_wipe(struct cache *c);

#endif
