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
 *
 * With HEAVY_EVERY every so many requests one is a list of 0.4 s, which is not
 * among the samples.
 * WHAT is list, point or write.
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
#include "tests/harness/load.h"

static const char *const home_panes[] = {
    "today/gauge", "today/list", "alert/mine"};

#define WARM_UP 1500000 /* us before counting begins */

/* One request after another per terminal: a closed loop. ----------------------
 */

static void send_next(struct terminal *t);

static void
on_answer(const struct err *e, const struct client_done *done, void *arg)
{
	struct terminal *t = arg;

	(void)done;
	if (e)
		load_error(e);
	else if (!t->is_heavy)
		load_sample(t->sent);
	if (loop_now() >= load.end)
		loop_stop(load.loop);
	else
		send_next(t);
}

static const struct client_reply answer_reply = {.on_done = on_answer};

static void
send_list(struct terminal *t, int64_t limit)
{
	struct buf options = {0};

	codec_put_map(&options, 1);
	load_put_int(&options, "limit", limit);
	client_ask(
	    t->client, 0, "customer/list", NULL, &options, &answer_reply, t);
	buf_clear(&options);
}

static void
send_point(struct terminal *t)
{
	struct buf args = {0};

	codec_put_map(&args, 1);
	load_put_int(&args, "customer_id", load_next_customer(t));
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
		load_visit(t, &answer_reply);
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
	    .on_rows = load_take_ids, .on_done = on_ids};
	struct terminal *t = arg;

	(void)w;
	client_ask(t->client, 0, "customer/list", NULL, NULL, &reply, t);
}

static void
run(int argc, char **argv)
{
	static const struct client_events events = {
	    .on_welcome = on_welcome_run, .on_closed = load_on_closed};

	load.what = argv[3];
	load.end = strtoull(argv[4], NULL, 10) * 1000000;
	if (argc > 5)
		load.heavy_every = strtoull(argv[5], NULL, 10);
	terminals_open(strtoul(argv[2], NULL, 10), &events);
	loop_run(load.loop);
	load_report(load.what);
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

	load_sample(t->sent);
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
	    .on_welcome = on_welcome_login, .on_closed = load_on_closed};
	size_t count = strtoul(argv[2], NULL, 10);

	again = xcalloc(count, sizeof(struct terminal *));
	again_timer = loop_timer_new(load.loop, on_again, &events);
	load.begin = loop_now() + WARM_UP;
	load.end = load.begin + strtoull(argv[3], NULL, 10) * 1000000;
	terminals_open(count, &events);
	loop_run(load.loop);
	loop_timer_cancel(again_timer);
	load_report("logins");
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

/* An idle terminal shows the panes of its home screen and watches them. */
static void
on_shown(const struct err *e, const struct client_done *done, void *arg)
{
	(void)done;
	(void)arg;
	if (e)
		load_error(e);
	if (++load.ready == load.count * COUNT_OF(home_panes))
		loop_stop(load.loop);
}

static void
on_welcome_idle(const struct client_welcome *w, void *arg)
{
	static const struct client_reply reply = {.on_done = on_shown};
	struct terminal *t = arg;
	struct buf options = {0};

	(void)w;
	codec_put_map(&options, 1);
	codec_put_text(&options, "watch");
	codec_put_bool(&options, true);
	for (size_t i = 0; i < COUNT_OF(home_panes); i++)
		client_ask(
		    t->client, 0, home_panes[i], NULL, &options, &reply, t);
	buf_clear(&options);
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
	    .on_welcome = on_welcome_idle, .on_closed = load_on_closed};
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
	load_begin(argv[2], argv[3], argv[4]);
	if (strcmp(argv[1], "run") == 0 && argc >= 8)
		run(argc - 3, argv + 3);
	else if (strcmp(argv[1], "login") == 0 && argc >= 7)
		login(argv + 3);
	else if (strcmp(argv[1], "idle") == 0 && argc >= 7)
		idle(argv + 3);
	else
		fatalx("usage: see the top of tests/bench/load.c");
	return load_end();
}
