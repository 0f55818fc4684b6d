/* firebreak: the terminal.  Arguments, files, and the loop around the model. */
#include <getopt.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/invite.h"
#include "common/keyfile.h"
#include "common/log.h"
#include "common/loop.h"
#include "common/mem.h"
#include "common/secret.h"
#include "tui/app.h"
#include "tui/net.h"
#include "tui/passphrase.h"
#include "tui/term.h"
#include "tui/unlock.h"

#define FRAME_PAUSE 33000 /* us between frames that no key asked for */
#define LOCK_AFTER (600 * UINT64_C(1000000))
#define DUMP_PATIENCE (10 * UINT64_C(1000000))

struct program {
	struct loop *loop;
	struct app app;
	struct net *net;
	struct keyfile *key;
	struct unlock *unlock; /* under way or done; NULL: never */
	struct grid grid;
	struct loop_fd *tty;
	struct loop_timer *timer;
	struct loop_signal *resize, *term, *hup;
	uint64_t painted_at;
	const char *key_path, *dump, *keys, *size, *lang, *name;
	bool styles, no_passphrase;
};

/* us since 1970 that stand still, for pictures and tests; 0: they do not */
static int64_t dump_clock;

static const struct option option_table[] = {
    {"key", required_argument, NULL, 'k'},
    {"lang", required_argument, NULL, 'l'},
    {"name", required_argument, NULL, 'n'},
    {"no-passphrase", no_argument, NULL, 'p'},
    {"dump", required_argument, NULL, 'd'},
    {"size", required_argument, NULL, 's'},
    {"style", no_argument, NULL, 'y'},
    {"keys", required_argument, NULL, 'K'},
    {"clock", required_argument, NULL, 'c'},
    {"version", no_argument, NULL, 'V'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

static const char usage[] =
    "usage: firebreak [options]              open your screens\n"
    "       firebreak join LINE [options]    make this device yours\n"
    "  --key FILE        the device's key (default: in $XDG_STATE_HOME)\n"
    "  --lang zh|en      language; default: $LANG, then your own setting\n"
    "  --name NAME       join: what to call this device\n"
    "  --no-passphrase   join: do not lock the key file\n"
    "  --dump SCREEN     print a screen as text and leave\n"
    "  --size WxH        with --dump: 80x24 unless given\n"
    "  --keys \"j Enter\"  with --dump: keys to press first\n"
    "  --clock TIME      with --dump: a time of this form is now,\n"
    "                    2026-06-30T10:30 (in UTC)\n"
    "  --style           with --dump: the plane of styles too\n"
    "  --version  --help\n";

static char *
state_file(const char *name)
{
	const char *xdg = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
	char *base = xdg && xdg[0] == '/'
			 ? xstrdup(xdg)
			 : xasprintf("%s/.local/state", home ? home : "");
	char *path = xasprintf("%s/firebreak/%s", base, name);

	for (char *p = path + 1; *p; p++)
		if (*p == '/') {
			*p = '\0';
			mkdir(path, 0700);
			*p = '/';
		}
	free(base);
	return path;
}

static void
on_unlocked(bool good, void *arg)
{
	app_unlocked(&((struct program *)arg)->app, good);
}

static void
host_unlock(const char *passphrase, void *arg)
{
	struct program *p = arg;

	unlock_cancel(p->unlock);
	p->unlock =
	    unlock_start(p->loop, p->key_path, passphrase, on_unlocked, p);
}

static void
host_suspend(void *arg)
{
	(void)arg;
	term_suspend();
}

static void
host_redraw(void *arg)
{
	(void)arg;
	term_redraw();
}

static void
host_copy(const char *text, void *arg)
{
	(void)arg;
	term_copy(text);
}

static int64_t
host_wallclock(void)
{
	return dump_clock ? dump_clock : loop_wallclock();
}

static void
paint(struct program *p)
{
	app_view(&p->app, &p->grid);
	term_paint(&p->grid);
	p->painted_at = loop_now();
}

/* After anything happened: what is due, then at most one frame. */
static void
settle(struct program *p, bool key)
{
	uint64_t now, next = app_tick(&p->app), frame;

	if (p->app.quit) {
		loop_stop(p->loop);
		return;
	}
	now = loop_now();
	frame = p->painted_at + FRAME_PAUSE;
	if (p->app.dirty && (key || now >= frame))
		paint(p);
	else if (p->app.dirty && (!next || frame < next))
		next = frame;
	if (p->app.link == LINK_OFFLINE && (!next || next > now + 1000000)) {
		next = now + 1000000;
		p->app.dirty = true;
	}
	if (next)
		loop_timer_set(p->timer, next > now ? next - now : 0);
}

/* All keys that are there; whether there was one. */
static bool
take_keys(struct program *p)
{
	bool any = false;
	uint32_t key;

	while (!p->app.quit && (key = term_key()) != 0) {
		any = true;
		if (key == KEY_PASTE_)
			app_paste(&p->app, term_pasted());
		else
			app_key(&p->app, key);
	}
	return any;
}

static void
on_tty(unsigned what, void *arg)
{
	struct program *p = arg;

	(void)what;
	if (term_is_gone())
		p->app.quit = true;
	else
		settle(p, take_keys(p));
}

static void
on_timer(void *arg)
{
	settle(arg, false);
}

static void
on_resize(int signo, void *arg)
{
	struct program *p = arg;
	int h, w;

	(void)signo;
	term_resize();
	term_size(&h, &w);
	grid_clear(&p->grid);
	grid_init(&p->grid, h, w);
	app_touch(&p->app);
	settle(p, true);
}

static void
on_end(int signo, void *arg)
{
	(void)signo;
	((struct program *)arg)->app.quit = true;
}

static void
program_start(struct program *p)
{
	struct app_host host = {
	    .suspend = p->dump ? NULL : host_suspend,
	    .redraw = p->dump ? NULL : host_redraw,
	    .copy = p->dump ? NULL : host_copy,
	    .unlock = host_unlock,
	    .now = loop_now,
	    .wallclock = host_wallclock,
	    .arg = p,
	};
	const char *env = getenv("LC_ALL");
	struct port port;
	int lang;

	if (!env || !env[0])
		env = getenv("LC_CTYPE");
	if (!env || !env[0])
		env = getenv("LANG");
	lang = lang_parse(p->lang ? p->lang : env);
	host.has_passphrase = keyfile_is_locked(p->key_path, NULL) > 0;
	p->loop = loop_new();
	p->net = net_new(p->loop, &p->app);
	port = net_port(p->net);
	app_init(&p->app, &host, &port, lang >= 0 ? lang : LANG_ZH);
	p->app.lang_fixed = lang >= 0;
}

static void
program_end(struct program *p)
{
	unlock_cancel(p->unlock);
	app_clear(&p->app);
	net_free(p->net);
	keyfile_free(p->key);
	loop_timer_cancel(p->timer);
	loop_fd_cancel(p->tty);
	loop_signal_cancel(p->resize);
	loop_signal_cancel(p->term);
	loop_signal_cancel(p->hup);
	loop_free(p->loop);
	grid_clear(&p->grid);
}

static int
run_terminal(struct program *p, struct err *e)
{
	char *queue = xasprintf("%s.queue", p->key_path);
	char *cache = xasprintf("%s.screens", p->key_path);
	char *rows = xasprintf("%s.rows", p->key_path);
	char *drafts = xasprintf("%s.drafts", p->key_path);
	struct net_options o = {.key = p->key, .cache = cache};
	uint8_t seal[32];
	int h, w, failed = -1;

	o.device = p->name;
	keyfile_derive(p->key, "rows", seal);
	p->app.cache = cache_new(rows, seal, CACHE_MAX);
	keyfile_derive(p->key, "drafts", seal);
	drafts_open(&p->app.drafts, drafts, seal);
	keyfile_derive(p->key, "queue", seal);
	if (queue_open(&p->app.queue, queue, seal, e) != 0 ||
	    term_start(e) != 0)
		goto out;
	p->app.locks_after = p->app.host.has_passphrase ? LOCK_AFTER : 0;
	p->app.last_key = loop_now();
	term_size(&h, &w);
	grid_init(&p->grid, h, w);
	p->timer = loop_timer_new(p->loop, on_timer, p);
	p->tty = loop_fd_start(p->loop, STDIN_FILENO, LOOP_READ, on_tty, p);
	p->resize = loop_signal_start(p->loop, SIGWINCH, on_resize, p);
	p->term = loop_signal_start(p->loop, SIGTERM, on_end, p);
	p->hup = loop_signal_start(p->loop, SIGHUP, on_end, p);
	paint(p);
	net_connect(p->net, &o);
	while (!p->app.quit) {
		loop_turn(p->loop, true);
		/* a key does not wait for the frame of what came */
		settle(p, take_keys(p));
	}
	term_stop();
	failed = 0;
out:
	secret_wipe(seal, sizeof(seal));
	free(queue);
	free(cache);
	free(rows);
	free(drafts);
	return failed;
}

static bool
is_loading(const struct app *a)
{
	for (size_t i = 0; a->view && i < a->view->pane_count; i++) {
		const struct pane *p = &a->view->panes[i];

		if (p->of_due || p->prompt_due)
			return true;
		for (int j = 0; j < p->source_count; j++)
			if (p->sources[j].asked_id)
				return true;
	}
	return a->view == NULL || a->queue.count > 0 || a->picker.due ||
	       a->picker.source.asked_id;
}

static int
wait_loaded(struct program *p, struct err *e)
{
	uint64_t end = loop_now() + DUMP_PATIENCE;

	for (;;) {
		app_tick(&p->app);
		if (!is_loading(&p->app))
			return 0;
		if (net_error(p->net)->code != ERR_NONE) {
			*e = *net_error(p->net);
			return -1;
		}
		if (loop_now() > end)
			return err_set(e, ERR_TIMEOUT,
			    "the daemon sent no data within 10 s");
		loop_timer_set(p->timer, 10000);
		loop_turn(p->loop, true);
	}
}

static void
on_nothing(void *arg)
{
	(void)arg;
}

static int
press_keys(struct program *p, struct err *e)
{
	char *keys = xstrdup(p->keys ? p->keys : ""), *save = NULL;
	int failed = 0;

	for (char *k = strtok_r(keys, " ", &save); k && !failed;
	     k = strtok_r(NULL, " ", &save)) {
		uint32_t key = key_parse(k);

		if (!key)
			failed =
			    err_set(e, ERR_BAD_ARGUMENT, "no such key: %s", k);
		else {
			app_view(&p->app, &p->grid);
			app_key(&p->app, key);
			failed = wait_loaded(p, e);
		}
	}
	free(keys);
	return failed;
}

static int
run_dump(struct program *p, struct err *e)
{
	struct net_options o = {.key = p->key, .once = true, .device = p->name};
	struct values none = {0};
	struct buf out = {0};
	int w = 80, h = 24;

	if (p->size && (sscanf(p->size, "%dx%d", &w, &h) != 2 || w < 1 ||
			   h < 1 || w > 1000 || h > 1000))
		return err_set(e, ERR_BAD_ARGUMENT, "--size wants e.g. 120x40");
	grid_init(&p->grid, h, w);
	p->timer = loop_timer_new(p->loop, on_nothing, p);
	net_connect(p->net, &o);
	if (wait_loaded(p, e) != 0)
		return -1;
	if (strcmp(p->dump, p->app.view->def->name) != 0 &&
	    !app_open(&p->app, p->dump, &none, NULL, NULL))
		return err_set(e, ERR_BAD_ARGUMENT, "%s", p->app.message);
	if (wait_loaded(p, e) != 0 || press_keys(p, e) != 0)
		return -1;
	app_view(&p->app, &p->grid);
	grid_print(&p->grid, &out);
	if (p->styles)
		grid_print_styles(&p->grid, &out);
	fwrite(out.data, 1, out.len, stdout);
	buf_clear(&out);
	return 0;
}

static int
join_wait(struct program *p, const struct invite *invite, struct err *e)
{
	struct net_options o = {.key = p->key, .once = true, .device = p->name};
	uint64_t end = loop_now() + DUMP_PATIENCE;

	o.secret = invite->secret;
	p->timer = loop_timer_new(p->loop, on_nothing, p);
	net_connect(p->net, &o);
	while (p->app.link != LINK_ONLINE) {
		if (net_error(p->net)->code != ERR_NONE) {
			*e = *net_error(p->net);
			return -1;
		}
		if (loop_now() > end)
			return err_set(e, ERR_TIMEOUT, "no answer from %s",
			    invite->address);
		loop_timer_set(p->timer, 100000);
		loop_turn(p->loop, true);
	}
	return 0;
}

static int
run_join(struct program *p, const char *line, struct err *e)
{
	struct invite invite;
	char *passphrase = NULL, *again = NULL;
	int failed = -1;

	if (invite_parse(line, &invite, e) != 0)
		return -1;
	if (access(p->key_path, F_OK) == 0)
		return err_set(e, ERR_BAD_ARGUMENT,
		    "%s is there already; --key FILE names another",
		    p->key_path);
	if (!p->no_passphrase) {
		passphrase =
		    passphrase_ask(app_string(&p->app, STR_PASSPHRASE_NEW));
		again =
		    passphrase_ask(app_string(&p->app, STR_PASSPHRASE_AGAIN));
		if (!passphrase || !again || !passphrase[0] ||
		    strcmp(passphrase, again) != 0) {
			err_set(e, ERR_BAD_ARGUMENT,
			    "the passphrases differ or are empty "
			    "(--no-passphrase leaves the file unlocked)");
			goto out;
		}
	}
	p->key = keyfile_generate();
	keyfile_set_server(p->key, invite.address, invite.server_key);
	/* kept first: a key that is bound but lost would need a new invite */
	if (keyfile_save(p->key, p->key_path, passphrase, e) != 0)
		goto out;
	failed = join_wait(p, &invite, e);
	if (failed)
		unlink(p->key_path);
	else
		printf(
		    "%s: %s (%s)\n", p->app.person, p->app.role, p->key_path);
out:
	passphrase_wipe(passphrase);
	passphrase_wipe(again);
	return failed;
}

static int64_t
parse_clock(const char *text)
{
	struct tm tm = {0};
	const char *end = strptime(text, "%Y-%m-%dT%H:%M", &tm);

	if (!end || *end) {
		fputs(usage, stderr);
		exit(2);
	}
	return (int64_t)timegm(&tm) * 1000000;
}

static void
parse_options(struct program *p, int argc, char **argv)
{
	int c;

	while ((c = getopt_long(argc, argv, "h", option_table, NULL)) != -1)
		switch (c) {
		case 'k':
			p->key_path = optarg;
			break;
		case 'l':
			p->lang = optarg;
			break;
		case 'n':
			p->name = optarg;
			break;
		case 'p':
			p->no_passphrase = true;
			break;
		case 'd':
			p->dump = optarg;
			break;
		case 's':
			p->size = optarg;
			break;
		case 'y':
			p->styles = true;
			break;
		case 'K':
			p->keys = optarg;
			break;
		case 'c':
			dump_clock = parse_clock(optarg);
			break;
		case 'V':
			puts("firebreak " FB_VERSION);
			exit(0);
		case 'h':
			fputs(usage, stdout);
			exit(0);
		default:
			fputs(usage, stderr);
			exit(2);
		}
}

int
main(int argc, char **argv)
{
	static struct program p;
	static char host[65];
	struct rlimit no_core = {0, 0};
	struct err e = {0};
	bool joins;
	int failed;

	setlocale(LC_ALL, "");
	log_open("firebreak", LOG_LEVEL_WARN);
	setrlimit(RLIMIT_CORE, &no_core);
	signal(SIGPIPE, SIG_IGN);
	gethostname(host, sizeof(host) - 1);
	p.name = host;
	parse_options(&p, argc, argv);
	joins = optind < argc && strcmp(argv[optind], "join") == 0;
	if (optind + 2 * joins != argc) {
		fputs(usage, stderr);
		return 2;
	}
	if (!p.key_path)
		p.key_path = state_file("key");
	program_start(&p);
	if (joins)
		failed = run_join(&p, argv[optind + 1], &e);
	else if (!(p.key = passphrase_load(p.key_path, p.app.lang, &e)))
		failed = -1;
	else
		failed = p.dump ? run_dump(&p, &e) : run_terminal(&p, &e);
	program_end(&p);
	term_stop();
	if (failed)
		fprintf(stderr, "firebreak: %s\n", e.text);
	return failed ? 1 : 0;
}
