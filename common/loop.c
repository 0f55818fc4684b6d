/* Glue over libevent's loop. */
#include "common/loop.h"

#include <event2/event.h>
#include <stdlib.h>
#include <time.h>

#include "common/log.h"
#include "common/mem.h"

struct loop {
	struct event_base *base;
};

struct loop_fd {
	struct event *ev;
	struct event_base *base;
	int fd;
	void (*on_ready)(unsigned, void *);
	void *arg;
};

struct loop_timer {
	struct event *ev;
	void (*on_time)(void *);
	void *arg;
};

struct loop_signal {
	struct event *ev;
	void (*on_signal)(int, void *);
	void *arg;
};

struct loop *
loop_new(void)
{
	struct event_config *config = event_config_new();
	struct loop *l = xcalloc(1, sizeof(*l));

	/* Milliseconds are too coarse for a benchmark and for a key press. */
	if (config)
		event_config_set_flag(config, EVENT_BASE_FLAG_PRECISE_TIMER);
	l->base = config ? event_base_new_with_config(config) : NULL;
	if (!l->base)
		fatalx("cannot create the event loop");
	event_config_free(config);
	return l;
}

void
loop_free(struct loop *l)
{
	if (!l)
		return;
	event_base_free(l->base);
	free(l);
}

void
loop_run(struct loop *l)
{
	event_base_loop(l->base, EVLOOP_NO_EXIT_ON_EMPTY);
}

void
loop_stop(struct loop *l)
{
	event_base_loopbreak(l->base);
}

void
loop_turn(struct loop *l, bool wait)
{
	event_base_loop(l->base, EVLOOP_ONCE | (wait ? 0 : EVLOOP_NONBLOCK));
}

static int64_t
clock_microseconds(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

uint64_t
loop_now(void)
{
	return (uint64_t)clock_microseconds(CLOCK_MONOTONIC);
}

int64_t
loop_wallclock(void)
{
	return clock_microseconds(CLOCK_REALTIME);
}

static void
on_fd(evutil_socket_t fd, short what, void *arg)
{
	struct loop_fd *h = arg;

	(void)fd;
	h->on_ready((what & EV_READ ? LOOP_READ : 0u) |
			(what & EV_WRITE ? LOOP_WRITE : 0u),
	    h->arg);
}

static void
fd_arm(struct loop_fd *h, unsigned what)
{
	short ev = EV_PERSIST;

	if (what & LOOP_READ)
		ev |= EV_READ;
	if (what & LOOP_WRITE)
		ev |= EV_WRITE;
	event_assign(h->ev, h->base, h->fd, ev, on_fd, h);
	if (what && event_add(h->ev, NULL) != 0)
		fatalx("cannot watch descriptor %d", h->fd);
}

struct loop_fd *
loop_fd_start(struct loop *l, int fd, unsigned what,
    void (*on_ready)(unsigned, void *), void *arg)
{
	struct loop_fd *h = xcalloc(1, sizeof(*h));

	h->base = l->base;
	h->fd = fd;
	h->on_ready = on_ready;
	h->arg = arg;
	h->ev = event_new(l->base, fd, EV_PERSIST, on_fd, h);
	if (!h->ev)
		fatalx("cannot watch descriptor %d", fd);
	fd_arm(h, what);
	return h;
}

void
loop_fd_change(struct loop_fd *h, unsigned what)
{
	event_del(h->ev);
	fd_arm(h, what);
}

void
loop_fd_cancel(struct loop_fd *h)
{
	if (!h)
		return;
	event_free(h->ev);
	free(h);
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct loop_timer *h = arg;

	(void)fd;
	(void)what;
	h->on_time(h->arg);
}

struct loop_timer *
loop_timer_new(struct loop *l, void (*on_time)(void *), void *arg)
{
	struct loop_timer *h = xcalloc(1, sizeof(*h));

	h->on_time = on_time;
	h->arg = arg;
	h->ev = event_new(l->base, -1, 0, on_timer, h);
	if (!h->ev)
		fatalx("cannot make a timer");
	return h;
}

void
loop_timer_set(struct loop_timer *h, uint64_t microseconds)
{
	struct timeval tv = {
	    .tv_sec = (time_t)(microseconds / 1000000),
	    .tv_usec = (suseconds_t)(microseconds % 1000000),
	};

	event_add(h->ev, &tv);
}

void
loop_timer_stop(struct loop_timer *h)
{
	event_del(h->ev);
}

bool
loop_timer_is_set(const struct loop_timer *h)
{
	return event_pending(h->ev, EV_TIMEOUT, NULL) != 0;
}

void
loop_timer_cancel(struct loop_timer *h)
{
	if (!h)
		return;
	event_free(h->ev);
	free(h);
}

void
loop_timer_soon(struct loop_timer *h)
{
	event_active(h->ev, EV_TIMEOUT, 0);
}

static void
on_event_signal(evutil_socket_t signo, short what, void *arg)
{
	struct loop_signal *h = arg;

	(void)what;
	h->on_signal((int)signo, h->arg);
}

struct loop_signal *
loop_signal_start(
    struct loop *l, int signo, void (*on_signal)(int, void *), void *arg)
{
	struct loop_signal *h = xcalloc(1, sizeof(*h));

	h->on_signal = on_signal;
	h->arg = arg;
	h->ev = evsignal_new(l->base, signo, on_event_signal, h);
	if (!h->ev || event_add(h->ev, NULL) != 0)
		fatalx("cannot watch signal %d", signo);
	return h;
}

void
loop_signal_cancel(struct loop_signal *h)
{
	if (!h)
		return;
	event_free(h->ev);
	free(h);
}

struct event_base *
loop_base(struct loop *l)
{
	return l->base;
}
