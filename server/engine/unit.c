/* Units and types of the rule language. */
#include "server/engine/unit.h"

#include <stdlib.h>
#include <string.h>

#include "server/engine/lex.h"

#define SECOND 1e6

const struct unit_def unit_table[] = {
    {"%", 0.01, TYPE_PERCENT, false, "hundredths"},
    {"m", 60 * SECOND, TYPE_DURATION, false, "minutes"},
    {"h", 3600 * SECOND, TYPE_DURATION, false, "hours"},
    {"d", 86400 * SECOND, TYPE_DURATION, false, "days of 24 hours"},
    {"w", 7 * 86400 * SECOND, TYPE_DURATION, false, "weeks"},
    {"workdays", 1, TYPE_DURATION, true, "days of the business calendar"},
    {"yuan", 100, TYPE_MONEY, false, "money, kept in fen"},
    {NULL, 0, TYPE_NONE, false, NULL},
};

/* spellings people try */
static const struct {
	const char *word, *unit;
} habit_table[] = {
    {"day", "d"},
    {"days", "d"},
    {"hour", "h"},
    {"hours", "h"},
    {"min", "m"},
    {"minutes", "m"},
    {"week", "w"},
    {"weeks", "w"},
    {"workday", "workdays"},
    {"rmb", "yuan"},
    {"cny", "yuan"},
    {"percent", "%"},
    {NULL, NULL},
};

static const struct {
	const char *word, *name;
} type_table[] = {
    [TYPE_NONE] = {"none", "nothing"},
    [TYPE_COUNT] = {"count", "a count"},
    [TYPE_NUMBER] = {"number", "a number"},
    [TYPE_PERCENT] = {"percent", "a percentage"},
    [TYPE_MONEY] = {"money", "money"},
    [TYPE_DURATION] = {"duration", "a duration"},
    [TYPE_TIME] = {"time", "a time"},
    [TYPE_TEXT] = {"text", "a text"},
    [TYPE_BOOL] = {"bool", "a truth"},
};

const char *const type_words[] = {"count", "number", "percent", "money",
    "duration", "time", "text", "bool", NULL};

const struct unit_def *
unit_find(const char *name, size_t len)
{
	for (const struct unit_def *u = unit_table; u->name; u++)
		if (strlen(u->name) == len && memcmp(u->name, name, len) == 0)
			return u;
	return NULL;
}

const char *
unit_nearest(const char *word)
{
	for (size_t i = 0; habit_table[i].word; i++)
		if (strcmp(habit_table[i].word, word) == 0)
			return habit_table[i].unit;
	return NULL;
}

const char *
type_name(enum expr_type t)
{
	return type_table[t].name;
}

int
type_parse(const char *word)
{
	for (int i = TYPE_COUNT; i < TYPE_COUNT_OF; i++)
		if (strcmp(type_table[i].word, word) == 0)
			return i;
	return -1;
}

bool
unit_parse_duration(const char *text, double *microseconds)
{
	const struct unit_def *u;
	struct lexer l;
	struct token number, word, end;

	lexer_init(&l, text);
	number = lexer_next(&l);
	word = lexer_next(&l);
	end = lexer_next(&l);
	u = unit_find(word.start, word.len);
	if (number.kind != TOKEN_NUMBER || end.kind != TOKEN_END || !u ||
	    u->type != TYPE_DURATION || u->workdays)
		return false;
	*microseconds = number.value * u->factor;
	return true;
}
