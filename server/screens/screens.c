/* Loading the screens of a set of packs, and their bundles. */
#include "server/screens/screens.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/mem.h"
#include "common/secret.h"
#include "server/catalogue.h"
#include "server/screens/model.h"

struct screens {
	struct screens_bundle *bundles; /* one a role, in the roles' order */
	size_t count;
};

static int
is_yaml(const struct dirent *e)
{
	const char *dot = strrchr(e->d_name, '.');

	return e->d_name[0] != '.' && dot && strcmp(dot, ".yaml") == 0;
}

/* A later pack's screen of the same name takes the place of the earlier. */
static void
set_add(struct screen_set *set, struct screen *s)
{
	for (size_t i = 0; i < set->count; i++) {
		if (strcmp(set->screens[i].name, s->name) != 0)
			continue;
		screen_clear(&set->screens[i]);
		set->screens[i] = *s;
		return;
	}
	set->screens =
	    xrealloc_array(set->screens, set->count + 1, sizeof(*set->screens));
	set->screens[set->count++] = *s;
}

/* The documents, kept because screens borrow their strings. */
struct docs {
	struct yaml_doc **items;
	size_t count;
};

static void
load_file(struct screen_set *set, struct docs *docs, const char *path,
    struct diags *d)
{
	struct yaml_doc *doc = yaml_load(path, d);
	struct screen s;

	if (!doc)
		return;
	docs->items =
	    xrealloc_array(docs->items, docs->count + 1, sizeof(*docs->items));
	docs->items[docs->count++] = doc;
	if (screen_read(&s, doc, d))
		set_add(set, &s);
	else
		screen_clear(&s);
}

static void
load_dir(
    struct screen_set *set, struct docs *docs, const char *dir, struct diags *d)
{
	char *folder = xasprintf("%s/screens", dir);
	struct dirent **entries;
	char *path;
	int n;

	n = scandir(folder, &entries, is_yaml, alphasort);
	for (int i = 0; i < n; i++) {
		path = xasprintf("%s/%s", folder, entries[i]->d_name);
		load_file(set, docs, path, d);
		free(path);
		free(entries[i]);
	}
	if (n >= 0)
		free(entries);
	free(folder);
}

static struct screens *
bundles_make(const struct screen_set *set, const struct catalogue *c,
    const struct phrases *p)
{
	struct screens *s = xcalloc(1, sizeof(*s));
	const char *const *roles = catalogue_roles();

	while (roles[s->count])
		s->count++;
	s->bundles = xcalloc(s->count, sizeof(*s->bundles));
	for (size_t i = 0; i < s->count; i++) {
		struct buf out = {0};

		bundle_encode(set, catalogue_role_bit(roles[i]), c, p, &out);
		s->bundles[i].data = out.data;
		s->bundles[i].len = out.len;
		secret_hash(out.data, out.len, s->bundles[i].hash);
	}
	return s;
}

struct screens *
screens_load(const char *const *dirs, size_t count, const struct catalogue *c,
    const struct phrases *p, struct diags *d)
{
	struct screen_set set = {0};
	struct docs docs = {0};
	struct screens *s = NULL;
	size_t before = diags_errors(d);

	for (size_t i = 0; i < count; i++)
		load_dir(&set, &docs, dirs[i], d);
	if (diags_errors(d) == before)
		screens_check(&set, c, p, d);
	if (diags_errors(d) == before)
		s = bundles_make(&set, c, p);
	for (size_t i = 0; i < set.count; i++)
		screen_clear(&set.screens[i]);
	free(set.screens);
	for (size_t i = 0; i < docs.count; i++)
		yaml_unload(docs.items[i]);
	free(docs.items);
	return s;
}

void
screens_free(struct screens *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->count; i++)
		free((void *)(uintptr_t)s->bundles[i].data);
	free(s->bundles);
	free(s);
}

const struct screens_bundle *
screens_bundle_for(const struct screens *s, const char *role)
{
	const char *const *roles = catalogue_roles();

	for (size_t i = 0; i < s->count; i++)
		if (strcmp(roles[i], role) == 0)
			return &s->bundles[i];
	return NULL;
}
