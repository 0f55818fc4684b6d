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
 * passphrase "right"; `hostile`, `terms`: what nobody means to do, and other
 * terminals; `revoked`: it knows the key no more.
 */
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "tests/harness/pty.h"

#define KEYS 300

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
	long before = pty.bytes;
	int answered = 0;

	while (pty_read(700))
		;
	for (int i = 0; i < KEYS; i++) {
		double begin = pty_now();

		pty_type(i % 36 < 18 ? "j" : "k");
		if (pty_read(PATIENCE))
			answered++;
		took[i] = pty_now() - begin;
		while (pty_read(0))
			;
	}
	qsort(took, KEYS, sizeof(took[0]), compare);
	pty_check(answered == KEYS, "every key is answered by a frame");
	printf("# key_p50_ms %.3f\n# key_p99_ms %.3f\n# key_bytes %ld\n",
	    took[KEYS / 2], took[KEYS * 99 / 100], (pty.bytes - before) / KEYS);
}

static void
measure_memory(void)
{
	char path[64], line[256];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pty.pid);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f))
		if (strncmp(line, "VmRSS:", 6) == 0)
			printf("# rss_kb %ld\n", strtol(line + 6, NULL, 10));
	if (f)
		fclose(f);
}

static void
log_a_visit(void)
{
	pty_type("\033[21~"); /* F10: nothing is filled in yet */
	pty_check(pty_expect("required"), "a form says what it lacks");
	pty_check(pty_expect_cursor("Summary"), "and puts the cursor there");
	pty_type("agreed the pilot in the pty");
	pty_check(pty_expect("pilot in the pty"),
	    "what is typed stands in the field");
	pty_type("\033[21~");
	pty_check(pty_expect("saved"), "the visit is saved");
	pty_check(pty_expect_gone("F10 save"), "and its form is gone");
}

static bool
restored(void)
{
	struct termios t;

	/* a Linux console and a VT100 have one screen */
	bool one =
	    strcmp(pty.name, "linux") == 0 || strcmp(pty.name, "vt100") == 0;

	return (one || memmem(pty.tail, pty.tail_len, "\033[?1049l", 8)) &&
	       tcgetattr(pty.fd, &t) == 0 && (t.c_lflag & ICANON) &&
	       (t.c_lflag & ECHO);
}

static void
go_to(const char *screen)
{
	pty_type(":");
	pty_check(pty_expect("command"), "the palette opens");
	pty_type(screen);
	pty_type("\r");
}

static void
leave(const char *keys)
{
	double end = pty_now() + PATIENCE;
	struct termios t;
	int status = -1, fd = pty.fd;
	bool was_raw =
	    tcgetattr(fd, &t) == 0 && (t.c_lflag & (ICANON | ECHO)) == 0;

	pty_check(was_raw, "keys come one by one");
	pty_type(keys);
	while (pty_now() < end && waitpid(pty.pid, &status, WNOHANG) != pty.pid)
		if (!pty_read(20) && pty.ended)
			sched_yield();
	while (pty_read(0))
		;
	pty_check(status == 0, "Q ends it with status 0");
	pty_check(restored(), "the terminal is as it was");
}

/* Closes the window: SIGHUP and a terminal that takes nothing any more. */
static void
close_window(void)
{
	double end = pty_now() + PATIENCE / 5;
	int status = -1;
	pid_t gone = 0;

	close(pty.fd);
	while (gone == 0 && pty_now() < end) {
		gone = waitpid(pty.pid, &status, WNOHANG);
		sched_yield();
	}
	if (gone == 0)
		kill(pty.pid, SIGKILL);
	printf("%sok %d - it ends when its window is closed\n",
	    gone == pty.pid ? "" : "not ", ++pty.tests);
	if (gone != pty.pid)
		exit(1);
	vterm_free(pty.vt);
}

static void
abandon(char **argv)
{
	vterm_free(pty.vt);
	pty_start(argv);
	pty_check(pty_expect("Actions of today 1/"), "it starts again");
	close_window();
}

static void
resize(int rows, int columns)
{
	struct winsize size = {
	    .ws_row = (unsigned short)rows, .ws_col = (unsigned short)columns};

	ioctl(pty.fd, TIOCSWINSZ, &size);
	pty_read(1);
}

/* As quickly as sizes come while a window is dragged; libvterm would not live
 * through all of them. */
static void
resize_storm(void)
{
	static const int sizes[][2] = {{1, 1}, {40, 3}, {2, 120}, {9, 39},
	    {10, 40}, {80, 200}, {24, 80}, {1, 200}};

	pty.deaf = true;
	for (int i = 0; i < 64; i++)
		resize(sizes[i % 8][0], sizes[i % 8][1]);
	resize(pty.rows, pty.columns);
	while (pty_read(300))
		;
	pty.deaf = false;
	vterm_free(pty.vt);
	pty_screen_new();
	pty_type("\f"); /* C-l, which a field takes no notice of */
}

/* A hundred kilobytes, of which a field takes what it may. */
static void
paste_much(void)
{
	static char much[100000];

	for (size_t i = 0; i < sizeof(much); i++)
		much[i] = i % 50 == 49 ? '\n' : (char)('a' + i % 23);
	pty_type("\033[200~");
	for (size_t at = 0; at < sizeof(much);) {
		ssize_t n = write(pty.fd, much + at, sizeof(much) - at);

		if (n <= 0)
			break;
		at += (size_t)n;
	}
	pty_type("\033[201~");
}

static void
open_visit(void)
{
	go_to("customers");
	pty_check(pty_expect("Customers 1/"), "its list is there");
	pty_type("v");
	pty_check(pty_expect("Log a visit"), "the form opens");
}

/* What nobody does on purpose, over a form that is being filled in. */
static void
stage_hostile(char **argv)
{
	pty_start(argv);
	pty_check(pty_expect("Actions of today 1/"), "it starts");
	open_visit();
	pty_type("\033[21~"); /* F10: to what is required */
	pty_check(pty_expect_cursor("Summary"), "the cursor is in a note");
	pty_type("\377\376\303(\300\200\355\240\200"); /* not UTF-8 */
	pty_type("\346\274\242\345\255\227 kept in the form");
	pty_check(pty_expect("\346\274\242\345\255\227 kept in the form"),
	    "what is no text is passed over");
	pty_type("\346\227"); /* half of a character */
	pty_read(50);
	pty_type("\245");
	pty_check(pty_expect("kept in the form\346\227\245"),
	    "a character may come in two parts");
	resize_storm();
	pty_check(
	    pty_expect("kept in the form"), "64 sizes later it stands there");
	paste_much();
	pty_check(pty_expect("abcdefghijklmnopqrstuvw"), "a paste is taken");
	pty_type("\025\025"); /* C-u */
	pty_type("kept for later");
	pty_check(pty_expect("kept for later"), "and the keys after it");
	close_window();
	pty_start(argv);
	pty_check(pty_expect("Actions of today 1/"), "it starts again");
	open_visit();
	pty_check(
	    pty_expect("kept for later"), "with what was typed and not saved");
	pty_type("\033");
	pty_check(pty_expect("draft kept"), "Esc keeps it, too");
	pty_type("v");
	pty_check(pty_expect("kept for later"), "for this customer");
	pty_type("\033[21~");
	pty_check(pty_expect("saved"), "until it is saved");
	leave("Q");
}

/* What the terminal is called: known, unknown, poor and no terminal. */
static void
stage_terms(char **argv)
{
	static const char *const names[] = {"xterm", "tmux-256color", "linux",
	    "screen", "vt100", "nobody-knows-this", "dumb"};
	int status;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		bool dumb = strcmp(names[i], "dumb") == 0;

		pty.name = names[i];
		pty_start(argv);
		if (!dumb) {
			pty_check(pty_expect("Actions of today"), names[i]);
			leave("Q");
			vterm_free(pty.vt);
			continue;
		}
		pty_check(
		    pty_expect("cannot show screens"), "dumb says why not");
		while (!pty.ended)
			pty_read(PATIENCE);
		waitpid(pty.pid, &status, 0);
		pty_check(WIFEXITED(status) && WEXITSTATUS(status) == 1,
		    "and ends with status 1");
	}
}

static void
log_offline(const char *first, const char *summary, const char *queued)
{
	pty_type("v");
	pty_check(pty_expect("Log a visit"), "a form opens");
	pty_type(first);
	pty_type("\033[21~"); /* to what is required */
	pty_check(pty_expect_cursor("Summary"), "and can be filled");
	pty_check(
	    pty_row_with("[written without") < 0, "with nothing of another's");
	pty_type(summary);
	pty_type("\033[21~");
	pty_check(pty_expect(queued), "its write waits");
	pty_check(pty_expect_gone("F10 save"), "and the form is gone");
}

static void
stage_offline(char **argv)
{
	pty_start(argv);
	pty_check(
	    pty_expect("as of "), "offline, it starts with the rows it kept");
	pty_check(pty_expect("OFFLINE"), "and says that it is offline");
	go_to("customers");
	pty_check(
	    pty_expect("Customers as of "), "a list says what time it is of");
	pty_check(
	    pty_expect(", offline --"), "and that nothing newer is to be had");
	pty_check(pty_expect(">  "), "its rows are there");
	pty_type("f");
	pty_check(
	    pty_expect("complaint handled"), "a key asks for what is missing");
	pty_type("complaint\r");
	pty_check(
	    pty_expect("[complaint handled"), "which is picked from a list");
	pty_type("\033[21~");
	pty_check(pty_expect(">~"), "a row whose write waits says so");
	log_offline("", "written without a daemon", "queued 2");
	pty_type("jj");
	/* S-Tab goes back to when it was */
	log_offline("\033[Z\0252099-01-01 09:00", "not yet", "queued 3");
	pty_type("Q");
	pty_check(pty_expect("Quit?"), "leaving mentions them");
	leave("y");
}

static void
stage_back(char **argv)
{
	pty_start(argv);
	pty_check(pty_expect("refused 1"), "one write was refused");
	pty_check(pty_expect_gone("queued"), "and none waits any more");
	go_to("customers");
	pty_check(pty_expect("Customers 1/"), "the rows are live");
	pty_check(pty_expect(" ! "), "the row of the refused write says so");
	pty_check(pty_row_with("~") < 0, "no row says that it waits");
	pty_type("\017"); /* C-o */
	pty_check(pty_expect("Log a visit  "), "what was refused is listed");
	pty_check(pty_expect("future"), "with the reason");
	pty_type("\r");
	pty_check(pty_expect_gone("refused 1"), "and gone once it was read");
	pty_type("f");
	pty_check(
	    pty_expect("data confirmed"), "a key asks for what is missing");
	pty_type("data con\r\033[21~");
	pty_check(
	    pty_expect("saved: confirm data"), "and is done at once online");
	pty_type("u");
	pty_check(pty_expect("undone"), "and undone");
	leave("Q");
}

static void
stage_locked(char **argv)
{
	int status = -1;

	pty_start(argv);
	pty_check(
	    pty_expect("passphrase:"), "a locked key asks for its passphrase");
	pty_type("wrong\n");
	pty_check(pty_expect("try again"), "a wrong one is asked for again");
	pty_type("right\n");
	pty_check(pty_expect("Actions of today 1/"),
	    "the right one opens the screens");
	pty_type("\030"); /* C-x */
	pty_check(pty_expect("enter the passphrase"), "C-x locks");
	pty_check(
	    pty_row_with("Actions of today") < 0, "and hides what was there");
	pty_type("wrong\r");
	pty_check(pty_expect("unlocking"), "it says that it tries");
	pty_type("abc");
	pty_check(pty_expect("***"), "the screen lives meanwhile");
	pty_type("\025"); /* C-u */
	pty_check(
	    pty_expect("wrong passphrase"), "a wrong one does not unlock");
	pty_type("right\r");
	pty_check(pty_expect("Actions of today 1/"), "the right one does");
	leave("Q");
	vterm_free(pty.vt);
	pty_start(argv);
	pty_check(pty_expect("passphrase:"), "it asks at the next start too");
	for (int i = 1; i <= 3; i++) {
		while (!pty.ended && pty_rows_with("passphrase: ") < i)
			pty_read(PATIENCE);
		pty_type("wrong\n");
	}
	while (!pty.ended)
		pty_read(PATIENCE);
	waitpid(pty.pid, &status, 0);
	pty_check(WIFEXITED(status) && WEXITSTATUS(status) == 1,
	    "the third wrong one ends it");
}

static void
stage_revoked(char **argv)
{
	pty_start(argv);
	pty_check(pty_expect("revoked"), "it hears that its key is void");
	pty_check(pty_expect_gone("as of "), "and shows nothing any more");
	leave("Q");
}

static void
stage_online(char **argv)
{
	double begin = pty_now();

	pty_start(argv);
	pty_check(pty_expect("firebreak"), "a frame appears");
	printf("# first_paint_ms %.1f\n", pty_now() - begin);
	pty_check(
	    pty_expect("Actions of today 1/"), "the first screen has rows");
	printf("# first_rows_ms %.1f\n", pty_now() - begin);
	measure_keys();
	go_to("customers");
	pty_check(pty_expect("Customers 1/"), "and leads to a screen");
	pty_type("v");
	pty_check(
	    pty_expect("Log a visit"), "a key opens the form of its write");
	log_a_visit();
	go_to("activities");
	pty_check(pty_expect("agreed the"), "it stands among the activities");
	pty_type("u");
	pty_check(pty_expect("undone"), "and can be taken back");
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
    {"hostile", stage_hostile},
    {"terms", stage_terms},
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
	pty.rows = atoi(argv[3]);
	pty.columns = atoi(argv[4]);
	stage_table[i].run(argv);
	if (stage_table[i].run != stage_online)
		vterm_free(pty.vt);
	printf("1..%d\n", pty.tests);
	return 0;
}
