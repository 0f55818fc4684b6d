/*
 * From a rep's save to the supervisor's row:
 *
 *     event ADDRESS SERVERKEY DIR ROUNDS
 *
 * DIR/1 is the key of a supervisor, DIR/2 that of a rep of that unit.  A visit
 * raises a blue alert (company_day_rule of tests/bench/company.sh); a round
 * ends when the row of that customer is in the answer to the wall's pane.
 */
#include <stdlib.h>
#include <string.h>

#include "common/codec.h"
#include "common/log.h"
#include "common/mem.h"
#include "tests/harness/load.h"

static struct {
	struct terminal *boss, *rep;
	uint32_t ask;
	uint64_t rounds;
	size_t column;	/* of customer_id in the wall's rows */
	int64_t wanted; /* the customer whose alert is awaited */
	bool pending;	/* an ask is under way */
	bool again;	/* stale came meanwhile */
	bool seen;
} event;

static void ask_wall(void);
static void next_round(void);

static void
on_wall_columns(const struct client_column *columns, size_t count, void *arg)
{
	(void)arg;
	for (event.column = 0; event.column < count; event.column++)
		if (strcmp(columns[event.column].name, "customer_id") == 0)
			return;
	fatalx("alert/wall has no customer_id");
}

static void
on_wall_rows(struct codec_reader *rows, size_t count, void *arg)
{
	(void)arg;
	for (size_t i = 0; i < count; i++) {
		size_t cells = codec_need_array(rows);

		for (size_t j = 0; j < cells; j++)
			if (j != event.column)
				codec_skip(rows);
			else if (codec_need_int(rows) == event.wanted)
				event.seen = true;
	}
}

static void
on_wall(const struct err *e, const struct client_done *done, void *arg)
{
	bool seen = event.seen;

	(void)done;
	(void)arg;
	if (e)
		fatalx("alert/wall: %s", e->text);
	event.pending = event.seen = false;
	if (event.again) {
		event.again = false;
		ask_wall();
	}
	if (!seen)
		return;
	event.wanted = 0;
	load_sample(event.rep->sent);
	if (load.sample_count >= event.rounds)
		loop_stop(load.loop);
	else
		next_round();
}

/* The newest blue alerts, as the wall's pane of them asks. */
static void
ask_wall(void)
{
	static const struct client_reply reply = {.on_columns = on_wall_columns,
	    .on_rows = on_wall_rows,
	    .on_done = on_wall};
	struct buf options = {0}, args = {0};

	event.pending = true;
	codec_put_map(&args, 1);
	load_put_int(&args, "level", 1);
	codec_put_map(&options, 3);
	codec_put_text(&options, "watch");
	codec_put_bool(&options, true);
	codec_put_text(&options, "sort");
	codec_put_array(&options, 1);
	codec_put_array(&options, 2);
	codec_put_text(&options, "opened_at");
	codec_put_bool(&options, true);
	load_put_int(&options, "limit", 50);
	event.ask = client_ask(event.boss->client, event.ask, "alert/wall",
	    &args, &options, &reply, event.boss);
	buf_clear(&options);
	buf_clear(&args);
}

static void
on_stale(uint32_t id, void *arg)
{
	(void)id;
	(void)arg;
	if (event.pending)
		event.again = true;
	else
		ask_wall();
}

static void
on_visit(const struct err *e, const struct client_done *done, void *arg)
{
	(void)done;
	(void)arg;
	if (e)
		fatalx("visit/record: %s", e->text);
}

/* Each visit is with another customer, whom nobody has seen for a month. */
static void
next_round(void)
{
	static const struct client_reply reply = {.on_done = on_visit};
	struct terminal *t = event.rep;

	if (t->turn >= t->id_count)
		fatalx("only %zu customers to visit", t->id_count);
	t->sent = loop_now();
	event.wanted = load_visit(t, &reply);
}

static void
on_event_ids(const struct err *e, const struct client_done *done, void *arg)
{
	(void)done;
	(void)arg;
	if (e)
		fatalx("customer/list: %s", e->text);
	load.begin = loop_now();
	next_round();
}

/* The rep's customers with a yellow light, for whom no blue alert is open. */
static void
on_welcome_event(const struct client_welcome *w, void *arg)
{
	static const struct client_reply reply = {
	    .on_rows = load_take_ids, .on_done = on_event_ids};
	struct buf args = {0}, options = {0};

	(void)w;
	(void)arg;
	if (++load.ready < 2)
		return;
	ask_wall();
	codec_put_map(&args, 1);
	load_put_int(&args, "light", 1);
	codec_put_map(&options, 1);
	load_put_int(&options, "limit", LOAD_IDS_MAX);
	client_ask(event.rep->client, 0, "customer/list", &args, &options,
	    &reply, event.rep);
	buf_clear(&args);
	buf_clear(&options);
}

int
main(int argc, char **argv)
{
	static const struct client_events events = {
	    .on_welcome = on_welcome_event,
	    .on_stale = on_stale,
	    .on_closed = load_on_closed};

	log_open("event", LOG_LEVEL_WARN);
	if (argc != 5)
		fatalx("usage: event ADDRESS SERVERKEY DIR ROUNDS");
	load_begin(argv[1], argv[2], argv[3]);
	event.rounds = strtoull(argv[4], NULL, 10);
	load.terminals = xcalloc(2, sizeof(*load.terminals));
	load.count = 2;
	event.boss = &load.terminals[0];
	event.rep = &load.terminals[1];
	terminal_open(event.boss, 1, &events);
	terminal_open(event.rep, 2, &events);
	loop_run(load.loop);
	load.end = loop_now();
	load_report("event_to_screen");
	terminals_close();
	return load_end();
}
