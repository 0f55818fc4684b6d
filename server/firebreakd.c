/* firebreakd: puts the parts together, runs the loop, takes them apart. */
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/diag.h"
#include "common/keyfile.h"
#include "common/log.h"
#include "common/loop.h"
#include "common/mem.h"
#include "server/catalogue.h"
#include "server/cluster.h"
#include "server/conf.h"
#include "server/db/sync.h"
#include "server/engine/engine.h"
#include "server/gateway/gateway.h"
#include "server/metrics.h"
#include "server/migrate.h"
#include "server/notify.h"
#include "server/sqlfile.h"
#include "server/texts.h"
#include "server/upkeep.h"

struct daemon {
	struct conf_source source;
	struct conf conf;
	struct loop *loop;
	struct cluster *cluster;
	struct catalogue *catalogue;
	struct texts *texts;
	struct keyfile *key;
	struct gateway *gateway;
	struct engine *engine;
	struct upkeep *upkeep;
	struct metrics *metrics;
	struct loop_signal *signals[3];
	int ready_fd; /* told when we serve; -1: nobody asked */
	bool stopping;
};

static const struct option option_table[] = {
    {"config", required_argument, NULL, 'c'},
    {"data", required_argument, NULL, 'd'},
    {"ready-fd", required_argument, NULL, 'r'},
    {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, 'V'},
    {NULL, 0, NULL, 0},
};

static const char usage[] =
    "usage: firebreakd [--config FILE] [--data DIRECTORY] "
    "[--ready-fd N]\n"
    "\n"
    "  --config FILE      settings; see firebreakd.yaml(5)\n"
    "  --data DIRECTORY   where the database, the key and the packs are\n"
    "  --ready-fd N       say \"ready\" on this descriptor, and close it\n"
    "  --help             print this\n"
    "  --version          print the version\n"
    "\n"
    "`firebreakctl init` makes the data directory; `firebreakctl help` lists\n"
    "what else operations staff need.\n";

static int
fd_read(const char *text)
{
	char *end;
	long n = strtol(text, &end, 10);

	if (end != text && !*end && n > 2 && n < 1024 &&
	    fcntl((int)n, F_SETFD, FD_CLOEXEC) == 0)
		return (int)n;
	fprintf(stderr,
	    "firebreakd: --ready-fd: \"%s\" is no open "
	    "descriptor from 3 on\n",
	    text);
	exit(2);
}

static void
options_read(struct daemon *d, int argc, char **argv)
{
	int c;

	while ((c = getopt_long(argc, argv, "hV", option_table, NULL)) != -1) {
		switch (c) {
		case 'c':
			d->source.file = optarg;
			break;
		case 'd':
			d->source.data = optarg;
			break;
		case 'r':
			d->ready_fd = fd_read(optarg);
			break;
		case 'h':
			fputs(usage, stdout);
			exit(0);
		case 'V':
			puts("firebreakd " FB_VERSION);
			exit(0);
		default:
			fputs(usage, stderr);
			exit(2);
		}
	}
	if (optind < argc) {
		fprintf(stderr, "firebreakd: \"%s\" is not expected here\n%s",
		    argv[optind], usage);
		exit(2);
	}
}

/* All faults of a text, and the end. */
static void
die_of(const struct diags *d)
{
	struct buf out = {0};

	diags_print(d, &out);
	fputs(buf_str(&out), stderr);
	exit(1);
}

static void
conf_start(struct daemon *d)
{
	struct diags *faults = diags_new();

	if (conf_load(&d->conf, &d->source, faults) != 0)
		die_of(faults);
	diags_free(faults);
	log_open("firebreakd", (enum log_level)d->conf.log_level);
}

/* The schema is brought up to date where we may; elsewhere it must fit. */
static void
schema_start(struct daemon *d)
{
	bool may = conf_is_embedded(&d->conf) || *d->conf.database_admin;
	const char *conninfo = may ? cluster_admin_conninfo(d->cluster)
				   : cluster_app_conninfo(d->cluster);
	struct migrate_report report = {0};
	struct db_sync *db;
	struct err e;

	db = db_sync_open(conninfo, &e);
	if (!db)
		fatalx("%s", e.text);
	if (may ? migrate_run(db, &report, &e) != 0
		: migrate_check(db, &e) != 0)
		fatalx("%s", e.text);
	if (report.applied)
		log_info(
		    "the schema went from %d to %d", report.from, report.to);
	db_sync_close(db);
}

/* Whatever ends the daemon, PostgreSQL does not stay behind. */
static struct cluster *running;

static void
on_exit_early(void)
{
	cluster_free(running);
}

static void
database_start(struct daemon *d)
{
	struct err e;

	d->cluster = cluster_new(&d->conf, &e);
	if (!d->cluster)
		fatalx("%s", e.text);
	running = d->cluster;
	atexit(on_exit_early);
	if (!cluster_exists(d->cluster))
		fatalx("%s holds no database yet: run `firebreakctl init`",
		    d->conf.data);
	if (cluster_start(d->cluster, &e) != 0)
		fatalx("%s", e.text);
	schema_start(d);
}

static void
catalogue_start(struct daemon *d)
{
	struct diags *faults = diags_new();
	struct db_sync *db;
	struct err e;

	d->catalogue = catalogue_read(sqlfile_table, faults);
	if (!d->catalogue)
		die_of(faults);
	db = db_sync_open(cluster_app_conninfo(d->cluster), &e);
	if (!db)
		fatalx("%s", e.text);
	if (catalogue_describe(d->catalogue, db, faults) != 0)
		die_of(faults);
	db_sync_close(db);
	d->texts = texts_load((const char *const *)d->conf.packs.items,
	    d->conf.packs.count, d->catalogue, faults);
	if (!d->texts)
		die_of(faults);
	diags_free(faults);
}

static void
key_start(struct daemon *d)
{
	char *path = conf_path(&d->conf, "server.key");
	struct err e;

	d->key = keyfile_load(path, NULL, &e);
	if (!d->key)
		fatalx("%s: %s", path, e.text);
	free(path);
}

static struct gateway_limits
limits_of(const struct conf *c)
{
	return (struct gateway_limits){
	    .handshake = (uint64_t)c->limits.handshake_s * 1000000,
	    .handshakes = (int)c->limits.handshakes,
	    .sessions = (int)c->limits.sessions,
	    .sessions_per_device = (int)c->limits.sessions_per_device,
	    .frame_bytes = (size_t)c->limits.frame_bytes,
	    .open_requests = (int)c->limits.open_requests,
	    .unread_bytes = (size_t)c->limits.unread_bytes,
	    .stalled = (uint64_t)c->limits.stalled_s * 1000000,
	    .silence = (uint64_t)c->limits.silence_s * 1000000,
	    .pong = (uint64_t)c->limits.pong_s * 1000000,
	    .stop = (uint64_t)c->limits.stop_s * 1000000,
	};
}

/* Writes wake the engine at once; it looks at the queue, not at what is said
 * here. */
static void
on_written(uint64_t topics, int64_t lo, int64_t hi, void *arg)
{
	struct daemon *d = arg;

	(void)topics;
	(void)lo;
	(void)hi;
	if (d->engine)
		engine_poke(d->engine);
	if (d->upkeep)
		upkeep_poke(d->upkeep);
}

static void
on_judged(const char *topic, int64_t lo, int64_t hi, void *arg)
{
	struct daemon *d = arg;
	int number = catalogue_topic(d->catalogue, topic);

	if (number >= 0)
		gateway_changed(d->gateway, (uint64_t)1 << number, lo, hi);
}

/* The rules come from the first pack directory that has sources. */
static void
engine_start(struct daemon *d)
{
	struct engine_options o = {
	    .conninfo = cluster_app_conninfo(d->cluster),
	    .listen = "firebreak_change",
	    .on_changed = on_judged,
	    .arg = d,
	};
	struct diags *faults = diags_new();

	for (size_t i = 0; i < d->conf.packs.count && !o.pack; i++) {
		char *path =
		    xasprintf("%s/sources.yaml", d->conf.packs.items[i]);

		if (access(path, R_OK) == 0)
			o.pack = d->conf.packs.items[i];
		free(path);
	}
	if (!o.pack)
		fatalx("no pack has a sources.yaml: see `packs:` in "
		       "firebreakd.yaml(5)");
	d->engine = engine_new(d->loop, &o, faults);
	if (!d->engine)
		die_of(faults);
	diags_free(faults);
}

static void
gateway_start(struct daemon *d)
{
	struct db_options db = {
	    .conninfo = cluster_app_conninfo(d->cluster),
	    .light = (int)d->conf.pool.light,
	    .heavy = (int)d->conf.pool.heavy,
	    .light_timeout_ms = (int)d->conf.pool.light_timeout_ms,
	    .heavy_timeout_ms = (int)d->conf.pool.heavy_timeout_ms,
	    .lock_timeout_ms = (int)d->conf.pool.lock_timeout_ms,
	    .patience_ms = (int)d->conf.pool.patience_ms,
	    .listen = "firebreak_change",
	};
	struct gateway_options o = {
	    .secret = keyfile_secret(d->key),
	    .public = keyfile_public(d->key),
	    .catalogue = d->catalogue,
	    .phrases = texts_phrases(d->texts),
	    .screens = texts_screens(d->texts),
	    .db = &db,
	    .limits = limits_of(&d->conf),
	    .on_changed = on_written,
	    .arg = d,
	};
	struct err e;

	d->gateway = gateway_new(d->loop, &o);
	for (size_t i = 0; i < d->conf.listen.count; i++) {
		const char *address = d->conf.listen.items[i];
		char *full = *address == '/' ? xasprintf("unix:%s", address)
					     : xstrdup(address);

		if (gateway_listen(d->gateway, full, &e) != 0)
			fatalx("%s", e.text);
		free(full);
	}
}

/* What runs beside the requests: chores and monitoring. */
static void
upkeep_start(struct daemon *d)
{
	struct metrics_sources from = {
	    .gateway = d->gateway, .engine = d->engine};
	struct err e;

	d->upkeep = upkeep_new(d->loop, cluster_app_conninfo(d->cluster),
	    d->conf.seal_interval_ms);
	from.upkeep = d->upkeep;
	if (!*d->conf.metrics)
		return;
	d->metrics = metrics_new(d->loop, d->conf.metrics, &from, &e);
	if (!d->metrics)
		fatalx("%s", e.text);
}

/* What people read when files on disk do not come into force. */
static void
say_fault(struct daemon *d, const char *kind, const char *first)
{
	char *zh = xasprintf("文件有误,沿用原来的:%s", first);
	char *en = xasprintf("a faulty file, the old ones stay: %s", first);

	gateway_notice(d->gateway, kind, zh, en);
	free(zh);
	free(en);
}

static void
on_text_fault(const char *first, void *arg)
{
	say_fault(arg, "texts", first);
}

/* Rules may have changed: good ones come into force, faulty ones never. */
static void
on_packs(void *arg)
{
	struct daemon *d = arg;
	struct diags *faults = diags_new();
	struct buf out = {0};
	int taken = engine_reload(d->engine, faults);

	if (taken > 0) {
		log_info("new rules come into force");
		gateway_notice(d->gateway, "rules", "新规则已生效",
		    "new rules are in force");
	} else if (taken < 0) {
		diags_print(faults, &out);
		log_warn("rules stay as they were:\n%s", buf_str(&out));
		say_fault(d, "rules", diags_first(faults));
	}
	buf_clear(&out);
	diags_free(faults);
}

static void
on_texts(const struct screens *s, const struct phrases *p, void *arg)
{
	struct daemon *d = arg;

	gateway_set_texts(d->gateway, s, p);
}

static void
limits_apply(struct daemon *d)
{
	struct gateway_limits limits = limits_of(&d->conf);

	log_open("firebreakd", (enum log_level)d->conf.log_level);
	gateway_set_limits(d->gateway, &limits);
	upkeep_set_interval(d->upkeep, d->conf.seal_interval_ms);
}

/* What may change while we run does; the rest is named. */
static void
conf_again(struct daemon *d)
{
	struct diags *faults = diags_new();
	struct buf out = {0};
	struct conf fresh;
	char *line, *names, *rest;

	if (conf_load(&fresh, &d->source, faults) != 0) {
		diags_print(faults, &out);
		log_warn("settings stay as they were:\n%s", buf_str(&out));
		say_fault(d, "settings", diags_first(faults));
	} else {
		conf_reload(&d->conf, &fresh, &out);
		conf_clear(&fresh);
		limits_apply(d);
		names = rest = buf_take(&out);
		while ((line = strsep(&rest, "\n")) && *line)
			log_warn("\"%s\" has changed: restart firebreakd for "
				 "it",
			    line);
		free(names);
		log_info("settings were read again");
	}
	buf_clear(&out);
	diags_free(faults);
}

static void
on_stopped(void *arg)
{
	struct daemon *d = arg;

	loop_stop(d->loop);
}

static void
on_signal(int signo, void *arg)
{
	struct daemon *d = arg;

	if (signo == SIGHUP) {
		conf_again(d);
		texts_reload(d->texts);
		on_packs(d);
		return;
	}
	if (d->stopping) {
		loop_stop(d->loop); /* asked twice: without patience */
		return;
	}
	d->stopping = true;
	log_info("stopping");
	notify_service("STOPPING=1");
	gateway_stop(d->gateway, on_stopped, d);
}

static const int signal_table[] = {SIGTERM, SIGINT, SIGHUP};

static void
signals_start(struct daemon *d)
{
	signal(SIGPIPE, SIG_IGN);
	for (size_t i = 0; i < COUNT_OF(signal_table); i++)
		d->signals[i] =
		    loop_signal_start(d->loop, signal_table[i], on_signal, d);
	/* one that came while we started */
	if (db_sync_is_interrupted())
		raise(SIGTERM);
}

static void
daemon_clear(struct daemon *d)
{
	/* none of them may end us before PostgreSQL has stopped */
	for (size_t i = 0; i < COUNT_OF(d->signals); i++) {
		loop_signal_cancel(d->signals[i]);
		signal(signal_table[i], SIG_IGN);
	}
	metrics_free(d->metrics);
	upkeep_free(d->upkeep);
	engine_free(d->engine);
	gateway_free(d->gateway);
	texts_free(d->texts);
	catalogue_free(d->catalogue);
	keyfile_free(d->key);
	cluster_watch_cancel(d->cluster);
	cluster_free(d->cluster);
	running = NULL;
	loop_free(d->loop);
	conf_clear(&d->conf);
}

static void
tell_ready(struct daemon *d)
{
	notify_service("READY=1");
	if (d->ready_fd < 0)
		return;
	if (write(d->ready_fd, "ready\n", 6) < 0)
		log_warn("nobody reads what --ready-fd says");
	close(d->ready_fd);
	d->ready_fd = -1;
}

int
main(int argc, char **argv)
{
	static const struct texts_events texts_events = {
	    on_texts, on_text_fault, on_packs};
	struct daemon d = {.ready_fd = -1};

	options_read(&d, argc, argv);
	conf_start(&d);
	d.loop = loop_new();
	db_sync_obey_signals();
	database_start(&d);
	catalogue_start(&d);
	key_start(&d);
	gateway_start(&d);
	engine_start(&d);
	upkeep_start(&d);
	texts_watch(d.texts, d.loop, &texts_events, &d);
	cluster_watch_start(d.cluster, d.loop);
	signals_start(&d);
	log_info("firebreakd %s serves %d statements", FB_VERSION,
	    catalogue_count(d.catalogue));
	tell_ready(&d);
	loop_run(d.loop);
	daemon_clear(&d);
	return 0;
}
