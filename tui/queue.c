/* Writes on their way.  The file is a run of records: u32 length (big-endian),
 * then a sealed CBOR array whose first text says what happened:
 *     w request statement args label row       a write was made
 *     d request                                answered, or dismissed
 *     r request sentence                       refused
 * Record n is sealed with n in its context: none can be moved or left out. */
#include "tui/queue.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/codec.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/secret.h"

#define FILE_MAX (16 << 20)
#define QUEUE_MAX (8 << 20) /* the rest is room for outcomes */

static void
item_free(struct queue_item *i)
{
	free(i->statement);
	free(i->label);
	free(i->sentence);
	buf_clear(&i->args);
	values_clear(&i->answer);
	free(i);
}

static void
queue_remove(struct queue *q, struct queue_item *item)
{
	for (size_t i = 0; i < q->count; i++)
		if (q->items[i] == item) {
			memmove(&q->items[i], &q->items[i + 1],
			    (q->count - i - 1) * sizeof(*q->items));
			q->count--;
			item_free(item);
			return;
		}
}

static struct queue_item *
queue_find(const struct queue *q, const uint8_t *request, size_t len)
{
	for (size_t i = 0; i < q->count && len == REQUEST_ID_LEN; i++)
		if (memcmp(q->items[i]->request, request, len) == 0)
			return q->items[i];
	return NULL;
}

static struct queue_item *
queue_append(struct queue *q)
{
	struct queue_item *item = xcalloc(1, sizeof(*item));

	q->items = xrealloc_array(q->items, q->count + 1, sizeof(*q->items));
	q->items[q->count++] = item;
	item->queue = q;
	return item;
}

static void
record_context(size_t n, char out[32])
{
	snprintf(out, 32, "queue:%zu", n);
}

/* What a full disk took of a record must not stand before the next one. */
static void
record_undo(const struct queue *q)
{
	if (ftruncate(q->fd, (off_t)q->bytes) != 0)
		log_warn("cannot mend the queue of writes");
}

static int
record_write(struct queue *q, const struct buf *plain, struct err *e)
{
	struct buf out = {0};
	char context[32];
	ssize_t n;
	uint32_t len;

	if (q->fd < 0)
		return 0;
	record_context(q->records, context);
	buf_add(&out, "\0\0\0\0", 4);
	secret_seal(q->key, context, plain->data, plain->len, &out);
	len = (uint32_t)(out.len - 4);
	for (int i = 0; i < 4; i++)
		out.data[i] = (uint8_t)(len >> (24 - 8 * i));
	n = write(q->fd, out.data, out.len);
	if (n >= 0 && n != (ssize_t)out.len)
		errno = ENOSPC; /* a short write gives no reason of its own */
	if (n != (ssize_t)out.len || fdatasync(q->fd) != 0) {
		err_errno(e, "cannot keep the write on this machine");
		record_undo(q);
		buf_clear(&out);
		return -1;
	}
	q->records++;
	q->bytes += out.len;
	buf_clear(&out);
	return 0;
}

static void
replay_write(struct queue *q, struct codec_reader *r, const uint8_t *request)
{
	struct queue_item *item;
	const uint8_t *args;
	size_t len = 0;
	char *statement = codec_need_text(r);

	args = codec_need_bytes(r, &len);
	if (r->failed || !statement) {
		free(statement);
		return;
	}
	item = queue_append(q);
	memcpy(item->request, request, REQUEST_ID_LEN);
	item->statement = statement;
	buf_add(&item->args, args, len);
	item->label = codec_need_text(r);
	if (!item->label)
		item->label = xstrdup("");
	item->row = codec_need_int(r);
}

static void
replay_record(struct queue *q, const void *data, size_t len)
{
	struct queue_item *item;
	struct codec_reader r;
	const uint8_t *request;
	size_t n = 0;
	char *kind;

	codec_open(&r, data, len);
	codec_need_array(&r);
	kind = codec_need_text(&r);
	request = codec_need_bytes(&r, &n);
	if (kind && !r.failed && n == REQUEST_ID_LEN) {
		item = queue_find(q, request, n);
		if (kind[0] == 'w' && !item)
			replay_write(q, &r, request);
		else if (kind[0] == 'd' && item)
			queue_remove(q, item);
		else if (kind[0] == 'r' && item) {
			item->state = QUEUE_REFUSED;
			free(item->sentence);
			item->sentence = codec_need_text(&r);
		}
	}
	free(kind);
}

/* Returns where good records end: a torn last one (power cut) is cut off. */
static int
queue_replay(
    struct queue *q, const struct buf *file, size_t *end, struct err *e)
{
	struct buf plain = {0};
	char context[32];
	size_t at = 0, len;

	while (file->len - at >= 4) {
		const uint8_t *p = file->data + at;

		len = (size_t)p[0] << 24 | (size_t)p[1] << 16 |
		      (size_t)p[2] << 8 | p[3];
		if (len > file->len - at - 4)
			break;
		record_context(q->records, context);
		buf_reset(&plain);
		if (secret_open(q->key, context, p + 4, len, &plain) != 0) {
			buf_clear(&plain);
			return err_set(e, ERR_NOT_ALLOWED,
			    "the queue of writes was sealed with another key");
		}
		replay_record(q, plain.data, plain.len);
		q->records++;
		at += 4 + len;
	}
	*end = at;
	buf_clear(&plain);
	return 0;
}

static int
file_read(int fd, struct buf *out, struct err *e)
{
	struct stat st;
	ssize_t n;

	if (fstat(fd, &st) != 0 || st.st_size > FILE_MAX)
		return err_set(e, ERR_SYSTEM, "the queue file is too large");
	while ((n = read(fd, buf_reserve(out, 65536), 65536)) > 0)
		out->len += (size_t)n;
	if (n < 0)
		return err_errno(e, "cannot read the queue of writes");
	return 0;
}

int
queue_open(
    struct queue *q, const char *path, const uint8_t key[32], struct err *e)
{
	struct buf file = {0};
	size_t end = 0;

	*q = (struct queue){.fd = -1, .max = QUEUE_MAX};
	if (!path)
		return 0;
	memcpy(q->key, key, sizeof(q->key));
	q->fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (q->fd < 0)
		return err_errno(e, "cannot open %s", path);
	if (file_read(q->fd, &file, e) != 0 ||
	    queue_replay(q, &file, &end, e) != 0)
		goto close;
	if (end < file.len && ftruncate(q->fd, (off_t)end) != 0) {
		err_errno(e, "cannot mend %s", path);
		goto close;
	}
	q->bytes = end;
	buf_clear(&file);
	return 0;
close:
	buf_clear(&file);
	queue_close(q);
	return -1;
}

void
queue_close(struct queue *q)
{
	while (q->count > 0)
		queue_remove(q, q->items[q->count - 1]);
	free(q->items);
	if (q->fd >= 0)
		close(q->fd);
	secret_wipe(q->key, sizeof(q->key));
	*q = (struct queue){.fd = -1};
}

struct queue_item *
queue_add(struct queue *q, const char *statement, const struct values *args,
    const char *label, int64_t row, struct err *e)
{
	struct queue_item *item;
	struct buf record = {0};
	int failed;

	if (q->fd >= 0 && q->bytes >= q->max) {
		err_set(e, ERR_FULL, "too many writes wait on this machine");
		return NULL;
	}
	item = queue_append(q);
	client_request_id(item->request);
	item->statement = xstrdup(statement);
	item->label = xstrdup(label);
	item->row = row;
	values_put(args, &item->args);
	codec_put_array(&record, 6);
	codec_put_text(&record, "w");
	codec_put_bytes(&record, item->request, REQUEST_ID_LEN);
	codec_put_text(&record, statement);
	codec_put_bytes(&record, item->args.data, item->args.len);
	codec_put_text(&record, label);
	codec_put_int(&record, row);
	failed = record_write(q, &record, e);
	buf_clear(&record);
	if (!failed)
		return item;
	queue_remove(q, item);
	return NULL;
}

static void
record_outcome(struct queue *q, const struct queue_item *item, const char *kind,
    const char *sentence)
{
	struct buf record = {0};
	struct err e;

	codec_put_array(&record, 3);
	codec_put_text(&record, kind);
	codec_put_bytes(&record, item->request, REQUEST_ID_LEN);
	codec_put_text(&record, sentence);
	/* If this fails the write is sent again, and the daemon knows it. */
	if (record_write(q, &record, &e) != 0)
		log_warn("%s", e.text);
	buf_clear(&record);
}

void
queue_done(struct queue *q, struct queue_item *item)
{
	record_outcome(q, item, "d", NULL);
	queue_remove(q, item);
	if (q->count == 0 && q->fd >= 0 && ftruncate(q->fd, 0) == 0)
		q->records = q->bytes = 0;
}

void
queue_refuse(struct queue *q, struct queue_item *item, const char *sentence)
{
	record_outcome(q, item, "r", sentence);
	item->state = QUEUE_REFUSED;
	free(item->sentence);
	item->sentence = xstrdup(sentence);
}

void
queue_dismiss(struct queue *q, struct queue_item *item)
{
	queue_done(q, item);
}

size_t
queue_count(const struct queue *q, bool refused)
{
	size_t n = 0;

	for (size_t i = 0; i < q->count; i++)
		n += (q->items[i]->state == QUEUE_REFUSED) == refused;
	return n;
}

char
queue_mark(const struct queue *q, int64_t row)
{
	char mark = 0;

	for (size_t i = 0; row && i < q->count; i++)
		if (q->items[i]->row == row)
			mark = q->items[i]->state == QUEUE_REFUSED ? '!' : '~';
	return mark;
}

void
queue_wipe(struct queue *q)
{
	while (q->count > 0)
		queue_remove(q, q->items[q->count - 1]);
	if (q->fd >= 0 && ftruncate(q->fd, 0) != 0)
		log_warn("cannot empty the queue of writes");
	q->records = q->bytes = 0;
}
