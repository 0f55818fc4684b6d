/* A gateway in this process; see the header. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/codec.h"
#include "common/diag.h"
#include "common/invite.h"
#include "common/log.h"
#include "common/loop.h"
#include "common/mem.h"
#include "common/secret.h"
#include "server/catalogue.h"
#include "server/db/sync.h"
#include "tests/harness/gate.h"
#include "tests/harness/harness.h"

#define PATIENCE UINT64_C(10000000)

struct gate gate;

/* Waiting -------------------------------------------------------------------
 */

static void
on_alarm(void *arg)
{
	(void)arg; /* the turn ends, which is all */
}

void
gate_wait(const bool *what)
{
	uint64_t end = loop_now() + PATIENCE;
	struct loop_timer *alarm = loop_timer_new(gate.loop, on_alarm, NULL);

	loop_timer_set(alarm, PATIENCE);
	while (!*what && loop_now() < end)
		loop_turn(gate.loop, true);
	loop_timer_cancel(alarm);
	assert_true(*what);
}

int64_t
gate_sql(const char *fmt, ...)
{
	struct buf b = {0};
	struct pg_result *r;
	struct err e;
	va_list ap;
	int64_t value;

	va_start(ap, fmt);
	buf_vaddf(&b, fmt, ap);
	va_end(ap);
	if (db_sync_run(gate.admin, buf_str(&b), NULL, 0, &r, &e))
		fail_msg("%s: %s", buf_str(&b), e.text);
	value = db_rows(r) && db_columns(r) ? db_int(r, 0, 0) : 0;
	db_result_free(r);
	buf_clear(&b);
	return value;
}

/* Terminals ------------------------------------------------------------------
 */

static void
on_welcome(const struct client_welcome *w, void *arg)
{
	struct gate_terminal *t = arg;

	t->welcome = *w;
	t->welcomed = true;
}

static void
on_stale(uint32_t id, void *arg)
{
	struct gate_terminal *t = arg;

	(void)id;
	t->stale = true;
}

static void
on_closed(const struct err *e, void *arg)
{
	struct gate_terminal *t = arg;

	t->over = *e;
	t->closed = true;
}

static const struct client_events events = {
    .on_welcome = on_welcome,
    .on_stale = on_stale,
    .on_closed = on_closed,
};

void
gate_dial(struct gate_terminal *t, const char *address, const uint8_t *secret)
{
	static struct client_hello hello = {
	    .version = "test", .lang = "en", .device_name = "desk"};

	hello.secret = secret;
	t->welcomed = t->closed = t->stale = false;
	t->client = client_new(gate.loop, address, keyfile_public(gate.key),
	    t->key, &hello, &events, t);
}

void
gate_hang_up(struct gate_terminal *t)
{
	client_free(t->client);
	t->client = NULL;
}

void
gate_leave(struct gate_terminal *t)
{
	gate_hang_up(t);
	keyfile_free(t->key);
	t->key = NULL;
}

void
gate_join(struct gate_terminal *t, int64_t person)
{
	uint8_t secret[INVITE_SECRET_LEN], hash[SECRET_HASH_LEN];
	struct buf hex = {0};
	size_t i;

	secret_random(secret, sizeof(secret));
	secret_hash(secret, sizeof(secret), hash);
	for (i = 0; i < sizeof(hash); i++)
		buf_addf(&hex, "%02x", hash[i]);
	gate_sql("select firebreak.invite_add('\\x%s', %lld, now() + "
		 "interval '1 hour')",
	    buf_str(&hex), (long long)person);
	buf_clear(&hex);
	t->key = keyfile_generate();
	gate_dial(t, gate.address, secret);
	gate_wait(&t->welcomed);
}

/* Requests -------------------------------------------------------------------
 */

static void
on_columns(const struct client_column *columns, size_t count, void *arg)
{
	struct gate_answer *a = arg;

	(void)columns;
	a->columns = (int)count;
}

static void
on_rows(struct codec_reader *r, size_t count, void *arg)
{
	struct gate_answer *a = arg;
	struct codec_item item;
	size_t i, k, cells;

	for (i = 0; i < count; i++) {
		cells = codec_need_array(r);
		for (k = 0; k < cells; k++) {
			codec_next(r, &item);
			if (k == 0)
				a->first[a->rows] = item.integer;
			if (k == 1 && item.type == CODEC_TEXT)
				snprintf(a->second[a->rows],
				    sizeof(a->second[0]), "%.*s", (int)item.len,
				    (const char *)item.data);
		}
		a->rows++;
	}
}

static void
on_done(const struct err *e, const struct client_done *done, void *arg)
{
	struct gate_answer *a = arg;

	a->err.code = ERR_NONE;
	if (e)
		a->err = *e;
	if (done)
		a->end = *done;
	a->done = true;
}

const struct client_reply gate_reply = {on_columns, on_rows, on_done};

uint32_t
gate_ask(struct gate_terminal *t, const char *statement, const struct buf *args,
    const struct buf *options, struct gate_answer *a)
{
	uint32_t id;

	memset(a, 0, sizeof(*a));
	id = client_ask(t->client, 0, statement, args, options, &gate_reply, a);
	gate_wait(&a->done);
	return id;
}

void
gate_put_visit(struct buf *args, int64_t customer, const char *summary)
{
	codec_put_map(args, 3);
	codec_put_text(args, "customer_id");
	codec_put_int(args, customer);
	codec_put_text(args, "summary");
	codec_put_text(args, summary);
	codec_put_text(args, "on_site");
	codec_put_bool(args, true);
}

void
gate_visit(struct gate_terminal *t, int64_t customer, const char *summary,
    const uint8_t id[16], struct gate_answer *a)
{
	struct buf args = {0};

	gate_put_visit(&args, customer, summary);
	memset(a, 0, sizeof(*a));
	client_write(t->client, "visit/record", &args, id, &gate_reply, a);
	gate_wait(&a->done);
	buf_clear(&args);
}

/* The company ----------------------------------------------------------------
 */

int64_t
gate_person(const char *name, const char *role)
{
	int64_t id =
	    gate_sql("select firebreak.person_add('%s', '', 'en')", name);

	gate_sql("select firebreak.seat_add(%lld, '%s', %lld)",
	    (long long)gate.unit, role, (long long)id);
	return id;
}

void
gate_customers(int64_t owner, int count, const char *prefix)
{
	gate_sql(
	    "with c as (insert into firebreak.customer (org_code, owner_id,"
	    " name, created_at, updated_at, recorded_at) select s.code, %lld,"
	    " '%s' || (i * 7919 %% 1000), now(), now(), now()"
	    " from generate_series(1, %d) i, firebreak.seat s"
	    " where s.person_id = %lld returning *)"
	    " insert into firebreak.customer_state (customer_id, org_code,"
	    " owner_id, light, created_at, last_interaction_at, last_key_at,"
	    " name) select customer_id, org_code, owner_id, customer_id %% 3,"
	    " now(), now() - (customer_id %% 50) * interval '1 day', now(),"
	    " name from c",
	    (long long)owner, prefix, count, (long long)owner);
}

int64_t
gate_first_customer(int64_t owner)
{
	return gate_sql("select min(customer_id) from firebreak.customer "
			"where owner_id = %lld",
	    (long long)owner);
}

/* The gateway ----------------------------------------------------------------
 */

static bool whole;

/* Called too when a gateway hears notifies: only then panes are quiet. */
static void
note_change(uint64_t topics, int64_t lo, int64_t hi, void *arg)
{
	(void)lo;
	(void)hi;
	(void)arg;
	whole = whole || topics == UINT64_MAX;
}

struct gateway *
gate_start(const struct gateway_limits *l, char **address)
{
	struct db_options db = {.light = 2,
	    .heavy = 1,
	    .light_timeout_ms = 1000,
	    .heavy_timeout_ms = 10000,
	    .lock_timeout_ms = 900,
	    .patience_ms = gate.patience_ms};
	struct gateway_options o = {.secret = keyfile_secret(gate.key),
	    .public = keyfile_public(gate.key),
	    .catalogue = gate.catalogue,
	    .db = &db,
	    .limits = *l,
	    .on_changed = note_change};
	char *dir = harness_temp_dir(), *conninfo;
	struct gateway *g;
	struct err e;

	db.conninfo = conninfo = xasprintf(
	    "host=%s user=firebreak_app dbname=firebreak", getenv("PGHOST"));
	*address = xasprintf("unix:%s/socket", dir);
	whole = false;
	g = gateway_new(gate.loop, &o);
	if (gateway_listen(g, *address, &e))
		fail_msg("%s", e.text);
	free(conninfo);
	free(dir);
	gate_wait(&whole);
	return g;
}

static void
read_catalogue(const struct sqlfile *files)
{
	struct diags *d = diags_new();
	struct buf out = {0};

	gate.catalogue = catalogue_read(files, d);
	if (!gate.catalogue ||
	    catalogue_describe(gate.catalogue, gate.admin, d)) {
		diags_print(d, &out);
		fail_msg("%s", buf_str(&out));
	}
	diags_free(d);
}

void
gate_open(const struct sqlfile *files)
{
	struct err e;

	log_open("test", LOG_LEVEL_ERROR);
	gate.admin = db_sync_open(getenv("FIREBREAK_PG"), &e);
	if (!gate.admin)
		fail_msg("%s", e.text);
	gate.loop = loop_new();
	gate.key = keyfile_generate();
	read_catalogue(files);
	gate.unit =
	    gate_sql("select firebreak.unit_add(null, 'Acme', 'company')");
}

void
gate_close(void)
{
	gateway_free(gate.gateway);
	keyfile_free(gate.key);
	catalogue_free(gate.catalogue);
	db_sync_close(gate.admin);
	loop_free(gate.loop);
	free(gate.address);
}
