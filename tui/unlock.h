/*
 * Whether a passphrase unlocks a key file, found out by another process: it
 * takes a second on purpose, and the loop goes on meanwhile.
 */
#ifndef TUI_UNLOCK_H
#define TUI_UNLOCK_H

#include <stdbool.h>

struct loop;
struct unlock;

/* on_done is called once, from the loop. */
struct unlock *unlock_start(struct loop *l, const char *path,
    const char *passphrase, void (*on_done)(bool good, void *arg), void *arg);
/* To be called after on_done, too; NULL is fine. */
void unlock_cancel(struct unlock *u);

#endif
