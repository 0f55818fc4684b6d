/*
 * The connection: made, kept, made again after 1 to 30 s with jitter.  It is
 * the app's port to the daemon.
 */
#ifndef TUI_NET_H
#define TUI_NET_H

#include "tui/app.h"

struct loop;
struct keyfile;
struct net;

struct net_options {
	const struct keyfile *key;
	const uint8_t *secret; /* 16 bytes of an invite, or NULL */
	const char *device;
	const char *cache; /* file of the screens, or NULL */
	bool once;	   /* do not come back: --dump and join */
};

/* The key is borrowed; the app is told everything and must outlive the net.
 * net_port() may be used for app_init before net_connect(). */
struct net *net_new(struct loop *l, struct app *a);
void net_free(struct net *n);
struct port net_port(struct net *n);
void net_connect(struct net *n, const struct net_options *o);
/* Why the connection last ended; code ERR_NONE: it has not. */
const struct err *net_error(const struct net *n);

#endif
