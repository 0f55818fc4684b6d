/* The packs' phrases and screens, watched on disk. */
#include "server/texts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/diag.h"
#include "common/log.h"
#include "common/loop.h"
#include "common/mem.h"
#include "server/phrases.h"
#include "server/screens/screens.h"

#define SETTLE 100000 /* us without another change */

struct texts {
	const char *const *dirs;
	size_t count;
	const struct catalogue *catalogue;
	struct phrases *phrases;
	struct screens *screens;

	int fd; /* inotify, -1 while not watching */
	struct loop_fd *watch;
	struct loop_timer *settle;
	struct texts_events events;
	void *arg;
};

/* Both or none; the faults are in d. */
static int
load(const struct texts *t, struct phrases **p, struct screens **s,
    struct diags *d)
{
	*p = phrases_load(t->dirs, t->count, d);
	if (!*p)
		return -1;
	*s = screens_load(t->dirs, t->count, t->catalogue, *p, d);
	if (*s)
		return 0;
	phrases_free(*p);
	return -1;
}

struct texts *
texts_load(const char *const *dirs, size_t count, const struct catalogue *c,
    struct diags *d)
{
	struct texts *t = xcalloc(1, sizeof(*t));

	t->dirs = dirs;
	t->count = count;
	t->catalogue = c;
	t->fd = -1;
	if (load(t, &t->phrases, &t->screens, d) == 0)
		return t;
	free(t);
	return NULL;
}

void
texts_free(struct texts *t)
{
	if (!t)
		return;
	loop_fd_cancel(t->watch);
	loop_timer_cancel(t->settle);
	if (t->fd >= 0)
		close(t->fd);
	screens_free(t->screens);
	phrases_free(t->phrases);
	free(t);
}

const struct screens *
texts_screens(const struct texts *t)
{
	return t->screens;
}

const struct phrases *
texts_phrases(const struct texts *t)
{
	return t->phrases;
}

static void
report_faults(struct texts *t, const struct diags *d)
{
	struct buf out = {0};

	diags_print(d, &out);
	log_warn("screens and phrases stay as they were:\n%s", buf_str(&out));
	buf_clear(&out);
	if (t->events.on_fault)
		t->events.on_fault(diags_first(d), t->arg);
}

void
texts_reload(struct texts *t)
{
	struct phrases *p, *old_p = t->phrases;
	struct screens *s, *old_s = t->screens;
	struct diags *d = diags_new();

	if (load(t, &p, &s, d) != 0) {
		report_faults(t, d);
		diags_free(d);
		return;
	}
	diags_free(d);
	t->phrases = p;
	t->screens = s;
	if (t->events.on_texts)
		t->events.on_texts(s, p, t->arg);
	screens_free(old_s);
	phrases_free(old_p);
	log_info("screens and phrases were read again");
}

static void
on_settled(void *arg)
{
	struct texts *t = arg;

	texts_reload(t);
	if (t->events.on_packs)
		t->events.on_packs(t->arg);
}

/* What changed does not matter: all is read again, a few milliseconds. */
static void
on_change(unsigned what, void *arg)
{
	struct texts *t = arg;
	char events[4096];

	(void)what;
	while (read(t->fd, events, sizeof(events)) > 0)
		;
	loop_timer_set(t->settle, SETTLE);
}

static void
watch_dir(struct texts *t, const char *dir, const char *folder)
{
	char *path = xasprintf("%s%s", dir, folder);

	if (inotify_add_watch(t->fd, path,
		IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE) < 0 &&
	    errno != ENOENT)
		log_warn(
		    "%s: changes are not noticed: %s", path, strerror(errno));
	free(path);
}

void
texts_watch(struct texts *t, struct loop *l, const struct texts_events *events,
    void *arg)
{
	t->events = *events;
	t->arg = arg;
	t->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (t->fd < 0) {
		log_warn(
		    "changes of packs are not noticed: %s", strerror(errno));
		return;
	}
	for (size_t i = 0; i < t->count; i++) {
		watch_dir(t, t->dirs[i], "");
		watch_dir(t, t->dirs[i], "/screens");
		watch_dir(t, t->dirs[i], "/rules");
	}
	t->settle = loop_timer_new(l, on_settled, t);
	t->watch = loop_fd_start(l, t->fd, LOOP_READ, on_change, t);
}
