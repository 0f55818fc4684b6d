/*
 * The load generator: many terminals in one process, speaking the real
 * protocol.  tests/bench/run.sh calls it; every mode prints `name value`
 * lines.
 *
 *     load keys DIR COUNT               key files DIR/1.. and their public
 *                                       keys in hex, one a line
 *     load run ADDRESS SERVERKEY DIR COUNT WHAT SECONDS [HEAVY_EVERY]
 *     load login ADDRESS SERVERKEY DIR COUNT SECONDS
 *     load idle ADDRESS SERVERKEY DIR COUNT PID
 *     load event ADDRESS SERVERKEY DIR ROUNDS
 *
 * With HEAVY_EVERY every so many requests one is a list of 0.4 s, which is not
 * among the samples.
 * WHAT is list, point or write.  For `event` key 1 belongs to a supervisor and
 * key 2 to a rep of that unit.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "common/buf.h"
#include "common/client.h"
#include "common/keyfile.h"
#include "common/log.h"
#include "common/loop.h"
#include "common/mem.h"
#include "tests/harness/hex.h"

#define WARM_UP 1500000 /* us before counting begins */
#define IDS_MAX 200

struct terminal {
	struct client *client;
	struct keyfile *key;
	int64_t ids[IDS_MAX]; /* customers in this one's range */
	size_t id_count;
	uint64_t sent;
	uint64_t turn;
	uint8_t screens[32]; /* the hash of those it has, as a real one */
	bool has_screens;
	bool is_heavy; /* what is under way is not counted */
};

static struct load {
	struct loop *loop;
	const char *address;
	uint8_t server_key[32];
	const char *dir;
	struct terminal *terminals;
	size_t count, ready;
	const char *what;
	uint64_t heavy_every;
	uint64_t begin, end; /* of the counted time */
	uint32_t *samples;   /* us */
	size_t sample_count, sample_size;
	uint64_t errors, requests;
	char last_error[600];
} load;

static int
compare_samples(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static void
sample_add(uint64_t since)
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

static void
report(const char *what)
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

static void
note_error(const struct err *e)
{
	load.errors++;
	snprintf(load.last_error, sizeof(load.last_error), "%s: %s", e->name,
	    e->text);
}

/* One request after another per terminal: a closed loop. ----------------------
 */

static void send_next(struct terminal *t);

static void
on_answer(const struct err *e, const struct client_done *done, void *arg)
{
	struct terminal *t = arg;

	(void)done;
	if (e)
		note_error(e);
	else if (!t->is_heavy)
		sample_add(t->sent);
	if (loop_now() >= load.end)
		loop_stop(load.loop);
	else
		send_next(t);
}

static const struct client_reply answer_reply = {.on_done = on_answer};

static void
put_int_arg(struct buf *args, const char *name, int64_t value)
{
	codec_put_text(args, name);
	codec_put_int(args, value);
}

static void
send_list(struct terminal *t, int64_t limit)
{
	struct buf options = {0};

	codec_put_map(&options, 1);
	put_int_arg(&options, "limit", limit);
	client_ask(
	    t->client, 0, "customer/list", NULL, &options, &answer_reply, t);
	buf_clear(&options);
}

static int64_t
next_customer(struct terminal *t)
{
	return t->ids[t->turn++ * 7919 % t->id_count];
}

static void
send_point(struct terminal *t)
{
	struct buf args = {0};

	codec_put_map(&args, 1);
	put_int_arg(&args, "customer_id", next_customer(t));
	client_ask(t->client, 0, "customer/get", &args, NULL, &answer_reply, t);
	buf_clear(&args);
}

/* A statement that company_slow made take 0.4 s. */
static void
send_heavy(struct terminal *t)
{
	struct buf args = {0};

	codec_put_map(&args, 1);
	codec_put_text(&args, "text");
	codec_put_text(&args, "bench");
	client_ask(t->client, 0, "search/all", &args, NULL, &answer_reply, t);
	buf_clear(&args);
}

static int64_t
write_visit(struct terminal *t, const struct client_reply *reply)
{
	struct buf args = {0};
	uint8_t id[REQUEST_ID_LEN];
	int64_t customer = next_customer(t);

	client_request_id(id);
	codec_put_map(&args, 3);
	put_int_arg(&args, "customer_id", customer);
	codec_put_text(&args, "on_site");
	codec_put_bool(&args, true);
	codec_put_text(&args, "summary");
	codec_put_text(&args, "bench");
	client_write(t->client, "visit/record", &args, id, reply, t);
	buf_clear(&args);
	return customer;
}

static void
send_next(struct terminal *t)
{
	t->sent = loop_now();
	load.requests++;
	t->is_heavy = load.heavy_every && load.requests % load.heavy_every == 0;
	if (t->is_heavy) {
		send_heavy(t);
		return;
	}
	if (strcmp(load.what, "list") == 0)
		send_list(t, 50);
	else if (strcmp(load.what, "point") == 0)
		send_point(t);
	else
		write_visit(t, &answer_reply);
}

/* Before that each terminal learns which customers it sees. */
static void
on_id_rows(struct codec_reader *rows, size_t count, void *arg)
{
	struct terminal *t = arg;

	for (size_t i = 0; i < count; i++) {
		size_t cells = codec_need_array(rows);

		if (t->id_count < IDS_MAX) {
			t->ids[t->id_count++] = codec_need_int(rows);
			cells--;
		}
		while (cells-- > 0)
			codec_skip(rows);
	}
}

static void
on_ids(const struct err *e, const struct client_done *done, void *arg)
{
	struct terminal *t = arg;

	(void)done;
	if (e)
		fatalx("customer/list: %s", e->text);
	if (t->id_count == 0)
		fatalx("a terminal sees no customers");
	if (++load.ready < load.count)
		return;
	load.begin = loop_now() + WARM_UP;
	load.end += load.begin;
	for (size_t i = 0; i < load.count; i++)
		send_next(&load.terminals[i]);
}

static void
on_welcome_run(const struct client_welcome *w, void *arg)
{
	static const struct client_reply reply = {
	    .on_rows = on_id_rows, .on_done = on_ids};
	struct terminal *t = arg;

	(void)w;
	client_ask(t->client, 0, "customer/list", NULL, NULL, &reply, t);
}

static void
on_closed(const struct err *e, void *arg)
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

static void
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

static void
terminals_open(size_t count, const struct client_events *events)
{
	load.terminals = xcalloc(count, sizeof(*load.terminals));
	load.count = count;
	for (size_t i = 0; i < count; i++)
		terminal_open(&load.terminals[i], i + 1, events);
}

static void
terminals_close(void)
{
	for (size_t i = 0; i < load.count; i++) {
		client_free(load.terminals[i].client);
		keyfile_free(load.terminals[i].key);
	}
	free(load.terminals);
}

static void
run(int argc, char **argv)
{
	static const struct client_events events = {
	    .on_welcome = on_welcome_run, .on_closed = on_closed};

	load.what = argv[3];
	load.end = strtoull(argv[4], NULL, 10) * 1000000;
	if (argc > 5)
		load.heavy_every = strtoull(argv[5], NULL, 10);
	terminals_open(strtoul(argv[2], NULL, 10), &events);
	loop_run(load.loop);
	report(load.what);
	terminals_close();
}

/* Logins: connect, be welcomed, go, again.
 * ------------------------------------- */

static struct loop_timer *again_timer;
static struct terminal **again;
static size_t again_count;

static void
on_welcome_login(const struct client_welcome *w, void *arg)
{
	struct terminal *t = arg;

	sample_add(t->sent);
	if (w->screens_hash_len == sizeof(t->screens)) {
		memcpy(t->screens, w->screens_hash, sizeof(t->screens));
		t->has_screens = true;
	}
	again[again_count++] = t;
	loop_timer_soon(again_timer);
}

/* A client must not be freed from inside its own callback. */
static void
on_again(void *arg)
{
	const struct client_events *events = arg;
	size_t n = again_count;

	again_count = 0;
	if (loop_now() >= load.end) {
		loop_stop(load.loop);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		struct terminal *t = again[i];

		client_free(t->client);
		terminal_open(t, 0, events);
	}
}

static void
login(char **argv)
{
	static struct client_events events = {
	    .on_welcome = on_welcome_login, .on_closed = on_closed};
	size_t count = strtoul(argv[2], NULL, 10);

	again = xcalloc(count, sizeof(struct terminal *));
	again_timer = loop_timer_new(load.loop, on_again, &events);
	load.begin = loop_now() + WARM_UP;
	load.end = load.begin + strtoull(argv[3], NULL, 10) * 1000000;
	terminals_open(count, &events);
	loop_run(load.loop);
	loop_timer_cancel(again_timer);
	report("logins");
	terminals_close();
	free(again);
}

/* Idle sessions: what they cost the daemon.
 * ------------------------------------ */

/* Resident memory that belongs to the process alone, in KiB. */
static long
process_kib(const char *pid)
{
	char *path = xasprintf("/proc/%s/status", pid);
	FILE *f = fopen(path, "r");
	char line[200];
	long kib = 0;

	if (!f)
		fatal("%s", path);
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "RssAnon: %ld", &kib) == 1)
			break;
	fclose(f);
	free(path);
	return kib;
}

static void
on_welcome_idle(const struct client_welcome *w, void *arg)
{
	(void)w;
	(void)arg;
	if (++load.ready == load.count)
		loop_stop(load.loop);
}

static void
on_quiet(void *arg)
{
	(void)arg;
	loop_stop(load.loop);
}

/* Opened in waves, because the daemon bounds handshakes under way. */
static void
idle(char **argv)
{
	static const struct client_events events = {
	    .on_welcome = on_welcome_idle, .on_closed = on_closed};
	struct rlimit files;
	size_t count = strtoul(argv[2], NULL, 10), wave = 100;
	struct loop_timer *quiet = loop_timer_new(load.loop, on_quiet, NULL);
	long before = process_kib(argv[3]), after;

	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &files) != 0)
		fatal("cannot raise the limit of open files");
	load.terminals = xcalloc(count, sizeof(*load.terminals));
	for (size_t i = 0; i < count; i += wave) {
		for (size_t j = i; j < i + wave && j < count; j++)
			terminal_open(&load.terminals[j], j + 1, &events);
		load.count = i + wave < count ? i + wave : count;
		loop_run(load.loop);
	}
	loop_timer_set(quiet, 2000000);
	loop_run(load.loop);
	after = process_kib(argv[3]);
	printf("sessions %zu\n", load.count);
	printf("daemon_kib %ld\n", after);
	printf("sessions_kib %.2f\n", (double)(after - before) / (double)count);
	loop_timer_cancel(quiet);
	terminals_close();
}

/* From a rep's save to the supervisor's row.
 * ------------------------------------ */

static struct {
	struct terminal *boss, *rep;
	uint32_t ask;
	uint64_t rounds;
	size_t column;	/* of customer_id in the wall's rows */
	int64_t wanted; /* the customer whose alert is awaited */
	bool pending;	/* an ask is under way */
	bool again;	/* stale came meanwhile */
	bool seen;
} event;

static void ask_wall(void);
static void next_round(void);

static void
on_wall_columns(const struct client_column *columns, size_t count, void *arg)
{
	(void)arg;
	for (event.column = 0; event.column < count; event.column++)
		if (strcmp(columns[event.column].name, "customer_id") == 0)
			return;
	fatalx("alert/wall has no customer_id");
}

static void
on_wall_rows(struct codec_reader *rows, size_t count, void *arg)
{
	(void)arg;
	for (size_t i = 0; i < count; i++) {
		size_t cells = codec_need_array(rows);

		for (size_t j = 0; j < cells; j++)
			if (j != event.column)
				codec_skip(rows);
			else if (codec_need_int(rows) == event.wanted)
				event.seen = true;
	}
}

static void
on_wall(const struct err *e, const struct client_done *done, void *arg)
{
	bool seen = event.seen;

	(void)done;
	(void)arg;
	if (e)
		fatalx("alert/wall: %s", e->text);
	event.pending = event.seen = false;
	if (event.again) {
		event.again = false;
		ask_wall();
	}
	if (!seen)
		return;
	event.wanted = 0;
	sample_add(event.rep->sent);
	if (load.sample_count >= event.rounds)
		loop_stop(load.loop);
	else
		next_round();
}

/* The newest blue alerts, as the wall's pane of them asks. */
static void
ask_wall(void)
{
	static const struct client_reply reply = {.on_columns = on_wall_columns,
	    .on_rows = on_wall_rows,
	    .on_done = on_wall};
	struct buf options = {0}, args = {0};

	event.pending = true;
	codec_put_map(&args, 1);
	put_int_arg(&args, "level", 1);
	codec_put_map(&options, 3);
	codec_put_text(&options, "watch");
	codec_put_bool(&options, true);
	codec_put_text(&options, "sort");
	codec_put_array(&options, 1);
	codec_put_array(&options, 2);
	codec_put_text(&options, "opened_at");
	codec_put_bool(&options, true);
	put_int_arg(&options, "limit", 50);
	event.ask = client_ask(event.boss->client, event.ask, "alert/wall",
	    &args, &options, &reply, event.boss);
	buf_clear(&options);
	buf_clear(&args);
}

static void
on_stale(uint32_t id, void *arg)
{
	(void)id;
	(void)arg;
	if (event.pending)
		event.again = true;
	else
		ask_wall();
}

static void
on_visit(const struct err *e, const struct client_done *done, void *arg)
{
	(void)done;
	(void)arg;
	if (e)
		fatalx("visit/record: %s", e->text);
}

/* Each visit is with another customer, whom nobody has seen for a month. */
static void
next_round(void)
{
	static const struct client_reply reply = {.on_done = on_visit};
	struct terminal *t = event.rep;

	if (t->turn >= t->id_count)
		fatalx("only %zu customers to visit", t->id_count);
	t->sent = loop_now();
	event.wanted = write_visit(t, &reply);
}

static void
on_event_ids(const struct err *e, const struct client_done *done, void *arg)
{
	(void)done;
	(void)arg;
	if (e)
		fatalx("customer/list: %s", e->text);
	load.begin = loop_now();
	next_round();
}

/* The rep's customers with a yellow light, for whom no blue alert is open. */
static void
on_welcome_event(const struct client_welcome *w, void *arg)
{
	static const struct client_reply reply = {
	    .on_rows = on_id_rows, .on_done = on_event_ids};
	struct buf args = {0}, options = {0};

	(void)w;
	(void)arg;
	if (++load.ready < 2)
		return;
	ask_wall();
	codec_put_map(&args, 1);
	put_int_arg(&args, "light", 1);
	codec_put_map(&options, 1);
	put_int_arg(&options, "limit", IDS_MAX);
	client_ask(event.rep->client, 0, "customer/list", &args, &options,
	    &reply, event.rep);
	buf_clear(&args);
	buf_clear(&options);
}

static void
event_to_screen(char **argv)
{
	static const struct client_events events = {
	    .on_welcome = on_welcome_event,
	    .on_stale = on_stale,
	    .on_closed = on_closed};

	event.rounds = strtoull(argv[2], NULL, 10);
	load.terminals = xcalloc(2, sizeof(*load.terminals));
	load.count = 2;
	event.boss = &load.terminals[0];
	event.rep = &load.terminals[1];
	terminal_open(event.boss, 1, &events);
	terminal_open(event.rep, 2, &events);
	loop_run(load.loop);
	load.end = loop_now();
	report("event_to_screen");
	terminals_close();
}

static void
keys(const char *dir, size_t count)
{
	struct err e;

	for (size_t i = 1; i <= count; i++) {
		struct keyfile *k = keyfile_generate();
		char *path = xasprintf("%s/%zu", dir, i);

		if (keyfile_save(k, path, NULL, &e) != 0)
			fatalx("%s", e.text);
		for (size_t b = 0; b < 32; b++)
			printf("%02x", keyfile_public(k)[b]);
		putchar('\n');
		free(path);
		keyfile_free(k);
	}
}

int
main(int argc, char **argv)
{
	log_open("load", LOG_LEVEL_WARN);
	if (argc == 4 && strcmp(argv[1], "keys") == 0) {
		keys(argv[2], strtoul(argv[3], NULL, 10));
		return 0;
	}
	if (argc < 6)
		fatalx("usage: see the top of tests/bench/load.c");
	load.loop = loop_new();
	load.address = argv[2];
	harness_hex_read(argv[3], load.server_key, 32);
	load.dir = argv[4];
	if (strcmp(argv[1], "run") == 0 && argc >= 8)
		run(argc - 3, argv + 3);
	else if (strcmp(argv[1], "login") == 0 && argc >= 7)
		login(argv + 3);
	else if (strcmp(argv[1], "idle") == 0 && argc >= 7)
		idle(argv + 3);
	else if (strcmp(argv[1], "event") == 0)
		event_to_screen(argv + 3);
	else
		fatalx("usage: see the top of tests/bench/load.c");
	loop_free(load.loop);
	free(load.samples);
	return load.errors ? 1 : 0;
}
