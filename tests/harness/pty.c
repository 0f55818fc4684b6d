/* A program in a pseudo terminal, read by libvterm. */
#include "tests/harness/pty.h"

#include <errno.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct pty pty = {.name = "xterm-256color"};

double
pty_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void
tail_keep(const char *data, size_t n)
{
	if (n > sizeof(pty.tail)) {
		data += n - sizeof(pty.tail);
		n = sizeof(pty.tail);
	}
	if (pty.tail_len + n > sizeof(pty.tail)) {
		size_t drop = pty.tail_len + n - sizeof(pty.tail);

		memmove(pty.tail, pty.tail + drop, pty.tail_len - drop);
		pty.tail_len -= drop;
	}
	memcpy(pty.tail + pty.tail_len, data, n);
	pty.tail_len += n;
}

/* What arrives within ms, at most once; false when nothing did. */
bool
pty_read(double ms)
{
	struct pollfd p = {.fd = pty.fd, .events = POLLIN};
	static char data[65536];
	ssize_t n;

	if (poll(&p, 1, ms < 0 ? 0 : (int)ms + 1) <= 0)
		return false;
	n = read(pty.fd, data, sizeof(data));
	if (n <= 0) {
		pty.ended = n == 0 || errno == EIO;
		return false;
	}
	pty.bytes += n;
	tail_keep(data, (size_t)n);
	if (!pty.deaf)
		vterm_input_write(pty.vt, data, (size_t)n);
	return true;
}

static void
row_text(int row, char *out, size_t size)
{
	VTermRect r = {row, row + 1, 0, pty.columns};
	size_t n = vterm_screen_get_text(pty.screen, out, size - 1, r);

	out[n < size ? n : size - 1] = '\0';
}

int
pty_row_with(const char *text)
{
	char line[4096];

	for (int i = 0; i < pty.rows; i++) {
		row_text(i, line, sizeof(line));
		if (strstr(line, text))
			return i;
	}
	return -1;
}

int
pty_rows_with(const char *text)
{
	char line[4096];
	int n = 0;

	for (int i = 0; i < pty.rows; i++) {
		row_text(i, line, sizeof(line));
		n += strstr(line, text) != NULL;
	}
	return n;
}

bool
pty_expect(const char *text)
{
	double end = pty_now() + PATIENCE;

	while (pty_row_with(text) < 0)
		if (pty.ended || pty_now() > end)
			return false;
		else
			pty_read(end - pty_now());
	return true;
}

bool
pty_expect_gone(const char *text)
{
	double end = pty_now() + PATIENCE;

	while (pty_row_with(text) >= 0)
		if (pty.ended || pty_now() > end)
			return false;
		else
			pty_read(end - pty_now());
	return true;
}

void
pty_check(bool good, const char *name)
{
	char line[4096];

	printf("%sok %d - %s\n", good ? "" : "not ", ++pty.tests, name);
	for (int i = 0; !good && i < pty.rows; i++) {
		row_text(i, line, sizeof(line));
		printf("# |%s\n", line);
	}
	fflush(stdout);
	if (!good) {
		kill(pty.pid, SIGTERM);
		printf("1..%d\n", pty.tests);
		exit(1);
	}
}

void
pty_type(const char *text)
{
	if (write(pty.fd, text, strlen(text)) < 0)
		perror("pty");
}

void
pty_screen_new(void)
{
	pty.vt = vterm_new(pty.rows, pty.columns);
	vterm_set_utf8(pty.vt, 1);
	pty.screen = vterm_obtain_screen(pty.vt);
	vterm_screen_enable_altscreen(pty.screen, 1);
	vterm_screen_reset(pty.screen, 1);
}

void
pty_start(char **argv)
{
	struct winsize size = {.ws_row = (unsigned short)pty.rows,
	    .ws_col = (unsigned short)pty.columns};

	pty.pid = forkpty(&pty.fd, NULL, NULL, &size);
	if (pty.pid < 0) {
		perror("forkpty");
		exit(1);
	}
	if (pty.pid == 0) {
		setenv("TERM", pty.name, 1);
		execl(argv[1], argv[1], "--key", argv[2], "--lang", "en",
		    (char *)NULL);
		_exit(127);
	}
	pty.ended = false;
	pty_screen_new();
}

static int
cursor_row(void)
{
	VTermPos at;

	vterm_state_get_cursorpos(vterm_obtain_state(pty.vt), &at);
	return at.row;
}

bool
pty_expect_cursor(const char *text)
{
	double end = pty_now() + PATIENCE;

	while (
	    cursor_row() != pty_row_with(text) && pty_now() < end && !pty.ended)
		pty_read(end - pty_now());
	return cursor_row() == pty_row_with(text);
}
