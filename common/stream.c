/*
 * Bytes over a socket: libevent's events and evbuffers.  Reading goes through
 * one scratch area for the whole process, so that a stream with nothing under
 * way owns no memory but itself.
 */
#include "common/stream.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "common/address.h"
#include "common/buf.h"
#include "common/log.h"
#include "common/loop.h"
#include "common/mem.h"

#define LINGER_US 5000000 /* for the peer's end after ours */
#define RETRY_US 5000	  /* a unix socket whose backlog is full */
#define VECTORS 16

static uint8_t scratch[65536];

enum stream_state {
	STREAM_CONNECTING,
	STREAM_OPEN,
	STREAM_FINISHING, /* no on_data any more, output still leaves */
	STREAM_CLOSED	  /* on_closed was called */
};

struct stream {
	struct loop *loop;
	const struct stream_events *events;
	void *arg;
	int fd; /* -1 between two attempts and once closed */
	enum stream_state state;
	bool paused;
	bool resumed; /* on_data is owed though nothing new came */
	bool blocked; /* the kernel takes no more; write_ev is armed */
	bool busy;    /* inside a callback: stream_free must wait */
	bool dead;    /* freed while busy */
	bool shut;    /* our direction is ended */
	struct event read_ev, write_ev, soon_ev;
	struct evbuffer *out;  /* NULL while empty */
	struct buf in;	       /* what on_data left */
	struct address *addrs; /* while connecting */
	size_t addr_at, addr_count;
	struct loop_timer *timer; /* retry of connect, linger of finish */
	struct err *failure;	  /* to be told at the next chance */
	uint64_t progress;	  /* loop_now() when output last moved */
};

static void
drop_fd(struct stream *s)
{
	if (s->fd < 0)
		return;
	event_del(&s->read_ev);
	event_del(&s->write_ev);
	close(s->fd);
	s->fd = -1;
	s->blocked = false;
}

static void
destroy(struct stream *s)
{
	drop_fd(s);
	event_del(&s->soon_ev);
	loop_timer_cancel(s->timer);
	if (s->out)
		evbuffer_free(s->out);
	buf_clear(&s->in);
	free(s->addrs);
	free(s->failure);
	free(s);
}

void
stream_free(struct stream *s)
{
	if (!s)
		return;
	if (!s->busy) {
		destroy(s);
		return;
	}
	s->dead = true;
	s->state = STREAM_CLOSED;
	drop_fd(s);
}

/* After a callback: true if the owner freed the stream in it. */
static bool
is_gone(struct stream *s)
{
	bool dead = s->dead;

	s->busy = false;
	if (dead)
		destroy(s);
	return dead;
}

static void
close_with(struct stream *s, const struct err *e)
{
	s->state = STREAM_CLOSED;
	drop_fd(s);
	loop_timer_cancel(s->timer);
	s->timer = NULL;
	s->busy = true;
	s->events->on_closed(e, s->arg);
	is_gone(s);
}

/* A failed read or write; a reset after our end is as good as an end. */
static void
close_errno(struct stream *s, const char *what)
{
	struct err e;

	if (s->shut) {
		close_with(s, NULL);
		return;
	}
	err_errno(&e, "%s", what);
	e.code = ERR_UNAVAILABLE;
	close_with(s, &e);
}

/* Hands over what is there; the rest is kept. */
static void
deliver(struct stream *s, uint8_t *data, size_t len)
{
	size_t used;

	if (s->in.len > 0) {
		buf_add(&s->in, data, len);
		data = s->in.data;
		len = s->in.len;
	}
	s->busy = true;
	used = s->events->on_data(data, len, s->arg);
	if (is_gone(s))
		return;
	if (used >= len)
		buf_clear(&s->in);
	else if (data != s->in.data)
		buf_add(&s->in, data + used, len - used);
	else {
		memmove(data, data + used, len - used);
		s->in.len = len - used;
	}
}

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct stream *s = arg;
	ssize_t n = read(fd, scratch, sizeof(scratch));

	(void)what;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n < 0)
		close_errno(s, "the connection broke");
	else if (n == 0)
		close_with(s, NULL);
	else if (s->state == STREAM_OPEN)
		deliver(s, scratch, (size_t)n);
}

static void
on_linger(void *arg)
{
	close_with(arg, NULL);
}

static void
shut_down(struct stream *s)
{
	if (s->shut)
		return;
	s->shut = true;
	shutdown(s->fd, SHUT_WR);
	event_add(&s->read_ev, NULL);
	loop_timer_set(s->timer, LINGER_US);
}

/* One sendmsg of up to VECTORS pieces; -1 with errno. */
static ssize_t
send_some(struct stream *s)
{
	struct evbuffer_iovec pieces[VECTORS];
	struct iovec vec[VECTORS];
	struct msghdr msg = {.msg_iov = vec};
	int n = evbuffer_peek(s->out, -1, NULL, pieces, VECTORS);
	ssize_t sent;

	if (n > VECTORS)
		n = VECTORS;
	for (int i = 0; i < n; i++) {
		vec[i].iov_base = pieces[i].iov_base;
		vec[i].iov_len = pieces[i].iov_len;
	}
	msg.msg_iovlen = (size_t)n;
	sent = sendmsg(s->fd, &msg, MSG_NOSIGNAL);
	if (sent > 0) {
		evbuffer_drain(s->out, (size_t)sent);
		s->progress = loop_now();
	}
	return sent;
}

static void
block(struct stream *s)
{
	if (!s->blocked)
		event_add(&s->write_ev, NULL);
	s->blocked = true;
}

static void
drained(struct stream *s)
{
	bool was_blocked = s->blocked;

	if (s->out)
		evbuffer_free(s->out);
	s->out = NULL;
	s->blocked = false;
	if (was_blocked)
		event_del(&s->write_ev);
	if (s->state == STREAM_FINISHING) {
		shut_down(s);
		return;
	}
	if (!s->events->on_drained)
		return;
	s->busy = true;
	s->events->on_drained(s->arg);
	is_gone(s);
}

static void
send_all(struct stream *s)
{
	while (s->out && evbuffer_get_length(s->out) > 0) {
		if (send_some(s) > 0 || errno == EINTR)
			continue;
		if (errno != EAGAIN) {
			close_errno(s, "the connection broke");
			return;
		}
		block(s);
		return;
	}
	drained(s);
}

static void connect_next(struct stream *s, int error);

static void
connected(struct stream *s)
{
	s->state = STREAM_OPEN;
	free(s->addrs);
	s->addrs = NULL;
	s->blocked = false;
	event_del(&s->write_ev);
	if (!s->paused)
		event_add(&s->read_ev, NULL);
	s->busy = true;
	if (s->events->on_connected)
		s->events->on_connected(s->arg);
	if (!is_gone(s))
		stream_flush_soon(s);
}

static void
on_writable(evutil_socket_t fd, short what, void *arg)
{
	struct stream *s = arg;
	socklen_t len = sizeof(int);
	int error = 0;

	(void)what;
	if (s->state != STREAM_CONNECTING) {
		send_all(s);
		return;
	}
	getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len);
	if (error != 0)
		connect_next(s, error);
	else
		connected(s);
}

static void
on_soon(evutil_socket_t fd, short what, void *arg)
{
	struct stream *s = arg;

	(void)fd;
	(void)what;
	if (s->failure) {
		close_with(s, s->failure);
		return;
	}
	if (s->state == STREAM_CONNECTING || s->state == STREAM_CLOSED)
		return;
	if (s->resumed) {
		/* One thing at a time: the owner may be gone after it. */
		s->resumed = false;
		stream_flush_soon(s);
		deliver(s, scratch, 0);
		return;
	}
	s->busy = true;
	if (s->events->on_flush)
		s->events->on_flush(s->arg);
	if (is_gone(s) || s->blocked || s->state == STREAM_CLOSED)
		return;
	if (s->out || s->state == STREAM_FINISHING)
		send_all(s);
}

static struct stream *
new_stream(struct loop *l, const struct stream_events *events, void *arg)
{
	struct stream *s = xcalloc(1, sizeof(*s));

	s->loop = l;
	s->events = events;
	s->arg = arg;
	s->fd = -1;
	event_assign(&s->soon_ev, loop_base(l), -1, 0, on_soon, s);
	return s;
}

static void
set_fd(struct stream *s, int fd)
{
	struct event_base *base = loop_base(s->loop);
	int on = 1;

	s->fd = fd;
	/* Fails on a unix socket, which needs it not. */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	event_assign(
	    &s->read_ev, base, fd, EV_READ | EV_PERSIST, on_readable, s);
	event_assign(
	    &s->write_ev, base, fd, EV_WRITE | EV_PERSIST, on_writable, s);
}

struct stream *
stream_adopt(
    struct loop *l, int fd, const struct stream_events *events, void *arg)
{
	struct stream *s = new_stream(l, events, arg);

	evutil_make_socket_nonblocking(fd);
	set_fd(s, fd);
	s->state = STREAM_OPEN;
	event_add(&s->read_ev, NULL);
	return s;
}

static void
fail_soon(struct stream *s, const struct err *e)
{
	s->failure = xmalloc(sizeof(*e));
	*s->failure = *e;
	event_active(&s->soon_ev, EV_TIMEOUT, 0);
}

static void
on_retry(void *arg)
{
	connect_next(arg, 0);
}

/* Tries addresses until one is under way; `error`: why the last failed. */
static void
connect_next(struct stream *s, int error)
{
	const struct address *a;
	struct err e;

	for (;;) {
		drop_fd(s);
		if (s->addr_at == s->addr_count)
			break;
		a = &s->addrs[s->addr_at++];
		s->fd = address_socket(a);
		if (s->fd < 0) {
			error = errno;
			continue;
		}
		set_fd(s, s->fd);
		if (connect(s->fd, (const struct sockaddr *)&a->addr, a->len) ==
			0 ||
		    errno == EINPROGRESS) {
			block(s);
			return;
		}
		error = errno;
		if (error == EAGAIN) {
			s->addr_at--;
			drop_fd(s);
			if (!s->timer)
				s->timer = loop_timer_new(s->loop, on_retry, s);
			loop_timer_set(s->timer, RETRY_US);
			return;
		}
	}
	errno = error;
	err_errno(&e, "cannot connect");
	e.code = ERR_UNAVAILABLE;
	fail_soon(s, &e);
}

struct stream *
stream_connect(struct loop *l, const char *address,
    const struct stream_events *events, void *arg)
{
	struct stream *s = new_stream(l, events, arg);
	struct err e;

	s->state = STREAM_CONNECTING;
	s->addrs = address_resolve(address, false, &s->addr_count, &e);
	if (s->addrs)
		connect_next(s, 0);
	else
		fail_soon(s, &e);
	return s;
}

static struct evbuffer *
output(struct stream *s)
{
	if (!s->out) {
		s->out = evbuffer_new();
		if (!s->out)
			fatalx("out of memory: output of a connection");
		s->progress = loop_now();
	}
	return s->out;
}

void
stream_write(struct stream *s, const void *data, size_t n)
{
	memcpy(stream_reserve(s, n), data, n);
}

uint8_t *
stream_reserve(struct stream *s, size_t n)
{
	struct evbuffer *out = output(s);
	struct evbuffer_iovec room;

	if (evbuffer_reserve_space(out, (ev_ssize_t)n, &room, 1) < 1)
		fatalx("out of memory: %zu bytes of output", n);
	room.iov_len = n;
	/* Committed bytes stay where they are until the turn ends. */
	evbuffer_commit_space(out, &room, 1);
	stream_flush_soon(s);
	return room.iov_base;
}

void
stream_flush_soon(struct stream *s)
{
	event_active(&s->soon_ev, EV_TIMEOUT, 0);
}

size_t
stream_unsent(const struct stream *s)
{
	return s->out ? evbuffer_get_length(s->out) : 0;
}

uint64_t
stream_stalled(const struct stream *s)
{
	return s->blocked && s->out ? loop_now() - s->progress : 0;
}

void
stream_pause(struct stream *s)
{
	if (s->paused)
		return;
	s->paused = true;
	s->resumed = false;
	if (s->state == STREAM_OPEN)
		event_del(&s->read_ev);
}

void
stream_resume(struct stream *s)
{
	if (!s->paused)
		return;
	s->paused = false;
	if (s->state != STREAM_OPEN)
		return;
	event_add(&s->read_ev, NULL);
	s->resumed = true;
	stream_flush_soon(s);
}

void
stream_finish(struct stream *s)
{
	struct err e;

	if (s->state == STREAM_CONNECTING && !s->failure) {
		drop_fd(s);
		err_set(&e, ERR_UNAVAILABLE, "given up while connecting");
		fail_soon(s, &e);
	}
	if (s->state != STREAM_OPEN)
		return;
	s->state = STREAM_FINISHING;
	buf_clear(&s->in);
	loop_timer_cancel(s->timer);
	s->timer = loop_timer_new(s->loop, on_linger, s);
	loop_timer_set(s->timer, LINGER_US);
	stream_flush_soon(s);
}

void
stream_peer(const struct stream *s, char *out, size_t size)
{
	struct address a = {.len = sizeof(a.addr)};

	if (s->fd < 0 ||
	    getpeername(s->fd, (struct sockaddr *)&a.addr, &a.len) != 0)
		a.addr.ss_family = AF_UNSPEC;
	address_print(&a, out, size);
}
