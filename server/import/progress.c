/* A bar on standard error. */
#include "server/import/progress.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/loop.h"
#include "common/mem.h"

#define BAR_CELLS 24
#define SHOW_EVERY_US 100000

struct progress {
	bool shown;
	const char *what;
	size_t total;
	uint64_t started, last;
};

struct progress *
progress_start(bool shown, const char *what, size_t total)
{
	struct progress *p = xcalloc(1, sizeof(*p));

	p->shown = shown;
	p->what = what;
	p->total = total ? total : 1;
	p->started = loop_now();
	return p;
}

void
progress_line(char *line, size_t size, const char *what, double share,
    double rows_per_s, double seconds_left)
{
	char bar[BAR_CELLS + 1];
	int full = (int)(share * BAR_CELLS), left = (int)seconds_left;

	for (int i = 0; i < BAR_CELLS; i++)
		bar[i] = i < full ? '#' : '.';
	bar[BAR_CELLS] = '\0';
	snprintf(line, size, "%s [%s] %3d%% %.0f/s %d:%02d", what, bar,
	    (int)(share * 100), rows_per_s, left / 60, left % 60);
}

void
progress_show(struct progress *p, size_t at, int64_t rows)
{
	uint64_t now = loop_now();
	double share, seconds;
	char line[160];

	if (!p->shown || now - p->last < SHOW_EVERY_US)
		return;
	p->last = now;
	share = (double)at / (double)p->total;
	seconds = (double)(now - p->started + 1) / 1e6;
	progress_line(line, sizeof(line), p->what, share,
	    (double)rows / seconds, seconds * (1 - share) / (share + 1e-9));
	fprintf(stderr, "\r%s\033[K", line);
}

void
progress_end(struct progress *p)
{
	if (p->shown && p->last)
		fputs("\r\033[K", stderr);
	free(p);
}
