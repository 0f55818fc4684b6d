/*
 * The rule engine: takes changed subjects from the change queue and instants
 * that have come, asks SQL for values as of those instants, judges, and
 * commits states, steps and effects in one transaction with the queue rows.
 *
 * Files: lex, expr, expr_print, unit (the language) · sources, rule, rule_read,
 * check (what a pack says) · compile (SQL) · eval, machine (judging) · due,
 * round, effects, queue, walk, work (the work) · engine (the order of it).
 *
 * One daemon at a time runs it: its connection holds an advisory lock, and all
 * its writes travel on that connection.  docs/rules.md tells the rest.
 */
#ifndef SERVER_ENGINE_ENGINE_H
#define SERVER_ENGINE_ENGINE_H

#include <stdbool.h>
#include <stdint.h>

struct diags;
struct engine;
struct loop;

struct engine_options {
	const char *conninfo;
	const char *pack;   /* folder with sources.yaml and rules/ */
	const char *listen; /* channel on which writers wake it, or NULL */
	/* Microseconds since 1970; NULL: the real clock.  For tests. */
	int64_t (*clock)(void *arg);
	/* After a commit: rows of a topic changed for seats lo..hi. */
	void (*on_changed)(
	    const char *topic, int64_t lo, int64_t hi, void *arg);
	void *arg;
};

struct engine_stats {
	bool leader;	 /* holds the lock */
	bool ready;	 /* has judged everybody since it became leader */
	uint64_t judged; /* subjects */
	uint64_t steps;
	uint64_t rounds;
	uint64_t errors;
	int64_t last_round_us; /* how long the last round took */
};

/* NULL with the faults in d: at start the rules must be good. */
struct engine *engine_new(
    struct loop *l, const struct engine_options *o, struct diags *d);
void engine_free(struct engine *e);

/* Something was written (or the test's clock moved): look at the queue now. */
void engine_poke(struct engine *e);

/* Reads the pack again.  1: new rules come into force after the present round;
 * 0: nothing has changed; -1 with the faults in d: the old rules stay. */
int engine_reload(struct engine *e, struct diags *d);

/* Nothing is due and nothing under way. */
bool engine_is_idle(const struct engine *e);
void engine_stats(const struct engine *e, struct engine_stats *s);

#endif
