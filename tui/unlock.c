/* A key file's passphrase, tried in a child. */
#include "tui/unlock.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/keyfile.h"
#include "common/log.h"
#include "common/loop.h"
#include "common/mem.h"

struct unlock {
	struct loop_fd *fd;
	int pipe; /* the child's word: one byte, or its end */
	pid_t child;
	void (*on_done)(bool, void *);
	void *arg;
};

static void
on_word(unsigned what, void *arg)
{
	struct unlock *u = arg;
	char word = 0;
	ssize_t n = read(u->pipe, &word, 1);

	(void)what;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	loop_fd_cancel(u->fd);
	u->fd = NULL;
	u->on_done(n == 1 && word == 'y', u->arg);
}

/* The parent's signals, terminal and loop are none of the child's. */
static void
be_child(int out, const char *path, const char *passphrase)
{
	static const int signals[] = {SIGHUP, SIGTERM, SIGINT, SIGQUIT, SIGTSTP,
	    SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL, SIGWINCH};
	char word;

	for (size_t i = 0; i < COUNT_OF(signals); i++)
		signal(signals[i], SIG_DFL);
	word = keyfile_load(path, passphrase, NULL) ? 'y' : 'n';
	_exit(write(out, &word, 1) != 1);
}

struct unlock *
unlock_start(struct loop *l, const char *path, const char *passphrase,
    void (*on_done)(bool good, void *arg), void *arg)
{
	struct unlock *u = xcalloc(1, sizeof(*u));
	int fds[2];

	if (pipe2(fds, O_CLOEXEC | O_NONBLOCK) != 0)
		fatal("pipe");
	u->on_done = on_done;
	u->arg = arg;
	u->pipe = fds[0];
	u->child = fork();
	if (u->child == 0)
		be_child(fds[1], path, passphrase);
	/* without a child the pipe ends at once: not unlocked */
	close(fds[1]);
	u->fd = loop_fd_start(l, u->pipe, LOOP_READ, on_word, u);
	return u;
}

void
unlock_cancel(struct unlock *u)
{
	if (!u)
		return;
	loop_fd_cancel(u->fd);
	close(u->pipe);
	if (u->child > 0) {
		kill(u->child, SIGKILL);
		while (waitpid(u->child, NULL, 0) < 0 && errno == EINTR)
			;
	}
	free(u);
}
