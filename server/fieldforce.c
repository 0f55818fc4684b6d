/*
 * The demo's field force: simulated reps who work through the real protocol,
 * each with a device key of its own, at a lively but bounded pace.  The first
 * of them visit far too often (the breaker trips), others look after customers
 * whose light is red (it clears), so that a wall has something to show.
 *
 *     fieldforce DIRECTORY INVITES [SPREE]
 *
 * INVITES is what `firebreakctl invite --csv` printed: a key is made for each
 * line and kept in DIRECTORY, where the next run finds it.  SPREE is how many
 * of the reps overdo it (default 3).
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/client.h"
#include "common/invite.h"
#include "common/keyfile.h"
#include "common/log.h"
#include "common/loop.h"
#include "common/mem.h"
#include "server/import/csvfile.h"

#define REPS_MOST 200
#define CUSTOMERS_MOST 60
#define RECONNECT_US 3000000

struct deal {
	int64_t customer, opportunity;
};

struct rep {
	struct loop *loop;
	struct keyfile *key;
	struct client *client;
	struct loop_timer *timer;
	char *path;
	uint8_t secret[INVITE_SECRET_LEN];
	bool over; /* the connection is, at the next turn */
	bool spree;
	unsigned seed;
	int64_t customers[CUSTOMERS_MOST];
	size_t customer_count;
	struct deal deals[CUSTOMERS_MOST];
	size_t deal_count;
};

static struct rep reps[REPS_MOST];
static size_t rep_count;

static unsigned
dice(struct rep *r, unsigned sides)
{
	r->seed = r->seed * 1103515245u + 12345u;
	return (r->seed >> 16) % sides;
}

/* A pause: a spree every 2 to 5 seconds, others every 8 to 25. */
static void
rest(struct rep *r)
{
	unsigned ms = r->spree ? 2000 + dice(r, 3000) : 8000 + dice(r, 17000);

	loop_timer_set(r->timer, (uint64_t)ms * 1000);
}

static void
on_written(const struct err *e, const struct client_done *done, void *arg)
{
	struct rep *r = arg;

	(void)done;
	if (e)
		log_debug("%s: %s", r->path, e->text);
}

static const struct client_reply write_reply = {.on_done = on_written};

static void
send_write(struct rep *r, const char *statement, struct buf *args)
{
	uint8_t id[REQUEST_ID_LEN];

	client_request_id(id);
	client_write(r->client, statement, args, id, &write_reply, r);
	buf_clear(args);
}

static void
visit(struct rep *r, int64_t customer)
{
	static const char *const said[] = {"走访,确认需求", "现场演示方案",
	    "Site visit, requirements confirmed", "回访,处理问题"};
	struct buf args = {0};

	codec_put_map(&args, 5);
	codec_put_text(&args, "customer_id");
	codec_put_int(&args, customer);
	codec_put_text(&args, "on_site");
	codec_put_bool(&args, true);
	codec_put_text(&args, "photos");
	codec_put_int(&args, r->spree ? 0 : 3);
	codec_put_text(&args, "summary");
	codec_put_text(&args, said[dice(r, COUNT_OF(said))]);
	codec_put_text(&args, "confirmed");
	codec_put_bool(&args, !r->spree && dice(r, 3) == 0);
	send_write(r, "visit/record", &args);
}

static void
call(struct rep *r, int64_t customer)
{
	struct buf args = {0};

	codec_put_map(&args, 4);
	codec_put_text(&args, "customer_id");
	codec_put_int(&args, customer);
	codec_put_text(&args, "kind");
	codec_put_text(&args, "call");
	codec_put_text(&args, "answered");
	codec_put_bool(&args, dice(r, 3) > 0);
	codec_put_text(&args, "summary");
	codec_put_text(&args, "电话沟通");
	send_write(r, "activity/record", &args);
}

static void
confirm(struct rep *r, int64_t customer)
{
	struct buf args = {0};

	codec_put_map(&args, 2);
	codec_put_text(&args, "customer_id");
	codec_put_int(&args, customer);
	codec_put_text(&args, "cause");
	codec_put_text(&args, "data_confirmed");
	send_write(r, "customer/confirm", &args);
}

static void
advance(struct rep *r)
{
	struct deal d = r->deals[dice(r, (unsigned)r->deal_count)];
	struct buf args = {0};

	codec_put_map(&args, 2);
	codec_put_text(&args, "customer_id");
	codec_put_int(&args, d.customer);
	codec_put_text(&args, "opportunity_id");
	codec_put_int(&args, d.opportunity);
	send_write(r, "opportunity/advance", &args);
}

/* The customers are held with the longest unconfirmed first. */
static void
work(struct rep *r)
{
	unsigned n = (unsigned)r->customer_count;

	if (n == 0)
		return;
	if (r->spree) {
		visit(r, r->customers[dice(r, n)]);
		return;
	}
	switch (dice(r, 10)) {
	case 0:
	case 1:
	case 2:
		visit(r, r->customers[dice(r, n)]);
		break;
	case 3:
	case 4:
		call(r, r->customers[dice(r, n)]);
		break;
	case 5:
		if (r->deal_count > 0)
			advance(r);
		break;
	default:
		confirm(r, r->customers[dice(r, n < 12 ? n : 12)]);
		break;
	}
}

static void
on_customers(struct codec_reader *rows, size_t count, void *arg)
{
	struct rep *r = arg;

	for (size_t i = 0; i < count && !rows->failed; i++) {
		size_t cells = codec_need_array(rows);
		int64_t id = codec_need_int(rows);

		while (cells-- > 1)
			codec_skip(rows);
		if (r->customer_count < CUSTOMERS_MOST)
			r->customers[r->customer_count++] = id;
	}
}

static void
on_deals(struct codec_reader *rows, size_t count, void *arg)
{
	struct rep *r = arg;

	for (size_t i = 0; i < count && !rows->failed; i++) {
		size_t cells = codec_need_array(rows);
		struct deal d;

		d.opportunity = codec_need_int(rows);
		d.customer = codec_need_int(rows);
		while (cells-- > 2)
			codec_skip(rows);
		if (r->deal_count < CUSTOMERS_MOST)
			r->deals[r->deal_count++] = d;
	}
}

static const struct client_reply customers_reply = {.on_rows = on_customers};
static const struct client_reply deals_reply = {.on_rows = on_deals};

/* What there is to work on: the longest unconfirmed, the open deals. */
static void
look(struct rep *r)
{
	struct buf args = {0}, options = {0};

	r->customer_count = 0;
	r->deal_count = 0;
	codec_put_map(&options, 2);
	codec_put_text(&options, "sort");
	codec_put_array(&options, 1);
	codec_put_array(&options, 2);
	codec_put_text(&options, "last_key_at");
	codec_put_bool(&options, false);
	codec_put_text(&options, "limit");
	codec_put_int(&options, CUSTOMERS_MOST);
	client_ask(
	    r->client, 0, "customer/list", NULL, &options, &customers_reply, r);
	codec_put_map(&args, 1);
	codec_put_text(&args, "state");
	codec_put_text(&args, "open");
	client_ask(
	    r->client, 0, "opportunity/list", &args, NULL, &deals_reply, r);
	buf_clear(&args);
	buf_clear(&options);
}

static void
on_welcome(const struct client_welcome *w, void *arg)
{
	struct rep *r = arg;

	(void)w;
	look(r);
	rest(r);
}

static void
on_closed(const struct err *e, void *arg)
{
	struct rep *r = arg;

	log_info("%s: %s", r->path, e->text);
	r->over = true;
	loop_timer_set(r->timer, RECONNECT_US);
}

static const struct client_events events = {
    .on_welcome = on_welcome, .on_closed = on_closed};

static void
connect_rep(struct rep *r)
{
	struct client_hello hello = {.version = FB_VERSION,
	    .lang = "zh",
	    .secret = r->secret,
	    .device_name = "field force"};

	r->over = false;
	r->client = client_new(r->loop, keyfile_address(r->key),
	    keyfile_server_key(r->key), r->key, &hello, &events, r);
}

static void
on_time(void *arg)
{
	struct rep *r = arg;

	if (r->over) {
		client_free(r->client);
		r->client = NULL;
		connect_rep(r);
		return;
	}
	if (!client_is_ready(r->client))
		return;
	if (dice(r, 8) == 0)
		look(r);
	else
		work(r);
	rest(r);
}

static struct rep *
rep_add(struct loop *l, const char *directory)
{
	struct rep *r = &reps[rep_count];

	r->loop = l;
	r->seed = (unsigned)rep_count * 7919u + 17;
	r->path = xasprintf("%s/rep-%03zu.key", directory, rep_count);
	r->timer = loop_timer_new(l, on_time, r);
	rep_count++;
	return r;
}

/* The key is kept before it is used: whoever is stopped in between has it. */
static void
rep_join(struct rep *r, const struct invite *i)
{
	struct err e;

	r->key = keyfile_generate();
	keyfile_set_server(r->key, i->address, i->server_key);
	if (keyfile_save(r->key, r->path, NULL, &e))
		fatalx("%s", e.text);
}

static void
reps_from_invites(struct loop *l, const char *directory, const char *path)
{
	struct csvfile_record rec;
	struct invite i;
	struct err e;
	struct csvfile *f = csvfile_open(path, NULL, &e);

	if (!f)
		fatalx("%s", e.text);
	while (rep_count < REPS_MOST && csvfile_next(f, &rec)) {
		struct rep *r;

		if (rec.fault || rec.count < 3 ||
		    strcmp(rec.fields[2].text, "invite") == 0)
			continue;
		if (invite_parse(rec.fields[2].text, &i, &e))
			fatalx("%s:%zu: %s", path, rec.line, e.text);
		r = rep_add(l, directory);
		r->key = keyfile_load(r->path, NULL, &e);
		memcpy(r->secret, i.secret, sizeof(r->secret));
		if (!r->key)
			rep_join(r, &i);
	}
	csvfile_free(f);
}

static void
on_signal(int signo, void *arg)
{
	(void)signo;
	loop_stop(arg);
}

int
main(int argc, char **argv)
{
	struct loop_signal *term, *intr;
	size_t spree = argc > 3 ? (size_t)atoi(argv[3]) : 3;
	struct loop *l;

	log_open("fieldforce", LOG_LEVEL_INFO);
	if (argc < 3)
		fatalx("usage: fieldforce DIRECTORY INVITES [SPREE]");
	signal(SIGPIPE, SIG_IGN);
	l = loop_new();
	term = loop_signal_start(l, SIGTERM, on_signal, l);
	intr = loop_signal_start(l, SIGINT, on_signal, l);
	reps_from_invites(l, argv[1], argv[2]);
	if (rep_count == 0)
		fatalx("no invites in %s", argv[2]);
	for (size_t i = 0; i < rep_count; i++) {
		reps[i].spree = i < spree;
		connect_rep(&reps[i]);
	}
	log_info("%zu reps at work", rep_count);
	loop_run(l);
	for (size_t i = 0; i < rep_count; i++) {
		client_free(reps[i].client);
		loop_timer_cancel(reps[i].timer);
		keyfile_free(reps[i].key);
		free(reps[i].path);
	}
	loop_signal_cancel(term);
	loop_signal_cancel(intr);
	loop_free(l);
	return 0;
}
