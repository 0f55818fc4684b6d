/* A server's end of a channel, fed what a stranger might send. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/channel.h"
#include "common/keyfile.h"
#include "common/loop.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static bool closed;

static void
on_hello(const uint8_t key[32], const uint8_t *hello, size_t len, void *arg)
{
	(void)key;
	(void)hello;
	(void)len;
	(void)arg;
	abort(); /* nobody here holds a key */
}

static void
on_closed(const struct err *e, void *arg)
{
	(void)e;
	(void)arg;
	closed = true;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const struct channel_events events = {
	    .on_hello = on_hello, .on_closed = on_closed};
	static struct channel_options o = {.frame_max = 1 << 20};
	static struct keyfile *key;
	static struct loop *loop;
	struct channel *c;
	int fds[2];

	if (!key) {
		loop = loop_new();
		key = keyfile_generate();
		o.secret = keyfile_secret(key);
		o.public = keyfile_public(key);
	}
	if (len > 65536 || socketpair(AF_UNIX, SOCK_STREAM, 0, fds) != 0)
		return 0;
	closed = false;
	c = channel_serve(loop, fds[1], &o, &events, NULL);
	if (write(fds[0], data, len) != (ssize_t)len)
		abort();
	shutdown(fds[0], SHUT_WR);
	for (int i = 0; i < 16 && !closed; i++)
		loop_turn(loop, false);
	if (!closed)
		abort(); /* the end of the input must end the channel */
	channel_free(c);
	close(fds[0]);
	return 0;
}
