/*
 * The terminal in memory: a bundle of two screens, a port that is answered by
 * hand, a clock that stands, a grid.  fake_setup and fake_teardown are
 * cmocka's.
 */
#ifndef TESTS_HARNESS_FAKE_APP_H
#define TESTS_HARNESS_FAKE_APP_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tui/app.h"

/* What was asked and is not answered. */
struct fake_request {
	const char *statement;
	const struct client_reply *reply;
	void *arg;
	uint32_t id;
	bool write;
	struct values args;
};

extern struct app app;
extern struct grid grid;
extern uint64_t fake_clock; /* us */
extern bool fake_online;
extern struct fake_request fake_requests[64];
extern int fake_asked;

int fake_setup(void **state);
int fake_teardown(void **state);
/* The screens again, as the daemon sends them. */
struct bundle *fake_bundle(void);

/* Answers everything that is open: lists with `count` customers from `first`
 * on, writes with the id `first`. */
void fake_answer(int first, int count, bool more);
/* Answers the oldest request, a write, with an error. */
void fake_fail(enum err_code code, const char *why, const char *field);

void fake_type(const char *text);
char *fake_screen(void); /* the frame as text; the caller frees */
/* Fails unless the frame has this text. */
void fake_expect(const char *text);

#define FAKE_TEST(f) \
	cmocka_unit_test_setup_teardown(f, fake_setup, fake_teardown)

#endif
