/* One terminal: its state, its frames, its end. */
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/loop.h"
#include "common/mem.h"
#include "server/gateway/impl.h"
#include "server/screens/screens.h"

static const struct state_def {
	const char *name;
	unsigned next; /* bits of the states that may follow */
} state_table[SESSION_STATES] = {
    [SESSION_HANDSHAKE] = {"handshake",
	1u << SESSION_LOGIN | 1u << SESSION_CLOSING | 1u << SESSION_DEAD},
    [SESSION_LOGIN] = {"login",
	1u << SESSION_OPEN | 1u << SESSION_CLOSING | 1u << SESSION_DEAD},
    [SESSION_OPEN] = {"open", 1u << SESSION_CLOSING | 1u << SESSION_DEAD},
    [SESSION_CLOSING] = {"closing", 1u << SESSION_DEAD},
    [SESSION_DEAD] = {"dead", 0},
};

static struct session_list *
home_of(struct session *s)
{
	switch (s->state) {
	case SESSION_HANDSHAKE:
	case SESSION_LOGIN:
		return &s->gateway->strangers;
	case SESSION_DEAD:
		return &s->gateway->dying;
	default:
		return &s->gateway->members;
	}
}

static void
count_home(struct session *s, int by)
{
	struct gateway_counters *c = &s->gateway->counters;

	if (home_of(s) == &s->gateway->strangers)
		c->handshakes += (uint64_t)by;
	else if (home_of(s) == &s->gateway->members)
		c->sessions += (uint64_t)by;
}

void
session_set_state(struct session *s, enum session_state state)
{
	if (!(state_table[s->state].next & 1u << state))
		fatalx("session: %s cannot follow %s", state_table[state].name,
		    state_table[s->state].name);
	log_debug("session %p: %s, was %s", (void *)s, state_table[state].name,
	    state_table[s->state].name);
	TAILQ_REMOVE(home_of(s), s, link);
	count_home(s, -1);
	s->state = state;
	TAILQ_INSERT_TAIL(home_of(s), s, link);
	count_home(s, 1);
}

const char *
session_lang(const struct session *s)
{
	return s->zh ? "zh" : "en";
}

const char *
session_role_name(const struct session *s)
{
	const char *const *names = catalogue_roles();
	int i;

	for (i = 0; names[i]; i++) {
		if (s->role == 1u << i)
			return names[i];
	}
	return "";
}

/* Whatever the session had under way is forgotten. */
static void
drop_work(struct session *s)
{
	login_cancel(s);
	request_drop_all(s);
	watch_drop_all(s);
	if (s->is_stale)
		TAILQ_REMOVE(&s->gateway->stale, s, stale_link);
	s->is_stale = false;
	if (s->device)
		LIST_REMOVE(s, device_link);
	s->device = 0;
}

static void
die(struct session *s)
{
	if (s->state == SESSION_DEAD)
		return;
	drop_work(s);
	channel_free(s->channel);
	s->channel = NULL;
	session_set_state(s, SESSION_DEAD);
	loop_timer_soon(s->gateway->reaper);
}

void
session_kill(struct session *s, const char *why)
{
	char peer[80];

	if (s->state == SESSION_DEAD)
		return;
	channel_peer(s->channel, peer, sizeof(peer));
	log_info("%s: closed: %s", peer, why);
	die(s);
}

void
session_bye(struct session *s, enum err_code code)
{
	struct err e;

	if (s->state == SESSION_CLOSING || s->state == SESSION_DEAD)
		return;
	err_set(&e, code, "%s", err_code_text(code, session_lang(s)));
	drop_work(s);
	if (s->state == SESSION_OPEN)
		channel_send_bye(s->channel, &e);
	session_set_state(s, SESSION_CLOSING);
	channel_finish(s->channel);
}

void
session_reap(struct gateway *g)
{
	struct session *s;

	while ((s = TAILQ_FIRST(&g->dying))) {
		TAILQ_REMOVE(&g->dying, s, link);
		free(s);
	}
}

void
session_send_screens(struct session *s)
{
	const struct screens *screens = s->gateway->options.screens;
	const struct screens_bundle *bundle;
	struct buf *b;

	bundle =
	    screens ? screens_bundle_for(screens, session_role_name(s)) : NULL;
	if (!bundle)
		return;
	b = channel_begin(s->channel, FRAME_SCREENS, 0);
	buf_add_byte(b, 0x82); /* array of 2 */
	buf_add_byte(b, 0x58); /* 32 bytes */
	buf_add_byte(b, sizeof(bundle->hash));
	buf_add(b, bundle->hash, sizeof(bundle->hash));
	buf_add(b, bundle->data, bundle->len);
	channel_end(s->channel);
}

static void
on_hello(const uint8_t key[32], const uint8_t *hello, size_t len, void *arg)
{
	struct session *s = arg;

	session_set_state(s, SESSION_LOGIN);
	login_start(s, key, hello, len);
}

static void
on_frame(enum frame_type type, uint32_t id, const uint8_t *body, size_t len,
    void *arg)
{
	struct session *s = arg;

	if (s->state != SESSION_OPEN)
		return;
	s->pinged = 0;
	switch (type) {
	case FRAME_ASK:
	case FRAME_WRITE:
		request_start(s, type, id, body, len);
		break;
	case FRAME_UNWATCH:
		watch_cancel(s, id);
		break;
	case FRAME_CANCEL:
		request_cancel(s, id);
		break;
	case FRAME_PONG:
		break;
	default:
		session_bye(s, ERR_BAD_REQUEST);
	}
}

static void
on_closed(const struct err *e, void *arg)
{
	struct session *s = arg;
	char peer[80];

	channel_peer(s->channel, peer, sizeof(peer));
	if (e && s->state != SESSION_CLOSING)
		log_debug("%s: closed: %s", peer, e->text);
	die(s);
}

/* A stranger too many costs the oldest stranger its place. */
static void
make_room(struct gateway *g)
{
	struct session *oldest = TAILQ_FIRST(&g->strangers);

	if (g->counters.handshakes >= (uint64_t)g->limits.handshakes && oldest)
		session_kill(oldest, "too many handshakes at once");
}

void
session_new(struct gateway *g, int fd)
{
	static const struct channel_events events = {
	    .on_hello = on_hello, .on_frame = on_frame, .on_closed = on_closed};
	struct session *s = xcalloc(1, sizeof(*s));

	make_room(g);
	s->gateway = g;
	TAILQ_INIT(&s->requests);
	LIST_INIT(&s->watches);
	TAILQ_INSERT_TAIL(&g->strangers, s, link);
	g->counters.handshakes++;
	s->channel =
	    channel_serve(g->loop, fd, &g->channel_options, &events, s);
}
