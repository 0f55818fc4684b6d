/*
 * ctl_session KEYFILE [ADDRESS]: a terminal that does nothing.  Prints
 * "welcome PERSON" when it is let in and "closed CODE" when it is over, and
 * ends with that; ADDRESS goes before the one that the key was joined at.
 */
#include <stdio.h>
#include <string.h>

#include "common/client.h"
#include "common/keyfile.h"
#include "common/log.h"
#include "common/loop.h"

static void
on_welcome(const struct client_welcome *w, void *arg)
{
	(void)arg;
	printf("welcome %s\n", w->person);
}

static void
on_closed(const struct err *e, void *arg)
{
	printf("closed %s\n", e->name);
	loop_stop(arg);
}

int
main(int argc, char **argv)
{
	static const struct client_events events = {
	    .on_welcome = on_welcome, .on_closed = on_closed};
	struct client_hello hello = {
	    .version = "test", .lang = "en", .device_name = "test"};
	struct loop *loop = loop_new();
	struct client *client;
	struct keyfile *key;
	struct err e;

	if (argc < 2 || argc > 3)
		fatalx("usage: ctl_session KEYFILE [ADDRESS]");
	key = keyfile_load(argv[1], NULL, &e);
	if (!key)
		fatalx("%s", e.text);
	setvbuf(stdout, NULL, _IOLBF, 0);
	client = client_new(loop, argc > 2 ? argv[2] : keyfile_address(key),
	    keyfile_server_key(key), key, &hello, &events, loop);
	loop_run(loop);
	client_free(client);
	keyfile_free(key);
	loop_free(loop);
	return 0;
}
