/*
 * Socket addresses as people write them: "host:port", "[v6]:port", ":port" or
 * "unix:/path".  Names are looked up while the caller waits.
 */
#ifndef COMMON_ADDRESS_H
#define COMMON_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#include "common/err.h"

struct address {
	struct sockaddr_storage addr;
	socklen_t len;
};

/* All addresses of the text, in the order to be tried; the caller frees.
 * NULL with e set.  `listening`: an empty host is every interface, else it is
 * this machine. */
struct address *address_resolve(
    const char *text, bool listening, size_t *count, struct err *e);

/* A non-blocking socket for it, or -1 with errno. */
int address_socket(const struct address *a);

/* "192.0.2.7:4022", "[::1]:4022" or "unix". */
void address_print(const struct address *a, char *out, size_t size);

#endif
