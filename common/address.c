/* Socket addresses as people write them. */
#include "common/address.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "common/mem.h"

#define UNIX_PREFIX "unix:"

static struct address *
resolve_unix(const char *path, size_t *count, struct err *e)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	struct address *a;
	size_t len = strlen(path);

	if (len == 0 || len >= sizeof(un.sun_path)) {
		err_set(e, ERR_BAD_ARGUMENT,
		    "the socket path \"%s\" must have 1 to %zu bytes", path,
		    sizeof(un.sun_path) - 1);
		return NULL;
	}
	memcpy(un.sun_path, path, len + 1);
	a = xcalloc(1, sizeof(*a));
	memcpy(&a->addr, &un, sizeof(un));
	a->len = sizeof(un);
	*count = 1;
	return a;
}

/* Splits "host:port" or "[host]:port" at the last colon. */
static int
split_port(const char *text, char **host, const char **port, struct err *e)
{
	const char *colon = strrchr(text, ':');
	const char *start = text, *end = colon;

	if (!colon || colon[1] == '\0')
		return err_set(e, ERR_BAD_ARGUMENT,
		    "\"%s\" is no address: host:port, [v6]:port or unix:/path",
		    text);
	if (*text == '[' && colon > text && colon[-1] == ']') {
		start++;
		end--;
	} else if (memchr(text, ':', (size_t)(colon - text))) {
		return err_set(e, ERR_BAD_ARGUMENT,
		    "\"%s\" needs brackets: [v6]:port", text);
	}
	*host = xstrndup(start, (size_t)(end - start));
	*port = colon + 1;
	return 0;
}

static struct address *
copy_all(const struct addrinfo *list, size_t *count)
{
	struct address *a;
	size_t n = 0;

	for (const struct addrinfo *i = list; i; i = i->ai_next)
		n++;
	a = xcalloc(n, sizeof(*a));
	n = 0;
	for (const struct addrinfo *i = list; i; i = i->ai_next) {
		memcpy(&a[n].addr, i->ai_addr, i->ai_addrlen);
		a[n++].len = i->ai_addrlen;
	}
	*count = n;
	return a;
}

struct address *
address_resolve(const char *text, bool listening, size_t *count, struct err *e)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
	struct addrinfo *list = NULL;
	struct address *a = NULL;
	const char *port = NULL;
	char *host = NULL;
	int rc;

	if (strncmp(text, UNIX_PREFIX, strlen(UNIX_PREFIX)) == 0)
		return resolve_unix(text + strlen(UNIX_PREFIX), count, e);
	if (split_port(text, &host, &port, e) != 0)
		return NULL;
	if (listening)
		hints.ai_flags = AI_PASSIVE;
	rc = getaddrinfo(*host ? host : NULL, port, &hints, &list);
	if (rc != 0) {
		err_set(e, ERR_UNAVAILABLE, "cannot look up \"%s\": %s", text,
		    gai_strerror(rc));
		goto free_host;
	}
	a = copy_all(list, count);
	freeaddrinfo(list);
free_host:
	free(host);
	return a;
}

int
address_socket(const struct address *a)
{
	int type = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC;

	return socket(a->addr.ss_family, type, 0);
}

void
address_print(const struct address *a, char *out, size_t size)
{
	char host[NI_MAXHOST], port[NI_MAXSERV];
	int rc;

	if (a->addr.ss_family == AF_UNIX) {
		snprintf(out, size, "unix");
		return;
	}
	rc = getnameinfo((const struct sockaddr *)&a->addr, a->len, host,
	    sizeof(host), port, sizeof(port), NI_NUMERICHOST | NI_NUMERICSERV);
	if (rc != 0)
		snprintf(out, size, "unknown");
	else if (a->addr.ss_family == AF_INET6)
		snprintf(out, size, "[%s]:%s", host, port);
	else
		snprintf(out, size, "%s:%s", host, port);
}
