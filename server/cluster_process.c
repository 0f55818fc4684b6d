/* PostgreSQL's programs as processes: run as the right user, found, judged. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/log.h"
#include "common/loop.h"
#include "common/mem.h"
#include "common/say.h"
#include "server/cluster_impl.h"

#define LOG_BYTES_MAX (16 * 1024 * 1024)
#define ARGUMENTS_MAX 31

extern char **environ;

static int
become_user(const struct cluster *k)
{
	if (!k->drop)
		return 0;
	if (initgroups(k->user, k->gid) < 0 || setgid(k->gid) < 0 ||
	    setuid(k->uid) < 0)
		return -1;
	return 0;
}

/* Nothing of the caller's PostgreSQL settings may reach ours. */
static void
clean_environment(const struct cluster *k)
{
	char name[64];
	size_t i = 0, len;

	while (environ && environ[i]) {
		len = strcspn(environ[i], "=");
		if (strncmp(environ[i], "PG", 2) != 0 || len >= sizeof(name)) {
			i++;
			continue;
		}
		memcpy(name, environ[i], len);
		name[len] = '\0';
		unsetenv(name);
	}
	setenv("LC_ALL", "C", 1);
	if (k->user)
		setenv("USER", k->user, 1);
	unsetenv("NOTIFY_SOCKET");
}

static void
reset_signals(void)
{
	sigset_t none;
	int i;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	for (i = 1; i < NSIG; i++)
		signal(i, SIG_DFL);
}

static void __attribute__((noreturn))
exec_program(const struct cluster *k, const struct cluster_spawn *s)
{
	const char *argv[ARGUMENTS_MAX + 1] = {NULL};
	char path[4096];
	size_t i;

	reset_signals();
	if (s->own_session)
		setsid();
	if (s->out_fd >= 0)
		dup2(s->out_fd, STDOUT_FILENO);
	if (s->err_fd >= 0)
		dup2(s->err_fd, STDERR_FILENO);
	close_range(3, ~0U, 0);
	clean_environment(k);
	if (chdir("/") < 0 || become_user(k) < 0) {
		dprintf(STDERR_FILENO, "cannot become %s: %s\n", k->user,
		    strerror(errno));
		_exit(126);
	}
	snprintf(path, sizeof(path), "%s/%s", k->conf->pg_bin, s->argv[0]);
	for (i = 0; i < ARGUMENTS_MAX && s->argv[i]; i++)
		argv[i] = s->argv[i];
	/* a bare name would send them to PATH for their companions */
	argv[0] = path;
	execv(path, (char *const *)argv);
	dprintf(STDERR_FILENO, "cannot run %s: %s\n", path, strerror(errno));
	_exit(127);
}

pid_t
cluster_spawn(
    const struct cluster *k, const struct cluster_spawn *s, struct err *e)
{
	pid_t pid = fork();

	if (pid == 0)
		exec_program(k, s);
	if (pid < 0)
		err_errno(e, "fork");
	return pid;
}

int
cluster_open_log(const struct cluster *k, long *at, struct err *e)
{
	struct stat st;
	char *old;
	int fd;

	if (stat(k->log, &st) == 0 && st.st_size > LOG_BYTES_MAX) {
		old = xasprintf("%s.1", k->log);
		rename(k->log, old);
		free(old);
	}
	fd = open(k->log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
	if (fd < 0)
		return err_errno(e, "%s", k->log);
	*at = (long)lseek(fd, 0, SEEK_END);
	return fd;
}

/* The last sentences that a program left in the log behind `at`. */
static void
read_last_words(const struct cluster *k, long at, char *words, size_t size)
{
	FILE *f = fopen(k->log, "re");
	size_t n = 0, start = 0;
	long end;

	words[0] = '\0';
	if (!f)
		return;
	fseek(f, 0, SEEK_END);
	end = ftell(f);
	if (end - at > (long)size - 1)
		at = end - (long)size + 1;
	if (fseek(f, at, SEEK_SET) == 0)
		n = fread(words, 1, size - 1, f);
	fclose(f);
	while (n > 0 && words[n - 1] == '\n')
		n--;
	words[n] = '\0';
	if (end - at >= (long)size - 1)
		start = strcspn(words, "\n");
	memmove(words, words + start, n - start + 1);
}

/* Waits; the status, or -1 with e. */
static int
wait_for_exit(pid_t pid, const char *name, int *status, struct err *e)
{
	while (waitpid(pid, status, 0) < 0) {
		if (errno != EINTR)
			return err_errno(e, "%s", name);
	}
	return 0;
}

static int
judge_exit(int status, const char *name, const char *words, struct err *e)
{
	const char *colon = words[0] ? ": " : "";

	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	if (WIFSIGNALED(status))
		return err_set(e, ERR_SYSTEM,
		    say("%s 被信号 %d 终止%s%s",
			"%s was killed by signal %d%s%s"),
		    name, WTERMSIG(status), colon, words);
	return err_set(e, ERR_SYSTEM,
	    say("%s 失败(状态 %d)%s%s", "%s failed (status %d)%s%s"), name,
	    WEXITSTATUS(status), colon, words);
}

int
cluster_wait(const struct cluster *k, pid_t pid, const char *name, long log_at,
    struct err *e)
{
	char words[384] = "";
	int status;

	if (wait_for_exit(pid, name, &status, e) < 0)
		return -1;
	if (status != 0 && log_at >= 0)
		read_last_words(k, log_at, words, sizeof(words));
	return judge_exit(status, name, words, e);
}

/* Reads line `wanted` (from 1) of the pid file. */
static bool
read_pid_line(const struct cluster *k, int wanted, char *line, size_t size)
{
	char whole[4200]; /* a line is at most a path */
	char *path = xasprintf("%s/postmaster.pid", k->directory);
	FILE *f = fopen(path, "re");
	bool found = false;
	int i;

	free(path);
	if (!f)
		return false;
	for (i = 1; i <= wanted && fgets(whole, sizeof(whole), f); i++)
		found = i == wanted;
	fclose(f);
	if (found)
		snprintf(line, size, "%.*s", (int)strcspn(whole, " \n"), whole);
	return found;
}

void
cluster_read_status(const struct cluster *k, char status[16])
{
	char line[64];

	status[0] = '\0';
	if (read_pid_line(k, 8, line, sizeof(line)))
		snprintf(status, 16, "%.15s", line);
}

/* All processes of a cluster stand in its data directory. */
static bool
stands_here(const struct cluster *k, long pid)
{
	char link[64], cwd[4096], real[4096];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/%ld/cwd", pid);
	n = readlink(link, cwd, sizeof(cwd) - 1);
	if (n < 0 || !realpath(k->directory, real))
		return false;
	cwd[n] = '\0';
	return strcmp(cwd, real) == 0;
}

pid_t
cluster_find_postmaster(const struct cluster *k)
{
	char line[64];
	long pid;

	if (!read_pid_line(k, 1, line, sizeof(line)))
		return 0;
	pid = strtol(line, NULL, 10);
	if (pid <= 1 || kill((pid_t)pid, 0) < 0)
		return 0;
	return stands_here(k, pid) ? (pid_t)pid : 0;
}

int
cluster_wait_event(int pid_fd, int other_fd, uint64_t end)
{
	struct pollfd p[] = {{pid_fd, POLLIN, 0}, {other_fd, POLLIN, 0}};
	uint64_t now = loop_now();
	int n;

	do
		n = poll(p, COUNT_OF(p),
		    now < end ? (int)((end - now) / 1000) + 1 : 0);
	while (n < 0 && errno == EINTR);
	if (n <= 0)
		return 0;
	return (p[0].revents ? CLUSTER_DEATH : 0) |
	       (p[1].revents ? CLUSTER_OTHER : 0);
}

bool
cluster_wait_remains(const struct cluster *k, uint64_t end)
{
	DIR *d = opendir("/proc");
	struct dirent *entry;
	bool any = false;
	long pid;
	int fd;

	while (d && (entry = readdir(d))) {
		pid = strtol(entry->d_name, NULL, 10);
		if (pid <= 1 || pid == getpid() || !stands_here(k, pid))
			continue;
		fd = pidfd_open((pid_t)pid, 0);
		if (fd < 0)
			continue;
		any = true;
		cluster_wait_event(fd, -1, end);
		close(fd);
	}
	if (d)
		closedir(d);
	return any;
}

/* PostgreSQL believes any process of the number, even a zombie that nobody
 * buries, to be the postmaster; both directories are ours alone. */
void
cluster_remove_stale_pid(const struct cluster *k)
{
	char *path;

	if (cluster_find_postmaster(k) != 0)
		return;
	path = xasprintf("%s/postmaster.pid", k->directory);
	unlink(path);
	free(path);
	path = xasprintf("%s/.s.PGSQL.5432.lock", k->sockets);
	unlink(path);
	free(path);
}

bool
cluster_user_can_enter(const struct cluster *k, const char *path)
{
	int status = 1;
	pid_t pid;

	if (!k->drop)
		return access(path, X_OK) == 0;
	pid = fork();
	if (pid == 0)
		_exit(become_user(k) == 0 && chdir(path) == 0 ? 0 : 1);
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return pid > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* What a program said on `fd`, on one line: its first words, where the reason
 * is. */
static void
read_first_words(int fd, char *words, size_t size)
{
	ssize_t n = pread(fd, words, size - 1, 0);
	size_t len = n > 0 ? (size_t)n : 0;

	words[len] = '\0';
	if (len == size - 1 && strrchr(words, '\n'))
		len = (size_t)(strrchr(words, '\n') - words);
	while (len > 0 && words[len - 1] == '\n')
		len--;
	words[len] = '\0';
	while ((words = strchr(words, '\n')))
		*words = ' ';
}

int
cluster_run_program(
    struct cluster *k, const char *const argv[], int output_fd, struct err *e)
{
	struct cluster_spawn s = {argv, output_fd, -1, false};
	char words[384] = "";
	int status = -1;
	pid_t pid;

	s.err_fd = memfd_create(argv[0], MFD_CLOEXEC);
	if (s.err_fd < 0)
		return err_errno(e, "%s", argv[0]);
	pid = cluster_spawn(k, &s, e);
	if (pid >= 0 && wait_for_exit(pid, argv[0], &status, e) == 0) {
		read_first_words(s.err_fd, words, sizeof(words));
		if (status == 0 && words[0])
			log_warn("%s", words);
		status = judge_exit(status, argv[0], words, e);
	}
	close(s.err_fd);
	return status;
}
