/*
 * The event loop every program runs: file descriptors, timers, deferred calls
 * and signals, one thread, callbacks never nested.  Glue over libevent, so
 * that one file knows it (streams, which carry bytes, are common/stream.h).
 *
 * Each _start returns a handle that the caller owns until it calls _cancel;
 * _cancel(NULL) is fine, and nothing is called back after _cancel returns, not
 * even for what had already happened.
 */
#ifndef COMMON_LOOP_H
#define COMMON_LOOP_H

#include <stdbool.h>
#include <stdint.h>

struct event_base;
struct loop;
struct loop_fd;
struct loop_timer;
struct loop_signal;

struct loop *loop_new(void);
void loop_free(struct loop *l); /* every handle must be cancelled before */

/* Runs until loop_stop(), and then returns after the turn under way. */
void loop_run(struct loop *l);
void loop_stop(struct loop *l);

/* One turn: waits for something (or only looks, with wait false) and calls
 * back for all that is ready. */
void loop_turn(struct loop *l, bool wait);

/* Microseconds: monotonic (for spans), and since 1970 UTC (for people). */
uint64_t loop_now(void);
int64_t loop_wallclock(void);

#define LOOP_READ 1
#define LOOP_WRITE 2

/* Calls back every turn while fd is ready for one of `what`; persistent. */
struct loop_fd *loop_fd_start(struct loop *l, int fd, unsigned what,
    void (*on_ready)(unsigned what, void *arg), void *arg);
void loop_fd_change(struct loop_fd *h, unsigned what);
void loop_fd_cancel(struct loop_fd *h);

/* Timers fire once per loop_timer_set; the handle stays for the next. */
struct loop_timer *loop_timer_new(
    struct loop *l, void (*on_time)(void *arg), void *arg);
void loop_timer_set(struct loop_timer *h, uint64_t microseconds);
void loop_timer_stop(struct loop_timer *h);
bool loop_timer_is_set(const struct loop_timer *h);
void loop_timer_cancel(struct loop_timer *h);

/* Deferred: called once, later in this turn or in the next; a timer of 0. */
void loop_timer_soon(struct loop_timer *h);

struct loop_signal *loop_signal_start(struct loop *l, int signo,
    void (*on_signal)(int signo, void *arg), void *arg);
void loop_signal_cancel(struct loop_signal *h);

/* For common/stream.c and the metrics endpoint only. */
struct event_base *loop_base(struct loop *l);

#endif
