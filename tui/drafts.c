/* What was typed and not sent, and what was sent last. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/mem.h"
#include "common/secret.h"
#include "tui/app.h"

#define FILE_MAX (1 << 20)

/* Whether it is about these records, as far as it is about any. */
static bool
is_about(const struct draft *t, const struct values *of)
{
	for (size_t i = 0; i < t->of.count; i++) {
		const struct value *v =
		    of ? values_get(of, t->of.items[i].name) : NULL;

		if (!v || !value_equals(v, &t->of.items[i].value))
			return false;
	}
	return true;
}

struct values *
drafts_get(
    struct drafts *d, const char *name, const struct values *of, bool make)
{
	struct draft *t;

	for (size_t i = 0; i < d->count; i++) {
		t = &d->items[i];
		if (strcmp(t->name, name) == 0 &&
		    t->of.count == (of ? of->count : 0) && is_about(t, of))
			return &t->values;
	}
	if (!make)
		return NULL;
	d->items = xrealloc_array(d->items, d->count + 1, sizeof(*d->items));
	t = &d->items[d->count++];
	*t = (struct draft){.name = xstrdup(name)};
	if (of)
		t->of = values_copy(of);
	return &t->values;
}

static void
drop(struct drafts *d, size_t i)
{
	free(d->items[i].name);
	values_clear(&d->items[i].of);
	values_clear(&d->items[i].values);
	d->items[i] = d->items[--d->count];
}

void
drafts_drop(struct drafts *d, const char *name, const struct values *args)
{
	for (size_t i = d->count; i-- > 0;)
		if (strcmp(d->items[i].name, name) == 0 &&
		    is_about(&d->items[i], args))
			drop(d, i);
}

static void
drop_all(struct drafts *d)
{
	while (d->count > 0)
		drop(d, d->count - 1);
	free(d->items);
	d->items = NULL;
}

void
drafts_clear(struct drafts *d)
{
	drop_all(d);
	free(d->path);
	secret_wipe(d->key, sizeof(d->key));
	*d = (struct drafts){0};
}

void
drafts_wipe(struct drafts *d)
{
	drop_all(d);
	if (d->path)
		unlink(d->path);
}

/* A map, as bytes of its own: what was written by a later version is passed
 * over as a whole. */
static void
read_values(struct codec_reader *r, struct values *out)
{
	size_t from = r->at;
	struct buf map = {0};

	codec_skip(r);
	buf_add(&map, r->data + from, r->at - from);
	if (!r->failed)
		*out = values_read(&map);
	buf_clear(&map);
}

static void
read_drafts(struct drafts *d, const struct buf *plain)
{
	struct codec_reader r;
	size_t n;

	codec_open(&r, plain->data, plain->len);
	n = codec_need_array(&r);
	for (size_t i = 0; i < n && !r.failed; i++) {
		struct values of = {0}, values = {0}, *to;
		char *name = NULL;

		if (codec_need_array(&r) == 3) {
			name = codec_need_text(&r);
			read_values(&r, &of);
			read_values(&r, &values);
		} else
			r.failed = true;
		if (name && !r.failed) {
			to = drafts_get(d, name, &of, true);
			values_clear(to);
			*to = values;
			values = (struct values){0};
		}
		free(name);
		values_clear(&of);
		values_clear(&values);
	}
}

void
drafts_open(struct drafts *d, const char *path, const uint8_t key[32])
{
	FILE *f = fopen(path, "re");
	struct buf file = {0}, plain = {0};

	d->path = xstrdup(path);
	memcpy(d->key, key, sizeof(d->key));
	if (!f)
		return;
	file.len = fread(buf_reserve(&file, FILE_MAX), 1, FILE_MAX, f);
	fclose(f);
	if (secret_open(key, "drafts", file.data, file.len, &plain) == 0)
		read_drafts(d, &plain);
	secret_wipe(plain.data, plain.len);
	buf_clear(&plain);
	buf_clear(&file);
}

void
drafts_save(struct drafts *d)
{
	struct buf plain = {0}, file = {0};
	char *fresh;
	FILE *f;

	if (!d->path)
		return;
	if (d->count == 0) {
		unlink(d->path);
		return;
	}
	codec_put_array(&plain, d->count);
	for (size_t i = 0; i < d->count; i++) {
		codec_put_array(&plain, 3);
		codec_put_text(&plain, d->items[i].name);
		values_put(&d->items[i].of, &plain);
		values_put(&d->items[i].values, &plain);
	}
	secret_seal(d->key, "drafts", plain.data, plain.len, &file);
	fresh = xasprintf("%s.new", d->path);
	f = fopen(fresh, "we");
	if (f) {
		bool good = fwrite(file.data, 1, file.len, f) == file.len;

		if (fclose(f) == 0 && good)
			rename(fresh, d->path);
	}
	free(fresh);
	secret_wipe(plain.data, plain.len);
	buf_clear(&plain);
	buf_clear(&file);
}
