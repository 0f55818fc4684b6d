/* A bar on standard error: share, rate, time left; nothing unless asked. */
#ifndef SERVER_IMPORT_PROGRESS_H
#define SERVER_IMPORT_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct progress;

struct progress *progress_start(bool shown, const char *what, size_t total);
/* At most ten times a second whatever the caller does. */
void progress_show(struct progress *p, size_t at, int64_t rows);
void progress_end(struct progress *p); /* removes the bar and frees */

/* The line as shown, at most `size` bytes; for tests. */
void progress_line(char *line, size_t size, const char *what, double share,
    double rows_per_s, double seconds_left);

#endif
