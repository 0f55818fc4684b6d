/* Listening, housekeeping, stopping. */
#include "server/gateway/gateway.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/codec.h"
#include "common/log.h"
#include "common/loop.h"
#include "common/mem.h"
#include "common/secret.h"
#include "common/stream.h"
#include "server/gateway/impl.h"
#include "server/screens/screens.h"

#define SECOND UINT64_C(1000000)
#define ROUND SECOND /* of housekeeping */

const struct gateway_limits gateway_default_limits = {
    .handshake = 10 * SECOND,
    .handshakes = 256,
    .sessions = 20000,
    .sessions_per_device = 4,
    .frame_bytes = 1 << 20,
    .open_requests = 32,
    .unread_bytes = 1 << 20,
    .stalled = 60 * SECOND,
    .silence = 120 * SECOND,
    .pong = 30 * SECOND,
    .stop = 5 * SECOND,
};

static void
on_accept(int fd, void *arg)
{
	session_new(arg, fd);
}

static void
on_db_up(void *arg)
{
	struct gateway *g = arg;

	log_info("database: connected");
	g->counters.database_up = true;
}

/* Whatever the others said meanwhile was not heard, and what was asked may
 * have failed: all panes ask again, and all devices are looked up. */
static void
on_db_whole(void *arg)
{
	struct gateway *g = arg;
	struct change c = {UINT64_MAX, INT64_MIN, INT64_MAX};

	watch_changed(g, &c);
	login_changed(g, g->access);
	if (g->options.on_changed)
		g->options.on_changed(c.topics, c.lo, c.hi, g->options.arg);
}

static void
on_db_down(const char *why, void *arg)
{
	struct gateway *g = arg;

	log_error("database: away: %s", why);
	g->counters.database_up = false;
}

static void
on_db_notify(const char *payload, void *arg)
{
	notify_heard(arg, payload);
}

/* Whoever neither speaks nor listens is asked, and then let go. */
static void
look_after(struct session *s, uint64_t now)
{
	const struct gateway_limits *l = &s->gateway->limits;
	uint64_t quiet = now - channel_heard(s->channel);

	if (channel_stalled(s->channel) > l->stalled) {
		session_kill(s, "does not take what is sent");
	} else if (s->state != SESSION_OPEN) {
		return;
	} else if (quiet < l->silence) {
		s->pinged = 0;
	} else if (!s->pinged) {
		s->pinged = now;
		channel_send(s->channel, FRAME_PING, 1, "\xf6", 1);
	} else if (now - s->pinged > l->pong) {
		session_kill(s, "silent");
	}
}

static void
finish_stopping(struct gateway *g)
{
	if (!g->on_stopped)
		return;
	if (loop_now() < g->stop_by &&
	    (!TAILQ_EMPTY(&g->members) || !TAILQ_EMPTY(&g->orphans) ||
		g->change_count || db_in_flight(g->db)))
		return;
	g->on_stopped(g->stopped_arg);
	g->on_stopped = NULL;
}

/* Sessions whose answers are still under way are told last. */
static void
stop_idle(struct gateway *g)
{
	struct session *s, *next;

	for (s = TAILQ_FIRST(&g->members); s; s = next) {
		next = TAILQ_NEXT(s, link);
		if (s->state == SESSION_OPEN &&
		    (!s->open || loop_now() >= g->stop_by))
			session_bye(s, ERR_STOPPING);
	}
}

static void
on_housekeeping(void *arg)
{
	struct gateway *g = arg;
	struct session *s, *next;
	uint64_t now = loop_now();

	for (s = TAILQ_FIRST(&g->members); s; s = next) {
		next = TAILQ_NEXT(s, link);
		look_after(s, now);
	}
	if (g->recheck_again && !g->rechecking && !g->stopping)
		login_changed(g, g->access);
	if (g->stopping) {
		stop_idle(g);
		finish_stopping(g);
	}
	loop_timer_set(g->housekeeper, g->stopping ? ROUND / 50 : ROUND);
}

static void
on_reaping(void *arg)
{
	session_reap(arg);
}

static void
set_channel_options(struct gateway *g)
{
	g->channel_options = (struct channel_options){
	    .secret = g->options.secret,
	    .public = g->options.public,
	    .frame_max = g->limits.frame_bytes,
	    .unsent_max = g->limits.unread_bytes,
	    .patience = g->limits.handshake,
	};
}

static uint64_t
topic_bit(const struct gateway *g, const char *name)
{
	int topic = catalogue_topic(g->options.catalogue, name);

	return topic < 0 ? 0 : UINT64_C(1) << topic;
}

static void
name_origin(struct gateway *g)
{
	uint64_t n;

	secret_random(&n, sizeof(n));
	snprintf(g->origin, sizeof(g->origin), "%016" PRIx64, n);
}

struct gateway *
gateway_new(struct loop *l, const struct gateway_options *o)
{
	static const struct db_events events = {
	    on_db_up, on_db_down, on_db_notify, on_db_whole};
	struct gateway *g = xcalloc(1, sizeof(*g));
	struct db_options db = *o->db;

	g->loop = l;
	g->options = *o;
	g->limits = o->limits;
	set_channel_options(g);
	name_origin(g);
	g->access = topic_bit(g, "device") | topic_bit(g, "people");
	TAILQ_INIT(&g->strangers);
	TAILQ_INIT(&g->members);
	TAILQ_INIT(&g->dying);
	TAILQ_INIT(&g->stale);
	TAILQ_INIT(&g->orphans);
	g->reaper = loop_timer_new(l, on_reaping, g);
	g->housekeeper = loop_timer_new(l, on_housekeeping, g);
	g->stale_timer = loop_timer_new(l, watch_on_timer, g);
	g->notify_timer = loop_timer_new(l, notify_on_timer, g);
	answer_init(g);
	db.listen = "firebreak_change";
	g->db = db_new(l, &db, &events, g);
	loop_timer_set(g->housekeeper, ROUND);
	return g;
}

static void
stop_listening(struct gateway *g)
{
	while (g->listener_count)
		stream_listener_cancel(g->listeners[--g->listener_count]);
}

static void
kill_all(struct session_list *list)
{
	struct session *s;

	while ((s = TAILQ_FIRST(list)))
		session_kill(s, "the server ends");
}

void
gateway_free(struct gateway *g)
{
	int i;

	if (!g)
		return;
	stop_listening(g);
	kill_all(&g->strangers);
	kill_all(&g->members);
	session_reap(g);
	request_drop_orphans(g);
	db_free(g->db);
	loop_timer_cancel(g->reaper);
	loop_timer_cancel(g->housekeeper);
	loop_timer_cancel(g->stale_timer);
	loop_timer_cancel(g->notify_timer);
	for (i = 0; i < catalogue_count(g->options.catalogue); i++)
		buf_clear(&g->columns[i]);
	free(g->columns);
	params_clear(&g->params);
	list_options_clear(&g->list);
	buf_clear(&g->sql);
	free(g);
}

int
gateway_listen(struct gateway *g, const char *address, struct err *e)
{
	struct stream_listener *h;

	if (g->listener_count == LISTENERS_MOST)
		return err_set(
		    e, ERR_SYSTEM, "more than %d addresses", LISTENERS_MOST);
	h = stream_listen(g->loop, address, on_accept, g, e);
	if (!h)
		return -1;
	g->listeners[g->listener_count++] = h;
	log_info("listening on %s", address);
	return 0;
}

int
gateway_port(const struct gateway *g, int i)
{
	return stream_listener_port(g->listeners[i]);
}

void
gateway_stop(struct gateway *g, void (*on_stopped)(void *arg), void *arg)
{
	g->stopping = true;
	g->stop_by = loop_now() + g->limits.stop;
	g->on_stopped = on_stopped;
	g->stopped_arg = arg;
	stop_listening(g);
	kill_all(&g->strangers);
	loop_timer_soon(g->housekeeper);
}

void
gateway_changed(struct gateway *g, uint64_t topics, int64_t lo, int64_t hi)
{
	struct change c = {topics, lo, hi};

	watch_changed(g, &c);
	notify_add(g, &c);
	login_changed(g, topics);
}

void
gateway_set_limits(struct gateway *g, const struct gateway_limits *l)
{
	g->limits = *l;
	set_channel_options(g);
}

void
gateway_set_texts(
    struct gateway *g, const struct screens *s, const struct phrases *p)
{
	struct session *member;

	g->options.screens = s;
	g->options.phrases = p;
	TAILQ_FOREACH (member, &g->members, link) {
		if (member->state == SESSION_OPEN)
			session_send_screens(member);
	}
}

void
gateway_notice(
    struct gateway *g, const char *kind, const char *zh, const char *en)
{
	struct session *member;
	struct buf *b;

	TAILQ_FOREACH (member, &g->members, link) {
		if (member->state != SESSION_OPEN)
			continue;
		b = channel_begin(member->channel, FRAME_NOTICE, 0);
		codec_put_array(b, 2);
		codec_put_text(b, kind);
		codec_put_text(b, strcmp(session_lang(member), "en") ? zh : en);
		channel_end(member->channel);
	}
}

const struct gateway_counters *
gateway_counters(struct gateway *g)
{
	return &g->counters;
}
