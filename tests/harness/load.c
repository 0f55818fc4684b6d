#include "tests/harness/load.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/codec.h"
#include "common/keyfile.h"
#include "common/log.h"
#include "common/mem.h"
#include "tests/harness/hex.h"

struct load load;

void
load_begin(const char *address, const char *server_key, const char *dir)
{
	load.loop = loop_new();
	load.address = address;
	harness_hex_read(server_key, load.server_key, 32);
	load.dir = dir;
}

int
load_end(void)
{
	loop_free(load.loop);
	free(load.samples);
	return load.errors ? 1 : 0;
}

static int
compare_samples(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

void
load_sample(uint64_t since)
{
	uint64_t now = loop_now();

	if (since < load.begin)
		return;
	if (load.sample_count == load.sample_size) {
		load.sample_size =
		    load.sample_size ? 2 * load.sample_size : 65536;
		load.samples = xrealloc_array(
		    load.samples, load.sample_size, sizeof(*load.samples));
	}
	load.samples[load.sample_count++] = (uint32_t)(now - since);
}

static double
percentile_ms(double share)
{
	size_t at = (size_t)(share * (double)load.sample_count);

	if (load.sample_count == 0)
		return -1;
	if (at >= load.sample_count)
		at = load.sample_count - 1;
	return load.samples[at] / 1000.0;
}

void
load_report(const char *what)
{
	double seconds = (double)(load.end - load.begin) / 1e6;

	qsort(load.samples, load.sample_count, sizeof(*load.samples),
	    compare_samples);
	printf("%s_per_s %.0f\n", what, (double)load.sample_count / seconds);
	printf("%s_p50_ms %.3f\n", what, percentile_ms(0.50));
	printf("%s_p99_ms %.3f\n", what, percentile_ms(0.99));
	if (load.errors)
		printf("%s_errors %" PRIu64 " %s\n", what, load.errors,
		    load.last_error);
}

void
load_error(const struct err *e)
{
	load.errors++;
	snprintf(load.last_error, sizeof(load.last_error), "%s: %s", e->name,
	    e->text);
}

void
load_put_int(struct buf *args, const char *name, int64_t value)
{
	codec_put_text(args, name);
	codec_put_int(args, value);
}

int64_t
load_next_customer(struct terminal *t)
{
	return t->ids[t->turn++ * 7919 % t->id_count];
}

int64_t
load_visit(struct terminal *t, const struct client_reply *reply)
{
	struct buf args = {0};
	uint8_t id[REQUEST_ID_LEN];
	int64_t customer = load_next_customer(t);

	client_request_id(id);
	codec_put_map(&args, 3);
	load_put_int(&args, "customer_id", customer);
	codec_put_text(&args, "on_site");
	codec_put_bool(&args, true);
	codec_put_text(&args, "summary");
	codec_put_text(&args, "bench");
	client_write(t->client, "visit/record", &args, id, reply, t);
	buf_clear(&args);
	return customer;
}

/* Which customers a terminal sees: the first cell of each row. */
void
load_take_ids(struct codec_reader *rows, size_t count, void *arg)
{
	struct terminal *t = arg;

	for (size_t i = 0; i < count; i++) {
		size_t cells = codec_need_array(rows);

		if (t->id_count < LOAD_IDS_MAX) {
			t->ids[t->id_count++] = codec_need_int(rows);
			cells--;
		}
		while (cells-- > 0)
			codec_skip(rows);
	}
}

void
load_on_closed(const struct err *e, void *arg)
{
	(void)arg;
	fatalx("the daemon closed a connection: %s", e->text);
}

static struct keyfile *
key_load(size_t number)
{
	char *path = xasprintf("%s/%zu", load.dir, number);
	struct err e;
	struct keyfile *k = keyfile_load(path, NULL, &e);

	if (!k)
		fatalx("%s: %s", path, e.text);
	free(path);
	return k;
}

void
terminal_open(
    struct terminal *t, size_t number, const struct client_events *events)
{
	struct client_hello hello = {.version = "bench",
	    .lang = "en",
	    .screens_hash = t->has_screens ? t->screens : NULL,
	    .device_name = "bench"};

	if (!t->key)
		t->key = key_load(number);
	t->sent = loop_now();
	t->client = client_new(load.loop, load.address, load.server_key, t->key,
	    &hello, events, t);
}

void
terminals_open(size_t count, const struct client_events *events)
{
	load.terminals = xcalloc(count, sizeof(*load.terminals));
	load.count = count;
	for (size_t i = 0; i < count; i++)
		terminal_open(&load.terminals[i], i + 1, events);
}

void
terminals_close(void)
{
	for (size_t i = 0; i < load.count; i++) {
		client_free(load.terminals[i].client);
		keyfile_free(load.terminals[i].key);
	}
	free(load.terminals);
}
