/* Units and types of the rule language, by name: the tables behind messages. */
#ifndef SERVER_ENGINE_UNIT_H
#define SERVER_ENGINE_UNIT_H

#include <stdbool.h>
#include <stddef.h>

#include "server/engine/expr.h"

struct unit_def {
	const char *name;
	double factor; /* into microseconds, minor units, parts of one */
	enum expr_type type;
	bool workdays; /* counted by the business calendar */
	const char *help;
};

extern const struct unit_def unit_table[]; /* ends with a NULL name */

const struct unit_def *unit_find(const char *name, size_t len);
/* The unit somebody may have meant, or NULL. */
const char *unit_nearest(const char *word);

/* "a duration", as it stands in messages. */
const char *type_name(enum expr_type t);
/* By the word of sources.yaml ("time", "money", …); -1 if unknown. */
int type_parse(const char *word);
extern const char *const type_words[]; /* NULL-terminated */

/* "3d", "8h", "30m", "2w" as microseconds; false if it is none. */
bool unit_parse_duration(const char *text, double *microseconds);

#endif
