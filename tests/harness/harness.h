/*
 * What many tests need: places for files, the real data if it is there,
 * children with their output, and waiting for something to become true with a
 * deadline.  Nothing here sleeps, and nothing here is in the product.
 *
 * Failures of the harness itself (no temporary directory, no fork) end the
 * test program with a line on standard error.
 */
#ifndef TESTS_HARNESS_HARNESS_H
#define TESTS_HARNESS_HARNESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "common/buf.h"

/* The path of a real data file or folder, e.g. "maven_crm": under the
 * directory FIREBREAK_DATA, or ../shared/data.  NULL when it is not there (skip
 * the test then).  The caller frees. */
char *harness_data(const char *path);

/* A new directory, removed with all in it when the test program ends; the
 * caller frees the name. */
char *harness_temp_dir(void);
/* "dir/name"; the caller frees. */
char *harness_path(const char *dir, const char *name);

/* Appends the file's contents; -1 if it cannot be read. */
int harness_read_file(const char *path, struct buf *out);
void harness_write_file(const char *path, const void *data, size_t len);
void harness_write_text(const char *path, const char *text);

/* A program under test.  Its standard output and error arrive in `out`. */
struct harness_child {
	pid_t pid; /* 0 once it has been waited for */
	int input; /* writing end of its standard input; -1 when closed */
	int output;
	struct buf out; /* all it has said so far */
	size_t seen;	/* up to here harness_child_expect has looked */
	int status;	/* as of waitpid, once pid is 0 */
};

/* argv ends with NULL; argv[0] is looked up in PATH.  The child is killed when
 * the test program ends. */
void harness_child_start(struct harness_child *c, const char *const argv[]);
/* Reads until the text appears after what was seen before; false when the
 * deadline passes or the child ends first.  Milliseconds. */
bool harness_child_expect(struct harness_child *c, const char *text, int ms);
void harness_child_close_input(struct harness_child *c);
/* Reads to the end and waits: the exit code, 128 + the signal, or -1 if the
 * deadline passed (the child is then killed). */
int harness_child_wait(struct harness_child *c, int ms);
/* Signals it (0: none), waits for its end and releases everything. */
void harness_child_end(struct harness_child *c, int signo);

/* Runs a program to its end; its output in out (may be NULL).  As
 * harness_child_wait. */
int harness_run(const char *const argv[], struct buf *out, int ms);

/* Asks is_true again and again until it says so; false after ms.  For what
 * gives no descriptor to wait on. */
bool harness_until(bool (*is_true)(void *arg), void *arg, int ms);

/* Milliseconds of a clock that only runs forwards. */
long long harness_clock(void);

#endif
