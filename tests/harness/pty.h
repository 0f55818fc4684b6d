/*
 * The terminal in a pseudo terminal, its bytes read by libvterm: what a person
 * sees and types.  Waits are for content, with a deadline.  One at a time.
 */
#ifndef TESTS_HARNESS_PTY_H
#define TESTS_HARNESS_PTY_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include <vterm.h>

#define PATIENCE 15000 /* ms */

struct pty {
	const char *name; /* TERM */
	int tests;	  /* printed */
	int fd;
	pid_t pid;
	int rows, columns;
	VTerm *vt;
	VTermScreen *screen;
	long bytes;
	bool ended;
	bool deaf;	 /* what comes is not looked at */
	char tail[4096]; /* the last bytes as they came */
	size_t tail_len;
};

extern struct pty pty;

/* PROGRAM KEY in argv[1] and argv[2]; the caller frees pty.vt. */
void pty_start(char **argv);
void pty_screen_new(void); /* an empty one; the caller has freed the last */
double pty_now(void);	   /* ms */
/* What arrives within ms, at most once; false when nothing did. */
bool pty_read(double ms);
void pty_type(const char *text);

/* A row that has the text, -1: none; and how many have it. */
int pty_row_with(const char *text);
int pty_rows_with(const char *text);
bool pty_expect(const char *text);
bool pty_expect_gone(const char *text);
bool pty_expect_cursor(const char *text); /* in a row with it */

/* A line of TAP; the first that fails ends the program. */
void pty_check(bool good, const char *name);

#endif
