/* Rows for a start without a connection.  A file is the seal of a CBOR array
 * [us since 1970, rows]; its name, the hash of the question, is in the seal's
 * context, so that no file stands in for another. */
#include "tui/cache.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/mem.h"
#include "common/secret.h"
#include "tui/source.h"

struct cache {
	char *dir;
	uint8_t key[32];
	size_t max;
};

struct kept_file {
	char *path;
	size_t size;
	struct timespec at;
};

struct cache *
cache_new(const char *dir, const uint8_t key[32], size_t max)
{
	struct cache *c = xcalloc(1, sizeof(*c));

	c->dir = xstrdup(dir);
	c->max = max;
	memcpy(c->key, key, sizeof(c->key));
	return c;
}

void
cache_free(struct cache *c)
{
	if (!c)
		return;
	secret_wipe(c->key, sizeof(c->key));
	free(c->dir);
	free(c);
}

/* The question's name: keyed, so that it tells nothing to who has no key. */
static char *
question_name(const struct cache *c, const struct source *s)
{
	const struct statement_def *st = s->statement;
	uint8_t hash[SECRET_HASH_LEN];
	struct buf b = {0};

	buf_add(&b, c->key, sizeof(c->key));
	codec_put_text(&b, st->name);
	for (size_t i = 0; i < st->column_count; i++) {
		codec_put_text(&b, st->columns[i].name);
		codec_put_text(&b, st->columns[i].type);
	}
	values_put(&s->args, &b);
	for (size_t i = 0; i < s->sort_count; i++) {
		codec_put_text(&b, s->sort[i].column);
		codec_put_bool(&b, s->sort[i].descending);
	}
	codec_put_text(&b, s->search);
	buf_add(&b, s->filter.data, s->filter.len);
	secret_hash(b.data, b.len, hash);
	secret_wipe(b.data, b.len);
	buf_reset(&b);
	secret_base64_add(&b, hash, sizeof(hash));
	return buf_take(&b);
}

static int
by_age(const void *a, const void *b)
{
	const struct kept_file *x = a, *y = b;

	if (x->at.tv_sec != y->at.tv_sec)
		return x->at.tv_sec < y->at.tv_sec ? -1 : 1;
	return (x->at.tv_nsec > y->at.tv_nsec) -
	       (x->at.tv_nsec < y->at.tv_nsec);
}

static struct kept_file *
list_files(const struct cache *c, size_t *count)
{
	struct kept_file *files = NULL;
	const struct dirent *entry;
	struct stat st;
	DIR *d = opendir(c->dir);

	*count = 0;
	while (d && (entry = readdir(d))) {
		char *path = xasprintf("%s/%s", c->dir, entry->d_name);

		if (stat(path, &st) != 0 || !S_ISREG(st.st_mode)) {
			free(path);
			continue;
		}
		files = xrealloc_array(files, *count + 1, sizeof(*files));
		files[(*count)++] = (struct kept_file){
		    .path = path,
		    .size = (size_t)st.st_size,
		    .at = st.st_mtim,
		};
	}
	if (d)
		closedir(d);
	if (files)
		qsort(files, *count, sizeof(*files), by_age);
	return files;
}

/* The oldest go until there is room for one of `size` bytes. */
static void
make_room(const struct cache *c, size_t size, size_t files_max)
{
	size_t count, total = size;
	struct kept_file *files = list_files(c, &count);

	for (size_t i = 0; i < count; i++)
		total += files[i].size;
	for (size_t i = 0; i < count; i++) {
		if (total > c->max || count - i >= files_max) {
			unlink(files[i].path);
			total -= files[i].size;
		}
		free(files[i].path);
	}
	free(files);
}

static void
write_file(const struct cache *c, const char *name, const struct buf *data)
{
	char *path = xasprintf("%s/%s", c->dir, name);
	char *fresh = xasprintf("%s/.new", c->dir);
	mode_t mask = umask(077);
	FILE *f;
	bool good;

	mkdir(c->dir, 0700);
	unlink(path);
	make_room(c, data->len, CACHE_FILES_MAX);
	f = fopen(fresh, "we");
	umask(mask);
	if (f) {
		good = fwrite(data->data, 1, data->len, f) == data->len;
		if (fclose(f) != 0 || !good || rename(fresh, path) != 0)
			unlink(fresh);
	}
	free(path);
	free(fresh);
}

void
cache_keep(struct cache *c, const struct source *s, int64_t now)
{
	struct buf plain = {0}, sealed = {0};
	char *name;

	if (!c || s->state != SOURCE_READY || !s->at_start || s->as_of ||
	    s->page_count == 0 || s->pages[0].data.len > c->max / 4)
		return;
	name = question_name(c, s);
	codec_put_array(&plain, 2);
	codec_put_int(&plain, now);
	codec_put_bytes(&plain, s->pages[0].data.data, s->pages[0].data.len);
	secret_seal(c->key, name, plain.data, plain.len, &sealed);
	write_file(c, name, &sealed);
	buf_clear(&plain);
	buf_clear(&sealed);
	free(name);
}

static bool
read_file(const struct cache *c, const char *name, struct buf *plain)
{
	char *path = xasprintf("%s/%s", c->dir, name);
	FILE *f = fopen(path, "re");
	struct buf sealed = {0};
	bool good = false;
	struct stat st;

	free(path);
	if (!f)
		return false;
	if (fstat(fileno(f), &st) == 0 && st.st_size > 0 &&
	    (size_t)st.st_size <= c->max) {
		size_t n = (size_t)st.st_size;

		sealed.len = fread(buf_reserve(&sealed, n), 1, n, f);
		good = secret_open(
			   c->key, name, sealed.data, sealed.len, plain) == 0;
	}
	fclose(f);
	buf_clear(&sealed);
	return good;
}

bool
cache_recall(const struct cache *c, struct source *s)
{
	struct buf plain = {0};
	struct codec_reader r;
	const uint8_t *rows;
	int64_t at;
	size_t len = 0;
	char *name;

	if (!c || s->page_count > 0)
		return false;
	name = question_name(c, s);
	if (read_file(c, name, &plain)) {
		codec_open(&r, plain.data, plain.len);
		codec_need_array(&r);
		at = codec_need_int(&r);
		rows = codec_need_bytes(&r, &len);
		if (!r.failed && rows)
			source_preload(s, rows, len, at);
	}
	buf_clear(&plain);
	free(name);
	return s->page_count > 0;
}

void
cache_wipe(struct cache *c)
{
	if (!c)
		return;
	make_room(c, 0, 0);
	rmdir(c->dir);
}
