/*
 * The terminal's model, and what changes it: keys, answers, time.  app_view()
 * draws all of it into a grid; nothing here knows curses, the socket or the
 * clock, so a test drives the whole program in memory.
 *
 * Files: app.c screens and their stack · app_keys.c keys · app_net.c what the
 * daemon says, writes · view.c the frame · pane.c arguments and opening ·
 * list_*.c tables, trees, alerts · form*.c, field.c, drafts.c forms ·
 * text_pane.c text and gauge · picker.c palette, help, lookup, queue.
 */
#ifndef TUI_APP_H
#define TUI_APP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tui/bundle.h"
#include "tui/cache.h"
#include "tui/edit.h"
#include "tui/format.h"
#include "tui/grid.h"
#include "tui/keys.h"
#include "tui/lang.h"
#include "tui/queue.h"
#include "tui/source.h"

#define PANE_SOURCES 3 /* an alert pane has one a level */

struct app;
struct view;
struct pane;

/* How far a list is scrolled, and what is selected: an id, not a place. */
struct list_ui {
	int64_t selected;
	bool has_selected;
	int at; /* where the id was last seen */
	int top;
};

struct column_ui {
	int width; /* 0: fitted */
	bool hidden;
};

struct id_list {
	int64_t *ids;
	size_t count;
};

struct field_ui {
	struct edit edit;
	struct value chosen; /* a lookup's key or a choice; else null */
	bool touched;	     /* by a person, not by a default */
	char error[512];
};

struct widget_ops {
	const char *name;
	bool rows; /* keys of tables apply */
	void (*draw)(struct pane *p, struct grid *g, bool focused);
	/* Whether the key was used. */
	bool (*key)(struct pane *p, uint32_t key, long count);
	bool (*act)(struct pane *p, enum action a, long count);
	/* Lines, heading included: wanted (0: a share) and least. */
	void (*lines)(const struct pane *p, int width, int *want, int *least);
};

struct pane {
	const struct pane_def *def;
	const struct statement_def *statement; /* NULL: none or not allowed */
	const struct widget_ops *ops;	       /* NULL: unknown widget */
	struct view *view;
	struct source sources[PANE_SOURCES];
	int source_count;
	struct rect rect; /* of the last frame; h 0: not shown */

	struct list_ui lists[PANE_SOURCES];
	int section;   /* the source that has the selection */
	bool arriving; /* the first answers are; nobody has moved yet */
	int column;    /* the column the keys act upon */
	int left;      /* first column shown after the frozen ones */
	int frozen;
	struct column_ui *columns;
	struct list_picture *picture; /* list_picture.c; NULL: none */
	struct id_list marks;
	struct id_list folds;
	char *find;
	char *narrow; /* a filter of our own over rows that are here */
	bool follow;
	struct edit prompt;

	int64_t of_row; /* the row of the pane this one follows */
	bool of_any;
	uint64_t of_due; /* ask for it then; 0: nothing due */
	uint64_t prompt_due;
	uint64_t refresh_due;
	uint64_t refreshed_at;

	struct field_ui *fields;
	size_t field;
	bool saving; /* the form stays until its write is answered */
	int text_top;
};

struct view {
	struct app *app;
	const struct screen_def *def;
	struct values args;
	char *caption; /* names the record, for the title line */
	struct pane *panes;
	size_t pane_count;
	size_t focus;
	struct view *parent; /* where `back` goes */
	int opener;	     /* the pane of the parent it was opened from, -1 */
};

enum app_mode {
	MODE_NORMAL,
	MODE_FIND,   /* a line is typed: find, */
	MODE_FILTER, /* filter */
	MODE_PICKER,
	MODE_CONFIRM,
	MODE_LOCKED
};

enum link_state { LINK_CONNECTING, LINK_ONLINE, LINK_OFFLINE };

/* One write of those that a key makes: on the selected row or each marked. */
struct row_write {
	struct values args;
	int64_t row; /* 0: not on a row */
};

struct row_writes {
	struct row_write *items;
	size_t count;
};

/* What a confirmation leads to: as it was when the key was pressed. */
struct pending {
	char *write; /* statement */
	char *label;
	struct row_writes rows;
	bool quit;
};

/* The last verb on several rows, for its summary. */
struct batch {
	int number, total, done, refused;
	bool undoes;
	char *why; /* the last refusal */
};

struct pick_item {
	char *text, *keys, *match;
	enum action action;
	const struct key_def *key;
	struct pane *pane;
	const struct screen_def *screen;
	int64_t id; /* lookup */
	struct queue_item *queued;
	uint32_t press; /* a key of forms; 0: none */
	char *value;	/* choice */
};

enum pick_kind {
	PICK_PALETTE,
	PICK_HELP,
	PICK_LOOKUP,
	PICK_CHOICE,
	PICK_QUEUE
};

struct picker {
	enum pick_kind kind;
	struct edit edit;
	struct pick_item *items;
	size_t count;
	int selected, top;
	struct pane *pane; /* whose field is looked up */
	struct source source;
	uint64_t due; /* ask the lookup again then */
};

/* What the program around the model does for it. */
struct app_host {
	void (*suspend)(void *arg);
	void (*redraw)(void *arg);
	void (*copy)(const char *text, void *arg); /* OSC 52 */
	void (*bell)(void *arg);
	/* Tries the passphrase on the key file; app_unlocked() answers. */
	void (*unlock)(const char *passphrase, void *arg);
	bool has_passphrase;
	uint64_t (*now)(void);	    /* monotonic us */
	int64_t (*wallclock)(void); /* us since 1970 */
	void *arg;
};

struct draft {
	char *name;	  /* statement */
	struct values of; /* the records that it is about */
	struct values values;
};

struct drafts {
	struct draft *items;
	size_t count;
	char *path; /* sealed with the key; NULL: memory only */
	uint8_t key[32];
};

struct app {
	struct app_host host;
	struct port port;
	struct queue queue;
	struct cache *cache; /* owned; NULL: nothing is kept */
	int lang;
	bool lang_fixed; /* by --lang or LANG: the person's setting loses */
	struct bundle *bundle;
	struct view *view; /* the top of the stack; NULL: no screens yet */

	enum link_state link;
	uint64_t offline_since;
	char *person, *role, *place;
	char *message;
	bool message_bad;

	enum app_mode mode;
	struct edit line;
	struct picker picker;
	struct pending pending;
	struct batch batch;
	char *confirm;
	bool was_locked_wrong, is_checking;

	long count; /* a number typed before a key */
	uint64_t count_due;
	uint64_t last_key;
	bool hands_on;
	uint64_t locks_after; /* us idle; 0: never */
	uint64_t resend_due;  /* of writes put off by the daemon; 0: none */

	char *undo, *undo_label;     /* the undo's statement; NULL: none */
	struct row_writes undo_rows; /* one each of the last verb's */
	int undo_batch;		     /* that they are of, 0: none */
	struct drafts drafts, lasts;
	bool dirty; /* a frame is wanted */
	bool quit;
};

void app_init(struct app *a, const struct app_host *host,
    const struct port *port, int lang);
void app_clear(struct app *a);

/* Takes over the bundle and shows the home screen, or the open ones anew. */
void app_set_bundle(struct app *a, struct bundle *b);
void app_key(struct app *a, uint32_t key);
void app_paste(struct app *a, const char *text);
/* Does what is due; returns when to be called again (monotonic us, 0: not). */
uint64_t app_tick(struct app *a);
void app_view(struct app *a, struct grid *g);
/* The line above the hints. */
void app_say(struct app *a, bool bad, enum string s, ...);
const char *app_string(const struct app *a, enum string s);
/* The string with its values put in, appended. */
void app_format_string(
    const struct app *a, enum string s, struct buf *out, ...);
struct format_env app_format(const struct app *a);
void app_touch(struct app *a);

/* app_net.c: what the connection tells. */
void app_on_welcome(struct app *a, const struct client_welcome *w);
void app_on_stale(struct app *a, uint32_t id);
void app_on_notice(struct app *a, const char *text);
void app_on_closed(struct app *a, const struct err *e);
void app_resend(struct app *a); /* what waits, when online */
/* Through the queue; row 0: not on a row.  False: it is not kept there. */
bool app_write(struct app *a, const char *statement, const struct values *args,
    const char *label, int64_t row);
/* Each of them, one request each; what became of them is said together. */
void app_write_rows(struct app *a, const char *statement,
    const struct row_writes *rows, const char *label);
void row_writes_add(struct row_writes *w, struct values args, int64_t row);
void row_writes_clear(struct row_writes *w);
void app_undo(struct app *a);

/* app.c: screens. */
/* First pages of what is open, into the cache. */
void app_keep_all(struct app *a);
/* What is typed in open forms, among the drafts. */
void app_keep_drafts(struct app *a);
/* Shows nothing any more. */
void app_close_all(struct app *a);
bool app_open(struct app *a, const char *screen, struct values *args,
    const char *caption, struct pane *opener);
void app_back(struct app *a);
void app_act(struct app *a, enum action act, long count);
void app_lock(struct app *a);
void app_unlocked(struct app *a, bool good);
void app_forget_pending(struct app *a);
struct pane *app_focus(struct app *a); /* or NULL */

/* pane.c */
void pane_init(struct pane *p, struct view *v, const struct pane_def *def);
void pane_clear_all(struct pane *p);
struct app *pane_app(const struct pane *p);
/* A name's value: the pane's selected row, then the screen's arguments. */
struct value pane_value(struct pane *p, const char *name);
bool pane_has_row(const struct pane *p);
int64_t pane_row_id(const struct pane *p);
void pane_ask(struct pane *p); /* args from the screen; asks all sources */
/* Enter or a key of the pane's or the screen's. */
void pane_run(struct pane *p, const struct key_def *k);
void pane_heading(
    struct pane *p, struct grid *g, bool focused, const char *extra);
bool pane_step(struct pane *p, int by); /* the selection; false at the end */
/* Adds "as of 14:02" when its rows are another time's; else false. */
bool pane_as_of(const struct pane *p, struct buf *out);
void pane_keep(struct pane *p); /* its first pages, in the cache */

/* list_*.c, shared among them and picker.c. */
extern const struct widget_ops table_ops, tree_ops, alerts_ops;
void list_settle(struct pane *p); /* the selection, after rows changed */
bool list_shows(const struct pane *p, const struct source *s, int row);
int list_column_count(const struct pane *p);
enum style list_cell(const struct pane *p, const struct source *s,
    const struct value *cells, int column, struct buf *out);
bool list_find(struct pane *p, int direction);
void list_filter(struct pane *p, const char *text);
bool id_list_has(const struct id_list *l, int64_t id);
void id_list_toggle(struct id_list *l, int64_t id);
void id_list_clear(struct id_list *l);

/* form.c, drafts.c */
extern const struct widget_ops form_ops;
void form_init(struct pane *p);
void form_clear(struct pane *p);
void form_keep_draft(struct pane *p);
void form_answered(struct app *a, const char *statement);
/* Whether the form was there to say it. */
bool form_refused(struct app *a, const char *statement, const struct err *e);
void form_choose(struct pane *p, struct value v, const char *text);
const char *form_help(const struct pane *p);
void form_paste(struct pane *p, const char *text);
/* NULL: there is none, and none was to be made. */
struct values *drafts_get(
    struct drafts *d, const char *name, const struct values *of, bool make);
/* Those of a write with these arguments. */
void drafts_drop(struct drafts *d, const char *name, const struct values *args);
void drafts_clear(struct drafts *d);
/* What an earlier run saved; a file that is not ours counts as none. */
void drafts_open(struct drafts *d, const char *path, const uint8_t key[32]);
void drafts_save(struct drafts *d);
void drafts_wipe(struct drafts *d); /* memory and file */

extern const struct widget_ops text_ops, gauge_ops;

/* picker.c */
void picker_open(struct app *a, enum pick_kind kind, struct pane *pane);
void picker_close(struct app *a);
void picker_key(struct app *a, uint32_t key);
void picker_draw(struct app *a, struct grid *g);
void picker_tick(struct app *a, uint64_t now);

#endif
