/*
 * The packs' phrases and screens as the daemon serves them: loaded at start,
 * watched on disk, replaced as a whole when a set without faults is there.  A
 * faulty file never replaces good texts; it is logged with its position.
 */
#ifndef SERVER_TEXTS_H
#define SERVER_TEXTS_H

#include <stddef.h>

struct catalogue;
struct diags;
struct loop;
struct phrases;
struct screens;
struct texts;

struct texts_events {
	/* Better ones are in force.  The old ones live until this returns. */
	void (*on_texts)(
	    const struct screens *s, const struct phrases *p, void *arg);
	/* The files on disk are faulty: "file:line:col: sentence". */
	void (*on_fault)(const char *first, void *arg);
	/* Something in the packs changed, rules and sources included; after
	 * the texts were read again.  May be NULL. */
	void (*on_packs)(void *arg);
};

/* The directories and the catalogue are borrowed for the texts' life.  NULL
 * with the faults in d. */
struct texts *texts_load(const char *const *dirs, size_t count,
    const struct catalogue *c, struct diags *d);
void texts_free(struct texts *t);

const struct screens *texts_screens(const struct texts *t);
const struct phrases *texts_phrases(const struct texts *t);

/* Watches the directories; changes are taken 100 ms after the last of a burst
 * (editors write in several steps).  on_fault may be called at once. */
void texts_watch(struct texts *t, struct loop *l,
    const struct texts_events *events, void *arg);

/* Reads again now, as for SIGHUP. */
void texts_reload(struct texts *t);

#endif
