/* What was typed and not sent, and what was sent last, by the write's name. */
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "tui/app.h"

static bool
is_list(const struct drafts *d, const char *name, size_t *at)
{
	for (*at = 0; *at < d->count; (*at)++)
		if (strcmp(d->names[*at], name) == 0)
			return true;
	return false;
}

struct values *
drafts_get(struct drafts *d, const char *name, bool make)
{
	size_t at;

	if (is_list(d, name, &at))
		return &d->values[at];
	if (!make)
		return NULL;
	d->names = xrealloc_array(d->names, d->count + 1, sizeof(*d->names));
	d->values = xrealloc_array(d->values, d->count + 1, sizeof(*d->values));
	d->names[d->count] = xstrdup(name);
	d->values[d->count] = (struct values){0};
	return &d->values[d->count++];
}

void
drafts_drop(struct drafts *d, const char *name)
{
	size_t at;

	if (!is_list(d, name, &at))
		return;
	free(d->names[at]);
	values_clear(&d->values[at]);
	d->names[at] = d->names[--d->count];
	d->values[at] = d->values[d->count];
}

void
drafts_clear(struct drafts *d)
{
	while (d->count > 0)
		drafts_drop(d, d->names[0]);
	free(d->names);
	free(d->values);
	*d = (struct drafts){0};
}
