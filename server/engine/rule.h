/*
 * Rules as data: what a rule file says, read, typed and resolved, with the
 * inputs it needs from SQL.  A ruleset is one immutable value: a reload makes
 * a new one, and the old one stays in force when the new one has faults.
 */
#ifndef SERVER_ENGINE_RULE_H
#define SERVER_ENGINE_RULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/diag.h"
#include "server/engine/expr.h"
#include "server/engine/sources.h"

enum rule_engine { RULE_WARNING, RULE_BREAKER, RULE_QUALITY, RULE_REVIEW };

/* States of both machines; as text in the database (state_names). */
enum rule_state {
	STATE_OK,
	STATE_BLUE,
	STATE_YELLOW,
	STATE_RED,
	STATE_NO_DATA,
	STATE_CLOSED,
	STATE_OPEN,
	STATE_HALF_OPEN,
	STATE_HELD, /* would open, but `limit` forbids it */
	STATE_COUNT
};
extern const char *const state_names[]; /* NULL-terminated */
int state_parse(const char *name);	/* -1: none */

enum effect_kind {
	EFFECT_NOTIFY,
	EFFECT_TASK,
	EFFECT_SUSPEND,
	EFFECT_PUSH,
	EFFECT_COUNT
};

struct effect {
	enum effect_kind kind;
	enum rule_state on; /* entering this state */
	const char *what;   /* task: text; suspend: what; push: the pack */
	const char *who;    /* people link of the subject */
	double due;	    /* task: microseconds after the transition */
	int due_workdays;   /* task: instead of due */
	const char **outcomes;
};

/* A named or inline expression with the text it came from. */
struct rule_expr {
	const char *name;
	struct expr_text text;
	struct expr *tree; /* NULL: the rule has none */
};

struct rule {
	const char *id, *owner, *say_zh, *say_en;
	const char *title_zh, *title_en;
	const struct yaml *node;
	const struct yaml_doc *doc;
	enum rule_engine engine;
	const struct subject_def *subject;
	int kind; /* index of the subject */
	struct rule_expr *lets;
	size_t let_count;
	struct rule_expr given;
	struct rule_expr when[STATE_RED + 1]; /* by level */
	struct rule_expr trip, after, close, reopen;
	double at_least, at_most_least; /* open this long; doubled up to */
	int64_t allow;			/* half open: so many may pass */
	double wait, hold, stale;	/* for, hold, stale */
	struct effect *effects;
	size_t effect_count;
	double limit; /* share, 0: none */
	const char *limit_group;
	bool shadow;
	int64_t version; /* given by the database */
	char *text;	 /* its YAML, for the stored version */
	double longest;	 /* sliding window that trip reads: microseconds */
};

/* One value that SQL gives for a subject. */
struct input {
	char *name; /* canonical expression */
	enum expr_type type;
	const struct source_field *field; /* a field of the subject, or */
	const struct expr *agg;		  /* an aggregate of */
	const struct source_def *source;
	const char *kept;	 /* SQL of the kept value, or NULL */
	const struct rule *rule; /* window since a state of this rule */
	int state;		 /* STATE_OPEN or STATE_HALF_OPEN */
};

/* All that is asked about one kind of subject. */
struct program {
	const struct subject_def *subject;
	struct input *inputs;
	size_t input_count;
	const struct rule **rules;
	size_t rule_count;
	struct statement *statements; /* compile.h */
	size_t statement_count;
	size_t since_count; /* inputs with a window since a state */
	bool ordered;	    /* a rule has a limit: judge in order of time */
};

struct ruleset {
	struct sources *sources;
	struct yaml_doc **docs;
	size_t doc_count;
	struct rule *rules;
	size_t rule_count;
	struct program *programs; /* one a subject kind, in their order */
};

/* Reads a pack: sources.yaml and every rules/ file below `dir`.  NULL with
 * all faults of all files in d. */
struct ruleset *ruleset_load(const char *dir, struct diags *d);

/* Only these rule files, with the sources of `dir`. */
struct ruleset *ruleset_load_files(
    const char *dir, char *const *files, size_t count, struct diags *d);

/* The same from texts: sources (owned from now on) and rule documents (owned
 * from now on, also on failure). */
struct ruleset *ruleset_read(
    struct sources *s, struct yaml_doc **docs, size_t count, struct diags *d);
void ruleset_free(struct ruleset *r);

/* Whether both were read from equal texts. */
bool ruleset_same(const struct ruleset *a, const struct ruleset *b);

const struct rule *ruleset_find(const struct ruleset *r, const char *id);

/* Private to the engine: the steps of ruleset_read. */
bool rule_read(struct ruleset *set, const struct yaml_doc *doc,
    const struct yaml *node, struct rule *r, struct diags *d);
void rule_clear(struct rule *r);
void rule_check(struct ruleset *set, struct rule *r, struct diags *d);

#endif
