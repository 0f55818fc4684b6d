/* What the daemon says, and writes on their way to it. */
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "tui/app.h"

#define RESEND_DELAY 3000000 /* us after a write was put off */

static const struct client_reply write_reply;

static struct app *
item_app(const struct queue_item *item)
{
	return item->queue->owner;
}

static void
replace(char **s, const char *with)
{
	free(*s);
	*s = xstrdup(with);
}

static void
item_send(struct app *a, struct queue_item *item)
{
	if (item->state != QUEUE_WAITING || !a->port.is_ready(a->port.arg))
		return;
	item->state = QUEUE_SENT;
	a->port.write(a->port.arg, item->statement, &item->args, item->request,
	    &write_reply, item);
}

void
app_resend(struct app *a)
{
	a->resend_due = 0;
	for (size_t i = 0; i < a->queue.count; i++)
		item_send(a, a->queue.items[i]);
}

static void
on_write_rows(struct codec_reader *rows, size_t count, void *arg)
{
	struct queue_item *item = arg;
	const struct app *a = item_app(item);
	const struct statement_def *st =
	    a->bundle ? bundle_statement(a->bundle, item->statement) : NULL;
	size_t cells = count ? codec_need_array(rows) : 0;

	for (size_t i = 0; st && i < cells && i < st->column_count; i++)
		values_set(
		    &item->answer, st->columns[i].name, value_read(rows));
}

/* An argument of the undo: a column of the answer, else an argument of the
 * write itself. */
static struct value
undo_value(
    const struct queue_item *item, const struct values *own, const char *name)
{
	const struct value *v = values_get(&item->answer, name);

	if (!v || v->type == CODEC_NULL)
		v = values_get(own, name);
	return v ? value_copy(v) : (struct value){.type = CODEC_NULL};
}

static struct values
undo_args(const struct statement_def *undo, const struct queue_item *item)
{
	struct values own = values_read(&item->args), args = {0};
	const struct value *id = values_get(&item->answer, "id");

	for (size_t i = 0; undo && i < undo->arg_count; i++) {
		const struct typed_name *arg = &undo->args[i];
		struct value v = undo_value(item, &own, arg->name);

		/* the first that must be given is the row written */
		if (v.type == CODEC_NULL && !arg->nullable && id) {
			v = value_copy(id);
			id = NULL;
		} else if (!arg->nullable)
			id = NULL;
		if (v.type != CODEC_NULL)
			values_set(&args, arg->name, v);
	}
	values_clear(&own);
	return args;
}

static void
undo_forget(struct app *a)
{
	free(a->undo);
	a->undo = NULL;
	a->undo_batch = 0;
	row_writes_clear(&a->undo_rows);
}

/* The undo is of the last verb: of all the rows that it was done on. */
static void
undo_add(struct app *a, const char *undo, const struct queue_item *item)
{
	if (!item->batch || item->batch != a->undo_batch)
		undo_forget(a);
	if (!a->undo)
		a->undo = xstrdup(undo);
	a->undo_batch = item->batch;
	replace(&a->undo_label, item->label);
	row_writes_add(&a->undo_rows,
	    undo_args(bundle_statement(a->bundle, undo), item), item->row);
}

static void
drop_draft(struct app *a, const struct queue_item *item)
{
	struct values own = values_read(&item->args);

	drafts_drop(&a->drafts, item->statement, &own);
	values_clear(&own);
}

static void
write_applied(struct app *a, struct queue_item *item)
{
	const struct statement_def *st =
	    a->bundle ? bundle_statement(a->bundle, item->statement) : NULL;

	drop_draft(a, item);
	if (item->undoes) {
		app_say(a, false, STR_UNDONE);
	} else if (st && st->undo) {
		undo_add(a, st->undo, item);
		app_say(a, false, STR_SAVED_UNDO, item->label);
	} else {
		undo_forget(a);
		app_say(a, false, STR_SAVED, item->label);
	}
}

static bool
batch_of(struct app *a, const struct queue_item *item)
{
	return item->batch > 0 && item->batch == a->batch.number;
}

/* One more of the rows is done, or refused with a reason. */
static void
batch_say(struct app *a, const char *refusal)
{
	struct batch *b = &a->batch;

	if (refusal) {
		b->refused++;
		free(b->why);
		b->why = xstrdup(refusal);
	} else
		b->done++;
	if (b->undoes && b->refused > 0)
		app_say(a, true, STR_UNDONE_SOME, b->done, b->total, b->why);
	else if (b->undoes && b->done == b->total)
		app_say(a, false, STR_UNDONE);
	else if (b->refused > 0)
		app_say(a, true, STR_ROWS_REFUSED, b->done, b->total,
		    b->refused, b->why);
	else
		app_say(a, false, STR_ROWS_DONE, b->done, b->total);
}

static void
on_write_done(const struct err *e, const struct client_done *done, void *arg)
{
	struct queue_item *item = arg;
	struct app *a = item_app(item);

	(void)done;
	if (!e) {
		bool batch = batch_of(a, item);

		write_applied(a, item);
		if (batch)
			batch_say(a, NULL);
		form_answered(a, item->statement);
		queue_done(&a->queue, item);
	} else if (err_is_retryable(e->code)) {
		item->state = QUEUE_WAITING;
		a->resend_due = a->host.now() + RESEND_DELAY;
		app_say(a, false, STR_QUEUED_LOCALLY, item->label);
		form_answered(a, item->statement);
	} else if (batch_of(a, item)) {
		queue_refuse(&a->queue, item, e->text);
		batch_say(a, e->text);
	} else {
		app_say(a, true, STR_WAS_REFUSED, e->text);
		/* who has it before his eyes again need not be told later */
		if (form_refused(a, item->statement, e))
			queue_dismiss(&a->queue, item);
		else
			queue_refuse(&a->queue, item, e->text);
	}
	/* the list of what waits names items that may be gone */
	if (a->mode == MODE_PICKER && a->picker.kind == PICK_QUEUE)
		picker_open(a, PICK_QUEUE, NULL);
	a->dirty = true;
}

static const struct client_reply write_reply = {
    .on_rows = on_write_rows,
    .on_done = on_write_done,
};

static struct queue_item *
write_one(struct app *a, const char *statement, const struct values *args,
    const char *label, int64_t row)
{
	struct queue_item *item;
	struct err e;

	a->queue.owner = a;
	item = queue_add(&a->queue, statement, args, label, row, &e);
	if (!item) {
		if (e.code == ERR_FULL)
			app_say(a, true, STR_QUEUE_FULL);
		else
			app_say(a, true, STR_WAS_REFUSED, e.text);
		return NULL;
	}
	if (!a->port.is_ready(a->port.arg))
		app_say(a, false, STR_QUEUED_LOCALLY, label);
	item_send(a, item);
	a->dirty = true;
	return item;
}

bool
app_write(struct app *a, const char *statement, const struct values *args,
    const char *label, int64_t row)
{
	return write_one(a, statement, args, label, row) != NULL;
}

static void
write_rows(struct app *a, const char *statement, const struct row_writes *rows,
    const char *label, bool undoes)
{
	struct queue_item *item;
	int number = a->batch.number + 1;

	free(a->batch.why);
	a->batch = (struct batch){
	    .number = number, .total = (int)rows->count, .undoes = undoes};
	for (size_t i = 0; i < rows->count; i++) {
		item = write_one(a, statement, &rows->items[i].args, label,
		    rows->items[i].row);
		if (!item)
			return;
		/* answers come from the loop, never before this */
		item->undoes = undoes;
		if (rows->count > 1)
			item->batch = number;
	}
	if (rows->count > 1 && !a->port.is_ready(a->port.arg))
		app_say(a, false, STR_ROWS_QUEUED, (int)rows->count, label);
}

void
app_write_rows(struct app *a, const char *statement,
    const struct row_writes *rows, const char *label)
{
	write_rows(a, statement, rows, label, false);
}

void
row_writes_add(struct row_writes *w, struct values args, int64_t row)
{
	w->items = xrealloc_array(w->items, w->count + 1, sizeof(*w->items));
	w->items[w->count++] = (struct row_write){args, row};
}

void
row_writes_clear(struct row_writes *w)
{
	for (size_t i = 0; i < w->count; i++)
		values_clear(&w->items[i].args);
	free(w->items);
	*w = (struct row_writes){0};
}

static bool
undo_is_complete(const struct app *a)
{
	const struct statement_def *st = bundle_statement(a->bundle, a->undo);

	for (size_t i = 0; st && i < st->arg_count; i++)
		for (size_t j = 0; j < a->undo_rows.count; j++)
			if (!st->args[i].nullable &&
			    !values_get(
				&a->undo_rows.items[j].args, st->args[i].name))
				return false;
	return st != NULL;
}

void
app_undo(struct app *a)
{
	struct row_writes rows = a->undo_rows;
	char *undo = a->undo;

	if (!undo) {
		app_say(a, true, STR_NOTHING_TO_UNDO);
		return;
	}
	if (!undo_is_complete(a)) {
		app_say(a, true, STR_NO_UNDO, a->undo_label);
		return;
	}
	/* once */
	a->undo = NULL;
	a->undo_rows = (struct row_writes){0};
	undo_forget(a);
	write_rows(a, undo, &rows, "undo", true);
	row_writes_clear(&rows);
	free(undo);
}

void
app_on_welcome(struct app *a, const struct client_welcome *w)
{
	int lang = lang_parse(w->lang);

	a->link = LINK_ONLINE;
	replace(&a->person, w->person ? w->person : "");
	replace(&a->role, w->role ? w->role : "");
	replace(&a->place, w->place ? w->place : "");
	if (!a->lang_fixed && lang >= 0)
		a->lang = lang;
	a->queue.owner = a;
	for (size_t i = 0; i < a->queue.count; i++)
		if (a->queue.items[i]->state == QUEUE_SENT)
			a->queue.items[i]->state = QUEUE_WAITING;
	app_resend(a);
	for (struct view *v = a->view; v; v = v->parent)
		for (size_t i = 0; i < v->pane_count; i++)
			for (int j = 0; j < v->panes[i].source_count; j++)
				source_reconnect(&v->panes[i].sources[j]);
	a->dirty = true;
}

void
app_on_notice(struct app *a, const char *text)
{
	replace(&a->message, text);
	a->message_bad = false;
	a->dirty = true;
}

/* What this device kept of the company, on disk and on the screen. */
static void
wipe_all(struct app *a)
{
	queue_wipe(&a->queue);
	cache_wipe(a->cache);
	app_close_all(a);
	drafts_wipe(&a->drafts);
	drafts_wipe(&a->lasts);
	undo_forget(a);
	if (a->mode != MODE_LOCKED)
		a->mode = MODE_NORMAL;
}

void
app_on_closed(struct app *a, const struct err *e)
{
	if (a->link != LINK_OFFLINE) {
		a->offline_since = a->host.now();
		app_keep_all(a);
	}
	a->link = LINK_OFFLINE;
	for (size_t i = 0; i < a->queue.count; i++)
		if (a->queue.items[i]->state == QUEUE_SENT)
			a->queue.items[i]->state = QUEUE_WAITING;
	if (e && e->code == ERR_REVOKED) {
		wipe_all(a);
		app_say(a, true, STR_REVOKED_WIPED);
	} else if (e && !a->message_bad) {
		replace(&a->message, e->text);
		a->message_bad = true;
	}
	a->dirty = true;
}
