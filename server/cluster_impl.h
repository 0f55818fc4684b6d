/* What the files of the embedded cluster share; nobody else includes it. */
#ifndef SERVER_CLUSTER_IMPL_H
#define SERVER_CLUSTER_IMPL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "server/cluster.h"
#include "server/conf.h"

struct cluster {
	const struct conf *conf;
	bool embedded;
	char *app, *admin, *bootstrap; /* conninfos */

	char *directory, *sockets, *log;
	char *self; /* login name of this process */
	char *user; /* login name PostgreSQL runs as */
	uid_t uid;
	gid_t gid;
	bool drop; /* we are root and become `user` */

	int start_fd; /* locked while somebody starts or stops it */
	int use_fd;   /* locked, shared, by all that hold it */
	bool held;

	pid_t pid; /* 0: not running, as far as we know */
	int pid_fd;
	bool is_child;

	struct loop *loop;
	struct loop_fd *death;
	struct loop_timer *again;
	uint64_t started_at, delay; /* microseconds */
	unsigned long restarts;
};

/* cluster_files.c */
int cluster_prepare_data(struct cluster *k, struct err *e);
int cluster_choose_sockets(struct cluster *k, struct err *e);
int cluster_write_settings(
    const struct cluster *k, const char *directory, struct err *e);
/* Makes a directory for PostgreSQL's user alone. */
int cluster_make_directory(
    const struct cluster *k, const char *path, struct err *e);
int cluster_remove_tree(const char *path, struct err *e);

/* cluster_process.c */
struct cluster_spawn {
	const char *const *argv; /* argv[0]: bare name of a program */
	int out_fd, err_fd;	 /* -1: ours */
	bool own_session;
};
/* The child's pid, or -1. */
pid_t cluster_spawn(
    const struct cluster *k, const struct cluster_spawn *s, struct err *e);
/* Waits for it; -1 with e unless it ended with 0.  `log_at`: where its words
 * begin in the log, -1 if they are not there. */
int cluster_wait(const struct cluster *k, pid_t pid, const char *name,
    long log_at, struct err *e);
int cluster_open_log(const struct cluster *k, long *at, struct err *e);
/* The pid of the postmaster of our directory, or 0. */
pid_t cluster_find_postmaster(const struct cluster *k);
/* A pid file that names a process which is no postmaster of ours. */
void cluster_remove_stale_pid(const struct cluster *k);
/* Line 8 of the pid file: "starting", "ready", "stopping"; "" if unknown. */
void cluster_read_status(const struct cluster *k, char status[16]);
/* Waits for the end of a process, or (other_fd not -1) for something to read,
 * or for `end`, in loop_now()'s microseconds; what it was. */
enum { CLUSTER_DEATH = 1, CLUSTER_OTHER = 2 };
int cluster_wait_event(int pid_fd, int other_fd, uint64_t end);
/* Waits for what a killed postmaster left running in our directory, until
 * `end`; false if there was nothing. */
bool cluster_wait_remains(const struct cluster *k, uint64_t end);
/* Whether our user could enter the directory. */
bool cluster_user_can_enter(const struct cluster *k, const char *path);

#endif
