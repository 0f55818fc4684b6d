/*
 * Changes told to the other daemons of the same database: collected, and sent
 * with NOTIFY at most ten times a second, in a transaction of their own.  A
 * payload is lines: the sender's name, then "topic lo hi" for each.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/loop.h"
#include "server/gateway/impl.h"

#define INTERVAL UINT64_C(100000)
#define PAYLOAD_MOST 7000 /* PostgreSQL takes 8,000 */

static const char notify_sql[] =
    "select pg_notify('firebreak_change', $1::text)";

static void
send(struct gateway *g, struct buf *payload)
{
	struct params *p = &g->params;
	struct db_query q = {.sql = notify_sql};

	params_reset(p);
	if (params_add_text(p, (char *)payload->data, payload->len, NULL))
		return;
	q.heavy = true;
	q.values = params_values(p);
	q.count = p->count;
	db_send(g->db, &q, NULL, NULL);
	g->counters.notifies_sent++;
}

/* Two of the same topics become one over both ranges when there is no room
 * left: too many terminals ask again, none too few. */
static void
squeeze(struct gateway *g, const struct change *c)
{
	struct change *all = &g->changes[0];
	int i;

	for (i = 1; i < g->change_count; i++) {
		all->topics |= g->changes[i].topics;
		if (g->changes[i].lo < all->lo)
			all->lo = g->changes[i].lo;
		if (g->changes[i].hi > all->hi)
			all->hi = g->changes[i].hi;
	}
	g->change_count = 1;
	all->topics |= c->topics;
	if (c->lo < all->lo)
		all->lo = c->lo;
	if (c->hi > all->hi)
		all->hi = c->hi;
}

static void
arrange(struct gateway *g)
{
	uint64_t since = loop_now() - g->notified;

	if (!loop_timer_is_set(g->notify_timer))
		loop_timer_set(
		    g->notify_timer, since >= INTERVAL ? 0 : INTERVAL - since);
}

void
notify_add(struct gateway *g, const struct change *c)
{
	int i;

	for (i = 0; i < g->change_count; i++) {
		if (g->changes[i].lo == c->lo && g->changes[i].hi == c->hi) {
			g->changes[i].topics |= c->topics;
			return;
		}
	}
	if (g->change_count < CHANGES_MOST)
		g->changes[g->change_count++] = *c;
	else
		squeeze(g, c);
	arrange(g);
}

static void
put_change(struct gateway *g, const struct change *c, struct buf *b)
{
	int topic;

	for (topic = 0; topic < CATALOGUE_TOPICS_MAX; topic++) {
		if (c->topics >> topic & 1)
			buf_addf(b, "\n%s %" PRId64 " %" PRId64,
			    catalogue_topic_name(g->options.catalogue, topic),
			    c->lo, c->hi);
	}
}

void
notify_on_timer(void *arg)
{
	struct gateway *g = arg;
	struct buf b = {0};

	g->notified = loop_now();
	if (!g->change_count)
		return;
	buf_add_str(&b, g->origin);
	while (g->change_count && b.len < PAYLOAD_MOST / 2)
		put_change(g, &g->changes[--g->change_count], &b);
	send(g, &b);
	buf_clear(&b);
	if (g->change_count)
		arrange(g);
}

static void
hear_line(struct gateway *g, const char *line)
{
	struct change c;
	char word[64];
	int topic;

	if (sscanf(line, "%63s %" SCNd64 " %" SCNd64, word, &c.lo, &c.hi) != 3)
		return;
	topic = catalogue_topic(g->options.catalogue, word);
	if (topic < 0)
		return;
	c.topics = UINT64_C(1) << topic;
	watch_changed(g, &c);
	login_changed(g, c.topics);
	if (g->options.on_changed)
		g->options.on_changed(c.topics, c.lo, c.hi, g->options.arg);
}

void
notify_heard(struct gateway *g, const char *payload)
{
	const char *line;

	if (strncmp(payload, g->origin, strlen(g->origin)) == 0)
		return;
	g->counters.notifies_heard++;
	for (line = strchr(payload, '\n'); line; line = strchr(line, '\n'))
		hear_line(g, ++line);
}
