/* Rows kept for a start without a connection. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/mem.h"
#include "tui/cache.h"
#include "tui/source.h"

#define NOW INT64_C(1768384800000000)

static char dir[64];
static const uint8_t key[32] = {1}, other_key[32] = {2};
static struct typed_name columns[] = {
    {"id", "int", false}, {"name", "text", false}};
static struct statement_def list = {
    .name = "a/list", .columns = columns, .column_count = 2, .key = "id"};
static const struct port port;

static int
setup(void **state)
{
	char base[] = "/tmp/cache_test.XXXXXX";

	(void)state;
	assert_non_null(mkdtemp(base));
	snprintf(dir, sizeof(dir), "%s/rows", base);
	return 0;
}

static int
teardown(void **state)
{
	struct cache *c = cache_new(dir, key, CACHE_MAX);

	(void)state;
	cache_wipe(c);
	cache_free(c);
	*strrchr(dir, '/') = '\0';
	return rmdir(dir);
}

/* A source with `count` rows that came just now, of the question `number`. */
static void
source_make(struct source *s, int64_t number, int count, const char *name)
{
	struct buf b = {0};

	source_init(s, &port, &list, NULL, NULL);
	values_set(&s->args, "number", value_int(number));
	for (int i = 0; i < count; i++) {
		codec_put_array(&b, 2);
		codec_put_int(&b, 100 + i);
		codec_put_text(&b, name);
	}
	if (count > 0)
		source_preload(s, b.data, b.len, NOW);
	s->as_of = 0;
	buf_clear(&b);
}

static bool
keep(struct cache *c, int64_t number, int count, const char *name)
{
	struct source s, empty;
	bool found;

	source_make(&s, number, count, name);
	cache_keep(c, &s, NOW);
	source_make(&empty, number, 0, "");
	found = cache_recall(c, &empty);
	source_clear(&s);
	source_clear(&empty);
	return found;
}

static bool
has(struct cache *c, int64_t number)
{
	struct source s;
	bool found;

	source_make(&s, number, 0, "");
	found = cache_recall(c, &s);
	source_clear(&s);
	return found;
}

static size_t
bytes_kept(int *files)
{
	const struct dirent *e;
	struct stat st;
	size_t sum = 0;
	DIR *d = opendir(dir);

	*files = 0;
	while (d && (e = readdir(d))) {
		char *path = xasprintf("%s/%s", dir, e->d_name);

		if (stat(path, &st) == 0 && S_ISREG(st.st_mode)) {
			sum += (size_t)st.st_size;
			++*files;
		}
		free(path);
	}
	if (d)
		closedir(d);
	return sum;
}

static void
test_nothing(void **state)
{
	struct cache *c = cache_new(dir, key, CACHE_MAX);
	struct source s;

	(void)state;
	source_make(&s, 1, 0, "");
	cache_keep(NULL, &s, NOW);
	assert_false(cache_recall(NULL, &s));
	cache_keep(c, &s, NOW);
	assert_false(cache_recall(c, &s));
	assert_int_equal(access(dir, F_OK), -1);
	source_clear(&s);
	cache_free(c);
}

static void
test_rows_come_back_with_their_time(void **state)
{
	struct cache *c = cache_new(dir, key, CACHE_MAX);
	struct source s;
	struct value v;

	(void)state;
	assert_true(keep(c, 1, 3, "精密工业"));
	source_make(&s, 1, 0, "");
	assert_true(cache_recall(c, &s));
	assert_int_equal(source_count(&s), 3);
	assert_int_equal(source_id(&s, 2), 102);
	assert_true(s.as_of == NOW);
	assert_int_equal(s.state, SOURCE_READY);
	v = source_cell(&s, 0, 1);
	assert_string_equal(v.text, "精密工业");
	value_clear(&v);
	source_clear(&s);
	cache_free(c);
}

static void
test_another_question_or_key_has_none(void **state)
{
	struct cache *c = cache_new(dir, key, CACHE_MAX),
		     *other = cache_new(dir, other_key, CACHE_MAX);

	(void)state;
	assert_true(keep(c, 1, 3, "a"));
	assert_false(has(c, 2));
	assert_false(has(other, 1));
	columns[1].type = "int";
	assert_false(has(c, 1));
	columns[1].type = "text";
	assert_true(has(c, 1));
	cache_free(c);
	cache_free(other);
}

static void
test_names_are_not_readable_in_the_files(void **state)
{
	struct cache *c = cache_new(dir, key, CACHE_MAX);
	const struct dirent *e;
	char data[4096];
	DIR *d;

	(void)state;
	assert_true(keep(c, 1, 3, "Acme Precision"));
	assert_non_null(d = opendir(dir));
	while ((e = readdir(d))) {
		char *path = xasprintf("%s/%s", dir, e->d_name);
		FILE *f = fopen(path, "re");
		size_t n = f ? fread(data, 1, sizeof(data), f) : 0;

		assert_null(memmem(data, n, "Acme", 4));
		if (f)
			fclose(f);
		free(path);
	}
	closedir(d);
	cache_free(c);
}

static void
test_the_cap_holds_and_the_oldest_go(void **state)
{
	struct cache *c = cache_new(dir, key, 8192);
	int files;

	(void)state;
	for (int i = 0; i < 40; i++) {
		assert_true(
		    keep(c, i, 20, "a name of some length, 40 bytes ...."));
		assert_true(bytes_kept(&files) <= 8192);
	}
	assert_true(files > 2);
	assert_true(has(c, 39));
	assert_false(has(c, 0));
	/* what would fill it alone is not kept */
	assert_false(keep(c, 99, 200, "a name of some length, 40 bytes ...."));
	assert_true(has(c, 39));
	cache_free(c);
}

static void
test_no_more_than_so_many_files(void **state)
{
	struct cache *c = cache_new(dir, key, CACHE_MAX);
	int files;

	(void)state;
	for (int i = 0; i < CACHE_FILES_MAX + 9; i++)
		assert_true(keep(c, i, 1, "a"));
	bytes_kept(&files);
	assert_int_equal(files, CACHE_FILES_MAX);
	cache_free(c);
}

static void
test_a_file_moved_or_broken_is_no_row(void **state)
{
	struct cache *c = cache_new(dir, key, CACHE_MAX);
	const struct dirent *e;
	DIR *d;

	(void)state;
	assert_true(keep(c, 1, 3, "a"));
	assert_non_null(d = opendir(dir));
	while ((e = readdir(d))) {
		char *path = xasprintf("%s/%s", dir, e->d_name);

		if (e->d_name[0] != '.')
			assert_int_equal(truncate(path, 30), 0);
		free(path);
	}
	closedir(d);
	assert_false(has(c, 1));
	cache_free(c);
}

static void
test_wiped(void **state)
{
	struct cache *c = cache_new(dir, key, CACHE_MAX);

	(void)state;
	assert_true(keep(c, 1, 3, "a"));
	cache_wipe(c);
	assert_int_equal(access(dir, F_OK), -1);
	assert_false(has(c, 1));
	assert_true(keep(c, 1, 3, "a"));
	cache_free(c);
}

#define CACHE_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    CACHE_TEST(test_nothing),
	    CACHE_TEST(test_rows_come_back_with_their_time),
	    CACHE_TEST(test_another_question_or_key_has_none),
	    CACHE_TEST(test_names_are_not_readable_in_the_files),
	    CACHE_TEST(test_the_cap_holds_and_the_oldest_go),
	    CACHE_TEST(test_no_more_than_so_many_files),
	    CACHE_TEST(test_a_file_moved_or_broken_is_no_row),
	    CACHE_TEST(test_wiped),
	};

	return cmocka_run_group_tests_name("cache", tests, NULL, NULL);
}
