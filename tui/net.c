/* The connection, and the screens kept for a start without one. */
#include "tui/net.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/keyfile.h"
#include "common/loop.h"
#include "common/mem.h"
#include "common/secret.h"

#define BUNDLE_MAX (4 << 20)

struct net {
	struct loop *loop;
	struct app *app;
	struct client *client;
	struct loop_timer *retry;
	struct net_options options;
	int attempts;
	bool has_hash;
	uint8_t hash[32];
	struct err err;
};

static const struct client_events net_events;

static void
net_dial(struct net *n)
{
	struct client_hello hello = {
	    .version = FB_VERSION,
	    .lang = lang_name(n->app->lang),
	    .widget_level = 1,
	    .screens_hash = n->has_hash ? n->hash : NULL,
	    .secret = n->options.secret,
	    .device_name = n->options.device,
	};

	client_free(n->client);
	n->client = client_new(n->loop, keyfile_address(n->options.key),
	    keyfile_server_key(n->options.key), n->options.key, &hello,
	    &net_events, n);
}

static void
on_retry(void *arg)
{
	net_dial(arg);
}

static void
on_welcome(const struct client_welcome *w, void *arg)
{
	struct net *n = arg;

	n->attempts = 0;
	n->err.code = ERR_NONE;
	app_on_welcome(n->app, w);
}

static void
bundle_keep(const struct net *n, const uint8_t *data, size_t len)
{
	uint8_t key[32];
	struct buf out = {0};
	char *fresh;
	FILE *f;

	if (!n->options.cache)
		return;
	fresh = xasprintf("%s.new", n->options.cache);
	keyfile_derive(n->options.key, "screens", key);
	buf_add(&out, n->hash, sizeof(n->hash));
	secret_seal(key, "screens", data, len, &out);
	f = fopen(fresh, "we");
	if (f) {
		bool good = fwrite(out.data, 1, out.len, f) == out.len;

		if (fclose(f) == 0 && good)
			rename(fresh, n->options.cache);
	}
	secret_wipe(key, sizeof(key));
	buf_clear(&out);
	free(fresh);
}

static void
bundle_recall(struct net *n)
{
	uint8_t key[32];
	struct buf file = {0}, plain = {0};
	struct bundle *b = NULL;
	FILE *f = n->options.cache ? fopen(n->options.cache, "re") : NULL;

	if (!f)
		return;
	file.len = fread(buf_reserve(&file, BUNDLE_MAX), 1, BUNDLE_MAX, f);
	fclose(f);
	keyfile_derive(n->options.key, "screens", key);
	if (file.len > sizeof(n->hash) &&
	    secret_open(key, "screens", file.data + sizeof(n->hash),
		file.len - sizeof(n->hash), &plain) == 0)
		b = bundle_read(plain.data, plain.len, NULL);
	if (b) {
		memcpy(n->hash, file.data, sizeof(n->hash));
		n->has_hash = true;
		app_set_bundle(n->app, b);
	}
	secret_wipe(key, sizeof(key));
	buf_clear(&file);
	buf_clear(&plain);
}

static void
on_screens(const uint8_t *hash, size_t hash_len, const uint8_t *data,
    size_t len, void *arg)
{
	struct net *n = arg;
	struct err e;
	struct bundle *b = bundle_read(data, len, &e);

	if (!b) {
		app_on_notice(n->app, e.text);
		return;
	}
	if (hash_len == sizeof(n->hash)) {
		memcpy(n->hash, hash, hash_len);
		n->has_hash = true;
		bundle_keep(n, data, len);
	}
	app_set_bundle(n->app, b);
}

static void
on_stale(uint32_t id, void *arg)
{
	app_on_stale(((struct net *)arg)->app, id);
}

static void
on_notice(const char *kind, const char *text, void *arg)
{
	(void)kind;
	app_on_notice(((struct net *)arg)->app, text);
}

static void
on_closed(const struct err *e, void *arg)
{
	struct net *n = arg;
	uint32_t random;
	uint64_t wait = 1000000;

	if (e)
		n->err = *e;
	else
		n->err.code = ERR_UNAVAILABLE;
	app_on_closed(n->app, e);
	if (e && e->code == ERR_REVOKED) {
		if (n->options.cache)
			remove(n->options.cache);
		return;
	}
	/* Who took our place would be driven out in turn: people choose. */
	if (n->options.once || (e && e->code == ERR_REPLACED))
		return;
	for (int i = 0; i < n->attempts && wait < 30000000; i++)
		wait *= 2;
	if (wait > 30000000)
		wait = 30000000;
	n->attempts++;
	secret_random(&random, sizeof(random));
	loop_timer_set(n->retry, wait / 2 + random % (wait / 2));
}

static const struct client_events net_events = {
    .on_welcome = on_welcome,
    .on_screens = on_screens,
    .on_stale = on_stale,
    .on_notice = on_notice,
    .on_closed = on_closed,
};

struct net *
net_new(struct loop *l, struct app *a)
{
	struct net *n = xcalloc(1, sizeof(*n));

	n->loop = l;
	n->app = a;
	n->retry = loop_timer_new(l, on_retry, n);
	return n;
}

void
net_free(struct net *n)
{
	if (!n)
		return;
	client_free(n->client);
	loop_timer_cancel(n->retry);
	free(n);
}

void
net_connect(struct net *n, const struct net_options *o)
{
	n->options = *o;
	bundle_recall(n);
	net_dial(n);
}

const struct err *
net_error(const struct net *n)
{
	return &n->err;
}

static bool
port_ready(void *arg)
{
	struct net *n = arg;

	return n->client && client_is_ready(n->client);
}

static uint32_t
port_ask(void *arg, uint32_t id, const char *statement, const struct buf *args,
    const struct buf *options, const struct client_reply *reply,
    void *reply_arg)
{
	return client_ask(((struct net *)arg)->client, id, statement, args,
	    options, reply, reply_arg);
}

static uint32_t
port_write(void *arg, const char *statement, const struct buf *args,
    const uint8_t request_id[REQUEST_ID_LEN], const struct client_reply *reply,
    void *reply_arg)
{
	return client_write(((struct net *)arg)->client, statement, args,
	    request_id, reply, reply_arg);
}

static void
port_unwatch(void *arg, uint32_t id)
{
	if (port_ready(arg))
		client_unwatch(((struct net *)arg)->client, id);
}

static void
port_cancel(void *arg, uint32_t id)
{
	struct net *n = arg;

	if (n->client)
		client_cancel(n->client, id);
}

struct port
net_port(struct net *n)
{
	return (struct port){
	    .is_ready = port_ready,
	    .ask = port_ask,
	    .write = port_write,
	    .unwatch = port_unwatch,
	    .cancel = port_cancel,
	    .arg = n,
	};
}
