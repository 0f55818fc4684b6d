/* server/conf: faults with their places, defaults, reloading, the manual. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/diag.h"
#include "common/log.h"
#include "common/mem.h"
#include "server/conf_table.h"

#define PAGE "docs/firebreakd.yaml.5"

static int
parse(struct conf *c, const char *text, struct diags *d)
{
	return conf_parse(c, "f", text, strlen(text), d);
}

/* c gets what the text says; the text has no faults. */
static void
parse_good(struct conf *c, const char *text)
{
	struct diags *d = diags_new();

	if (parse(c, text, d) != 0)
		fail_msg("%s: %s", text, diags_first(d));
	assert_int_equal(diags_errors(d), 0);
	diags_free(d);
}

struct bad_row {
	const char *text;
	const char *first; /* the first fault begins with */
};

static const struct bad_row bad_table[] = {
    {"", "f: nothing in it"},
    {"- a\n", "f:1:1: keys with values are expected here"},
    {"listen: []\n", "f:1:9: \"listen\" takes a list of texts"},
    {"listen: [a, [b]]\n", "f:1:13: \"listen\" takes one list of texts"},
    {"listen: [\"\"]\n", "f:1:10: listen: an empty entry"},
    {"data: here\n", "f:1:7: data: an absolute path"},
    {"packs: [here]\n", "f:1:9: packs: an absolute path"},
    {"log_level: loud\n", "f:1:12: log_level: error, warn, info or debug"},
    {"fsync: maybe\n", "f:1:8: fsync: yes or no is expected"},
    {"pool: 8\n", "f:1:7: keys with values are expected here"},
    {"pool:\n  light: many\n", "f:2:10: pool.light: a whole number"},
    {"pool:\n  light: 8x\n", "f:2:10: pool.light: a whole number"},
    {"pool:\n  light: 0\n",
	"f:2:10: pool.light: a number from 1 to 500 is expected"},
    {"pool:\n  light: 501\n",
	"f:2:10: pool.light: a number from 1 to 500 is expected"},
    {"pool:\n  light: 99999999999999999999\n",
	"f:2:10: pool.light: a whole number"},
    {"pool:\n  light: [8]\n", "f:2:10: \"pool.light\" takes one number"},
    {"pool.light: 8\n", "f:1:1: unknown key \"pool.light\""},
    {"limits:\n  frame_bytes: 1 parsec\n",
	"f:2:16: limits.frame_bytes: the units of sizes"},
    {"limits:\n  frame_bytes: -1\n",
	"f:2:16: limits.frame_bytes: a size is expected"},
    {"limits:\n  frame_bytes: 1GiB\n",
	"f:2:16: limits.frame_bytes: a number from 1024 to"},
    {"database_admin: host=x\n", "f:1:17: database_admin goes with database:"},
};

static void
faults_have_places(void **state)
{
	struct diags *d;
	struct conf c;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(bad_table); i++) {
		const struct bad_row *row = &bad_table[i];

		d = diags_new();
		assert_int_equal(parse(&c, row->text, d), -1);
		assert_null(c.data);
		if (strncmp(diags_first(d), row->first, strlen(row->first)))
			fail_msg(
			    "%s instead of %s", diags_first(d), row->first);
		diags_free(d);
	}
}

/* Every fault of a file in one run, each with its line and a caret. */
static void
three_faults_at_once(void **state)
{
	static const char text[] = "log_levl: info\n"
				   "pool:\n"
				   "  light: many\n"
				   "limits:\n"
				   "  sesions: 7\n"
				   "  frame_bytes: 64KiB\n";
	struct diags *d = diags_new();
	struct buf out = {0};
	struct conf c;

	(void)state;
	assert_int_equal(parse(&c, text, d), -1);
	assert_int_equal(diags_errors(d), 3);
	diags_print(d, &out);
	assert_string_equal(buf_str(&out),
	    "f:1:1: error[E002]: unknown key \"log_levl\"\n"
	    "  log_levl: info\n"
	    "  ^\n"
	    "  did you mean \"log_level\"?\n"
	    "  `firebreakctl config --defaults` prints every key\n"
	    "f:3:10: error[E007]: pool.light: a whole number is expected\n"
	    "    light: many\n"
	    "           ^\n"
	    "f:5:3: error[E002]: unknown key \"limits.sesions\"\n"
	    "    sesions: 7\n"
	    "    ^\n"
	    "  did you mean \"sessions\"?\n"
	    "  `firebreakctl config --defaults` prints every key\n");
	buf_clear(&out);
	diags_free(d);
}

static void
values_are_taken(void **state)
{
	struct conf c;

	(void)state;
	parse_good(&c, "data: /srv/fb\n"
		       "listen: /run/fb.sock\n"
		       "log_level: debug\n"
		       "fsync: FALSE\n"
		       "packs: [/a, \"/b c\"]\n"
		       "limits:\n"
		       "  frame_bytes: 64 KiB\n");
	assert_string_equal(c.data, "/srv/fb");
	assert_int_equal(c.listen.count, 1);
	assert_string_equal(c.listen.items[0], "/run/fb.sock");
	assert_string_equal(c.address, "unix:/run/fb.sock");
	assert_int_equal(c.log_level, LOG_LEVEL_DEBUG);
	assert_false(c.fsync);
	assert_int_equal(c.packs.count, 2);
	assert_string_equal(c.packs.items[1], "/b c");
	assert_int_equal(c.limits.frame_bytes, 65536);
	assert_int_equal(c.limits.sessions, 20000);
	assert_true(conf_is_embedded(&c));
	conf_clear(&c);
}

/* What is printed is a file that says the same; secrets are not printed. */
static void
printed_reads_back(void **state)
{
	struct buf first = {0}, second = {0};
	struct conf c;

	(void)state;
	conf_print_defaults("zh", &first);
	parse_good(&c, buf_str(&first));
	conf_print(&c, "zh", &second);
	assert_string_equal(buf_str(&first), buf_str(&second));
	conf_clear(&c);
	buf_reset(&second);
	parse_good(&c, "database: \"host=x password=hush\"\n");
	conf_print(&c, "en", &second);
	assert_null(strstr(buf_str(&second), "hush"));
	assert_non_null(strstr(buf_str(&second), "database: \"***\"\n"));
	conf_clear(&c);
	buf_clear(&first);
	buf_clear(&second);
}

/* Of what differs, the keys that may change do; the others are named. */
static void
reload_takes_some(void **state)
{
	struct buf ignored = {0};
	struct conf c, fresh;

	(void)state;
	parse_good(&c, "data: /a\nlog_level: info\n");
	parse_good(&fresh, "data: /b\n"
			   "log_level: error\n"
			   "address: \"a\\\"b:1\"\n"
			   "pool:\n"
			   "  light: 9\n"
			   "limits:\n"
			   "  sessions: 7\n"
			   "  frame_bytes: 2MiB\n");
	conf_reload(&c, &fresh, &ignored);
	assert_string_equal(c.data, "/a");
	assert_int_equal(c.pool.light, 8);
	assert_int_equal(c.log_level, LOG_LEVEL_ERROR);
	assert_string_equal(c.address, "a\"b:1");
	assert_int_equal(c.limits.sessions, 7);
	assert_int_equal(c.limits.frame_bytes, 2 << 20);
	assert_non_null(strstr(buf_str(&ignored), "data\n"));
	assert_non_null(strstr(buf_str(&ignored), "pool.light\n"));
	assert_null(strstr(buf_str(&ignored), "limits"));
	buf_reset(&ignored);
	conf_reload(&c, &c, &ignored);
	assert_int_equal(ignored.len, 0);
	conf_clear(&c);
	conf_clear(&fresh);
	buf_clear(&ignored);
}

/* The manual, as one text; the caller frees. */
static char *
read_page(void)
{
	FILE *f = fopen(PAGE, "r");
	char *text;
	size_t n;

	if (!f)
		fail_msg("%s: cannot be read (from the top folder?)", PAGE);
	text = xcalloc(1, 65536);
	n = fread(text, 1, 65535, f);
	assert_true(n > 0 && feof(f));
	fclose(f);
	return text;
}

/* The lines that begin a key: name, kind, default, what SIGHUP does. */
static void
expect_item(const struct conf_def *def, struct buf *out)
{
	buf_addf(out, "\n.It Ic %s\n%c%s", def->key,
	    toupper(def->type->name[0]), def->type->name + 1);
	if (def->type == &conf_number)
		buf_addf(out, " from %lld to %lld", (long long)def->least,
		    (long long)def->most);
	if (def->fallback[0])
		buf_addf(out, ", default %s", def->fallback);
	if (def->flags & CONF_RELOAD)
		buf_add_str(out, "; reloadable");
	buf_add_str(out, ".\n");
}

static void
manual_has_every_key(void **state)
{
	char *page = read_page();
	struct buf item = {0};

	(void)state;
	for (const struct conf_def *def = conf_table; def->key; def++) {
		buf_reset(&item);
		expect_item(def, &item);
		if (!strstr(page, buf_str(&item)))
			fail_msg("%s lacks:%s", PAGE, buf_str(&item));
	}
	buf_clear(&item);
	free(page);
}

static void
manual_has_no_other_key(void **state)
{
	static const char mark[] = "\n.It Ic ";
	char *page = read_page(), *at = page, *key;
	const struct conf_def *def;
	size_t len, found = 0;

	(void)state;
	for (; (at = strstr(at, mark)); found++) {
		key = at + sizeof(mark) - 1;
		len = strcspn(key, " \n");
		at = key;
		for (def = conf_table; def->key; def++)
			if (strlen(def->key) == len &&
			    strncmp(def->key, key, len) == 0)
				break;
		if (!def->key)
			fail_msg("%s has %.*s", PAGE, (int)len, key);
	}
	assert_true(found > 0);
	free(page);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(faults_have_places),
	    cmocka_unit_test(three_faults_at_once),
	    cmocka_unit_test(values_are_taken),
	    cmocka_unit_test(printed_reads_back),
	    cmocka_unit_test(reload_takes_some),
	    cmocka_unit_test(manual_has_every_key),
	    cmocka_unit_test(manual_has_no_other_key),
	};

	return cmocka_run_group_tests_name("conf", tests, NULL, NULL);
}
