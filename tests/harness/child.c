/* Programs under test, and waiting for them. */
#include "tests/harness/harness.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/log.h"
#include "common/mem.h"

#define LOOK_EVERY_MS 5

long long
harness_clock(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

bool
harness_until(bool (*is_true)(void *arg), void *arg, int ms)
{
	long long end = harness_clock() + ms;

	while (!is_true(arg)) {
		if (harness_clock() >= end)
			return false;
		poll(NULL, 0, LOOK_EVERY_MS);
	}
	return true;
}

static void
run_child(const char *const argv[], int input, int output, pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* the parent may have gone before the line above */
	if (getppid() != parent || dup2(input, 0) < 0 || dup2(output, 1) < 0 ||
	    dup2(output, 2) < 0)
		_exit(126);
	execvp(argv[0], (char *const *)argv);
	dprintf(2, "%s: %s\n", argv[0], strerror(errno));
	_exit(127);
}

void
harness_child_start(struct harness_child *c, const char *const argv[])
{
	int in[2], out[2];
	pid_t parent = getpid();

	signal(SIGPIPE, SIG_IGN);
	memset(c, 0, sizeof(*c));
	if (pipe2(in, O_CLOEXEC) < 0 || pipe2(out, O_CLOEXEC) < 0)
		fatal("pipe");
	c->pid = fork();
	if (c->pid < 0)
		fatal("fork");
	if (c->pid == 0)
		run_child(argv, in[0], out[1], parent);
	close(in[0]);
	close(out[1]);
	c->input = in[1];
	c->output = out[0];
}

/* Waits for output until the end; false when there is no more to come or the
 * deadline passed. */
static bool
read_some(struct harness_child *c, long long end)
{
	struct pollfd p = {.fd = c->output, .events = POLLIN};
	long long left = end - harness_clock();
	ssize_t n;

	if (c->output < 0 || left <= 0 || poll(&p, 1, (int)left) <= 0)
		return false;
	n = read(c->output, buf_reserve(&c->out, 65536), 65536);
	if (n <= 0) {
		close(c->output);
		c->output = -1;
		return false;
	}
	c->out.len += (size_t)n;
	return true;
}

bool
harness_child_expect(struct harness_child *c, const char *text, int ms)
{
	long long end = harness_clock() + ms;
	const char *at;

	do {
		at = strstr(buf_str(&c->out) + c->seen, text);
		if (at) {
			c->seen =
			    (size_t)(at - buf_str(&c->out)) + strlen(text);
			return true;
		}
	} while (read_some(c, end));
	return false;
}

void
harness_child_close_input(struct harness_child *c)
{
	if (c->input >= 0)
		close(c->input);
	c->input = -1;
}

static bool
has_ended(void *arg)
{
	struct harness_child *c = arg;

	if (c->pid && waitpid(c->pid, &c->status, WNOHANG) == c->pid)
		c->pid = 0;
	return c->pid == 0;
}

int
harness_child_wait(struct harness_child *c, int ms)
{
	long long end = harness_clock() + ms;

	while (read_some(c, end))
		;
	if (!harness_until(has_ended, c, (int)(end - harness_clock()))) {
		kill(c->pid, SIGKILL);
		waitpid(c->pid, &c->status, 0);
		c->pid = 0;
		return -1;
	}
	return WIFEXITED(c->status) ? WEXITSTATUS(c->status)
				    : 128 + WTERMSIG(c->status);
}

void
harness_child_end(struct harness_child *c, int signo)
{
	if (c->pid && signo)
		kill(c->pid, signo);
	harness_child_close_input(c);
	if (c->pid)
		harness_child_wait(c, 10000);
	if (c->output >= 0)
		close(c->output);
	c->output = -1;
	buf_clear(&c->out);
}

int
harness_run(const char *const argv[], struct buf *out, int ms)
{
	struct harness_child c;
	int code;

	harness_child_start(&c, argv);
	harness_child_close_input(&c);
	code = harness_child_wait(&c, ms);
	if (out)
		buf_add(out, c.out.data, c.out.len);
	harness_child_end(&c, 0);
	return code;
}
