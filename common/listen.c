/* Listening sockets, the other end of common/stream.h. */
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/address.h"
#include "common/log.h"
#include "common/loop.h"
#include "common/mem.h"
#include "common/stream.h"

#define BACKLOG 1024
#define ACCEPTS_PER_TURN 64   /* the sessions there are must get a turn too */
#define NO_FD_PAUSE_US 200000 /* out of descriptors: wait, do not spin */

struct stream_listener {
	int fds[8]; /* one per address of the name */
	size_t count;
	struct loop_fd *handles[8];
	struct loop_timer *pause;
	char *path; /* of a unix socket, to be removed */
	void (*on_accept)(int, void *);
	void *arg;
};

static void
on_pause_over(void *arg)
{
	struct stream_listener *h = arg;

	for (size_t i = 0; i < h->count; i++)
		loop_fd_change(h->handles[i], LOOP_READ);
}

static void
pause_accepting(struct stream_listener *h)
{
	log_warn("cannot accept connections: %s", strerror(errno));
	for (size_t i = 0; i < h->count; i++)
		loop_fd_change(h->handles[i], 0);
	loop_timer_set(h->pause, NO_FD_PAUSE_US);
}

static void
on_fd(int listening, struct stream_listener *h)
{
	int fd;

	for (int i = 0; i < ACCEPTS_PER_TURN; i++) {
		fd = accept4(
		    listening, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd >= 0) {
			h->on_accept(fd, h->arg);
			continue;
		}
		if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS ||
		    errno == ENOMEM)
			pause_accepting(h);
		if (errno != ECONNABORTED && errno != EINTR)
			return;
	}
}

static void
on_ready(unsigned what, void *arg)
{
	struct stream_listener *h = arg;

	(void)what;
	/* Which one is ready costs a look at each; there are one or two. */
	for (size_t i = 0; i < h->count; i++)
		on_fd(h->fds[i], h);
}

/* A socket file that nobody listens on any more is in the way. */
static void
remove_stale(const struct address *a)
{
	const struct sockaddr_un *un = (const struct sockaddr_un *)&a->addr;
	struct stat st;
	int fd;

	if (lstat(un->sun_path, &st) != 0 || !S_ISSOCK(st.st_mode))
		return;
	fd = address_socket(a);
	if (fd < 0)
		return;
	if (connect(fd, (const struct sockaddr *)&a->addr, a->len) != 0 &&
	    errno == ECONNREFUSED)
		unlink(un->sun_path);
	close(fd);
}

static int
listen_on(const struct address *a)
{
	int family = a->addr.ss_family;
	int fd = address_socket(a), on = 1, error;

	if (fd < 0)
		return -1;
	if (family == AF_UNIX)
		remove_stale(a);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	if (bind(fd, (const struct sockaddr *)&a->addr, a->len) == 0 &&
	    listen(fd, BACKLOG) == 0)
		return fd;
	error = errno;
	close(fd);
	errno = error;
	return -1;
}

/* Listens on all that work; one is enough. */
static int
listen_on_all(struct stream_listener *h, const struct address *a, size_t count)
{
	int error = 0;

	for (size_t i = 0; i < count && h->count < COUNT_OF(h->fds); i++) {
		h->fds[h->count] = listen_on(&a[i]);
		if (h->fds[h->count] >= 0)
			h->count++;
		else
			error = errno;
	}
	errno = error;
	return h->count > 0 ? 0 : -1;
}

struct stream_listener *
stream_listen(struct loop *l, const char *address,
    void (*on_accept)(int, void *), void *arg, struct err *e)
{
	struct stream_listener *h;
	struct address *addrs;
	size_t count;

	addrs = address_resolve(address, true, &count, e);
	if (!addrs)
		return NULL;
	h = xcalloc(1, sizeof(*h));
	if (listen_on_all(h, addrs, count) != 0) {
		err_errno(e, "cannot listen on %s", address);
		goto free_listener;
	}
	h->on_accept = on_accept;
	h->arg = arg;
	if (addrs[0].addr.ss_family == AF_UNIX)
		h->path = xstrdup(strchr(address, ':') + 1);
	for (size_t i = 0; i < h->count; i++)
		h->handles[i] =
		    loop_fd_start(l, h->fds[i], LOOP_READ, on_ready, h);
	h->pause = loop_timer_new(l, on_pause_over, h);
	free(addrs);
	return h;
free_listener:
	free(h);
	free(addrs);
	return NULL;
}

int
stream_listener_port(const struct stream_listener *h)
{
	struct sockaddr_storage a = {0};
	socklen_t len = sizeof(a);

	if (getsockname(h->fds[0], (struct sockaddr *)&a, &len) != 0)
		return 0;
	if (a.ss_family == AF_INET)
		return ntohs(((struct sockaddr_in *)&a)->sin_port);
	if (a.ss_family == AF_INET6)
		return ntohs(((struct sockaddr_in6 *)&a)->sin6_port);
	return 0;
}

void
stream_listener_cancel(struct stream_listener *h)
{
	if (!h)
		return;
	for (size_t i = 0; i < h->count; i++) {
		loop_fd_cancel(h->handles[i]);
		close(h->fds[i]);
	}
	loop_timer_cancel(h->pause);
	if (h->path)
		unlink(h->path);
	free(h->path);
	free(h);
}
