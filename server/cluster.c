/* The embedded PostgreSQL: made, started, shared, watched, stopped. */
#include "server/cluster.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/log.h"
#include "common/loop.h"
#include "common/mem.h"
#include "common/say.h"
#include "server/cluster_impl.h"
#include "server/db/sync.h"

#define START_MS 60000 /* recovery after a crash may take long */
#define RETRY_MS 10000 /* what a dead postmaster left may need to end */
#define STOP_MS 60000
#define DELAY_LEAST 100000  /* µs before the first restart */
#define DELAY_MOST 10000000 /* µs */
#define LIVED_WELL 60000000 /* µs after which the delay begins anew */

static void
add_pair(struct buf *b, const char *name, const char *value)
{
	buf_addf(b, "%s='", name);
	for (; *value; value++) {
		if (*value == '\'' || *value == '\\')
			buf_add_byte(b, '\\');
		buf_add_byte(b, (uint8_t)*value);
	}
	buf_add_str(b, "' ");
}

static char *
make_conninfo(const struct cluster *k, const char *user, const char *database)
{
	struct buf b = {0};

	add_pair(&b, "host", k->sockets);
	add_pair(&b, "port", "5432");
	add_pair(&b, "dbname", database);
	add_pair(&b, "user", user);
	return buf_take(&b);
}

static int
find_users(struct cluster *k, struct err *e)
{
	struct passwd *pw = getpwuid(geteuid());

	if (!pw)
		return err_set(e, ERR_SYSTEM,
		    say("用户 %u 在 /etc/passwd 中没有名字,PostgreSQL 需要一个",
			"user %u has no name in /etc/passwd; PostgreSQL needs "
			"one"),
		    (unsigned)geteuid());
	k->self = xstrdup(pw->pw_name);
	k->drop = pw->pw_uid == 0;
	if (k->drop) {
		pw = getpwnam(k->conf->pg_user);
		if (!pw || pw->pw_uid == 0)
			return err_set(e, ERR_SYSTEM,
			    say("pg_user:PostgreSQL 不能以用户 \"%s\" "
				"运行;请创建该用户,或另写一个",
				"pg_user: \"%s\" is no user that PostgreSQL "
				"could run as; create it, or name another"),
			    k->conf->pg_user);
	}
	k->user = xstrdup(pw->pw_name);
	k->uid = pw->pw_uid;
	k->gid = pw->pw_gid;
	return 0;
}

static int
open_lock(const struct cluster *k, const char *name, struct err *e)
{
	char *path = conf_path(k->conf, name);
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0)
		err_errno(e, "%s", path);
	free(path);
	return fd;
}

static int
open_embedded(struct cluster *k, struct err *e)
{
	k->directory = conf_path(k->conf, "pg");
	k->log = conf_path(k->conf, "pg.log");
	if (find_users(k, e) < 0 || cluster_prepare_data(k, e) < 0 ||
	    cluster_choose_sockets(k, e) < 0)
		return -1;
	k->app = make_conninfo(k, "firebreak_app", "firebreak");
	k->admin = make_conninfo(k, "firebreak_admin", "firebreak");
	k->bootstrap = make_conninfo(k, "firebreak_admin", "postgres");
	k->start_fd = open_lock(k, "cluster.start", e);
	k->use_fd = open_lock(k, "cluster.use", e);
	return k->start_fd < 0 || k->use_fd < 0 ? -1 : 0;
}

struct cluster *
cluster_new(const struct conf *c, struct err *e)
{
	struct cluster *k = xcalloc(1, sizeof(*k));

	k->conf = c;
	k->embedded = conf_is_embedded(c);
	k->start_fd = k->use_fd = k->pid_fd = -1;
	if (!k->embedded) {
		k->app = xstrdup(c->database);
		k->admin = xstrdup(
		    c->database_admin[0] ? c->database_admin : c->database);
		return k;
	}
	if (open_embedded(k, e) == 0)
		return k;
	cluster_free(k);
	return NULL;
}

bool
cluster_is_embedded(const struct cluster *k)
{
	return k->embedded;
}

bool
cluster_exists(const struct cluster *k)
{
	char *path;
	bool exists;

	if (!k->embedded)
		return true;
	path = xasprintf("%s/PG_VERSION", k->directory);
	exists = access(path, F_OK) == 0;
	free(path);
	return exists;
}

static int
run_initdb(struct cluster *k, const char *directory, struct err *e)
{
	const char *argv[] = {"initdb", "-D", directory, "-U",
	    "firebreak_admin", "-E", "UTF8", "--locale=C", "--lc-ctype=C.UTF-8",
	    "-A", "peer", "--no-instructions",
	    k->conf->fsync ? NULL : "--no-sync", NULL};
	struct cluster_spawn s = {argv, -1, -1, false};
	long at;
	pid_t pid;
	int fd = cluster_open_log(k, &at, e);

	if (fd < 0)
		return -1;
	s.out_fd = s.err_fd = fd;
	pid = cluster_spawn(k, &s, e);
	close(fd);
	return pid < 0 ? -1 : cluster_wait(k, pid, "initdb", at, e);
}

/* Under another name first: a half-made cluster is never taken for one. */
static int
create_locked(struct cluster *k, struct err *e)
{
	char *fresh;
	int status = -1;

	if (cluster_exists(k))
		return 0;
	fresh = xasprintf("%s.new", k->directory);
	if (cluster_remove_tree(fresh, e) == 0 &&
	    cluster_make_directory(k, fresh, e) == 0 &&
	    run_initdb(k, fresh, e) == 0) {
		status = rename(fresh, k->directory);
		if (status < 0)
			err_errno(e, "%s", k->directory);
	}
	free(fresh);
	return status;
}

int
cluster_create(struct cluster *k, struct err *e)
{
	int status;

	if (!k->embedded)
		return 0;
	if (flock(k->start_fd, LOCK_EX) < 0)
		return err_errno(e, "cluster.start");
	status = create_locked(k, e);
	flock(k->start_fd, LOCK_UN);
	return status;
}

static void
forget_process(struct cluster *k)
{
	if (k->pid_fd >= 0)
		close(k->pid_fd);
	k->pid_fd = -1;
	k->pid = 0;
	k->is_child = false;
}

/* -1 when it is gone already. */
static int
take_process(struct cluster *k, pid_t pid, bool is_child)
{
	k->pid = pid;
	k->is_child = is_child;
	k->started_at = loop_now();
	k->pid_fd = pidfd_open(pid, 0);
	if (k->pid_fd >= 0)
		return 0;
	if (is_child)
		waitpid(pid, NULL, 0);
	forget_process(k);
	return -1;
}

static int
spawn_postmaster(struct cluster *k, long *log_at, struct err *e)
{
	const char *argv[] = {"postgres", "-D", k->directory, NULL};
	struct cluster_spawn s = {argv, -1, -1, true};
	pid_t pid;
	int fd;

	cluster_remove_stale_pid(k);
	if (cluster_write_settings(k, k->directory, e) < 0)
		return -1;
	fd = cluster_open_log(k, log_at, e);
	if (fd < 0)
		return -1;
	s.out_fd = s.err_fd = fd;
	pid = cluster_spawn(k, &s, e);
	close(fd);
	if (pid < 0)
		return -1;
	if (take_process(k, pid, true) < 0)
		return err_set(e, ERR_SYSTEM, "%s",
		    say("PostgreSQL 没有启动", "PostgreSQL did not start"));
	return 0;
}

/* Watches what happens in the data directory, the pid file above all; the
 * descriptor, or -1 with e. */
static int
watch_directory(const struct cluster *k, struct err *e)
{
	int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);

	if (fd >= 0 && inotify_add_watch(fd, k->directory,
			   IN_CLOSE_WRITE | IN_MODIFY | IN_DELETE) >= 0)
		return fd;
	err_errno(e, "%s", k->directory);
	if (fd >= 0)
		close(fd);
	return -1;
}

/* 1: ready.  0: it died.  -1: it takes too long. */
static int
wait_until_ready(struct cluster *k, struct err *e)
{
	uint64_t end = loop_now() + START_MS * 1000ull;
	int fd = watch_directory(k, e), what = 0;
	char status[16], events[4096];

	if (fd < 0)
		return -1;
	while (!(what & CLUSTER_DEATH) && loop_now() < end) {
		while (read(fd, events, sizeof(events)) > 0)
			; /* that something happened is all that counts */
		cluster_read_status(k, status);
		if (strcmp(status, "ready") == 0 &&
		    cluster_find_postmaster(k) == k->pid) {
			close(fd);
			return 1;
		}
		what = cluster_wait_event(k->pid_fd, fd, end);
	}
	close(fd);
	if (what & CLUSTER_DEATH)
		return 0;
	return err_set(e, ERR_UNAVAILABLE,
	    say("PostgreSQL 过了 %d 秒仍未就绪,日志在 %s",
		"PostgreSQL is not ready after %d s; its log is %s"),
	    START_MS / 1000, k->log);
}

static int
bury(struct cluster *k, long log_at, struct err *e)
{
	int status;

	if (k->is_child)
		status = cluster_wait(k, k->pid, "postgres", log_at, e);
	else
		status = -1;
	forget_process(k);
	return status;
}

/* Joins the running postmaster or starts one.  One that is just stopping, and
 * the remains of a killed one, are waited for. */
static int
start_locked(struct cluster *k, struct err *e)
{
	uint64_t end = loop_now() + RETRY_MS * 1000ull;
	int state, failures = 0;
	bool ours;
	long log_at = -1;
	pid_t pid;

	for (;;) {
		pid = cluster_find_postmaster(k);
		if (pid == 0) {
			if (spawn_postmaster(k, &log_at, e) < 0)
				return -1;
		} else if (take_process(k, pid, false) < 0) {
			continue;
		}
		state = wait_until_ready(k, e);
		if (state != 0)
			return state == 1 ? 0 : -1;
		err_set(e, ERR_UNAVAILABLE, "%s",
		    say("PostgreSQL 已停止", "PostgreSQL stopped"));
		ours = k->is_child;
		bury(k, log_at, e);
		/* remains may have gone between its look and ours */
		if (ours && !cluster_wait_remains(k, end) && failures++ > 0)
			return -1;
		if (loop_now() > end)
			return -1;
	}
}

static int
ensure_database(struct cluster *k, struct err *e)
{
	struct pg_result *rows = NULL;
	struct db_sync *s = db_sync_open(k->bootstrap, e);
	int status;

	if (!s)
		return -1;
	status = db_sync_run(s,
	    "select 1 from pg_database where datname = 'firebreak'", NULL, 0,
	    &rows, e);
	if (status == 0 && db_rows(rows) == 0)
		status = db_sync_run(
		    s, "create database firebreak", NULL, 0, NULL, e);
	db_result_free(rows);
	db_sync_close(s);
	return status;
}

int
cluster_start(struct cluster *k, struct err *e)
{
	int status;

	if (!k->embedded || k->held)
		return 0;
	if (!cluster_exists(k))
		return err_set(e, ERR_SYSTEM,
		    say("%s 中还没有数据库:请先运行 `firebreakctl init`",
			"there is no cluster in %s yet: run `firebreakctl "
			"init`"),
		    k->conf->data);
	if (flock(k->start_fd, LOCK_EX) < 0)
		return err_errno(e, "cluster.start");
	status = start_locked(k, e);
	if (status == 0) {
		flock(k->use_fd, LOCK_SH);
		k->held = true;
		status = ensure_database(k, e);
	}
	flock(k->start_fd, LOCK_UN);
	return status;
}

static void
stop_process(struct cluster *k)
{
	pid_t pid = cluster_find_postmaster(k);

	/* somebody else may have restarted it since we looked */
	if (pid != k->pid) {
		if (k->is_child)
			waitpid(k->pid, NULL, WNOHANG);
		forget_process(k);
		if (pid == 0 || take_process(k, pid, false) < 0)
			return;
	}
	kill(k->pid, SIGINT); /* PostgreSQL's "fast": ends the sessions */
	if (!cluster_wait_event(
		k->pid_fd, -1, loop_now() + STOP_MS * 1000ull)) {
		log_warn("PostgreSQL did not stop in %d s: ended at once",
		    STOP_MS / 1000);
		kill(k->pid, SIGQUIT);
		cluster_wait_event(
		    k->pid_fd, -1, loop_now() + STOP_MS * 1000ull);
	}
	if (k->is_child)
		waitpid(k->pid, NULL, 0);
	forget_process(k);
}

/* The last one out stops it. */
static void
let_go(struct cluster *k)
{
	flock(k->start_fd, LOCK_EX);
	if (flock(k->use_fd, LOCK_EX | LOCK_NB) == 0)
		stop_process(k);
	flock(k->use_fd, LOCK_UN);
	flock(k->start_fd, LOCK_UN);
	k->held = false;
}

void
cluster_free(struct cluster *k)
{
	if (!k)
		return;
	cluster_watch_cancel(k);
	if (k->held)
		let_go(k);
	forget_process(k);
	if (k->start_fd >= 0)
		close(k->start_fd);
	if (k->use_fd >= 0)
		close(k->use_fd);
	free(k->app);
	free(k->admin);
	free(k->bootstrap);
	free(k->directory);
	free(k->sockets);
	free(k->log);
	free(k->self);
	free(k->user);
	free(k);
}

static void on_death(unsigned what, void *arg);

static void
watch_process(struct cluster *k)
{
	k->death = loop_fd_start(k->loop, k->pid_fd, LOOP_READ, on_death, k);
}

static void
on_death(unsigned what, void *arg)
{
	struct cluster *k = arg;
	struct err e = {0};

	(void)what;
	loop_fd_cancel(k->death);
	k->death = NULL;
	if (loop_now() - k->started_at > LIVED_WELL)
		k->delay = DELAY_LEAST;
	err_set(&e, ERR_UNAVAILABLE, "PostgreSQL ended");
	bury(k, -1, &e);
	log_error("%s; starting it again in %llu ms", e.text,
	    (unsigned long long)k->delay / 1000);
	loop_timer_set(k->again, k->delay);
}

static void
start_later(struct cluster *k)
{
	k->delay = k->delay * 2 > DELAY_MOST ? DELAY_MOST : k->delay * 2;
	loop_timer_set(k->again, k->delay);
}

static void
on_again(void *arg)
{
	struct cluster *k = arg;
	struct err e = {0};
	long log_at;
	pid_t pid;
	int status;

	if (flock(k->start_fd, LOCK_EX | LOCK_NB) < 0) {
		loop_timer_set(k->again, DELAY_LEAST);
		return;
	}
	pid = cluster_find_postmaster(k);
	status = pid ? take_process(k, pid, false)
		     : spawn_postmaster(k, &log_at, &e);
	flock(k->start_fd, LOCK_UN);
	if (status < 0) {
		log_error("PostgreSQL cannot be started: %s", e.text);
		start_later(k);
		return;
	}
	k->restarts++;
	k->delay = k->delay * 2 > DELAY_MOST ? DELAY_MOST : k->delay * 2;
	watch_process(k);
}

void
cluster_watch_start(struct cluster *k, struct loop *l)
{
	if (!k->embedded)
		return;
	k->loop = l;
	k->delay = DELAY_LEAST;
	k->again = loop_timer_new(l, on_again, k);
	watch_process(k);
}

void
cluster_watch_cancel(struct cluster *k)
{
	loop_fd_cancel(k->death);
	loop_timer_cancel(k->again);
	k->death = NULL;
	k->again = NULL;
}

unsigned long
cluster_restarts(const struct cluster *k)
{
	return k->restarts;
}

const char *
cluster_app_conninfo(const struct cluster *k)
{
	return k->app;
}

const char *
cluster_admin_conninfo(const struct cluster *k)
{
	return k->admin;
}

const char *
cluster_directory(const struct cluster *k)
{
	return k->directory;
}

const char *
cluster_socket_directory(const struct cluster *k)
{
	return k->sockets;
}
