/*
 * Tells the service manager how we are (sd_notify(3)'s datagram, without its
 * library: one line to the socket in NOTIFY_SOCKET).
 */
#ifndef SERVER_NOTIFY_H
#define SERVER_NOTIFY_H

/* "READY=1", "STOPPING=1", "STATUS=..."; nothing happens without a service
 * manager. */
void notify_service(const char *state);

#endif
