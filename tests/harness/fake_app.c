/* The terminal in memory. */
#include "tests/harness/fake_app.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/mem.h"

struct app app;
struct grid grid;
uint64_t fake_clock;
bool fake_online;
struct fake_request fake_requests[64];
int fake_asked;
static uint32_t last_id;

static uint64_t
fake_now(void)
{
	return fake_clock;
}

static int64_t
fake_wallclock(void)
{
	return INT64_C(1768384830000000);
}

static bool
port_ready(void *arg)
{
	(void)arg;
	return fake_online;
}

static uint32_t
put_request(uint32_t id, const struct fake_request *r, const struct buf *args)
{
	struct fake_request *to = &fake_requests[fake_asked++];

	assert_true(fake_asked <= (int)COUNT_OF(fake_requests));
	*to = *r;
	to->args = values_read(args);
	return to->id = id ? id : ++last_id;
}

static uint32_t
port_ask(void *p, uint32_t id, const char *st, const struct buf *args,
    const struct buf *options, const struct client_reply *r, void *arg)
{
	(void)p, (void)options;
	return put_request(id,
	    &(struct fake_request){.statement = st, .reply = r, .arg = arg},
	    args);
}

static uint32_t
port_write(void *p, const char *st, const struct buf *args,
    const uint8_t request[REQUEST_ID_LEN], const struct client_reply *r,
    void *arg)
{
	(void)p, (void)request;
	return put_request(0,
	    &(struct fake_request){
		.statement = st, .reply = r, .arg = arg, .write = true},
	    args);
}

/* Takes a request out of those that are open. */
static struct fake_request
take_request(int i)
{
	struct fake_request r = fake_requests[i];

	memmove(fake_requests + i, fake_requests + i + 1,
	    (size_t)(--fake_asked - i) * sizeof(r));
	values_clear(&r.args);
	return r;
}

static void
port_unwatch(void *p, uint32_t id)
{
	(void)p, (void)id;
}

static void
port_cancel(void *p, uint32_t id)
{
	(void)p;
	for (int i = fake_asked; i-- > 0;)
		if (fake_requests[i].id == id)
			take_request(i);
}

/* A write's one row: id, org_code. */
static void
fake_done(const struct fake_request *open, int id)
{
	struct client_done done = {.rows = 1, .total = -1};
	struct codec_reader r;
	struct buf b = {0};

	codec_put_array(&b, 2);
	codec_put_int(&b, id);
	codec_put_int(&b, 1);
	codec_open(&r, b.data, b.len);
	open->reply->on_rows(&r, 1, open->arg);
	open->reply->on_done(NULL, &done, open->arg);
	buf_clear(&b);
}

void
fake_answer(int first, int count, bool more)
{
	while (fake_asked > 0) {
		struct client_done done = {
		    .rows = count, .more = more, .total = -1};
		struct codec_reader r;
		struct buf b = {0};
		struct fake_request open = take_request(0);

		if (open.write) {
			fake_done(&open, first);
			continue;
		}
		for (int i = 0; i < count; i++) {
			codec_put_array(&b, 3);
			codec_put_int(&b, first + i);
			codec_put_int(&b, i % 4);
			codec_put_text(&b, i % 2 ? "精密工业" : "EduEquip");
		}
		codec_open(&r, b.data, b.len);
		open.reply->on_rows(&r, (size_t)count, open.arg);
		open.reply->on_done(NULL, &done, open.arg);
		buf_clear(&b);
	}
}

/* docs/screens.md section 2, as JSON. */
static const char bundle_text[] =
    "[1,'customers',["
    " ['customers',['客户','Customers'],1,[],["
    "  ['table',null,['客户','Customers'],'customer/list',[],null,[5,0,0],["
    "    ['light',['灯','light'],'light',0,null],"
    "    ['name',['名称','name'],'',0,null]],null,["
    "    ['v','customer/confirm',true,['确认','confirm'],[],null],"
    "    ['w','visit/record',true,['拜访','visit'],[],null],"
    "    ['c','customer/close',true,['关闭','close'],[],null]],"
    "   [],[],null,[]]],[]],"
    " ['visit',['拜访','Visit'],null,['customer_id'],["
    "  ['form',null,['拜访','Visit'],'visit/record',[],null,[5,0,0],[],null,"
    "   [],["
    "    ['customer_id',['客户','Customer'],'lookup',null,'customer/list',"
    "     'name',true,null,null,1],"
    "    ['happened_at',['时间','When'],'time',null,null,null,false,'now',"
    "     null,1],"
    "    ['kind',['方式','Kind'],'choice','kind',null,null,true,null,"
    "     ['选一种','choose one'],1],"
    "    ['summary',['纪要','Summary'],'note',null,null,null,true,null,null,"
    "     3]],[],null,[]]],[]]"
    "],["
    " ['customer/list',['',''],false,"
    "  [['customer_id','int'],['light','int'],['name','text']],[],"
    "  'customer_id',['name'],'name',null],"
    " ['customer/confirm',['',''],true,[['id','int'],['org_code','int']],"
    "  [['customer_id','int',false]],null,[],null,'customer/restore'],"
    " ['customer/restore',['',''],true,[['id','int'],['org_code','int']],"
    "  [['customer_id','int',false]],null,[],null,null],"
    " ['customer/close',['',''],true,[['id','int'],['org_code','int']],"
    "  [['customer_id','int',false],['kind','text',false]],null,[],null,null],"
    " ['visit/record',['',''],true,[['id','int'],['org_code','int']],"
    "  [['customer_id','int',false],['happened_at','time',true],"
    "   ['kind','text',false],['summary','text',false]],null,[],null,null]"
    "],["
    " ['kind.call','电话','call'],"
    " ['kind.demo','演示','demo'],"
    " ['kind.demand','需求','demand']"
    "]]";

static void
put_json(struct buf *b, json_t *j)
{
	size_t i;
	json_t *item;

	switch (json_typeof(j)) {
	case JSON_ARRAY:
		codec_put_array(b, json_array_size(j));
		json_array_foreach(j, i, item) put_json(b, item);
		break;
	case JSON_STRING:
		codec_put_text(b, json_string_value(j));
		break;
	case JSON_INTEGER:
		codec_put_int(b, json_integer_value(j));
		break;
	case JSON_TRUE:
	case JSON_FALSE:
		codec_put_bool(b, json_is_true(j));
		break;
	default:
		codec_put_null(b);
	}
}

struct bundle *
fake_bundle(void)
{
	char *text = xstrdup(bundle_text);
	struct buf b = {0};
	struct bundle *bundle;
	struct err e;
	json_t *j;

	for (char *p = text; *p; p++)
		if (*p == '\'')
			*p = '"';
	j = json_loads(text, 0, NULL);
	assert_non_null(j);
	put_json(&b, j);
	bundle = bundle_read(b.data, b.len, &e);
	assert_non_null(bundle);
	json_decref(j);
	buf_clear(&b);
	free(text);
	return bundle;
}

int
fake_setup(void **state)
{
	struct app_host host = {.now = fake_now, .wallclock = fake_wallclock};
	struct port port = {
	    port_ready, port_ask, port_write, port_unwatch, port_cancel, NULL};
	(void)state;
	fake_online = true;
	fake_clock = 1000000;
	fake_asked = 0;
	app_init(&app, &host, &port, LANG_EN);
	app.link = LINK_ONLINE;
	app_set_bundle(&app, fake_bundle());
	grid_init(&grid, 24, 80);
	return 0;
}

int
fake_teardown(void **state)
{
	(void)state;
	app_clear(&app);
	grid_clear(&grid);
	while (fake_asked > 0)
		take_request(0);
	return 0;
}

char *
fake_screen(void)
{
	struct buf b = {0};

	app_view(&app, &grid);
	grid_print(&grid, &b);
	return buf_take(&b);
}

void
fake_expect(const char *text)
{
	char *s = fake_screen();

	if (!strstr(s, text))
		fail_msg("\"%s\" is not in:\n%s", text, s);
	free(s);
}

void
fake_fail(enum err_code code, const char *why, const char *field)
{
	struct err e = {.code = code};
	struct fake_request open = take_request(0);

	assert_true(open.write);
	snprintf(e.text, sizeof(e.text), "%s", why);
	snprintf(e.field, sizeof(e.field), "%s", field);
	open.reply->on_done(&e, NULL, open.arg);
}

void
fake_type(const char *text)
{
	for (; *text; text++)
		app_key(&app, (unsigned char)*text);
}
