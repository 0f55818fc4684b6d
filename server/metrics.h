/*
 * What the daemon tells monitoring: http://ADDRESS/metrics in the Prometheus
 * text format 0.0.4, and /healthz (200 "ok", or 503 with a sentence).  Meant
 * for loopback: it says nothing about customers, but needs no key.
 */
#ifndef SERVER_METRICS_H
#define SERVER_METRICS_H

#include "common/err.h"

struct engine;
struct gateway;
struct loop;
struct metrics;
struct upkeep;

/* Where the figures come from; borrowed for the endpoint's life. */
struct metrics_sources {
	struct gateway *gateway;
	struct engine *engine;
	struct upkeep *upkeep;
};

/* Listens on "host:port".  NULL with e. */
struct metrics *metrics_new(struct loop *l, const char *address,
    const struct metrics_sources *sources, struct err *e);
void metrics_free(struct metrics *m); /* NULL is fine */

#endif
