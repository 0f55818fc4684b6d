/*
 * Records of a CSV file over libcsv.  libcsv says neither on which line a
 * record began nor where it stands, so it is fed a line at a time: a line
 * completes at most one record, and what stood before it is known.
 */
#include "server/import/csvfile.h"

#include <csv.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/mem.h"
#include "server/import/encoding.h"

#define LONGEST_DEFAULT (1u << 20)
#define CSV_OPTIONS (CSV_STRICT | CSV_STRICT_FINI)

struct span {
	size_t at, len;
};

struct csvfile {
	char *owned; /* what was read or converted, or NULL */
	const char *text;
	size_t len;
	size_t at;    /* first byte not fed */
	size_t line;  /* number of the line at `at` */
	size_t begin; /* after the mark */
	size_t longest;
	char encoding_name[32];
	struct encoding *encoding;
	struct csv_parser parser;
	struct buf bytes; /* fields as libcsv gave them, each with a NUL */
	struct buf utf8;  /* fields converted, where that is needed */
	struct span *spans;
	struct csvfile_field *fields;
	size_t count, room;
	bool ended; /* a record was completed */
	char fault[96];
};

static void
on_field(void *data, size_t len, void *arg)
{
	struct csvfile *c = arg;

	if (c->count == c->room) {
		c->room = c->room ? c->room * 2 : 32;
		c->spans = xrealloc_array(c->spans, c->room, sizeof(*c->spans));
		c->fields =
		    xrealloc_array(c->fields, c->room, sizeof(*c->fields));
	}
	c->spans[c->count++] = (struct span){c->bytes.len, len};
	buf_add(&c->bytes, data, len);
	buf_add_byte(&c->bytes, '\0');
}

static void
on_record(int end, void *arg)
{
	struct csvfile *c = arg;

	(void)end;
	c->ended = true;
}

/* Bytes of the line at `at`, its end included. */
static size_t
line_length(const struct csvfile *c)
{
	const char *s = c->text + c->at;
	size_t left = c->len - c->at, n;
	const char *lf = memchr(s, '\n', left);
	const char *cr;

	n = lf ? (size_t)(lf - s) + 1 : left;
	cr = memchr(s, '\r', n);
	if (cr && cr + 1 < s + n && cr[1] != '\n')
		n = (size_t)(cr - s) + 1; /* a line end of its own */
	return n;
}

static bool
is_blank(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (s[i] != ' ' && s[i] != '\t' && s[i] != '\r' && s[i] != '\n')
			return false;
	return true;
}

static void
parser_reset(struct csvfile *c)
{
	unsigned char delimiter = csv_get_delim(&c->parser);

	csv_free(&c->parser);
	csv_init(&c->parser, CSV_OPTIONS);
	csv_set_delim(&c->parser, delimiter);
}

/* The column, in characters, of a byte of the record's line. */
static size_t
column_of(struct csvfile *c, size_t line_start, size_t at)
{
	const char *s = c->text + line_start;
	size_t column = 1;

	for (size_t i = 0; i + line_start < at; i++)
		if (((unsigned char)s[i] & 0xc0) != 0x80 ||
		    !encoding_is_utf8(c->encoding))
			column++;
	return column;
}

/* Gives the record up: what follows its first line is read afresh. */
static void
record_fault(
    struct csvfile *c, struct csvfile_record *r, const char *why, size_t column)
{
	parser_reset(c);
	c->count = 0;
	c->at = r->offset;
	c->line = r->line;
	r->len = line_length(c);
	c->at += r->len;
	c->line++;
	r->fault = why;
	r->column = column;
}

/* Feeds lines until a record is complete.  False: it has a fault. */
static bool
record_read(struct csvfile *c, struct csvfile_record *r)
{
	size_t n, done, start;

	while (!c->ended && c->at < c->len) {
		n = line_length(c);
		start = c->at;
		if (c->at + n - r->offset > c->longest) {
			record_fault(c, r,
			    "the record is too long, or a "
			    "quote is opened and never closed",
			    0);
			return false;
		}
		done = csv_parse(
		    &c->parser, c->text + c->at, n, on_field, on_record, c);
		if (done != n) {
			record_fault(c, r,
			    "a quote inside a field must be "
			    "doubled and the field quoted",
			    column_of(c, start, start + (done ? done - 1 : 0)));
			return false;
		}
		c->at += n;
		c->line++;
	}
	if (!c->ended && csv_fini(&c->parser, on_field, on_record, c) != 0) {
		record_fault(c, r, "a quote is opened and never closed", 0);
		return false;
	}
	r->len = c->at - r->offset;
	return true;
}

static void
fields_plain(struct csvfile *c)
{
	for (size_t i = 0; i < c->count; i++)
		c->fields[i] = (struct csvfile_field){
		    (const char *)c->bytes.data + c->spans[i].at,
		    c->spans[i].len};
}

static void
byte_fault(
    struct csvfile *c, struct csvfile_record *r, size_t field, size_t bad)
{
	unsigned byte = c->bytes.data[c->spans[field].at + bad];

	snprintf(c->fault, sizeof(c->fault),
	    "byte 0x%02x of field %zu is not %s", byte, field + 1,
	    c->encoding_name);
	r->fault = c->fault;
	r->column = 0;
	c->count = 0;
}

static void
fields_convert(struct csvfile *c, struct csvfile_record *r)
{
	size_t bad, i, at;

	buf_reset(&c->utf8);
	for (i = 0; i < c->count; i++) {
		at = c->utf8.len;
		if (encoding_convert(c->encoding,
			c->bytes.data + c->spans[i].at, c->spans[i].len,
			&c->utf8, &bad)) {
			byte_fault(c, r, i, bad);
			return;
		}
		c->fields[i].len = c->utf8.len - at;
		buf_add_byte(&c->utf8, '\0');
		c->spans[i].at = at;
	}
	for (i = 0; i < c->count; i++)
		c->fields[i].text = (const char *)c->utf8.data + c->spans[i].at;
}

/* Checks the bytes and makes the fields. */
static void
record_finish(struct csvfile *c, struct csvfile_record *r)
{
	size_t bad;

	if (memchr(c->text + r->offset, '\0', r->len)) {
		r->fault = "the record holds a NUL byte";
		c->count = 0;
		return;
	}
	if (!encoding_is_utf8(c->encoding)) {
		fields_convert(c, r);
		return;
	}
	bad = encoding_utf8_valid(c->bytes.data, c->bytes.len);
	if (bad == c->bytes.len) {
		fields_plain(c);
		return;
	}
	for (size_t i = 0; i < c->count; i++)
		if (bad < c->spans[i].at + c->spans[i].len) {
			byte_fault(c, r, i, bad - c->spans[i].at);
			return;
		}
}

bool
csvfile_next(struct csvfile *c, struct csvfile_record *r)
{
	size_t n;

	*r = (struct csvfile_record){0};
	while (c->at < c->len) {
		n = line_length(c);
		if (!is_blank(c->text + c->at, n))
			break;
		c->at += n;
		c->line++;
	}
	if (c->at == c->len)
		return false;
	buf_reset(&c->bytes);
	c->count = 0;
	c->ended = false;
	r->line = c->line;
	r->offset = c->at;
	if (record_read(c, r))
		record_finish(c, r);
	r->fields = c->fields;
	r->count = c->count;
	return true;
}

void
csvfile_rewind(struct csvfile *c)
{
	parser_reset(c);
	c->at = c->begin;
	c->line = 1;
}

/* The delimiter that the first line holds most of. */
static char
delimiter_guess(const struct csvfile *c)
{
	static const char candidates[] = ",;\t";
	size_t n = line_length(c), best = 0, count;
	char guess = ',';

	for (const char *d = candidates; *d; d++) {
		count = 0;
		for (size_t i = 0; i < n; i++)
			count += c->text[c->at + i] == *d;
		if (count > best) {
			best = count;
			guess = *d;
		}
	}
	return guess;
}

/* UTF-16 cannot be split before it is read: the whole of it is converted. */
static int
convert_whole(struct csvfile *c, struct err *e)
{
	struct buf all = {0};
	size_t bad, len;

	if (encoding_convert(c->encoding, c->text + c->begin, c->len - c->begin,
		&all, &bad)) {
		err_set(e, ERR_BAD_ARGUMENT, "byte %zu is not %s",
		    c->begin + bad + 1, c->encoding_name);
		buf_clear(&all);
		return -1;
	}
	encoding_free(c->encoding);
	c->encoding = encoding_new("UTF-8", e);
	len = all.len;
	free(c->owned);
	c->owned = buf_take(&all);
	c->text = c->owned;
	c->len = len;
	c->begin = 0;
	return 0;
}

static struct csvfile *
csvfile_start(struct csvfile *c, const struct csvfile_options *o, struct err *e)
{
	encoding_detect(c->text, c->len, c->encoding_name, &c->begin);
	if (o && o->encoding)
		snprintf(c->encoding_name, sizeof(c->encoding_name), "%s",
		    o->encoding);
	csv_init(&c->parser, CSV_OPTIONS);
	c->encoding = encoding_new(c->encoding_name, e);
	if (!c->encoding ||
	    (!encoding_keeps_ascii(c->encoding) && convert_whole(c, e))) {
		csvfile_free(c);
		return NULL;
	}
	c->at = c->begin;
	c->line = 1;
	c->longest = o && o->longest ? o->longest : LONGEST_DEFAULT;
	csv_set_delim(&c->parser,
	    (unsigned char)(o && o->delimiter ? o->delimiter
					      : delimiter_guess(c)));
	return c;
}

struct csvfile *
csvfile_parse(const char *text, size_t len, const struct csvfile_options *o,
    struct err *e)
{
	struct csvfile *c = xcalloc(1, sizeof(*c));

	c->text = text;
	c->len = len;
	return csvfile_start(c, o, e);
}

static char *
file_read(const char *path, size_t *len, struct err *e)
{
	struct stat st;
	char *text = NULL;
	ssize_t n = 1;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	*len = 0;
	if (fd < 0 || fstat(fd, &st)) {
		err_errno(e, "%s", path);
		goto close_fd;
	}
	if (!S_ISREG(st.st_mode)) {
		err_set(e, ERR_BAD_ARGUMENT, "%s is not a file", path);
		goto close_fd;
	}
	text = xmalloc((size_t)st.st_size + 1);
	while (*len < (size_t)st.st_size && n > 0) {
		n = read(fd, text + *len, (size_t)st.st_size - *len);
		if (n > 0)
			*len += (size_t)n;
	}
	if (n < 0) {
		err_errno(e, "%s", path);
		free(text);
		text = NULL;
	}
close_fd:
	if (fd >= 0)
		close(fd);
	return text;
}

struct csvfile *
csvfile_open(const char *path, const struct csvfile_options *o, struct err *e)
{
	struct csvfile *c;
	size_t len;
	char *text = file_read(path, &len, e);

	if (!text)
		return NULL;
	c = xcalloc(1, sizeof(*c));
	c->owned = text;
	c->text = text;
	c->len = len;
	return csvfile_start(c, o, e);
}

void
csvfile_free(struct csvfile *c)
{
	if (!c)
		return;
	csv_free(&c->parser);
	encoding_free(c->encoding);
	buf_clear(&c->bytes);
	buf_clear(&c->utf8);
	free(c->spans);
	free(c->fields);
	free(c->owned);
	free(c);
}

const char *
csvfile_encoding(const struct csvfile *c)
{
	return c->encoding_name;
}

char
csvfile_delimiter(const struct csvfile *c)
{
	return (char)c->parser.delim_char;
}

const char *
csvfile_text(const struct csvfile *c, size_t *len)
{
	*len = c->len;
	return c->text;
}

size_t
csvfile_at(const struct csvfile *c)
{
	return c->at;
}
