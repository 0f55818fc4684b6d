/*
 * The real terminal in a pseudo terminal, read by libvterm: what a person
 * sees and types.  Prints TAP and `# name value` lines.
 *
 *     pty FIREBREAK KEY ROWS COLUMNS [STAGE]
 *
 * KEY belongs to a rep.  Waits are for content, with a deadline.  Without a
 * stage the daemon is there; `offline` comes after that run, with the daemon
 * stopped: rows of then, three writes that wait.  `back` has the daemon again,
 * which takes two of them and refuses the third; `locked`: the key has the
 * passphrase "right"; `revoked`: it knows the key no more.
 */
#include <errno.h>
#include <poll.h>
#include <pty.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include <vterm.h>

#define PATIENCE 15000 /* ms */
#define KEYS 300

static struct {
	int fd;
	pid_t pid;
	int rows, columns;
	VTerm *vt;
	VTermScreen *screen;
	long bytes;
	bool ended;
	char tail[4096]; /* the last bytes as they came */
	size_t tail_len;
} term;

static int tests;

static double
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void
tail_keep(const char *data, size_t n)
{
	if (n > sizeof(term.tail)) {
		data += n - sizeof(term.tail);
		n = sizeof(term.tail);
	}
	if (term.tail_len + n > sizeof(term.tail)) {
		size_t drop = term.tail_len + n - sizeof(term.tail);

		memmove(term.tail, term.tail + drop, term.tail_len - drop);
		term.tail_len -= drop;
	}
	memcpy(term.tail + term.tail_len, data, n);
	term.tail_len += n;
}

/* What arrives within ms, at most once; false when nothing did. */
static bool
term_read(double ms)
{
	struct pollfd p = {.fd = term.fd, .events = POLLIN};
	static char data[65536];
	ssize_t n;

	if (poll(&p, 1, ms < 0 ? 0 : (int)ms + 1) <= 0)
		return false;
	n = read(term.fd, data, sizeof(data));
	if (n <= 0) {
		term.ended = n == 0 || errno == EIO;
		return false;
	}
	term.bytes += n;
	tail_keep(data, (size_t)n);
	vterm_input_write(term.vt, data, (size_t)n);
	return true;
}

static void
row_text(int row, char *out, size_t size)
{
	VTermRect r = {row, row + 1, 0, term.columns};
	size_t n = vterm_screen_get_text(term.screen, out, size - 1, r);

	out[n < size ? n : size - 1] = '\0';
}

static int
row_with(const char *text)
{
	char line[4096];

	for (int i = 0; i < term.rows; i++) {
		row_text(i, line, sizeof(line));
		if (strstr(line, text))
			return i;
	}
	return -1;
}

static int
rows_with(const char *text)
{
	char line[4096];
	int n = 0;

	for (int i = 0; i < term.rows; i++) {
		row_text(i, line, sizeof(line));
		n += strstr(line, text) != NULL;
	}
	return n;
}

static bool
expect(const char *text)
{
	double end = now_ms() + PATIENCE;

	while (row_with(text) < 0)
		if (term.ended || now_ms() > end)
			return false;
		else
			term_read(end - now_ms());
	return true;
}

static bool
expect_gone(const char *text)
{
	double end = now_ms() + PATIENCE;

	while (row_with(text) >= 0)
		if (term.ended || now_ms() > end)
			return false;
		else
			term_read(end - now_ms());
	return true;
}

static void
check(bool good, const char *name)
{
	char line[4096];

	printf("%sok %d - %s\n", good ? "" : "not ", ++tests, name);
	for (int i = 0; !good && i < term.rows; i++) {
		row_text(i, line, sizeof(line));
		printf("# |%s\n", line);
	}
	fflush(stdout);
	if (!good) {
		kill(term.pid, SIGTERM);
		printf("1..%d\n", tests);
		exit(1);
	}
}

static void
type(const char *text)
{
	if (write(term.fd, text, strlen(text)) < 0)
		perror("pty");
}

static void
start(char **argv)
{
	struct winsize size = {.ws_row = (unsigned short)term.rows,
	    .ws_col = (unsigned short)term.columns};

	term.pid = forkpty(&term.fd, NULL, NULL, &size);
	if (term.pid < 0) {
		perror("forkpty");
		exit(1);
	}
	if (term.pid == 0) {
		setenv("TERM", "xterm-256color", 1);
		execl(argv[1], argv[1], "--key", argv[2], "--lang", "en",
		    (char *)NULL);
		_exit(127);
	}
	term.ended = false;
	term.vt = vterm_new(term.rows, term.columns);
	vterm_set_utf8(term.vt, 1);
	term.screen = vterm_obtain_screen(term.vt);
	vterm_screen_enable_altscreen(term.screen, 1);
	vterm_screen_reset(term.screen, 1);
}

static int
compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* From the key to the first byte of the frame it makes. */
static void
measure_keys(void)
{
	static double took[KEYS];
	long before = term.bytes;
	int answered = 0;

	while (term_read(700))
		;
	for (int i = 0; i < KEYS; i++) {
		double begin = now_ms();

		type(i % 36 < 18 ? "j" : "k");
		if (term_read(PATIENCE))
			answered++;
		took[i] = now_ms() - begin;
		while (term_read(0))
			;
	}
	qsort(took, KEYS, sizeof(took[0]), compare);
	check(answered == KEYS, "every key is answered by a frame");
	printf("# key_p50_ms %.3f\n# key_p99_ms %.3f\n# key_bytes %ld\n",
	    took[KEYS / 2], took[KEYS * 99 / 100],
	    (term.bytes - before) / KEYS);
}

static void
measure_memory(void)
{
	char path[64], line[256];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)term.pid);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f))
		if (strncmp(line, "VmRSS:", 6) == 0)
			printf("# rss_kb %ld\n", strtol(line + 6, NULL, 10));
	if (f)
		fclose(f);
}

static int
cursor_row(void)
{
	VTermPos at;

	vterm_state_get_cursorpos(vterm_obtain_state(term.vt), &at);
	return at.row;
}

static bool
expect_cursor(const char *text)
{
	double end = now_ms() + PATIENCE;

	while (cursor_row() != row_with(text) && now_ms() < end && !term.ended)
		term_read(end - now_ms());
	return cursor_row() == row_with(text);
}

static void
log_a_visit(void)
{
	type("\033[21~"); /* F10: nothing is filled in yet */
	check(expect("required"), "a form says what it lacks");
	check(expect_cursor("Summary"), "and puts the cursor there");
	type("agreed the pilot in the pty");
	check(expect("pilot in the pty"), "what is typed stands in the field");
	type("\033[21~");
	check(expect("saved"), "the visit is saved");
	check(expect_gone("F10 save"), "and its form is gone");
}

static bool
restored(void)
{
	struct termios t;

	return memmem(term.tail, term.tail_len, "\033[?1049l", 8) &&
	       tcgetattr(term.fd, &t) == 0 && (t.c_lflag & ICANON) &&
	       (t.c_lflag & ECHO);
}

static void
go_to(const char *screen)
{
	type(":");
	check(expect("command"), "the palette opens");
	type(screen);
	type("\r");
}

static void
leave(const char *keys)
{
	double end = now_ms() + PATIENCE;
	struct termios t;
	int status = -1, fd = term.fd;
	bool was_raw =
	    tcgetattr(fd, &t) == 0 && (t.c_lflag & (ICANON | ECHO)) == 0;

	check(was_raw, "keys come one by one");
	type(keys);
	while (
	    now_ms() < end && waitpid(term.pid, &status, WNOHANG) != term.pid)
		if (!term_read(20) && term.ended)
			sched_yield();
	while (term_read(0))
		;
	check(status == 0, "Q ends it with status 0");
	check(restored(), "the terminal is as it was");
}

/* Closes the window: SIGHUP and a terminal that takes nothing any more. */
static void
abandon(char **argv)
{
	double end;
	int status = -1;
	pid_t gone = 0;

	vterm_free(term.vt);
	start(argv);
	check(expect("Actions of today 1/"), "it starts again");
	close(term.fd);
	end = now_ms() + PATIENCE / 5;
	while (gone == 0 && now_ms() < end) {
		gone = waitpid(term.pid, &status, WNOHANG);
		sched_yield();
	}
	if (gone == 0)
		kill(term.pid, SIGKILL);
	printf("%sok %d - it ends when its window is closed\n",
	    gone == term.pid ? "" : "not ", ++tests);
	if (gone != term.pid)
		exit(1);
}

static void
log_offline(const char *first, const char *summary, const char *queued)
{
	type("v");
	check(expect("Log a visit"), "a form opens");
	type(first);
	type("\033[21~"); /* to what is required */
	check(expect_cursor("Summary"), "and can be filled");
	check(row_with("[written without") < 0, "with nothing of another's");
	type(summary);
	type("\033[21~");
	check(expect(queued), "its write waits");
	check(expect_gone("F10 save"), "and the form is gone");
}

static void
stage_offline(char **argv)
{
	start(argv);
	check(expect("as of "), "offline, it starts with the rows it kept");
	check(expect("OFFLINE"), "and says that it is offline");
	go_to("customers");
	check(expect("Customers as of "), "a list says what time it is of");
	check(expect(", offline --"), "and that nothing newer is to be had");
	check(expect(">  "), "its rows are there");
	type("f");
	check(expect("complaint handled"), "a key asks for what is missing");
	type("complaint\r");
	check(expect("[complaint handled"), "which is picked from a list");
	type("\033[21~");
	check(expect(">~"), "a row whose write waits says so");
	log_offline("", "written without a daemon", "queued 2");
	type("jj");
	/* S-Tab goes back to when it was */
	log_offline("\033[Z\0252099-01-01 09:00", "not yet", "queued 3");
	type("Q");
	check(expect("Quit?"), "leaving mentions them");
	leave("y");
}

static void
stage_back(char **argv)
{
	start(argv);
	check(expect("refused 1"), "one write was refused");
	check(expect_gone("queued"), "and none waits any more");
	go_to("customers");
	check(expect("Customers 1/"), "the rows are live");
	check(expect(" ! "), "the row of the refused write says so");
	check(row_with("~") < 0, "no row says that it waits");
	type("\017"); /* C-o */
	check(expect("Log a visit  "), "what was refused is listed");
	check(expect("future"), "with the reason");
	type("\r");
	check(expect_gone("refused 1"), "and gone once it was read");
	type("f");
	check(expect("data confirmed"), "a key asks for what is missing");
	type("data con\r\033[21~");
	check(expect("saved: confirm data"), "and is done at once online");
	type("u");
	check(expect("undone"), "and undone");
	leave("Q");
}

static void
stage_locked(char **argv)
{
	int status = -1;

	start(argv);
	check(expect("passphrase:"), "a locked key asks for its passphrase");
	type("wrong\n");
	check(expect("try again"), "a wrong one is asked for again");
	type("right\n");
	check(expect("Actions of today 1/"), "the right one opens the screens");
	type("\030"); /* C-x */
	check(expect("enter the passphrase"), "C-x locks");
	check(row_with("Actions of today") < 0, "and hides what was there");
	type("wrong\r");
	check(expect("unlocking"), "it says that it tries");
	type("abc");
	check(expect("***"), "the screen lives meanwhile");
	type("\025"); /* C-u */
	check(expect("wrong passphrase"), "a wrong one does not unlock");
	type("right\r");
	check(expect("Actions of today 1/"), "the right one does");
	leave("Q");
	vterm_free(term.vt);
	start(argv);
	check(expect("passphrase:"), "it asks at the next start too");
	for (int i = 1; i <= 3; i++) {
		while (!term.ended && rows_with("passphrase: ") < i)
			term_read(PATIENCE);
		type("wrong\n");
	}
	while (!term.ended)
		term_read(PATIENCE);
	waitpid(term.pid, &status, 0);
	check(WIFEXITED(status) && WEXITSTATUS(status) == 1,
	    "the third wrong one ends it");
}

static void
stage_revoked(char **argv)
{
	start(argv);
	check(expect("revoked"), "it hears that its key is void");
	check(expect_gone("as of "), "and shows nothing any more");
	leave("Q");
}

static void
stage_online(char **argv)
{
	double begin = now_ms();

	start(argv);
	check(expect("firebreak"), "a frame appears");
	printf("# first_paint_ms %.1f\n", now_ms() - begin);
	check(expect("Actions of today 1/"), "the first screen has rows");
	printf("# first_rows_ms %.1f\n", now_ms() - begin);
	measure_keys();
	go_to("customers");
	check(expect("Customers 1/"), "and leads to a screen");
	type("v");
	check(expect("Log a visit"), "a key opens the form of its write");
	log_a_visit();
	go_to("activities");
	check(expect("agreed the"), "it stands among the activities");
	type("u");
	check(expect("undone"), "and can be taken back");
	measure_memory();
	leave("Q");
	abandon(argv);
}

static const struct {
	const char *name;
	void (*run)(char **argv);
} stage_table[] = {
    {"online", stage_online},
    {"offline", stage_offline},
    {"back", stage_back},
    {"locked", stage_locked},
    {"revoked", stage_revoked},
};

#define STAGES (sizeof(stage_table) / sizeof(stage_table[0]))

int
main(int argc, char **argv)
{
	const char *stage = argc == 6 ? argv[5] : stage_table[0].name;
	size_t i = 0;

	while (i < STAGES && strcmp(stage_table[i].name, stage) != 0)
		i++;
	if (argc < 5 || argc > 6 || i == STAGES)
		return 2;
	term.rows = atoi(argv[3]);
	term.columns = atoi(argv[4]);
	stage_table[i].run(argv);
	vterm_free(term.vt);
	printf("1..%d\n", tests);
	return 0;
}
