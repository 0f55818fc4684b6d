/*
 * Writers against a company that keeps falling over: clients write through a
 * misbehaving link while PostgreSQL and the daemon are killed.  What must hold
 * is checked afterwards in the database by tests/fault/fault.sh: every write
 * that was acknowledged is there exactly once, and none is there twice.  Prints
 * ROUNDS + 1 lines of TAP; the plan is the script's.
 *
 *     fault ADDRESS SERVERKEY KEYDIR CLIENTS ROUNDS DAEMON CONFIG PIDFILE ACKS
 *
 * ADDRESS is the daemon's unix socket; the link in front of it is made here.
 * The daemon is started here with `DAEMON --config CONFIG`; PIDFILE is the
 * postmaster's.  Acknowledged summaries go to the file ACKS, one a line.
 * Everything is driven by events: a fault comes after so many
 * acknowledgements, and a round ends when so many more came after it.
 */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/client.h"
#include "common/keyfile.h"
#include "common/log.h"
#include "common/loop.h"
#include "common/mem.h"
#include "tests/harness/hex.h"
#include "tests/harness/proxy.h"

#define ACKS_A_ROUND 150	   /* before and after each fault */
#define ROUND_MOST (60 * 1000000u) /* us without progress: the test fails */

struct writer {
	struct client *client;
	struct keyfile *key;
	struct loop_timer *again;
	int64_t customer;
	uint8_t id[REQUEST_ID_LEN];
	char summary[64];
	unsigned number, turn;
	bool pending; /* the write in id is not acknowledged yet */
};

static struct fault {
	struct loop *loop;
	struct proxy *proxy;
	struct loop_timer *patience, *flow;
	struct loop_signal *child;
	char *link; /* "unix:..." in front of the daemon */
	uint8_t server_key[32];
	const char *keys, *daemon_path, *config, *pidfile;
	struct writer *writers;
	unsigned count, rounds, round;
	unsigned long acks, next_at, repeats;
	pid_t daemon;
	FILE *acked;
	bool stopping;
	unsigned waiting; /* writers still to finish when stopping */
	unsigned failures;
} fault;

static void writer_connect(void *arg);
static void writer_send(struct writer *w);

/* The faults.
 * ------------------------------------------------------------------ */

static void
daemon_start(void)
{
	fault.daemon = fork();
	if (fault.daemon < 0)
		fatal("fork");
	if (fault.daemon == 0) {
		execl(fault.daemon_path, fault.daemon_path, "--config",
		    fault.config, (char *)NULL);
		fatal("%s", fault.daemon_path);
	}
}

static void
daemon_kill(void)
{
	kill(fault.daemon, SIGKILL);
	waitpid(fault.daemon, NULL, 0);
	daemon_start();
}

/* A daemon that ends by itself has failed, whatever it said. */
static void
on_child(int signo, void *arg)
{
	int status;

	(void)signo;
	(void)arg;
	if (waitpid(fault.daemon, &status, WNOHANG) != fault.daemon)
		return;
	printf("# the daemon ended by itself, status %#x\n", status);
	fault.failures++;
	daemon_start();
}

static void
postgres_kill(void)
{
	FILE *f = fopen(fault.pidfile, "r");
	long pid = 0;

	if (!f)
		return; /* it is just coming up: the fault of another round */
	if (fscanf(f, "%ld", &pid) == 1 && pid > 1)
		kill((pid_t)pid, SIGKILL);
	fclose(f);
}

/* The new daemon finds what is left of a PostgreSQL. */
static void
both_kill(void)
{
	postgres_kill();
	daemon_kill();
}

static void
link_cut(void)
{
	proxy_cut(fault.proxy);
}

static void
on_flow(void *arg)
{
	(void)arg;
	proxy_flow(fault.proxy);
}

static void
link_stall(void)
{
	proxy_stall(fault.proxy);
	loop_timer_set(fault.flow, 700000);
}

static void
link_repeat(void)
{
	proxy_repeat(fault.proxy);
}

static const struct {
	const char *name;
	void (*strike)(void);
} fault_table[] = {
    {"PostgreSQL killed", postgres_kill},
    {"link cut", link_cut},
    {"daemon killed", daemon_kill},
    {"link stalled", link_stall},
    {"link repeats bytes", link_repeat},
    {"both killed", both_kill},
};

static void
round_check(void)
{
	if (fault.acks < fault.next_at || fault.stopping)
		return;
	if (fault.round > 0)
		printf("ok %u - %s: writes go on\n", fault.round,
		    fault_table[(fault.round - 1) % COUNT_OF(fault_table)]
			.name);
	fflush(stdout);
	loop_timer_set(fault.patience, ROUND_MOST);
	fault.next_at = fault.acks + ACKS_A_ROUND;
	if (fault.round == fault.rounds) {
		fault.stopping = true;
		fault.waiting = 0;
		for (unsigned i = 0; i < fault.count; i++)
			fault.waiting += fault.writers[i].pending;
		if (fault.waiting == 0)
			loop_stop(fault.loop);
		return;
	}
	fault_table[fault.round++ % COUNT_OF(fault_table)].strike();
}

static void
on_no_patience(void *arg)
{
	(void)arg;
	printf("not ok %u - no progress for %u s\n", fault.round,
	    ROUND_MOST / 1000000);
	fault.failures++;
	loop_stop(fault.loop);
}

/* The writers.
 * ------------------------------------------------------------------ */

static void
writer_next(struct writer *w)
{
	client_request_id(w->id);
	snprintf(w->summary, sizeof(w->summary), "fault %u %u", w->number,
	    w->turn++);
	w->pending = true;
	writer_send(w);
}

static void
on_written(const struct err *e, const struct client_done *done, void *arg)
{
	struct writer *w = arg;

	if (e) {
		/* Not acknowledged, whatever happened to it: the same request
		 * is sent again, now or after reconnecting. */
		if (!err_is_retryable(e->code)) {
			printf("# %s: %s: %s\n", w->summary, e->name, e->text);
			fault.failures++;
		}
		loop_timer_set(w->again, 50000);
		return;
	}
	fprintf(fault.acked, "%s\n", w->summary);
	fault.repeats += done->repeated;
	w->pending = false;
	fault.acks++;
	if (fault.stopping) {
		if (--fault.waiting == 0)
			loop_stop(fault.loop);
		return;
	}
	round_check();
	if (!fault.stopping)
		writer_next(w);
}

static void
writer_send(struct writer *w)
{
	static const struct client_reply reply = {.on_done = on_written};
	struct buf args = {0};

	codec_put_map(&args, 2);
	codec_put_text(&args, "customer_id");
	codec_put_int(&args, w->customer);
	codec_put_text(&args, "summary");
	codec_put_text(&args, w->summary);
	client_write(w->client, "visit/record", &args, w->id, &reply, w);
	buf_clear(&args);
}

static void
on_customer_rows(struct codec_reader *rows, size_t count, void *arg)
{
	struct writer *w = arg;

	for (size_t i = 0; i < count; i++) {
		size_t cells = codec_need_array(rows);

		w->customer = codec_need_int(rows);
		while (--cells > 0)
			codec_skip(rows);
	}
}

static void
on_customer(const struct err *e, const struct client_done *done, void *arg)
{
	struct writer *w = arg;

	(void)done;
	if (e)
		loop_timer_set(w->again, 50000);
	else if (w->customer == 0)
		fatalx("writer %u sees no customers", w->number);
	else
		writer_next(w);
}

static void
writer_ask(struct writer *w)
{
	static const struct client_reply reply = {
	    .on_rows = on_customer_rows, .on_done = on_customer};
	struct buf options = {0};

	codec_put_map(&options, 1);
	codec_put_text(&options, "limit");
	codec_put_int(&options, 1);
	client_ask(w->client, 0, "customer/list", NULL, &options, &reply, w);
	buf_clear(&options);
}

static void
writer_go(struct writer *w)
{
	if (w->customer == 0)
		writer_ask(w);
	else if (w->pending)
		writer_send(w);
	else if (!fault.stopping)
		writer_next(w);
}

static void
on_welcome(const struct client_welcome *welcome, void *arg)
{
	(void)welcome;
	writer_go(arg);
}

static void
on_closed(const struct err *e, void *arg)
{
	struct writer *w = arg;

	(void)e;
	loop_timer_set(w->again, 20000 + w->number * 2000);
}

/* After an error on a good connection, or to connect again. */
static void
writer_connect(void *arg)
{
	static const struct client_hello hello = {
	    .version = "fault", .lang = "en", .device_name = "fault"};
	static const struct client_events events = {
	    .on_welcome = on_welcome, .on_closed = on_closed};
	struct writer *w = arg;

	if (w->client && client_is_ready(w->client)) {
		writer_go(w);
		return;
	}
	client_free(w->client);
	w->client = client_new(fault.loop, fault.link, fault.server_key, w->key,
	    &hello, &events, w);
}

static void
writers_start(void)
{
	struct err e;
	char *path;

	fault.writers = xcalloc(fault.count, sizeof(*fault.writers));
	for (unsigned i = 0; i < fault.count; i++) {
		struct writer *w = &fault.writers[i];

		w->number = i + 1;
		path = xasprintf("%s/%u", fault.keys, i + 1);
		w->key = keyfile_load(path, NULL, &e);
		if (!w->key)
			fatalx("%s: %s", path, e.text);
		free(path);
		w->again = loop_timer_new(fault.loop, writer_connect, w);
		loop_timer_soon(w->again);
	}
}

/* Before the daemon is asked to stop: it waits for its clients. */
static void
clear_clients(void)
{
	for (unsigned i = 0; i < fault.count; i++) {
		loop_timer_cancel(fault.writers[i].again);
		client_free(fault.writers[i].client);
		keyfile_free(fault.writers[i].key);
	}
	free(fault.writers);
	proxy_free(fault.proxy);
}

static void
clear(void)
{
	loop_timer_cancel(fault.patience);
	loop_timer_cancel(fault.flow);
	loop_free(fault.loop);
	free(fault.link);
}

int
main(int argc, char **argv)
{
	int status = 0;
	char *path;

	log_open("fault", LOG_LEVEL_WARN);
	if (argc != 10)
		fatalx("usage: see the top of tests/fault/fault.c");
	harness_hex_read(argv[2], fault.server_key, 32);
	fault.keys = argv[3];
	fault.count = (unsigned)strtoul(argv[4], NULL, 10);
	fault.rounds = (unsigned)strtoul(argv[5], NULL, 10);
	fault.daemon_path = argv[6];
	fault.config = argv[7];
	fault.pidfile = argv[8];
	fault.acked = fopen(argv[9], "w");
	if (!fault.acked)
		fatal("%s", argv[9]);
	fault.loop = loop_new();
	path = xasprintf("%s.link", argv[1]);
	fault.link = xasprintf("unix:%s", path);
	fault.proxy = proxy_new(fault.loop, path, argv[1]);
	free(path);
	fault.patience = loop_timer_new(fault.loop, on_no_patience, NULL);
	fault.flow = loop_timer_new(fault.loop, on_flow, NULL);
	loop_timer_set(fault.patience, ROUND_MOST);
	fault.next_at = ACKS_A_ROUND;
	fault.child = loop_signal_start(fault.loop, SIGCHLD, on_child, NULL);
	daemon_start();
	writers_start();
	loop_run(fault.loop);
	fclose(fault.acked);
	loop_signal_cancel(fault.child);
	clear_clients();
	kill(fault.daemon, SIGTERM);
	if (waitpid(fault.daemon, &status, 0) < 0 || status != 0) {
		printf("# the daemon stopped with status %#x\n", status);
		fault.failures++;
	}
	printf("%s %u - no write was refused, no daemon ended by itself\n",
	    fault.failures ? "not ok" : "ok", fault.rounds + 1);
	printf("# %lu writes acknowledged, %lu of them answered from the "
	       "kept result\n",
	    fault.acks, fault.repeats);
	clear();
	return fault.failures ? 1 : 0;
}
