/*
 * A link that misbehaves: a proxy between clients and the daemon that cuts,
 * stalls or repeats what it carries, on command.
 */
#ifndef TESTS_HARNESS_PROXY_H
#define TESTS_HARNESS_PROXY_H

struct loop;
struct proxy;

/* Listens on one unix socket path and carries to another. */
struct proxy *proxy_new(struct loop *l, const char *from, const char *to);
void proxy_free(struct proxy *p);

/* Closes every link at once. */
void proxy_cut(struct proxy *p);
/* Carries nothing until proxy_flow(). */
void proxy_stall(struct proxy *p);
void proxy_flow(struct proxy *p);
/* The next piece of every link is carried twice. */
void proxy_repeat(struct proxy *p);

#endif
