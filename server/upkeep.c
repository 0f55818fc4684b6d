/* The daemon's chores in the database. */
#include "server/upkeep.h"

#include <stddef.h>
#include <stdlib.h>

#include "common/log.h"
#include "common/loop.h"
#include "common/mem.h"
#include "server/db/link.h"

#define SECOND 1000000u

struct upkeep;

/* A chore: a statement that answers with how much it did (-1: another daemon
 * is at it).  It runs again at once while it finds work, else after `pause`. */
struct chore_def {
	const char *name;
	const char *sql;
	uint64_t pause; /* us; 0: the seal interval, or when poked */
	size_t count;	/* offset of its counter */
};

#define COUNTER(name) offsetof(struct upkeep_counters, name)

/* The numbers are the chores' advisory locks: "fb" and one more. */
static const struct chore_def chore_table[] = {
    {"seal",
	"select case when pg_try_advisory_xact_lock(26210, 1)"
	" then firebreak.seal_batch(5000) else -1 end",
	0, COUNTER(sealed)},
    {"restamp",
	"select case when pg_try_advisory_xact_lock(26210, 2)"
	" then firebreak.restamp_step(10000) else -1 end",
	5 * SECOND, COUNTER(restamped)},
    {"prune",
	"select case when pg_try_advisory_xact_lock(26210, 3)"
	" then firebreak.prune() else -1 end",
	3600ull * SECOND, COUNTER(pruned)},
    {"partitions",
	"select case when pg_try_advisory_xact_lock(26210, 4)"
	" then firebreak.partition_ensure(clock.today(), 4) * 0 else -1 end",
	6 * 3600ull * SECOND, COUNTER(pruned)},
};

struct chore {
	struct upkeep *upkeep;
	const struct chore_def *def;
	struct loop_timer *timer;
	bool running;
	bool poked; /* asked for while running */
};

struct upkeep {
	struct db_link *link;
	uint64_t interval;
	struct upkeep_counters counters;
	struct chore chores[COUNT_OF(chore_table)];
};

/* An idle database is looked at once a second. */
static uint64_t
chore_pause(const struct chore *c)
{
	if (c->def->pause)
		return c->def->pause;
	return c->poked ? c->upkeep->interval : SECOND;
}

static void
on_done(const struct db_reply *r, void *arg)
{
	struct chore *c = arg;
	struct upkeep *u = c->upkeep;
	int64_t did = 0;

	c->running = false;
	if (r->err.code != ERR_NONE) {
		u->counters.errors++;
		if (r->err.code != ERR_UNAVAILABLE)
			log_warn("%s: %s", c->def->name, r->err.text);
	} else {
		did = db_int(r->rows, 0, 0);
	}
	if (did > 0) {
		uint64_t *count =
		    (uint64_t *)((char *)&u->counters + c->def->count);

		*count += (uint64_t)did;
		u->counters.seals += c->def->pause == 0;
		loop_timer_set(c->timer, u->interval);
	} else {
		loop_timer_set(c->timer, chore_pause(c));
	}
	c->poked = false;
}

static void
on_time(void *arg)
{
	struct chore *c = arg;

	if (c->running || !db_link_is_up(c->upkeep->link))
		return;
	c->running = true;
	db_link_send(c->upkeep->link, c->def->sql, NULL, 0, on_done, c);
}

static void
on_up(void *arg)
{
	struct upkeep *u = arg;

	u->counters.up = true;
	for (size_t i = 0; i < COUNT_OF(u->chores); i++)
		loop_timer_set(u->chores[i].timer, 0);
}

static void
on_down(const char *why, void *arg)
{
	struct upkeep *u = arg;

	(void)why; /* the pool says it */
	u->counters.up = false;
}

struct upkeep *
upkeep_new(struct loop *l, const char *conninfo, int64_t interval_ms)
{
	static const struct db_link_events events = {
	    .on_up = on_up, .on_down = on_down};
	struct upkeep *u = xcalloc(1, sizeof(*u));

	u->interval = (uint64_t)interval_ms * 1000;
	for (size_t i = 0; i < COUNT_OF(u->chores); i++) {
		u->chores[i].upkeep = u;
		u->chores[i].def = &chore_table[i];
		u->chores[i].timer = loop_timer_new(l, on_time, &u->chores[i]);
	}
	u->link = db_link_new(l, conninfo, NULL, &events, u);
	return u;
}

void
upkeep_free(struct upkeep *u)
{
	if (!u)
		return;
	db_link_free(u->link);
	for (size_t i = 0; i < COUNT_OF(u->chores); i++)
		loop_timer_cancel(u->chores[i].timer);
	free(u);
}

void
upkeep_set_interval(struct upkeep *u, int64_t interval_ms)
{
	u->interval = (uint64_t)interval_ms * 1000;
}

void
upkeep_poke(struct upkeep *u)
{
	struct chore *seal = &u->chores[0];

	if (seal->poked)
		return;
	seal->poked = true;
	if (!seal->running)
		loop_timer_set(seal->timer, u->interval);
}

const struct upkeep_counters *
upkeep_counters(const struct upkeep *u)
{
	return &u->counters;
}
