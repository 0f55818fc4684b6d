/*
 * How fast the terminal is for who looks and types: the real program in a
 * pseudo terminal, its bytes read by libvterm.  Prints `name value` lines.
 *
 *     term start FIREBREAK KEY TEXT        first paint, first rows (with TEXT)
 *     term keys FIREBREAK KEY TEXT         j and k where TEXT is shown
 *     term pages FIREBREAK KEY TEXT PAGES  memory while paging in customers
 *     term million FIREBREAK KEY TEXT NAME memory while walking through a list
 *                                          too long to be held, and searching
 *                                          it for "NAME Ltd"; the passphrase
 *                                          of KEY is "right"
 *     term alerts KEY PER_SECOND           claims and unclaims what is on the
 *                                          wall until it is killed
 *
 * Nothing sleeps: every wait is for content, with a deadline.
 */
#include <inttypes.h>
#include <poll.h>
#include <pty.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <vterm.h>

#include "common/buf.h"
#include "common/client.h"
#include "common/keyfile.h"
#include "common/log.h"
#include "common/loop.h"
#include "common/mem.h"

#define ROWS 40
#define COLUMNS 120
#define PATIENCE 15000000 /* us */
#define KEYS 600
#define TURN 8 /* keys down, then as many up */
#define ALERTS 100

static struct {
	int fd;
	pid_t pid;
	VTerm *vt;
	VTermScreen *screen;
	uint64_t bytes;
} term;

static void
term_open(const char *program, const char *key)
{
	struct winsize size = {.ws_row = ROWS, .ws_col = COLUMNS};

	term.pid = forkpty(&term.fd, NULL, NULL, &size);
	if (term.pid < 0)
		fatal("forkpty");
	if (term.pid == 0) {
		setenv("TERM", "xterm-256color", 1);
		execl(program, program, "--key", key, "--lang", "en",
		    (char *)NULL);
		_exit(127);
	}
	term.vt = vterm_new(ROWS, COLUMNS);
	vterm_set_utf8(term.vt, 1);
	term.screen = vterm_obtain_screen(term.vt);
	vterm_screen_enable_altscreen(term.screen, 1);
	vterm_screen_reset(term.screen, 1);
}

static void
term_close(void)
{
	uint64_t end = loop_now() + PATIENCE;

	close(term.fd); /* a window that is closed */
	while (waitpid(term.pid, NULL, WNOHANG) == 0)
		if (loop_now() > end) {
			kill(term.pid, SIGKILL);
			fatalx("it did not end with its window");
		} else
			sched_yield();
	vterm_free(term.vt);
}

/* What comes before `end`, at most once. */
static bool
term_read(uint64_t end)
{
	struct pollfd p = {.fd = term.fd, .events = POLLIN};
	static char data[65536];
	uint64_t now = loop_now();
	ssize_t n;

	if (poll(&p, 1, end > now ? (int)((end - now) / 1000) + 1 : 0) <= 0)
		return false;
	n = read(term.fd, data, sizeof(data));
	if (n <= 0)
		fatalx("the terminal ended");
	term.bytes += (uint64_t)n;
	vterm_input_write(term.vt, data, (size_t)n);
	return true;
}

static bool
is_shown(const char *text)
{
	char line[4 * COLUMNS + 1];

	for (int y = 0; y < ROWS; y++) {
		VTermRect r = {y, y + 1, 0, COLUMNS};
		size_t n = vterm_screen_get_text(
		    term.screen, line, sizeof(line) - 1, r);

		line[n] = '\0';
		if (strstr(line, text))
			return true;
	}
	return false;
}

static void
expect(const char *text)
{
	uint64_t end = loop_now() + PATIENCE;

	while (!is_shown(text))
		if (!term_read(end))
			fatalx("never shown: %s", text);
}

static void
type(const char *keys)
{
	if (write(term.fd, keys, strlen(keys)) < 0)
		fatal("pty");
}

/* Until nothing moves any more, the terminal's own pause after a key included;
 * under a load that never ends, for two seconds. */
static void
settle(void)
{
	uint64_t end = loop_now() + 2000000;

	while (loop_now() < end && term_read(loop_now() + 700000))
		;
}

static VTermPos
cursor(void)
{
	VTermPos at;

	vterm_state_get_cursorpos(vterm_obtain_state(term.vt), &at);
	return at;
}

static void
measure_start(char **argv)
{
	uint64_t begin = loop_now();

	term_open(argv[2], argv[3]);
	expect("firebreak"); /* the title; a frame comes whole */
	printf("first_paint_ms %.2f\n", (double)(loop_now() - begin) / 1e3);
	expect(argv[4]);
	printf("first_rows_ms %.2f\n", (double)(loop_now() - begin) / 1e3);
	term_close();
}

static int
compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* From the key to the cursor on another row: what is pushed meanwhile makes
 * frames too, but does not move the selection. */
static void
measure_keys(char **argv)
{
	static uint64_t took[KEYS];
	uint64_t bytes;

	term_open(argv[2], argv[3]);
	expect(argv[4]);
	settle();
	type("g");
	settle();
	bytes = term.bytes;
	for (int i = 0; i < KEYS; i++) {
		int row = cursor().row;
		uint64_t begin = loop_now();

		type(i / TURN % 2 ? "k" : "j");
		while (cursor().row == row)
			if (!term_read(begin + PATIENCE))
				fatalx("key %d is not answered: the list "
				       "needs more than %d rows",
				    i, TURN);
		took[i] = loop_now() - begin;
	}
	bytes = term.bytes - bytes;
	qsort(took, KEYS, sizeof(took[0]), compare);
	printf("key_p50_ms %.3f\n", (double)took[KEYS / 2] / 1e3);
	printf("key_p99_ms %.3f\n", (double)took[KEYS * 99 / 100] / 1e3);
	printf("key_bytes %" PRIu64 "\n", bytes / KEYS);
	term_close();
}

static long
memory_kib(void)
{
	char *path = xasprintf("/proc/%d/status", (int)term.pid);
	char line[200];
	FILE *f = fopen(path, "re");
	long kib = 0;

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "VmRSS: %ld", &kib) == 1)
			break;
	if (f)
		fclose(f);
	free(path);
	return kib;
}

static void
measure_pages(char **argv)
{
	long most = 0, pages = strtol(argv[5], NULL, 10), kib;

	term_open(argv[2], argv[3]);
	expect(argv[4]);
	type(":");
	expect("command");
	type("customers\r");
	expect("Customers 1/");
	for (long i = 0; i < pages; i++) {
		uint64_t before = term.bytes, end = loop_now() + 1000000;

		type("\033[6~");
		while (term.bytes == before && term_read(end))
			;
		kib = memory_kib();
		most = kib > most ? kib : most;
	}
	type("G");
	term_read(loop_now() + 1000000);
	kib = memory_kib();
	printf("terminal_rss_mib %.2f\n",
	    (double)(kib > most ? kib : most) / 1024);
	term_close();
}

/* The number of the selected row as the heading has it; 0: none there. */
static long
row_number(void)
{
	char line[4 * COLUMNS + 1], *at;

	for (int y = 0; y < ROWS; y++) {
		VTermRect r = {y, y + 1, 0, COLUMNS};
		size_t n = vterm_screen_get_text(
		    term.screen, line, sizeof(line) - 1, r);

		line[n] = '\0';
		if ((at = strstr(line, "- Customers ")))
			return strtol(at + 12, NULL, 10);
	}
	return 0;
}

static void
more_memory(long *most)
{
	long kib = memory_kib();

	*most = kib > *most ? kib : *most;
}

/* Whole pages, until so many rows were passed; forward they are numbered. */
static void
walk(const char *key, long rows, long *most)
{
	uint64_t end = loop_now() + 4 * PATIENCE;

	for (long passed = 0; passed < rows; passed += ROWS - 5) {
		uint64_t before = term.bytes;

		/* at the last row that is here a page changes nothing */
		do {
			type(key);
			if (loop_now() > end)
				fatalx("no page after %ld rows", passed);
			term_read(loop_now() + 20000);
		} while (term.bytes == before);
		more_memory(most);
	}
}

static void
measure_million(char **argv)
{
	long most = 0;
	uint64_t begin;
	char *found = xasprintf("%s Ltd", argv[5]);

	term_open(argv[2], argv[3]);
	expect("passphrase:");
	type("right\n");
	expect(argv[4]);
	type(":");
	expect("command");
	type("customers\r");
	expect("Customers 1/");
	walk("\033[6~", 20000, &most);
	while (row_number() < 10000)
		if (!term_read(loop_now() + PATIENCE))
			fatalx("it stands in row %ld", row_number());
	begin = loop_now();
	type("G");
	while (row_number() >= 10000 && row_number() < 900000)
		if (!term_read(begin + PATIENCE))
			fatalx("no last page");
	printf("term_end_1m_ms %.1f\n", (double)(loop_now() - begin) / 1e3);
	settle();
	walk("\033[5~", 20000, &most);
	type("g");
	expect("Customers 1/");
	begin = loop_now();
	type("&");
	type(argv[5]);
	type("\r");
	expect(found);
	free(found);
	more_memory(&most);
	printf("term_search_1m_ms %.1f\n", (double)(loop_now() - begin) / 1e3);
	printf("term_rss_1m_mib %.2f\n", (double)most / 1024);
	term_close();
}

/* Alerts that change ---------------------------------------------------------
 */

static struct {
	struct loop *loop;
	struct client *client;
	struct loop_timer *timer;
	int64_t ids[ALERTS];
	size_t count, turn;
	uint64_t begin, per_second, done;
} wall;

static void
on_written(const struct err *e, const struct client_done *done, void *arg)
{
	(void)done;
	(void)arg;
	if (e && wall.done++ == 0)
		fatalx("alert/ack: %s", e->text);
	wall.done++;
}

static void
write_one(void)
{
	static const struct client_reply reply = {.on_done = on_written};
	const char *what =
	    wall.turn / wall.count % 2 ? "alert/unack" : "alert/ack";
	struct buf args = {0};
	uint8_t id[REQUEST_ID_LEN];

	client_request_id(id);
	codec_put_map(&args, 1);
	codec_put_text(&args, "alert_id");
	codec_put_int(&args, wall.ids[wall.turn++ % wall.count]);
	client_write(wall.client, what, &args, id, &reply, NULL);
	buf_clear(&args);
}

/* As many as should have been made by now. */
static void
on_beat(void *arg)
{
	uint64_t due = (loop_now() - wall.begin) * wall.per_second / 1000000;

	(void)arg;
	while (wall.turn < due)
		write_one();
	loop_timer_set(wall.timer, 1000000 / wall.per_second);
}

static void
on_wall_rows(struct codec_reader *rows, size_t count, void *arg)
{
	(void)arg;
	for (size_t i = 0; i < count; i++) {
		size_t cells = codec_need_array(rows);
		int64_t id = codec_need_int(rows);

		if (wall.count < ALERTS)
			wall.ids[wall.count++] = id;
		while (cells-- > 1)
			codec_skip(rows);
	}
}

static void
on_wall(const struct err *e, const struct client_done *done, void *arg)
{
	(void)done;
	(void)arg;
	if (e || wall.count == 0)
		fatalx("the wall: %s", e ? e->text : "no alerts");
	wall.begin = loop_now();
	puts("ready");
	fflush(stdout);
	on_beat(NULL);
}

static void
on_welcome(const struct client_welcome *w, void *arg)
{
	static const struct client_reply reply = {
	    .on_rows = on_wall_rows, .on_done = on_wall};

	(void)w;
	(void)arg;
	client_ask(wall.client, 0, "alert/wall", NULL, NULL, &reply, NULL);
}

static void
on_closed(const struct err *e, void *arg)
{
	(void)arg;
	fatalx("the daemon closed the connection: %s", e->text);
}

static void
on_end(int signo, void *arg)
{
	(void)signo;
	(void)arg;
	printf("alerts_per_s %.0f\n",
	    (double)wall.done * 1e6 / (double)(loop_now() - wall.begin));
	loop_stop(wall.loop);
}

static void
change_alerts(char **argv)
{
	static const struct client_events events = {
	    .on_welcome = on_welcome, .on_closed = on_closed};
	struct client_hello hello = {
	    .version = "bench", .lang = "en", .device_name = "bench"};
	struct loop_signal *end;
	struct keyfile *key;
	struct err e;

	key = keyfile_load(argv[2], NULL, &e);
	if (!key)
		fatalx("%s", e.text);
	wall.per_second = strtoull(argv[3], NULL, 10);
	wall.loop = loop_new();
	wall.timer = loop_timer_new(wall.loop, on_beat, NULL);
	end = loop_signal_start(wall.loop, SIGTERM, on_end, NULL);
	wall.client = client_new(wall.loop, keyfile_address(key),
	    keyfile_server_key(key), key, &hello, &events, NULL);
	loop_run(wall.loop);
	client_free(wall.client);
	loop_signal_cancel(end);
	loop_timer_cancel(wall.timer);
	loop_free(wall.loop);
	keyfile_free(key);
}

int
main(int argc, char **argv)
{
	log_open("term", LOG_LEVEL_WARN);
	if (argc == 5 && strcmp(argv[1], "start") == 0)
		measure_start(argv);
	else if (argc == 5 && strcmp(argv[1], "keys") == 0)
		measure_keys(argv);
	else if (argc == 6 && strcmp(argv[1], "pages") == 0)
		measure_pages(argv);
	else if (argc == 6 && strcmp(argv[1], "million") == 0)
		measure_million(argv);
	else if (argc == 4 && strcmp(argv[1], "alerts") == 0)
		change_alerts(argv);
	else
		fatalx("usage: see the top of tests/bench/term.c");
	return 0;
}
