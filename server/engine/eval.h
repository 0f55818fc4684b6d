/*
 * Expressions evaluated: three-valued, and as lines through time.  A value
 * that contains an age grows while nothing happens; a comparison therefore
 * also tells when its truth will change by itself, and that instant is what
 * the engine waits for instead of polling.
 */
#ifndef SERVER_ENGINE_EVAL_H
#define SERVER_ENGINE_EVAL_H

#include <stdbool.h>
#include <stdint.h>

#include "server/engine/rule.h"

#define EVAL_NEVER INT64_MAX

struct value {
	bool missing;
	double number; /* also 0 and 1 of a truth */
	double slope;  /* change per microsecond */
	char *text;    /* of a text: owned by whoever holds the inputs */
};

enum truth { TRUTH_FALSE, TRUTH_TRUE, TRUTH_UNKNOWN };

/* A subject as of an instant. */
struct facts {
	bool exists;
	int64_t at;	      /* microseconds since 1970 */
	struct value *inputs; /* program.input_count of them */
	int64_t next;	      /* when an input changes by itself */
	int64_t later;	      /* an input has already moved on to this instant
			       * and what it was at `at` is not known; or 0 */
};

struct eval {
	const struct facts *facts;
	double opened, half; /* when the breaker's states began; NAN: not */
	int64_t next;	     /* falls to the next change by itself */
};

struct value eval_value(struct eval *v, const struct expr *e);
/* No expression is true. */
enum truth eval_truth(struct eval *v, const struct expr *e);

struct buf;
/* A value as people read it, in Chinese or English: 12, 37%, 45 天 or 45d,
 * 2026-01-05 09:00, —. */
void value_print(struct value v, enum expr_type type, bool zh, struct buf *out);

#endif
