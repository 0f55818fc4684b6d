/* A link that misbehaves. */
#include "tests/harness/proxy.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/log.h"
#include "common/loop.h"
#include "common/mem.h"

struct link;

/* One direction of a link: what was read here waits in `held`. */
struct side {
	struct link *link;
	struct side *other;
	struct loop_fd *watch;
	struct buf held; /* to be written to the other side */
	int fd;
};

struct link {
	struct proxy *proxy;
	struct side side[2];
	bool repeat;
	LIST_ENTRY(link) entry;
};

struct proxy {
	struct loop *loop;
	struct loop_fd *watch;
	int fd;
	char *to;
	bool stalled;
	LIST_HEAD(, link) links;
};

static int
unix_socket(const char *path, struct sockaddr_un *address)
{
	*address = (struct sockaddr_un){.sun_family = AF_UNIX};
	if (strlen(path) >= sizeof(address->sun_path))
		fatalx("path too long: %s", path);
	memcpy(address->sun_path, path, strlen(path) + 1);
	return socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

static void
link_free(struct link *k)
{
	for (int i = 0; i < 2; i++) {
		loop_fd_cancel(k->side[i].watch);
		close(k->side[i].fd);
		buf_clear(&k->side[i].held);
	}
	LIST_REMOVE(k, entry);
	free(k);
}

static void
side_watch(struct side *s)
{
	unsigned what = s->held.len < 1u << 20 ? LOOP_READ : 0;

	if (s->link->proxy->stalled)
		what = 0;
	else if (s->other->held.len)
		what |= LOOP_WRITE;
	loop_fd_change(s->watch, what);
}

/* False when the link is over. */
static bool
side_read(struct side *s)
{
	char piece[16384];
	ssize_t n = read(s->fd, piece, sizeof(piece));

	if (n <= 0)
		return n < 0 && errno == EAGAIN;
	buf_add(&s->held, piece, (size_t)n);
	if (s->link->repeat)
		buf_add(&s->held, piece, (size_t)n);
	s->link->repeat = false;
	return true;
}

static bool
side_write(struct side *s)
{
	struct buf *held = &s->other->held;
	ssize_t n;

	if (held->len == 0)
		return true;
	n = send(s->fd, held->data, held->len, MSG_NOSIGNAL);
	if (n < 0)
		return errno == EAGAIN;
	memmove(held->data, held->data + n, held->len - (size_t)n);
	held->len -= (size_t)n;
	return true;
}

static void
on_side(unsigned what, void *arg)
{
	struct side *s = arg;
	struct link *k = s->link;

	if (((what & LOOP_READ) && !side_read(s)) ||
	    ((what & LOOP_WRITE) && !side_write(s))) {
		link_free(k);
		return;
	}
	side_watch(&k->side[0]);
	side_watch(&k->side[1]);
}

static void
on_accept(unsigned what, void *arg)
{
	struct proxy *p = arg;
	struct sockaddr_un address;
	struct link *k;
	int fd = accept4(p->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	int to;

	(void)what;
	if (fd < 0)
		return;
	to = unix_socket(p->to, &address);
	if (connect(to, (struct sockaddr *)&address, sizeof(address)) != 0) {
		/* The daemon is away: the client sees a closed connection. */
		close(to);
		close(fd);
		return;
	}
	k = xcalloc(1, sizeof(*k));
	k->proxy = p;
	k->side[0].fd = fd;
	k->side[1].fd = to;
	LIST_INSERT_HEAD(&p->links, k, entry);
	for (int i = 0; i < 2; i++) {
		k->side[i].link = k;
		k->side[i].other = &k->side[1 - i];
		k->side[i].watch = loop_fd_start(p->loop, k->side[i].fd,
		    p->stalled ? 0 : LOOP_READ, on_side, &k->side[i]);
	}
}

struct proxy *
proxy_new(struct loop *l, const char *from, const char *to)
{
	struct proxy *p = xcalloc(1, sizeof(*p));
	struct sockaddr_un address;

	p->loop = l;
	p->to = xstrdup(to);
	LIST_INIT(&p->links);
	unlink(from);
	p->fd = unix_socket(from, &address);
	if (bind(p->fd, (struct sockaddr *)&address, sizeof(address)) != 0 ||
	    listen(p->fd, 128) != 0)
		fatal("%s", from);
	p->watch = loop_fd_start(l, p->fd, LOOP_READ, on_accept, p);
	return p;
}

void
proxy_free(struct proxy *p)
{
	proxy_cut(p);
	loop_fd_cancel(p->watch);
	close(p->fd);
	free(p->to);
	free(p);
}

void
proxy_cut(struct proxy *p)
{
	while (!LIST_EMPTY(&p->links))
		link_free(LIST_FIRST(&p->links));
}

static void
links_watch(struct proxy *p)
{
	struct link *k;

	LIST_FOREACH (k, &p->links, entry) {
		side_watch(&k->side[0]);
		side_watch(&k->side[1]);
	}
}

void
proxy_stall(struct proxy *p)
{
	p->stalled = true;
	links_watch(p);
}

void
proxy_flow(struct proxy *p)
{
	p->stalled = false;
	links_watch(p);
}

void
proxy_repeat(struct proxy *p)
{
	struct link *k;

	LIST_FOREACH (k, &p->links, entry)
		k->repeat = true;
}
