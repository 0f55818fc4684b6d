/* From a device's key to a person, a role and ranges. */
#include <stdlib.h>
#include <string.h>

#include "common/codec.h"
#include "common/log.h"
#include "common/loop.h"
#include "common/mem.h"
#include "common/secret.h"
#include "server/gateway/impl.h"
#include "server/screens/screens.h"

#define SECRET_LEN 16

/* Kept while PostgreSQL is asked. */
struct login {
	uint8_t key[32];
	uint8_t secret_hash[SECRET_HASH_LEN];
	uint8_t screens_hash[32];
	bool has_secret, joined, has_screens;
	char *device_name;
};

/* The columns of firebreak.login, in this order. */
enum login_column {
	LOGIN_PERSON,
	LOGIN_NAME,
	LOGIN_ROLE,
	LOGIN_PLACE,
	LOGIN_LANG,
	LOGIN_DEVICE,
	LOGIN_LO,
	LOGIN_HI,
	LOGIN_LO2,
	LOGIN_HI2,
	LOGIN_REVOKED,
	LOGIN_SEEN_DUE
};

static const char login_sql[] =
    "select person_id, name, role, place, lang, device_id, lo, hi, lo2, hi2,"
    " revoked, seen_due from firebreak.login($1::bytea)";
static const char join_sql[] =
    "select device_id from firebreak.join($1::bytea, $2::bytea, $3::text)";
static const char seen_sql[] = "select firebreak.device_seen($1::bigint)";

static void ask_who(struct session *s);

static void
login_free(struct login *l)
{
	if (!l)
		return;
	free(l->device_name);
	free(l);
}

void
login_cancel(struct session *s)
{
	db_cancel(s->work);
	s->work = NULL;
	login_free(s->login);
	s->login = NULL;
}

static void
refuse(struct session *s, enum err_code code)
{
	struct err e;

	err_set(&e, code, "%s", err_code_text(code, session_lang(s)));
	s->gateway->counters.refused_logins++;
	login_cancel(s);
	session_set_state(s, SESSION_CLOSING);
	channel_refuse(s->channel, &e);
}

/* A refusal of firebreak.join is one of the protocol's own codes. */
static enum err_code
join_code(const struct err *e)
{
	static const enum err_code codes[] = {
	    ERR_UNKNOWN_DEVICE, ERR_INVITE_USED, ERR_INVITE_EXPIRED};
	size_t i;

	if (e->code != ERR_REFUSED)
		return e->code;
	for (i = 0; i < COUNT_OF(codes); i++) {
		if (strcmp(e->name, err_code_name(codes[i])) == 0)
			return codes[i];
	}
	return ERR_UNKNOWN_DEVICE;
}

static void
on_joined(const struct db_reply *r, void *arg)
{
	struct session *s = arg;

	s->work = NULL;
	if (r->err.code != ERR_NONE) {
		log_debug("join: %s: %s", r->err.name, r->err.text);
		refuse(s, join_code(&r->err));
		return;
	}
	s->login->joined = true;
	ask_who(s);
}

static void
send(struct session *s, const char *sql,
    void (*on_reply)(const struct db_reply *, void *))
{
	struct params *p = &s->gateway->params;
	struct db_query q = {.sql = sql};

	q.values = params_values(p);
	q.count = p->count;
	s->work = db_send(s->gateway->db, &q, on_reply, s);
}

static void
join(struct session *s)
{
	struct params *p = &s->gateway->params;
	struct login *l = s->login;

	params_reset(p);
	if (params_add_bytes(p, l->secret_hash, SECRET_HASH_LEN, NULL) ||
	    params_add_bytes(p, l->key, sizeof(l->key), NULL) ||
	    params_add_text(p, l->device_name, strlen(l->device_name), NULL))
		fatalx("login: more values than fit");
	send(s, join_sql, on_joined);
}

static int
count_device(struct gateway *g, int64_t device, struct session **oldest)
{
	struct session *other;
	int count = 0;

	*oldest = NULL;
	LIST_FOREACH (other, &g->devices[(uint64_t)device % DEVICE_BUCKETS],
	    device_link) {
		if (other->device != device)
			continue;
		count++;
		*oldest = other; /* new ones are put in front */
	}
	return count;
}

/* No room for one more; a device that has its own share makes room itself. */
static bool
is_full(struct gateway *g, int64_t device)
{
	struct session *oldest;

	return g->counters.sessions >= (uint64_t)g->limits.sessions &&
	       count_device(g, device, &oldest) < g->limits.sessions_per_device;
}

/* The oldest session of a device makes room for a new one. */
static void
enter_device(struct session *s, int64_t device)
{
	struct gateway *g = s->gateway;
	struct session *oldest;

	if (count_device(g, device, &oldest) >= g->limits.sessions_per_device)
		session_bye(oldest, ERR_REPLACED);
	s->device = device;
	LIST_INSERT_HEAD(
	    &g->devices[(uint64_t)device % DEVICE_BUCKETS], s, device_link);
}

static void
put_text_cell(struct buf *b, const struct pg_result *r, int column)
{
	int len;
	const char *text = db_text(r, 0, column, &len);

	codec_put_textn(b, text, (size_t)len);
}

static void
send_welcome(struct session *s, const struct pg_result *r)
{
	struct gateway *g = s->gateway;
	const struct screens_bundle *bundle =
	    g->options.screens
		? screens_bundle_for(g->options.screens, session_role_name(s))
		: NULL;
	struct buf *b = channel_begin(s->channel, FRAME_WELCOME, 0);

	codec_put_array(b, 10);
	codec_put_text(b, FB_VERSION);
	codec_put_int(b, s->scope.person);
	put_text_cell(b, r, LOGIN_NAME);
	put_text_cell(b, r, LOGIN_ROLE);
	put_text_cell(b, r, LOGIN_PLACE);
	codec_put_text(b, session_lang(s));
	codec_put_int(b, s->device);
	codec_put_int(b, loop_wallclock());
	codec_put_bytes(
	    b, bundle ? bundle->hash : NULL, bundle ? sizeof(bundle->hash) : 0);
	codec_put_array(b, 2);
	codec_put_int(b, g->limits.open_requests);
	codec_put_int(b, (int64_t)g->limits.frame_bytes);
	channel_end(s->channel);
	if (bundle && (!s->login->has_screens ||
			  memcmp(bundle->hash, s->login->screens_hash,
			      sizeof(bundle->hash)) != 0))
		session_send_screens(s);
}

static void
say_seen(struct session *s)
{
	struct params *p = &s->gateway->params;
	struct db_query q = {.sql = seen_sql};

	params_reset(p);
	if (params_add_int(p, s->device, NULL))
		return;
	q.values = params_values(p);
	q.count = p->count;
	db_send(s->gateway->db, &q, NULL, NULL);
}

static void
take_ranges(struct session *s, const struct pg_result *r)
{
	s->scope.person = db_int(r, 0, LOGIN_PERSON);
	s->scope.lo = db_int(r, 0, LOGIN_LO);
	s->scope.hi = db_int(r, 0, LOGIN_HI);
	s->scope.lo2 = 1; /* none */
	s->scope.hi2 = 0;
	if (!db_is_null(r, 0, LOGIN_LO2)) {
		s->scope.lo2 = db_int(r, 0, LOGIN_LO2);
		s->scope.hi2 = db_int(r, 0, LOGIN_HI2);
	}
	s->role = catalogue_role_bit(db_text(r, 0, LOGIN_ROLE, NULL));
}

static void
enter(struct session *s, const struct pg_result *r)
{
	take_ranges(s, r);
	session_set_state(s, SESSION_OPEN);
	enter_device(s, db_int(r, 0, LOGIN_DEVICE));
	channel_accept(s->channel);
	send_welcome(s, r);
	login_free(s->login);
	s->login = NULL;
	s->gateway->counters.logins++;
	if (db_int(r, 0, LOGIN_SEEN_DUE))
		say_seen(s);
}

static void
on_who(const struct db_reply *r, void *arg)
{
	struct session *s = arg;

	s->work = NULL;
	if (r->err.code != ERR_NONE) {
		/* one line of the gateway says that the database is away */
		if (r->err.code != ERR_UNAVAILABLE)
			log_warn("login: %s", r->err.text);
		refuse(s, r->err.code);
	} else if (db_rows(r->rows) == 0) {
		if (s->login->has_secret && !s->login->joined)
			join(s);
		else
			refuse(s, ERR_UNKNOWN_DEVICE);
	} else if (db_int(r->rows, 0, LOGIN_REVOKED)) {
		refuse(s, ERR_REVOKED);
	} else if (is_full(s->gateway, db_int(r->rows, 0, LOGIN_DEVICE))) {
		refuse(s, ERR_FULL);
	} else {
		enter(s, r->rows);
	}
}

static void
ask_who(struct session *s)
{
	struct params *p = &s->gateway->params;

	params_reset(p);
	if (params_add_bytes(p, s->login->key, sizeof(s->login->key), NULL))
		fatalx("login: more values than fit");
	send(s, login_sql, on_who);
}

/* A text or bytes of at most `most`; null is fine and gives NULL. */
static const uint8_t *
need_string(
    struct codec_reader *r, enum codec_type type, size_t most, size_t *len)
{
	struct codec_item item;

	*len = 0;
	if (!codec_next(r, &item) || item.type == CODEC_NULL)
		return NULL;
	if (item.type != type || item.len > most) {
		r->failed = true;
		return NULL;
	}
	*len = item.len;
	return item.data;
}

/* docs/protocol.md section 2: the hello. */
static bool
read_hello(struct session *s, const uint8_t *hello, size_t len)
{
	struct login *l = s->login;
	struct codec_reader r;
	const uint8_t *data;
	size_t n;

	codec_open(&r, hello, len);
	if (codec_need_array(&r) != 7)
		return false;
	need_string(&r, CODEC_TEXT, 64, &n);
	data = need_string(&r, CODEC_TEXT, 2, &n);
	s->zh = !data || n != 2 || memcmp(data, "en", 2) != 0;
	codec_need_int(&r);
	data = need_string(&r, CODEC_BYTES, 32, &n);
	l->has_screens = n == sizeof(l->screens_hash);
	if (l->has_screens)
		memcpy(l->screens_hash, data, n);
	data = need_string(&r, CODEC_BYTES, SECRET_LEN, &n);
	l->has_secret = n == SECRET_LEN;
	if (l->has_secret)
		secret_hash(data, n, l->secret_hash);
	data = need_string(&r, CODEC_TEXT, 200, &n);
	l->device_name = xstrndup(data ? (const char *)data : "", n);
	codec_need_int(&r);
	return codec_finished(&r);
}

void
login_start(
    struct session *s, const uint8_t key[32], const uint8_t *hello, size_t len)
{
	s->login = xcalloc(1, sizeof(*s->login));
	memcpy(s->login->key, key, 32);
	if (!read_hello(s, hello, len))
		refuse(s, ERR_BAD_REQUEST);
	else if (s->gateway->stopping)
		refuse(s, ERR_STOPPING);
	else
		ask_who(s);
}

static const char recheck_sql[] =
    "select d.device_id, d.revoked_at is not null or not p.active"
    " or s.role is null, s.role, s.lo, s.hi, s.lo2, s.hi2"
    " from firebreak.device d join firebreak.person p using (person_id)"
    " left join lateral firebreak.scope_of(d.person_id) s on true"
    " where d.device_id = any($1::bigint[])";

enum recheck_column {
	RECHECK_DEVICE,
	RECHECK_REVOKED,
	RECHECK_ROLE,
	RECHECK_LO,
	RECHECK_HI,
	RECHECK_LO2,
	RECHECK_HI2
};

static bool
is_unchanged(const struct session *s, const struct pg_result *r, int row)
{
	bool second = !db_is_null(r, row, RECHECK_LO2);

	return s->role ==
		   catalogue_role_bit(db_text(r, row, RECHECK_ROLE, NULL)) &&
	       s->scope.lo == db_int(r, row, RECHECK_LO) &&
	       s->scope.hi == db_int(r, row, RECHECK_HI) &&
	       second == (s->scope.lo2 <= s->scope.hi2) &&
	       (!second || (s->scope.lo2 == db_int(r, row, RECHECK_LO2) &&
			       s->scope.hi2 == db_int(r, row, RECHECK_HI2)));
}

/* A terminal whose ranges are others now is sent away to come back. */
static void
recheck_row(struct gateway *g, const struct pg_result *r, int row)
{
	int64_t device = db_int(r, row, RECHECK_DEVICE);
	struct session *s, *next;

	for (s = LIST_FIRST(&g->devices[(uint64_t)device % DEVICE_BUCKETS]); s;
	     s = next) {
		next = LIST_NEXT(s, device_link);
		if (s->device != device)
			continue;
		if (db_int(r, row, RECHECK_REVOKED))
			session_bye(s, ERR_REVOKED);
		else if (!is_unchanged(s, r, row))
			session_bye(s, ERR_STOPPING);
	}
}

static void
on_rechecked(const struct db_reply *r, void *arg)
{
	struct gateway *g = arg;
	int i;

	g->rechecking = false;
	if (r->err.code != ERR_NONE) {
		/* Housekeeping tries again: nobody revoked may stay. */
		if (r->err.code != ERR_UNAVAILABLE)
			log_warn(
			    "devices cannot be checked yet: %s", r->err.text);
		g->recheck_again = true;
		return;
	}
	for (i = 0; r->rows && i < db_rows(r->rows); i++)
		recheck_row(g, r->rows, i);
	if (g->recheck_again)
		login_changed(g, g->access);
}

void
login_changed(struct gateway *g, uint64_t topics)
{
	struct db_query q = {.sql = recheck_sql, .heavy = true};
	struct session *s;
	struct buf b = {0};
	struct db_value value;

	if (!(topics & g->access))
		return;
	g->recheck_again = g->rechecking;
	if (g->rechecking)
		return;
	g->rechecking = true;
	buf_add_byte(&b, '{');
	TAILQ_FOREACH (s, &g->members, link) {
		if (s->device)
			buf_addf(&b, "%s%lld", b.len > 1 ? "," : "",
			    (long long)s->device);
	}
	buf_add_byte(&b, '}');
	value.text = buf_str(&b);
	value.len = (int)b.len;
	q.values = &value;
	q.count = 1;
	db_send(g->db, &q, on_rechecked, g);
	buf_clear(&b);
}
