/*
 * Who watches which topics over which codes.  A range of one code (a rep) is
 * found through a hash of topic and code; wider ranges (units: few) are in one
 * list a topic.  So a write touches those it may concern and the supervisors.
 */
#include <stdlib.h>

#include "common/codec.h"
#include "common/loop.h"
#include "common/mem.h"
#include "server/gateway/impl.h"

#define BURST UINT64_C(20000) /* us between two rounds of STALE */

static struct node_list *
bucket(struct gateway *g, int topic, int64_t code)
{
	uint64_t h = ((uint64_t)code ^ (uint64_t)topic << 56) *
		     UINT64_C(0x9e3779b97f4a7c15);

	return &g->watch_buckets[h >> 50];
}

static bool
is_single(const struct db_scope *s)
{
	return s->lo == s->hi && s->lo2 > s->hi2;
}

static bool
meets(const struct db_scope *s, const struct change *c)
{
	return (s->lo <= c->hi && c->lo <= s->hi) ||
	       (s->lo2 <= s->hi2 && s->lo2 <= c->hi && c->lo <= s->hi2);
}

static struct watch *
find(struct session *s, uint32_t id)
{
	struct watch *w;

	LIST_FOREACH (w, &s->watches, link) {
		if (w->id == id)
			return w;
	}
	return NULL;
}

static void
enter(struct watch *w, uint64_t topics)
{
	struct session *s = w->session;
	struct watch_node *n;
	int topic;

	for (topic = 0; topic < CATALOGUE_TOPICS_MAX; topic++) {
		if (!(topics >> topic & 1))
			continue;
		n = &w->nodes[w->node_count++];
		n->watch = w;
		n->topic = topic;
		if (is_single(&s->scope))
			LIST_INSERT_HEAD(
			    bucket(s->gateway, topic, s->scope.lo), n, link);
		else
			LIST_INSERT_HEAD(&s->gateway->wide[topic], n, link);
	}
}

static void
drop(struct watch *w)
{
	int i;

	for (i = 0; i < w->node_count; i++)
		LIST_REMOVE(&w->nodes[i], link);
	LIST_REMOVE(w, link);
	w->session->watch_count--;
	w->session->gateway->counters.watches--;
	free(w);
}

int
watch_start(struct session *s, uint32_t id, const struct statement *st,
    bool is_asked, struct err *e)
{
	struct watch *w = find(s, id);

	if (!w && !is_asked)
		return 0;
	if (w)
		drop(w);
	if (s->watch_count >= WATCHES_MOST)
		return err_set(
		    e, ERR_BAD_REQUEST, "more than %d watches", WATCHES_MOST);
	w = xcalloc(1, sizeof(*w) + (size_t)__builtin_popcountll(st->topics) *
					sizeof(w->nodes[0]));
	w->session = s;
	w->id = id;
	w->asking = true;
	LIST_INSERT_HEAD(&s->watches, w, link);
	s->watch_count++;
	s->gateway->counters.watches++;
	enter(w, st->topics);
	return 0;
}

void
watch_cancel(struct session *s, uint32_t id)
{
	struct watch *w = find(s, id);

	if (w)
		drop(w);
}

void
watch_drop_all(struct session *s)
{
	struct watch *w;

	while ((w = LIST_FIRST(&s->watches)))
		drop(w);
}

/* The first goes out at the end of this turn, those right behind it together
 * a little later. */
static void
tell_soon(struct session *s)
{
	struct gateway *g = s->gateway;
	uint64_t now = loop_now();

	if (!s->is_stale) {
		s->is_stale = true;
		TAILQ_INSERT_TAIL(&g->stale, s, stale_link);
	}
	if (loop_timer_is_set(g->stale_timer))
		return;
	if (now - g->stale_sent >= BURST)
		loop_timer_set(g->stale_timer, 0);
	else
		loop_timer_set(g->stale_timer, BURST - (now - g->stale_sent));
}

void
watch_answered(struct session *s, uint32_t id)
{
	struct watch *w = s->watch_count ? find(s, id) : NULL;

	if (!w)
		return;
	w->asking = false;
	if (w->stale && !w->told)
		tell_soon(s);
}

static void
mark(struct watch *w, const struct change *c)
{
	if (w->stale || !meets(&w->session->scope, c))
		return;
	w->stale = true;
	if (!w->asking)
		tell_soon(w->session);
}

static void
mark_list(struct node_list *list, int topic, const struct change *c)
{
	struct watch_node *n;

	LIST_FOREACH (n, list, link) {
		if (n->topic == topic)
			mark(n->watch, c);
	}
}

static void
mark_topic(struct gateway *g, int topic, const struct change *c)
{
	int i;

	mark_list(&g->wide[topic], topic, c);
	if (c->lo == c->hi) {
		mark_list(bucket(g, topic, c->lo), topic, c);
		return;
	}
	for (i = 0; i < WATCH_BUCKETS; i++)
		mark_list(&g->watch_buckets[i], topic, c);
}

void
watch_changed(struct gateway *g, const struct change *c)
{
	int topic;

	for (topic = 0; topic < CATALOGUE_TOPICS_MAX; topic++) {
		if (c->topics >> topic & 1)
			mark_topic(g, topic, c);
	}
}

static void
tell(struct session *s)
{
	struct watch *w;
	struct buf *b;
	size_t count = 0;

	LIST_FOREACH (w, &s->watches, link)
		count += w->stale && !w->told && !w->asking;
	if (!count)
		return;
	b = channel_begin(s->channel, FRAME_STALE, 0);
	codec_put_array(b, count);
	LIST_FOREACH (w, &s->watches, link) {
		if (!w->stale || w->told || w->asking)
			continue;
		w->told = true;
		codec_put_int(b, w->id);
	}
	channel_end(s->channel);
	s->gateway->counters.stale++;
}

void
watch_on_timer(void *arg)
{
	struct gateway *g = arg;
	struct session *s;

	g->stale_sent = loop_now();
	while ((s = TAILQ_FIRST(&g->stale))) {
		TAILQ_REMOVE(&g->stale, s, stale_link);
		s->is_stale = false;
		tell(s);
	}
}
