/* The rows of firebreakd.yaml; for conf.c and the test that checks docs. */
#ifndef SERVER_CONF_TABLE_H
#define SERVER_CONF_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "server/conf.h"

struct conf_def;

/* How values of a kind are read from text, compared, shown and freed. */
struct conf_type {
	const char *name; /* as the manual says it */
	bool is_list;
	/* NULL, or what is expected instead (a static sentence). */
	const char *(*read)(
	    const struct conf_def *def, const char *text, void *field);
	void (*print)(const void *field, struct buf *out);
	void (*clear)(void *field); /* NULL: nothing to free */
};

enum conf_flag {
	CONF_RELOAD = 1, /* takes effect on SIGHUP */
	CONF_SECRET = 2	 /* never shown */
};

struct conf_def {
	const char *key; /* "pool.light" is light: under pool: */
	const struct conf_type *type;
	size_t offset;	      /* in struct conf */
	const char *fallback; /* as text; lists: with commas; "": worked out */
	unsigned flags;
	int64_t least, most; /* numbers and sizes */
	const char *en, *zh; /* help */
};

/* Sorted by section as people read them; ends with a NULL key. */
extern const struct conf_def conf_table[];

extern const struct conf_type conf_text, conf_directory, conf_number, conf_size,
    conf_bool, conf_level, conf_texts, conf_directories;

static inline void *
conf_field(struct conf *c, const struct conf_def *def)
{
	return (char *)c + def->offset;
}

#endif
