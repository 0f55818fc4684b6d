/*
 * Memory that cannot fail.  A process that cannot get a few bytes has nothing
 * better to do than say so and stop; everything sized by a stranger is checked
 * against a limit before it is asked for.
 */
#ifndef COMMON_MEM_H
#define COMMON_MEM_H

#include <stddef.h>

#define COUNT_OF(a) (sizeof(a) / sizeof((a)[0]))

/* malloc, calloc, realloc and friends that end the process on failure. */
void *xmalloc(size_t size);
void *xcalloc(size_t count, size_t size);
void *xrealloc_array(void *old, size_t count, size_t size);
char *xstrdup(const char *s);
char *xstrndup(const char *s, size_t n);
char *xasprintf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
