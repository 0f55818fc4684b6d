/* curses, and the few sequences it does not know. */
#include "tui/term.h"

#include <curses.h>
#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <term.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/mem.h"
#include "common/text.h"
#include "tui/keys.h"

#define PASTE_START 700 /* own curses key codes */
#define PASTE_END 701
#define PASTE_MAX 65536

/* Word and shape carry the meaning: a colour may be missing everywhere. */
static const struct {
	attr_t mono;
	attr_t colour_attr;
	short fg, fg256; /* -1: the terminal's own */
} style_table[STYLE_COUNT] = {
    [STYLE_PLAIN] = {A_NORMAL, A_NORMAL, -1, -1},
    [STYLE_TITLE] = {A_REVERSE, A_REVERSE, -1, -1},
    [STYLE_HEADING] = {A_BOLD, A_BOLD, COLOR_CYAN, 37},
    [STYLE_COLUMNS] = {A_UNDERLINE, A_UNDERLINE, -1, -1},
    [STYLE_FOCUS] = {A_REVERSE, A_REVERSE, -1, -1},
    [STYLE_SELECTED] = {A_BOLD, A_BOLD, -1, -1},
    [STYLE_MUTED] = {A_DIM, A_NORMAL, -1, 245},
    [STYLE_RED] = {A_REVERSE | A_BOLD, A_REVERSE | A_BOLD, COLOR_RED, 160},
    [STYLE_YELLOW] = {A_BOLD, A_BOLD, COLOR_YELLOW, 178},
    [STYLE_BLUE] = {A_NORMAL, A_NORMAL, COLOR_CYAN, 75},
    [STYLE_GREEN] = {A_NORMAL, A_NORMAL, COLOR_GREEN, 71},
    [STYLE_BAD] = {A_BOLD, A_BOLD, COLOR_RED, 203},
    [STYLE_EDIT] = {A_UNDERLINE, A_UNDERLINE, -1, -1},
    [STYLE_HINT] = {A_NORMAL, A_NORMAL, -1, 250},
};

static const struct {
	int curses;
	uint32_t key;
} special_table[] = {
    {KEY_UP, KEY_UP_},
    {KEY_DOWN, KEY_DOWN_},
    {KEY_LEFT, KEY_LEFT_},
    {KEY_RIGHT, KEY_RIGHT_},
    {KEY_HOME, KEY_HOME_},
    {KEY_END, KEY_END_},
    {KEY_PPAGE, KEY_PGUP_},
    {KEY_NPAGE, KEY_PGDN_},
    {KEY_DC, KEY_DELETE_},
    {KEY_IC, KEY_INSERT_},
    {KEY_BTAB, KEY_BACKTAB_},
    {KEY_BACKSPACE, KEY_RUBOUT_},
    {KEY_ENTER, KEY_ENTER_},
};

static const char restore_bytes[] =
    "\033[?2026l\033[?2004l\033[?1049l\033[?25h\033[0m";
static bool term_on;
static int frame_fd = -1; /* where curses writes while a frame is made */
static int tty_fd = -1;
static int curses_fd = -1; /* the one curses was given */
static bool colours;
static attr_t styles[STYLE_COUNT];
static short style_pairs[STYLE_COUNT];
static struct grid shown; /* what the terminal shows now */
static struct buf pasted;

static void
write_all(const void *data, size_t n)
{
	const char *p = data;
	ssize_t done;

	while (n > 0) {
		done = write(tty_fd, p, n);
		if (done < 0) {
			struct pollfd pfd = {.fd = tty_fd, .events = POLLOUT};

			/* EIO: nobody looks any more */
			if (errno != EINTR &&
			    (errno != EAGAIN || poll(&pfd, 1, 1000) <= 0))
				return;
			continue;
		}
		p += done;
		n -= (size_t)done;
	}
}

/* Only what may be called in a signal handler. */
static void
on_crash(int signo)
{
	ssize_t n;

	if (term_on) {
		n = write(tty_fd, restore_bytes, sizeof(restore_bytes) - 1);
		(void)n;
	}
	signal(signo, SIG_DFL);
	raise(signo);
}

static void
styles_init(void)
{
	const char *none = getenv("NO_COLOR");
	short fg;

	colours = has_colors() && !(none && none[0]);
	if (colours) {
		start_color();
		use_default_colors();
	}
	for (int i = 0; i < STYLE_COUNT; i++) {
		styles[i] =
		    colours ? style_table[i].colour_attr : style_table[i].mono;
		fg = COLORS >= 256 ? style_table[i].fg256 : style_table[i].fg;
		if (!colours || fg < 0)
			continue;
		init_pair((short)(i + 1), fg, -1);
		style_pairs[i] = (short)(i + 1);
	}
}

/* Prints an ambiguous character and asks where the cursor went; a terminal
 * that does not answer within 100 ms counts as narrow. */
static void
probe_width(void)
{
	static const char ask[] = "\r\342\227\217\033[6n";
	struct pollfd pfd = {.fd = STDIN_FILENO, .events = POLLIN};
	char reply[32];
	size_t n = 0;
	ssize_t got;
	int row, column;

	if (strcmp(nl_langinfo(CODESET), "UTF-8") != 0 ||
	    strncmp(setlocale(LC_CTYPE, NULL), "zh", 2) != 0)
		return;
	write_all(ask, sizeof(ask) - 1);
	while (n < sizeof(reply) - 1 && poll(&pfd, 1, 100) > 0) {
		got = read(STDIN_FILENO, reply + n, sizeof(reply) - 1 - n);
		if (got <= 0)
			break;
		n += (size_t)got;
		if (reply[n - 1] == 'R')
			break;
	}
	reply[n] = '\0';
	if (sscanf(reply, "\033[%d;%dR", &row, &column) == 2)
		text_set_ambiguous_wide(column == 3);
	write_all("\r  \r", 4);
}

static int
terminal_known(struct err *e)
{
	const char *name = getenv("TERM");
	int code = 0;

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		return err_set(e, ERR_SYSTEM,
		    "not a terminal (firebreak --dump SCREEN prints one)");
	if (!name || strcmp(name, "dumb") == 0)
		return err_set(e, ERR_SYSTEM,
		    "TERM=%s cannot show screens; firebreak --dump SCREEN can",
		    name ? name : "");
	if (setupterm(NULL, STDOUT_FILENO, &code) != OK &&
	    setupterm("xterm-256color", STDOUT_FILENO, &code) == OK)
		setenv("TERM", "xterm-256color", 1);
	else if (code != 1)
		setenv("TERM", "vt100", 1);
	return 0;
}

int
term_start(struct err *e)
{
	static const int deaths[] = {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL};
	FILE *out;

	if (terminal_known(e) != 0)
		return -1;
	if (strcmp(nl_langinfo(CODESET), "UTF-8") != 0)
		setlocale(LC_CTYPE, "C.UTF-8");
	tty_fd = dup(STDOUT_FILENO);
	frame_fd = memfd_create("frame", MFD_CLOEXEC);
	curses_fd = dup(STDOUT_FILENO);
	out = frame_fd < 0 ? NULL : fdopen(curses_fd, "w");
	if (!out)
		return err_errno(e, "cannot open the terminal");
	set_escdelay(25);
	if (!newterm(NULL, out, stdin))
		return err_set(e, ERR_SYSTEM, "curses cannot start");
	term_on = true;
	raw();
	noecho();
	nonl();
	nodelay(stdscr, TRUE);
	keypad(stdscr, TRUE);
	meta(stdscr, TRUE);
	define_key("\033[200~", PASTE_START);
	define_key("\033[201~", PASTE_END);
	styles_init();
	probe_width();
	write_all("\033[?2004h", 8);
	for (size_t i = 0; i < COUNT_OF(deaths); i++)
		signal(deaths[i], on_crash);
	atexit(term_stop);
	return 0;
}

void
term_stop(void)
{
	if (!term_on)
		return;
	term_on = false;
	endwin();
	write_all("\033[?2004l", 8);
	grid_clear(&shown);
	buf_clear(&pasted);
}

void
term_size(int *height, int *width)
{
	getmaxyx(stdscr, *height, *width);
}

void
term_resize(void)
{
	struct winsize ws;

	if (ioctl(tty_fd, TIOCGWINSZ, &ws) == 0 && ws.ws_row && ws.ws_col)
		resizeterm(ws.ws_row, ws.ws_col);
	term_redraw();
}

void
term_redraw(void)
{
	grid_clear(&shown);
	clearok(curscr, TRUE);
}

static bool
cell_equals(const struct grid_cell *a, const struct grid_cell *b)
{
	return a->c == b->c && a->mark == b->mark && a->style == b->style;
}

static void
paint_cell(const struct grid *g, int y, int x)
{
	const struct grid_cell *cell = grid_at(g, y, x);
	wchar_t text[3] = {(wchar_t)cell->c, (wchar_t)cell->mark, 0};
	cchar_t out;

	if (cell->c == 0)
		return;
	setcchar(
	    &out, text, styles[cell->style], style_pairs[cell->style], NULL);
	mvadd_wch(y, x, &out);
}

/* Rows that changed are written whole: a wide character over a narrow one
 * leaves nothing behind then. */
static bool
paint_rows(const struct grid *g)
{
	bool same = shown.height == g->height && shown.width == g->width;
	bool any = false;

	for (int y = 0; y < g->height; y++) {
		const struct grid_cell *a = grid_at(g, y, 0),
				       *b = same ? grid_at(&shown, y, 0) : NULL;
		bool differs = !same;

		for (int x = 0; x < g->width && !differs; x++)
			differs = !cell_equals(&a[x], &b[x]);
		for (int x = 0; x < g->width && differs; x++)
			paint_cell(g, y, x);
		any |= differs;
	}
	if (any) {
		if (!same) {
			grid_clear(&shown);
			grid_init(&shown, g->height, g->width);
		}
		memcpy(shown.cells, g->cells,
		    (size_t)g->height * (size_t)g->width * sizeof(*g->cells));
	}
	return any;
}

/* curses writes into memory for the length of doupdate(); then one write. */
static void
flush_frame(void)
{
	struct buf frame = {0};
	off_t n;

	if (ftruncate(frame_fd, 0) != 0 || lseek(frame_fd, 0, SEEK_SET) != 0)
		return;
	dup3(frame_fd, curses_fd, O_CLOEXEC);
	doupdate();
	dup3(tty_fd, curses_fd, O_CLOEXEC);
	n = lseek(frame_fd, 0, SEEK_CUR);
	if (n <= 0)
		return;
	buf_add_str(&frame, "\033[?2026h");
	if (pread(frame_fd, buf_reserve(&frame, (size_t)n), (size_t)n, 0) == n)
		frame.len += (size_t)n;
	buf_add_str(&frame, "\033[?2026l");
	write_all(frame.data, frame.len);
	buf_clear(&frame);
}

void
term_paint(const struct grid *g)
{
	bool moved = shown.cursor_y != g->cursor_y ||
		     shown.cursor_x != g->cursor_x ||
		     shown.cursor_shown != g->cursor_shown;

	if (!paint_rows(g) && !moved)
		return;
	if (shown.cursor_shown != g->cursor_shown || !moved)
		curs_set(1);
	move(g->cursor_y, g->cursor_x);
	shown.cursor_y = g->cursor_y;
	shown.cursor_x = g->cursor_x;
	shown.cursor_shown = g->cursor_shown;
	wnoutrefresh(stdscr);
	flush_frame();
}

/* One more byte of the keyboard's UTF-8: the character that it completes, 0
 * for none.  curses' own decoder never gets over a byte that is no text, and
 * forgets the half of a character whose other half comes later. */
static uint32_t
utf8_take(int byte)
{
	static char part[4];
	static size_t n, need;
	uint32_t c;
	size_t len;

	if (byte < 0x80 || byte >= 0xc2) {
		need = byte < 0x80 ? 1 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
		n = 0;
	} else if (n == 0)
		return 0;
	part[n++] = (char)byte;
	if (n < need)
		return 0;
	c = text_decode(part, n, &len);
	n = 0;
	return len == need ? c : 0;
}

static uint32_t
read_paste(void)
{
	char utf8[4];
	int byte, idle = 0;
	uint32_t c;
	struct pollfd pfd = {.fd = STDIN_FILENO, .events = POLLIN};

	buf_reset(&pasted);
	while (idle < 10 && (byte = getch()) != PASTE_END) {
		if (byte == ERR) {
			idle += poll(&pfd, 1, 20) <= 0;
			continue;
		}
		c = byte < KEY_MIN ? utf8_take(byte) : 0;
		if (c && pasted.len < PASTE_MAX)
			buf_add(&pasted, utf8,
			    text_encode(c == '\r' ? '\n' : c, utf8));
	}
	buf_str(&pasted);
	return KEY_PASTE_;
}

bool
term_is_gone(void)
{
	struct pollfd pfd = {.fd = STDIN_FILENO, .events = POLLIN};

	return poll(&pfd, 1, 0) > 0 &&
	       (pfd.revents & (POLLHUP | POLLERR | POLLNVAL)) != 0;
}

uint32_t
term_key(void)
{
	uint32_t c = 0;
	int key = 0;

	while (c == 0 && key < KEY_MIN) {
		key = getch();
		if (key == ERR)
			return 0;
		if (key < KEY_MIN)
			c = utf8_take(key);
	}
	if (c)
		return c == '\n' ? KEY_ENTER_ : c;
	if (key == PASTE_START)
		return read_paste();
	if (key >= KEY_F(1) && key <= KEY_F(12))
		return KEY_FN(key - KEY_F(0));
	for (size_t i = 0; i < COUNT_OF(special_table); i++)
		if (special_table[i].curses == key)
			return special_table[i].key;
	return KEY_LAST_;
}

const char *
term_pasted(void)
{
	return pasted.data ? (const char *)pasted.data : "";
}

void
term_suspend(void)
{
	write_all("\033[?2004l", 8);
	endwin();
	raise(SIGTSTP);
	doupdate();
	write_all("\033[?2004h", 8);
	term_resize();
}

void
term_copy(const char *text)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t n = strlen(text);
	struct buf out = {0};

	buf_add_str(&out, "\033]52;c;");
	for (size_t i = 0; i < n; i += 3) {
		uint32_t v = (uint32_t)(unsigned char)text[i] << 16;

		v |= i + 1 < n ? (uint32_t)(unsigned char)text[i + 1] << 8 : 0;
		v |= i + 2 < n ? (uint32_t)(unsigned char)text[i + 2] : 0;
		buf_add_byte(&out, (uint8_t)digits[v >> 18]);
		buf_add_byte(&out, (uint8_t)digits[v >> 12 & 63]);
		buf_add_byte(
		    &out, i + 1 < n ? (uint8_t)digits[v >> 6 & 63] : '=');
		buf_add_byte(&out, i + 2 < n ? (uint8_t)digits[v & 63] : '=');
	}
	buf_add_byte(&out, '\a');
	write_all(out.data, out.len);
	buf_clear(&out);
}
