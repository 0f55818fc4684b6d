/*
 * A round: some subjects of one kind, each as of one instant, judged together
 * and committed in one transaction.  This part holds the values and makes the
 * three JSON texts that firebreak.engine_commit takes; the order of statements
 * is work.c's.
 */
#ifndef SERVER_ENGINE_ROUND_H
#define SERVER_ENGINE_ROUND_H

#include "common/buf.h"
#include "server/engine/machine.h"

struct pg_result;

/* So many people of a subject are asked for only when needed. */
#define FACE_BITS 63

struct round_item {
	int64_t subject;
	int64_t at;
	int64_t cause; /* change_id, 0: time itself */
	bool exact;    /* more rows wait for it: do not trust kept values */
	struct facts facts;
	int64_t next;	  /* after judging */
	size_t step_from; /* its steps in round.steps */
	size_t step_count;
};

struct round_step {
	const struct rule *rule;
	struct step step;
	struct standing after;
	bool is_last; /* the rule's last with this subject in the round */
	int level;    /* index of rule in program.rules */
};

/* What engine_commit does, each with a list of its own. */
enum effect_verb {
	VERB_LIGHT,
	VERB_ALERT,
	VERB_CLEAR,
	VERB_LIMIT,
	VERB_FREED,
	VERB_RESUME,
	VERB_TASK,
	VERB_SUSPEND,
	VERB_HALF,
	VERB_PUSH,
	VERB_COUNT
};

struct round_group {
	int64_t id;
	int64_t size, open;
};

struct round {
	const struct program *program;
	struct round_item *items;
	size_t count, size;
	struct standing *standings; /* count x rule_count */
	struct value *values;	    /* count x input_count */
	struct round_step *steps;
	size_t step_count;
	int64_t *groups; /* count x rule_count: group of the item, 0: none */
	struct round_group *open; /* open_count known groups, by rule */
	size_t open_count, open_size;
	struct buf rest, kept; /* states, without the brackets */
	struct buf json_steps;
	struct buf verbs[VERB_COUNT]; /* effects, without the brackets */
	size_t state_count;
	bool backlog;  /* steps that did not happen just now */
	bool has_held; /* a limit held somebody back in this round */
};

void round_start(struct round *r, const struct program *p);
void round_clear(struct round *r);
struct round_item *round_add(struct round *r, int64_t subject, int64_t at);

/* Memory for the values, once all items are in. */
void round_prepare(struct round *r);

/* Parameters $1, $2, $3 and the since arrays: texts of arrays. */
void round_subjects(const struct round *r, struct buf *out);
void round_instants(const struct round *r, struct buf *out);
void round_exacts(const struct round *r, struct buf *out);
/* The number of inputs with a since window is program.since_count. */
void round_since(const struct round *r, size_t which, struct buf *out);

/* What the statements answered.  `sql` and `which` number the program's
 * statements and rules. */
void round_take_states(struct round *r, const struct pg_result *rows);
void round_take_values(
    struct round *r, size_t which, const struct pg_result *rows);
void round_take_groups(
    struct round *r, size_t which, const struct pg_result *rows);

/* Judges the items in order, up to the first that has to wait for what was
 * found; count is then what was judged.  Items with steps want faces. */
void round_judge(struct round *r);
/* Subjects of the steps, for compile_faces; then the texts are complete. */
void round_step_subjects(const struct round *r, struct buf *out);
/* Beside them which people the effects name: bit k is subject.people[k].  To
 * find a superior costs more than the rest of a face. */
void round_step_people(const struct round *r, struct buf *out);
void round_take_faces(struct round *r, const struct pg_result *rows);

/* The three texts, complete. */
void round_states(const struct round *r, struct buf *out);
void round_steps(const struct round *r, struct buf *out);
void round_effects(const struct round *r, struct buf *out);

#endif
