/* /metrics and /healthz. */
#include "server/metrics.h"

#include <event2/buffer.h>
#include <event2/http.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/loop.h"
#include "common/mem.h"
#include "server/engine/engine.h"
#include "server/gateway/gateway.h"
#include "server/upkeep.h"

#define BUCKETS 16

struct metrics {
	struct evhttp *http;
	struct metrics_sources from;
};

/* One picture of everything, taken when asked. */
struct figures {
	const struct gateway_counters *gateway;
	const struct upkeep_counters *upkeep;
	struct engine_stats engine;
};

enum metric_kind { METRIC_COUNTER, METRIC_GAUGE };

struct metric_def {
	const char *name;
	enum metric_kind kind;
	const char *help;
	uint64_t (*read)(const struct figures *f);
};

#define READ(name, expression)                               \
	static uint64_t read_##name(const struct figures *f) \
	{                                                    \
		return (uint64_t)(expression);               \
	}
READ(asks, f->gateway->asks)
READ(database_up, f->gateway->database_up)
READ(engine_errors, f->engine.errors)
READ(engine_leader, f->engine.leader)
READ(engine_ready, f->engine.ready)
READ(engine_rounds, f->engine.rounds)
READ(engine_steps, f->engine.steps)
READ(errors, f->gateway->errors)
READ(handshakes, f->gateway->handshakes)
READ(heavy_retries, f->gateway->heavy_retries)
READ(judged, f->engine.judged)
READ(logins, f->gateway->logins)
READ(logins_refused, f->gateway->refused_logins)
READ(pruned, f->upkeep->pruned)
READ(refusals, f->gateway->refusals)
READ(repeated, f->gateway->repeated)
READ(sealed, f->upkeep->sealed)
READ(seals, f->upkeep->seals)
READ(sessions, f->gateway->sessions)
READ(stale, f->gateway->stale)
READ(timeouts, f->gateway->timeouts)
READ(unavailable, f->gateway->unavailable)
READ(upkeep_errors, f->upkeep->errors)
READ(watches, f->gateway->watches)
READ(writes, f->gateway->writes)

static const struct metric_def metric_table[] = {
    {"asks_total", METRIC_COUNTER, "questions answered", read_asks},
    {"audit_sealed_rows_total", METRIC_COUNTER,
	"audit rows sealed by this daemon", read_sealed},
    {"audit_seals_total", METRIC_COUNTER, "seals made by this daemon",
	read_seals},
    {"database_up", METRIC_GAUGE, "1 while PostgreSQL answers",
	read_database_up},
    {"engine_errors_total", METRIC_COUNTER, "rounds that failed",
	read_engine_errors},
    {"engine_judged_total", METRIC_COUNTER, "subjects judged", read_judged},
    {"engine_leader", METRIC_GAUGE, "1 if this daemon judges the rules",
	read_engine_leader},
    {"engine_ready", METRIC_GAUGE, "1 once everybody was judged",
	read_engine_ready},
    {"engine_rounds_total", METRIC_COUNTER, "rounds of judging",
	read_engine_rounds},
    {"engine_transitions_total", METRIC_COUNTER, "states that changed",
	read_engine_steps},
    {"errors_total", METRIC_COUNTER, "requests answered with an error",
	read_errors},
    {"handshakes", METRIC_GAUGE, "handshakes under way", read_handshakes},
    {"heavy_retries_total", METRIC_COUNTER,
	"requests repeated on a heavy connection", read_heavy_retries},
    {"logins_refused_total", METRIC_COUNTER, "devices turned away",
	read_logins_refused},
    {"logins_total", METRIC_COUNTER, "devices let in", read_logins},
    {"pruned_total", METRIC_COUNTER, "kept answers dropped for their age",
	read_pruned},
    {"refusals_total", METRIC_COUNTER, "writes that a function refused",
	read_refusals},
    {"repeated_total", METRIC_COUNTER, "writes answered from the kept result",
	read_repeated},
    {"sessions", METRIC_GAUGE, "terminals connected", read_sessions},
    {"stale_total", METRIC_COUNTER, "STALE frames sent", read_stale},
    {"timeouts_total", METRIC_COUNTER, "requests that took too long",
	read_timeouts},
    {"unavailable_total", METRIC_COUNTER, "requests while PostgreSQL was away",
	read_unavailable},
    {"upkeep_errors_total", METRIC_COUNTER, "chores that failed",
	read_upkeep_errors},
    {"watches", METRIC_GAUGE, "panes watched", read_watches},
    {"writes_total", METRIC_COUNTER, "writes committed", read_writes},
};

static struct figures
figures_take(const struct metrics *m)
{
	struct figures f = {
	    .gateway = gateway_counters(m->from.gateway),
	    .upkeep = upkeep_counters(m->from.upkeep),
	};

	engine_stats(m->from.engine, &f.engine);
	return f;
}

/* Cumulative, as the format wants it; bucket i ends at 64 us * 2^i. */
static void
add_histogram(struct evbuffer *out, const struct gateway_counters *c)
{
	uint64_t sum = 0;

	evbuffer_add_printf(out,
	    "# HELP firebreak_request_seconds time to answer a request\n"
	    "# TYPE firebreak_request_seconds histogram\n");
	for (int i = 0; i < BUCKETS; i++) {
		sum += c->request_us_buckets[i];
		if (i < BUCKETS - 1)
			evbuffer_add_printf(out,
			    "firebreak_request_seconds_bucket{le=\"%g\"} "
			    "%" PRIu64 "\n",
			    64e-6 * (double)(1u << i), sum);
	}
	evbuffer_add_printf(out,
	    "firebreak_request_seconds_bucket{le=\"+Inf\"} %" PRIu64 "\n"
	    "firebreak_request_seconds_sum %g\n"
	    "firebreak_request_seconds_count %" PRIu64 "\n",
	    sum, (double)c->request_us_sum / 1e6, sum);
}

static void
on_metrics(struct evhttp_request *request, void *arg)
{
	const struct figures f = figures_take(arg);
	struct evbuffer *out = evhttp_request_get_output_buffer(request);

	for (size_t i = 0; i < COUNT_OF(metric_table); i++) {
		const struct metric_def *d = &metric_table[i];

		evbuffer_add_printf(out,
		    "# HELP firebreak_%s %s\n# TYPE firebreak_%s %s\n"
		    "firebreak_%s %" PRIu64 "\n",
		    d->name, d->help, d->name,
		    d->kind == METRIC_COUNTER ? "counter" : "gauge", d->name,
		    d->read(&f));
	}
	add_histogram(out, f.gateway);
	evhttp_add_header(evhttp_request_get_output_headers(request),
	    "Content-Type", "text/plain; version=0.0.4; charset=utf-8");
	evhttp_send_reply(request, HTTP_OK, "OK", NULL);
}

static void
on_healthz(struct evhttp_request *request, void *arg)
{
	const struct figures f = figures_take(arg);
	struct evbuffer *out = evhttp_request_get_output_buffer(request);

	evhttp_add_header(evhttp_request_get_output_headers(request),
	    "Content-Type", "text/plain; charset=utf-8");
	if (f.gateway->database_up) {
		evbuffer_add_printf(out, "ok\n");
		evhttp_send_reply(request, HTTP_OK, "OK", NULL);
		return;
	}
	evbuffer_add_printf(out, "PostgreSQL does not answer\n");
	evhttp_send_reply(
	    request, HTTP_SERVUNAVAIL, "Service Unavailable", NULL);
}

struct metrics *
metrics_new(struct loop *l, const char *address,
    const struct metrics_sources *sources, struct err *e)
{
	struct metrics *m = xcalloc(1, sizeof(*m));
	const char *colon = strrchr(address, ':');
	char *host;
	unsigned long port = colon ? strtoul(colon + 1, NULL, 10) : 0;

	if (!colon || port == 0 || port > 65535) {
		err_set(e, ERR_BAD_ARGUMENT, "metrics: \"%s\" is not host:port",
		    address);
		free(m);
		return NULL;
	}
	m->from = *sources;
	m->http = evhttp_new(loop_base(l));
	if (!m->http)
		goto free_metrics;
	evhttp_set_timeout(m->http, 10);
	evhttp_set_max_headers_size(m->http, 8192);
	evhttp_set_max_body_size(m->http, 0);
	evhttp_set_allowed_methods(m->http, EVHTTP_REQ_GET | EVHTTP_REQ_HEAD);
	evhttp_set_cb(m->http, "/metrics", on_metrics, m);
	evhttp_set_cb(m->http, "/healthz", on_healthz, m);
	host = xstrndup(address, (size_t)(colon - address));
	if (evhttp_bind_socket(m->http, host, (uint16_t)port) == 0) {
		free(host);
		return m;
	}
	free(host);
	evhttp_free(m->http);
free_metrics:
	err_errno(e, "metrics: cannot listen on %s", address);
	free(m);
	return NULL;
}

void
metrics_free(struct metrics *m)
{
	if (!m)
		return;
	evhttp_free(m->http);
	free(m);
}
