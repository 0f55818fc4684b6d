/* The file of rejects. */
#include "server/import/rejects.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/mem.h"

#define ORIGINAL_MOST 4096 /* bytes of a record that are repeated */

struct rejects {
	char *path;
	struct buf lines;
};

struct rejects *
rejects_new(const char *path, int64_t import_id)
{
	struct rejects *r = xcalloc(1, sizeof(*r));

	r->path =
	    path ? xstrdup(path)
		 : xasprintf("import-%lld-rejects.csv", (long long)import_id);
	return r;
}

void
rejects_free(struct rejects *r)
{
	if (!r)
		return;
	free(r->path);
	buf_clear(&r->lines);
	free(r);
}

const char *
rejects_path(const struct rejects *r)
{
	return r->path;
}

/* As much of a record as helps to find it. */
static size_t
shorten(const char *text, size_t len)
{
	if (len <= ORIGINAL_MOST)
		return len;
	for (len = ORIGINAL_MOST; len > 0; len--)
		if (((unsigned char)text[len] & 0xc0) != 0x80)
			break;
	return len;
}

static void
add_quoted(struct buf *out, const char *s, size_t len)
{
	buf_add_byte(out, '"');
	for (size_t i = 0; i < len; i++) {
		if (s[i] == '"')
			buf_add_byte(out, '"');
		buf_add_byte(out, (uint8_t)s[i]);
	}
	buf_add_byte(out, '"');
}

void
rejects_add(struct rejects *r, const char *file, struct csvfile *csv,
    const struct csvfile_record *rec, const char *why)
{
	size_t len = rec->len, all;
	const char *text = csvfile_text(csv, &all) + rec->offset;
	char place[32] = "";

	while (len > 0 && (text[len - 1] == '\n' || text[len - 1] == '\r'))
		len--;
	if (rec->column)
		snprintf(place, sizeof(place), " (column %zu)", rec->column);
	if (r->lines.len == 0)
		buf_add_str(&r->lines, "file,line,reason,original\n");
	add_quoted(&r->lines, file, strlen(file));
	buf_addf(&r->lines, ",%zu,", rec->line);
	{
		char *reason = xasprintf("%s%s", why, place);

		add_quoted(&r->lines, reason, strlen(reason));
		free(reason);
	}
	buf_add_byte(&r->lines, ',');
	add_quoted(&r->lines, text, shorten(text, len));
	buf_add_byte(&r->lines, '\n');
}

void
rejects_find(struct rejects *r, const char *file, struct csvfile *csv,
    size_t line, const char *why)
{
	struct csvfile_record rec;

	while (csvfile_next(csv, &rec))
		if (rec.line >= line) {
			rejects_add(r, file, csv, &rec, why);
			return;
		}
}

/* What is half written helps nobody; but nobody's device is removed. */
static void
remove_half(const char *path, FILE *f)
{
	struct stat st;

	if (fstat(fileno(f), &st) == 0 && S_ISREG(st.st_mode))
		unlink(path);
}

int
rejects_finish(struct rejects *r, struct err *e)
{
	FILE *f;

	if (r->lines.len == 0)
		return 0;
	f = fopen(r->path, "we");
	if (!f)
		return err_errno(e, "%s", r->path);
	if (fwrite(r->lines.data, 1, r->lines.len, f) != r->lines.len ||
	    fflush(f)) {
		err_errno(e, "%s", r->path);
		remove_half(r->path, f);
		fclose(f);
		return -1;
	}
	if (fclose(f))
		return err_errno(e, "%s", r->path);
	return 0;
}
