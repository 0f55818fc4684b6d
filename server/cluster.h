/*
 * The PostgreSQL behind the daemon.  Without a `database:` setting it is a
 * cluster of our own under the data directory: reached by a unix socket only,
 * peer authentication, run as another user if we are root, started with us
 * and stopped with the last of us.  With the setting there is nothing to
 * start, and the functions below merely answer.
 *
 * The daemon and any number of firebreakctl share one cluster: each holds it
 * between cluster_start() and cluster_free(), and the last to let go stops it.
 * A cluster that a killed daemon left running is taken over.
 */
#ifndef SERVER_CLUSTER_H
#define SERVER_CLUSTER_H

#include <stdbool.h>

#include "common/err.h"

struct cluster;
struct conf;
struct loop;

/* conf must outlive the cluster.  NULL with e: the data directory or the
 * user that PostgreSQL shall run as is no good. */
struct cluster *cluster_new(const struct conf *c, struct err *e);
/* Lets go of it; stops PostgreSQL if nobody else holds it.  NULL is fine. */
void cluster_free(struct cluster *k);

bool cluster_is_embedded(const struct cluster *k);
/* initdb was done (always true for an external database). */
bool cluster_exists(const struct cluster *k);

/* initdb, if the cluster does not exist. */
int cluster_create(struct cluster *k, struct err *e)
    __attribute__((warn_unused_result));
/* Returns when it accepts connections and the database `firebreak` is there;
 * a running one is taken over. */
int cluster_start(struct cluster *k, struct err *e)
    __attribute__((warn_unused_result));

/* From now on, a PostgreSQL that dies is started again (after 0.1 s, then
 * ever later, at most 10 s); connections come back by their own retries. */
void cluster_watch_start(struct cluster *k, struct loop *l);
void cluster_watch_cancel(struct cluster *k);
/* How often that happened. */
unsigned long cluster_restarts(const struct cluster *k);

/* For libpq: as firebreak_app, and as the one who may do everything. */
const char *cluster_app_conninfo(const struct cluster *k);
const char *cluster_admin_conninfo(const struct cluster *k);

/* The directories, NULL for an external database. */
const char *cluster_directory(const struct cluster *k);
const char *cluster_socket_directory(const struct cluster *k);

/* Runs a PostgreSQL program (argv[0] is its bare name) as the right user and
 * waits; its output goes to ours, or to `output_fd` if that is not -1.  What
 * it says on standard error is part of e. */
int cluster_run_program(struct cluster *k, const char *const argv[],
    int output_fd, struct err *e) __attribute__((warn_unused_result));

#endif
