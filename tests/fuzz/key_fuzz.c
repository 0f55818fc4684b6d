/*
 * Anything typed into the running terminal, in any size: the model with every
 * widget, a daemon that answers when the input says so, and a frame after
 * each step.  A byte below 128 is that key; what the others do is in
 * step_table.
 */
#include <jansson.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "tui/app.h"

#define ASKED_MAX 64
#define WIDEST 200
#define HIGHEST 60
#define STEPS_MAX 250

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* docs/screens.md section 2, with ' for ". */
static const char bundle_text[] =
    "[1,'list',["
    "['list',['客户','Customers'],1,[],["
    " ['table','m',['客户','Customers'],'a/list',[],null,[5,1,0],"
    "  [['light',['灯','light'],'light',0,null],"
    "   ['name',['名称','name'],'',0,null],"
    "   ['sum',['金额','sum'],'money',9,null],"
    "   ['at',['时间','at'],'age',0,null],"
    "   ['done',['完','done'],'tick',0,null],"
    "   ['depth',['深','depth'],'code',0,'kind']],"
    "  ['','page',false,['打开','open'],[],null],"
    "  [['v','a/save',true,['记','log'],[],null],"
    "   ['D','a/drop',true,['删','drop'],[],['删?','Drop?']],"
    "   ['e','a/note',true,['注','note'],[],null],"
    "   ['o','form',false,['新','new'],[],null]],"
    "  [],[['prompt','search']],null,[['name',true]]],"
    " ['alerts',null,['警','Alerts'],'a/list',[],null,[5,2,0],"
    "  [['light',['灯','light'],'level',0,null],"
    "   ['name',['名称','name'],'',0,null]],null,[],[],"
    "  [['level','light']],null,[]],"
    " ['gauge',null,['承诺','Goal'],'a/get',[],'m',[3,2,0],[],null,[],[],"
    "  [['value','light'],['goal','sum']],null,[]]],"
    " [['w','tree',false,['树','tree'],[],null]]],"
    "['page',['客户页','Customer'],2,['id'],["
    " ['text',null,['客户','Customer'],'a/get',[],null,[5,0,0],"
    "  [['name',['名称','name'],'',0,null],"
    "   ['note',['注','note'],'markdown',0,null],"
    "   ['sum',['比','share'],'percent',0,null]],null,[],[],[],null,[]],"
    " ['text',null,null,null,[],null,[1,0,3],[],null,[],[],[],"
    "  ['# 标题\\n- 点','# head\\n- point'],[]],"
    " ['chart',null,null,'a/list',[],null,[1,0,3],[],null,[],[],[],null,[]],"
    " ['table',null,null,'a/none',[],null,[1,0,3],[],null,[],[],[],null,[]]],"
    " []],"
    "['tree',['树','Tree'],3,[],["
    " ['tree',null,['树','Tree'],'a/list',[],null,[5,0,0],"
    "  [['name',['名称','name'],'',0,null],"
    "   ['light',['满','full'],'bar',0,null]],"
    "  ['','$name',false,['打开','open'],[],null],[],[],"
    "  [['depth','depth']],null,[]]],[]],"
    "['form',['新','New'],null,['id'],["
    " ['form',null,['新','New'],'a/save',[],null,[5,0,0],[],null,[],"
    "  [['id',['客户','Customer'],'lookup',null,'a/list','name',true,null,"
    "    ['哪家','Which'],1],"
    "   ['kind',['方式','Kind'],'choice','kind',null,null,true,'a',null,1],"
    "   ['at',['时间','When'],'time',null,null,null,true,'now',null,1],"
    "   ['day',['日','Day'],'date',null,null,null,false,'today',null,1],"
    "   ['sum',['金额','Sum'],'money',null,null,null,false,null,null,1],"
    "   ['n',['数','Count'],'int',null,null,null,false,null,null,1],"
    "   ['real',['比','Share'],'real',null,null,null,false,null,null,1],"
    "   ['done',['完','Done'],'tick',null,null,null,false,null,null,1],"
    "   ['note',['纪要','Notes'],'note',null,null,null,true,null,"
    "    ['说什么','What was said'],4]],[],null,[]]],[]]"
    "],["
    "['a/list',['查','list'],false,[['id','int'],['light','int'],"
    " ['name','text'],['sum','int'],['at','time'],['done','bool'],"
    " ['depth','int'],['note','text']],[['search','text',true]],'id',"
    " ['name','sum'],'name',null],"
    "['a/get',['看','get'],false,[['id','int'],['light','int'],"
    " ['name','text'],['sum','int'],['at','time'],['done','bool'],"
    " ['depth','int'],['note','text']],[['id','int',true]],null,[],null,"
    " null],"
    "['a/save',['存','save'],true,[['id','int']],[['id','int',false],"
    " ['kind','text',false],['at','time',false],['day','date',true],"
    " ['sum','int',true],['n','int',true],['real','real',true],"
    " ['done','bool',true],['note','text',false]],null,[],null,'a/drop'],"
    "['a/drop',['删','drop'],true,[['id','int']],[['id','int',false]],null,"
    " [],null,null],"
    "['a/note',['注','note'],true,[['id','int']],[['id','int',false],"
    " ['note','text',false],['n','int',false]],null,[],null,'a/drop']"
    "],[['kind.a','拜访','visit'],['kind.b','电话','call'],"
    "['light.0','绿','ok'],['light.3','红','RED'],['level.3','红','RED']]]";

static const char *const names[] = {"精密工业", "EduEquip", "", "page",
    "a\tb\033[31m", "e\xcc\x81te",
    "\xf0\x9f\x91\xa8\xe2\x80\x8d\xf0\x9f\x91\xa9",
    "一个很长很长的名字一个很长很长的名字一个很长很长的名字", "\xff\xfe",
    "# 一\n- 二\n\n三 **四** five six seven eight nine ten eleven twelve"};

static struct app app;
static struct grid grid;
static uint64_t clock_us;
static bool online;
static struct asked {
	const struct client_reply *reply;
	void *arg;
	uint32_t id;
	bool write;
} asked[ASKED_MAX];
static size_t asked_count;
static uint32_t last_id;
static struct buf bundle_bytes;

struct input {
	const uint8_t *at, *end;
};

static uint8_t
next(struct input *in)
{
	return in->at < in->end ? *in->at++ : 0;
}

static void
put_json(const json_t *j)
{
	struct buf *b = &bundle_bytes;

	if (json_is_array(j)) {
		codec_put_array(b, json_array_size(j));
		for (size_t i = 0; i < json_array_size(j); i++)
			put_json(json_array_get(j, i));
	} else if (json_is_string(j))
		codec_put_text(b, json_string_value(j));
	else if (json_is_integer(j))
		codec_put_int(b, json_integer_value(j));
	else if (json_is_boolean(j))
		codec_put_bool(b, json_is_true(j));
	else
		codec_put_null(b);
}

static void
bundle_encode(void)
{
	char *text = xstrdup(bundle_text);
	json_t *j;

	for (char *p = text; *p; p++)
		if (*p == '\'')
			*p = '"';
	j = json_loads(text, 0, NULL);
	free(text);
	if (!j)
		abort();
	put_json(j);
	json_decref(j);
}

static void
bundle_give(void)
{
	struct err e;
	struct bundle *b = bundle_read(bundle_bytes.data, bundle_bytes.len, &e);

	if (!b)
		abort();
	app_set_bundle(&app, b);
}

static uint64_t
fake_now(void)
{
	return clock_us;
}

static int64_t
fake_wallclock(void)
{
	return INT64_C(1768384800000000) + (int64_t)clock_us;
}

static void
fake_unlock(const char *passphrase, void *arg)
{
	(void)arg;
	app_unlocked(&app, passphrase[0] == 'p');
}

static bool
port_ready(void *arg)
{
	(void)arg;
	return online;
}

/* Like a client: what cannot be answered any more never is. */
static uint32_t
put_request(uint32_t id, const struct client_reply *r, void *arg, bool write)
{
	if (!id)
		id = ++last_id;
	if (asked_count < ASKED_MAX)
		asked[asked_count++] = (struct asked){r, arg, id, write};
	return id;
}

static uint32_t
port_ask(void *p, uint32_t id, const char *st, const struct buf *args,
    const struct buf *options, const struct client_reply *r, void *arg)
{
	(void)p, (void)st, (void)args, (void)options;
	return put_request(id, r, arg, false);
}

static uint32_t
port_write(void *p, const char *st, const struct buf *args,
    const uint8_t request[REQUEST_ID_LEN], const struct client_reply *r,
    void *arg)
{
	(void)p, (void)st, (void)args, (void)request;
	return put_request(0, r, arg, true);
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
	for (size_t i = 0; i < asked_count; i++)
		if (asked[i].id == id)
			asked[i--] = asked[--asked_count];
}

static void
put_row(struct buf *b, int64_t id, unsigned with)
{
	codec_put_array(b, 8);
	codec_put_int(b, id);
	codec_put_int(b, with % 5 == 4 ? INT64_MIN : with % 5);
	codec_put_text(b, names[with % COUNT_OF(names)]);
	if (with % 7 == 6)
		codec_put_real(b, 1e300);
	else
		codec_put_int(b, with % 3 ? (int64_t)with * 12345 : INT64_MAX);
	if (with % 4 == 3)
		codec_put_null(b);
	else
		codec_put_int(b, INT64_C(1768384800000000) >> (with % 60));
	codec_put_bool(b, with % 2);
	codec_put_int(b, (int64_t)(with % 6) - 1);
	codec_put_text(b, with % 3 ? names[id % 10] : NULL);
}

static void
answer_one(const struct asked *q, struct input *in)
{
	unsigned most = next(in), with = next(in);
	unsigned rows = q->write ? 1 : most < 250 ? most % 40 : 200;
	struct client_done done = {
	    .rows = rows, .more = with % 3 == 0, .total = with % 5 ? -1 : rows};
	struct codec_reader r;
	struct buf b = {0};

	for (unsigned i = 0; i < rows; i++)
		put_row(&b, (int64_t)with % 9 + i, with + i);
	codec_open(&r, b.data, b.len);
	q->reply->on_rows(&r, rows, q->arg);
	q->reply->on_done(NULL, &done, q->arg);
	buf_clear(&b);
}

/* The oldest request; what it brings may ask again. */
static struct asked
take_asked(void)
{
	struct asked q = asked[0];

	memmove(asked, asked + 1, --asked_count * sizeof(*asked));
	return q;
}

static void
step_answer(struct input *in)
{
	struct asked q;

	for (size_t n = asked_count; n > 0 && asked_count > 0; n--) {
		q = take_asked();
		answer_one(&q, in);
	}
}

static void
step_refuse(struct input *in)
{
	static const enum err_code codes[] = {ERR_NOT_ALLOWED, ERR_UNAVAILABLE,
	    ERR_TIMEOUT, ERR_BUSY, ERR_BAD_ARGUMENT};
	struct err e = {0};
	struct asked q;

	if (asked_count == 0)
		return;
	q = take_asked();
	err_set(&e, codes[next(in) % COUNT_OF(codes)], "不行 no");
	q.reply->on_done(&e, NULL, q.arg);
}

static void
step_cut(struct input *in)
{
	struct err e = {0};
	struct asked q;
	bool revoked = next(in) % 16 == 15;

	online = false;
	err_set(&e, ERR_UNAVAILABLE, "cut");
	while (asked_count > 0) {
		q = take_asked();
		q.reply->on_done(&e, NULL, q.arg);
	}
	if (revoked)
		err_set(&e, ERR_REVOKED, "revoked");
	app_on_closed(&app, &e);
}

static void
step_welcome(struct input *in)
{
	if (online)
		return;
	online = true;
	app_on_welcome(&app, &(struct client_welcome){.person = "李娜",
				 .role = "rep",
				 .place = "华东",
				 .lang = next(in) % 2 ? "en" : "zh"});
}

static void
step_size(struct input *in)
{
	int h = next(in) % HIGHEST + 1, w = next(in) % WIDEST + 1;

	grid_clear(&grid);
	grid_init(&grid, h, w);
}

static void
step_tiny(struct input *in)
{
	(void)in;
	grid_clear(&grid);
	grid_init(&grid, 1, 1);
	app_view(&app, &grid);
	grid_clear(&grid);
	grid_init(&grid, 24, 80);
}

static void
step_time(struct input *in)
{
	clock_us += UINT64_C(20000) * next(in);
	app_tick(&app);
}

static void
step_long_time(struct input *in)
{
	clock_us += UINT64_C(10000000) * next(in);
	app_tick(&app);
}

static void
step_stale(struct input *in)
{
	app_on_stale(&app, last_id - next(in) % 8);
	app_tick(&app);
}

static void
step_paste(struct input *in)
{
	char text[256];
	size_t n = next(in);

	for (size_t i = 0; i < n; i++)
		text[i] = (char)next(in);
	text[n] = '\0';
	app_paste(&app, text);
}

static void
step_screens(struct input *in)
{
	(void)in;
	bundle_give();
}

static void
step_lock(struct input *in)
{
	(void)in;
	app_lock(&app);
}

static void
step_special(struct input *in)
{
	app_key(
	    &app, KEY_SPECIAL_ + 1 + next(in) % (KEY_LAST_ - KEY_SPECIAL_ - 1));
}

/* Wide, full-width, combining, joined and impossible ones. */
static void
step_letter(struct input *in)
{
	static const uint32_t letters[] = {0x4e2d, 0x534e, 0xff1a, 0xff1f,
	    0xff4a, 0x301, 0x200d, 0x1f600, 0xfe0f, 0xfffd, 0x10ffff, 0xe9,
	    0x85, 0x3000, 0xff11, 0xd800};

	app_key(&app, letters[next(in) % COUNT_OF(letters)]);
}

static void (*const step_table[])(struct input *) = {step_special, step_letter,
    step_answer, step_refuse, step_cut, step_welcome, step_size, step_tiny,
    step_time, step_long_time, step_stale, step_paste, step_screens, step_lock,
    step_answer, step_special};

static void
start(void)
{
	struct app_host host = {.now = fake_now,
	    .wallclock = fake_wallclock,
	    .unlock = fake_unlock,
	    .has_passphrase = true};
	struct port port = {
	    port_ready, port_ask, port_write, port_unwatch, port_cancel, NULL};

	online = true;
	clock_us = 1000000;
	asked_count = 0;
	app_init(&app, &host, &port, LANG_EN);
	app.locks_after = UINT64_C(600000000);
	grid_init(&grid, 24, 120);
	bundle_give();
}

/* A cursor outside would put what is typed anywhere. */
static void
check_frame(void)
{
	app_view(&app, &grid);
	if (grid.cursor_y < 0 || grid.cursor_y >= grid.height ||
	    grid.cursor_x < 0 || grid.cursor_x >= grid.width)
		abort();
	if (app.view && app.view->focus >= app.view->pane_count)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct input in = {data, data + (len < STEPS_MAX ? len : STEPS_MAX)};

	if (bundle_bytes.len == 0)
		bundle_encode();
	start();
	while (in.at < in.end && !app.quit) {
		uint8_t byte = next(&in);

		if (byte < 128)
			app_key(&app, byte);
		else
			step_table[byte % COUNT_OF(step_table)](&in);
		app_tick(&app);
		check_frame();
	}
	app_clear(&app);
	grid_clear(&grid);
	return 0;
}
