/*
 * The two state machines: levels (ok, blue, yellow, red, no_data) and breakers
 * (closed, open, half_open, held).  Pure: values and a standing go in, a
 * standing and the steps come out; nothing here knows the database.
 */
#ifndef SERVER_ENGINE_MACHINE_H
#define SERVER_ENGINE_MACHINE_H

#include "server/engine/eval.h"

#define STEPS_MOST 8

/* Where a rule stands with a subject; stored when it is not at rest. */
struct standing {
	enum rule_state state;
	int64_t since;	/* when this state began */
	int64_t opened; /* breaker: when it last opened; 0: never */
	int pending;	/* a state that is waiting for `for`, or -1 */
	int64_t pending_since;
	int repeats; /* breaker: reopened so often in a row */
};

struct step {
	enum rule_state from, to;
	int64_t at;
};

struct judgement {
	struct step steps[STEPS_MOST];
	int count;
	bool changed; /* the standing is not what it was */
	int64_t next; /* when to judge again if nothing happens */
};

struct judge_options {
	/* Whether one more subject may open now (`limit`). */
	bool (*may_open)(const struct rule *r, void *arg);
	void *arg;
};

void standing_init(struct standing *s, const struct rule *r);
bool standing_is_rest(const struct standing *s, const struct rule *r);

/* Judges one rule for one subject as of facts->at.  The facts' inputs counted
 * since a state are emptied when that state begins anew. */
void machine_judge(const struct rule *r, const struct program *p,
    struct facts *facts, struct standing *s, const struct judge_options *o,
    struct judgement *out);

#endif
